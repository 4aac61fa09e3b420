#include "runner.h"

#include "run.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 64
#define FAILURES_MAX 5

/* What the processes share. */
struct desk {
    uint64_t seed; /* under way */
    struct coverage coverage;
    pid_t pid; /* 0: not at work */
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
    fprintf(file, "FAILED %s\n  side %c, id %" PRIu64 ", at %" PRId64 " us\n", arguments,
            failed->failure_side == 0 ? 'A' : 'B', failed->failure_id, failed->now_us);
    fprintf(file, "  this does not hold: %s\n", failed->failure);
    if (failed->failure_detail[0] != '\0')
        fprintf(file, "  (%s)\n", failed->failure_detail);
    trace_print_last(&failed->trace, file);
    fprintf(file, "  again: %s %s -v\n", program, arguments);
    fclose(file);
    fwrite(text, 1, len, stdout); /* in one piece: other processes write too */
    fflush(stdout);
    free(text);
}

static void report_seed(const struct runner_options *options, uint64_t seed)
{
    char arguments[40];
    snprintf(arguments, sizeof(arguments), "--seed %" PRIu64, seed);
    runner_report(&world, options->program, arguments);
}

static bool run_seed(const struct runner_options *options, uint64_t seed, struct coverage *coverage)
{
    struct scenario scenario;
    struct world_options world_options = {.is_verbose = options->is_verbose,
                                          .capture_path = options->capture_path,
                                          .coverage = coverage};
    scenario_draw(&scenario, seed);
    return run_scenario(&world, &scenario, &world_options);
}

static bool run_and_repeat(const struct runner_options *options, uint64_t seed,
                           struct coverage *coverage)
{
    if (!run_seed(options, seed, coverage))
        return false;
    uint64_t hash = world.trace.hash;
    uint64_t count = world.trace.count;
    if (options->twice_every == 0 || seed % options->twice_every != 0)
        return true;
    if (!run_seed(options, seed, coverage))
        return false;
    if (world.trace.hash == hash && world.trace.count == count)
        return true;
    world_fail(&world, 0, 0, "the same seed gives the same trace");
    return false;
}

bool runner_replay(const struct runner_options *options, struct coverage *coverage)
{
    bool ok = run_and_repeat(options, options->first_seed, coverage);
    if (!ok)
        report_seed(options, options->first_seed);
    printf("seed %" PRIu64 ": trace %016" PRIx64 ", %" PRIu64 " lines\n", options->first_seed,
           world.trace.hash, world.trace.count);
    return ok;
}

/* --- workers ------------------------------------------------------------------------------------
 */

static void work(const struct runner_options *options, struct board *board, struct desk *desk)
{
    uint64_t end = options->first_seed + options->seed_count;
    while (atomic_load(&board->failures) < FAILURES_MAX) {
        desk->seed = atomic_fetch_add(&board->next_seed, 1);
        if (desk->seed >= end)
            return;
        if (!run_and_repeat(options, desk->seed, &desk->coverage)) {
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

/* A worker has ended: in peace, or in the middle of its seed. */
static void on_worker_end(const struct runner_options *options, struct board *board,
                          struct desk *desk, int status)
{
    desk->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    if (WIFSIGNALED(status))
        printf("FAILED --seed %" PRIu64 "\n  the process died by signal %d\n", desk->seed,
               WTERMSIG(status));
    else
        printf("FAILED --seed %" PRIu64 "\n  the process ended with status %d\n", desk->seed,
               WEXITSTATUS(status));
    printf("  again: %s --seed %" PRIu64 " -v\n", options->program, desk->seed);
    if (atomic_fetch_add(&board->failures, 1) + 1 < FAILURES_MAX)
        start_worker(options, board, desk);
}

static void wait_for_workers(const struct runner_options *options, struct board *board,
                             unsigned jobs)
{
    int status;
    pid_t pid;
    while ((pid = wait(&status)) > 0)
        for (unsigned i = 0; i < jobs; i++)
            if (board->desks[i].pid == pid)
                on_worker_end(options, board, &board->desks[i], status);
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
