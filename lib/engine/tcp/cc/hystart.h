/* Slow start (RFC 5681 3.1, RFC 3465) with HyStart++ (RFC 9406), for the algorithms that have one.
 *
 * In the first slow start, the smallest RTT of each round is compared with that of the round
 * before. When it has risen, a queue is building: the window grows at a quarter of the pace for up
 * to five rounds (conservative slow start, CSS). If the RTT falls below what it was when CSS began,
 * the rise was jitter, and slow start resumes; otherwise ssthresh becomes cwnd, and the first
 * overshoot of a whole window never happens.
 *
 * DEVIATION: RFC 9406 4.2 looks for the fall from the first ACK of CSS on, and ends CSS by rounds
 * alone. A sender that does not pace begins a round behind the queue of its own last burst, so the
 * smallest RTT falls within each round: here only that of a later round is compared. When that has
 * risen once more by as much, the queue is not jitter, and five rounds of growth would overflow it:
 * CSS ends.
 *
 * DEVIATION: RFC 9406 tests delay only. Where the queue is no larger than the path, that comes too
 * late: the first ACKs of a round see the queue left by the round before, which is none until the
 * round that overflows it. The length of the ACK train shows it in time (Ha and Rhee, the [HyStart]
 * of RFC 9406): ACKs that follow each other closely for half of the smallest RTT are those of half
 * a path, and the window that doubles with them fills it. From there on the window grows as in CSS,
 * until a standing queue adds as much RTT as counts for a rise. Where reordering cuts the train of
 * a round, its parts are added up. Where ACKs come compressed or far apart there is no train, and
 * delay decides.
 *
 * Once ssthresh is known from anything else, HyStart++ is off for good, and only slow start
 * remains.
 */
#ifndef TCPENGINE_TCP_CC_HYSTART_H
#define TCPENGINE_TCP_CC_HYSTART_H

#include <stdbool.h>
#include <stdint.h>

struct te_ack_sample;
struct te_cc_start;
struct te_codec;
struct te_congestion;

enum te_hystart_phase {
    TE_HYSTART_OFF,
    TE_HYSTART_SLOW_START,
    TE_HYSTART_CSS,
    TE_HYSTART_TRAIN /* as CSS, but begun by a train */
};

struct te_hystart {
    uint32_t window_end;            /* the round is over when SND.UNA has reached it */
    uint32_t last_round_min_rtt_us; /* UINT32_MAX: none, as in the next two */
    uint32_t current_round_min_rtt_us;
    uint32_t css_baseline_min_rtt_us;
    uint32_t min_rtt_us; /* of all rounds; UINT32_MAX: none */
    int64_t last_ack_at_us;
    uint32_t trains_us; /* total length of this round's ACK trains */
    uint8_t phase;      /* te_hystart_phase */
    uint8_t samples;
    uint8_t css_rounds;
    bool is_paced;
};

/* is_first: this is the first slow start. HyStart++ is active in that one only, and only if
 * start->is_hystart. */
void te_hystart_start(struct te_hystart *hystart, const struct te_cc_start *start, bool is_first);
/* Congestion occurred: ssthresh is known. */
void te_hystart_stop(struct te_hystart *hystart);
/* An ACK outside fast recovery and CWR: takes measurements, and grows cwnd while it is below
 * ssthresh and used. Returns how many of the ACK's bytes are left for congestion avoidance. */
uint32_t te_hystart_grow(struct te_hystart *hystart, struct te_congestion *cc,
                         const struct te_ack_sample *sample);
/* "off", "slow-start", "css" or "train". */
const char *te_hystart_phase_name(const struct te_hystart *hystart);
/* Writes the struct or reads it; TE_ERR_INVALID for an unknown phase or a last ACK in the future.
 */
void te_hystart_save(struct te_codec *codec, struct te_hystart *hystart);

#endif
