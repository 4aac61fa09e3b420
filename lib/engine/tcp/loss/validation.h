/* Is cwnd backed by evidence? A sender that has used only part of it for a while has not tested the
 * rest (RFC 7661). pipeACK is the most that was acknowledged within one round trip, in the last
 * second or three round trips, whichever is longer. While it is below half of cwnd, cwnd is not
 * validated: it does not grow, a loss event starts from what was really used, and after five
 * minutes it is reduced.
 *
 * At the beginning and after each congestion event nothing has been measured yet: pipeACK is
 * undefined, and cwnd counts as validated (4.2). Nothing is measured during a recovery. */
#ifndef TCPENGINE_TCP_LOSS_VALIDATION_H
#define TCPENGINE_TCP_LOSS_VALIDATION_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp/cc/congestion.h"

/* Number of parts in a sampling period (RFC 7661 4.5.1). */
#define TE_VALIDATION_PARTS 5u

struct te_validation {
    /* The largest sample of each part, newest first. */
    uint32_t pipe_ack_bytes[TE_VALIDATION_PARTS];
    uint32_t part_us;           /* length of a part; 0: pipeACK is undefined */
    int64_t part_at_us;         /* when the newest began */
    int64_t nonvalidated_at_us; /* when the non-validated phase began; 0: validated */
    uint32_t round_start;       /* of the sample under way: SND.UNA when it began (HighACK), */
    uint32_t round_end;         /* and SND.NXT then; equal: nothing was in flight */
    uint32_t loss_used_bytes; /* the window that a recovery ending the phase began with; 0: none */
    uint32_t resent_bytes;    /* R: sent again in that recovery */
};

/* pipeACK is undefined, and measured from snd_una on. */
void te_validation_start(struct te_validation *validation, uint32_t snd_una);

struct te_validation_ack {
    int64_t now_us;
    int64_t srtt_us;
    uint32_t snd_una, snd_nxt;
    uint32_t prior_flight_bytes; /* FlightSize before this ACK */
    uint32_t cwnd_bytes;
    bool is_recovering; /* before or after this ACK */
};
/* An ACK came: it may end a round trip, and with it begin or end the phase. */
void te_validation_on_ack(struct te_validation *validation, const struct te_validation_ack *ack);
/* False in the non-validated phase. */
bool te_validation_is_validated(const struct te_validation *validation);

struct te_validation_event {
    int64_t now_us;
    uint32_t cwnd_bytes;
    uint32_t flight_bytes; /* LossFlightSize */
    bool is_timeout;
};
/* Congestion ends the phase. Returns the cwnd from which to compute the response (RFC 7661 4.4.1):
 * cwnd_bytes when it was validated. */
uint32_t te_validation_on_congestion(struct te_validation *validation,
                                     const struct te_validation_event *event);
/* Fast recovery sent bytes again, for the first time each. */
void te_validation_on_resent(struct te_validation *validation, uint32_t bytes);
/* The end of a fast recovery: takes the share that had to be sent again off the window that it
 * leaves, since that much was too much for the path in any case (4.4.1, R). */
void te_validation_on_recovered(struct te_validation *validation, struct te_congestion *cc,
                                uint32_t mss_bytes);
/* Every five minutes in the phase cwnd is halved, down to the initial window, and three quarters of
 * it are kept in ssthresh (4.4.3). Call before te_validation_on_ack(), which may end the phase. */
void te_validation_decay(struct te_validation *validation, struct te_congestion *cc,
                         uint32_t initial_window_bytes, int64_t now_us);

#endif
