/* What is known of the path to a destination: the largest packet that gets there (RFC 1191, RFC
 * 8201).
 *
 * Only paths that are narrower than our link have an entry. It comes from a Packet Too Big that
 * some connection believed (tcp/path_mtu.h), serves every connection to that destination and the
 * fragments of what is not TCP, and is forgotten after path_mtu_age_us, so that the larger size is
 * tried again (RFC 1191 6.3, RFC 8201 5.3). The table is bounded; when it is full, the entry that
 * was asked for least recently goes.
 *
 * Connections keep their own copy of the answer, with the generation that it is from: whatever
 * changes here makes a new generation, and who finds one asks again before it sends the next packet
 * (RFC 8201 5.2 allows to put the notice off until then). */
#ifndef TCPENGINE_IP_PMTU_H
#define TCPENGINE_IP_PMTU_H

#include <tcpengine/types.h>

#include "util/list.h"
#include "util/wheel.h"

struct te_stack;

/* RFC 791 has 68 for IPv4; below 552 only attacks live (RFC 5927 7). */
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

/* TE_ERR_NOMEM. */
enum te_err te_pmtus_init(struct te_stack *stack);
void te_pmtus_done(struct te_stack *stack);
void te_pmtus_handle_timer(struct te_stack *stack);
/* NULL when all invariants hold, else a static sentence. */
const char *te_pmtus_check(const struct te_stack *stack);

/* For a restored table: an entry as it was, of a destination that is not known, to expire behind
 * all others. False: no memory. */
bool te_pmtu_put(struct te_stack *stack, const struct te_pmtu *like);
bool te_pmtu_is_known(const struct te_stack *stack, const struct te_addr *destination);
/* The floor of destination's family. */
uint32_t te_pmtu_min(const struct te_addr *destination);
/* Size of the largest IP packet to destination: our link's MTU when nothing else is known. */
uint32_t te_pmtu_get(struct te_stack *stack, const struct te_addr *destination);
/* Packets beyond mtu_bytes do not get there; its age starts anew. Not under the floor, not above
 * what is known. Without memory it is not kept. */
void te_pmtu_lower(struct te_stack *stack, const struct te_addr *destination, uint32_t mtu_bytes);
/* A packet of mtu_bytes did get there: what says otherwise is corrected. */
void te_pmtu_raise(struct te_stack *stack, const struct te_addr *destination, uint32_t mtu_bytes);

#endif
