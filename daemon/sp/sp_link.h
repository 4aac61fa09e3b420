/* One link of the control socket: greeting, frames, output. What its users may do with it is in
 * sp.h; this is for whoever starts links and ends them. */
#ifndef TCPENGINED_SP_LINK_H
#define TCPENGINED_SP_LINK_H

#include "sp/sp.h"
#include "sp/sp_schedule.h"
#include "util/log.h"

TAILQ_HEAD(sp_link_list, sp_link);
TAILQ_HEAD(sp_request_list, sp_request);

/* All links of one server, and what they share. */
struct sp_links {
    struct sp_server_options options;
    struct sp_server_callbacks callbacks;
    struct sp_counters counters;
    struct sp_schedule schedule;
    struct sp_link_list all; /* those being closed too */
    unsigned count;          /* not being closed */
    struct log_limit killed_log;
    bool is_ended; /* sp_links_end() was called */

    /* Handles in the loop: the links' and, as far as the owner adds them, the owner's. */
    unsigned open_handles;
    /* The last one was closed for good, after sp_links_end(): the memory may go. */
    void (*on_all_closed)(struct sp_links *links);
};

enum sp_phase {
    SP_HELLO,  /* waiting for the peer's greeting */
    SP_FRAMES, /* at the start of a frame */
    SP_DISCARD /* in the rest of a frame that was too long */
};

struct sp_link {
    uv_pipe_t pipe;
    struct sp_links *links;
    struct sp_peer peer;
    void *user;
    TAILQ_ENTRY(sp_link) in_all;
    struct sp_turn turn; /* queued: has read more requests than one turn allows */
    bool is_closing;     /* uv_close was called */
    bool is_reported;    /* on_link_closed was called */
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

/* Makes an empty company of links, from all zero. False: no memory. */
bool sp_links_init(struct sp_links *links, uv_loop_t *loop, const struct sp_server_options *options,
                   const struct sp_server_callbacks *callbacks);
/* Puts the handles of the schedule into the loop. Before it, sp_links_done() alone frees. */
void sp_links_start(struct sp_links *links);
/* Closes every link and reports it closed; no callback is called after this. */
void sp_links_end(struct sp_links *links);
/* One of open_handles was closed for good. */
void sp_links_handle_closed(struct sp_links *links);
void sp_links_done(struct sp_links *links);

/* Starts a link on a connected socket, which it takes over. False: no memory; fd is not taken. */
bool sp_link_start(struct sp_links *links, int fd, const struct sp_peer *peer);

#endif
