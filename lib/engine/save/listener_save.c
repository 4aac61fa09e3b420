#include "ip/ip.h"
#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"

#define LISTENER_BYTES_MIN 69
#define ID_BYTES 8

TE_SAVED_ITEMS(struct te_listener_table, by_id, struct te_listener);
TE_NOT_SAVED(struct te_listener_table, "the table is rebuilt", by_port);
TE_SAVED_ITEMS(struct te_listener, syn_queue, struct te_conn);
TE_SAVED_ITEMS(struct te_listener, accept_queue, struct te_conn);
TE_SAVED_ITEMS(struct te_listener, fast_open_list, struct te_conn);
TE_SAVED_BY_HAND(struct te_listener, "by te_save_ready", ready);
TE_NOT_SAVED(struct te_listener, "the tables are rebuilt", next_by_port, next_by_id);
TE_NOT_SAVED(struct te_listener, "follows from the tag, which is saved", tag_reference);
TE_NOT_SAVED(struct te_listener, "the host says it again", is_kept);
TE_NOT_SAVED(struct te_listener, "for people: begin anew", accept_drops, syn_drops, cookies_sent);
TE_NOT_SAVED(struct te_listener, "counted again", syn_count, accept_count, fast_open_count);

static void listener_fields(struct te_codec *codec, const struct te_stack *stack,
                            struct te_listener *listener, uint32_t *tag)
{
    te_save_id(codec, stack, &listener->id);
    te_save_endpoint(codec, &listener->local);
    te_save_endpoint(codec, &listener->remote);
    te_codec_u32(codec, &listener->uid);
    te_codec_u32(codec, &listener->backlog);
    if (codec->version >= TE_SAVE_VERSION_FAMILIES)
        te_codec_u8(codec, &listener->family);
    te_codec_past(codec, &listener->opened_at_us);
    te_codec_time(codec, &listener->cookies_until_us);
    te_codec_bool(codec, &listener->fast_open);
    te_codec_u32(codec, &listener->fast_open_resets);
    te_codec_time(codec, &listener->fast_open_resets_until_us);
    te_save_history(codec, &listener->history, &stack->config.allocator);
    te_save_tag(codec, tag);
}

/* --- the queues: SYN, accept, and accepted in SYN_RCVD by Fast Open --------------------------- */

enum queue { QUEUE_SYN, QUEUE_ACCEPT, QUEUE_FAST_OPEN };

static struct te_list *list_of(struct te_listener *listener, enum queue queue)
{
    if (queue == QUEUE_SYN)
        return &listener->syn_queue;
    return queue == QUEUE_ACCEPT ? &listener->accept_queue : &listener->fast_open_list;
}

static uint32_t max_of(const struct te_stack *stack, const struct te_listener *listener,
                       enum queue queue)
{
    if (queue == QUEUE_SYN)
        return stack->config.syn_queue_max;
    return queue == QUEUE_ACCEPT ? listener->backlog : stack->config.fast_open_pending_max;
}

static bool may_queue(const struct te_conn *conn, enum queue queue)
{
    if (!conn->was_passive || conn->is_remains || conn->user_closed || conn->listener != NULL ||
        conn->is_accepted != (queue == QUEUE_FAST_OPEN))
        return false;
    bool is_syn_rcvd = conn->state == TE_SYN_RCVD;
    bool is_pending = conn->fast_open_pending && conn->fast_opened && is_syn_rcvd;
    if (queue == QUEUE_ACCEPT)
        return is_pending || (!conn->fast_open_pending && !is_syn_rcvd);
    return queue == QUEUE_SYN ? is_syn_rcvd && !conn->fast_opened && !conn->fast_open_pending
                              : is_pending;
}

static void join(struct te_listener *listener, struct te_conn *conn, enum queue queue)
{
    conn->listener = listener;
    conn->in_accept_queue = queue == QUEUE_ACCEPT;
    te_list_push_back(list_of(listener, queue), &conn->listener_link);
    listener->syn_count += queue == QUEUE_SYN;
    listener->accept_count += queue == QUEUE_ACCEPT;
    listener->fast_open_count += conn->fast_open_pending;
}

static void queue_fields(struct te_codec *codec, struct te_stack *stack,
                         struct te_listener *listener, enum queue queue)
{
    struct te_list *list = list_of(listener, queue);
    uint32_t count =
        te_codec_count(codec, te_list_len(list), max_of(stack, listener, queue), ID_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++) {
        struct te_conn *conn = te_save_conn_ref(codec, stack, NULL);
        if (conn == NULL)
            return;
        te_codec_require(codec, may_queue(conn, queue));
        if (te_codec_is_ok(codec))
            join(listener, conn, queue);
    }
    if (codec->is_reading)
        return;
    for (struct te_list *link = list->next; link != list; link = link->next)
        te_save_conn_ref(codec, stack, te_conn_of_listener_link(link));
}

static void queues_fields(struct te_codec *codec, struct te_stack *stack,
                          struct te_listener *listener)
{
    queue_fields(codec, stack, listener, QUEUE_SYN);
    queue_fields(codec, stack, listener, QUEUE_ACCEPT);
    queue_fields(codec, stack, listener, QUEUE_FAST_OPEN);
}

/* --- listeners -------------------------------------------------------------------------------- */

static void check_listener(struct te_codec *codec, struct te_stack *stack,
                           const struct te_listener *listener)
{
    struct te_listen listen = {.local = listener->local,
                               .remote = listener->remote,
                               .family = (enum te_listen_family)listener->family};
    te_codec_require(codec, listener->family == TE_LISTEN_ANY ||
                                (listener->family < TE_LISTEN_FAMILY_COUNT &&
                                 te_addr_is_unspecified(&listener->local.addr)));
    te_codec_require(codec, listener->local.port != 0 && listener->backlog > 0 &&
                                te_listener_find_id(stack, listener->id) == NULL &&
                                te_conn_table_find_id(stack, listener->id) == NULL &&
                                !te_listener_is_taken(stack, &listen));
    if (!te_addr_is_unspecified(&listener->local.addr) &&
        te_ip_local_index(stack, &listener->local.addr) < 0)
        te_codec_fail(codec, TE_ERR_ADDR_NOT_AVAILABLE);
}

static void read_listener(struct te_codec *codec, struct te_stack *stack)
{
    struct te_listener read = {.id = 0};
    uint32_t tag = 0;
    listener_fields(codec, stack, &read, &tag);
    if (te_codec_is_ok(codec))
        check_listener(codec, stack, &read);
    if (!te_codec_is_ok(codec)) {
        te_history_clear(&read.history, &stack->config.allocator);
        return;
    }
    struct te_listener *listener = te_stack_alloc(stack, sizeof(*listener));
    read.tag_reference = te_tag_join(stack, read.uid, tag);
    if (listener == NULL || read.tag_reference == TE_TAG_NONE ||
        !te_owner_add_listener(stack, read.uid)) {
        te_tag_leave(stack, read.tag_reference);
        te_history_clear(&read.history, &stack->config.allocator);
        te_stack_dealloc(stack, listener, sizeof(*listener));
        te_codec_fail(codec, TE_ERR_NOMEM);
        return;
    }
    *listener = read;
    te_list_init(&listener->syn_queue);
    te_list_init(&listener->accept_queue);
    te_list_init(&listener->fast_open_list);
    te_ready_init(&listener->ready, listener->id);
    te_listener_append(stack, listener);
    queues_fields(codec, stack, listener);
}

static uint32_t tag_of(const struct te_stack *stack, const struct te_listener *listener)
{
    return te_tag_number(stack, listener->tag_reference);
}

static void write_listeners(struct te_codec *codec, struct te_stack *stack)
{
    uint64_t cursor = 0;
    struct te_listener *listener;
    while ((listener = te_listener_walk(&stack->listeners, &cursor)) != NULL) {
        uint32_t tag = tag_of(stack, listener);
        listener_fields(codec, stack, listener, &tag);
        queues_fields(codec, stack, listener);
    }
}

void te_save_listeners(struct te_codec *codec, struct te_stack *stack)
{
    uint32_t count =
        te_codec_count(codec, stack->listeners.count, TE_LISTENERS_MAX, LISTENER_BYTES_MIN);
    if (!codec->is_reading)
        write_listeners(codec, stack);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_listener(codec, stack);
}
