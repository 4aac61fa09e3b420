/* The stack as a whole: frames and time in, frames and events out.
 *
 * Sans-I/O: nothing here reads a clock, opens a descriptor, logs or calls back upwards (but for the
 * allocators of te_config). A host does, for each batch of work:
 *
 *     te_stack_input(stack, frame, len, &meta, now_us);          every frame that came
 *     if (te_stack_next_timeout(stack) <= now_us) te_stack_handle_timeout(stack, now_us);
 *     while (te_stack_poll_output(stack, header, &output, now_us)) write(output)
 *     while (te_stack_next_event(stack, &event)) tell somebody
 *     arm a timer for te_stack_next_timeout(stack)
 *
 * One thread at a time for one stack; stacks share nothing. now_us must not go back; a value below
 * an earlier one counts as that earlier one. */
#ifndef TCPENGINE_STACK_H
#define TCPENGINE_STACK_H

#include <tcpengine/config.h>
#include <tcpengine/counters.h>
#include <tcpengine/event.h>
#include <tcpengine/frame.h>

struct te_stack;

/* Makes a stack that starts at now_us. TE_ERR_INVALID: te_config_check() tells which field;
 * TE_ERR_NOMEM. *ret_stack is untouched on failure. */
enum te_err te_stack_new(const struct te_config *config, int64_t now_us,
                         struct te_stack **ret_stack);
/* Drops everything without sending anything. NULL is legal. */
void te_stack_free(struct te_stack *stack);

/* Takes one Ethernet frame of len bytes, which is only borrowed. Bad frames are counted, never an
 * error. */
void te_stack_input(struct te_stack *stack, const uint8_t *frame, size_t len,
                    const struct te_frame_meta *meta, int64_t now_us);

/* Writes the next frame to send into *ret_output, with its headers in header
 * (TE_OUTPUT_HEADER_MAX bytes, the caller's). False when there is none. The frame counts as sent.
 */
bool te_stack_poll_output(struct te_stack *stack, uint8_t *header, struct te_output *ret_output,
                          int64_t now_us);

/* When te_stack_handle_timeout() is due, TE_NEVER for never. May be a little early, never late. */
int64_t te_stack_next_timeout(const struct te_stack *stack);
/* Runs what is due at now_us; at most a bounded number of timers a call, so that
 * te_stack_next_timeout() may still be in the past afterwards. */
void te_stack_handle_timeout(struct te_stack *stack, int64_t now_us);

/* Takes the oldest event. False when there is none. */
bool te_stack_next_event(struct te_stack *stack, struct te_event *ret_event);

const struct te_counters *te_stack_counters(const struct te_stack *stack);

/* True when at least one local address has passed duplicate address detection, or DAD is off. */
bool te_stack_is_address_ready(const struct te_stack *stack);

/* The local addresses as configured: *ret_count of them, valid as long as the stack. */
const struct te_cidr *te_stack_addresses(const struct te_stack *stack, unsigned *ret_count);

/* Checks every invariant that the stack knows of itself (lists, accounts, sequence numbers,
 * timers). NULL when all hold, else a static sentence; *ret_id is the connection concerned, or 0.
 * Slow: it is for tests and for the daemon's self-check. */
const char *te_stack_check_invariants(const struct te_stack *stack, uint64_t *ret_id);
/* Those of one connection only; NULL too when there is none of that id. */
const char *te_stack_check_conn(const struct te_stack *stack, uint64_t id);

#endif
