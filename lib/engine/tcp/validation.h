/* Is cwnd backed by evidence? A sender that used only a part of it for a while has not tested the
 * rest (RFC 7661). pipeACK is the most that was acknowledged in one of the last two round trips;
 * when it is under half of cwnd, cwnd is not validated: it does not grow, a loss event starts from
 * what was really used, and after five minutes it is reduced. */
#ifndef TCPENGINE_TCP_VALIDATION_H
#define TCPENGINE_TCP_VALIDATION_H

#include <stdbool.h>
#include <stdint.h>

struct te_validation {
    uint32_t pipe_ack_bytes[2]; /* the round before, and this one (RFC 7661 4.2) */
    uint32_t round_end;         /* SND.NXT when this one began */
    int64_t nonvalidated_at_us; /* when the phase began; 0: validated */
};

/* bytes were acknowledged. */
struct te_validation_ack {
    int64_t now_us;
    uint32_t acked_bytes;
    uint32_t snd_una, snd_nxt;
    uint32_t cwnd_bytes;
    bool is_cwnd_limited;
};
void te_validation_on_ack(struct te_validation *validation, const struct te_validation_ack *ack);
bool te_validation_is_validated(const struct te_validation *validation);
/* The cwnd to compute the answer to a loss from (RFC 7661 4.4.1). */
uint32_t te_validation_used_bytes(const struct te_validation *validation, uint32_t cwnd_bytes,
                                  uint32_t flight_bytes);
/* After the non-validated period cwnd shrinks by half, toward the initial window (4.4.3); returns
 * what it is then. */
uint32_t te_validation_decay(struct te_validation *validation, uint32_t cwnd_bytes,
                             uint32_t initial_window_bytes, int64_t now_us);

#endif
