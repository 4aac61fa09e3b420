/* Limits on clients and sessions, as the configuration sets them. */
#ifndef TCPENGINED_RPC_OPTIONS_H
#define TCPENGINED_RPC_OPTIONS_H

#include <tcpengine/units.h>

#include "sp/sp.h"

#define RPC_SESSION_GRACE_DEFAULT_US TE_SECOND
#define RPC_SESSION_KEEP_MAX_DEFAULT_US TE_DAY
#define RPC_SESSIONS_PER_UID_MAX_DEFAULT 64
#define RPC_SESSIONS_MAX_DEFAULT 4096
/* Beyond that, for root alone. */
#define RPC_SESSIONS_RESERVE 16
#define RPC_OBJECTS_PER_UID_MAX_DEFAULT 65536
#define RPC_WAITS_PER_LINK_MAX_DEFAULT 64
#define RPC_WAITS_PER_UID_MAX_DEFAULT 1024
#define RPC_EVENT_READERS_PER_UID_MAX_DEFAULT 64
#define RPC_HELD_PER_UID_MAX_DEFAULT (8 * TE_MIB)
#define RPC_HELD_MAX_DEFAULT (64 * TE_MIB)
#define RPC_WAIT_MAX_DEFAULT_US TE_HOUR
#define RPC_CHANNELS_PER_UID_MAX_DEFAULT 16
#define RPC_CHANNELS_MAX_DEFAULT 128
/* An eighth stays for the others, whatever one user takes. */
#define RPC_SOCKETS_MAX_DEFAULT 65536
#define RPC_SOCKETS_PER_UID_MAX_DEFAULT (RPC_SOCKETS_MAX_DEFAULT / 8 * 7)
#define RPC_PRIVILEGED_MAX 32
/* Local ports below this one are for admins and privileged_uids alone: what listens there passes
 * for a service of the host. */
#define RPC_PORT_FREE_FIRST 1024

struct rpc_options {
    struct sp_server_options control;
    int64_t session_grace_us;    /* from the end of a session's last link to its policy */
    int64_t session_keep_max_us; /* longest keep_seconds that Attach may ask for */
    unsigned sessions_per_uid_max;
    unsigned sessions_max;
    unsigned objects_per_uid_max;       /* connections and listeners held by one uid */
    unsigned waits_per_link_max;        /* waiting requests of one link */
    unsigned waits_per_uid_max;         /* of one uid's links together */
    unsigned event_readers_per_uid_max; /* of these, NextEvents */
    size_t held_per_uid_max;            /* bytes of Send data held by one uid's waiting requests */
    size_t held_max;                    /* the same for all uids together */
    size_t recent_max;                  /* remembered answers; default RECENT_MAX_DEFAULT */
    unsigned channels_per_uid_max;      /* channels of one uid */
    unsigned channels_max;              /* in all; 0: none, and no socket for them */
    unsigned sockets_per_uid_max;       /* sockets of one uid */
    unsigned sockets_max;               /* in all; 0: none, and no socket for requests about them */
    int64_t wait_max_us;                /* longest wait_ms */
    uint32_t privileged_uids[RPC_PRIVILEGED_MAX]; /* may use ports below RPC_PORT_FREE_FIRST */
    unsigned privileged_count;
    uint64_t boot_id; /* 0: drawn at random */
};
/* Sets every option to its default; control.path is NULL. */
void rpc_options_init(struct rpc_options *options);
/* Whether uid is among privileged_uids. */
bool rpc_may_use_low_ports(const struct rpc_options *options, uint32_t uid);

#endif
