/* The TIME_WAIT table: what remains of a connection for 2MSL, so that its last ACK can be sent
 * again and old duplicates die out before the 4-tuple is reused (RFC 9293 3.6, RFC 1337, RFC 6191).
 *
 * An entry takes 56 bytes for IPv4 and 68 for IPv6, its four links included; with the buckets of
 * the two hash tables it stays under 64 and 88, and 8 more while they grow, which they do
 * TE_GROWTH_STEP buckets with each entry that is added (growth.h). Entries are allocated in chunks
 * and named by 32-bit handles, which are good until te_time_wait_end(). All last equally long, so
 * one FIFO keeps them in the order of their deadlines and one wheel node serves the table; a
 * repeated FIN moves its entry to the tail.
 *
 * What is not stored can be computed: the timestamp offset is a keyed hash of the 4-tuple, and the
 * local address is an index into the stack's list. Times are kept as milliseconds since the stack's
 * birth. */
#ifndef TCPENGINE_TCP_TIME_WAIT_TIME_WAIT_H
#define TCPENGINE_TCP_TIME_WAIT_TIME_WAIT_H

#include <tcpengine/conn.h>

#include "util/growth.h"
#include "util/wheel.h"

struct te_stack;
struct te_conn;

#define TE_TIME_WAIT_NONE UINT32_MAX

struct te_time_wait_pool {
    uint8_t **chunks;     /* directory: one pointer per chunk */
    uint32_t chunk_count; /* allocated */
    uint32_t chunks_max;
    uint32_t entry_bytes;
    uint32_t free_head; /* handles of free entries, linked */
    uint32_t used;
};

struct te_time_wait_table {
    struct te_time_wait_pool pools[2];    /* IPv4, IPv6 */
    uint32_t *by_tuple, *by_id;           /* handles */
    uint32_t *next_by_tuple, *next_by_id; /* the second arrays; NULL: the tables do not grow */
    struct te_growth growth;
    uint32_t head, tail; /* FIFO by deadline */
    uint32_t count;
    struct te_wheel_node timer;
};

/* An entry, unpacked. */
struct te_time_wait_view {
    uint32_t handle;
    uint64_t id;
    struct te_endpoint local, remote;
    uint32_t uid, tag;
    uint32_t snd_nxt, rcv_nxt, ts_recent;
    uint16_t window;      /* as the header carries it, scaled */
    bool ts_ok;           /* timestamps were negotiated */
    enum te_state from;   /* FIN_WAIT_1, FIN_WAIT_2 or CLOSING */
    uint32_t fin_reacked; /* repeated FINs; 255: that many or more */
    int64_t started_at_us, ends_at_us;
};

/* TE_ERR_NOMEM when the allocator refuses; te_time_wait_done is called then, too. */
enum te_err te_time_wait_init(struct te_stack *stack);
/* Frees everything; entries end without an event. */
void te_time_wait_done(struct te_stack *stack);

/* Adds an entry for conn, which leaves the state from. A full table (config.time_wait_max) counts
 * time_wait_overflow; then, by config.time_wait_policy, the entry that ends next makes room
 * (TE_CAUSE_LIMIT), or this connection gets none. False when it gets none or memory is refused: the
 * caller goes on to CLOSED (TE_CAUSE_LIMIT). */
bool te_time_wait_enter(struct te_stack *stack, const struct te_conn *conn, enum te_state from);
/* Adds an entry as view says. Its local address is one of ours, and it does not end before any
 * other. Checks no limit. False when memory is refused. */
bool te_time_wait_put(struct te_stack *stack, const struct te_time_wait_view *view);
/* The entry that ends next after handle's; after TE_TIME_WAIT_NONE, the first of all.
 * TE_TIME_WAIT_NONE after the last. */
uint32_t te_time_wait_next(const struct te_time_wait_table *table, uint32_t handle);
/* The handle of a 4-tuple's entry, or of an id's; TE_TIME_WAIT_NONE when there is none. */
uint32_t te_time_wait_find(const struct te_stack *stack, const struct te_endpoint *local,
                           const struct te_endpoint *remote);
uint32_t te_time_wait_find_id(const struct te_stack *stack, uint64_t id);
/* Unpacks an entry. Times are exact to a millisecond, but each restart may shift started_at_us by
 * up to 8 ms more. */
void te_time_wait_view(const struct te_stack *stack, uint32_t handle,
                       struct te_time_wait_view *ret_view);
/* The peer's FIN came again: counts it, restarts 2MSL (RFC 9293 3.10.7.4, eighth check), and pushes
 * TE_EVENT_FIN_AGAIN. The caller acknowledges it. */
void te_time_wait_restart(struct te_stack *stack, uint32_t handle);
/* Ends an entry: records TIME_WAIT -> CLOSED with cause and segment (or NULL), and lets the
 * connection's remains go if there are any. The last one to go frees the chunks. */
void te_time_wait_end(struct te_stack *stack, uint32_t handle, enum te_cause cause,
                      const struct te_segment_info *segment);
/* The wheel node is due: ends the entries whose time is over, at most 512 per call, and arms it
 * again. */
void te_time_wait_on_timer(struct te_stack *stack);
/* The next entry of a walk that starts with *cursor 0; TE_TIME_WAIT_NONE at the end, and when
 * *steps, which counts down with each bucket looked into, is 0. Each one that is there all the time
 * is seen once, whatever comes and goes meanwhile. */
uint32_t te_time_wait_scan(const struct te_time_wait_table *table, uint64_t *cursor,
                           uint32_t *steps);
/* Bytes allocated: chunks, directories and buckets. */
uint64_t te_time_wait_memory(const struct te_time_wait_table *table);
/* NULL when all invariants hold, else a static sentence. */
const char *te_time_wait_check(const struct te_stack *stack);

#endif
