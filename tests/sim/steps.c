#include "steps.h"

#include "memory.h"

/* About twice the maximum seen in some thousand runs. */
#define STEPS_MAX 5000
#define STEPS_A_BYTE 2
#define STEPS_A_BLOCK 200
#define ALLOCATIONS_MAX 8

static uint64_t step_count;

void __sanitizer_cov_trace_pc(void)
{
    step_count++;
}

void steps_begin(struct steps *steps, const struct memory *memory)
{
    steps->count = step_count;
    steps->allocations = memory->allocations;
    steps->blocks = memory->blocks;
}

uint64_t steps_count(const struct steps *steps)
{
    return step_count - steps->count;
}

const char *steps_check(const struct steps *steps, const struct memory *memory, size_t len)
{
    uint64_t allocations = memory->allocations - steps->allocations;
    uint64_t given_back = steps->blocks + allocations - memory->blocks;
    uint64_t most = STEPS_MAX + STEPS_A_BYTE * len + STEPS_A_BLOCK * given_back;
    if (allocations > ALLOCATIONS_MAX)
        return "the allocations for one frame are bounded by a constant";
    return steps_count(steps) > most ? "the steps for one frame are bounded" : NULL;
}
