#include "rpc/rpc_convert.h"

#include <string.h>

#include "rpc/rpc_owner.h"
#include "util/note_text.h"
#include "util/text.h"

char *rpc_text(struct rpc *rpc, const char *text)
{
    char *copy = arena_copy_text(&rpc->answer_arena, text);
    if (copy == NULL)
        return (char *)(uintptr_t) "";
    text_make_printable(copy,
                        strlen(copy)); /* protobuf's strings are UTF-8, and people read them */
    return copy;
}

void *rpc_pointers(struct rpc *rpc, size_t count)
{
    return arena_alloc(&rpc->answer_arena, count * sizeof(void *));
}

pb_state rpc_state(enum te_state state)
{
    return (pb_state)state; /* the proto numbers them as the engine does */
}

pb_endpoint *rpc_endpoint(struct rpc *rpc, const struct te_endpoint *endpoint)
{
    char text[TE_ADDR_TEXT_MAX];
    pb_endpoint *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__endpoint__init(message);
    message->port = endpoint->port;
    if (te_addr_is_unspecified(&endpoint->addr))
        return message;
    te_addr_format(&endpoint->addr, text);
    char *copy = arena_copy_text(&rpc->answer_arena, text); /* printable: rpc_text() costs more */
    if (copy != NULL)
        message->address = copy;
    return message;
}

pb_segment *rpc_segment(struct rpc *rpc, const struct te_segment_info *segment)
{
    char flags[TE_ADDR_TEXT_MAX];
    pb_segment *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__segment__init(message);
    te_tcp_flags_format(segment->flags, flags);
    message->flags = rpc_text(rpc, flags);
    message->seq = segment->seq;
    message->ack = segment->ack;
    message->len = segment->len_bytes;
    message->wnd = segment->wnd_bytes;
    return message;
}

int64_t rpc_ms_until(const struct rpc *rpc, int64_t at_us)
{
    int64_t now_us = rpc_now_us(rpc);
    if (at_us == TE_NEVER || at_us <= now_us)
        return 0;
    return (at_us - now_us + TE_MS - 1) / TE_MS;
}

static pb_owner *owner_of(struct rpc *rpc, const struct te_status *status)
{
    struct rpc_owner owner = rpc_owner_of_tag(rpc, status->uid, status->tag);
    return rpc_owner_message(rpc, &owner);
}

/* "Fault 3: drop ack-of-fin, twice in a row": the number alone would say little. */
static char *note_text(struct rpc *rpc, const struct te_note *note)
{
    char text[NOTE_TEXT_MAX];
    const struct te_fault_spec *spec =
        note->kind == TE_NOTE_FAULT ? fault_layer_spec(rpc->host.faults, (uint64_t)note->value)
                                    : NULL;
    if (spec == NULL)
        note_text_format(note, text);
    else
        note_text_format_fault(note, spec, text);
    return rpc_text(rpc, text);
}

pb_note *rpc_note(struct rpc *rpc, const struct te_note *note)
{
    pb_note *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__note__init(message);
    message->time_us = note->time_us;
    message->kind = (char *)(uintptr_t)te_note_info(note->kind)->name;
    message->text = note_text(rpc, note);
    message->state = rpc_state(note->state);
    message->seq = note->len_bytes > 0 ? note->seq : 0;
    message->len = note->len_bytes;
    message->count = note->kind == TE_NOTE_OPTION_SET ? 0 : note->count;
    message->value = note->value;
    return message;
}

pb_connection *rpc_connection(struct rpc *rpc, const struct te_status *status)
{
    pb_connection *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__connection__init(message);
    message->id = status->id;
    message->state = rpc_state(status->state);
    message->local = rpc_endpoint(rpc, &status->local);
    message->remote = rpc_endpoint(rpc, &status->remote);
    message->uid = status->uid;
    message->send_queue_bytes = status->send_queue_bytes;
    message->receive_queue_bytes = status->receive_queue_bytes;
    message->timer = (char *)(uintptr_t)te_timer_name(status->timer);
    if (status->timer != TE_TIMER_NONE)
        message->timer_ms = rpc_ms_until(rpc, status->timer_at_us);
    message->owner = owner_of(rpc, status);
    return message;
}

static int64_t since_us(const struct rpc *rpc, int64_t moment_us)
{
    return moment_us == TE_NEVER ? -1 : rpc_now_us(rpc) - moment_us;
}

pb_connection_details *rpc_connection_details(struct rpc *rpc, const struct te_status *status)
{
    pb_connection_details *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__connection_details__init(message);
    message->age_us = since_us(rpc, status->opened_at_us);
    message->state_age_us = since_us(rpc, status->state_since_us);
    message->idle_us = since_us(rpc, status->active_at_us);
    message->srtt_us = status->srtt_us;
    message->rttvar_us = status->rttvar_us;
    message->rto_us = status->rto_us;
    message->retransmits = status->retransmits;
    message->backoff = status->backoff;
    message->cwnd_bytes = status->cwnd_bytes;
    message->ssthresh_bytes = status->ssthresh_bytes;
    message->mss = status->mss;
    message->snd_wscale = status->snd_wscale;
    message->rcv_wscale = status->rcv_wscale;
    message->bytes_sent = status->bytes_sent;
    message->bytes_acked = status->bytes_acked;
    message->bytes_received = status->bytes_received;
    message->segments_in = status->segments_in;
    message->segments_out = status->segments_out;
    message->congestion_control = (char *)(uintptr_t)status->congestion_control;
    return message;
}

pb_time_wait_entry *rpc_time_wait(struct rpc *rpc, const struct te_status *status)
{
    pb_time_wait_entry *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    bool was_both = status->time_wait_from == TE_CLOSING;
    if (message == NULL)
        return NULL;
    tcpengine__v1__time_wait_entry__init(message);
    message->id = status->id;
    message->local = rpc_endpoint(rpc, &status->local);
    message->remote = rpc_endpoint(rpc, &status->remote);
    message->entered_from = rpc_state(status->time_wait_from);
    message->entered_by = (char *)(uintptr_t)(was_both ? "both" : "local");
    message->duration_ms = (status->time_wait_ends_at_us - status->time_wait_started_at_us) / TE_MS;
    message->remaining_ms = rpc_ms_until(rpc, status->time_wait_ends_at_us);
    if (message->remaining_ms > message->duration_ms) /* one is rounded up, the other down */
        message->remaining_ms = message->duration_ms;
    message->fin_reacked = status->fin_reacked;
    message->uid = status->uid;
    message->age_ms = (rpc_now_us(rpc) - status->state_since_us) / TE_MS;
    message->owner = owner_of(rpc, status);
    return message;
}

void rpc_quote(const char *text, char ret_quote[RPC_QUOTE_MAX])
{
    size_t len = 0;
    for (; text[len] != '\0' && len < RPC_QUOTE_MAX - 1; len++)
        ret_quote[len] = (char)(text[len] >= ' ' && text[len] <= '~' ? text[len] : '?');
    ret_quote[len] = '\0';
}
