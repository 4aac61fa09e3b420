#include "steps.h"

#include "memory.h"

/* About twice the maximum seen in some thousand runs. */
#define STEPS_MAX 5000
#define STEPS_A_BYTE 2
#define STEPS_A_BLOCK 200
#define STEPS_A_LOSS 150
#define ALLOCATIONS_MAX 8

static uint64_t step_count;

void __sanitizer_cov_trace_pc(void)
{
    step_count++;
}

/* No more than for what can be in flight: each record of it is a block. */
void steps_pay_loss(uint64_t *loss_credit, const struct memory *memory)
{
    uint64_t most = STEPS_A_LOSS * memory->blocks;
    *loss_credit += STEPS_A_LOSS;
    if (*loss_credit > most)
        *loss_credit = most;
}

void steps_begin(struct steps *steps, const struct memory *memory, uint64_t *loss_credit)
{
    steps->loss_credit = loss_credit;
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
    uint64_t count = steps_count(steps);
    if (count > most + *steps->loss_credit)
        return "the steps for one frame are bounded";
    *steps->loss_credit -= count > most ? count - most : 0;
    return NULL;
}
