/* A listener of either side that takes connections without waiting for them. */
#ifndef TCPCTL_DOOR_H
#define TCPCTL_DOOR_H

#include "engine_socket.h"
#include "place.h"
#include "poller.h"

struct arrival {
    int fd;      /* the callee's */
    uint64_t id; /* the engine's; 0: a connection of the kernel's */
    struct place local, remote;
};

struct door {
    struct poller_watch watch; /* fd -1: closed */
    struct poller *poller;
    bool is_engine;
    bool is_paused; /* those who come wait in the accept queue */
    struct place local;
    void (*on_arrival)(struct door *door, const struct arrival *arrival);
    /* The listener takes nobody for now: error is EMFILE, or the like, and it is paused; ENETDOWN:
     * nor ever again. */
    void (*on_error)(struct door *door, int error);
    void *owner;
};

/* door is zeroed but for poller, callbacks, and owner. local becomes what was bound. Both give 0 or
 * an errno value, and leave the door closed then. engine NULL: the kernel's side. */
int door_open(struct door *door, const struct engine_sockets *engine, const struct place *local,
              bool fast_open);
void door_pause(struct door *door);
void door_resume(struct door *door);

#endif
