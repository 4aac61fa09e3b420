/* What sp_server.c (accepting, limits, turns) and sp_link.c (one link: frames, output) share. */
#ifndef TCPENGINED_SP_INTERNAL_H
#define TCPENGINED_SP_INTERNAL_H

#include <sys/queue.h>

#include "sp/sp_server.h"
#include "sp/sp_socket.h"
#include "util/deadline.h"
#include "util/log.h"

TAILQ_HEAD(sp_link_list, sp_link);
TAILQ_HEAD(sp_request_list, sp_request);

struct sp_server {
    uv_loop_t *loop;
    struct sp_server_options options;
    struct sp_server_callbacks callbacks;
    struct sp_counters counters;
    struct sp_socket socket;
    uv_poll_t listener;   /* of socket.fd */
    uv_timer_t timer;     /* for deadlines */
    uv_timer_t rest;      /* after accept failed for want of something: try again then */
    uv_idle_t turns_idle; /* runs while turns is not empty */
    int spare_fd;         /* given up to accept and close a link when descriptors run out */
    unsigned open_handles;
    bool is_listening, is_freed;

    struct sp_link_list links; /* those being closed too */
    struct sp_link_list turns; /* have read more requests than one turn allows */
    unsigned link_count;       /* not being closed */
    struct deadlines deadlines;
    int64_t timer_at_ms; /* when timer is armed for */
    struct log_limit refused_log, killed_log;
};

/* A deadline that knows whose it is. */
struct sp_deadline {
    struct deadline deadline; /* first, so that one is found from the other */
    struct sp_link *link;
};

enum sp_phase {
    SP_HELLO,  /* waiting for the peer's greeting */
    SP_FRAMES, /* at the start of a frame */
    SP_DISCARD /* in the rest of a frame that was too long */
};

struct sp_link {
    uv_pipe_t pipe;
    struct sp_server *server;
    struct sp_peer peer;
    void *user;
    TAILQ_ENTRY(sp_link) in_all;
    TAILQ_ENTRY(sp_link) in_turns;
    bool is_in_turns;
    bool is_closing;  /* uv_close was called */
    bool is_reported; /* on_link_closed was called */
    bool is_reading;
    bool is_full;

    enum sp_phase phase;
    uint8_t *in; /* in[in_start..in_end) is read and not yet handled */
    size_t in_start, in_end, in_size;
    uint64_t discard_bytes;            /* SP_DISCARD: still to come */
    struct sp_deadline input_deadline; /* the greeting, or a message begun, must be complete */

    struct sp_write *collected; /* output to be written next; NULL: none */
    bool is_writing;            /* libuv has a piece of output */
    uint64_t queued_bytes;      /* that the socket did not take at once, since the start */
    uint64_t stall_sent_bytes;  /* link_sent() when stall_deadline was armed */
    struct sp_deadline stall_deadline;
    struct sp_request_list requests; /* not yet answered */
};

struct sp_request {
    struct sp_link *link; /* NULL: gone */
    TAILQ_ENTRY(sp_request) in_link;
    size_t ids_bytes;
    uint8_t ids[4 * (SP_HOPS_MAX + 1)]; /* as they came, the client's own last */
};

/* Starts a link on a connected socket, which it takes over. False: no memory; fd is not taken. */
bool sp_link_start(struct sp_server *server, int fd, const struct sp_peer *peer);
/* Ends a link, once it is safe to; harmless when it is being closed. */
void sp_link_close(struct sp_link *link);
/* Handles what was read, for one turn; reads on when there is room. */
void sp_link_run(struct sp_link *link);
/* The moment of one of the link's deadlines has come. */
void sp_link_on_deadline(struct sp_deadline *due);

void sp_server_deadline_set(struct sp_deadline *deadline, int64_t after_ms);
void sp_server_deadline_clear(struct sp_deadline *deadline);
/* link has more to handle than one turn allows. */
void sp_server_queue_turn(struct sp_link *link);
/* One of the server's handles, or of its links', was closed for good. */
void sp_server_on_handle_closed(struct sp_server *server);

#endif
