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
/* As tcpc_send() and tcpc_receive(), with their errors. */
enum tcpc_code lane_send(struct lane *lane, const void *data, size_t len, uint32_t wait_ms,
                         struct tcpc_error *ret_error);
enum tcpc_code lane_receive(struct lane *lane, void *buffer, size_t *len, uint32_t wait_ms,
                            struct tcpc_error *ret_error);

#endif
