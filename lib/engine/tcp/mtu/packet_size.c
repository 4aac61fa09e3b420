#include "tcp/mtu/packet_size.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/options.h"

uint32_t te_path_mtu_limit(const struct te_stack *stack, const struct te_conn *conn)
{
    uint32_t peer = conn->peer_mss + te_options_headers_bytes(&conn->remote.addr);
    return peer < stack->config.mtu_bytes ? peer : stack->config.mtu_bytes;
}

void te_path_mtu_set(struct te_conn *conn, uint32_t mtu_bytes)
{
    assert(mtu_bytes <= UINT16_MAX);
    conn->path_mtu = (uint16_t)mtu_bytes;
    te_options_update_mss(conn);
    if (conn->cc.cwnd_bytes < conn->mss) /* no window of less than one segment */
        conn->cc.cwnd_bytes = conn->mss;
}
