/* Calls that do not come as messages: a channel's, a socket's, and the live page's. The same
 * handlers, checks and limits as for requests, and the same codes; nothing of it waits. */
#ifndef TCPENGINED_RPC_LOCAL_H
#define TCPENGINED_RPC_LOCAL_H

#include "rpc/rpc_call.h"

struct rpc_local_open {
    bool passive;
    struct te_endpoint local, remote;
    uint32_t backlog;
    enum te_listen_family family; /* passive */
    bool fast_open;
};

/* The object that was opened or accepted. */
struct rpc_local_opened {
    uint64_t id;
    struct te_endpoint local, remote;
    bool fin_queued; /* by rpc_local_find(): nothing more is sent */
};

/* Each answers with a code of the protocol; ret_opened is set with PB_OK. PB_AGAIN: nobody has
 * connected. */
pb_code rpc_local_open(struct rpc_link *link, const struct rpc_local_open *open,
                       struct rpc_local_opened *ret_opened);
/* What the answer to the last of them advises: which limit bit, if it was PB_RESOURCES. */
pb_hint rpc_local_hint(const struct rpc_link *link);
pb_code rpc_local_accept(struct rpc_link *link, uint64_t listener_id,
                         struct rpc_local_opened *ret_opened);
pb_code rpc_local_close(struct rpc_link *link, uint64_t id);
pb_code rpc_local_abort(struct rpc_link *link, uint64_t id);
/* SetOption: text is of congestion_control. */
pb_code rpc_local_set_option(struct rpc_link *link, uint64_t id, char *name, int64_t value,
                             char *text);
/* Whether the link's program may use the connection with that id, and where it lies. PB_OK,
 * PB_NOT_FOUND, PB_PERMISSION; PB_BAD_STATE for a listener. */
pb_code rpc_local_find(struct rpc_link *link, uint64_t id, struct rpc_local_opened *ret_opened);

/* Asks as a client would, on behalf of link, which may be the daemon's own (rpc_link.h): op is the
 * operation's message, borrowed. Returns the whole answer as it would leave, of *ret_len bytes,
 * valid until the next request. NULL: no answer comes at once, or it is too long. */
const uint8_t *rpc_local_ask(struct rpc_link *link, pb_op_case op_case, const ProtobufCMessage *op,
                             size_t *ret_len);

#endif
