/* One link of the control socket: greeting, frames, output. sp.h is the interface for its users;
 * this one is for the server, which starts and ends links. */
#ifndef TCPENGINED_SP_LINK_H
#define TCPENGINED_SP_LINK_H

#include "sp/sp.h"
#include "sp/sp_schedule.h"
#include "util/log_uid.h"
#include "util/turns.h"

TAILQ_HEAD(sp_link_list, sp_link);
TAILQ_HEAD(sp_request_list, sp_request);

/* All links of a server, and what they share. */
struct sp_links {
    struct sp_server_options options;
    struct sp_server_callbacks callbacks;
    struct sp_counters counters;
    struct sp_schedule schedule;
    struct turns turns;
    struct sp_link_list all; /* including those being closed */
    unsigned count;          /* excluding those and the refused ones */
    unsigned refused_count;  /* excluding those being closed */
    bool is_ended;           /* sp_links_end() was called */

    /* Open handles in the loop: the links', schedule's and turns', and those that the owner counts
     * here too. */
    unsigned open_handles;
    /* Called after sp_links_end() when the last of them has closed: free the memory now. */
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
    struct fair_share *share;
    struct fair_job input; /* queued: was read, and has not been handled */
    struct fair_job work;  /* queued: on_turn is due */
    bool is_closing;       /* uv_close was called */
    bool is_reported;      /* on_link_closed was called */
    bool is_reading;
    bool is_full;
    char refusal[SP_REFUSAL_MAX]; /* empty: none */

    enum sp_phase phase;
    uint8_t *in; /* in[in_start..in_end) was read but not handled yet */
    size_t in_start, in_end, in_size;
    uint64_t discard_bytes;            /* SP_DISCARD: left to skip */
    struct sp_deadline input_deadline; /* for the greeting, or the message that has begun */

    struct sp_write *collected; /* the next output for libuv; NULL: none */
    bool is_writing;            /* libuv is writing a piece of output */
    uint64_t queued_bytes;      /* total that the socket did not take at once */
    uint64_t stall_sent_bytes;  /* link_sent() when stall_deadline was armed */
    struct sp_deadline stall_deadline;
    struct sp_request_list requests; /* not yet answered */
    struct sp_request_list spare;    /* answered: the next ones need no memory */
    unsigned spare_count;
};

/* Initializes links, which must be all zero. False: no memory. */
bool sp_links_init(struct sp_links *links, uv_loop_t *loop, const struct sp_server_options *options,
                   const struct sp_server_callbacks *callbacks);
/* Adds the schedule's handles to the loop. Without it, sp_links_done() is enough to clean up. */
void sp_links_start(struct sp_links *links);
/* Closes every link and reports it closed. No callback is called afterwards, except on_all_closed.
 */
void sp_links_end(struct sp_links *links);
/* Call from the close callback of each handle that the owner counted in open_handles. */
void sp_links_handle_closed(struct sp_links *links);
/* Frees what sp_links_init() allocated, not links itself. */
void sp_links_done(struct sp_links *links);

/* Starts a link on fd, a connected socket, which the link then owns; share is its uid's. False: no
 * memory; fd is still the caller's. */
bool sp_link_start(struct sp_links *links, int fd, const struct sp_peer *peer,
                   struct fair_share *share);
/* The same for a link over a limit, which lives for refused_timeout_ms at most: long enough for its
 * client to ask something and to be told why. */
bool sp_link_start_refused(struct sp_links *links, int fd, const struct sp_peer *peer,
                           struct fair_share *share, const char *refusal);

#endif
