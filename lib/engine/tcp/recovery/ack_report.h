/* What one segment says about our flight: collected first, while the sent map still has the
 * records, then acted upon (recovery.h).
 *
 *     te_ack_report_begin(conn, segment, &report);               SND.UNA and SND.WND as before
 *     te_ack_report_take_sack(stack, conn, segment, &report);
 *     te_ack_report_take_ack(stack, conn, una, &report);         if the segment moves SND.UNA
 *     te_recovery_on_ack(stack, conn, &report);                  SND.UNA and SND.WND as after
 *
 * The caller sets advances, acked_bytes and has_ece; lost_bytes is recovery's. */
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
    bool is_repeat;    /* the same, even with nothing in flight */
    bool has_dsack;
    struct te_sack_block dsack;
    bool has_ts_echo;
    uint32_t ts_echo;
    bool has_ece;     /* ECE that calls for a response */
    bool echoes_mark; /* any ECE, also one in a window that was already responded to */

    /* What it changes. */
    bool advances;            /* SND.UNA moves */
    uint32_t acked_bytes;     /* by how much, without SYN and FIN */
    uint32_t delivered_bytes; /* newly acknowledged or SACKed */
    uint32_t sacked_bytes;    /* newly SACKed */
    uint32_t lost_bytes;      /* newly marked lost */
    /* Something below the recovery point arrived that was sent only once. */
    bool original_delivered;
    bool resent_delivered; /* something arrived that was sent again */
    int64_t rtt_us;        /* of the record delivered last that Karn's rule allows; 0: none */
    uint32_t rtt_end;      /* where that record ends */
    int64_t oldest_rtt_us; /* of the first such record acknowledged cumulatively; 0: none */
    struct te_delivery_sample delivery;
};

/* Fills the report with the state before the segment and what its header says; everything under
 * "What it changes" is zero. */
void te_ack_report_begin(const struct te_conn *conn, const struct te_segment *segment,
                         struct te_ack_report *ret_report);
/* Marks what the segment's SACK blocks cover in the sent map. A first block that is a D-SACK is
 * only noted; blocks outside SND.UNA to SND.MAX are ignored. Call before SND.UNA moves. */
void te_ack_report_take_sack(struct te_stack *stack, struct te_conn *conn,
                             const struct te_segment *segment, struct te_ack_report *report);
/* Removes everything below una from the sent map. */
void te_ack_report_take_ack(struct te_stack *stack, struct te_conn *conn, uint32_t una,
                            struct te_ack_report *report);

#endif
