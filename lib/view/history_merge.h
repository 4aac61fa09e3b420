/* A connection's transitions and notes in order of time. */
#ifndef VIEW_HISTORY_MERGE_H
#define VIEW_HISTORY_MERGE_H

#include <tcpclient/tcpclient.h>

/* A place in both; begins at 0, 0. */
struct history_merge {
    const struct tcpc_history *history;
    bool with_notes;
    size_t transition, note;
};

/* Of the two that are next, sets one, and NULL in place of the other. False: both are at their
 * ends. */
bool history_merge_next(struct history_merge *merge, const struct tcpc_transition **ret_transition,
                        const struct tcpc_note **ret_note);

#endif
