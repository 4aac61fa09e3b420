/* The sums behind te_tally() (tcpengine/tally.h), each O(1) per change.
 *
 * How long senders were held back: the intervals that are over are in one sum. Those that go on are
 * in it as well, minus the moment they began, and there is a count of them: with count * now added,
 * the sum is exact at any time. (Unsigned: what wraps on the way comes back.)
 *
 * Ages: connections are counted by the second in which they entered their state, in a ring of as
 * many seconds as the largest bound; older ones are counted together. Since a connection knows when
 * it entered, it finds its place when it leaves. */
#ifndef TCPENGINE_TCP_CONN_TALLY_H
#define TCPENGINE_TCP_CONN_TALLY_H

#include <tcpengine/tally.h>

struct te_hold_sum {
    uint64_t us[TE_HOLD_COUNT];
    uint32_t senders[TE_HOLD_COUNT]; /* that are held back by it now */
};

static inline void te_hold_sum_begin(struct te_hold_sum *sum, unsigned hold, int64_t now_us)
{
    sum->us[hold] -= (uint64_t)now_us;
    sum->senders[hold]++;
}

static inline void te_hold_sum_end(struct te_hold_sum *sum, unsigned hold, int64_t now_us)
{
    sum->us[hold] += (uint64_t)now_us;
    sum->senders[hold]--;
}

static inline unsigned te_size_bucket(uint32_t len)
{
    return len <= 1 ? len : 33u - (unsigned)__builtin_clz(len - 1);
}

/* Counts a frame of len bytes of payload: segments of segment_bytes and a rest, or one segment if
 * that is 0. */
static inline void te_size_note(struct te_size_histogram *sizes, uint32_t len,
                                uint32_t segment_bytes)
{
    sizes->total_bytes += len;
    if (segment_bytes != 0 && len > segment_bytes) {
        sizes->counts[te_size_bucket(segment_bytes)] += len / segment_bytes;
        len %= segment_bytes;
        if (len == 0)
            return;
    }
    sizes->counts[te_size_bucket(len)]++;
}

/* Seconds, in groups that are skipped when they are empty: the ring may have stood for an hour. */
#define TE_AGE_GROUP_SLOTS 60
#define TE_AGE_GROUPS (TE_AGE_BOUND_MAX_S / TE_AGE_GROUP_SLOTS + 1)
#define TE_AGE_SLOTS (TE_AGE_GROUPS * TE_AGE_GROUP_SLOTS)

struct te_ages {
    uint32_t entered[TE_AGE_SLOTS]; /* and still there, by the second modulo their number */
    uint32_t grouped[TE_AGE_GROUPS];
    uint32_t older, count;
    int64_t newest_s;  /* the second up to which the ring has been moved on */
    uint64_t since_us; /* the sum of the moments of entry of all that are there */
};

void te_ages_enter(struct te_ages *ages, int64_t at_us, int64_t now_us);
/* at_us: as it was entered. */
void te_ages_leave(struct te_ages *ages, int64_t at_us, int64_t now_us);
void te_ages_read(const struct te_ages *ages, int64_t now_us, struct te_age_histogram *ret_ages);

struct te_tally_state {
    struct te_hold_sum holds;
    struct te_size_histogram received, sent;
    struct te_ages close_wait, fin_wait_2;
};

/* A connection enters a state, leaves it, or is freed in it. */
static inline void te_tally_enter(struct te_tally_state *tally, unsigned state, int64_t at_us,
                                  int64_t now_us)
{
    if (state == TE_CLOSE_WAIT)
        te_ages_enter(&tally->close_wait, at_us, now_us);
    else if (state == TE_FIN_WAIT_2)
        te_ages_enter(&tally->fin_wait_2, at_us, now_us);
}

static inline void te_tally_leave(struct te_tally_state *tally, unsigned state, int64_t at_us,
                                  int64_t now_us)
{
    if (state == TE_CLOSE_WAIT)
        te_ages_leave(&tally->close_wait, at_us, now_us);
    else if (state == TE_FIN_WAIT_2)
        te_ages_leave(&tally->fin_wait_2, at_us, now_us);
}

#endif
