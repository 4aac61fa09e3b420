#include "tcp/conn/reset.h"

#include "ip/control_queue.h"
#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/options.h"
#include "util/bytes.h"
#include "wire/checksum.h"

#define CHECKSUM_OFFSET 16

void te_reset_send_header(struct te_stack *stack, const struct te_endpoint *local,
                          const struct te_endpoint *remote, const struct te_tcp_header *header)
{
    uint8_t bytes[TE_TCP_HEADER_MAX];
    struct te_tcp_header complete = *header;
    complete.source_port = local->port;
    complete.destination_port = remote->port;
    complete.checksum = 0;
    size_t len = te_tcp_emit(&complete, bytes);
    uint64_t sum = te_checksum_pseudo(&local->addr, &remote->addr, TE_PROTO_TCP, (uint32_t)len);
    te_store_be16(bytes + CHECKSUM_OFFSET, te_checksum_finish(te_checksum_add(sum, bytes, len)));
    stack->counters.segments_out++;
    if (header->flags & TE_RST)
        stack->counters.resets_out++;
    te_ip_send_packet(stack, &local->addr, &remote->addr, TE_PROTO_TCP, bytes, len);
}

/* Half of the queue is left to packets that somebody waits for: the RST of a connection, the ACK of
 * a FIN in TIME_WAIT. */
static bool has_room(const struct te_stack *stack)
{
    return te_control_queue_room(stack) > stack->config.control_queue_max / 2;
}

static bool may_send(struct te_stack *stack)
{
    if (has_room(stack) && te_limiter_take(&stack->rst_limiter, stack->config.rst_per_second,
                                           &stack->key, stack->now_us))
        return true;
    stack->counters.resets_limited++;
    return false;
}

/* RFC 7323 5.2: a RST in answer echoes the timestamp and has none of its own. */
static struct te_tcp_options echo_timestamp(const struct te_segment *segment)
{
    return (struct te_tcp_options){.has_timestamps = segment->header.options.has_timestamps,
                                   .ts_echo = segment->header.options.ts_value};
}

void te_reset_refuse(struct te_stack *stack, const struct te_segment *segment)
{
    struct te_tcp_header header = {
        .seq = segment->ack, .flags = TE_RST, .options = echo_timestamp(segment)};
    te_reset_send_header(stack, &segment->local, &segment->remote, &header);
}

void te_reset_answer_ack(struct te_stack *stack, const struct te_segment *segment)
{
    if (!(segment->flags & TE_RST) && may_send(stack))
        te_reset_refuse(stack, segment);
}

void te_reset_answer(struct te_stack *stack, const struct te_segment *segment)
{
    if (segment->flags & TE_ACK) {
        te_reset_answer_ack(stack, segment);
        return;
    }
    if ((segment->flags & TE_RST) || !may_send(stack))
        return;
    struct te_tcp_header header = {.seq = 0,
                                   .ack = segment->seq + te_segment_len(segment),
                                   .flags = TE_RST | TE_ACK,
                                   .options = echo_timestamp(segment)};
    te_reset_send_header(stack, &segment->local, &segment->remote, &header);
}

/* The states of RFC 9293 3.10.5. In LAST_ACK it sends nothing, because a CLOSE enters that state
 * only once all is segmentized (3.10.4). We enter it at once: until the FIN has left, the
 * connection is in what the RFC calls CLOSE_WAIT, and its peer waits for data that will never come.
 * DEVIATION: the same goes for CLOSING, which the RFC enters with data queued and leaves silently.
 */
static bool has_to_tell(const struct te_conn *conn)
{
    switch ((enum te_state)conn->state) {
    case TE_SYN_RCVD:
    case TE_ESTABLISHED:
    case TE_FIN_WAIT_1:
    case TE_FIN_WAIT_2:
    case TE_CLOSE_WAIT:
        return true;
    case TE_CLOSING:
    case TE_LAST_ACK:
        return !conn->fin_sent;
    default:
        return false;
    }
}

/* With ACK, as all stacks do; RFC 9293 3.10.5 shows RST alone, and both are acceptable. SEQ is that
 * of an ACK: the peer ignores a RST that is not exactly at its RCV.NXT (RFC 5961 3.2). */
void te_reset_conn(struct te_stack *stack, const struct te_conn *conn)
{
    if (!has_to_tell(conn))
        return;
    struct te_tcp_header header = {
        .seq = te_conn_acceptable_seq(conn), .ack = conn->rcv_nxt, .flags = TE_RST | TE_ACK};
    te_options_for_segment(stack, conn, false, &header.options);
    te_reset_send_header(stack, &conn->local, &conn->remote, &header);
}
