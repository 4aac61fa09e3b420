/* Round-trip time and retransmission timeout, by RFC 6298. */
#ifndef TCPENGINE_TCP_LOSS_RTT_H
#define TCPENGINE_TCP_LOSS_RTT_H

#include <tcpengine/config.h>

#define TE_RTT_BACKOFF_MAX 16

struct te_rtt {
    uint32_t srtt_us; /* 0: no sample yet */
    uint32_t rttvar_us;
    uint32_t base_rto_us; /* without backoff */
    uint8_t backoff;      /* times doubled */
};

void te_rtt_init(struct te_rtt *rtt, const struct te_config *config);
/* RFC 6298 (2.2), (2.3). A sample also ends the backoff. sample_us must not come from a segment
 * that was sent twice (Karn), unless timestamps told them apart. */
void te_rtt_sample(struct te_rtt *rtt, const struct te_config *config, int64_t sample_us);
/* RFC 6298 (5.5): double, up to config.rto_max_us. */
void te_rtt_back_off(struct te_rtt *rtt);
/* A window has opened: the backoff was for its probes. (After a timeout it stays until a sample
 * comes from data that was sent once: Karn, RFC 6298 5.) */
void te_rtt_reset_backoff(struct te_rtt *rtt);
/* The timeout in force, backoff included. */
int64_t te_rtt_rto_us(const struct te_rtt *rtt, const struct te_config *config);

#endif
