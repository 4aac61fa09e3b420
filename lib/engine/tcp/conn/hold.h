/* For how long a sender was held back, and by what: as the times busy, rwnd_limited and
 * sndbuf_limited of Linux's tcp_info, and some more. They are kept in the sender, which an idle
 * connection does not have; when it goes, their sum stays with the connection in milliseconds.
 *
 * A restored stack begins anew: they are for people who look at a connection. */
#ifndef TCPENGINE_TCP_CONN_HOLD_H
#define TCPENGINE_TCP_CONN_HOLD_H

#include <tcpengine/explain.h>

struct te_hold_clock {
    int64_t since_us; /* what holds it now does so since then */
    int64_t total_us[TE_HOLD_COUNT];
    uint8_t now; /* enum te_hold */
};

void te_hold_start(struct te_hold_clock *clock, int64_t now_us);
/* From now on, hold is what holds the sender. */
void te_hold_change(struct te_hold_clock *clock, enum te_hold hold, int64_t now_us);
/* Adds the totals up to now to those of the connection. */
void te_hold_add(const struct te_hold_clock *clock, int64_t now_us,
                 uint32_t total_ms[TE_HOLD_COUNT]);

#endif
