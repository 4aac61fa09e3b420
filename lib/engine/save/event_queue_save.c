#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"

#define EVENT_BYTES_MIN 85
#define READY_BYTES 12
#define READY_ALL                                                                                  \
    (TE_READY_RECEIVE | TE_READY_SEND | TE_READY_ACCEPT | TE_READY_OPEN | TE_READY_END)

TE_SAVED_ITEMS(struct te_event_queue, ready, struct te_ready_node);
TE_NOT_SAVED(struct te_event_queue, "follows from the configuration", capacity);
TE_NOT_SAVED(struct te_event_queue, "the oldest event comes to the start", head);
TE_NOT_SAVED(struct te_event, "notes are for inspection only", note);
TE_NOT_SAVED(struct te_note, "for inspection only", time_us, value, seq, len_bytes, count, kind,
             state);
TE_NOT_SAVED(struct te_ready_node, "the list is rebuilt", link);

/* --- events ----------------------------------------------------------------------------------- */

static void event_fields(struct te_codec *codec, struct te_event *event)
{
    int8_t error = (int8_t)event->error;
    uint32_t ready = event->ready;
    TE_CODEC_ENUM(codec, event->kind, enum te_event_kind, TE_EVENT_ADDRESS_READY + 1);
    te_codec_u64(codec, &event->id);
    te_codec_past(codec, &event->time_us);
    te_codec_u32(codec, &event->uid);
    te_save_endpoint(codec, &event->local);
    te_save_endpoint(codec, &event->remote);
    te_save_transition(codec, &event->transition);
    te_codec_u32_to(codec, &ready, READY_ALL);
    te_save_error(codec, &error);
    te_save_tag(codec, &event->tag);
    if (codec->is_reading) {
        event->ready = ready;
        event->error = (enum te_err)error;
    }
}

static uint32_t note_count(const struct te_event_queue *queue)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < queue->count; i++)
        count += queue->ring[(queue->head + i) % queue->capacity].kind == TE_EVENT_NOTE;
    return count;
}

static void read_event(struct te_codec *codec, struct te_stack *stack)
{
    struct te_event event = {.kind = TE_EVENT_STATE};
    event_fields(codec, &event);
    te_codec_require(codec, event.kind >= TE_EVENT_STATE);
    if (te_codec_is_ok(codec))
        te_event_push(stack, &event);
}

/* A smaller queue loses the oldest, as it would have all along. */
void te_save_events(struct te_codec *codec, struct te_stack *stack)
{
    struct te_event_queue *queue = &stack->events;
    uint32_t saved = queue->count - note_count(queue);
    uint32_t count = te_codec_count(codec, saved, UINT32_MAX, EVENT_BYTES_MIN);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_event(codec, stack);
    for (uint32_t i = 0; i < queue->count && !codec->is_reading; i++) {
        struct te_event *event = &queue->ring[(queue->head + i) % queue->capacity];
        if (event->kind != TE_EVENT_NOTE)
            event_fields(codec, event);
    }
}

/* --- readiness, in the order of the list ------------------------------------------------------ */

static void ready_fields(struct te_codec *codec, struct te_ready_node *node)
{
    te_codec_u64(codec, &node->id);
    te_codec_u32_to(codec, &node->flags, READY_ALL);
    te_codec_require(codec, node->flags != 0);
}

static struct te_ready_node *find_node(struct te_stack *stack, uint64_t id)
{
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn != NULL)
        return &conn->ready;
    struct te_listener *listener = te_listener_find_id(stack, id);
    return listener != NULL ? &listener->ready : NULL;
}

static void read_ready(struct te_codec *codec, struct te_stack *stack)
{
    struct te_ready_node read = {.id = 0};
    ready_fields(codec, &read);
    if (!te_codec_is_ok(codec))
        return;
    struct te_ready_node *node = find_node(stack, read.id);
    te_codec_require(codec, node != NULL && node->flags == 0);
    if (te_codec_is_ok(codec))
        te_ready_add(stack, node, read.flags);
}

void te_save_ready(struct te_codec *codec, struct te_stack *stack)
{
    struct te_list *list = &stack->events.ready;
    uint32_t count = te_codec_count(codec, te_list_len(list), UINT32_MAX, READY_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_ready(codec, stack);
    if (codec->is_reading)
        return;
    for (struct te_list *link = list->next; link != list; link = link->next)
        ready_fields(codec, TE_CONTAINER(link, struct te_ready_node, link));
}
