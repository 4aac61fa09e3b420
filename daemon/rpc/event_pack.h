/* Entries of the event log (event_log.h) in the fewest bytes that are quick to write: some 45 for a
 * change of state over IPv4. What an entry does not have takes no room, and numbers that are small,
 * or close to those of a neighbour, take few bytes. */
#ifndef TCPENGINED_EVENT_PACK_H
#define TCPENGINED_EVENT_PACK_H

#include <stddef.h>

#include "rpc/event_log.h"

/* No entry takes more. */
#define EVENT_PACK_MAX 112u

/* What times and ids are close to. The same for writing and reading. */
struct event_pack_base {
    int64_t time_us;
    uint64_t id;
};

/* Writes at most EVENT_PACK_MAX bytes; returns how many. entry->seq is not written. */
size_t event_pack(const struct event_pack_base *base, const struct event_log_entry *entry,
                  uint8_t *ret_bytes);
/* Reads what event_pack wrote with that base; seq is 0. */
struct event_log_entry event_unpack(const struct event_pack_base *base, const uint8_t *bytes);

#endif
