/* Round-trip time and retransmission timeout (RFC 6298), in microseconds.
 *
 * RTO = SRTT + max(G, 4 * RTTVAR) with G = 1 ms, doubled once per timeout in a row; at every step
 * within config.rto_min_us and config.rto_max_us. Before the first sample it is
 * config.rto_initial_us. */
#ifndef TCPENGINE_TCP_LOSS_RTT_H
#define TCPENGINE_TCP_LOSS_RTT_H

#include <tcpengine/config.h>

/* Doublings that are counted; config.rto_max_us bounds the timeout long before. */
#define TE_RTT_BACKOFF_MAX 16

struct te_rtt {
    uint32_t srtt_us; /* 0: no sample yet */
    uint32_t rttvar_us;
    uint32_t base_rto_us; /* without backoff */
    uint8_t backoff;      /* times doubled */
};

/* No sample yet, no backoff (RFC 6298 (2.1)). */
void te_rtt_init(struct te_rtt *rtt, const struct te_config *config);
/* A measurement (RFC 6298 (2.2), (2.3)), taken as at least 1 us and at most config.rto_max_us; it
 * also ends the backoff. The caller keeps Karn's rule: no sample from a segment that was sent
 * twice, unless timestamps tell the transmissions apart (RFC 6298 3). */
void te_rtt_sample(struct te_rtt *rtt, const struct te_config *config, int64_t sample_us);
/* The timer has expired: the timeout doubles (RFC 6298 (5.5)), TE_RTT_BACKOFF_MAX times at most. */
void te_rtt_back_off(struct te_rtt *rtt);
/* Ends the backoff without a sample: it was for window probes or for the SYN, and these are over;
 * or the timeout was spurious. After any other timeout it stays until data sent only once is
 * measured (Karn; RFC 6298 5). */
void te_rtt_reset_backoff(struct te_rtt *rtt);
/* The timeout in force, backoff included. */
int64_t te_rtt_rto_us(const struct te_rtt *rtt, const struct te_config *config);

#endif
