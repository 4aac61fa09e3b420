/* One connection of a real stack, with nothing on the wire: for tests of the nouns that need a
 * (stack, conn) and are called directly.
 *
 *     struct lone l;
 *     lone_start(&l);                      10.0.0.1:80 to 10.0.0.2:8080, in CLOSED
 *     l.stack->config.mss_min_bytes = 88;  tests write into both directly
 *     l.conn->rcv_nxt = 1000;
 *     lone_stop(&l);                       fails the test when memory is left
 *
 * Time moves by lone_advance; no timer runs and no frame leaves by itself. */
#ifndef TESTS_SUPPORT_LONE_CONN_H
#define TESTS_SUPPORT_LONE_CONN_H

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/segment_in.h"

#define LONE_PORT 8080 /* the peer's */

struct lone {
    struct fixture f;
    struct te_stack *stack;
    struct te_conn *conn;
};

void lone_start(struct lone *lone);
/* The same, with a configuration that the test has changed after fixture_init(&lone->f). */
void lone_start_configured(struct lone *lone);
void lone_stop(struct lone *lone);
void lone_advance(struct lone *lone, int64_t delta_us);

struct te_endpoint lone_endpoint(const char *addr, uint16_t port);
/* One more connection, from that port of the peer. */
struct te_conn *lone_more(struct lone *lone, uint16_t remote_port);
/* The same over IPv6. */
struct te_conn *lone_more_v6(struct lone *lone, uint16_t remote_port);

/* A segment from the peer without text, at RCV.NXT, with ACK at SND.UNA. */
struct te_segment lone_segment(const struct lone *lone, uint8_t flags);

/* The next state event of the stack, which must be there. */
struct te_event lone_event(struct lone *lone);

#endif
