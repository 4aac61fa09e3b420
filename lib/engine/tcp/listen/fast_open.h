/* TCP Fast Open (RFC 7413): data on the SYN, for clients that have proved their address before.
 *
 * Server. A cookie is eight bytes of SipHash over the client's address, ours, and the current step
 * of a clock. It is good during its step and the next; there is no other key rotation, and nothing
 * is stored. A SYN with a good cookie, to a listener opened with fast_open, makes a connection that
 * skips the SYN queue: it can be accepted, read from and written to in SYN_RCVD. The number of such
 * connections is limited per listener; those ended by a RST count for another minute (RFC 7413
 * 5.1), so that resets do not fuel a flood. Beyond the limit, or with a bad cookie, the SYN opens
 * normally and the client has to send its data again.
 *
 * Client. A cache keyed by our address and the server's endpoint holds the latest cookie with the
 * server's MSS, or notes that Fast Open failed there and is avoided for a while (4.1.3.1). When it
 * is full, the least recently used entry makes room. The first SYN carries the cookie or asks for
 * one; retransmitted SYNs are plain (4.2.2). Data on the SYN counts as sent once the SYN,ACK says
 * how much was taken; the rest counts as never sent and follows with the ACK.
 *
 * A SYN may arrive twice, and its data be delivered twice if the first connection is over by then
 * (RFC 7413 2.1). Hence Fast Open is used only where the user asks for it. */
#ifndef TCPENGINE_TCP_LISTEN_FAST_OPEN_H
#define TCPENGINE_TCP_LISTEN_FAST_OPEN_H

#include <tcpengine/units.h>

#include "tcp/conn/segment_in.h"
#include "util/list.h"

struct te_conn;
struct te_listener;

#define TE_FAST_OPEN_COOKIE_BYTES 8
#define TE_FAST_OPEN_STEP_US TE_HOUR                 /* a cookie is good for one to two steps */
#define TE_FAST_OPEN_RESET_MEMORY_US TE_MINUTE       /* how long a reset counts as pending */
#define TE_FAST_OPEN_AVOIDANCE_US INT64_C(600000000) /* after a failure with that server */
#define TE_FAST_OPEN_BUCKETS 256

/* What is known about one server. */
struct te_fast_open_entry {
    struct te_list bucket_link, use_link;
    struct te_addr local;
    struct te_endpoint remote;
    uint16_t mss_bytes;
    uint8_t cookie_len; /* in bytes; 0: none known */
    uint8_t cookie[TE_FAST_OPEN_COOKIE_MAX];
    int64_t avoid_until_us;
};

struct te_fast_open_cache {
    struct te_list buckets[TE_FAST_OPEN_BUCKETS];
    struct te_list used; /* the least recently used first */
    uint32_t count;      /* at most config.fast_open_cache_max */
};

void te_fast_open_init(struct te_stack *stack);
/* Empties the cache. */
void te_fast_open_done(struct te_stack *stack);

/* The entry of that pair, NULL when there is none. Does not count as use. Entries are valid until
 * the next te_fast_open_make. */
struct te_fast_open_entry *te_fast_open_find(const struct te_stack *stack,
                                             const struct te_addr *local,
                                             const struct te_endpoint *remote);
/* Adds an entry for a pair that has none: the most recently used, zeroed but for its addresses. A
 * full cache evicts the least recently used one. NULL when config.fast_open_cache_max is 0 or
 * memory is refused: the caller goes on without. */
struct te_fast_open_entry *te_fast_open_make(struct te_stack *stack, const struct te_addr *local,
                                             const struct te_endpoint *remote);

/* --- server ----------------------------------------------------------------------------------- */

enum te_fast_open_verdict {
    TE_FAST_OPEN_NONE,    /* the SYN does not ask for it, or we do not offer it */
    TE_FAST_OPEN_REFUSED, /* no cookie, a bad one, or too many pending: the SYN opens normally */
    TE_FAST_OPEN_GRANTED  /* its data may be delivered at once */
};

/* Judges a SYN to a listener, and counts a refusal by its reason. */
enum te_fast_open_verdict te_fast_open_judge(struct te_stack *stack,
                                             const struct te_listener *listener,
                                             const struct te_segment *syn);
/* Whether the SYN carries the cookie of the current step: then it needs no new one. */
bool te_fast_open_is_current(const struct te_stack *stack, const struct te_segment *syn);
/* A Fast Open connection of the listener was reset in SYN_RCVD: it counts as pending for
 * TE_FAST_OPEN_RESET_MEMORY_US more (RFC 7413 5.1). */
void te_fast_open_on_reset(const struct te_stack *stack, struct te_listener *listener);

/* --- client ----------------------------------------------------------------------------------- */

/* The user asked for Fast Open on conn, which is about to send its first SYN. Does nothing when
 * config.fast_open does not allow it, or when the server is being avoided (counted). */
void te_fast_open_begin(struct te_stack *stack, struct te_conn *conn);
/* How many of the queued bytes go with the SYN that leaves now: 0 without a cookie, else at most
 * what fits in one segment beside the options. */
uint32_t te_fast_open_syn_len(const struct te_stack *stack, const struct te_conn *conn);
/* Takes what a SYN,ACK says about Fast Open into the cache, and settles the SYN's data. To be
 * called before SND.UNA moves. */
void te_fast_open_on_syn_ack(struct te_stack *stack, struct te_conn *conn,
                             const struct te_segment *segment);
/* The peer took the SYN's data below ack; the rest counts as never sent. Does nothing when the SYN
 * carried none. */
void te_fast_open_settle(struct te_stack *stack, struct te_conn *conn, uint32_t ack);
/* The opening has failed: by a timeout or an ICMP error in SYN_SENT, it makes us avoid the server
 * for TE_FAST_OPEN_AVOIDANCE_US. */
void te_fast_open_on_failure(struct te_stack *stack, const struct te_conn *conn,
                             enum te_cause cause);

/* --- both ------------------------------------------------------------------------------------- */

/* Adds the Fast Open option to those of our SYN or SYN,ACK, if one is due. */
void te_fast_open_put(const struct te_stack *stack, const struct te_conn *conn, bool is_syn_ack,
                      struct te_tcp_options *options);

#endif
