/* Listeners: passive OPENs, with their connections that are not accepted yet.
 *
 * A listener's connection is first in its SYN queue (SYN_RCVD), then in its accept queue. Both are
 * bounded. A SYN is dropped when either queue is full or when its remote address has reached its
 * limit of connections (remotes.h), and so is the ACK that would complete a handshake when the
 * accept queue is full or that limit is reached; the peer's retransmission tries again.
 *
 * A SYN that finds only the SYN queue full is answered by a SYN cookie (syn_cookie.h), if the
 * configuration allows. No connection is evicted for it: at 50,000 SYN/s a queue of 1,024 that
 * recycles its oldest entry turns over in 20 ms, less than most round trips, so the flood would
 * stay and honest clients would not. But while the queue is more than half full, each SYN,ACK is
 * retransmitted only once (RFC 4987 3.3): spoofed connections leave after 3 s instead of a minute,
 * and the owners of the forged addresses get no more than that. Honest clients retransmit their
 * SYN anyway. */
#ifndef TCPENGINE_TCP_LISTEN_LISTENER_TABLE_H
#define TCPENGINE_TCP_LISTEN_LISTENER_TABLE_H

#include <tcpengine/conn.h>
#include <tcpengine/drop.h>

#include "event_queue.h"
#include "tcp/conn/history.h"

struct te_stack;
struct te_conn;
struct te_state_change;

#define TE_LISTENERS_MAX 4096
#define TE_LISTENER_BUCKETS 256

struct te_listener {
    uint64_t id;
    struct te_endpoint local, remote; /* remote unspecified: any peer */
    uint32_t uid;
    uint32_t tag_reference; /* tag.h */
    uint32_t backlog;
    uint8_t family; /* enum te_listen_family */
    bool is_kept;   /* te_set_kept */
    struct te_listener *next_by_port, *next_by_id;
    struct te_list syn_queue, accept_queue;
    uint32_t syn_count, accept_count;
    struct te_ready_node ready;
    int64_t opened_at_us;
    int64_t cookies_until_us; /* until then SYN cookies of ours may come back */
    /* RFC 7413: whether the user asked for it; how many Fast Open connections are in SYN_RCVD,
     * those already accepted being in fast_open_list; and how many resets still count as pending.
     */
    bool fast_open;
    struct te_list fast_open_list;
    uint32_t fast_open_count, fast_open_resets;
    int64_t fast_open_resets_until_us;
    uint64_t accept_drops, syn_drops; /* handshakes held back, by either queue */
    uint64_t cookies_sent;
    struct te_history_log history;
};

struct te_listener_table {
    struct te_listener *by_port[TE_LISTENER_BUCKETS];
    struct te_listener *by_id[TE_LISTENER_BUCKETS];
    uint32_t count;
};

/* Makes a listener in LISTEN and records the transition. The table owns it. The caller has checked
 * the addresses.
 * TE_ERR_ADDR_IN_USE: te_listener_is_taken; TE_ERR_RESOURCES: too many exist, or of its uid
 * (share.h); TE_ERR_NOMEM: the allocator refuses. *ret_listener is untouched then. */
enum te_err te_listener_new(struct te_stack *stack, const struct te_listen *listen,
                            struct te_listener **ret_listener);
/* Records a transition of the listener in its history, and pushes its event. */
void te_listener_record(struct te_stack *stack, struct te_listener *listener,
                        const struct te_state_change *change);
/* Removes it from both tables. The caller (life.h) frees it. */
void te_listener_unlink(struct te_stack *stack, struct te_listener *listener);

/* Whether another listener has the same local port and remote, and the same local address, or
 * either of the two an unspecified one that includes the other's. Listeners that differ in their
 * remote coexist. */
bool te_listener_is_taken(struct te_stack *stack, const struct te_listen *listen);
/* Restores a listener, complete but for its queues: to be called in the order of te_listener_walk,
 * so that it stays the same. */
void te_listener_append(struct te_stack *stack, struct te_listener *listener);

/* The most specific listener that fits a segment: one that names the remote address beats one that
 * names the remote port, which beats one that names the local address. NULL when none fits. */
struct te_listener *te_listener_find(const struct te_stack *stack, const struct te_endpoint *local,
                                     const struct te_endpoint *remote);
/* The listener of that id, NULL when there is none. */
struct te_listener *te_listener_find_id(const struct te_stack *stack, uint64_t id);
/* Whether any listener has that local port on that address or on all addresses. */
bool te_listener_holds_port(const struct te_stack *stack, const struct te_endpoint *local);
/* The next listener of a walk that starts with *cursor 0; NULL at the end. Each one that is
 * there all the time is seen once, whatever comes and goes meanwhile. */
struct te_listener *te_listener_walk(const struct te_listener_table *table, uint64_t *cursor);

/* Why a connection of remote may not be born: TE_DROP_ACCEPT_QUEUE_FULL, TE_DROP_REMOTE_LIMIT when
 * remote has reached its limit (remotes.h), or TE_DROP_MEMORY_SHARE (charge.h). TE_DROP_NONE: it
 * may. The caller drops the segment for that reason; the peer retransmits it. */
enum te_drop_reason te_listener_hindrance(const struct te_stack *stack,
                                          const struct te_listener *listener,
                                          const struct te_addr *remote);
/* A new connection in SYN_RCVD joins the SYN queue. The caller has checked that it is not full. */
void te_listener_add_syn(struct te_listener *listener, struct te_conn *conn);
/* A new connection by Fast Open joins the accept queue at once, which has room. It counts as
 * pending until it is promoted or removed, even when it is accepted before that. */
void te_listener_add_fast_open(struct te_stack *stack, struct te_listener *listener,
                               struct te_conn *conn);
/* The handshake of conn, in SYN_RCVD, is complete: it moves from the SYN queue to the accept queue,
 * or by Fast Open stops being pending. TE_DROP_ACCEPT_QUEUE_FULL, TE_DROP_REMOTE_LIMIT: it stays
 * where it is. What te_listener_hindrance has just let in is promoted: a SYN cookie's connection
 * has sent its SYN,ACK already, and has no timer. */
enum te_drop_reason te_listener_promote(struct te_stack *stack, struct te_conn *conn);
/* The user takes conn from the accept queue. A pending one stays in fast_open_list. */
void te_listener_accept(struct te_conn *conn);
/* conn leaves its listener, whatever queue it is in. Harmless when it has none. */
void te_listener_remove(struct te_conn *conn);
/* Whether the SYN queue has reached config.syn_queue_max. */
bool te_listener_is_syn_queue_full(const struct te_stack *stack,
                                   const struct te_listener *listener);
/* How often a SYN,ACK of the listener is retransmitted at present: config.syn_ack_retries_max, or
 * at most once while the SYN queue is more than half full. */
uint8_t te_listener_syn_ack_retries(const struct te_stack *stack,
                                    const struct te_listener *listener);

#endif
