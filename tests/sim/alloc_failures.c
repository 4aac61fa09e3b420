#include "alloc_failures.h"

#include "run.h"

#define FOREVER UINT64_MAX
#define ALLOCATIONS_MAX 5000
#define LOSSES 500
#define KINDS (3 * 3 * 4)

static const uint64_t counts[] = {1, 3, FOREVER};

/* Whose memory fails: one host's, the other's, both. */
static const unsigned victims[] = {1, 2, 3};

static unsigned sides_of(unsigned kind)
{
    return victims[kind % 3];
}

static void draw(unsigned kind, uint64_t nth, struct scenario *ret_scenario)
{
    unsigned network = kind / 9;
    scenario_plain(ret_scenario, network % 2 != 0);
    for (unsigned side = 0; side < ret_scenario->host_count; side++) {
        ret_scenario->hosts[side].refuse_from = nth;
        if (sides_of(kind) >> side & 1)
            ret_scenario->hosts[side].refuse_count = counts[kind / 3 % 3];
    }
    for (unsigned end = 0; end < ENDS && network >= 2; end++)
        ret_scenario->link[end].drop = ret_scenario->link[end].reorder = LOSSES;
}

bool alloc_failure_run(struct world *world, const struct alloc_failure *failure,
                       const struct world_options *options)
{
    static struct scenario scenario;
    draw(failure->kind % KINDS, failure->nth, &scenario);
    return run_scenario(world, &scenario, options);
}

static bool is_reached(const struct world *world, const struct alloc_failure *failure)
{
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        if ((sides_of(failure->kind) >> side & 1) &&
            world->hosts[side].memory.allocations > failure->nth)
            return true;
    return false;
}

/* Refuses the nth allocation, then the (n+1)th, ..., one run after another, until a run needs
 * fewer. */
static bool refuse_each(struct world *world, struct alloc_failure *now,
                        const struct world_options *options)
{
    for (now->nth = 0; now->nth < ALLOCATIONS_MAX; now->nth++) {
        if (!alloc_failure_run(world, now, options))
            return false;
        if (!is_reached(world, now))
            return true;
    }
    world->failure = "a life of a connection takes a bounded number of allocations";
    return false;
}

bool alloc_failures_run(struct world *world, struct coverage *coverage, struct alloc_failure *now)
{
    struct world_options options = {.coverage = coverage};
    for (now->kind = 0; now->kind < KINDS; now->kind++)
        if (!refuse_each(world, now, &options))
            return false;
    return true;
}
