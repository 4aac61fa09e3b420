/* The small values that sections are made of, and the sections of no noun: counters, stack. */
#include <string.h>

#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/listen/fast_open.h"

#define COUNTERS_MAX 4096
#define COUNTER_BYTES_MIN 10 /* length, one letter, value */

TE_NOT_SAVED(struct te_stack, "the host gives it again", config);
TE_NOT_SAVED(struct te_stack, "follows from the configuration", routes);
TE_NOT_SAVED(struct te_stack, "tcp/'s own table", transport);
TE_NOT_SAVED(struct te_stack, "counted again", remotes, memory, charges, owners, port_uses);
TE_NOT_SAVED(struct te_stack, "may begin anywhere", yield_cursor);
TE_NOT_SAVED(struct te_stack, "for inspection only: starts empty", drops, notes);
TE_NOT_SAVED(struct te_stack, "for monitoring: begins anew, with what is restored", tally);
TE_SAVED_BY_HAND(struct te_stack, "as struct te_stack_birth", key, now_us, born_at_us);
TE_SAVED_BY_HAND(struct te_stack, "each by its name", counters);
TE_SAVED_ITEMS(struct te_stack, output, struct te_conn);
TE_SAVED_BY_HAND(struct te_history_log, "as struct te_transition", first, more);
TE_SAVED_BY_HAND(struct te_history_item, "as struct te_transition", time_us, seq, ack, wnd_bytes,
                 len_bytes, from, to, cause, flags, has_segment);

void te_save_addr(struct te_codec *codec, struct te_addr *addr)
{
    te_codec_bytes(codec, addr->bytes, sizeof(addr->bytes));
}

void te_save_endpoint(struct te_codec *codec, struct te_endpoint *endpoint)
{
    te_save_addr(codec, &endpoint->addr);
    te_codec_u16(codec, &endpoint->port);
}

void te_save_id(struct te_codec *codec, const struct te_stack *stack, uint64_t *id)
{
    te_codec_u64(codec, id);
    te_codec_require(codec, *id != 0 && *id < stack->next_id);
}

void te_save_tag(struct te_codec *codec, uint32_t *tag)
{
    if (codec->version >= TE_SAVE_VERSION_TAGS)
        te_codec_u32(codec, tag);
}

void te_save_error(struct te_codec *codec, int8_t *error)
{
    te_codec_i8(codec, error);
    te_codec_require(codec, *error <= TE_OK);
}

static void segment_fields(struct te_codec *codec, struct te_segment_info *segment)
{
    te_codec_u32(codec, &segment->seq);
    te_codec_u32(codec, &segment->ack);
    te_codec_u32(codec, &segment->wnd_bytes);
    te_codec_u16(codec, &segment->len_bytes);
    te_codec_u8(codec, &segment->flags);
}

void te_save_transition(struct te_codec *codec, struct te_transition *transition)
{
    te_codec_past(codec, &transition->time_us);
    TE_CODEC_ENUM(codec, transition->from, enum te_state, TE_STATE_COUNT);
    TE_CODEC_ENUM(codec, transition->to, enum te_state, TE_STATE_COUNT);
    TE_CODEC_ENUM(codec, transition->cause, enum te_cause, TE_CAUSE_COUNT);
    te_codec_bool(codec, &transition->has_segment);
    segment_fields(codec, &transition->segment);
}

void te_save_history(struct te_codec *codec, struct te_history_log *log,
                     const struct te_allocator *allocator)
{
    struct te_transition transitions[TE_HISTORY_MAX];
    memset(transitions, 0, sizeof(transitions));
    te_history_copy(log, transitions);
    uint8_t count = log->count;
    te_codec_u8_below(codec, &count, TE_HISTORY_MAX + 1);
    for (unsigned i = 0; i < count; i++) {
        te_save_transition(codec, &transitions[i]);
        if (codec->is_reading)
            te_history_add(log, &transitions[i], allocator);
    }
    if (codec->is_reading && te_codec_is_ok(codec) && log->count < count)
        te_codec_fail(codec, TE_ERR_NOMEM);
}

struct te_conn *te_save_conn_ref(struct te_codec *codec, struct te_stack *stack,
                                 struct te_conn *conn)
{
    uint64_t id = conn != NULL ? conn->id : 0;
    te_codec_u64(codec, &id);
    if (!codec->is_reading)
        return conn;
    if (te_codec_is_ok(codec))
        conn = te_conn_table_find_id(stack, id);
    te_codec_require(codec, conn != NULL);
    return conn;
}

/* --- counters: by name, so that a list may grow and change its order -------------------------- */

static void counter_fields(struct te_codec *codec, struct te_stack *stack,
                           const struct te_counter_info *row)
{
    uint64_t *counter = (void *)((uint8_t *)&stack->counters + row->offset);
    uint8_t len = (uint8_t)strlen(row->name);
    te_codec_u8(codec, &len);
    te_codec_bytes(codec, (void *)row->name, len); /* a writer changes nothing */
    te_codec_u64(codec, counter);
}

static bool is_called(const struct te_counter_info *row, const uint8_t *name, size_t len)
{
    return strlen(row->name) == len && memcmp(row->name, name, len) == 0;
}

/* Usually at the place where it was written. NULL for a counter that no longer exists. */
static const struct te_counter_info *find_counter(uint32_t place, const uint8_t *name, size_t len)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    if (place < count && is_called(&table[place], name, len))
        return &table[place];
    for (size_t i = 0; i < count; i++)
        if (is_called(&table[i], name, len))
            return &table[i];
    return NULL;
}

static void read_counter(struct te_codec *codec, struct te_stack *stack, uint32_t place)
{
    uint8_t len = 0;
    uint64_t value = 0;
    te_codec_u8(codec, &len);
    const uint8_t *name = te_codec_view(codec, len);
    te_codec_u64(codec, &value);
    const struct te_counter_info *row = name != NULL ? find_counter(place, name, len) : NULL;
    if (row != NULL)
        memcpy((uint8_t *)&stack->counters + row->offset, &value, sizeof(value));
}

void te_save_counters(struct te_codec *codec, struct te_stack *stack)
{
    size_t rows;
    const struct te_counter_info *table = te_counter_table(&rows);
    uint32_t count = te_codec_count(codec, (uint32_t)rows, COUNTERS_MAX, COUNTER_BYTES_MIN);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_counter(codec, stack, i);
    for (size_t i = 0; i < rows && !codec->is_reading; i++)
        counter_fields(codec, stack, &table[i]);
}

/* --- the stack's own values ------------------------------------------------------------------- */

static void limiter_fields(struct te_codec *codec, struct te_limiter *limiter)
{
    te_codec_past(codec, &limiter->second_start_us);
    te_codec_u32(codec, &limiter->left);
    if (codec->is_reading && codec->version < TE_SAVE_VERSION_LAN)
        limiter->is_started = limiter->second_start_us != 0;
}

static void lan_fields(struct te_codec *codec, struct te_stack *stack)
{
    limiter_fields(codec, &stack->echo_limiter);
    te_codec_bool(codec, &stack->challenge_limiter.is_started);
    te_codec_bool(codec, &stack->rst_limiter.is_started);
    te_codec_bool(codec, &stack->icmp_limiter.is_started);
    te_codec_bool(codec, &stack->time_wait_limiter.is_started);
    te_codec_bool(codec, &stack->echo_limiter.is_started);
}

void te_save_stack(struct te_codec *codec, struct te_stack *stack)
{
    te_codec_u64(codec, &stack->next_id);
    te_codec_require(codec, stack->next_id >= 1 && stack->next_id <= TE_SAVE_ID_MAX);
    te_codec_u32(codec, &stack->next_ephemeral);
    te_codec_u16(codec, &stack->ip_id);
    limiter_fields(codec, &stack->challenge_limiter);
    limiter_fields(codec, &stack->rst_limiter);
    limiter_fields(codec, &stack->icmp_limiter);
    if (codec->version >= TE_SAVE_VERSION_TIME_WAIT_LIMITER)
        limiter_fields(codec, &stack->time_wait_limiter);
    if (codec->version >= TE_SAVE_VERSION_LAN)
        lan_fields(codec, stack);
    if (codec->version >= TE_SAVE_VERSION_DURATIONS)
        te_codec_u64(codec, &stack->isn_lead_ticks);
}

void te_save_wheel(struct te_codec *codec, struct te_stack *stack)
{
    te_wheel_save(codec, &stack->wheel);
}
