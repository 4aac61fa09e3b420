#include "alloc_failures.h"

#include "run.h"

#define FOREVER UINT64_MAX
#define ALLOCATIONS_MAX 5000
#define LOSSES 500

static const uint64_t counts[] = {1, 3, FOREVER};

/* Whose memory fails: one host's, the other's, both. */
static const unsigned victims[] = {1, 2, 3};

/* Refuses the nth allocation, the (n+1)th ... in one run after the other, until a run needs fewer.
 */
static bool refuse_each(struct world *world, struct scenario *scenario, unsigned sides,
                        const struct world_options *options)
{
    for (uint64_t n = 0; n < ALLOCATIONS_MAX; n++) {
        bool is_reached = false;
        for (unsigned side = 0; side < scenario->host_count; side++)
            scenario->hosts[side].refuse_from = n;
        if (!run_scenario(world, scenario, options))
            return false;
        for (unsigned side = 0; side < scenario->host_count; side++)
            is_reached =
                is_reached || ((sides >> side & 1) && world->hosts[side].memory.allocations > n);
        if (!is_reached)
            return true;
    }
    world->failure = "a life of a connection takes a bounded number of allocations";
    return false;
}

static bool run_kind(struct world *world, struct coverage *coverage, unsigned kind,
                     struct scenario *ret_scenario)
{
    struct world_options options = {.coverage = coverage};
    unsigned sides = victims[kind % 3];
    unsigned network = kind / 9;
    scenario_plain(ret_scenario, network % 2 != 0);
    for (unsigned side = 0; side < ret_scenario->host_count; side++)
        if (sides >> side & 1)
            ret_scenario->hosts[side].refuse_count = counts[kind / 3 % 3];
    for (unsigned end = 0; end < ENDS && network >= 2; end++)
        ret_scenario->link[end].drop = ret_scenario->link[end].reorder = LOSSES;
    return refuse_each(world, ret_scenario, sides, &options);
}

bool alloc_failures_run(struct world *world, struct coverage *coverage,
                        struct scenario *ret_scenario)
{
    for (unsigned kind = 0; kind < 3 * 3 * 4; kind++)
        if (!run_kind(world, coverage, kind, ret_scenario))
            return false;
    return true;
}
