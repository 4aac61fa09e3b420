/* Faults on live connections, as requests and responses: part of tcpclient.h, which includes it. */
#ifndef TCPCLIENT_FAULT_H
#define TCPCLIENT_FAULT_H

#include <stddef.h>
#include <stdint.h>

struct tcpc_filter_node;

enum tcpc_fault_verb { TCPC_FAULT_ADD, TCPC_FAULT_LIST, TCPC_FAULT_REMOVE };
enum tcpc_direction {
    TCPC_DIRECTION_OWN,
    TCPC_DIRECTION_IN,
    TCPC_DIRECTION_OUT,
    TCPC_DIRECTION_BOTH
};

/* Texts and nodes are borrowed until the call is over. */
struct tcpc_fault {
    enum tcpc_fault_verb verb;
    uint64_t id;        /* REMOVE; LIST: the first to show */
    uint64_t token;     /* ADD: as for OPEN; 0: none */
    uint64_t target_id; /* ADD: a connection or a listener; 0: what filter selects */
    const struct tcpc_filter_node *filter;
    size_t filter_count;
    const char *target; /* filter, as its user wrote it */
    const char *what;   /* "drop ack-of-fin" (docs/faults.md) */
    enum tcpc_direction direction;
    uint64_t count;                  /* hits until it is over; 0: no limit */
    uint32_t probability_millionths; /* 0: always */
    uint32_t delay_ms;               /* 0: the kind's own */
    uint32_t lasts_ms;               /* 0: no limit */
};

struct tcpc_fault_row {
    uint64_t id;
    const char *target, *what, *aim;
    uint64_t target_id, count, hits;
    int64_t expires_ms; /* from now; -1: not by time */
    enum tcpc_direction direction;
    uint32_t probability_millionths, delay_ms, uid;
};

/* FAULT: id after ADD, rows after LIST. */
struct tcpc_faults {
    uint64_t id;
    const struct tcpc_fault_row *rows;
    size_t count;
    uint64_t next_id; /* LIST again from this one; 0: that was all */
};

#endif
