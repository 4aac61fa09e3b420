/* The addresses themselves come from the configuration; what is saved is how far each has come in
 * being probed and announced. One that is new in the configuration starts to be probed; one that is
 * gone from it is forgotten. */
#include "save/save_sections.h"
#include "stack_internal.h"

#define LOCAL_BYTES_MIN 28

TE_NOT_SAVED(struct te_locals, "follows from the configuration", configured_count);
TE_NOT_SAVED(struct te_locals, "armed again", timer);
TE_NOT_SAVED(struct te_local, "follows from the configuration", network_bits);

static void local_fields(struct te_codec *codec, struct te_local *local)
{
    te_save_addr(codec, &local->addr);
    TE_CODEC_ENUM(codec, local->state, enum te_local_state, TE_LOCAL_CONFLICT + 1);
    te_codec_u8(codec, &local->step);
    te_codec_deadline(codec, &local->step_at_us);
    te_codec_bool(codec, &local->was_defended);
    te_codec_past(codec, &local->defended_at_us);
}

/* A tentative address has a next step, and so has a conflict, which tries again; a ready one has
 * steps left to announce it, or none. */
static bool is_local_valid(const struct te_local *local)
{
    bool has_step = local->step_at_us != TE_NEVER;
    if (local->state == TE_LOCAL_CONFLICT)
        return has_step;
    if (local->state == TE_LOCAL_TENTATIVE && !has_step)
        return false;
    return !has_step || local->step < te_local_steps(local);
}

static void read_local(struct te_codec *codec, struct te_stack *stack, bool *was_read)
{
    struct te_local local = {.step_at_us = TE_NEVER};
    local_fields(codec, &local);
    te_codec_require(codec, is_local_valid(&local));
    struct te_local *ours = te_local_find(stack, &local.addr);
    if (!te_codec_is_ok(codec) || ours == NULL)
        return;
    local.network_bits = ours->network_bits;
    *ours = local;
    was_read[ours - stack->locals.items] = true;
}

void te_save_locals(struct te_codec *codec, struct te_stack *stack)
{
    struct te_locals *locals = &stack->locals;
    bool was_read[TE_LOCAL_ADDRESSES_MAX] = {false};
    uint32_t count = te_codec_count(codec, locals->count, TE_LOCAL_ADDRESSES_MAX, LOCAL_BYTES_MIN);
    for (uint32_t i = 0; i < count; i++) {
        if (codec->is_reading)
            read_local(codec, stack, was_read);
        else
            local_fields(codec, &locals->items[i]);
    }
    if (!codec->is_reading || !te_codec_is_ok(codec))
        return;
    for (unsigned i = 0; i < locals->count; i++)
        if (!was_read[i])
            te_local_start(stack, &locals->items[i]);
    te_locals_arm(stack);
}
