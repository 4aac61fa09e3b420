/* What one segment says about our flight: gathered first, while the sent map still knows what it is
 * about, and decided on after (recovery.h). */
#ifndef TCPENGINE_TCP_RECOVERY_ACK_REPORT_H
#define TCPENGINE_TCP_RECOVERY_ACK_REPORT_H

#include "tcp/conn/conn.h"
#include "tcp/conn/segment_in.h"
#include "tcp/conn/sender.h"

struct te_ack_report {
    /* Before. */
    uint32_t prior_pipe_bytes;
    uint32_t prior_flight_bytes;
    uint8_t prior_state; /* enum te_recovery_state */

    /* The segment. */
    bool is_duplicate; /* RFC 5681 2; with SACK, RFC 6675 2 */
    bool is_repeat;    /* the same, but that nothing need be in flight */
    bool has_dsack;
    struct te_sack_block dsack;
    bool has_ts_echo;
    uint32_t ts_echo;
    bool has_ece;     /* a mark that asks for an answer */
    bool echoes_mark; /* any, also of a window that was answered for */

    /* What it has changed. */
    bool advances;        /* SND.UNA has moved */
    uint32_t acked_bytes; /* by which it has, SYN and FIN taken off */
    uint32_t delivered_bytes;
    uint32_t sacked_bytes;   /* newly */
    uint32_t lost_bytes;     /* newly marked lost */
    bool original_delivered; /* something that was never sent again, from before the recovery point
                              */
    bool resent_delivered;   /* something that was */
    int64_t rtt_us;          /* of the latest sent; 0: none that Karn allows */
    uint32_t rtt_end;        /* where that ends */
    int64_t oldest_rtt_us;   /* of the first that was cumulatively acknowledged */
    struct te_delivery_sample delivery;
};

void te_ack_report_begin(const struct te_conn *conn, const struct te_segment *segment,
                         struct te_ack_report *ret_report);
/* Takes the SACK blocks of the segment into the sent map. Before SND.UNA moves. */
void te_ack_report_take_sack(struct te_stack *stack, struct te_conn *conn,
                             const struct te_segment *segment, struct te_ack_report *report);
/* SND.UNA is una now. */
void te_ack_report_take_ack(struct te_stack *stack, struct te_conn *conn, uint32_t una,
                            struct te_ack_report *report);

#endif
