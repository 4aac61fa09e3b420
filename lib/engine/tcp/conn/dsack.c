#include "tcp/conn/dsack.h"

#include <assert.h>
#include <string.h>

#include "util/codec.h"

#define BLOCK_BYTES 8

struct te_dsacks {
    uint32_t count; /* more than 0 */
    struct te_sack_block blocks[TE_DSACKS_MAX];
};

static struct te_dsacks *make(const struct te_allocator *allocator)
{
    struct te_dsacks *made = allocator->alloc(allocator->ctx, sizeof(*made));
    if (made != NULL)
        made->count = 0;
    return made;
}

void te_dsacks_add(struct te_dsacks **dsacks, struct te_sack_block block,
                   const struct te_allocator *allocator)
{
    if (*dsacks == NULL)
        *dsacks = make(allocator);
    if (*dsacks == NULL)
        return;
    struct te_dsacks *queue = *dsacks;
    struct te_sack_block *last = queue->count > 0 ? &queue->blocks[queue->count - 1] : NULL;
    if (last != NULL && last->end == block.start)
        last->end = block.end;
    else if (queue->count < TE_DSACKS_MAX)
        queue->blocks[queue->count++] = block;
}

const struct te_sack_block *te_dsacks_first(const struct te_dsacks *dsacks)
{
    return dsacks != NULL ? &dsacks->blocks[0] : NULL;
}

void te_dsacks_remove_first(struct te_dsacks **dsacks, const struct te_allocator *allocator)
{
    struct te_dsacks *queue = *dsacks;
    assert(queue != NULL && queue->count > 0);
    queue->count--;
    memmove(&queue->blocks[0], &queue->blocks[1], queue->count * sizeof(queue->blocks[0]));
    if (queue->count == 0)
        te_dsacks_clear(dsacks, allocator);
}

void te_dsacks_clear(struct te_dsacks **dsacks, const struct te_allocator *allocator)
{
    if (*dsacks != NULL)
        allocator->free(allocator->ctx, *dsacks, sizeof(**dsacks));
    *dsacks = NULL;
}

void te_dsacks_save(struct te_codec *codec, struct te_dsacks **dsacks,
                    const struct te_allocator *allocator)
{
    uint32_t count = *dsacks != NULL ? (*dsacks)->count : 0;
    count = te_codec_count(codec, count, TE_DSACKS_MAX, BLOCK_BYTES);
    if (count == 0)
        return;
    if (codec->is_reading)
        *dsacks = make(allocator);
    if (*dsacks == NULL) {
        te_codec_fail(codec, TE_ERR_NOMEM);
        return;
    }
    (*dsacks)->count = count;
    for (uint32_t i = 0; i < count; i++) {
        te_codec_u32(codec, &(*dsacks)->blocks[i].start);
        te_codec_u32(codec, &(*dsacks)->blocks[i].end);
    }
}
