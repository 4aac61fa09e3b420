#include "ip/ip.h"
#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"

#define ENTRY_BYTES 84
#define ID_LIMIT (UINT64_C(1) << 48) /* an entry has no room for more */

TE_SAVED_ITEMS(struct te_time_wait_table, pools, struct te_time_wait_pool);
TE_NOT_SAVED(struct te_time_wait_table, "the tables are rebuilt", by_tuple, by_id, next_by_tuple,
             next_by_id, growth);
TE_SAVED_BY_HAND(struct te_time_wait_table, "by the order of the entries", head, tail);
TE_NOT_SAVED(struct te_time_wait_table, "armed again", timer);
TE_SAVED_ITEMS(struct te_time_wait_pool, chunks, struct te_time_wait_entry);
TE_NOT_SAVED(struct te_time_wait_pool, "how the memory is used", chunk_count, chunks_max,
             entry_bytes, free_head, used);
/* Private to time_wait.c: te_time_wait_view and te_time_wait_put know what each of them means. */
TE_SAVED_BY_HAND(struct te_time_wait_entry, "as struct te_time_wait_view", id_low, id_high, snd_nxt,
                 rcv_nxt, ts_recent, deadline_ms, tag_reference, local_port, remote_port, window,
                 extension, fin_reacked, bits, remote);
TE_NOT_SAVED(struct te_time_wait_entry, "the tables are rebuilt", next_by_tuple, next_by_id,
             previous, next);
TE_NOT_SAVED(struct te_time_wait_view, "where the entry lies", handle);

static void view_fields(struct te_codec *codec, const struct te_stack *stack,
                        struct te_time_wait_view *view)
{
    te_save_id(codec, stack, &view->id);
    te_save_endpoint(codec, &view->local);
    te_save_endpoint(codec, &view->remote);
    te_codec_u32(codec, &view->uid);
    te_codec_u32(codec, &view->snd_nxt);
    te_codec_u32(codec, &view->rcv_nxt);
    te_codec_u32(codec, &view->ts_recent);
    te_codec_u16(codec, &view->window);
    te_codec_bool(codec, &view->ts_ok);
    TE_CODEC_ENUM(codec, view->from, enum te_state, TE_STATE_COUNT);
    te_codec_u32_to(codec, &view->fin_reacked, UINT8_MAX);
    te_codec_time(codec, &view->started_at_us);
    te_codec_time(codec, &view->ends_at_us);
    te_save_tag(codec, &view->tag);
}

/* A connection of the same id can only be the remains of this one. */
static bool is_view_valid(const struct te_stack *stack, const struct te_time_wait_view *view)
{
    const struct te_conn *remains = te_conn_table_find_id(stack, view->id);
    bool is_from =
        view->from == TE_FIN_WAIT_1 || view->from == TE_FIN_WAIT_2 || view->from == TE_CLOSING;
    return is_from && view->id < ID_LIMIT && view->started_at_us <= view->ends_at_us &&
           te_addr_is_v4(&view->local.addr) == te_addr_is_v4(&view->remote.addr) &&
           (remains == NULL || (remains->is_remains && remains->state == TE_TIME_WAIT)) &&
           te_listener_find_id(stack, view->id) == NULL &&
           te_time_wait_find_id(stack, view->id) == TE_TIME_WAIT_NONE &&
           te_time_wait_find(stack, &view->local, &view->remote) == TE_TIME_WAIT_NONE;
}

/* Ends in the FIFO rise, and none is later than one that starts now: a shorter MSL cuts them. */
static void cut_end(struct te_codec *codec, struct te_stack *stack, struct te_time_wait_view *view,
                    int64_t *last_us)
{
    int64_t latest_us = stack->now_us + 2 * stack->config.msl_us;
    if (view->ends_at_us > latest_us)
        view->ends_at_us = latest_us;
    te_codec_require(codec, view->ends_at_us >= *last_us);
    *last_us = view->ends_at_us;
}

static void read_view(struct te_codec *codec, struct te_stack *stack, int64_t *last_us)
{
    struct te_time_wait_view view = {.id = 0};
    view_fields(codec, stack, &view);
    if (!te_codec_is_ok(codec))
        return;
    te_codec_require(codec, is_view_valid(stack, &view));
    cut_end(codec, stack, &view, last_us);
    if (te_ip_local_index(stack, &view.local.addr) < 0)
        te_codec_fail(codec, TE_ERR_ADDR_NOT_AVAILABLE);
    if (te_codec_is_ok(codec) && !te_time_wait_put(stack, &view))
        te_codec_fail(codec, TE_ERR_NOMEM);
}

/* Remains in TIME_WAIT without an entry would wait forever. */
static uint32_t remains_with_entry(const struct te_stack *stack)
{
    const struct te_time_wait_table *table = &stack->time_wait;
    uint32_t found = 0;
    uint32_t handle = te_time_wait_next(table, TE_TIME_WAIT_NONE);
    for (; handle != TE_TIME_WAIT_NONE; handle = te_time_wait_next(table, handle)) {
        struct te_time_wait_view view;
        te_time_wait_view(stack, handle, &view);
        found += te_conn_table_find_id(stack, view.id) != NULL;
    }
    return found;
}

static void write_views(struct te_codec *codec, struct te_stack *stack)
{
    const struct te_time_wait_table *table = &stack->time_wait;
    uint32_t handle = te_time_wait_next(table, TE_TIME_WAIT_NONE);
    for (; handle != TE_TIME_WAIT_NONE; handle = te_time_wait_next(table, handle)) {
        struct te_time_wait_view view;
        te_time_wait_view(stack, handle, &view);
        view_fields(codec, stack, &view);
    }
}

void te_save_time_wait(struct te_codec *codec, struct te_stack *stack)
{
    int64_t last_us = INT64_MIN;
    uint32_t count =
        te_codec_count(codec, stack->time_wait.count, stack->config.time_wait_max, ENTRY_BYTES);
    if (!codec->is_reading)
        write_views(codec, stack);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_view(codec, stack, &last_us);
    te_codec_require(codec, remains_with_entry(stack) == stack->conns.state_count[TE_TIME_WAIT]);
}
