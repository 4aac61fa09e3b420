/* Work, counted in steps: basic blocks of the engine's code that are executed. The program
 * sim_steps has an engine compiled to call __sanitizer_cov_trace_pc in each of them; in the plain
 * sim nothing calls it, and the count stays zero. Unlike time it is the same in every run.
 *
 * The bound per frame is a constant, plus an amount per byte of the frame (checksums, copies) and
 * per block of memory freed: what an ACK frees was paid for when it was sent. So was the search for
 * what is lost: one ACK may find that a whole flight is, but each transmission is lost only once.
 * That is an account per host: each frame it sends pays for one loss, and what a received one takes
 * beyond the bound comes from there. An ACK that finds nothing new has nothing to draw on for long.
 */
#ifndef SIM_STEPS_H
#define SIM_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct steps {
    uint64_t count, allocations, blocks; /* at the start */
    uint64_t *loss_credit;
};

struct memory;

/* The host with that memory has sent a frame. */
void steps_pay_loss(uint64_t *loss_credit, const struct memory *memory);
void steps_begin(struct steps *steps, const struct memory *memory, uint64_t *loss_credit);
/* A message if a frame of len bytes took more than it may, else NULL. Draws on the credit. */
const char *steps_check(const struct steps *steps, const struct memory *memory, size_t len);
/* Since the start. */
uint64_t steps_count(const struct steps *steps);

void __sanitizer_cov_trace_pc(void);

#endif
