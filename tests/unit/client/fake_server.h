/* A server of the SP protocol on a Unix socket, for tests of clients: it implements REP by itself,
 * leaves the answers to a handler, and misbehaves when told to.
 *
 * One thread accepts, and one per link reads. A request whose handler returns FAKE_WAIT is tried
 * again until its time is over, alongside others. Handlers run one at a time. */
#ifndef TESTS_FAKE_SERVER_H
#define TESTS_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/v1/tcpengine.pb-c.h>

#define PB(name) Tcpengine__V1__##name

enum fake_verdict {
    FAKE_REPLY,
    FAKE_WAIT /* nothing yet: call the handler again, or send this reply when time is over */
};

/* Fills *response (initialised, request_id and boot_id set). What it points to must stay until the
 * handler runs next. */
typedef enum fake_verdict (*fake_handler)(void *ctx, const PB(Request) * request,
                                          PB(Response) * response);

/* What happens to a request. */
enum fake_fault {
    FAKE_NO_FAULT,
    FAKE_DROP_BEFORE, /* the link breaks before the request is handled */
    FAKE_DROP_AFTER,  /* handled, but the link breaks before the reply */
    FAKE_GARBAGE,     /* handled, but the reply is no protobuf */
    FAKE_WRONG_ID,    /* the reply names another request */
    FAKE_MUTE         /* never answered */
};

struct fake_server;

/* Listens on a socket in a new directory under /tmp. Aborts the program when it cannot. */
struct fake_server *fake_server_start(fake_handler handler, void *ctx);
void fake_server_stop(struct fake_server *server);
/* "ipc:///tmp/.../sock", valid until the stop. */
const char *fake_server_url(const struct fake_server *server);

/* The fault hits one request, after skip good ones. */
void fake_server_fault(struct fake_server *server, enum fake_fault fault, unsigned skip);
void fake_server_set_boot_id(struct fake_server *server, uint64_t boot_id);
/* Breaks all links. */
void fake_server_break_links(struct fake_server *server);
/* Stops listening and breaks all links, or listens again at the same place. */
void fake_server_pause(struct fake_server *server, bool is_paused);
/* New links get no hello. */
void fake_server_set_silent(struct fake_server *server, bool is_silent);
unsigned fake_server_links(struct fake_server *server); /* accepted so far */

#endif
