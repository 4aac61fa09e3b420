#include "diagram.h"

#include <string.h>

#include "edges.h"

#define GREY "#8a8f98"
#define LINE_CHARS 18

struct place {
    int x, y;             /* points */
    int aside_x, aside_y; /* offset of the names of its other ends */
};

static const struct place places[TE_STATE_COUNT] = {
    [TE_CLOSED] = {0, 790, 0, 0},         [TE_LISTEN] = {0, 650, 0, -70},
    [TE_SYN_RCVD] = {-300, 520, -175, 0}, [TE_SYN_SENT] = {300, 520, 145, 0},
    [TE_ESTABLISHED] = {0, 390, 0, -90},  [TE_FIN_WAIT_1] = {-300, 240, -195, 0},
    [TE_CLOSE_WAIT] = {300, 240, 160, 0}, [TE_FIN_WAIT_2] = {-300, 90, -195, 0},
    [TE_CLOSING] = {0, 90, 0, 75},        [TE_LAST_ACK] = {300, 90, 145, 0},
    [TE_TIME_WAIT] = {0, -60, 0, -75},
};

/* CLOSED is drawn a second time at the bottom, as in figure 5. */
static const struct place last_place = {300, -60, 0, 0};

/* How an edge is drawn: where it leaves and arrives ("": straight), and the center of its label. */
static const struct way {
    enum te_state from, to;
    const char *tail, *head;
    int x, y;
} ways[] = {
    {TE_CLOSED, TE_LISTEN, "sw", "nw", -108, 720},
    {TE_LISTEN, TE_CLOSED, "ne", "se", 36, 720},
    {TE_CLOSED, TE_SYN_SENT, "e", "n", 250, 680},
    {TE_SYN_SENT, TE_CLOSED, "nw", "se", 92, 668},
    {TE_LISTEN, TE_SYN_RCVD, "w", "n", -260, 610},
    {TE_SYN_RCVD, TE_LISTEN, "ne", "sw", -105, 577},
    {TE_LISTEN, TE_SYN_SENT, "e", "nw", 118, 573},
    {TE_SYN_SENT, TE_SYN_RCVD, "w", "e", 0, 530},
    {TE_SYN_SENT, TE_ESTABLISHED, "s", "ne", 245, 440},
    {TE_SYN_RCVD, TE_ESTABLISHED, "s", "nw", -75, 458},
    {TE_SYN_RCVD, TE_FIN_WAIT_1, "", "", -360, 380},
    {TE_ESTABLISHED, TE_FIN_WAIT_1, "sw", "n", -215, 352},
    {TE_ESTABLISHED, TE_CLOSE_WAIT, "se", "n", 220, 325},
    {TE_FIN_WAIT_1, TE_FIN_WAIT_2, "", "", -358, 165},
    {TE_FIN_WAIT_1, TE_CLOSING, "e", "nw", -110, 185},
    {TE_FIN_WAIT_1, TE_TIME_WAIT, "se", "nw", -206, 60},
    {TE_FIN_WAIT_2, TE_TIME_WAIT, "s", "w", -225, -30},
    {TE_CLOSE_WAIT, TE_LAST_ACK, "", "", 372, 165},
    {TE_CLOSING, TE_TIME_WAIT, "", "", 58, 15},
    {TE_LAST_ACK, TE_CLOSED, "", "", 358, 15},
    {TE_TIME_WAIT, TE_CLOSED, "", "", 150, -48},
};

static const char *kind_color(enum path_kind kind)
{
    static const char *const colors[] = {[PATH_ACTIVE] = "#1f5fbf",
                                         [PATH_PASSIVE] = "#1e8449",
                                         [PATH_SIMULTANEOUS] = "#d35400",
                                         [PATH_OTHER] = GREY};
    return colors[kind];
}

/* --- words ------------------------------------------------------------------------------------ */

/* "recv FIN / ACK" */
static void write_event(const struct reached *orderly, const struct reached *all,
                        const struct known_edge *edge, FILE *file)
{
    const struct reached_edge *seen = &orderly->edges[edge->from][edge->to][edge->cause];
    if (seen->count == 0)
        seen = &all->edges[edge->from][edge->to][edge->cause];
    const char *answer = reached_answer_text(reached_usual_answer(seen));
    const char *cause = te_cause_text(edge->cause);
    const char *separator = strlen(cause) > LINE_CHARS ? "\\n/ " : " / ";
    fprintf(file, "%s%s%s", cause, answer[0] != '\0' ? separator : "", answer);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void write_state(const char *name, const char *text, const struct place *place, FILE *file)
{
    fprintf(file, "    %s [label=\"%s\", pos=\"%d,%d!\"];\n", name, text, place->x, place->y);
}

static void write_states(FILE *file)
{
    fputs("    node [shape=box, style=\"rounded,filled\", fillcolor=\"#f4f6fa\", "
          "color=\"#2c3e50\",\n          penwidth=1.6, fontname=\"Helvetica-Bold\", fontsize=15, "
          "width=1.7, height=0.5,\n          fixedsize=true];\n",
          file);
    for (enum te_state state = TE_CLOSED; state < TE_STATE_COUNT; state++)
        write_state(te_state_name(state), te_state_name(state), &places[state], file);
    write_state("GONE", te_state_name(TE_CLOSED), &last_place, file);
}

/* --- edges of figure 5 ------------------------------------------------------------------------ */

static const struct way *find_way(const struct known_edge *edge)
{
    for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i].from == edge->from && ways[i].to == edge->to)
            return &ways[i];
    return NULL;
}

/* Causes the figure does not have are added to its edges; edges to CLOSED are drawn at the side. */
static bool is_same_way(const struct known_edge *edge, const struct known_edge *first)
{
    return edge->from == first->from && edge->to == first->to &&
           (edge == first || edge->to != TE_CLOSED);
}

static void write_words(const struct reached *orderly, const struct reached *all,
                        const struct known_edge *first, const char *color, FILE *file)
{
    const struct way *way = find_way(first);
    fprintf(file, "    WORDS_%d_%d [label=\"", (int)first->from, (int)first->to);
    for (const struct known_edge *edge = edges_table(); edge->where != NULL; edge++) {
        if (!is_same_way(edge, first) || all->edges[edge->from][edge->to][edge->cause].count == 0)
            continue;
        if (edge != first)
            fputs("\\n", file);
        write_event(orderly, all, edge, file);
    }
    fprintf(file, "\", fontcolor=\"%s\", pos=\"%d,%d!\"];\n", color, way->x, way->y);
}

static void write_way(const struct reached *orderly, const struct reached *all,
                      const struct known_edge *first, FILE *file)
{
    const struct way *way = find_way(first);
    bool is_end = first->to == TE_CLOSED && first->from >= TE_LAST_ACK;
    bool is_plain = orderly->edges[first->from][first->to][first->cause].count > 0;
    const char *color = is_plain ? kind_color(first->kind) : GREY;
    fprintf(file, "    %s -> %s [color=\"%s\"", te_state_name(first->from),
            is_end ? "GONE" : te_state_name(first->to), color);
    if (!is_plain)
        fputs(", style=dashed", file);
    if (way->tail[0] != '\0')
        fprintf(file, ", tailport=%s, headport=%s", way->tail, way->head);
    fputs("];\n", file);
    write_words(orderly, all, first, color, file);
}

/* --- the other ends --------------------------------------------------------------------------- */

static bool is_aside(const struct reached *all, const struct known_edge *edge, enum te_state from)
{
    return edge->from == from && edge->to == TE_CLOSED && edge->kind == PATH_OTHER &&
           all->edges[from][TE_CLOSED][edge->cause].count > 0;
}

static void write_aside(const struct reached *orderly, const struct reached *all,
                        enum te_state from, FILE *file)
{
    unsigned count = 0;
    bool is_plain = false;
    const struct place *place = &places[from];
    for (const struct known_edge *edge = edges_table(); edge->where != NULL; edge++) {
        if (!is_aside(all, edge, from))
            continue;
        if (count++ == 0)
            fprintf(file, "    END_%s [label=\"CLOSED by", te_state_name(from));
        fputs("\\n", file);
        write_event(orderly, all, edge, file);
        is_plain |= orderly->edges[from][TE_CLOSED][edge->cause].count > 0;
    }
    if (count == 0)
        return;
    fprintf(file, "\", pos=\"%d,%d!\"];\n", place->x + place->aside_x, place->y + place->aside_y);
    fprintf(file, "    %s -> END_%s [color=\"" GREY "\"%s];\n", te_state_name(from),
            te_state_name(from), is_plain ? "" : ", style=dashed");
}

/* --- the whole -------------------------------------------------------------------------------- */

static void write_legend(FILE *file)
{
    static const struct {
        enum path_kind kind;
        const char *text;
    } lines[] = {{PATH_ACTIVE, "who opens; who closes first"},
                 {PATH_PASSIVE, "who is opened; who closes last"},
                 {PATH_SIMULTANEOUS, "both at once"},
                 {PATH_OTHER, "other ends; dashed: by faults and ABORT only"}};
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        fprintf(file, "    LEGEND_%u [label=\"%s\", fontcolor=\"%s\", pos=\"%d,%d!\"];\n", i,
                lines[i].text, kind_color(lines[i].kind), -400, 790 - 18 * (int)i);
}

void diagram_write(const struct reached *orderly, const struct reached *all, FILE *file)
{
    fputs("// Written by tests/explore (explore --dot); how it is drawn: docs/state-machine.md\n"
          "digraph tcp {\n"
          "    graph [splines=line, bgcolor=white, pad=0.3];\n"
          "    edge [penwidth=1.8, arrowsize=0.8];\n",
          file);
    write_states(file);
    fputs("    node [shape=plaintext, style=\"\", fontname=\"Helvetica\", fontsize=12, "
          "fixedsize=false,\n          width=0, height=0, margin=0.05];\n",
          file);
    for (const struct known_edge *edge = edges_table(); edge->where != NULL; edge++)
        if (edge->kind != PATH_OTHER && all->edges[edge->from][edge->to][edge->cause].count > 0)
            write_way(orderly, all, edge, file);
    fputs("    node [fontsize=11, fontcolor=\"" GREY "\"];\n    edge [penwidth=1.2];\n", file);
    for (enum te_state state = TE_CLOSED; state < TE_STATE_COUNT; state++)
        write_aside(orderly, all, state, file);
    write_legend(file);
    fputs("}\n", file);
}
