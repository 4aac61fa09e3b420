/* Channels: memory that programs share with the daemon, for the path of each byte (lib/channel).
 *
 * Theory of operation: a program connects to the socket beside the control socket and says how much
 * it wants (channel_link). From then on it writes into the memory, and rings the daemon's bell only
 * if the daemon has said that it sleeps. The daemon looks at the slots whose bits are set in turns
 * of the program's uid (turns.h), as it does for requests. What the engine reports about a
 * connection in a slot is written to the slot at once, and the program's bell is rung if that
 * sleeps.
 *
 *   channel_server  the socket, and limits
 *   channel_link    one channel: set-up, memory, bells, turns, end
 *   channel_place   one slot: requests, positions, events
 *   channel_news    who has to hear of what
 *   channel_rest    who need not ring, as the daemon looks before it sleeps
 *
 * A slot's requests go the way of all requests (rpc_local.h). When the program is gone its
 * connections are closed or aborted, as it has asked; those that it has moved in from the control
 * socket go back there. */
#ifndef TCPENGINED_CHANNEL_SERVER_H
#define TCPENGINED_CHANNEL_SERVER_H

#include "rpc/rpc.h"

/* What a channel keeps open: its socket, and the daemon's bell. */
#define CHANNEL_DESCRIPTORS 2

struct channel_server;

struct channel_server_options {
    const char *control_path; /* of the control socket */
    gid_t control_gid, admin_gid;
    unsigned per_uid_max, max;
};

/* Starts listening; rpc must outlive the server. NULL: the log says why. */
struct channel_server *channel_server_new(uv_loop_t *loop, struct rpc *rpc,
                                          const struct channel_server_options *options);
/* No new channels, and the socket's file is removed. NULL is legal. */
void channel_server_stop(struct channel_server *server);
/* Ends every channel. The memory is freed by the loop's next turns. NULL is legal. */
void channel_server_free(struct channel_server *server);
/* Looks whether clients have done something that they did not ring for. True: it is queued. Call
 * when the events of a flush have been delivered, and as often as you like. NULL is legal. */
bool channel_server_look(struct channel_server *server);
/* Call before the loop waits. NULL is legal. */
void channel_server_on_rest(struct channel_server *server);
/* The engine holds nothing of what the connection sends: drops the pages of its send ring, unless
 * its program writes there. False: it does, or there is no such ring. NULL is legal. */
bool channel_server_vacate_send(struct channel_server *server, uint64_t id);
/* Call before a request shuts the connection down, or closes it: what its program has written and
 * read counts, although the daemon has not looked yet. NULL is legal. */
void channel_server_before_end(struct channel_server *server, uint64_t id, bool is_close);
/* A request sends what te_send() does not take, as the connection's buffers are lent: as te_send().
 * TE_ERR_STATE: a program sends through a channel. NULL is legal. */
enum te_err channel_server_send(struct channel_server *server, uint64_t id, const uint8_t *data,
                                size_t len, size_t *ret_accepted);
/* Call with every event of the engine. NULL is legal. */
void channel_server_on_event(struct channel_server *server, const struct te_event *event);

#endif
