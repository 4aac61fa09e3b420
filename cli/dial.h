/* Opening a connection on one of the two sides, without waiting for it: the host's name is
 * resolved, and its addresses are tried in turn. */
#ifndef TCPCTL_DIAL_H
#define TCPCTL_DIAL_H

#include "engine_socket.h"
#include "place.h"
#include "poller.h"
#include "resolver.h"

enum { DIAL_PLACES_MAX = 8 };

/* What all dials of a program share. */
struct dialler {
    struct poller *poller;
    struct resolver *resolver;
    const struct engine_sockets *engine;
    uint32_t patience_ms; /* for all addresses together; 0: as long as TCP tries */
};

struct dial {
    const struct dialler *dialler;
    bool is_engine;
    struct place places[DIAL_PLACES_MAX];
    unsigned count, at;
    uint16_t port;
    struct resolver_job *job;  /* NULL: none is under way */
    struct poller_watch watch; /* fd -1: nothing is being tried */
    int64_t ends_at_ms;        /* INT64_MAX: never */
    /* Once, from within poller_turn() or dial_start(). fd is the connection, the callee's, or -1:
     * error is an errno value, and why says it in words (EADDRNOTAVAIL: the name has no address).
     */
    void (*on_done)(struct dial *dial, int fd, int error, const char *why);
    void *owner;
};

/* dial is zeroed but for dialler, is_engine, on_done, and owner. host begins with "/": a Unix
 * socket of the kernel's. */
void dial_start(struct dial *dial, const char *host, uint16_t port);
/* Gives up once its time is over. */
void dial_check_time(struct dial *dial, int64_t now_ms);
/* on_done is not called any more. */
void dial_cancel(struct dial *dial);

#endif
