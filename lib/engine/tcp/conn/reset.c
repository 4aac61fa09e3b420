#include "tcp/conn/reset.h"

#include "ip/control_queue.h"
#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/options.h"
#include "util/bytes.h"
#include "wire/checksum.h"

#define CHECKSUM_OFFSET 16

typedef void send_fn(struct te_stack *stack, const struct te_addr *source,
                     const struct te_addr *destination, uint8_t protocol, const uint8_t *payload,
                     size_t len);

/* From whom to whom, and by which share of the queue. */
struct way {
    const struct te_endpoint *local, *remote;
    send_fn *send;
};

static void send_header(struct te_stack *stack, const struct way *way,
                        const struct te_tcp_header *header)
{
    uint8_t bytes[TE_TCP_HEADER_MAX];
    const struct te_addr *source = &way->local->addr, *destination = &way->remote->addr;
    struct te_tcp_header complete = *header;
    complete.source_port = way->local->port;
    complete.destination_port = way->remote->port;
    complete.checksum = 0;
    size_t len = te_tcp_emit(&complete, bytes);
    uint64_t sum = te_checksum_pseudo(source, destination, TE_PROTO_TCP, (uint32_t)len);
    te_store_be16(bytes + CHECKSUM_OFFSET, te_checksum_finish(te_checksum_add(sum, bytes, len)));
    stack->counters.segments_out++;
    te_size_note(&stack->tally.sent, 0, 0);
    if (header->flags & TE_RST)
        stack->counters.resets_out++;
    way->send(stack, source, destination, TE_PROTO_TCP, bytes, len);
}

void te_reset_send_header(struct te_stack *stack, const struct te_endpoint *local,
                          const struct te_endpoint *remote, const struct te_tcp_header *header)
{
    struct way way = {local, remote, te_ip_send_packet};
    send_header(stack, &way, header);
}

/* Half of the queue is left to packets that somebody waits for, such as the ACK of a FIN in
 * TIME_WAIT. */
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

static void send_at_ack(struct te_stack *stack, const struct te_segment *segment, send_fn *send)
{
    struct way way = {&segment->local, &segment->remote, send};
    struct te_tcp_header header = {
        .seq = segment->ack, .flags = TE_RST, .options = echo_timestamp(segment)};
    send_header(stack, &way, &header);
}

void te_reset_refuse(struct te_stack *stack, const struct te_segment *segment)
{
    send_at_ack(stack, segment, te_ip_send_last_word);
}

void te_reset_answer_ack(struct te_stack *stack, const struct te_segment *segment)
{
    if (!(segment->flags & TE_RST) && may_send(stack))
        send_at_ack(stack, segment, te_ip_send_packet);
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
    struct way way = {&conn->local, &conn->remote, te_ip_send_last_word};
    send_header(stack, &way, &header);
}
