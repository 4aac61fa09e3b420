/* Which listeners have series of their own in the metrics: LISTENER_ROWS_MAX at most, and one sum
 * for all others, so that the number of series is bounded.
 *
 * Series must not flap. A listener keeps its row until it is closed, unless another one without a
 * row has dropped LISTENER_ROWS_LEAD times as much and more. A counter of a row counts since the
 * listener has had it: before that it was counted among the others, where it stays. Hence no
 * counter ever goes back, and nothing is counted twice. */
#ifndef TCPENGINED_LISTENER_ROWS_H
#define TCPENGINED_LISTENER_ROWS_H

#include <tcpengine/stack.h>
#include <tcpengine/tally.h>

#define LISTENER_ROWS_MAX 16
#define LISTENER_ROWS_LEAD 2
#define LISTENER_ROW_NAME_MAX (2 * TE_ADDR_TEXT_MAX + 8)
#define LISTENER_ROW_OTHER "(other)"

struct listener_counts {
    uint64_t accept_drops, syn_drops, cookies_sent;
};

/* As metrics show it. */
struct listener_row {
    char name[LISTENER_ROW_NAME_MAX]; /* "10.0.0.2:80"; "*:80 from 10.0.0.9:*" */
    uint32_t accept_count, backlog, syn_count, syn_max;
    struct listener_counts counts;
    /* For the module alone. */
    uint64_t id;
    uint64_t weight;             /* all that it ever dropped or gave cookies for */
    struct listener_counts base; /* what was counted among the others */
    bool is_seen;
};

struct listener_rows {
    struct listener_row rows[LISTENER_ROWS_MAX];
    unsigned count;
    struct listener_row other;         /* the sum of all others, those that are closed included */
    struct listener_counts attributed; /* to rows, ever */
    uint64_t newest_id;
};

/* Looks at each listener once. Begin with a zeroed *rows. */
void listener_rows_update(struct listener_rows *rows, const struct te_stack *stack);

/* The parts of it: one look, at each listener in any order; total is of all that there ever were.
 */
struct listener_look {
    struct te_listener_tally best[LISTENER_ROWS_MAX]; /* without a row: who should have one first */
    unsigned count;
    uint64_t newest_id;
};
void listener_rows_begin(struct listener_rows *rows, struct listener_look *look);
void listener_rows_see(struct listener_rows *rows, struct listener_look *look,
                       const struct te_listener_tally *tally);
void listener_rows_end(struct listener_rows *rows, const struct listener_look *look,
                       const struct listener_counts *total);

#endif
