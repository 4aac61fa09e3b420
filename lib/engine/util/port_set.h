/* A set of 16-bit numbers: ports.
 *
 * A few are kept in an array that doubles, more than TE_PORT_SET_LISTED_MAX in a bitmap of all
 * there are, so that a run of taken ports is passed 64 at a time. Memory comes with the first port
 * and goes with the last; the same allocator goes with every call. Starts zeroed. */
#ifndef TCPENGINE_UTIL_PORT_SET_H
#define TCPENGINE_UTIL_PORT_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpengine/config.h>

#define TE_PORT_SET_LISTED_MAX 512u

struct te_port_set {
    uint16_t *list; /* in no order; NULL: empty, or a bitmap */
    uint64_t *bits;
    uint32_t count;
    uint32_t capacity; /* of the list */
};

bool te_port_set_has(const struct te_port_set *set, uint16_t port);
/* Adds a port that is not there. False, and nothing changed: no memory. */
bool te_port_set_add(struct te_port_set *set, uint16_t port, const struct te_allocator *allocator);
/* Removes one that is. */
void te_port_set_remove(struct te_port_set *set, uint16_t port,
                        const struct te_allocator *allocator);
/* Empties it. */
void te_port_set_clear(struct te_port_set *set, const struct te_allocator *allocator);
/* The first port from `from` to last that is not there; last + 1: all are. */
uint32_t te_port_set_first_free(const struct te_port_set *set, uint32_t from, uint32_t last);

#endif
