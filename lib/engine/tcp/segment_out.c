#include "tcp/segment_out.h"

#include <assert.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/options.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/listen/fast_open.h"
#include "tcp/mtu/path_mtu.h"
#include "util/bytes.h"
#include "util/seq.h"
#include "wire/checksum.h"
#include "wire/eth.h"

#define TCP_CHECKSUM_OFFSET 16

/* Data never sent before; a window probe does not count as that (RFC 3168 6.1.6). */
static bool is_new_data(const struct te_conn *conn, const struct te_plan *plan)
{
    return plan->len > 0 && plan->kind != TE_PLAN_PROBE && seq_geq(plan->seq, conn->snd_max);
}

/* A keepalive probe repeats a number, but nothing that was sent there. */
static bool is_again(const struct te_conn *conn, const struct te_plan *plan)
{
    return (plan->len > 0 || (plan->flags & (TE_SYN | TE_FIN)) != 0) &&
           seq_lt(plan->seq, conn->snd_max);
}

static uint8_t ecn_flags(const struct te_stack *stack, const struct te_conn *conn,
                         const struct te_plan *plan)
{
    return (plan->flags & TE_SYN) ? te_ecn_syn_flags(stack, conn, plan->flags)
                                  : te_ecn_flags(conn, is_new_data(conn, plan));
}

static void note_window(struct te_stack *stack, struct te_conn *conn, uint16_t window)
{
    conn->offers_none = window == 0;
    if (window > 0)
        te_note(stack, conn, TE_NOTE_WINDOW_REOPENED, (int64_t)window << conn->rcv_wscale);
    else
        te_note(stack, conn, TE_NOTE_ZERO_WINDOW_SENT,
                (int64_t)(conn->received_offset - conn->released_offset));
}

static void make_header(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan,
                        struct te_tcp_header *ret_header)
{
    bool is_syn = (plan->flags & TE_SYN) != 0;
    *ret_header = (struct te_tcp_header){
        .source_port = conn->local.port,
        .destination_port = conn->remote.port,
        .seq = plan->seq,
        .ack = (plan->flags & TE_ACK) ? conn->rcv_nxt : 0,
        .flags = plan->flags | ecn_flags(stack, conn, plan),
        .window = te_receive_offer(conn, is_syn),
    };
    if ((ret_header->window == 0) != conn->offers_none)
        note_window(stack, conn, ret_header->window);
    if (!is_syn) {
        te_options_for_segment(stack, conn, plan->len == 0, &ret_header->options);
        return;
    }
    bool is_syn_ack = (plan->flags & TE_ACK) != 0;
    te_options_for_syn(stack, conn, is_syn_ack, &ret_header->options);
    te_fast_open_put(stack, conn, is_syn_ack, &ret_header->options);
}

/* The full sum, or with offload that of the pseudo-header alone (frame.h). */
static uint16_t checksum_of(const struct te_stack *stack, const struct te_conn *conn,
                            const struct te_iovec *iov, unsigned count)
{
    size_t len = 0;
    for (unsigned i = 0; i < count; i++)
        len += iov[i].len;
    uint64_t sum =
        te_checksum_pseudo(&conn->local.addr, &conn->remote.addr, TE_PROTO_TCP, (uint32_t)len);
    if (stack->config.checksum_offload)
        return te_checksum_fold(sum);
    return te_checksum_finish(te_checksum_add_iovec(sum, iov, count));
}

static struct te_frame_meta make_meta(const struct te_stack *stack, const struct te_conn *conn,
                                      const struct te_plan *plan, size_t ip_end, size_t tcp_len)
{
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    if (stack->config.checksum_offload) {
        meta.checksum = TE_CHECKSUM_PARTIAL;
        meta.checksum_start = (uint16_t)ip_end;
        meta.checksum_offset = TCP_CHECKSUM_OFFSET;
    }
    if (plan->len > conn->mss && !plan->is_mtu_probe) {
        assert(stack->config.gso);
        meta.gso_type = te_addr_is_v4(&conn->remote.addr) ? TE_GSO_TCPV4 : TE_GSO_TCPV6;
        meta.gso_size_bytes = conn->mss;
        meta.header_len_bytes = (uint16_t)(ip_end + tcp_len);
    }
    return meta;
}

static void note_ecn(struct te_stack *stack, struct te_conn *conn, uint8_t flags, bool is_new)
{
    if (flags & TE_SYN)
        te_ecn_on_syn_sent(stack, conn, flags);
    else if (is_new)
        te_ecn_on_data_sent(conn);
}

void te_segment_build(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan,
                      const uint8_t mac[6], struct te_segment_room room)
{
    struct te_tcp_header header;
    make_header(stack, conn, plan, &header);
    bool is_new = is_new_data(conn, plan);
    struct te_ip_send send = {.source = &conn->local.addr,
                              .destination = &conn->remote.addr,
                              .mac = mac,
                              .segment_len = te_tcp_header_len(&header) + plan->len,
                              .ecn = te_ecn_sender_wants_ect(conn, is_new) ? TE_ECN_ECT0
                                                                           : TE_ECN_NOT_ECT};
    size_t ip_end = te_ip_emit_tcp_headers(stack, &send, room.header);
    uint8_t *tcp = room.header + ip_end;
    size_t tcp_len = te_tcp_emit(&header, tcp);
    assert(ip_end + tcp_len <= TE_OUTPUT_HEADER_MAX);

    struct te_iovec iov[3] = {{tcp, tcp_len}};
    unsigned count = 1;
    if (plan->len > 0)
        count += te_ring_read(&conn->send_ring, plan->offset, plan->len, iov + 1);
    te_store_be16(tcp + TCP_CHECKSUM_OFFSET, checksum_of(stack, conn, iov, count));

    struct te_output *output = room.output;
    output->iov[0] = (struct te_iovec){room.header, ip_end + tcp_len};
    for (unsigned i = 1; i < count; i++)
        output->iov[i] = iov[i];
    output->iov_count = count;
    output->total_bytes = ip_end + tcp_len + plan->len;
    output->meta = make_meta(stack, conn, plan, ip_end, tcp_len);
    output->meta.gso_has_cwr = output->meta.gso_type != TE_GSO_NONE && (header.flags & TE_CWR) != 0;
    output->is_again = is_again(conn, plan);
    note_ecn(stack, conn, header.flags, is_new);
    uint32_t one = plan->len < conn->mss || plan->is_mtu_probe ? plan->len : conn->mss;
    te_path_mtu_on_sent(conn, (uint32_t)(ip_end - TE_ETH_HEADER_LEN + tcp_len) + one,
                        plan->seq + plan->len);
}

void te_segment_ack_header(struct te_stack *stack, struct te_conn *conn,
                           struct te_tcp_header *ret_header)
{
    struct te_plan plan = {
        .kind = TE_PLAN_ACK, .seq = te_conn_acceptable_seq(conn), .flags = TE_ACK};
    make_header(stack, conn, &plan, ret_header);
    conn->segments_out++;
}
