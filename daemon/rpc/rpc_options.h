/* Limits of clients and sessions, as the configuration sets them. */
#ifndef TCPENGINED_RPC_OPTIONS_H
#define TCPENGINED_RPC_OPTIONS_H

#include "sp/sp.h"

struct rpc_options {
    struct sp_server_options control;
    int64_t session_grace_us;      /* default 1 s */
    int64_t session_keep_max_us;   /* default 1 day */
    unsigned sessions_per_uid_max; /* default 64 */
    unsigned sessions_max;         /* default 4,096 */
    unsigned objects_per_uid_max;  /* connections and listeners held by one uid; default 65,536 */
    unsigned waits_per_link_max;   /* requests of one link that wait; default 64 */
    size_t held_per_uid_max;       /* bytes of their data; default 8 MiB */
    size_t held_max;               /* of all uids; default 64 MiB */
    size_t recent_max;             /* remembered answers; default 4,096 */
    int64_t wait_max_us;           /* longest wait_ms; default 1 hour */
    uint64_t boot_id;              /* 0: drawn at random */
};
void rpc_options_init(struct rpc_options *options);

#endif
