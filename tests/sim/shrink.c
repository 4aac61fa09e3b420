#include "shrink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simplify.h"

#define STEPS_MAX 512

/* How a run ends. Messages are static, hence the same in every process. */
struct verdict {
    const char *sentence; /* NULL: everything held, or the process died */
    int signal;           /* 0: it survived */
    uint64_t events;
};

struct shrinking {
    const struct runner_options *options;
    struct scenario scenario;
    struct verdict wanted;
    struct verdict *board; /* shared with the trial's process */
    unsigned trials;
    unsigned step_count;
    struct step steps[STEPS_MAX];
};

static void run_trial(const struct shrinking *shrinking, const struct scenario *scenario)
{
    static struct world world;
    static struct coverage coverage;
    struct runner_options options = *shrinking->options;
    options.is_verbose = false;
    options.capture_path = NULL;
    runner_judge(&world, scenario, &options, &coverage);
    shrinking->board->sentence = world.failure;
    shrinking->board->events = world.events;
    _exit(0);
}

static struct verdict judge(struct shrinking *shrinking, const struct scenario *scenario)
{
    int status = 0;
    *shrinking->board = (struct verdict){.sentence = NULL};
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("sim: fork");
        exit(1);
    }
    if (pid == 0)
        run_trial(shrinking, scenario);
    if (waitpid(pid, &status, 0) != pid)
        abort();
    shrinking->trials++;
    struct verdict verdict = *shrinking->board;
    /* Sanitizers exit with a status of their own. */
    verdict.signal = WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
    return verdict;
}

static bool is_same(const struct verdict *a, const struct verdict *b)
{
    return a->sentence == b->sentence && a->signal == b->signal;
}

/* True if the run fails in the same way, and no later, without what the step removes. */
static bool try_step(struct shrinking *shrinking, struct step step)
{
    struct scenario simpler = shrinking->scenario;
    if (shrinking->step_count == STEPS_MAX || !simplify_apply(&simpler, step))
        return false;
    struct verdict verdict = judge(shrinking, &simpler);
    if (!is_same(&verdict, &shrinking->wanted) || verdict.events > shrinking->wanted.events)
        return false;
    shrinking->scenario = simpler;
    shrinking->steps[shrinking->step_count++] = step;
    shrinking->wanted.events = verdict.events;
    return true;
}

/* Each step of one kind, last index first, since a removal shifts those after it. */
static bool try_kind(struct shrinking *shrinking, unsigned kind)
{
    bool is_simpler = false;
    for (unsigned index = SIMPLIFY_INDEX_MAX; index-- > 0;)
        while (try_step(shrinking, (struct step){kind, index}))
            is_simpler = true;
    return is_simpler;
}

static void print_command(const struct shrinking *shrinking)
{
    const struct runner_options *options = shrinking->options;
    const char *before = options->simplify;
    printf("  again: %s --seed %" PRIu64 "%s", options->program, options->first_seed,
           options->is_planted ? " --plant" : "");
    if (options->reborn_every > 0)
        printf(" --reborn-every %" PRIu64, options->reborn_every);
    if (before != NULL || shrinking->step_count > 0)
        printf(" --simplify %s", before != NULL ? before : "");
    for (unsigned i = 0; i < shrinking->step_count; i++) {
        if (i > 0 || before != NULL)
            putchar(',');
        simplify_print_step(shrinking->steps[i], stdout);
    }
    printf(" -v\n");
}

static void report(const struct shrinking *shrinking, uint64_t events_before)
{
    const struct verdict *verdict = &shrinking->wanted;
    printf("seed %" PRIu64 " made simpler by %u steps (%u trials): %" PRIu64
           " events, were %" PRIu64 "\n",
           shrinking->options->first_seed, shrinking->step_count, shrinking->trials,
           verdict->events, events_before);
    if (verdict->sentence != NULL)
        printf("  this does not hold: %s\n", verdict->sentence);
    else
        printf("  the process dies (%d)\n", verdict->signal);
    simplify_print_rest(&shrinking->scenario, stdout);
    print_command(shrinking);
}

bool shrink_run(const struct runner_options *options)
{
    static struct shrinking shrinking;
    bool is_simpler = true;
    shrinking.options = options;
    shrinking.board = mmap(NULL, sizeof(*shrinking.board), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shrinking.board == MAP_FAILED ||
        !runner_draw(options, options->first_seed, &shrinking.scenario))
        return false;
    shrinking.wanted = judge(&shrinking, &shrinking.scenario);
    uint64_t events_before = shrinking.wanted.events;
    if (shrinking.wanted.sentence == NULL && shrinking.wanted.signal == 0) {
        printf("seed %" PRIu64 ": all held, nothing to shrink\n", options->first_seed);
        return false;
    }
    while (is_simpler) {
        is_simpler = false;
        for (unsigned kind = 0; kind < simplify_kinds(); kind++)
            is_simpler = try_kind(&shrinking, kind) || is_simpler;
    }
    report(&shrinking, events_before);
    return true;
}
