/* From a pair of endpoints to what answers there. */
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/conn_table.h"
#include "tcp/listen/listener_table.h"
#include "tcp/time_wait/time_wait.h"

bool te_find(const struct te_stack *stack, const struct te_endpoint *local,
             const struct te_endpoint *remote, struct te_found *ret_found)
{
    const struct te_conn *conn = te_conn_table_find(stack, local, remote);
    if (conn != NULL) {
        *ret_found = (struct te_found){conn->id, conn->uid, conn->state};
        return true;
    }
    uint32_t handle = te_time_wait_find(stack, local, remote);
    if (handle != TE_TIME_WAIT_NONE) {
        struct te_time_wait_view view;
        te_time_wait_view(stack, handle, &view);
        *ret_found = (struct te_found){view.id, view.uid, TE_TIME_WAIT};
        return true;
    }
    const struct te_listener *listener = te_listener_find(stack, local, remote);
    if (listener == NULL)
        return false;
    *ret_found = (struct te_found){listener->id, listener->uid, TE_LISTEN};
    return true;
}
