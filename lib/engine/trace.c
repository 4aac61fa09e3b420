#include <tcpengine/conn.h>
#include <tcpengine/trace.h>

#include "stack_internal.h"
#include "wire/ip_view.h"
#include "wire/tcp.h"

bool te_trace_frame(const struct te_stack *stack, const uint8_t *frame, size_t len, bool is_ours,
                    struct te_trace *ret_trace)
{
    struct te_ip_view ip;
    struct te_tcp_parsed tcp;
    *ret_trace = (struct te_trace){.id = 0};
    if (!te_ip_view_find(frame, len, &ip))
        return false;
    ret_trace->local.addr = is_ours ? ip.source : ip.destination;
    ret_trace->remote.addr = is_ours ? ip.destination : ip.source;
    if (!ip.has_segment || !te_tcp_parse(ip.payload, ip.payload_len, &tcp))
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
    struct te_found found = {.state = TE_CLOSED};
    te_find(stack, &ret_trace->local, &ret_trace->remote, &found);
    ret_trace->id = found.id;
    ret_trace->uid = found.uid;
    ret_trace->state = found.state;
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
