#include "rpc/rpc_stats.h"

#include <string.h>

#include "capture/capture.h"
#include "rpc/rpc_state.h"

void rpc_fill_stats(const struct rpc *rpc, struct rpc_stats *ret_stats)
{
    *ret_stats = (struct rpc_stats){.control = *sp_server_counters(rpc->server),
                                    .counters = rpc->counters,
                                    .links = sp_server_link_count(rpc->server),
                                    .sessions = session_table_count(rpc->sessions),
                                    .objects = object_table_count(rpc->objects),
                                    .waits = rpc->wait_count,
                                    .channels = rpc->channels,
                                    .sockets = rpc->sockets,
                                    .captures_max = CAPTURES_MAX,
                                    .recent = recent_count(rpc->recent),
                                    .held_bytes = rpc->held_bytes};
    if (rpc->host.captures != NULL)
        ret_stats->captures = capture_set_count(rpc->host.captures);
    fault_layer_fill_stats(rpc->host.faults, &ret_stats->faults);
    ret_stats->control.turns_cut = sp_server_turns(rpc->server)->rounds_cut;
    ret_stats->control.turns_held_back = sp_server_turns(rpc->server)->fair.held_back;
    ret_stats->counters.recent_evicted = recent_evicted(rpc->recent);
    memcpy(ret_stats->requests_by_verb, rpc->requests_by_verb, sizeof(rpc->requests_by_verb));
    memcpy(ret_stats->direct_by_verb, rpc->direct_by_verb, sizeof(rpc->direct_by_verb));
    memcpy(ret_stats->answers_by_code, rpc->answers_by_code, sizeof(rpc->answers_by_code));
    memcpy(ret_stats->latency_by_verb, rpc->latency_by_verb, sizeof(rpc->latency_by_verb));
}

const char *rpc_code_name(unsigned code)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&tcpengine__v1__code__descriptor, (int)code);
    return value == NULL ? NULL : value->name;
}
