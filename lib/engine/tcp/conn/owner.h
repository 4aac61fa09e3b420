/* What each uid holds: connections, the memory charged for them (charge.h), and listeners.
 *
 * An owner exists while a connection or listener of its uid does, or while the host has said that
 * its clients are gone. The first few need no memory, and the list of a bucket is short: uids are
 * few. */
#ifndef TCPENGINE_TCP_CONN_OWNER_H
#define TCPENGINE_TCP_CONN_OWNER_H

#include <stdbool.h>
#include <stdint.h>

struct te_stack;

#define TE_OWNER_BUCKETS 64
#define TE_OWNERS_BUILT_IN 4

struct te_owner {
    struct te_owner *next;
    uint32_t uid;
    uint32_t connections; /* remains included */
    uint32_t listeners;
    uint32_t orphans; /* of its connections: te_conn_account_orphan */
    uint64_t bytes;
    bool is_gone; /* no program of the uid is there (te_set_client_present) */
};

struct te_owner_table {
    struct te_owner *buckets[TE_OWNER_BUCKETS];
    struct te_owner built_in[TE_OWNERS_BUILT_IN]; /* all zero while unused */
};

/* One more connection of uid. NULL: no memory, and nothing has changed. */
struct te_owner *te_owner_join(struct te_stack *stack, uint32_t uid);
/* One fewer; its bytes were taken off before. May free the owner. */
void te_owner_leave(struct te_stack *stack, uint32_t uid);
/* The same for a listener. False: no memory, and nothing has changed. */
bool te_owner_add_listener(struct te_stack *stack, uint32_t uid);
void te_owner_remove_listener(struct te_stack *stack, uint32_t uid);
/* NULL: uid holds nothing, and its clients are not known to be gone. */
struct te_owner *te_owner_find(const struct te_stack *stack, uint32_t uid);
/* For an invariant: the listeners of all, a sum that tells whose they are (util/mix.h). */
uint64_t te_owners_sum_listeners(const struct te_stack *stack);
/* Frees all, whatever they hold: for te_stack_free. */
void te_owners_free(struct te_stack *stack);

#endif
