/* The whole state of a stack as bytes, and back: for an upgrade of the host that keeps every
 * connection (docs/state-format.md).
 *
 * The rule is "as if nothing had happened": given the same calls, a restored stack emits the same
 * frames and the same events in the same order as the one that was saved would have. What the host
 * gave to te_stack_new (allocators, limits, addresses, routes) is not part of it: the host gives
 * its configuration again, and it may be another one.
 *
 * The bytes hold the stack's secret and everything that the connections carry: who can read them
 * can read and forge all of it. */
#ifndef TCPENGINE_SAVE_H
#define TCPENGINE_SAVE_H

#include <tcpengine/stack.h>

/* Writes the state into bytes, if it fits into size_bytes, and answers its length, fit or not:
 * bytes NULL with size_bytes 0 asks how much memory it takes. The stack is not changed and needs no
 * memory for it. Between two calls of the other functions only: frames that te_stack_poll_output
 * has handed out, and events that te_stack_next_event has, belong to the host. */
size_t te_stack_save(const struct te_stack *stack, uint8_t *bytes, size_t size_bytes);

/* Makes a stack of len bytes that te_stack_save wrote, in this version or an earlier one. The bytes
 * may be anything: they are checked, and *ret_stack is untouched on failure.
 *
 * config is checked as by te_stack_new; its secret is not used: the saved one goes on. Addresses of
 * config that the saved stack did not have are probed and announced as at birth; one that it had
 * and connections use must be in config.
 *
 * now_us continues the saved stack's clock: on one machine, CLOCK_MONOTONIC goes on when a program
 * is replaced. A host whose clock begins anew asks te_save_time() and adds the difference to its
 * clock for good: deadlines, timestamps and sequence numbers go on where they were.
 *
 * TE_ERR_INVALID: not a state, damaged, of a later version, or config is wrong;
 * TE_ERR_ADDR_NOT_AVAILABLE: config lacks an address; TE_ERR_RESOURCES: config's limits are lower
 * than what there is; TE_ERR_NOMEM. */
enum te_err te_stack_restore(const struct te_config *config, const uint8_t *bytes, size_t len,
                             int64_t now_us, struct te_stack **ret_stack);

/* What the saved stack's clock showed. TE_ERR_INVALID when bytes do not begin like a state. */
enum te_err te_save_time(const uint8_t *bytes, size_t len, int64_t *ret_now_us);

#endif
