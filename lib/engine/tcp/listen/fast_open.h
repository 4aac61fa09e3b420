/* TCP Fast Open (RFC 7413): data on the SYN, for who has proved before that the address is its own.
 *
 * Server. A cookie is eight bytes of SipHash over the client's address, ours, and the step of a
 * clock: it is good in its step and the next, which is all the key rotation that there is, and
 * nothing is stored. A SYN with a good cookie, to a listener whose user asked for Fast Open, makes
 * a connection that skips the SYN queue: it can be accepted, read from and written to in SYN_RCVD.
 * How many a listener may have in that state is limited; those that a RST has ended count for
 * another minute (RFC 7413 5.1), so that resets do not fuel a flood. Beyond that, and with a bad
 * cookie, a SYN opens as ever, and its data is left to the client to send again.
 *
 * Client. A cache by our address and the server's endpoint holds the latest cookie with the
 * server's MSS, or that Fast Open failed there and is to be left alone for a while (4.1.3.1). The
 * least recently used entry makes room. The first SYN carries the cookie, or asks for one; any
 * further SYN is plain (4.2.2). What the SYN carried counts as sent once its SYN,ACK has said how
 * much of it was taken; the rest was never sent, and follows with the ACK.
 *
 * A SYN may come twice, and its data be delivered twice, should the first connection be over by
 * then (RFC 7413 2.1): hence nobody gets Fast Open without asking. */
#ifndef TCPENGINE_TCP_LISTEN_FAST_OPEN_H
#define TCPENGINE_TCP_LISTEN_FAST_OPEN_H

#include <tcpengine/units.h>

#include "tcp/conn/segment_in.h"
#include "util/list.h"

struct te_conn;
struct te_listener;

#define TE_FAST_OPEN_COOKIE_BYTES 8
#define TE_FAST_OPEN_STEP_US TE_HOUR                 /* a cookie lives one to two of them */
#define TE_FAST_OPEN_RESET_MEMORY_US TE_MINUTE       /* a reset counts as pending so long */
#define TE_FAST_OPEN_AVOIDANCE_US INT64_C(600000000) /* after a failure, at that server */
#define TE_FAST_OPEN_BUCKETS 256

/* What is known of one server. */
struct te_fast_open_entry {
    struct te_list bucket_link, use_link;
    struct te_addr local;
    struct te_endpoint remote;
    uint16_t mss_bytes;
    uint8_t cookie_len; /* 0: none known */
    uint8_t cookie[TE_FAST_OPEN_COOKIE_MAX];
    int64_t avoid_until_us;
};

struct te_fast_open_cache {
    struct te_list buckets[TE_FAST_OPEN_BUCKETS];
    struct te_list used; /* the least recently used first */
    uint32_t count;      /* at most config.fast_open_cache_max */
};

void te_fast_open_init(struct te_stack *stack);
void te_fast_open_done(struct te_stack *stack);

/* An entry, and a new one that counts as the latest used; NULL: none, or no memory. */
struct te_fast_open_entry *te_fast_open_find(const struct te_stack *stack,
                                             const struct te_addr *local,
                                             const struct te_endpoint *remote);
struct te_fast_open_entry *te_fast_open_make(struct te_stack *stack, const struct te_addr *local,
                                             const struct te_endpoint *remote);

/* --- server ----------------------------------------------------------------------------------- */

enum te_fast_open_verdict {
    TE_FAST_OPEN_NONE,    /* not asked for, or not spoken here */
    TE_FAST_OPEN_REFUSED, /* no or no good cookie, or too many: the SYN opens as ever */
    TE_FAST_OPEN_GRANTED
};

/* What a SYN to a listener is worth. Counts. */
enum te_fast_open_verdict te_fast_open_judge(struct te_stack *stack,
                                             const struct te_listener *listener,
                                             const struct te_segment *syn);
/* Whether the SYN brings the cookie that we would give now: then it needs no new one. */
bool te_fast_open_is_current(const struct te_stack *stack, const struct te_segment *syn);
/* A Fast Open connection of the listener was reset in SYN_RCVD. */
void te_fast_open_on_reset(const struct te_stack *stack, struct te_listener *listener);

/* --- client ----------------------------------------------------------------------------------- */

/* The user wants Fast Open for a connection that is about to send its first SYN. */
void te_fast_open_begin(struct te_stack *stack, struct te_conn *conn);
/* How many of the queued bytes go with the SYN that leaves now. */
uint32_t te_fast_open_syn_len(const struct te_stack *stack, const struct te_conn *conn);
/* What a SYN,ACK says of Fast Open: for the cache, and for what the SYN carried. Before SND.UNA
 * moves. */
void te_fast_open_on_syn_ack(struct te_stack *stack, struct te_conn *conn,
                             const struct te_segment *segment);
/* What the SYN carried beyond this ACK was not taken. */
void te_fast_open_settle(struct te_stack *stack, struct te_conn *conn, uint32_t ack);
/* The opening has failed. */
void te_fast_open_on_failure(struct te_stack *stack, const struct te_conn *conn,
                             enum te_cause cause);

/* --- both ------------------------------------------------------------------------------------- */

/* The option of our SYN, or of our SYN,ACK; nothing when none is due. */
void te_fast_open_put(const struct te_stack *stack, const struct te_conn *conn, bool is_syn_ack,
                      struct te_tcp_options *options);

#endif
