#include "search.h"

#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "fingerprint.h"
#include "peace.h"
#include "seen.h"

#define ALL_SIDES 3u

/* A moment to return to. */
struct level {
    struct world world;
    struct arena *arenas;
};

struct search {
    const struct search_options *options;
    struct search_result *result;
    struct seen seen;
    struct seen peaceful; /* already checked by peace.h */
    struct world world;   /* the current moment */
    struct arena *arenas;
    struct path path; /* to the current moment */
    struct level levels[DEPTH_MAX + 2];
    uint64_t recognized;
};

/* --- going back ------------------------------------------------------------------------------- */

static struct arena *new_arenas(void)
{
    struct arena *arenas = malloc(SIDES * sizeof(*arenas));
    if (arenas == NULL)
        abort();
    return arenas;
}

static void save(struct search *search, unsigned depth)
{
    struct level *level = &search->levels[depth];
    if (level->arenas == NULL)
        level->arenas = new_arenas();
    search->world.touched = 0;
    level->world = search->world;
    for (unsigned side = 0; side < SIDES; side++)
        arena_copy(&level->arenas[side], &search->arenas[side]);
}

static void go_back(struct search *search, unsigned depth, unsigned touched)
{
    const struct level *level = &search->levels[depth];
    for (unsigned side = 0; side < SIDES; side++)
        if (touched & 1u << side)
            arena_copy(&search->arenas[side], &level->arenas[side]);
    search->world = level->world;
}

/* --- the search ------------------------------------------------------------------------------- */

static void note_failure(struct search *search, const char *sentence)
{
    if (search->result->failure != NULL)
        return;
    search->result->failure = sentence;
    search->result->path = search->path;
}

static bool has_failed(struct search *search)
{
    if (search->world.failure != NULL)
        note_failure(search, search->world.failure);
    return search->result->failure != NULL;
}

/* What a choice leads to, as a term of a sum over all choices. */
static uint32_t hash_step(uint64_t key, uint64_t fingerprint)
{
    return (uint32_t)(fingerprint_mix(key, fingerprint) >> 32);
}

static uint32_t audit_hash(struct search *search, unsigned depth)
{
    struct choice choices[CHOICES_MAX];
    uint32_t sum = 1;
    save(search, depth);
    unsigned count = choice_list(&search->world, choices);
    for (unsigned i = 0; i < count; i++) {
        uint64_t key = choice_key(&search->world, choices[i]);
        choice_make(&search->world, choices[i]);
        sum += hash_step(key, fingerprint_of(&search->world).future);
        go_back(search, depth, search->world.touched);
    }
    return sum;
}

static void audit(struct search *search, uint64_t fingerprint)
{
    uint32_t expected = seen_find(&search->seen, fingerprint)->next_hash;
    if (expected == 0 || search->world.scenario == NULL)
        return;
    unsigned touched = search->world.touched;
    search->world.watch.reached = NULL;
    if (audit_hash(search, search->path.len) != expected)
        note_failure(search, "the fingerprint leaves nothing out that matters");
    search->world.touched = touched;
    search->result->audits++;
}

static void note_sender(struct search *search)
{
    const struct end *sender = &search->world.ends[0];
    struct te_status status;
    if (search->options->scenario->is_under_way &&
        te_status(sender->stack, sender->conn_id, &status) == TE_OK)
        reached_sender(search->options->reached, &status);
}

static bool is_known(struct search *search, uint64_t fingerprint)
{
    const struct search_options *options = search->options;
    uint32_t steps_left = options->depth_max - search->path.len + 1;
    struct seen_moment *moment = seen_find(&search->seen, fingerprint);
    if (moment->steps_left >= steps_left) {
        search->recognized++;
        if (options->audit_every != 0 && search->recognized % options->audit_every == 0)
            audit(search, fingerprint);
        return true;
    }
    if (moment->steps_left == 0) {
        search->result->moments++;
        reached_pair(options->reached, world_state(&search->world, 0),
                     world_state(&search->world, 1));
        note_sender(search);
    }
    moment->steps_left = steps_left;
    return false;
}

static void enter(struct search *search, const struct fingerprints *fingerprints);

/* One choice and everything that can follow. */
static uint32_t step(struct search *search, struct choice choice)
{
    unsigned depth = search->path.len;
    uint64_t key = choice_key(&search->world, choice);
    search->path.choices[search->path.len++] = choice;
    search->result->steps++;
    choice_make(&search->world, choice);
    if (has_failed(search))
        return 0;
    struct fingerprints fingerprints = fingerprint_of(&search->world);
    unsigned touched = search->world.touched;
    if (!is_known(search, fingerprints.future)) {
        enter(search, &fingerprints);
        touched = ALL_SIDES;
    }
    search->path.len--;
    go_back(search, depth, touched);
    return hash_step(key, fingerprints.future);
}

/* Checks the moment just saved, unless that was done under another budget. */
static void check_peace(struct search *search, uint64_t fingerprint)
{
    struct seen_moment *moment = seen_find(&search->peaceful, fingerprint);
    if (moment->steps_left != 0)
        return;
    moment->steps_left = 1;
    search->result->peaces++;
    peace_check(&search->world);
    if (!has_failed(search))
        go_back(search, search->path.len, ALL_SIDES);
}

/* A new moment. */
static void enter(struct search *search, const struct fingerprints *fingerprints)
{
    struct choice choices[CHOICES_MAX];
    unsigned depth = search->path.len;
    uint32_t sum = 1;
    if (depth > search->result->depth)
        search->result->depth = depth;
    save(search, depth);
    check_peace(search, fingerprints->peace);
    if (search->result->failure != NULL)
        return;
    unsigned count = choice_list(&search->world, choices);
    if (depth >= search->options->depth_max) {
        if (count > 0 && depth == DEPTH_MAX)
            note_failure(search, "every run comes to an end");
        return;
    }
    for (unsigned i = 0; i < count && search->result->failure == NULL; i++)
        sum += step(search, choices[i]);
    seen_find(&search->seen, fingerprints->future)->next_hash = sum;
}

/* --- failures --------------------------------------------------------------------------------- */

const char *search_replay(const struct scenario *scenario, const struct path *path,
                          const struct watch *watch)
{
    struct arena *arenas = new_arenas();
    struct world world;
    const char *failure = NULL;
    world_init(&world, scenario, arenas, watch);
    for (unsigned i = 0; i < path->len && world.failure == NULL; i++) {
        if (watch->trace != NULL)
            fprintf(watch->trace, "  step %u\n", i + 1);
        if (!choice_make(&world, path->choices[i]))
            failure = "every choice can be made";
    }
    if (failure == NULL && world.failure == NULL)
        peace_check(&world);
    free(arenas);
    return failure != NULL ? failure : world.failure;
}

/* Leaves out steps as long as the same check fails. */
static void shorten(const struct scenario *scenario, struct search_result *result)
{
    static const struct watch nobody;
    for (unsigned i = 0; i < result->path.len;) {
        struct path shorter = result->path;
        shorter.len--;
        memmove(&shorter.choices[i], &shorter.choices[i + 1],
                (shorter.len - i) * sizeof(shorter.choices[0]));
        const char *failure = search_replay(scenario, &shorter, &nobody);
        if (failure != NULL && strcmp(failure, result->failure) == 0) {
            result->path = shorter;
            i = 0;
        } else {
            i++;
        }
    }
}

void search_run(const struct search_options *options, struct search_result *ret_result)
{
    struct search *search = calloc(1, sizeof(*search));
    struct watch watch = {.reached = options->reached};
    if (search == NULL)
        abort();
    *ret_result = (struct search_result){0};
    search->options = options;
    search->result = ret_result;
    search->arenas = new_arenas();
    seen_init(&search->seen);
    seen_init(&search->peaceful);
    world_init(&search->world, options->scenario, search->arenas, &watch);
    struct fingerprints fingerprints = fingerprint_of(&search->world);
    is_known(search, fingerprints.future);
    enter(search, &fingerprints);
    seen_done(&search->seen);
    seen_done(&search->peaceful);
    for (unsigned depth = 0; depth < DEPTH_MAX + 2; depth++)
        free(search->levels[depth].arenas);
    free(search->arenas);
    free(search);
    if (ret_result->failure != NULL)
        shorten(options->scenario, ret_result);
}
