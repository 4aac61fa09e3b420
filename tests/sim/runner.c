#include "runner.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "simplify.h"

#define JOBS_MAX 64
#define ARGUMENTS_MAX 16384

/* What the processes share. */
struct desk {
    uint64_t seed; /* current */
    struct coverage coverage;
    pid_t pid; /* 0: idle */
};

struct board {
    atomic_uint_fast64_t next_seed;
    atomic_uint failures;
    struct desk desks[JOBS_MAX];
};

static struct world world;

void runner_report(const struct world *failed, const char *program, const char *arguments)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (file == NULL)
        abort();
    fprintf(file, "FAILED %s\n  side %s, id %" PRIu64 ", at %" PRId64 " us\n", arguments,
            scenario_host_name(failed->failure_side), failed->failure_id, failed->now_us);
    fprintf(file, "  this does not hold: %s\n", failed->failure);
    if (failed->failure_detail[0] != '\0')
        fprintf(file, "  (%s)\n", failed->failure_detail);
    trace_print_last(&failed->trace, file);
    fprintf(file, "  again: %s %s -v\n", program, arguments);
    fclose(file);
    fwrite(text, 1, len, stdout); /* in one write: other processes print too */
    fflush(stdout);
    free(text);
}

void runner_report_end(int status, const char *program, const char *arguments)
{
    bool is_signal = WIFSIGNALED(status);
    printf("FAILED %s\n  the process %s %d\n  again: %s %s -v\n", arguments,
           is_signal ? "died by signal" : "ended with status",
           is_signal ? WTERMSIG(status) : WEXITSTATUS(status), program, arguments);
}

/* The command that replays the seed: all options that change a run, and what it was compared
 * with. */
static const char *arguments_of(const struct runner_options *options, uint64_t seed)
{
    static char arguments[ARGUMENTS_MAX];
    char reborn[64] = "";
    const char *simplify = options->simplify;
    if (options->reborn_every > 0)
        snprintf(reborn, sizeof(reborn), " --reborn-every %" PRIu64, options->reborn_every);
    snprintf(arguments, sizeof(arguments), "--seed %" PRIu64 "%s%s%s%s%s", seed, reborn,
             options->twice_every > 0 ? " --twice-every 1" : "",
             options->is_planted ? " --plant" : "", simplify != NULL ? " --simplify " : "",
             simplify != NULL ? simplify : "");
    return arguments;
}

static void report_seed(const struct runner_options *options, uint64_t seed)
{
    runner_report(&world, options->program, arguments_of(options, seed));
}

bool runner_draw(const struct runner_options *options, uint64_t seed, struct scenario *ret_scenario)
{
    scenario_draw(ret_scenario, seed);
    /* A restore allocates too: then other allocations would be refused. */
    for (unsigned side = 0; side < HOSTS_MAX && options->reborn_every > 0; side++) {
        ret_scenario->hosts[side].refuse_count = 0;
        ret_scenario->hosts[side].config.memory_max_bytes = 0;
    }
    if (options->simplify == NULL || simplify_apply_list(ret_scenario, options->simplify))
        return true;
    fprintf(stderr, "sim: --simplify: not all of these are steps for seed %" PRIu64 "\n", seed);
    return false;
}

static bool run_once(struct world *judged, const struct scenario *scenario,
                     const struct runner_options *options, uint64_t reborn_every,
                     struct coverage *coverage)
{
    struct world_options world_options = {.is_verbose = options->is_verbose,
                                          .is_planted = options->is_planted,
                                          .capture_path = options->capture_path,
                                          .reborn_every = reborn_every,
                                          .coverage = coverage};
    return run_scenario(judged, scenario, &world_options);
}

/* A second run must give the same trace. */
static bool repeat(struct world *judged, const struct scenario *scenario,
                   const struct runner_options *options, uint64_t reborn_every,
                   struct coverage *coverage)
{
    uint64_t hash = judged->trace.hash;
    uint64_t count = judged->trace.count;
    if (!run_once(judged, scenario, options, reborn_every, coverage))
        return false;
    if (judged->trace.hash == hash && judged->trace.count == count)
        return true;
    world_fail(judged, 0, 0,
               reborn_every > 0 ? "with restored stacks the trace is the same"
                                : "the same seed gives the same trace");
    world_explain(judged, "%llu lines, were %llu", (unsigned long long)judged->trace.count,
                  (unsigned long long)count);
    return false;
}

bool runner_judge(struct world *judged, const struct scenario *scenario,
                  const struct runner_options *options, struct coverage *coverage)
{
    if (!run_once(judged, scenario, options, 0, coverage))
        return false;
    if (options->twice_every > 0 && scenario->seed % options->twice_every == 0 &&
        !repeat(judged, scenario, options, 0, coverage))
        return false;
    return options->reborn_every == 0 ||
           repeat(judged, scenario, options, options->reborn_every, coverage);
}

static bool run_seed(const struct runner_options *options, uint64_t seed, struct coverage *coverage)
{
    struct scenario scenario;
    if (!runner_draw(options, seed, &scenario))
        exit(RUNNER_USAGE);
    return runner_judge(&world, &scenario, options, coverage);
}

bool runner_replay(const struct runner_options *options, struct coverage *coverage)
{
    bool ok = run_seed(options, options->first_seed, coverage);
    if (!ok)
        report_seed(options, options->first_seed);
    printf("seed %" PRIu64 ": trace %016" PRIx64 ", %" PRIu64 " lines\n", options->first_seed,
           world.trace.hash, world.trace.count);
    return ok;
}

/* --- workers ---------------------------------------------------------------------------------- */

static void work(const struct runner_options *options, struct board *board, struct desk *desk)
{
    uint64_t end = options->first_seed + options->seed_count;
    while (atomic_load(&board->failures) < options->failures_max) {
        desk->seed = atomic_fetch_add(&board->next_seed, 1);
        if (desk->seed >= end)
            return;
        if (!run_seed(options, desk->seed, &desk->coverage)) {
            report_seed(options, desk->seed);
            atomic_fetch_add(&board->failures, 1);
        }
    }
}

static void start_worker(const struct runner_options *options, struct board *board,
                         struct desk *desk)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) {
        perror("sim: fork");
        exit(1);
    }
    if (pid == 0) {
        work(options, board, desk);
        exit(0);
    }
    desk->pid = pid;
}

/* A worker has ended, properly or in the middle of its seed. */
static void on_worker_end(const struct runner_options *options, struct board *board,
                          struct desk *desk, int status)
{
    desk->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    runner_report_end(status, options->program, arguments_of(options, desk->seed));
    if (atomic_fetch_add(&board->failures, 1) + 1 < options->failures_max)
        start_worker(options, board, desk);
}

static uint64_t microseconds(const struct timeval *value)
{
    return (uint64_t)value->tv_sec * 1000000 + (uint64_t)value->tv_usec;
}

static void wait_for_workers(const struct runner_options *options, struct board *board,
                             unsigned jobs)
{
    int status;
    pid_t pid;
    struct rusage usage;
    while ((pid = wait4(-1, &status, 0, &usage)) > 0)
        for (unsigned i = 0; i < jobs; i++) {
            struct desk *desk = &board->desks[i];
            if (desk->pid != pid)
                continue;
            desk->coverage.cpu_us += microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
            on_worker_end(options, board, desk, status);
        }
}

static unsigned count_jobs(const struct runner_options *options)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = options->jobs > 0 ? options->jobs : processors > 0 ? (uint64_t)processors : 1;
    if (jobs > JOBS_MAX)
        jobs = JOBS_MAX;
    return (unsigned)(jobs < options->seed_count ? jobs : options->seed_count);
}

unsigned runner_run(const struct runner_options *options, struct coverage *ret_coverage)
{
    unsigned jobs = count_jobs(options);
    struct board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) {
        perror("sim: mmap");
        exit(1);
    }
    atomic_store(&board->next_seed, options->first_seed);
    for (unsigned i = 0; i < jobs; i++)
        start_worker(options, board, &board->desks[i]);
    wait_for_workers(options, board, jobs);
    for (unsigned i = 0; i < jobs; i++)
        coverage_add(ret_coverage, &board->desks[i].coverage);
    unsigned failures = atomic_load(&board->failures);
    munmap(board, sizeof(*board));
    return failures;
}
