#include "tcp/conn/tally.h"

#include <assert.h>
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

/* Each second that begins takes the place of one that is now beyond all bounds. */
static void move_on(struct te_ages *ages, int64_t now_us)
{
    int64_t now_s = second_of(now_us);
    if (now_s - ages->newest_s > TE_AGE_SLOTS)
        ages->newest_s = now_s - TE_AGE_SLOTS;
    while (ages->newest_s < now_s) {
        uint32_t *slot = &ages->entered[slot_of(++ages->newest_s)];
        ages->older += *slot;
        *slot = 0;
    }
}

static uint32_t *place_of(struct te_ages *ages, int64_t at_us)
{
    int64_t second = second_of(at_us);
    return is_in_ring(ages, second) ? &ages->entered[slot_of(second)] : &ages->older;
}

void te_ages_enter(struct te_ages *ages, int64_t at_us, int64_t now_us)
{
    assert(at_us <= now_us);
    move_on(ages, now_us);
    ++*place_of(ages, at_us);
    ages->count++;
    ages->since_us += (uint64_t)at_us;
}

void te_ages_leave(struct te_ages *ages, int64_t at_us, int64_t now_us)
{
    move_on(ages, now_us);
    uint32_t *place = place_of(ages, at_us);
    assert(*place > 0 && ages->count > 0);
    --*place;
    ages->count--;
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
