/* What one refresh of tcpctl top has found, as plain data. */
#ifndef TCPCTL_TOP_FRAME_H
#define TCPCTL_TOP_FRAME_H

#include <tcpclient/tcpclient.h>

#include "top_column.h"

enum { TOP_NAME_MAX = 64, TOP_PROBLEM_MAX = 640 };

/* A connection, as a row. Rates are bytes per second; -1: not known yet. */
struct top_row {
    uint64_t id;
    enum tcpc_state state;
    char local[TCPC_ENDPOINT_TEXT_MAX], peer[TCPC_ENDPOINT_TEXT_MAX];
    char program[TOP_NAME_MAX];
    uint32_t uid, pid;
    int64_t rate_in, rate_out;
    int64_t srtt_us; /* 0: not known */
    uint64_t cwnd_bytes, receive_queue_bytes, send_queue_bytes, retransmits;
};

/* Per second, since the refresh before. */
struct top_rates {
    uint64_t bytes_in, bytes_out, segments_in, segments_out, retransmissions, opens, closes;
};

struct top_frame {
    char problem[TOP_PROBLEM_MAX]; /* why the rest is not of now; "": it is */
    int64_t wall_us;               /* since 1970 */
    int64_t uptime_us;
    uint64_t states[TCPC_STATE_COUNT];
    uint64_t sessions, memory_used_bytes, memory_max_bytes;
    bool has_rates;
    struct top_rates rates;
    uint64_t matched;   /* connections that the filter selects */
    uint64_t reachable; /* of them: so many may be scrolled to */
    uint64_t first;     /* place of rows[0] in the order, from 0 */
    uint64_t selected;  /* place of the connection that was to be followed, or of the cursor */
    struct top_row *rows;
    size_t count;
    /* Of the connection that was asked about: what explain says, in lines; NULL: none. */
    char *explanation;
    uint64_t explained_id;
};

/* NULL is legal. */
void top_frame_free(struct top_frame *frame);

#endif
