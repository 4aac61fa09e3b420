/* Path MTUs: the largest packet that reaches a destination (RFC 1191, RFC 8201).
 *
 * Only paths narrower than our link have an entry. It comes from a Packet Too Big that a connection
 * believed (tcp/mtu/path_mtu.h), serves all connections to that destination and the fragments of
 * what is not TCP, and expires after config.path_mtu_age_us, so that the larger size is tried again
 * (RFC 1191 6.3, RFC 8201 5.3). The table is bounded (config.path_mtu_max); when it is full, the
 * least recently used entry makes room.
 *
 * Connections keep a copy of the answer together with its generation. Every change here starts a
 * new generation, and a connection that notices asks again before it sends its next packet (RFC
 * 8201 5.2 allows notice to wait until then). */
#ifndef TCPENGINE_IP_PMTU_H
#define TCPENGINE_IP_PMTU_H

#include <tcpengine/types.h>

#include "util/list.h"
#include "util/wheel.h"

struct te_stack;

/* Floors. RFC 791 allows 68 for IPv4; below 552 there are only attacks (RFC 5927 7). */
#define TE_PMTU_MIN_IPV4 552u
#define TE_PMTU_MIN_IPV6 1280u

struct te_pmtu {
    struct te_list bucket_link, use_link, age_link;
    struct te_addr destination;
    uint16_t mtu_bytes;
    int64_t expires_at_us;
};

struct te_pmtus {
    struct te_list *buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t count;
    uint32_t generation;
    struct te_list used; /* the least recently used first */
    struct te_list aged; /* the first to expire first */
    struct te_wheel_node timer;
};

/* TE_ERR_NOMEM when the allocator refuses the table. */
enum te_err te_pmtus_init(struct te_stack *stack);
void te_pmtus_done(struct te_stack *stack);
/* Forgets the entries that have expired. */
void te_pmtus_handle_timer(struct te_stack *stack);
/* NULL when all invariants hold, else a static sentence. */
const char *te_pmtus_check(const struct te_stack *stack);

/* Restores a saved entry: its destination is not in the table, and its expiry is not before that of
 * any other. False when memory is refused. */
bool te_pmtu_put(struct te_stack *stack, const struct te_pmtu *like);
/* Whether destination has an entry. Does not count as use. */
bool te_pmtu_is_known(const struct te_stack *stack, const struct te_addr *destination);
/* The floor of destination's family, in bytes. */
uint32_t te_pmtu_min(const struct te_addr *destination);
/* The largest IP packet to destination, in bytes; config.mtu_bytes without an entry. Counts as use.
 */
uint32_t te_pmtu_get(struct te_stack *stack, const struct te_addr *destination);
/* Packets above mtu_bytes do not get there. Lowers what is known, never below the floor, and
 * restarts its age; a value that is not lower changes nothing. Not kept when memory is refused. */
void te_pmtu_lower(struct te_stack *stack, const struct te_addr *destination, uint32_t mtu_bytes);
/* A packet of mtu_bytes got there: an entry that says otherwise is raised, or removed when that
 * reaches our link's MTU. */
void te_pmtu_raise(struct te_stack *stack, const struct te_addr *destination, uint32_t mtu_bytes);

#endif
