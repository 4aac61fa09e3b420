/* Is cwnd backed by evidence? A sender that used only a part of it for a while has not tested the
 * rest (RFC 7661). pipeACK is the most that was acknowledged within one round trip, in the last
 * second or three round trips; when it is under half of cwnd, cwnd is not validated: it does not
 * grow, a loss event starts from what was really used, and after five minutes it is reduced.
 *
 * Nothing was measured yet at the beginning, and after each recovery: then pipeACK is undefined,
 * and cwnd counts as validated (4.2). Recoveries are no time to measure. */
#ifndef TCPENGINE_TCP_LOSS_VALIDATION_H
#define TCPENGINE_TCP_LOSS_VALIDATION_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp/cc/congestion.h"

/* Into so many parts the sampling period is divided (RFC 7661 4.5.1). */
#define TE_VALIDATION_PARTS 5u

struct te_validation {
    uint32_t
        pipe_ack_bytes[TE_VALIDATION_PARTS]; /* largest sample of each part; the newest first */
    uint32_t part_us;                        /* how long one is; 0: pipeACK is undefined */
    int64_t part_at_us;                      /* when the newest began */
    int64_t nonvalidated_at_us;              /* when the phase began; 0: validated */
    uint32_t round_start;     /* of the sample under way: SND.UNA when it began (HighACK), */
    uint32_t round_end;       /* and SND.NXT then; both the same: nothing was in flight */
    uint32_t loss_used_bytes; /* what a recovery that ended the phase began with; 0: none */
    uint32_t resent_bytes;    /* R: sent again in it */
};

/* pipeACK is undefined, and measured from snd_una on. */
void te_validation_start(struct te_validation *validation, uint32_t snd_una);

/* bytes were acknowledged. */
struct te_validation_ack {
    int64_t now_us;
    int64_t srtt_us;
    uint32_t snd_una, snd_nxt;
    uint32_t prior_flight_bytes; /* FlightSize before this ACK */
    uint32_t cwnd_bytes;
    bool is_recovering; /* before or after this ACK */
};
void te_validation_on_ack(struct te_validation *validation, const struct te_validation_ack *ack);
bool te_validation_is_validated(const struct te_validation *validation);

struct te_validation_event {
    int64_t now_us;
    uint32_t cwnd_bytes;
    uint32_t flight_bytes; /* LossFlightSize */
    bool is_timeout;
};
/* Congestion ends the phase. Returns the cwnd to compute the answer from (RFC 7661 4.4.1). */
uint32_t te_validation_on_congestion(struct te_validation *validation,
                                     const struct te_validation_event *event);
/* In fast recovery, bytes were sent again for the first time. */
void te_validation_on_resent(struct te_validation *validation, uint32_t bytes);
/* The end of a fast recovery, with the window that it leaves: what had to be sent again was too
 * much for the path in any case (4.4.1, R). */
void te_validation_on_recovered(struct te_validation *validation, struct te_congestion *cc,
                                uint32_t mss_bytes);
/* After the non-validated period cwnd shrinks by half, toward the initial window; what it was is
 * remembered in ssthresh (4.4.3). Before te_validation_on_ack, which may end the phase. */
void te_validation_decay(struct te_validation *validation, struct te_congestion *cc,
                         uint32_t initial_window_bytes, int64_t now_us);

#endif
