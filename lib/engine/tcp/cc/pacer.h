/* Pacing: spreads what may be sent over time, so that a window does not leave as one burst. Only
 * arithmetic; who asks waits by itself. A rate of 0 paces nothing.
 *
 * Data leaves in quanta of about a millisecond (draft-ietf-ccwg-bbr 5.6.3), since neither timers
 * nor large frames are finer. A sender that comes late, because its timer did or because it had
 * nothing to send, has a little credit for it (a burst of two quanta at most); older time is lost,
 * or idle connections would burst after all. */
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
/* How long one frame, or a row of frames without a look at the clock, should be at most. */
uint32_t te_pacer_quantum_bytes(const struct te_pacer *pacer, uint32_t mss_bytes);
/* length_bytes have left. */
void te_pacer_on_sent(struct te_pacer *pacer, int64_t now_us, uint32_t length_bytes,
                      uint32_t mss_bytes);
/* What a window and an RTT are as a rate, for algorithms that have no opinion: twice that in slow
 * start, which doubles the window in an RTT; 1.2 times after it, so that pacing does not hold the
 * window back. srtt_us 0: no sample, not paced. */
uint64_t te_pacer_window_rate(uint32_t cwnd_bytes, uint32_t ssthresh_bytes, int64_t srtt_us);

#endif
