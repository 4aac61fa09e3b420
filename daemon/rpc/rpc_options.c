#include "rpc/rpc_options.h"

#include "session/recent.h"
#include "sp/sp_server.h"

#define US_PER_S INT64_C(1000000)

void rpc_options_init(struct rpc_options *options)
{
    *options = (struct rpc_options){.session_grace_us = US_PER_S,
                                    .session_keep_max_us = 24 * 3600 * US_PER_S,
                                    .sessions_per_uid_max = 64,
                                    .sessions_max = 4096,
                                    .objects_per_uid_max = 65536,
                                    .waits_per_link_max = 64,
                                    .held_per_uid_max = (size_t)8 * 1024 * 1024,
                                    .held_max = (size_t)64 * 1024 * 1024,
                                    .recent_max = RECENT_MAX_DEFAULT,
                                    .wait_max_us = 3600 * US_PER_S};
    sp_server_options_init(&options->control);
}
