/* A daemon's behaviour for fake_server: connections to a peer that echoes.
 *
 * An active OPEN is established the second time it is looked at; port 9 refuses, port 10 never
 * answers. What is sent on a connection is echoed; after SHUTDOWN the end follows the echo. There
 * is at most one listener, whose connections arrive when a test says so. Lists, counters and events
 * are those of this small world plus a few fixed rows. Exactly-once is checked, not provided:
 * SHUTDOWN, CLOSE and ABORT count how often they ran. */
#ifndef TESTS_FAKE_DAEMON_H
#define TESTS_FAKE_DAEMON_H

#include "fake_server.h"

enum { FAKE_CONNECTIONS_MAX = 16, FAKE_STREAM_BYTES = 8 * 1024 * 1024 };

struct fake_connection {
    uint64_t id;
    uint64_t token;
    PB(State) state;
    uint32_t port;
    bool is_listener, is_shut;
    unsigned waiting; /* listener: connections waiting to be accepted */
    uint8_t *bytes;
    uint64_t accepted, released;
};

struct fake_daemon {
    struct fake_server *server;
    struct fake_connection connections[FAKE_CONNECTIONS_MAX];
    unsigned count;
    uint64_t last_id, session;
    uint64_t room_bytes; /* of each connection's send buffer; 0: no limit */
    bool is_status_full; /* Status: no field of TE_STATUS_LIST is zero, false or empty */
    unsigned attaches, takeovers, shutdowns, closes, aborts, opens;
};

/* Starts a server with this daemon behind it. *daemon must be zero before; knobs are set after. */
void fake_daemon_start(struct fake_daemon *daemon);
void fake_daemon_stop(struct fake_daemon *daemon);

#endif
