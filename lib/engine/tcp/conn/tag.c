#include "tcp/conn/tag.h"

#include <assert.h>
#include <string.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "util/mix.h"

static uint32_t *bucket_of(const struct te_tag_table *table, uint32_t uid, uint32_t tag)
{
    return &table->buckets[te_mix((uint64_t)uid << 32 | tag) & (table->size - 1)];
}

static size_t bytes_of(uint32_t size)
{
    return size * (sizeof(struct te_tag) + sizeof(uint32_t));
}

/* --- the table -------------------------------------------------------------------------------- */

static void link_free(struct te_tag_table *table, uint32_t first)
{
    for (uint32_t i = table->size; i-- > first;) {
        table->tags[i].next = table->free_head;
        table->free_head = i;
    }
}

void te_tags_init(struct te_stack *stack)
{
    struct te_tag_table *table = &stack->tags;
    memset(table->built_in, 0, sizeof(table->built_in));
    memset(table->built_in_buckets, 0xff, sizeof(table->built_in_buckets));
    table->tags = table->built_in;
    table->buckets = table->built_in_buckets;
    table->size = TE_TAGS_BUILT_IN;
    table->free_head = TE_TAG_NONE;
    link_free(table, 0);
}

void te_tags_free(struct te_stack *stack)
{
    struct te_tag_table *table = &stack->tags;
    if (table->tags != table->built_in)
        te_stack_dealloc(stack, table->tags, bytes_of(table->size));
    table->tags = NULL;
}

/* References are indices: they stay. */
static void rehash(struct te_tag_table *table, uint32_t count)
{
    memset(table->buckets, 0xff, table->size * sizeof(*table->buckets));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *bucket = bucket_of(table, table->tags[i].uid, table->tags[i].tag);
        table->tags[i].next = *bucket;
        *bucket = i;
    }
}

/* When no place is free. */
static bool grow(struct te_stack *stack)
{
    struct te_tag_table *table = &stack->tags;
    uint32_t count = table->size;
    if (count > UINT32_MAX / 4)
        return false;
    struct te_tag *tags = te_stack_alloc(stack, bytes_of(2 * count));
    if (tags == NULL)
        return false;
    memcpy(tags, table->tags, count * sizeof(*tags));
    te_tags_free(stack);
    table->size = 2 * count;
    table->tags = tags;
    table->buckets = (uint32_t *)(void *)(tags + table->size);
    rehash(table, count);
    link_free(table, count);
    return true;
}

/* --- references ------------------------------------------------------------------------------- */

static uint32_t find(const struct te_tag_table *table, uint32_t uid, uint32_t tag)
{
    uint32_t at = *bucket_of(table, uid, tag);
    while (at != TE_TAG_NONE && (table->tags[at].uid != uid || table->tags[at].tag != tag))
        at = table->tags[at].next;
    return at;
}

static uint32_t make(struct te_stack *stack, uint32_t uid, uint32_t tag)
{
    struct te_tag_table *table = &stack->tags;
    if (table->free_head == TE_TAG_NONE && !grow(stack))
        return TE_TAG_NONE;
    uint32_t at = table->free_head, *bucket = bucket_of(table, uid, tag);
    table->free_head = table->tags[at].next;
    table->tags[at] = (struct te_tag){.uid = uid, .tag = tag, .next = *bucket};
    *bucket = at;
    table->used++;
    return at;
}

static void discard(struct te_stack *stack, uint32_t reference)
{
    struct te_tag_table *table = &stack->tags;
    struct te_tag *tag = &table->tags[reference];
    uint32_t *at = bucket_of(table, tag->uid, tag->tag);
    while (*at != reference)
        at = &table->tags[*at].next;
    *at = tag->next;
    tag->next = table->free_head;
    table->free_head = reference;
    if (--table->used > 0 || table->tags == table->built_in)
        return;
    te_tags_free(stack);
    te_tags_init(stack);
}

uint32_t te_tag_join(struct te_stack *stack, uint32_t uid, uint32_t tag)
{
    uint32_t reference = find(&stack->tags, uid, tag);
    if (reference == TE_TAG_NONE)
        reference = make(stack, uid, tag);
    if (reference == TE_TAG_NONE)
        return TE_TAG_NONE;
    stack->tags.tags[reference].uses++;
    stack->tags.uses++;
    return reference;
}

void te_tag_leave(struct te_stack *stack, uint32_t reference)
{
    struct te_tag_table *table = &stack->tags;
    if (reference == TE_TAG_NONE)
        return;
    assert(reference < table->size && table->tags[reference].uses > 0);
    table->uses--;
    if (--table->tags[reference].uses == 0)
        discard(stack, reference);
}

uint32_t te_tag_join_conn(struct te_stack *stack, uint32_t uid, uint32_t tag)
{
    uint32_t reference = te_tag_join(stack, uid, tag);
    if (reference != TE_TAG_NONE)
        stack->tags.tags[reference].connections++;
    return reference;
}

void te_tag_leave_conn(struct te_stack *stack, uint32_t reference)
{
    if (reference == TE_TAG_NONE)
        return;
    assert(stack->tags.tags[reference].connections > 0);
    stack->tags.tags[reference].connections--;
    te_tag_leave(stack, reference);
}

bool te_tag_change(struct te_stack *stack, uint32_t *reference, uint32_t uid, uint32_t tag)
{
    uint32_t changed = te_tag_join_conn(stack, uid, tag);
    if (changed == TE_TAG_NONE)
        return false;
    te_tag_leave_conn(stack, *reference);
    *reference = changed;
    return true;
}

uint32_t te_tag_uid(const struct te_stack *stack, uint32_t reference)
{
    assert(reference < stack->tags.size);
    return stack->tags.tags[reference].uid;
}

uint32_t te_tag_number(const struct te_stack *stack, uint32_t reference)
{
    return reference != TE_TAG_NONE ? stack->tags.tags[reference].tag : 0;
}

bool te_tag_is_used(const struct te_stack *stack, uint32_t uid, uint32_t tag)
{
    return find(&stack->tags, uid, tag) != TE_TAG_NONE;
}

uint32_t te_tag_connections(const struct te_stack *stack, uint32_t uid, uint32_t tag)
{
    uint32_t reference = find(&stack->tags, uid, tag);
    return reference != TE_TAG_NONE ? stack->tags.tags[reference].connections : 0;
}

enum te_err te_set_tag(struct te_stack *stack, uint64_t id, uint32_t tag)
{
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (conn == NULL)
        return TE_ERR_NO_CONNECTION;
    return te_tag_change(stack, &conn->tag_reference, conn->uid, tag) ? TE_OK : TE_ERR_NOMEM;
}
