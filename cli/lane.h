/* The bytes of one connection, from any two threads: one sends, one receives. By a channel
 * (tcpclient/stream.h) if the daemon has room for one, else by requests; everything else about the
 * connection goes by requests either way. */
#ifndef TCPCTL_LANE_H
#define TCPCTL_LANE_H

#include <stddef.h>
#include <stdint.h>
#include <tcpclient/stream.h>

struct lane {
    struct tcpc_client *client;
    uint64_t id;
    struct tcpc_stream *stream; /* NULL: by requests */
    /* By a channel a failure may show only after lane_send() has returned: lane_receive() notes it
     * here. TCPC_OK: there was none. */
    struct tcpc_error send_error;
};

/* Every send and receive goes by lane from now on, one at a time of those that are open. */
void lane_open(struct lane *ret_lane, struct tcpc_client *client, uint64_t id);
/* The rest of its slot, after tcpc_close() or tcpc_abort(). No other call may be out. */
void lane_close(struct lane *lane);
/* The same for a connection that goes on afterwards, and for one direction, while other programs
 * may use the other. lane_give_back() says why part of what was sent is lost. */
void lane_borrow(struct lane *ret_lane, struct tcpc_client *client, uint64_t id, enum tcpc_way way);
enum tcpc_code lane_give_back(struct lane *lane, struct tcpc_error *ret_error);
/* What can be read in place, without waiting; 0: nothing, or the end. By a channel only. */
size_t lane_peek(struct lane *lane, const uint8_t **ret_bytes);
void lane_release(struct lane *lane, size_t len);
/* As tcpc_send() and tcpc_receive(), with their errors. */
enum tcpc_code lane_send(struct lane *lane, const void *data, size_t len, uint32_t wait_ms,
                         struct tcpc_error *ret_error);
enum tcpc_code lane_receive(struct lane *lane, void *buffer, size_t *len, uint32_t wait_ms,
                            struct tcpc_error *ret_error);

#endif
