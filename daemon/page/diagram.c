#include "page/diagram.h"

static json_t *move_json(enum te_state from, enum te_state to, enum te_cause cause)
{
    return json_pack("{s:s, s:s, s:s}", "from", te_state_name(from), "to", te_state_name(to),
                     "cause", te_cause_text(cause));
}

json_t *diagram_edges_json(void)
{
    size_t count;
    const struct te_edge *edges = te_edges(&count);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, move_json(edges[i].from, edges[i].to, edges[i].cause));
    return array;
}

static struct diagram_move *find(struct diagram_moves *moves, const struct te_transition *wanted)
{
    for (unsigned i = 0; i < moves->count; i++) {
        struct diagram_move *move = &moves->moves[i];
        if (move->from == wanted->from && move->to == wanted->to && move->cause == wanted->cause)
            return move;
    }
    return NULL;
}

void diagram_add(struct diagram_moves *moves, const struct te_transition *transition)
{
    struct diagram_move *move = find(moves, transition);
    moves->closes += transition->to == TE_CLOSED && transition->from != TE_LISTEN;
    if (move == NULL && moves->count == DIAGRAM_MOVES_MAX) {
        moves->lost++;
        return;
    }
    if (move == NULL) {
        move = &moves->moves[moves->count++];
        *move = (struct diagram_move){.from = (uint8_t)transition->from,
                                      .to = (uint8_t)transition->to,
                                      .cause = (uint8_t)transition->cause};
    }
    move->count++;
}

void diagram_clear(struct diagram_moves *moves)
{
    *moves = (struct diagram_moves){.count = 0};
}

json_t *diagram_moves_json(const struct diagram_moves *moves)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < moves->count; i++) {
        const struct diagram_move *move = &moves->moves[i];
        json_t *object = move_json((enum te_state)move->from, (enum te_state)move->to,
                                   (enum te_cause)move->cause);
        json_object_set_new(object, "count", json_integer((json_int_t)move->count));
        json_array_append_new(array, object);
    }
    return array;
}
