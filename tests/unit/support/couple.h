/* Two fixtures on one link, for tests that need a connection and what it is made of.
 *
 *     static struct couple c;
 *     couple_init(&c);            c.a is 10.0.0.1, c.b is 10.0.0.2 and listens at port 80
 *     c.a.config.sack = false;    whatever the test needs
 *     couple_start(&c);           both are ESTABLISHED: c.conn on a, c.peer on b
 *     te_send(c.a.stack, c.id, ...);
 *     fixture_poll(&c.a);         it has left, and b does not know it yet
 *     couple_run(&c);             until the link is quiet; time stands still
 *     couple_stop(&c);
 *
 * c.conn and c.peer are pointers into the stacks. */
#ifndef TESTS_SUPPORT_COUPLE_H
#define TESTS_SUPPORT_COUPLE_H

#include "support/fixture.h"
#include "tcp/conn/conn.h"

#define COUPLE_PORT 80

struct couple {
    struct fixture a, b;
    uint64_t id, peer_id, listener_id; /* the last two on b */
    struct te_conn *conn, *peer;
};

void couple_init(struct couple *couple);
void couple_start(struct couple *couple);
void couple_run(struct couple *couple);
void couple_stop(struct couple *couple);

#endif
