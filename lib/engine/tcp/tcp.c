#include "tcp/tcp.h"

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/drop_segment.h"
#include "tcp/conn/port_use.h"
#include "tcp/conn/reset.h"
#include "tcp/flood.h"
#include "tcp/input.h"
#include "tcp/life.h"
#include "tcp/listen/fast_open.h"
#include "tcp/mtu/path_mtu.h"
#include "tcp/output.h"
#include "tcp/recovery/recovery.h"
#include "tcp/timeout.h"
#include "util/bytes.h"
#include "util/seq.h"
#include "wire/checksum.h"

#define PORTS_LEN 4
#define TURN_BYTES (512u * 1024) /* a power of two: sequence numbers wrap */

/* --- in --------------------------------------------------------------------------------------- */

static bool is_checksum_ok(const struct te_packet *packet)
{
    if (packet->checksum_ok)
        return true;
    uint64_t sum = te_checksum_pseudo(&packet->source, &packet->destination, TE_PROTO_TCP,
                                      (uint32_t)packet->payload_len);
    return te_checksum_finish(te_checksum_add(sum, packet->payload, packet->payload_len)) == 0;
}

/* Parses and checks; false when this is no valid segment. */
static bool read_segment(struct te_stack *stack, const struct te_packet *packet,
                         struct te_segment *ret_segment)
{
    struct te_tcp_parsed parsed;
    if (!te_tcp_parse(packet->payload, packet->payload_len, &parsed)) {
        te_packet_drop(stack, TE_DROP_TCP_BAD_HEADER, packet);
        stack->counters.segments_in_errors++;
        return false;
    }
    *ret_segment = (struct te_segment){
        .local = {packet->destination, parsed.header.destination_port},
        .remote = {packet->source, parsed.header.source_port},
        .header = parsed.header,
        .seq = parsed.header.seq,
        .ack = parsed.header.ack,
        .flags = parsed.header.flags,
        .payload = parsed.payload,
        .payload_len = (uint32_t)parsed.payload_len,
        .text_len = (uint32_t)parsed.payload_len,
        .ecn = packet->ecn,
        .gso_size_bytes = packet->gso_size_bytes,
    };
    if (!is_checksum_ok(packet)) {
        te_drop_segment(stack, NULL, TE_DROP_TCP_BAD_CHECKSUM, ret_segment);
        stack->counters.segments_in_errors++;
        return false;
    }
    stack->counters.tcp_bad_options += parsed.bad_options;
    te_size_note(&stack->tally.received, ret_segment->payload_len, packet->gso_size_bytes);
    return true;
}

/* Whose a segment is: one of them, or nobody. */
struct addressee {
    struct te_conn *conn;
    uint32_t time_wait; /* a handle */
    struct te_listener *listener;
};

static struct addressee addressee_of(const struct te_stack *stack, const struct te_packet *packet)
{
    struct addressee to = {.time_wait = TE_TIME_WAIT_NONE};
    if (packet->payload_len < PORTS_LEN)
        return to;
    struct te_endpoint remote = {packet->source, te_load_be16(packet->payload)};
    struct te_endpoint local = {packet->destination, te_load_be16(packet->payload + 2)};
    to.conn = te_conn_table_find(stack, &local, &remote);
    if (to.conn == NULL)
        to.time_wait = te_time_wait_find(stack, &local, &remote);
    if (to.conn == NULL && to.time_wait == TE_TIME_WAIT_NONE)
        to.listener = te_listener_find(stack, &local, &remote);
    return to;
}

static void deliver(struct te_stack *stack, const struct addressee *to, struct te_segment *segment)
{
    if (to->conn != NULL && to->conn->state == TE_SYN_SENT) {
        te_input_syn_sent(stack, to->conn, segment);
    } else if (to->conn != NULL) {
        te_input_conn(stack, to->conn, segment);
    } else if (to->time_wait != TE_TIME_WAIT_NONE) {
        te_input_time_wait(stack, to->time_wait, segment);
    } else if (to->listener != NULL) {
        te_input_listen(stack, to->listener, segment, NULL);
    } else {
        te_drop_segment(stack, NULL, TE_DROP_TCP_NO_CONNECTION, segment); /* CLOSED, 3.10.7.1 */
        te_reset_answer(stack, segment);
    }
}

static bool is_part_of_flood(struct te_stack *stack, const struct addressee *to,
                             const struct te_packet *packet)
{
    return to->conn == NULL && to->time_wait == TE_TIME_WAIT_NONE &&
           te_flood_drops(stack, packet, to->listener);
}

static void on_packet(struct te_stack *stack, const struct te_packet *packet)
{
    struct te_segment segment;
    stack->counters.segments_in++;
    if (packet->is_broadcast || !te_ip_is_unicast(stack, &packet->source)) {
        /* MUST-57, MUST-63 */
        te_packet_drop(stack, TE_DROP_TCP_BROADCAST, packet);
        return;
    }
    struct addressee to = addressee_of(stack, packet);
    if (is_part_of_flood(stack, &to, packet) || !read_segment(stack, packet, &segment))
        return;
    if (segment.local.port == segment.remote.port &&
        te_addr_equal(&packet->source, &packet->destination)) {
        te_drop_segment(stack, NULL, TE_DROP_TCP_LAND, &segment);
        return;
    }
    deliver(stack, &to, &segment);
}

/* --- ICMP (RFC 9293 3.9.2.2, RFC 5927) -------------------------------------------------------- */

/* DEVIATION: RFC 9293 (MUST-56) and RFC 1122 4.2.3.9 let no soft error end a connection. With both
 * families "destination unreachable" of any code ends ours while it is an active opening, as RFC
 * 5461 4.1 describes and all hosts do, so that the user learns at once instead of after two minutes
 * that there is no way. Time exceeded and parameter problem are noted, and told if the opening then
 * times out: the next SYN may get through. Later every error, even a hard one, is only noted (RFC
 * 5927 5.2). */
static void on_icmp_error(struct te_stack *stack, const struct te_icmp_error *error)
{
    struct te_conn *conn = te_conn_table_find(stack, &error->local, &error->remote);
    if (conn == NULL || !seq_in(error->seq, conn->snd_una, conn->snd_max - conn->snd_una)) {
        struct te_drop_about about = {.local = &error->local, .remote = &error->remote};
        te_drop(stack, TE_DROP_ICMP_BAD_QUOTE, &about);
        return;
    }
    if (error->mtu_bytes > 0) {
        if (te_path_mtu_on_too_big(stack, conn, error->seq, error->mtu_bytes))
            te_recovery_on_smaller_mss(stack, conn); /* at once: RFC 1191 6.4, RFC 8201 5.4 */
        return;
    }
    conn->has_icmp = true;
    conn->icmp_type = error->type;
    conn->icmp_code = error->code;
    if (conn->state == TE_SYN_SENT && !error->is_passing) {
        struct te_death death = {TE_CLOSED, TE_CAUSE_ICMP, error->error, NULL};
        te_conn_end_protocol(stack, conn, &death);
        return;
    }
    stack->counters.icmp_soft_errors++;
    conn->soft_error = (int8_t)error->error;
}

static void on_neighbour_done(struct te_stack *stack, struct te_list *waiter, bool ok)
{
    struct te_conn *conn = te_conn_of_queue_link(waiter);
    conn->waits_neighbour = false;
    if (!ok && conn->state == TE_SYN_SENT) {
        struct te_death death = {TE_CLOSED, TE_CAUSE_NEIGHBOUR, TE_ERR_HOST_UNREACHABLE, NULL};
        te_conn_end_protocol(stack, conn, &death);
        return;
    }
    te_conn_want_output(stack, conn);
}

/* --- out and timers --------------------------------------------------------------------------- */

/* Whether the connection goes on with its turn, having sent a frame from seq on: while its frames
 * are large, until it comes to a multiple of TURN_BYTES in its stream. A receiver on this machine
 * is woken for the first frame of a turn, and finds the others. Single segments, and what is sent
 * again, take turns one by one. */
static bool has_turn(const struct te_conn *conn, const struct te_output *output, uint32_t seq)
{
    uint32_t start = seq - conn->iss, end = conn->snd_nxt - conn->iss;
    return output->meta.gso_type != TE_GSO_NONE && start != end && (start ^ end) < TURN_BYTES;
}

/* In front of all others, instead of behind them. */
static void stay_first(struct te_stack *stack, struct te_conn *conn)
{
    te_list_remove(&conn->queue_link);
    te_list_push_back(stack->output.next, &conn->queue_link);
}

bool te_tcp_poll_output(struct te_stack *stack, uint8_t *header, struct te_output *ret_output)
{
    struct te_list *link;
    while ((link = te_list_pop_front(&stack->output)) != NULL) {
        struct te_conn *conn = te_conn_of_queue_link(link);
        uint32_t seq = conn->snd_nxt;
        conn->is_queued = false;
        if (!te_segment_next(stack, conn, header, ret_output))
            continue;
        if (has_turn(conn, ret_output, seq))
            stay_first(stack, conn);
        return true;
    }
    return false;
}

void te_tcp_handle_timer(struct te_stack *stack, struct te_wheel_node *node)
{
    if (node == &stack->time_wait.timer)
        te_time_wait_on_timer(stack);
    else
        te_timeout(stack, te_conn_of_timer(node));
}

/* --- life ------------------------------------------------------------------------------------- */

static const struct te_transport transport = {
    .input = on_packet,
    .icmp_error = on_icmp_error,
    .neighbour_done = on_neighbour_done,
};

enum te_err te_tcp_init(struct te_stack *stack)
{
    stack->transport = &transport;
    te_list_init(&stack->output);
    te_tags_init(stack);
    te_fast_open_init(stack);
    te_notes_init(stack);
    stack->next_id = stack->config.first_id != 0 ? stack->config.first_id : 1;
    if (te_conn_table_init(stack) != TE_OK || te_time_wait_init(stack) != TE_OK ||
        te_graveyard_init(stack) != TE_OK || te_event_queue_init(stack) != TE_OK ||
        te_remotes_init(stack) != TE_OK || te_charges_init(stack) != TE_OK)
        return TE_ERR_NOMEM;
    return TE_OK;
}

void te_tcp_done(struct te_stack *stack)
{
    te_conns_destroy(stack);
    te_conn_table_done(stack);
    te_listeners_free(stack);
    te_fast_open_done(stack);
    te_time_wait_done(stack);
    te_port_uses_free(stack);
    te_graveyard_done(stack);
    te_notes_done(stack);
    te_event_queue_done(stack);
    te_remotes_done(stack);
    te_charges_done(stack);
    te_tags_free(stack);
}
