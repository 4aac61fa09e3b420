/* Two connections joined into one: what arrives at one end leaves at the other. FIN becomes FIN,
 * behind the last byte, each direction by itself; RST, and whatever else a connection fails of,
 * becomes RST. A reader that stops stops the writer: at most one piece of each direction is held.
 *
 * An end is a socket of the kernel's (TCP or Unix) or one of the engine's (lib/socket). */
#ifndef TCPCTL_BRIDGE_H
#define TCPCTL_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine_socket.h"
#include "poller.h"

struct bridge_end {
    struct poller_watch watch;           /* fd -1: not there yet, or not any more */
    const struct engine_sockets *engine; /* NULL: the kernel's */
    bool is_readable, is_writable;       /* until EAGAIN says otherwise */
    bool is_suspect;                     /* it hangs up, and may have failed */
    bool is_ended;                       /* its FIN was read */
    bool is_shut;                        /* it got ours */
};

/* What was read from one end, and the other has not taken yet. */
struct bridge_rest {
    char *bytes; /* NULL: nothing */
    size_t at, len;
};

struct bridge {
    struct bridge_end ends[2];
    struct bridge_rest rests[2]; /* of what ends[i] has sent */
};

enum bridge_state {
    BRIDGE_WAITS,  /* for events */
    BRIDGE_BUSY,   /* there is more to do, after others had their turn */
    BRIDGE_OVER,   /* both directions have ended: close it */
    BRIDGE_BROKEN, /* one end has failed: abort it */
};

void bridge_init(struct bridge *bridge);
/* What epoll has said about an end. */
void bridge_end_note(struct bridge_end *end, uint32_t events);
/* Whether a suspect has failed; it is none any more. */
bool bridge_end_has_failed(struct bridge_end *end);
/* Moves what can be moved, but not for ever. */
enum bridge_state bridge_step(struct bridge *bridge);
/* Close what there is of both ends: with FIN, unless bytes are unread, or with RST. */
void bridge_close(struct bridge *bridge);
void bridge_abort(struct bridge *bridge);

#endif
