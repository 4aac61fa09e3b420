#include "rpc/rpc_options.h"

#include "session/recent.h"
#include "sp/sp_server.h"

void rpc_options_init(struct rpc_options *options)
{
    *options = (struct rpc_options){
        .session_grace_us = RPC_SESSION_GRACE_DEFAULT_US,
        .session_keep_max_us = RPC_SESSION_KEEP_MAX_DEFAULT_US,
        .sessions_per_uid_max = RPC_SESSIONS_PER_UID_MAX_DEFAULT,
        .sessions_max = RPC_SESSIONS_MAX_DEFAULT,
        .objects_per_uid_max = RPC_OBJECTS_PER_UID_MAX_DEFAULT,
        .waits_per_link_max = RPC_WAITS_PER_LINK_MAX_DEFAULT,
        .waits_per_uid_max = RPC_WAITS_PER_UID_MAX_DEFAULT,
        .event_readers_per_uid_max = RPC_EVENT_READERS_PER_UID_MAX_DEFAULT,
        .held_per_uid_max = RPC_HELD_PER_UID_MAX_DEFAULT,
        .held_max = RPC_HELD_MAX_DEFAULT,
        .recent_max = RECENT_MAX_DEFAULT,
        .channels_per_uid_max = RPC_CHANNELS_PER_UID_MAX_DEFAULT,
        .channels_max = RPC_CHANNELS_MAX_DEFAULT,
        .sockets_per_uid_max = RPC_SOCKETS_PER_UID_MAX_DEFAULT,
        .sockets_max = RPC_SOCKETS_MAX_DEFAULT,
        .wait_max_us = RPC_WAIT_MAX_DEFAULT_US,
    };
    sp_server_options_init(&options->control);
}

bool rpc_may_use_low_ports(const struct rpc_options *options, uint32_t uid)
{
    for (unsigned i = 0; i < options->privileged_count; i++)
        if (options->privileged_uids[i] == uid)
            return true;
    return false;
}
