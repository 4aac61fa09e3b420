#include "rebirth.h"

#include <stdlib.h>
#include <string.h>
#include <tcpengine/save.h>

#define CHANCES 10000
/* How much the fault may save, on average: a stack with full buffers has hundreds of kilobytes, and
 * saving it every other turn would take as long as a thousand other seeds. */
#define BYTES_A_TURN 4096

/* docs/state-format.md: the mark, the version and the clock, which may have advanced, precede the
 * sections; a checksum of everything follows them. */
#define SECTIONS_AT (8 + 2 + 8)
#define CHECKSUM_BYTES 8

struct saved {
    uint8_t *bytes; /* exactly len bytes, so that a sanitizer sees reads beyond */
    size_t len;
};

static struct saved save(struct world *world, unsigned side)
{
    const struct te_stack *stack = world->hosts[side].stack;
    struct saved saved = {.len = te_stack_save(stack, NULL, 0)};
    saved.bytes = malloc(saved.len);
    if (saved.bytes == NULL)
        abort();
    if (te_stack_save(stack, saved.bytes, saved.len) != saved.len)
        world_fail(world, side, 0, "a state takes as many bytes as it was said to");
    return saved;
}

static bool is_same(const struct saved *a, const struct saved *b)
{
    return a->len == b->len && memcmp(a->bytes + SECTIONS_AT, b->bytes + SECTIONS_AT,
                                      a->len - SECTIONS_AT - CHECKSUM_BYTES) == 0;
}

static void check_nothing_left(struct world *world, unsigned side, const char *sentence)
{
    const struct memory *memory = &world->hosts[side].memory;
    if (memory->bytes != 0 || memory->blocks != 0)
        world_fail(world, side, 0, sentence);
}

/* If memory is refused midway, nothing is left of the attempt; the next one gets what it asks
 * for. */
static void restore(struct world *world, unsigned side, const struct saved *saved)
{
    struct host *host = &world->hosts[side];
    struct te_config config = world->scenario->hosts[side].config;
    uint64_t refuse_from = host->memory.refuse_from;
    config.allocator = memory_allocator(&host->memory);
    int64_t now_us = world_clock(world, side);
    host->stack = NULL;
    enum te_err err = te_stack_restore(&config, saved->bytes, saved->len, now_us, &host->stack);
    if (err == TE_ERR_NOMEM && refuse_from != MEMORY_NEVER) {
        check_nothing_left(world, side, "a restore that fails leaves no memory behind");
        host->memory.refuse_from = MEMORY_NEVER;
        err = te_stack_restore(&config, saved->bytes, saved->len, now_us, &host->stack);
        host->memory.refuse_from = refuse_from;
    }
    if (err != TE_OK) {
        world_fail(world, side, 0, "a stack can be restored from what it was saved as");
        world_explain(world, "%s", te_err_text(err));
    }
}

/* A queued frame may get lost if memory for it is refused during the restore. */
static void check_restored(struct world *world, unsigned side, const struct saved *before,
                           int64_t timeout_us, uint64_t refused_before)
{
    const struct te_stack *stack = world->hosts[side].stack;
    uint64_t id = 0;
    bool is_whole = world->hosts[side].memory.refused == refused_before;
    const char *wrong = te_stack_check_invariants(stack, &id);
    if (wrong != NULL)
        world_fail(world, side, id, wrong);
    if (te_stack_next_timeout(stack) != timeout_us)
        world_fail(world, side, 0, "a restored stack wakes up when it would have");
    struct saved after = save(world, side);
    if (is_whole && !is_same(before, &after))
        world_fail(world, side, 0, "a restored stack is saved as the same bytes");
    free(after.bytes);
}

static void rebear(struct world *world, unsigned side, bool is_fault)
{
    struct saved saved = save(world, side);
    int64_t timeout_us = te_stack_next_timeout(world->hosts[side].stack);
    struct trace_entry entry = {
        "%s is saved and restored: %d bytes", {(int64_t)saved.len}, {scenario_host_name(side)}, 0};
    if (is_fault)
        trace_add(&world->trace, world->now_us, &entry);
    if (is_fault)
        world->rebirth_debt_bytes += saved.len;
    te_stack_free(world->hosts[side].stack);
    check_nothing_left(world, side, "a stack that is freed leaves no memory behind");
    uint64_t refused_before = world->hosts[side].memory.refused;
    restore(world, side, &saved);
    if (world->hosts[side].stack != NULL)
        check_restored(world, side, &saved, timeout_us, refused_before);
    free(saved.bytes);
    world->observer.coverage->rebirths++;
    if (world->failure == NULL)
        observer_look_at_all(world, side);
}

static bool is_struck(const struct world *world, unsigned side)
{
    if (world->rebirth_debt_bytes > 0)
        return false;
    uint64_t draw = rng_mix(world->scenario->seed ^ rng_mix(world->turns * HOSTS_MAX + side));
    return !world->link.is_calm && draw % CHANCES < world->scenario->hosts[side].rebirth;
}

void rebirth_step(struct world *world)
{
    uint64_t every = world->options.reborn_every;
    world->turns++;
    world->rebirth_debt_bytes -=
        world->rebirth_debt_bytes < BYTES_A_TURN ? world->rebirth_debt_bytes : BYTES_A_TURN;
    bool is_time = every > 0 && world->turns % every == 0;
    for (unsigned side = 0; side < world->scenario->host_count && world->failure == NULL; side++) {
        if (is_struck(world, side))
            rebear(world, side, true);
        if (is_time && world->failure == NULL)
            rebear(world, side, false);
    }
}
