/* Engines and a bad network, by seed. See --help, and the headers of the other files. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc_failures.h"
#include "golden.h"
#include "long_path.h"
#include "runner.h"
#include "shrink.h"

#define EDGES_FROM_SEEDS 2000 /* that many runs reach every edge */
#define REPLAYS_FROM_SEEDS 20000

static const char usage[] =
    "usage: sim [--seed N | --seeds FROM:COUNT | --alloc-failures | --alloc-failure KIND:N |\n"
    "            --golden | --long-path]\n"
    "           [-v] [--pcap FILE] [--shrink] [--simplify STEPS] [--twice-every N]\n"
    "           [--reborn-every K] [--jobs N] [--first-failure] [--plant] [--quiet]\n"
    "\n"
    "Two or three TCP stacks in virtual time, on a link that loses, repeats, reorders, delays, "
    "queues,\n"
    "marks and damages frames, with applications that do as they like. Everything is drawn from "
    "the\n"
    "seed: the same seed gives the same run.\n"
    "\n"
    "  --seed N             one run (default: 1)\n"
    "  --seeds FROM:COUNT   COUNT runs, in one process for each processor\n"
    "  --alloc-failures     a plain connection, with memory refused at each allocation in turn\n"
    "  --alloc-failure K:N  one of these: from the Nth on, of kind K\n"
    "  --long-path          one connection over 1 Gbit/s and 100 ms, second by second\n"
    "  --golden             goodput for each loss, round trip and buffer size (docs/golden.md)\n"
    "  -v                   every event, with --seed or --alloc-failure\n"
    "  --pcap FILE          what side B's interface sees, for Wireshark, as -v;\n"
    "                       every connection has an end there\n"
    "  --shrink             makes a failing --seed as simple as it can, and says how to replay "
    "that\n"
    "  --simplify STEPS     what --shrink found: name.index,name.index,...\n"
    "  --plant              a failure that is none (a byte is sent twice), to test all this with\n"
    "  --twice-every N      runs each Nth seed twice and compares the traces\n"
    "  --reborn-every K     runs each seed once more, with the stacks of all hosts saved and "
    "restored\n"
    "                       after every Kth turn, and compares the traces; memory is never short\n"
    "  --jobs N             processes\n"
    "  --first-failure      ends with the first seed that fails, not only after a few\n"
    "  --quiet              no table of what was reached\n"
    "\n"
    "Exit status: 0 everything held, 1 something did not, 2 usage.\n";

enum mode {
    MODE_SEED,
    MODE_SHRINK,
    MODE_ALLOC_FAILURE,
    MODE_SEEDS,
    MODE_ALLOC_FAILURES,
    MODE_GOLDEN,
    MODE_LONG_PATH
};

struct arguments {
    enum mode mode;
    bool is_quiet;
    struct runner_options runner;
    struct alloc_failure failure;
};

static bool parse_number(const char *text, char end, const char **ret_rest, uint64_t *ret_number)
{
    char *rest;
    errno = 0;
    *ret_number = strtoull(text, &rest, 10);
    if (errno != 0 || rest == text || text[0] == '-' || *rest != end)
        return false;
    *ret_rest = rest + (end != '\0');
    return true;
}

static bool parse_seeds(const char *text, struct arguments *arguments)
{
    const char *rest;
    arguments->mode = MODE_SEEDS;
    return parse_number(text, ':', &rest, &arguments->runner.first_seed) &&
           parse_number(rest, '\0', &rest, &arguments->runner.seed_count);
}

static bool parse_alloc_failure(const char *text, struct arguments *arguments)
{
    const char *rest;
    uint64_t kind;
    arguments->mode = MODE_ALLOC_FAILURE;
    if (!parse_number(text, ':', &rest, &kind) || kind > UINT_MAX)
        return false;
    arguments->failure.kind = (unsigned)kind;
    return parse_number(rest, '\0', &rest, &arguments->failure.nth);
}

/* An option with a value. */
static bool parse_valued(const char *option, const char *value, struct arguments *arguments)
{
    struct runner_options *runner = &arguments->runner;
    const char *rest;
    uint64_t jobs;
    if (strcmp(option, "--seed") == 0)
        return parse_number(value, '\0', &rest, &runner->first_seed);
    if (strcmp(option, "--seeds") == 0)
        return parse_seeds(value, arguments);
    if (strcmp(option, "--alloc-failure") == 0)
        return parse_alloc_failure(value, arguments);
    if (strcmp(option, "--twice-every") == 0)
        return parse_number(value, '\0', &rest, &runner->twice_every);
    if (strcmp(option, "--reborn-every") == 0)
        return parse_number(value, '\0', &rest, &runner->reborn_every);
    if (strcmp(option, "--jobs") == 0 && parse_number(value, '\0', &rest, &jobs)) {
        runner->jobs = (unsigned)jobs;
        return true;
    }
    if (strcmp(option, "--simplify") == 0) {
        runner->simplify = value;
        return true;
    }
    if (strcmp(option, "--pcap") != 0)
        return false;
    runner->capture_path = value;
    return true;
}

/* An option without one. */
static bool parse_flag(const char *option, struct arguments *arguments)
{
    if (strcmp(option, "-v") == 0)
        arguments->runner.is_verbose = true;
    else if (strcmp(option, "--quiet") == 0)
        arguments->is_quiet = true;
    else if (strcmp(option, "--first-failure") == 0)
        arguments->runner.failures_max = 1;
    else if (strcmp(option, "--plant") == 0)
        arguments->runner.is_planted = true;
    else if (strcmp(option, "--shrink") == 0)
        arguments->mode = MODE_SHRINK;
    else if (strcmp(option, "--golden") == 0)
        arguments->mode = MODE_GOLDEN;
    else if (strcmp(option, "--long-path") == 0)
        arguments->mode = MODE_LONG_PATH;
    else if (strcmp(option, "--alloc-failures") == 0)
        arguments->mode = MODE_ALLOC_FAILURES;
    else
        return false;
    return true;
}

static bool parse(int argc, char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){.runner = {.first_seed = 1,
                                               .seed_count = 1,
                                               .failures_max = RUNNER_FAILURES_MAX,
                                               .program = argv[0]}};
    for (int i = 1; i < argc; i++) {
        if (parse_flag(argv[i], arguments))
            continue;
        if (i + 1 == argc || !parse_valued(argv[i], argv[i + 1], arguments))
            return false;
        i++;
    }
    bool is_single = arguments->mode <= MODE_ALLOC_FAILURE;
    return is_single || (!arguments->runner.is_verbose && arguments->runner.capture_path == NULL &&
                         arguments->runner.simplify == NULL);
}

/* What that many runs should have reached and did not; NULL if nothing. */
static const char *find_lack(const struct coverage *coverage)
{
    if (coverage->rebirths == 0)
        return "no stack was saved and restored";
    if (coverage->counters.fast_open_active == 0 || coverage->early_takes == 0)
        return "no data on a SYN was taken and read before the handshake was over";
    if (coverage->syn_replays == 0 && coverage->runs >= REPLAYS_FROM_SEEDS)
        return "no data on a SYN was delivered to two connections, as Fast Open may";
    if (coverage->ghosts * 100 > coverage->runs)
        return "too many runs ended before anything was judged";
    if (coverage->isn_reached * 2 < coverage->isn_wanted)
        return "too few of the runs that should have started near wrapping did";
    return NULL;
}

static int run_seeds(const struct arguments *arguments)
{
    static struct coverage coverage;
    unsigned failures = runner_run(&arguments->runner, &coverage);
    const char *gap = coverage_find_gap(&coverage);
    const char *lack = find_lack(&coverage);
    if (!arguments->is_quiet)
        coverage_print(&coverage, stdout);
    coverage_print_rate(&coverage, stdout);
    if (failures > 0) {
        printf("%u seeds failed\n", failures);
        return EXIT_FAILURE;
    }
    if (arguments->runner.seed_count < EDGES_FROM_SEEDS)
        return EXIT_SUCCESS;
    if (gap != NULL)
        printf("FAILED: no run has reached the edge %s\n", gap);
    if (lack != NULL)
        printf("FAILED: %s\n", lack);
    return gap == NULL && lack == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- refused memory --------------------------------------------------------------------------- */

/* Progress of the sweep, shared with a process that may crash. */
struct sweep {
    struct alloc_failure now;
    struct coverage coverage;
};

static const char *name_of(const struct alloc_failure *failure)
{
    static char name[64];
    snprintf(name, sizeof(name), "--alloc-failure %u:%" PRIu64, failure->kind, failure->nth);
    return name;
}

static void sweep_alone(const struct arguments *arguments, struct sweep *sweep)
{
    static struct world world;
    bool ok = alloc_failures_run(&world, &sweep->coverage, &sweep->now);
    if (!ok)
        runner_report(&world, arguments->runner.program, name_of(&sweep->now));
    fflush(stdout);
    _exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int run_alloc_failures(const struct arguments *arguments)
{
    int status = 0;
    struct sweep *sweep =
        mmap(NULL, sizeof(*sweep), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = sweep != MAP_FAILED ? fork() : -1;
    if (pid == 0)
        sweep_alone(arguments, sweep);
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("sim");
        return EXIT_FAILURE;
    }
    if (WIFSIGNALED(status))
        runner_report_end(status, arguments->runner.program, name_of(&sweep->now));
    printf("%" PRIu64 " runs with refused memory\n", sweep->coverage.runs);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static int run_alloc_failure(const struct arguments *arguments)
{
    static struct world world;
    static struct coverage coverage;
    const struct world_options options = {
        .is_verbose = arguments->runner.is_verbose,
        .capture_path = arguments->runner.capture_path,
        .coverage = &coverage,
    };
    if (alloc_failure_run(&world, &arguments->failure, &options))
        return EXIT_SUCCESS;
    runner_report(&world, arguments->runner.program, name_of(&arguments->failure));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct coverage coverage;
    struct arguments arguments;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (!parse(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return RUNNER_USAGE;
    }
    if (arguments.runner.is_verbose)
        setvbuf(stdout, NULL, _IOLBF, 0); /* so that nothing is lost in a crash */
    switch (arguments.mode) {
    case MODE_SEEDS:
        return run_seeds(&arguments);
    case MODE_ALLOC_FAILURES:
        return run_alloc_failures(&arguments);
    case MODE_ALLOC_FAILURE:
        return run_alloc_failure(&arguments);
    case MODE_GOLDEN:
        return golden_run(arguments.runner.jobs, stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    case MODE_LONG_PATH:
        return long_path_run(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    case MODE_SHRINK:
        return shrink_run(&arguments.runner) ? EXIT_FAILURE : EXIT_SUCCESS;
    case MODE_SEED:
        break;
    }
    return runner_replay(&arguments.runner, &coverage) ? EXIT_SUCCESS : EXIT_FAILURE;
}
