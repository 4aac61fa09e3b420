#include "relay_line.h"

#include <stdlib.h>

bool line_init(struct line *line)
{
    line->count = 0;
    line->order = 0;
    line->frames = calloc(LINE_FRAMES_MAX, sizeof(*line->frames));
    line->heap = calloc(LINE_FRAMES_MAX, sizeof(*line->heap));
    if (line->frames == NULL || line->heap == NULL) {
        line_done(line);
        return false;
    }
    for (uint32_t i = 0; i < LINE_FRAMES_MAX; i++)
        line->heap[i] = i;
    return true;
}

void line_done(struct line *line)
{
    free(line->frames);
    free(line->heap);
    line->frames = NULL;
    line->heap = NULL;
}

static bool is_before(const struct line *line, uint32_t a, uint32_t b)
{
    const struct line_frame *x = &line->frames[line->heap[a]], *y = &line->frames[line->heap[b]];
    return x->at_ns != y->at_ns ? x->at_ns < y->at_ns : x->order < y->order;
}

static void swap(struct line *line, uint32_t a, uint32_t b)
{
    uint32_t kept = line->heap[a];
    line->heap[a] = line->heap[b];
    line->heap[b] = kept;
}

struct line_frame *line_room(struct line *line)
{
    return line->count < LINE_FRAMES_MAX ? &line->frames[line->heap[line->count]] : NULL;
}

void line_push(struct line *line)
{
    uint32_t at = line->count++;
    line->frames[line->heap[at]].order = line->order++;
    for (; at > 0 && is_before(line, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(line, at, (at - 1) / 2);
}

struct line_frame *line_first(struct line *line)
{
    return line->count > 0 ? &line->frames[line->heap[0]] : NULL;
}

void line_pop(struct line *line)
{
    uint32_t at = 0;
    swap(line, 0, --line->count);
    for (;;) {
        uint32_t first = at, child = 2 * at + 1;
        if (child < line->count && is_before(line, child, first))
            first = child;
        if (child + 1 < line->count && is_before(line, child + 1, first))
            first = child + 1;
        if (first == at)
            return;
        swap(line, at, first);
        at = first;
    }
}
