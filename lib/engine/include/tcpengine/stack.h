/* The stack as a whole: frames and time in, frames and events out.
 *
 * Sans-I/O: nothing here reads a clock, opens a descriptor, logs, or calls back upwards (except for
 * the allocators of te_config). For each batch of work, a host does this:
 *
 *     te_stack_input(stack, frame, len, &meta, now_us);          each frame that came
 *     if (te_stack_next_timeout(stack) <= now_us) te_stack_handle_timeout(stack, now_us);
 *     while (te_stack_poll_output(stack, header, &output, now_us)) write(output)
 *     while (te_stack_next_event(stack, &event)) deliver it
 *     arm a timer for te_stack_next_timeout(stack)
 *
 * The order matters little, but output has to be polled after every call that may have caused some,
 * user calls (conn.h) included: nothing leaves the stack by itself.
 *
 * Threads. One at a time for one stack; different stacks share nothing.
 *
 * Re-entrancy. The host's allocators (config.h) are called from inside te_ functions. They must not
 * call any function that takes this stack, not even one that only reads; another stack, and the
 * functions that take none (types.h, the tables and names), are free to use.
 *
 * Time. now_us is in microseconds of a monotonic clock with any zero. It must not go back; a value
 * below an earlier one counts as that earlier one. Functions without now_us work at the latest time
 * that was given.
 *
 * Lifetimes. Where a result points into the stack it says until when: "until the next call that
 * changes the stack" means until any function is called with it that takes a non-const te_stack
 * (te_receive_peek excepted). Results that are structs are the caller's own copies. ret_ parameters
 * stay untouched on failure, unless a function says otherwise. */
#ifndef TCPENGINE_STACK_H
#define TCPENGINE_STACK_H

#include <tcpengine/config.h>
#include <tcpengine/counters.h>
#include <tcpengine/event.h>
#include <tcpengine/frame.h>

struct te_stack;

/* --- life ------------------------------------------------------------------------------------- */

/* Makes a stack whose clock starts at now_us; config is copied, and may go after the call. What
 * allocator.ctx and buffer_memory.ctx point to has to outlive the stack. With config.dad the stack
 * has probes to send (RFC 5227 2.1.1, RFC 4862 5.4): poll output, and serve its timer.
 *
 * TE_ERR_INVALID: config is wrong; te_config_check() names the field. Correct it.
 * TE_ERR_NOMEM: the allocator refused. Everything taken was given back; try again, or choose lower
 *     limits: event_max, history_conn_max and drop_log_conn_max set most of what is taken here. */
enum te_err te_stack_new(const struct te_config *config, int64_t now_us,
                         struct te_stack **ret_stack);
/* Gives all memory back and sends nothing: peers get no RST. To tell them, call te_abort() for each
 * connection (te_walk) and poll the output first. NULL is legal. */
void te_stack_free(struct te_stack *stack);

/* --- frames ----------------------------------------------------------------------------------- */

/* Takes one Ethernet frame of len bytes, without FCS. frame and meta are borrowed until return;
 * meta must not be NULL. There is no error: what the stack cannot use is dropped, counted by reason
 * and kept for te_drops() (drop.h). Any bytes are safe. */
void te_stack_input(struct te_stack *stack, const uint8_t *frame, size_t len,
                    const struct te_frame_meta *meta, int64_t now_us);

/* Writes the next frame to send into *ret_output, with its headers in header
 * (TE_OUTPUT_HEADER_MAX bytes, the caller's). False when there is none; header is scratch space
 * then. The iovecs point into header and into the stack; they are valid until the next call that
 * changes the stack, and while header is.
 *
 * The frame counts as sent, retransmission timer included. A host that cannot write it just now may
 * copy and keep it, or lose it as a link would: TCP sends it again, ARP, ND and ICMP mostly do not.
 * It is better not to poll while the link takes nothing. */
bool te_stack_poll_output(struct te_stack *stack, uint8_t *header, struct te_output *ret_output,
                          int64_t now_us);

/* --- time ------------------------------------------------------------------------------------- */

/* When te_stack_handle_timeout() is due; TE_NEVER for never. May be a little early, never late.
 * Any call that changes the stack may change it: ask after each batch. */
int64_t te_stack_next_timeout(const struct te_stack *stack);
/* Runs what is due at now_us. Harmless when nothing is. At most 4,096 timers per call, so that
 * te_stack_next_timeout() may still be in the past afterwards: poll output, then call again. */
void te_stack_handle_timeout(struct te_stack *stack, int64_t now_us);

/* --- events ----------------------------------------------------------------------------------- */

/* Takes the oldest event (event.h). False when there is none.
 *
 * At most config.event_max state changes wait; beyond that the oldest is overwritten and
 * te_counters.events_lost grows. A host that sees it grow has missed state changes: list the
 * objects again (te_walk). Readiness is never lost. */
bool te_stack_next_event(struct te_stack *stack, struct te_event *ret_event);

/* --- questions -------------------------------------------------------------------------------- */

/* The stack's own counters (counters.h): read at any time between two calls, valid as long as the
 * stack. They count on; there is no reset. */
const struct te_counters *te_stack_counters(const struct te_stack *stack);

/* True when at least one local address may be used: it has passed duplicate address detection, or
 * needs none (config.dad, config.optimistic_dad). Until then every OPEN is refused. */
bool te_stack_is_address_ready(const struct te_stack *stack);

/* Where one of our addresses stands. X(constant, name) */
#define TE_ADDRESS_STATE_LIST(X)                                                                   \
    X(TENTATIVE, "tentative") /* being probed; used meanwhile with config.optimistic_dad */        \
    X(READY, "ready")                                                                              \
    X(CONFLICT, "conflict") /* another station has it: not used, and tried again */

enum te_address_state {
#define TE_ADDRESS_CONSTANT(constant, name) TE_ADDRESS_##constant,
    TE_ADDRESS_STATE_LIST(TE_ADDRESS_CONSTANT)
#undef TE_ADDRESS_CONSTANT
        TE_ADDRESS_STATE_COUNT
};

/* The name in TE_ADDRESS_STATE_LIST; "?" for a number out of range. Static, never NULL. */
const char *te_address_state_name(enum te_address_state state);

struct te_address_info {
    struct te_cidr cidr;
    bool is_configured; /* false: the link-local address that an IPv6 address brings along */
    enum te_address_state state;
    bool was_claimed;      /* another station has claimed it; the next two are set */
    uint8_t claimed_by[6]; /* its MAC, the last time */
    int64_t claimed_at_us;
    int64_t retry_at_us; /* TE_ADDRESS_CONFLICT: when it is probed again; else TE_NEVER */
};

/* The address of that index, the configured ones first and in their order. False, *ret_info
 * untouched, beyond the last. */
bool te_stack_address(const struct te_stack *stack, unsigned index,
                      struct te_address_info *ret_info);

/* The local addresses as configured: *ret_count of them, valid as long as the stack. */
const struct te_cidr *te_stack_addresses(const struct te_stack *stack, unsigned *ret_count);

/* The id that the next connection or listener will get: every id given out is below it. */
uint64_t te_stack_next_id(const struct te_stack *stack);

/* Checks every invariant that the stack knows of itself (lists, accounts, sequence numbers,
 * timers). NULL when all hold, else a static sentence; *ret_id is the connection or listener
 * concerned, or 0. A sentence means a fault of the engine (or of memory): report it, and do not go
 * on with this stack. O(everything), for tests and for the daemon's self-check. */
const char *te_stack_check_invariants(const struct te_stack *stack, uint64_t *ret_id);
/* Those of one connection only, O(what it has in flight). NULL, too, when no connection has that
 * id. */
const char *te_stack_check_conn(const struct te_stack *stack, uint64_t id);

#endif
