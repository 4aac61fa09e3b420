/* Every interleaving of opening and closing a connection between two engines. See --help, and the
 * headers of the other files. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diagram.h"
#include "edges.h"
#include "search.h"

#define EXIT_USAGE 2
#define AUDIT_EVERY 50

static const char usage[] =
    "usage: explore [--scenario NAME] [--quick | --budget D,C,T,A] [--depth N] [--audit N]\n"
    "       explore --scenario NAME [--budget D,C,T,A] --replay 'CHOICES'\n"
    "       explore --dot FILE | --check-dot FILE\n"
    "       explore --list\n"
    "\n"
    "Two engines, one connection, and everything that may happen: users call at any moment, "
    "frames\n"
    "overtake one another, are lost or come twice, timers expire; depth first, each moment once.\n"
    "\n"
    "  --scenario NAME    one of them (default: all)\n"
    "  --budget D,C,T,A   frames lost and repeated, timers that expire, ABORTs, at most\n"
    "  --quick            small budgets, for slow builds\n"
    "  --depth N          at most so many steps\n"
    "  --audit N          every Nth moment that is recognized proves it (default: 50; 0: none)\n"
    "  --replay CHOICES   one run, with every segment, as a failure prints it\n"
    "  --dot FILE         the state diagram as it was reached, for Graphviz; - for standard "
    "output\n"
    "  --list             the scenarios\n"
    "\n"
    "Exit status: 0 everything held, 1 something did not, 2 usage.\n";

struct arguments {
    const char *scenario, *replay, *dot, *check_dot;
    struct budget budget;
    bool has_budget, is_quick, is_list;
    unsigned depth_max, audit_every;
};

static bool parse_unsigned(const char *text, unsigned max, unsigned *ret_number)
{
    char *rest;
    unsigned long number = strtoul(text, &rest, 10);
    if (rest == text || *rest != '\0' || number > max)
        return false;
    *ret_number = (unsigned)number;
    return true;
}

static bool parse_budget(const char *text, struct budget *ret_budget)
{
    return sscanf(text, "%" SCNu8 ",%" SCNu8 ",%" SCNu8 ",%" SCNu8, &ret_budget->drops,
                  &ret_budget->copies, &ret_budget->timers, &ret_budget->aborts) == 4;
}

static bool parse_valued(const char *option, const char *value, struct arguments *arguments)
{
    if (strcmp(option, "--scenario") == 0)
        arguments->scenario = value;
    else if (strcmp(option, "--replay") == 0)
        arguments->replay = value;
    else if (strcmp(option, "--dot") == 0)
        arguments->dot = value;
    else if (strcmp(option, "--check-dot") == 0)
        arguments->check_dot = value;
    else if (strcmp(option, "--depth") == 0)
        return parse_unsigned(value, DEPTH_MAX, &arguments->depth_max);
    else if (strcmp(option, "--audit") == 0)
        return parse_unsigned(value, UINT32_MAX, &arguments->audit_every);
    else if (strcmp(option, "--budget") == 0)
        return arguments->has_budget = parse_budget(value, &arguments->budget);
    else
        return false;
    return true;
}

static bool parse(int argc, char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){.depth_max = DEPTH_MAX, .audit_every = AUDIT_EVERY};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            arguments->is_quick = true;
        else if (strcmp(argv[i], "--list") == 0)
            arguments->is_list = true;
        else if (i + 1 == argc || !parse_valued(argv[i], argv[i + 1], arguments))
            return false;
        else
            i++;
    }
    if (arguments->scenario != NULL && scenario_find(arguments->scenario) == NULL)
        return false;
    return arguments->replay == NULL || arguments->scenario != NULL;
}

/* The scenario under the bounds that the arguments name. */
static struct scenario bound(const struct scenario *scenario, const struct arguments *arguments)
{
    struct scenario bounded = *scenario;
    if (arguments->is_quick)
        bounded.budget = scenario->quick;
    if (arguments->has_budget)
        bounded.budget = arguments->budget;
    return bounded;
}

static void print_failure(const struct scenario *scenario, const struct search_result *result,
                          const char *program)
{
    struct watch watch = {.trace = stdout};
    const struct budget *budget = &scenario->budget;
    printf("FAILED: %s\n  replay: %s --scenario %s --budget %u,%u,%u,%u --replay '",
           result->failure, program, scenario->name, budget->drops, budget->copies, budget->timers,
           budget->aborts);
    path_print(&result->path, stdout);
    printf("'\n");
    search_replay(scenario, &result->path, &watch);
}

static bool run_scenario(const struct scenario *scenario, const struct arguments *arguments,
                         struct reached *reached, const char *program)
{
    struct search_result result;
    struct search_options options = {.scenario = scenario,
                                     .depth_max = arguments->depth_max,
                                     .audit_every = arguments->audit_every,
                                     .reached = reached};
    search_run(&options, &result);
    printf("%-18s %9" PRIu64 " moments, %9" PRIu64 " steps, longest run %2u, %8" PRIu64
           " checked in peace, %7" PRIu64 " audited\n",
           scenario->name, result.moments, result.steps, result.depth, result.peaces,
           result.audits);
    fflush(stdout);
    if (result.failure != NULL)
        print_failure(scenario, &result, program);
    return result.failure == NULL;
}

static bool is_bounded(const struct arguments *arguments)
{
    return arguments->scenario != NULL || arguments->has_budget || arguments->depth_max < DEPTH_MAX;
}

static int run_all(const struct arguments *arguments, const char *program)
{
    static struct reached reached;
    bool ok = true;
    for (const struct scenario *scenario = scenario_table(); scenario->name != NULL; scenario++) {
        struct scenario bounded = bound(scenario, arguments);
        if (arguments->scenario == NULL || strcmp(arguments->scenario, scenario->name) == 0)
            ok &= run_scenario(&bounded, arguments, &reached, program);
    }
    reached_print(&reached, stdout);
    if (ok && !is_bounded(arguments))
        ok = edges_check(&reached, stdout);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int replay(const struct arguments *arguments)
{
    struct scenario scenario = bound(scenario_find(arguments->scenario), arguments);
    struct watch watch = {.trace = stdout};
    struct path path;
    if (!path_parse(arguments->replay, &path)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    const char *failure = search_replay(&scenario, &path, &watch);
    printf("%s\n", failure != NULL ? failure : "all held");
    return failure == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The diagram's text; the bounds of other runs do not apply. NULL if a search failed. */
static char *draw(const char *program)
{
    static struct reached orderly, all;
    const struct arguments arguments = {.depth_max = DEPTH_MAX};
    char *text = NULL;
    size_t len;
    for (const struct scenario *scenario = scenario_table(); scenario->name != NULL; scenario++) {
        struct scenario quick = *scenario;
        quick.budget = scenario->quick;
        if (scenario->is_orderly && !run_scenario(&quick, &arguments, &orderly, program))
            return NULL;
        if (!run_scenario(&quick, &arguments, &all, program))
            return NULL;
    }
    FILE *file = open_memstream(&text, &len);
    if (file == NULL)
        abort();
    diagram_write(&orderly, &all, file);
    fclose(file);
    return text;
}

static bool write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    bool ok = fputs(text, file) >= 0;
    return fclose(file) == 0 && ok;
}

static bool has_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    for (; *text != '\0' && fgetc(file) == (unsigned char)*text; text++)
        continue;
    bool is_same = *text == '\0' && fgetc(file) == EOF;
    fclose(file);
    return is_same;
}

static int diagram(const struct arguments *arguments, const char *program)
{
    char *text = draw(program);
    if (text == NULL)
        return EXIT_FAILURE;
    bool ok = arguments->dot != NULL ? write_text(arguments->dot, text)
                                     : has_text(arguments->check_dot, text);
    if (!ok && arguments->dot != NULL)
        printf("FAILED: %s cannot be written\n", arguments->dot);
    else if (!ok)
        printf("FAILED: the diagram differs from what is reached; write and draw it again:\n"
               "  %s --dot %s\n  and as docs/state-machine.md says\n",
               program, arguments->check_dot);
    free(text);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void list(void)
{
    for (const struct scenario *scenario = scenario_table(); scenario->name != NULL; scenario++)
        printf("%-18s --budget %u,%u,%u,%u  (quick: %u,%u,%u,%u)\n", scenario->name,
               scenario->budget.drops, scenario->budget.copies, scenario->budget.timers,
               scenario->budget.aborts, scenario->quick.drops, scenario->quick.copies,
               scenario->quick.timers, scenario->quick.aborts);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (!parse(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (arguments.is_list) {
        list();
        return EXIT_SUCCESS;
    }
    if (arguments.dot != NULL || arguments.check_dot != NULL)
        return diagram(&arguments, argv[0]);
    return arguments.replay != NULL ? replay(&arguments) : run_all(&arguments, argv[0]);
}
