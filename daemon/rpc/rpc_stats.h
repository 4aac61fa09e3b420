/* What the rpc counts, for the metrics and for Counters. */
#ifndef TCPENGINED_RPC_STATS_H
#define TCPENGINED_RPC_STATS_H

#include "fault/fault_layer.h"
#include "sp/sp.h"
#include "util/histogram.h"

/* Rows of the table of verbs. */
#define RPC_VERB_COUNT 22
/* Status codes, OK included. */
#define RPC_CODE_COUNT 22

#define RPC_COUNTER_LIST(X)                                                                        \
    X(requests_malformed, "Requests that could not be decoded")                                    \
    X(requests_unsupported, "Requests of an unknown version or verb")                              \
    X(requests_denied, "Requests denied: not the caller's, or a port below 1024")                  \
    X(requests_repeated, "Requests answered from memory: they arrived twice")                      \
    X(recent_evicted, "Remembered answers evicted by newer ones")                                  \
    X(waits_refused, "Waiting requests refused: too many of one link, or too much data")           \
    X(waits_superseded, "Waiting requests replaced by their own repetition")                       \
    X(deadlines_passed, "Requests answered with DEADLINE")                                         \
    X(objects_refused, "Open and Accept refused: too many connections of one uid")                 \
    X(sessions_made, "Sessions made")                                                              \
    X(sessions_resumed, "Sessions resumed by their token")                                         \
    X(sessions_refused, "Sessions refused: too many")                                              \
    X(sessions_ended, "Sessions ended, by Detach or because their client was gone")                \
    X(session_objects_closed, "Connections and listeners closed by a session's policy")            \
    X(session_objects_aborted, "Connections and listeners aborted by a session's policy")          \
    X(channels_made, "Channels made")                                                              \
    X(channels_refused, "Channels refused: a bad greeting, too many, or no memory for one")        \
    X(channels_abandoned, "Channels closed: no greeting in time, or no end of talk after it")      \
    X(channel_requests, "Requests made through channels")                                          \
    X(channel_requests_bad, "Of these, refused: they made no sense in their slot")                 \
    X(channel_positions_bad, "Connections reset: a position in their slot could not be")           \
    X(sockets_made, "Sockets made: descriptors of connections and listeners")                      \
    X(sockets_accepted, "Of these, for accepted connections")                                      \
    X(sockets_reset,                                                                               \
      "Sockets whose connection was reset: closed with unread bytes, or by request")               \
    X(socket_requests, "Requests about sockets")                                                   \
    X(socket_requests_bad, "Of these, refused: they made no sense, or had the wrong descriptor")   \
    X(socket_links_refused, "Connections for requests about sockets refused: too many")

struct rpc_counters {
#define RPC_COUNTER_FIELD(name, help) uint64_t name;
    RPC_COUNTER_LIST(RPC_COUNTER_FIELD)
#undef RPC_COUNTER_FIELD
};

/* A snapshot of counters and gauges. */
struct rpc_stats {
    struct sp_counters control;
    struct rpc_counters counters;
    uint64_t requests_by_verb[RPC_VERB_COUNT]; /* named by rpc_verb_name() */
    uint64_t answers_by_code[RPC_CODE_COUNT];  /* named by rpc_code_name() */
    /* Of these, by channels, sockets and the live page: carried out where they are found. */
    uint64_t direct_by_verb[RPC_VERB_COUNT];
    /* From a request's being read to its answer, waiting included, of all others. */
    struct histogram latency_by_verb[RPC_VERB_COUNT];
    size_t links, sessions, objects, waits, recent, channels, sockets;
    size_t captures, captures_max;
    size_t held_bytes; /* Send data of waiting requests */
    struct fault_stats faults;
};
struct rpc;
/* Fills all of *ret_stats. */
void rpc_fill_stats(const struct rpc *rpc, struct rpc_stats *ret_stats);
/* "Open" and "REFUSED"; NULL beyond the counts above. */
const char *rpc_verb_name(unsigned index);
const char *rpc_code_name(unsigned code);

#endif
