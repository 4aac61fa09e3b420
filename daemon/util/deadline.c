#include "util/deadline.h"

#include <assert.h>
#include <stdlib.h>

bool deadlines_init(struct deadlines *deadlines, size_t capacity)
{
    *deadlines = (struct deadlines){.capacity = capacity};
    deadlines->heap = calloc(capacity + 1, sizeof(*deadlines->heap));
    return deadlines->heap != NULL;
}

void deadlines_done(struct deadlines *deadlines)
{
    free(deadlines->heap);
    *deadlines = (struct deadlines){0};
}

static bool is_before(const struct deadline *a, const struct deadline *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void put(struct deadlines *deadlines, size_t slot, struct deadline *deadline)
{
    deadlines->heap[slot] = deadline;
    deadline->slot = slot;
}

/* Moves a deadline from slot toward the root, to where its parent comes before it. */
static void sift_up(struct deadlines *deadlines, size_t slot, struct deadline *deadline)
{
    while (slot > 1 && is_before(deadline, deadlines->heap[slot / 2])) {
        put(deadlines, slot, deadlines->heap[slot / 2]);
        slot /= 2;
    }
    put(deadlines, slot, deadline);
}

static void sift_down(struct deadlines *deadlines, size_t slot, struct deadline *deadline)
{
    for (size_t child = slot * 2; child <= deadlines->count; child = slot * 2) {
        if (child < deadlines->count &&
            is_before(deadlines->heap[child + 1], deadlines->heap[child]))
            child++;
        if (!is_before(deadlines->heap[child], deadline))
            break;
        put(deadlines, slot, deadlines->heap[child]);
        slot = child;
    }
    put(deadlines, slot, deadline);
}

void deadlines_clear(struct deadlines *deadlines, struct deadline *deadline)
{
    size_t slot = deadline->slot;
    if (slot == 0)
        return;
    assert(slot <= deadlines->count && deadlines->heap[slot] == deadline);
    deadline->slot = 0;
    struct deadline *last = deadlines->heap[deadlines->count--];
    if (last == deadline)
        return;
    sift_up(deadlines, slot, last);
    sift_down(deadlines, last->slot, last);
}

void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, int64_t at)
{
    deadlines_clear(deadlines, deadline);
    assert(deadlines->count < deadlines->capacity);
    deadline->at = at;
    deadline->order = deadlines->next_order++;
    sift_up(deadlines, ++deadlines->count, deadline);
}

int64_t deadlines_next_at(const struct deadlines *deadlines)
{
    return deadlines->count > 0 ? deadlines->heap[1]->at : DEADLINE_NEVER;
}

struct deadline *deadlines_take_due(struct deadlines *deadlines, int64_t now)
{
    if (deadlines->count == 0 || deadlines->heap[1]->at > now)
        return NULL;
    struct deadline *first = deadlines->heap[1];
    deadlines_clear(deadlines, first);
    return first;
}

bool deadlines_forgive(struct deadlines *deadlines, int64_t now, int64_t late_min, int64_t grace)
{
    if (deadlines->count == 0 || now - deadlines->heap[1]->at < late_min)
        return false;
    int64_t put_off = now - deadlines->heap[1]->at + grace;
    for (size_t slot = 1; slot <= deadlines->count; slot++) /* their order stays */
        deadlines->heap[slot]->at += put_off;
    return true;
}
