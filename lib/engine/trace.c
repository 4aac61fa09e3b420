#include <tcpengine/trace.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/listen/listener_table.h"
#include "wire/eth.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/tcp.h"

/* What of a frame is the segment. */
struct carried {
    struct te_addr source, destination;
    const uint8_t *segment;
    size_t len;
};

/* False: no IP packet, or one that carries no whole TCP segment. */
static bool find_segment(const uint8_t *packet, size_t len, uint16_t type, struct carried *carried)
{
    struct te_ipv4_parsed v4;
    struct te_ipv6_parsed v6;
    if (type == TE_ETH_TYPE_IPV4 && te_ipv4_parse(packet, len, &v4)) {
        *carried = (struct carried){v4.header.source, v4.header.destination, v4.payload,
                                    v4.header.payload_len};
        return v4.header.protocol == TE_PROTO_TCP && !v4.header.more_fragments &&
               v4.header.fragment_offset_bytes == 0;
    }
    if (type == TE_ETH_TYPE_IPV6 && te_ipv6_parse(packet, len, &v6) == TE_IPV6_OK) {
        *carried =
            (struct carried){v6.header.source, v6.header.destination, v6.payload, v6.payload_len};
        return v6.protocol == TE_PROTO_TCP && !v6.is_fragment;
    }
    return false;
}

static void find_owner(const struct te_stack *stack, struct te_trace *trace)
{
    const struct te_conn *conn = te_conn_table_find(stack, &trace->local, &trace->remote);
    if (conn != NULL) {
        trace->id = conn->id;
        trace->uid = conn->uid;
        trace->state = conn->state;
        return;
    }
    uint32_t handle = te_time_wait_find(stack, &trace->local, &trace->remote);
    if (handle != TE_TIME_WAIT_NONE) {
        struct te_time_wait_view view;
        te_time_wait_view(stack, handle, &view);
        trace->id = view.id;
        trace->uid = view.uid;
        trace->state = TE_TIME_WAIT;
        return;
    }
    const struct te_listener *listener = te_listener_find(stack, &trace->local, &trace->remote);
    if (listener == NULL)
        return;
    trace->id = listener->id;
    trace->uid = listener->uid;
    trace->state = TE_LISTEN;
}

bool te_trace_frame(const struct te_stack *stack, const uint8_t *frame, size_t len, bool is_ours,
                    struct te_trace *ret_trace)
{
    struct te_eth_header eth;
    struct te_tcp_parsed tcp;
    struct carried carried = {.len = 0};
    size_t header_len;
    *ret_trace = (struct te_trace){.id = 0};
    if (!te_eth_parse(frame, len, &eth) ||
        te_eth_pass_tags(frame, len, &eth, &header_len) != TE_ETH_TAGS_OK)
        return false;
    bool has_segment = find_segment(frame + header_len, len - header_len, eth.type, &carried);
    ret_trace->local.addr = is_ours ? carried.source : carried.destination;
    ret_trace->remote.addr = is_ours ? carried.destination : carried.source;
    if (!has_segment || !te_tcp_parse(carried.segment, carried.len, &tcp))
        return false;
    const struct te_tcp_header *header = &tcp.header;
    ret_trace->local.port = is_ours ? header->source_port : header->destination_port;
    ret_trace->remote.port = is_ours ? header->destination_port : header->source_port;
    ret_trace->segment = (struct te_segment_info){
        .seq = header->seq,
        .ack = header->ack,
        .wnd_bytes = header->window,
        .len_bytes = (uint16_t)(tcp.payload_len > UINT16_MAX ? UINT16_MAX : tcp.payload_len),
        .flags = header->flags};
    find_owner(stack, ret_trace);
    return true;
}

void te_trace_mark(const struct te_stack *stack, struct te_trace_marks *ret_marks)
{
    enum te_drop_reason drop;
    uint64_t drops = te_drop_last(stack, &drop);
    *ret_marks = (struct te_trace_marks){.drops = drops,
                                         .drop = drop,
                                         .notes = stack->notes.total,
                                         .note = stack->notes.last,
                                         .note_id = stack->notes.last_id};
}
