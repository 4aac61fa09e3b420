/* The addresses themselves come from the configuration; what is saved is how far each has come in
 * being probed and announced. One that is new in the configuration starts to be probed; one that is
 * gone from it is forgotten. So it is with the groups that we listen to for them. */
#include <string.h>

#include "ip/mld.h"
#include "save/save_sections.h"
#include "stack_internal.h"

#define LOCAL_BYTES_MIN 28
#define GROUP_BYTES_MIN 20
#define CLAIM_BYTES 32

TE_NOT_SAVED(struct te_locals, "follows from the configuration", configured_count);
TE_NOT_SAVED(struct te_locals, "armed again", timer);
TE_NOT_SAVED(struct te_local, "follows from the configuration", network_bits);
TE_NOT_SAVED(struct te_mld, "armed again", timer);

static void local_fields(struct te_codec *codec, struct te_local *local)
{
    te_save_addr(codec, &local->addr);
    TE_CODEC_ENUM(codec, local->state, enum te_local_state, TE_LOCAL_CONFLICT + 1);
    te_codec_u8(codec, &local->step);
    te_codec_deadline(codec, &local->step_at_us);
    te_codec_bool(codec, &local->was_defended);
    te_codec_past(codec, &local->defended_at_us);
}

static void claim_fields(struct te_codec *codec, struct te_local *local)
{
    te_codec_u8(codec, &local->conflicts);
    te_codec_bool(codec, &local->was_claimed);
    te_codec_bytes(codec, local->claimed_by, sizeof(local->claimed_by));
    te_codec_past(codec, &local->claimed_at_us);
}

static void read_claim(struct te_codec *codec, struct te_stack *stack)
{
    struct te_local read = {.step_at_us = TE_NEVER};
    te_save_addr(codec, &read.addr);
    claim_fields(codec, &read);
    struct te_local *ours = te_local_find(stack, &read.addr);
    if (!te_codec_is_ok(codec) || ours == NULL)
        return;
    ours->conflicts = read.conflicts;
    ours->was_claimed = read.was_claimed;
    memcpy(ours->claimed_by, read.claimed_by, sizeof(ours->claimed_by));
    ours->claimed_at_us = read.claimed_at_us;
}

static void claims_fields(struct te_codec *codec, struct te_stack *stack)
{
    struct te_locals *locals = &stack->locals;
    uint32_t count = te_codec_count(codec, locals->count, TE_LOCAL_ADDRESSES_MAX, CLAIM_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        if (codec->is_reading) {
            read_claim(codec, stack);
            continue;
        }
        te_save_addr(codec, &locals->items[i].addr);
        claim_fields(codec, &locals->items[i]);
    }
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

/* --- memberships ------------------------------------------------------------------------------ */

static void group_fields(struct te_codec *codec, struct te_mld_group *group)
{
    te_save_addr(codec, &group->addr);
    te_codec_bool(codec, &group->is_joined);
    te_codec_bool(codec, &group->was_last);
    te_codec_u8_below(codec, &group->changes_left, TE_MLD_ROBUSTNESS_MAX + 1);
    te_codec_deadline(codec, &group->answer_at_us);
}

/* A group that no address of ours has any more is forgotten. */
static void read_group(struct te_codec *codec, struct te_mld *mld)
{
    struct te_mld_group group = {.answer_at_us = TE_NEVER};
    group_fields(codec, &group);
    te_codec_require(codec, group.is_joined || group.answer_at_us == TE_NEVER);
    for (unsigned i = 0; i < mld->count && te_codec_is_ok(codec); i++) {
        if (te_addr_equal(&mld->groups[i].addr, &group.addr))
            mld->groups[i] = group;
    }
}

static void groups_fields(struct te_codec *codec, struct te_mld *mld)
{
    uint32_t count = te_codec_count(codec, mld->count, TE_LOCAL_ADDRESSES_MAX, GROUP_BYTES_MIN);
    for (uint32_t i = 0; i < count; i++) {
        if (codec->is_reading)
            read_group(codec, mld);
        else
            group_fields(codec, &mld->groups[i]);
    }
}

/* The next report of changes is due if there is one. */
static void check_changes(struct te_codec *codec, struct te_mld *mld)
{
    bool has_changes = false;
    for (unsigned i = 0; i < mld->count; i++)
        has_changes |= mld->groups[i].changes_left > 0;
    te_codec_require(codec, !has_changes || mld->change_at_us != TE_NEVER);
    if (!has_changes)
        mld->change_at_us = TE_NEVER;
}

static void mld_fields(struct te_codec *codec, struct te_stack *stack)
{
    struct te_mld *mld = &stack->mld;
    groups_fields(codec, mld);
    te_codec_u8(codec, &mld->robustness);
    te_codec_require(codec, mld->robustness >= TE_MLD_ROBUSTNESS_MIN &&
                                mld->robustness <= TE_MLD_ROBUSTNESS_MAX);
    te_codec_bool(codec, &mld->has_source);
    te_codec_deadline(codec, &mld->change_at_us);
    te_codec_deadline(codec, &mld->answer_at_us);
    te_codec_past(codec, &mld->answered_at_us);
    te_codec_time(codec, &mld->v1_until_us);
    if (codec->is_reading)
        check_changes(codec, mld);
}

/* --- all -------------------------------------------------------------------------------------- */

static void start_new_locals(struct te_stack *stack, const bool *was_read)
{
    struct te_locals *locals = &stack->locals;
    for (unsigned i = 0; i < locals->count; i++)
        if (!was_read[i])
            te_local_start(stack, &locals->items[i]);
    te_mld_update(stack);
    te_mld_arm(stack);
    te_locals_arm(stack);
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
    if (codec->version >= TE_SAVE_VERSION_GROUPS) {
        claims_fields(codec, stack);
        mld_fields(codec, stack);
    }
    if (codec->is_reading && te_codec_is_ok(codec))
        start_new_locals(stack, was_read);
}
