#include "save/save_sections.h"
#include "stack_internal.h"

#define GRAVE_BYTES_MIN 49

TE_NOT_SAVED(struct te_graveyard, "the table is rebuilt", by_id, bucket_count);
TE_NOT_SAVED(struct te_graveyard, "follows from the configuration", capacity);
TE_SAVED_BY_HAND(struct te_graveyard, "by the order of the graves", next);
TE_NOT_SAVED(struct te_stack, "what carries a tag is saved with it", tags);
TE_NOT_SAVED(struct te_tag_table, "rebuilt by what carries a tag", tags, buckets, size, used,
             free_head, uses, built_in, built_in_buckets);
TE_NOT_SAVED(struct te_tag, "rebuilt by what carries a tag", uid, tag, uses, connections, next);
TE_NOT_SAVED(struct te_grave, "the table is rebuilt", next_by_id);
TE_NOT_SAVED(struct te_grave, "follows from uid and tag", tag_reference);
TE_SAVED_BY_HAND(struct te_grave, "as the history that it belongs to", room);

static void grave_fields(struct te_codec *codec, const struct te_stack *stack,
                         struct te_grave *grave)
{
    te_save_id(codec, stack, &grave->id);
    te_save_endpoint(codec, &grave->local);
    te_save_endpoint(codec, &grave->remote);
    te_codec_u32(codec, &grave->uid);
    te_save_history(codec, &grave->history, &stack->config.allocator);
    te_save_tag(codec, &grave->tag);
}

static uint32_t grave_count(const struct te_graveyard *yard)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < yard->capacity; i++)
        count += yard->ring[i].id != 0;
    return count;
}

/* Oldest first, so that a smaller graveyard keeps the youngest. */
static void write_graves(struct te_codec *codec, struct te_stack *stack)
{
    struct te_graveyard *yard = &stack->graveyard;
    for (uint32_t i = 0; i < yard->capacity; i++) {
        struct te_grave *grave = &yard->ring[(yard->next + i) % yard->capacity];
        if (grave->id != 0)
            grave_fields(codec, stack, grave);
    }
}

static void read_grave(struct te_codec *codec, struct te_stack *stack)
{
    struct te_grave grave = {.id = 0};
    grave_fields(codec, stack, &grave);
    te_codec_require(codec, te_graveyard_find(stack, grave.id) == NULL);
    if (te_codec_is_ok(codec))
        te_graveyard_put(stack, grave);
    else
        te_history_clear(&grave.history, &stack->config.allocator);
}

void te_save_graveyard(struct te_codec *codec, struct te_stack *stack)
{
    uint32_t count =
        te_codec_count(codec, grave_count(&stack->graveyard), UINT32_MAX, GRAVE_BYTES_MIN);
    if (!codec->is_reading)
        write_graves(codec, stack);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_grave(codec, stack);
}
