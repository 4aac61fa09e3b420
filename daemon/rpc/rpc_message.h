/* The messages of one call, as values. */
#ifndef TCPENGINED_RPC_MESSAGE_H
#define TCPENGINED_RPC_MESSAGE_H

#include "rpc/pb.h"

/* The operation of a request: a shallow copy, whose texts, endpoints and data stay in the request's
 * arena. */
union rpc_op {
    ProtobufCMessage base;
    pb_attach attach;
    pb_detach detach;
    pb_open open;
    pb_accept accept;
    pb_send send;
    pb_receive receive;
    pb_shutdown shutdown;
    pb_close close;
    pb_abort abort;
    pb_connection_status connection_status;
    pb_list list;
    pb_time_wait_list time_wait_list;
    pb_history history;
    pb_explain explain;
    pb_counters counters;
    pb_next_events next_events;
    pb_capture capture;
    pb_daemon_status daemon_status;
    pb_set_option set_option;
    pb_sessions sessions;
    pb_rank rank;
    pb_fault fault;
};

/* Its result. */
union rpc_result {
    ProtobufCMessage base;
    pb_attach_result attach;
    pb_detach_result detach;
    pb_open_result open;
    pb_accept_result accept;
    pb_send_result send;
    pb_receive_result receive;
    pb_shutdown_result shutdown;
    pb_close_result close;
    pb_abort_result abort;
    pb_connection_status_result connection;
    pb_list_result list;
    pb_time_wait_list_result time_wait_list;
    pb_history_result history;
    pb_explain_result explain;
    pb_counters_result counters;
    pb_next_events_result next_events;
    pb_capture_result capture;
    pb_daemon_status_result daemon;
    pb_set_option_result set_option;
    pb_sessions_result sessions;
    pb_rank_result rank;
    pb_fault_result fault;
};

/* The answer under construction; there is only one at a time. */
struct rpc_answer {
    pb_response response;
    pb_status status;
    union rpc_result result;
    bool has_result;
};

/* RPC_OP(SEND): the number of an operation, which is also that of its result. */
#define RPC_OP(name) TCPENGINE__V1__REQUEST__OP_##name

#endif
