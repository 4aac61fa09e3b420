#include "alloc_failures.h"

#include "run.h"

#define FOREVER UINT64_MAX
#define ALLOCATIONS_MAX 5000

/* Refuses the nth allocation, the (n+1)th ... in one run after the other, until a run needs fewer.
 */
static bool refuse_each(struct world *world, const struct scenario *scenario,
                        struct world_options *options)
{
    for (uint64_t n = 0; n < ALLOCATIONS_MAX; n++) {
        options->refuse_from = n;
        if (!run_scenario(world, scenario, options))
            return false;
        if (world->hosts[options->refusing_side].memory.allocations <= n)
            return true;
    }
    world->failure = "a life of a connection takes a bounded number of allocations";
    return false;
}

bool alloc_failures_run(struct world *world, struct coverage *coverage,
                        struct world_options *ret_options)
{
    static const uint64_t counts[] = {1, 3, FOREVER};
    struct scenario scenario;
    for (unsigned i = 0; i < SIDES * 2 * sizeof(counts) / sizeof(counts[0]); i++) {
        bool is_v6 = i / SIDES % 2;
        scenario_plain(&scenario, is_v6);
        *ret_options = (struct world_options){.coverage = coverage,
                                              .refuses_memory = true,
                                              .refusing_side = i % SIDES,
                                              .refuse_count = counts[i / SIDES / 2]};
        if (!refuse_each(world, &scenario, ret_options))
            return false;
    }
    return true;
}
