/* Every run of a scenario: depth first, going back by copying the world and its arenas.
 *
 * Moments that were seen before are not entered again; they are recognized by their fingerprint,
 * kept with the number of steps left then, so that a bounded search stays complete. Budgets are
 * finite, so every run must be: exceeding the maximum depth is a failure (two ends that answer each
 * other for ever).
 *
 * Audit: for every Nth moment that is recognized, what each choice leads to is compared with the
 * first time. If the fingerprint left out something that matters, they would differ. */
#ifndef EXPLORE_SEARCH_H
#define EXPLORE_SEARCH_H

#include "reached.h"
#include "world.h"

#define DEPTH_MAX 200

enum choice_kind {
    CHOICE_DELIVER,
    CHOICE_DROP,
    CHOICE_COPY,
    CHOICE_TIMER,
    CHOICE_CALL,
    CHOICE_ABORT
};

/* Written "d3": the kind's letter, then frame or side. */
struct choice {
    uint8_t kind;
    uint8_t index; /* of the frame; or the side */
};

struct path {
    unsigned len;
    struct choice choices[DEPTH_MAX];
};

struct search_options {
    const struct scenario *scenario;
    unsigned depth_max;   /* DEPTH_MAX: unlimited, and reaching it is a failure */
    unsigned audit_every; /* 0: never */
    struct reached *reached;
};

struct search_result {
    uint64_t moments, steps, peaces, audits;
    unsigned depth; /* of the longest run */
    const char *failure;
    struct path path; /* to the failure, shortened */
};

void search_run(const struct search_options *options, struct search_result *ret_result);
/* Repeats the choices; returns the check that fails on the way or in the peace afterwards, or
 * NULL. */
const char *search_replay(const struct scenario *scenario, const struct path *path,
                          const struct watch *watch);

void path_print(const struct path *path, FILE *file);
bool path_parse(const char *text, struct path *ret_path);

#endif
