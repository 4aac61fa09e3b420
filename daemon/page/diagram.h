/* The state diagram: its edges, and how often connections have moved along each. */
#ifndef TCPENGINED_DIAGRAM_H
#define TCPENGINED_DIAGRAM_H

#include <jansson.h>
#include <tcpengine/event.h>

/* Legal edges times their causes are fewer; what is beyond is counted as lost. */
#define DIAGRAM_MOVES_MAX 128

struct diagram_move {
    uint8_t from, to, cause;
    uint64_t count;
};

/* Moves since the last diagram_clear(). */
struct diagram_moves {
    unsigned count;
    struct diagram_move moves[DIAGRAM_MOVES_MAX];
    uint64_t lost;
    uint64_t closes; /* moves to CLOSED of what was a connection */
};

/* All edges that the engine allows: [{"from","to","cause"}]. */
json_t *diagram_edges_json(void);

void diagram_add(struct diagram_moves *moves, const struct te_transition *transition);
void diagram_clear(struct diagram_moves *moves);
/* [{"from","to","cause","count"}] */
json_t *diagram_moves_json(const struct diagram_moves *moves);

#endif
