/* Two engines and a bad network, by seed. See --help, and the headers of the other files. */
#include "alloc_failures.h"
#include "runner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2
#define EDGES_FROM_SEEDS 2000 /* so many runs reach every edge */

static const char usage[] =
    "usage: sim [--seed N | --seeds FROM:COUNT | --alloc-failures]\n"
    "           [-v] [--pcap FILE] [--twice-every N] [--jobs N] [--quiet]\n"
    "\n"
    "Two TCP stacks back to back in virtual time, on a link that loses, repeats, reorders, delays "
    "and\n"
    "damages frames, with applications that do as they like. Everything is drawn from the seed: "
    "the\n"
    "same seed gives the same run.\n"
    "\n"
    "  --seed N             one run (default: 1)\n"
    "  --seeds FROM:COUNT   COUNT runs, in one process for each processor\n"
    "  --alloc-failures     a plain connection, with memory refused at each allocation in turn\n"
    "  -v                   every event, with --seed\n"
    "  --pcap FILE          what side A's interface sees, for Wireshark, with --seed\n"
    "  --twice-every N      runs each Nth seed twice and compares the traces\n"
    "  --jobs N             processes\n"
    "  --quiet              no table of what was reached\n"
    "\n"
    "Exit status: 0 all held, 1 something did not, 2 usage.\n";

enum mode { MODE_SEED, MODE_SEEDS, MODE_ALLOC_FAILURES };

struct arguments {
    enum mode mode;
    bool is_quiet;
    struct runner_options runner;
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
    if (strcmp(option, "--twice-every") == 0)
        return parse_number(value, '\0', &rest, &runner->twice_every);
    if (strcmp(option, "--jobs") == 0 && parse_number(value, '\0', &rest, &jobs)) {
        runner->jobs = (unsigned)jobs;
        return true;
    }
    if (strcmp(option, "--pcap") != 0)
        return false;
    runner->capture_path = value;
    return true;
}

static bool parse(int argc, char **argv, struct arguments *arguments)
{
    *arguments =
        (struct arguments){.runner = {.first_seed = 1, .seed_count = 1, .program = argv[0]}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            arguments->runner.is_verbose = true;
        else if (strcmp(argv[i], "--quiet") == 0)
            arguments->is_quiet = true;
        else if (strcmp(argv[i], "--alloc-failures") == 0)
            arguments->mode = MODE_ALLOC_FAILURES;
        else if (i + 1 == argc || !parse_valued(argv[i], argv[i + 1], arguments))
            return false;
        else
            i++;
    }
    bool is_single = arguments->mode == MODE_SEED;
    return is_single || (!arguments->runner.is_verbose && arguments->runner.capture_path == NULL);
}

static int run_seeds(const struct arguments *arguments)
{
    static struct coverage coverage;
    unsigned failures = runner_run(&arguments->runner, &coverage);
    const char *gap = coverage_find_gap(&coverage);
    if (!arguments->is_quiet)
        coverage_print(&coverage, stdout);
    if (failures > 0) {
        printf("%u seeds failed\n", failures);
        return EXIT_FAILURE;
    }
    if (arguments->runner.seed_count < EDGES_FROM_SEEDS)
        return EXIT_SUCCESS;
    if (gap != NULL)
        printf("FAILED: no run has reached the edge %s\n", gap);
    if (coverage.isn_reached * 2 < coverage.isn_wanted)
        printf("FAILED: too few of the runs that should have started near wrapping did\n");
    return gap != NULL || coverage.isn_reached * 2 < coverage.isn_wanted ? EXIT_FAILURE
                                                                         : EXIT_SUCCESS;
}

static int run_alloc_failures(const struct arguments *arguments)
{
    static struct world world;
    static struct coverage coverage;
    struct world_options options;
    bool ok = alloc_failures_run(&world, &coverage, &options);
    if (!ok) {
        runner_report(&world, arguments->runner.program, "--alloc-failures");
        printf("  side %c, allocations from %" PRIu64 " on, %" PRIu64 " of them refused\n",
               options.refusing_side == 0 ? 'A' : 'B', options.refuse_from, options.refuse_count);
    }
    printf("%" PRIu64 " runs with refused memory\n", coverage.runs);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
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
        return EXIT_USAGE;
    }
    switch (arguments.mode) {
    case MODE_SEEDS:
        return run_seeds(&arguments);
    case MODE_ALLOC_FAILURES:
        return run_alloc_failures(&arguments);
    case MODE_SEED:
        break;
    }
    return runner_replay(&arguments.runner, &coverage) ? EXIT_SUCCESS : EXIT_FAILURE;
}
