/* What happened to a connection, with the keys of tcpctl history. */
#include "history_merge.h"
#include "json.h"
#include "owner.h"

static json_t *transition_json(const struct tcpc_transition *row)
{
    json_t *object = json_object();
    json_put(object, "time_us", json_integer(row->time_us));
    json_put(object, "kind", json_text("state"));
    json_put(object, "from", json_state(row->from));
    json_put(object, "to", json_state(row->to));
    json_put(object, "cause", json_text(row->cause));
    json_put(object, "segment", json_segment(row->segment));
    json_put(object, "note", json_null());
    return object;
}

/* To a reader of transitions alone it is one from a state to itself. */
static json_t *note_json(const struct tcpc_note *note)
{
    json_t *object = json_object();
    json_put(object, "time_us", json_integer(note->time_us));
    json_put(object, "kind", json_text(note->kind));
    json_put(object, "from", json_state(note->state));
    json_put(object, "to", json_state(note->state));
    json_put(object, "cause", json_text(note->text));
    json_put(object, "segment", json_null());
    json_put(object, "note", json_note(note));
    return object;
}

json_t *json_history(const struct tcpc_history *history, bool with_notes)
{
    json_t *array = json_array();
    struct history_merge merge = {.history = history, .with_notes = with_notes};
    const struct tcpc_transition *transition;
    const struct tcpc_note *note;
    while (history_merge_next(&merge, &transition, &note)) {
        json_t *object = note != NULL ? note_json(note) : transition_json(transition);
        json_put(object, "owner", owner_json(&history->owner));
        json_append(array, object);
    }
    return array;
}
