/* Slow start (RFC 5681 3.1, RFC 3465) with HyStart++ (RFC 9406), for the algorithms that have one.
 *
 * In the first slow start, the smallest RTT of each round is compared with that of the round
 * before. When it has risen, a queue is building: the window grows at a quarter of the pace for up
 * to five rounds (conservative slow start, CSS). If the RTT falls below what it was when CSS began,
 * the rise was jitter, and slow start goes on; else ssthresh becomes cwnd, and the first overshoot
 * of a whole window never happens.
 *
 * DEVIATION: RFC 9406 4.2 looks for the fall with the first ACK of CSS already, and ends CSS by
 * rounds alone. A sender that does not pace begins a round behind the queue of its own last burst,
 * so that the smallest RTT falls within each round: only that of a later round is compared here.
 * When that has risen once more by as much, the queue is no jitter, and five rounds of growth would
 * overflow it: CSS ends.
 *
 * Once ssthresh is known from anything else, HyStart++ is off for good, and what is left here is
 * slow start. */
#ifndef TCPENGINE_TCP_HYSTART_H
#define TCPENGINE_TCP_HYSTART_H

#include <stdbool.h>
#include <stdint.h>

struct te_ack_sample;
struct te_congestion;

enum te_hystart_phase { TE_HYSTART_OFF, TE_HYSTART_SLOW_START, TE_HYSTART_CSS };

struct te_hystart {
    uint32_t window_end;            /* the round is over when SND.UNA has reached it */
    uint32_t last_round_min_rtt_us; /* UINT32_MAX: none, as in the next two */
    uint32_t current_round_min_rtt_us;
    uint32_t css_baseline_min_rtt_us;
    uint8_t phase; /* te_hystart_phase */
    uint8_t samples;
    uint8_t css_rounds;
    bool is_paced;
};

/* is_active: this is the first slow start, and HyStart++ is wanted. */
void te_hystart_start(struct te_hystart *hystart, bool is_active, bool is_paced, uint32_t snd_nxt);
/* Congestion was met: ssthresh is known. */
void te_hystart_stop(struct te_hystart *hystart);
/* An ACK outside of fast recovery: measures, and grows cwnd while it is below ssthresh. Returns how
 * many of its bytes are left for congestion avoidance. */
uint32_t te_hystart_grow(struct te_hystart *hystart, struct te_congestion *cc,
                         const struct te_ack_sample *sample);
/* For people: "off", "slow-start", "css". */
const char *te_hystart_phase_name(const struct te_hystart *hystart);

#endif
