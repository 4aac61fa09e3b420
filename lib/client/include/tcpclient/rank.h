/* TCPC_OP_RANK: who comes first by a number, for sorted lists that are shown in part. */
#ifndef TCPCLIENT_RANK_H
#define TCPCLIENT_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcpc_filter_node;

/* Most ids of one LIST, which may also be of connections in TIME_WAIT. */
#define TCPC_LIST_IDS_MAX 128

/* By which number: RankKey of tcpengine.proto. */
enum tcpc_rank_key {
    TCPC_RANK_ID = 0,
    TCPC_RANK_STATE,
    TCPC_RANK_BYTES,
    TCPC_RANK_RTT,
    TCPC_RANK_CWND,
    TCPC_RANK_RECEIVE_QUEUE,
    TCPC_RANK_SEND_QUEUE,
    TCPC_RANK_RETRANSMITS,
    TCPC_RANK_PEER,
    TCPC_RANK_PROGRAM
};

/* Of 16 bytes for PEER and PROGRAM; BYTES: received, and acknowledged; else low is 0. */
struct tcpc_rank_value {
    uint64_t high, low;
};

/* One page of those that come first by a number. */
struct tcpc_rank {
    uint64_t cursor; /* 0: from the start; else that of the page before */
    enum tcpc_rank_key key;
    bool is_lowest_first;
    bool has_beyond; /* only those that come before this number and, of equals, this id */
    struct tcpc_rank_value beyond;
    uint64_t beyond_id;
    uint32_t states; /* only these, one bit each; 0: all */
    /* As in struct tcpc_page. */
    const struct tcpc_filter_node *filter;
    size_t filter_count;
    int64_t moved_within_us; /* not 0: of those that sent and received nothing for so long ... */
    uint64_t still_below_id; /* ... only those with lower ids */
};

/* In no order. */
struct tcpc_ranked {
    const uint64_t *ids;
    const struct tcpc_rank_value *values; /* one per id */
    size_t count;
    uint64_t highest_id; /* of those that matched; 0: none did */
    uint64_t cursor;
    bool is_done;
    uint64_t matched; /* that states and filter selected, whether or not they are among ids */
};

#endif
