/* Listeners: passive OPENs, with the connections that came by them and are not accepted yet.
 *
 * A connection of a listener stands first in its SYN queue (SYN_RCVD), then in its accept queue.
 * Both are bounded: a SYN that finds the SYN queue or the accept queue full, or its remote address
 * with as many connections as one may have (remotes.h), is dropped, and so is
 * the ACK that would complete a handshake into a full accept queue; the peer's retransmission tries
 * again.
 *
 * A SYN that finds only the SYN queue full gets a SYN cookie (syn_cookie.h), if the configuration
 * allows. Nobody has to leave the queue for it: at 50,000 SYN/s a queue of 1,024 that recycles its
 * oldest turns over in 20 ms, which is less than most round trips, so that the flood and not the
 * honest would stay. But while more than half of the queue is taken each of its SYN,ACKs is sent
 * again only once (RFC 4987 3.3): the spoofed ones leave after 3 s and not after a minute, and
 * bother those whose addresses they bear no more than that. An honest client asks again by itself.
 */
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
    struct te_endpoint local, remote; /* remote unspecified: anybody */
    uint32_t uid;
    uint32_t backlog;
    struct te_listener *next_by_port, *next_by_id;
    struct te_list syn_queue, accept_queue;
    uint32_t syn_count, accept_count;
    struct te_ready_node ready;
    int64_t opened_at_us;
    int64_t cookies_until_us; /* SYN cookies of ours may come back before */
    /* RFC 7413: asked for; those in SYN_RCVD, of which fast_open_list holds the accepted ones. */
    bool fast_open;
    struct te_list fast_open_list;
    uint32_t fast_open_count, fast_open_resets;
    int64_t fast_open_resets_until_us;
    struct te_history_log history;
};

struct te_listener_table {
    struct te_listener *by_port[TE_LISTENER_BUCKETS];
    struct te_listener *by_id[TE_LISTENER_BUCKETS];
    uint32_t count;
};

/* In LISTEN, recorded. TE_ERR_RESOURCES, TE_ERR_NOMEM, TE_ERR_ADDR_IN_USE (the same local and
 * remote are listened on, or one of both covers the other without being more specific). */
enum te_err te_listener_new(struct te_stack *stack, const struct te_listen *listen,
                            struct te_listener **ret_listener);
/* Records a transition of the listener: its history, an event. */
void te_listener_record(struct te_stack *stack, struct te_listener *listener,
                        const struct te_state_change *change);
/* Out of both tables; life.h frees it. */
void te_listener_unlink(struct te_stack *stack, struct te_listener *listener);

/* Whether another listener has that socket, or covers it without being less specific. */
bool te_listener_is_taken(struct te_stack *stack, const struct te_listen *listen);
/* For a restored table: the listeners in the order of the walk, complete but for their queues. */
void te_listener_append(struct te_stack *stack, struct te_listener *listener);

/* The most specific listener for a segment: by remote, then by local address; NULL. */
struct te_listener *te_listener_find(const struct te_stack *stack, const struct te_endpoint *local,
                                     const struct te_endpoint *remote);
struct te_listener *te_listener_find_id(const struct te_stack *stack, uint64_t id);
/* Whether any listener holds that local port on that address (or on all). */
bool te_listener_holds_port(const struct te_stack *stack, const struct te_endpoint *local);
struct te_listener *te_listener_walk(const struct te_listener_table *table, uint64_t *cursor);

/* What holds back a handshake with remote: TE_DROP_NONE, or the reason to drop its segment: the
 * accept queue is full, or remote has too many connections (remotes.h). */
enum te_drop_reason te_listener_hindrance(const struct te_stack *stack,
                                          const struct te_listener *listener,
                                          const struct te_addr *remote);
/* A connection of the listener: into the SYN queue; from there into the accept queue, unless
 * something holds it back; out of either. One by Fast Open goes into the accept
 * queue at once, and is pending until it is promoted, even when it has been accepted meanwhile. */
void te_listener_add_syn(struct te_listener *listener, struct te_conn *conn);
void te_listener_add_fast_open(struct te_stack *stack, struct te_listener *listener,
                               struct te_conn *conn);
void te_listener_accept(struct te_conn *conn);
enum te_drop_reason te_listener_promote(struct te_stack *stack, struct te_conn *conn);
void te_listener_remove(struct te_conn *conn);
bool te_listener_is_syn_queue_full(const struct te_stack *stack,
                                   const struct te_listener *listener);
/* How often a SYN,ACK of the listener is sent again, now. */
uint8_t te_listener_syn_ack_retries(const struct te_stack *stack,
                                    const struct te_listener *listener);

#endif
