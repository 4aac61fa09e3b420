#include "history_merge.h"

/* One segment can bring about both: the note that was made in the state before comes first. */
static bool comes_first(const struct tcpc_note *note, const struct tcpc_transition *transition)
{
    return note->time_us < transition->time_us ||
           (note->time_us == transition->time_us && note->state == transition->from);
}

bool history_merge_next(struct history_merge *merge, const struct tcpc_transition **ret_transition,
                        const struct tcpc_note **ret_note)
{
    const struct tcpc_history *history = merge->history;
    bool has_transition = merge->transition < history->count;
    bool has_note = merge->with_notes && merge->note < history->note_count;
    *ret_transition = NULL;
    *ret_note = NULL;
    if (has_note && (!has_transition ||
                     comes_first(&history->notes[merge->note], &history->rows[merge->transition])))
        *ret_note = &history->notes[merge->note++];
    else if (has_transition)
        *ret_transition = &history->rows[merge->transition++];
    return has_transition || has_note;
}
