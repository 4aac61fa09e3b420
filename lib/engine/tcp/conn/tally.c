#include "tcp/conn/tally.h"

#include <assert.h>
#include <stdbool.h>
#include <tcpengine/units.h>

static const uint32_t age_bounds_s[TE_AGE_BOUNDS] = {1, 5, 15, 60, 300, 900, TE_AGE_BOUND_MAX_S};

const uint32_t *te_age_bounds_s(void)
{
    return age_bounds_s;
}

uint32_t te_size_bound_bytes(unsigned bucket)
{
    return bucket == 0 ? 0 : UINT32_C(1) << (bucket - 1);
}

/* --- ages ------------------------------------------------------------------------------------- */

static int64_t second_of(int64_t us)
{
    return us / TE_SECOND;
}

/* Of a clock that began lately, the ring holds seconds before its zero. */
static unsigned slot_of(int64_t second)
{
    int64_t rest = second % TE_AGE_SLOTS;
    return (unsigned)(rest < 0 ? rest + TE_AGE_SLOTS : rest);
}

static bool is_in_ring(const struct te_ages *ages, int64_t second)
{
    return second > ages->newest_s - TE_AGE_SLOTS;
}

static uint32_t *group_of(struct te_ages *ages, unsigned slot)
{
    return &ages->grouped[slot / TE_AGE_GROUP_SLOTS];
}

/* number: 1 or -1. */
static void add(struct te_ages *ages, int64_t at_us, int number)
{
    int64_t second = second_of(at_us);
    bool is_recent = is_in_ring(ages, second);
    uint32_t *place = is_recent ? &ages->entered[slot_of(second)] : &ages->older;
    assert(number > 0 || (*place > 0 && ages->count > 0));
    *place += (uint32_t)number;
    if (is_recent)
        *group_of(ages, slot_of(second)) += (uint32_t)number;
    ages->count += (uint32_t)number;
}

static void vacate(struct te_ages *ages, unsigned slot)
{
    *group_of(ages, slot) -= ages->entered[slot];
    ages->older += ages->entered[slot];
    ages->entered[slot] = 0;
}

/* Each second that begins takes the place of one that is now beyond all bounds. */
static void move_on(struct te_ages *ages, int64_t now_us)
{
    int64_t now_s = second_of(now_us);
    if (now_s - ages->newest_s > TE_AGE_SLOTS)
        ages->newest_s = now_s - TE_AGE_SLOTS;
    while (ages->newest_s < now_s) {
        unsigned slot = slot_of(ages->newest_s + 1);
        bool is_skipped = slot % TE_AGE_GROUP_SLOTS == 0 && *group_of(ages, slot) == 0 &&
                          now_s - ages->newest_s >= TE_AGE_GROUP_SLOTS;
        if (!is_skipped)
            vacate(ages, slot);
        ages->newest_s += is_skipped ? TE_AGE_GROUP_SLOTS : 1;
    }
}

void te_ages_enter(struct te_ages *ages, int64_t at_us, int64_t now_us)
{
    assert(at_us <= now_us);
    move_on(ages, now_us);
    add(ages, at_us, 1);
    ages->since_us += (uint64_t)at_us;
}

void te_ages_leave(struct te_ages *ages, int64_t at_us, int64_t now_us)
{
    move_on(ages, now_us);
    add(ages, at_us, -1);
    ages->since_us -= (uint64_t)at_us;
}

/* The ring may have been moved on long ago: what it holds is of newest_s, and of before. */
void te_ages_read(const struct te_ages *ages, int64_t now_us, struct te_age_histogram *ret_ages)
{
    int64_t now_s = second_of(now_us);
    *ret_ages = (struct te_age_histogram){.counts = {[TE_AGE_BOUNDS] = ages->older}};
    ret_ages->total_us = ages->count * (uint64_t)now_us - ages->since_us;
    unsigned bucket = 0;
    for (int64_t age_s = now_s - ages->newest_s; bucket <= TE_AGE_BOUNDS; age_s++) {
        int64_t second = now_s - age_s;
        if (!is_in_ring(ages, second))
            return;
        while (bucket < TE_AGE_BOUNDS && age_s > age_bounds_s[bucket])
            bucket++;
        ret_ages->counts[bucket] += ages->entered[slot_of(second)];
    }
}
