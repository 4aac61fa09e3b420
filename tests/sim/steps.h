/* Work, counted in steps: the basic blocks of the engine's code that run. The program sim_steps has
 * an engine that was compiled to call __sanitizer_cov_trace_pc in each of them; in the plain sim
 * nobody calls it, and the count stays zero. Unlike time it is the same in each run.
 *
 * The bound of one frame is a constant, plus so much for each byte of the frame (checksums, copies)
 * and for each block of memory that is given back: what an ACK frees was paid for when it was sent.
 */
#ifndef SIM_STEPS_H
#define SIM_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct steps {
    uint64_t count, allocations, blocks; /* at the start */
};

struct memory;

void steps_begin(struct steps *steps, const struct memory *memory);
/* NULL, or a sentence: a frame of len bytes took more than it may. */
const char *steps_check(const struct steps *steps, const struct memory *memory, size_t len);
/* Since the start. */
uint64_t steps_count(const struct steps *steps);

void __sanitizer_cov_trace_pc(void);

#endif
