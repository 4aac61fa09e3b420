/* Pacing: spreads what may be sent over time, so that a window does not leave as one burst. Only
 * arithmetic: the caller does the waiting. With a rate of 0 nothing is paced.
 *
 * Data leaves in quanta of about a millisecond (draft-ietf-ccwg-bbr 5.6.3), since neither timers
 * nor large frames are finer. A sender that is late, because its timer was or because it had
 * nothing to send, gets a little credit for it: the time of one quantum, or 2 ms if that is longer.
 * Older time is lost, or idle connections would burst after all. */
#ifndef TCPENGINE_TCP_CC_PACER_H
#define TCPENGINE_TCP_CC_PACER_H

#include <stdint.h>

struct te_pacer {
    uint64_t rate_bytes_per_s; /* 0: not paced */
    int64_t next_at_us;        /* nothing may leave before */
    uint64_t remainder;        /* of the division that gave next_at_us: a part of a microsecond */
};

/* Takes effect on what is sent from now on. */
void te_pacer_set_rate(struct te_pacer *pacer, uint64_t rate_bytes_per_s);
/* When the next frame may leave; now_us: at once. */
int64_t te_pacer_ready_at_us(const struct te_pacer *pacer, int64_t now_us);
/* The most that should leave at one time, as one frame or several: 1 ms of the rate, at most 64 KiB
 * (also when nothing is paced), and at least two segments. */
uint32_t te_pacer_quantum_bytes(const struct te_pacer *pacer, uint32_t mss_bytes);
/* length_bytes were sent: the next frame waits for their time at the rate, 1 s at most. */
void te_pacer_on_sent(struct te_pacer *pacer, int64_t now_us, uint32_t length_bytes,
                      uint32_t mss_bytes);
/* The rate for algorithms without an opinion, in bytes per second: twice a window per RTT in slow
 * start, which doubles the window in an RTT; 1.2 times after it, so that pacing does not hold the
 * window back. srtt_us 0 (no sample): 0. */
uint64_t te_pacer_window_rate(uint32_t cwnd_bytes, uint32_t ssthresh_bytes, int64_t srtt_us);

#endif
