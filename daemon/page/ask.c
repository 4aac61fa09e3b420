#include "page/ask.h"

#include <answer.h>
#include <encode_filter.h>

#include "rpc/rpc_link.h"
#include "rpc/rpc_local.h"

bool ask_init(struct ask *ask, struct rpc *rpc)
{
    return rpc_link_init_own(&ask->link, rpc);
}

void ask_done(struct ask *ask)
{
    rpc_link_done_own(&ask->link);
}

static struct tcpc_response *ask_for(struct ask *ask, enum tcpc_op op, pb_op_case op_case,
                                     const ProtobufCMessage *message)
{
    size_t len;
    const uint8_t *bytes = rpc_local_ask(&ask->link, op_case, message, &len);
    return bytes == NULL ? NULL : tcpci_answer_decode(op, bytes, len);
}

struct tcpc_response *ask_about(struct ask *ask, enum tcpc_op op, uint64_t id)
{
    pb_connection_status status = TCPENGINE__V1__CONNECTION_STATUS__INIT;
    pb_explain explain = TCPENGINE__V1__EXPLAIN__INIT;
    pb_history history = TCPENGINE__V1__HISTORY__INIT;
    pb_counters counters = TCPENGINE__V1__COUNTERS__INIT;
    pb_daemon_status daemon = TCPENGINE__V1__DAEMON_STATUS__INIT;
    status.id = explain.id = history.id = id;
    switch (op) {
    case TCPC_OP_STATUS:
        return ask_for(ask, op, RPC_OP(STATUS), &status.base);
    case TCPC_OP_EXPLAIN:
        return ask_for(ask, op, RPC_OP(EXPLAIN), &explain.base);
    case TCPC_OP_HISTORY:
        return ask_for(ask, op, RPC_OP(HISTORY), &history.base);
    case TCPC_OP_COUNTERS:
        return ask_for(ask, op, RPC_OP(COUNTERS), &counters.base);
    case TCPC_OP_DAEMON_STATUS:
        return ask_for(ask, op, RPC_OP(DAEMON_STATUS), &daemon.base);
    default:
        return NULL;
    }
}

struct tcpc_response *ask_page(struct ask *ask, enum tcpc_op op, const struct tcpc_page *page)
{
    pb_filter_node nodes[TCPC_FILTER_NODES_MAX], *pointers[TCPC_FILTER_NODES_MAX];
    size_t count = tcpci_encode_filter(page->filter, page->filter_count, nodes, pointers);
    pb_list list = TCPENGINE__V1__LIST__INIT;
    pb_time_wait_list time_wait = TCPENGINE__V1__TIME_WAIT_LIST__INIT;
    list.cursor = time_wait.cursor = page->cursor;
    list.max = time_wait.max = page->max;
    list.details = page->details;
    list.filter = time_wait.filter = pointers;
    list.n_filter = time_wait.n_filter = count;
    return op == TCPC_OP_LIST ? ask_for(ask, op, RPC_OP(LIST), &list.base)
                              : ask_for(ask, op, RPC_OP(TIME_WAIT_LIST), &time_wait.base);
}
