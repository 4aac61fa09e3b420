/* The TIME_WAIT table: what is left of a connection for 2MSL, so that the last ACK can be sent
 * again and old duplicates die out before the 4-tuple is used anew (RFC 9293 3.6, RFC 1337, RFC
 * 6191).
 *
 * An entry is 56 bytes for IPv4 and 68 for IPv6, its four links included; with the buckets of the
 * two hash tables it stays under 64 and 88. Entries lie in chunks and are named by a 32-bit handle.
 * All last equally long, so that one FIFO keeps them in the order of their deadlines, and one wheel
 * node serves the table: a FIN that comes again moves its entry to the tail.
 *
 * What is not kept can be computed: the timestamp offset is a keyed hash of the 4-tuple, the local
 * address is an index into the interface's list. Times are milliseconds since the stack's birth. */
#ifndef TCPENGINE_TCP_TIME_WAIT_TIME_WAIT_H
#define TCPENGINE_TCP_TIME_WAIT_TIME_WAIT_H

#include <tcpengine/conn.h>

#include "util/wheel.h"

struct te_stack;
struct te_conn;

#define TE_TIME_WAIT_NONE UINT32_MAX

struct te_time_wait_pool {
    uint8_t **chunks;     /* directory: one pointer a chunk */
    uint32_t chunk_count; /* allocated */
    uint32_t chunks_max;
    uint32_t entry_bytes;
    uint32_t free_head; /* handles of free entries, linked */
    uint32_t used;
};

struct te_time_wait_table {
    struct te_time_wait_pool pools[2]; /* IPv4, IPv6 */
    uint32_t *by_tuple, *by_id;        /* handles */
    uint32_t bucket_count;
    uint32_t head, tail; /* FIFO by deadline */
    uint32_t count;
    struct te_wheel_node timer;
};

/* What an entry says, unpacked. */
struct te_time_wait_view {
    uint32_t handle;
    uint64_t id;
    struct te_endpoint local, remote;
    uint32_t uid;
    uint32_t snd_nxt, rcv_nxt, ts_recent;
    uint16_t window; /* field of the header, as it was scaled */
    bool ts_ok;
    enum te_state from;
    uint32_t fin_reacked; /* 255 stands for that or more */
    int64_t started_at_us, ends_at_us;
};

enum te_err te_time_wait_init(struct te_stack *stack);
void te_time_wait_done(struct te_stack *stack);

/* Makes an entry of a connection that leaves the state from. False when there is no room and policy
 * or memory leaves none. */
bool te_time_wait_enter(struct te_stack *stack, const struct te_conn *conn, enum te_state from);
/* Makes an entry as view says, behind all others; its local address is one of ours, its end not
 * before theirs. False: no room. */
bool te_time_wait_put(struct te_stack *stack, const struct te_time_wait_view *view);
/* The entry that ends next after that of handle; of TE_TIME_WAIT_NONE, the first of all. */
uint32_t te_time_wait_next(const struct te_time_wait_table *table, uint32_t handle);
/* Handle of the entry of a 4-tuple, or of an id; TE_TIME_WAIT_NONE. */
uint32_t te_time_wait_find(const struct te_stack *stack, const struct te_endpoint *local,
                           const struct te_endpoint *remote);
uint32_t te_time_wait_find_id(const struct te_stack *stack, uint64_t id);
void te_time_wait_view(const struct te_stack *stack, uint32_t handle,
                       struct te_time_wait_view *ret_view);
/* The FIN came again: counts it, and 2MSL starts anew. */
void te_time_wait_restart(struct te_stack *stack, uint32_t handle);
/* Ends an entry: TIME_WAIT -> CLOSED is recorded, its connection's remains are told. */
void te_time_wait_end(struct te_stack *stack, uint32_t handle, enum te_cause cause,
                      const struct te_segment_info *segment);
/* The wheel node is due: ends what is over, a bounded number a call. */
void te_time_wait_on_timer(struct te_stack *stack);
/* For te_walk. */
uint32_t te_time_wait_walk(const struct te_time_wait_table *table, uint64_t *cursor);
/* Chunks, directories and buckets. */
uint64_t te_time_wait_memory(const struct te_time_wait_table *table);
/* NULL, or the sentence that does not hold. */
const char *te_time_wait_check(const struct te_stack *stack);

#endif
