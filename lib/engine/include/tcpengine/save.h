/* The whole state of a stack as bytes, and back: for an upgrade of the host that keeps every
 * connection (docs/state-format.md).
 *
 * The rule is "as if nothing had happened": given the same calls, a restored stack emits the same
 * frames and the same events in the same order as the one that was saved would have. What the host
 * gave to te_stack_new (allocators, limits, addresses, routes) is not part of the state: the host
 * gives its configuration again, and may change it. Neither are the logs of drops (drop.h).
 *
 * What is saved is canonical: saving a restored stack gives the same bytes again.
 *
 * The bytes hold the stack's secret and everything that the connections carry: anyone who can read
 * them can read and forge all of it. Their checksum detects corruption, not tampering. */
#ifndef TCPENGINE_SAVE_H
#define TCPENGINE_SAVE_H

#include <tcpengine/stack.h>

/* Writes the state into bytes, if it fits into size_bytes, and returns its length, fit or not:
 * bytes NULL with size_bytes 0 asks how much memory it takes. When it does not fit, what is in
 * bytes is of no use: allocate what was returned, and save again before anything else is called.
 * The stack is not changed, and nothing is allocated. Frames that te_stack_poll_output has handed
 * out, and events that te_stack_next_event has, are the host's and not in the state: write and
 * deliver them.
 */
size_t te_stack_save(const struct te_stack *stack, uint8_t *bytes, size_t size_bytes);

/* Makes a stack from len bytes that te_stack_save wrote, in this version or an earlier one. bytes
 * is borrowed until return, and may be anything: all of it is checked. On failure *ret_stack is
 * untouched and all memory given back, so that the host may try again with another config.
 *
 * config is checked as by te_stack_new; its secret is not used: the saved one continues. Addresses
 * of config that the saved stack did not have are probed and announced as at birth; each one that
 * it had and that connections or listeners use must be in config. A smaller MTU, MSL, or limit of
 * what may be forgotten (events, histories, Fast Open cookies, control_queue_max) is applied to
 * what is restored. Buffers are reserved through config.buffer_memory under the old connection ids.
 *
 * now_us continues the saved stack's clock: on one machine, CLOCK_MONOTONIC continues when a
 * program is replaced. A host whose clock starts anew asks te_save_time() and adds the difference
 * to its clock for good: deadlines, timestamps and sequence numbers continue where they were.
 *
 * TE_ERR_INVALID: config is wrong (te_config_check() names the field), or bytes is not a state, is
 *     damaged, of a later version, or of a stack that cannot have been. Start with te_stack_new().
 * TE_ERR_ADDR_NOT_AVAILABLE: config lacks an address that a connection, listener or TIME_WAIT entry
 *     uses. Add it (te_config.addresses), and restore again.
 * TE_ERR_RESOURCES: a limit of config is below what there is: conn_max, time_wait_max,
 *     syn_queue_max, fast_open_pending_max, neighbour_max, neighbour_incomplete_max, path_mtu_max,
 *     reassembly_max or reassembly_bytes_max. Raise it, and restore again.
 * TE_ERR_NOMEM: the allocator or config.buffer_memory refused. Free something, restore again. */
enum te_err te_stack_restore(const struct te_config *config, const uint8_t *bytes, size_t len,
                             int64_t now_us, struct te_stack **ret_stack);

/* What the saved stack's clock showed, in microseconds; reads only the beginning of bytes.
 *
 * TE_ERR_INVALID: bytes do not begin like a state of this version or an earlier one. */
enum te_err te_save_time(const uint8_t *bytes, size_t len, int64_t *ret_now_us);

#endif
