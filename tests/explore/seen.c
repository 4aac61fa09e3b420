#include "seen.h"

#include <stdio.h>
#include <stdlib.h>

#define SIZE_MIN 4096u

static struct seen_moment *new_table(size_t size)
{
    struct seen_moment *moments = calloc(size, sizeof(*moments));
    if (moments == NULL) {
        fprintf(stderr, "explore: no memory for %zu moments\n", size);
        abort();
    }
    return moments;
}

void seen_init(struct seen *seen)
{
    *seen = (struct seen){.moments = new_table(SIZE_MIN), .size = SIZE_MIN};
}

void seen_done(struct seen *seen)
{
    free(seen->moments);
    seen->moments = NULL;
}

static struct seen_moment *place_of(const struct seen *seen, uint64_t fingerprint)
{
    size_t at = (size_t)(fingerprint & (seen->size - 1));
    while (seen->moments[at].fingerprint != 0 && seen->moments[at].fingerprint != fingerprint)
        at = (at + 1) & (seen->size - 1);
    return &seen->moments[at];
}

static void grow(struct seen *seen)
{
    struct seen old = *seen;
    seen->size *= 2;
    seen->moments = new_table(seen->size);
    for (size_t i = 0; i < old.size; i++)
        if (old.moments[i].fingerprint != 0)
            *place_of(seen, old.moments[i].fingerprint) = old.moments[i];
    free(old.moments);
}

struct seen_moment *seen_find(struct seen *seen, uint64_t fingerprint)
{
    if (seen->count * 2 >= seen->size)
        grow(seen);
    struct seen_moment *moment = place_of(seen, fingerprint);
    if (moment->fingerprint == 0) {
        moment->fingerprint = fingerprint;
        seen->count++;
    }
    return moment;
}
