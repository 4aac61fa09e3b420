#include "tcp/conn/unsent.h"

#include <tcpengine/units.h>

#include "stack_internal.h"
#include "util/seq.h"

/* Two frames of the largest size: one leaves while the user fills the other. */
#define UNSENT_FLOOR_BYTES (128u * TE_KIB)

uint32_t te_unsent_of(const struct te_conn *conn)
{
    const struct te_ring *ring = &conn->send_ring;
    if (conn->is_remains || ring->is_lent || ring->region == NULL)
        return 0;
    uint32_t first = te_conn_send_seq(conn, conn->acked_offset);
    uint32_t queued = (uint32_t)(conn->queued_offset - conn->acked_offset);
    uint32_t sent = seq_gt(conn->snd_max, first) ? conn->snd_max - first : 0;
    return sent < queued ? queued - sent : 0; /* a FIN is no text */
}

uint32_t te_unsent_allowance(const struct te_stack *stack, const struct te_conn *conn)
{
    uint64_t others = stack->conns.unsent_bytes - conn->unsent_bytes;
    uint32_t max = stack->config.unsent_max_bytes;
    uint32_t left = others < max ? max - (uint32_t)others : 0;
    return left > UNSENT_FLOOR_BYTES ? left : UNSENT_FLOOR_BYTES;
}

uint32_t te_unsent_room(const struct te_stack *stack, const struct te_conn *conn)
{
    uint32_t most = te_unsent_allowance(stack, conn);
    return conn->unsent_bytes < most ? most - conn->unsent_bytes : 0;
}

void te_unsent_update(struct te_stack *stack, struct te_conn *conn)
{
    uint32_t unsent = te_unsent_of(conn);
    stack->conns.unsent_bytes += unsent - (uint64_t)conn->unsent_bytes;
    conn->unsent_bytes = unsent;
}
