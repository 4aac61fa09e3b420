#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "parse.h"
#include "terminal.h"

enum { LONG_OPTIONS_MAX = 24, LETTERS_MAX = 32 };
enum { OPTION_CONTROL = 0x1000, OPTION_TIMEOUT, OPTION_VERSION, OPTION_HELP };

static const struct option global_options[] = {
    {"control", required_argument, NULL, OPTION_CONTROL},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"json", no_argument, NULL, 'j'},
    {"no-header", no_argument, NULL, 'H'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
};
enum { GLOBAL_COUNT = sizeof(global_options) / sizeof(global_options[0]) };

void cli_print_version(void)
{
    printf("tcpctl %s\n", tcpc_version());
}

/* Where the text of a line like "  -x, --long    text" begins: after the last gap. */
static size_t text_column(const char *line)
{
    size_t column = strspn(line, " ");
    for (const char *gap = strstr(line + column, "  "); gap != NULL; gap = strstr(gap, "  ")) {
        gap += strspn(gap, " ");
        column = (size_t)(gap - line);
    }
    return column;
}

/* Prints lines of help, folded where the terminal is narrow. */
static void print_lines(const char *text)
{
    char line[256];
    size_t width = terminal_width();
    while (*text) {
        size_t len = strcspn(text, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)len, text);
        terminal_print_line(line, text_column(line), width);
        text += len + (text[len] == '\n');
    }
}

void cli_print_verb_help(const struct verb *verb)
{
    printf("Usage: tcpctl %s%s%s%s\n%s.\n", verb->name, *verb->name ? " [OPTIONS]" : "[OPTIONS]",
           *verb->arguments ? " " : "", verb->arguments, verb->summary);
    printf("\nOptions:\n");
    print_lines(verb->options != NULL ? verb->options : "");
    print_lines(
        "      --control URL       the daemon's control socket (default $TCPENGINE_CONTROL, else\n"
        "                          " TCPC_DEFAULT_URL "), or\n"
        "                          ssh://[USER@]HOST[:PORT][/PATH]\n"
        "  -j, --json              print one JSON value instead of text\n"
        "  -H, --no-header         print tables without their header line\n"
        "      --timeout SECONDS   limit for the daemon's answers; for connect, open --wait and\n"
        "                          close --wait, limit for the whole\n"
        "  -h, --help              print this help\n"
        "      --version           print the version\n");
    if (verb->details != NULL) {
        putchar('\n');
        print_lines(verb->details);
    }
    if (verb->print_details != NULL)
        verb->print_details();
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "tcpctl: ");
    if (*cli->verb->name)
        fprintf(stderr, "%s: ", cli->verb->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; see tcpctl%s%s --help\n", *cli->verb->name ? " " : "", cli->verb->name);
    return EXIT_USAGE;
}

/* The verb's options, then the global ones. */
static void options_join(struct option *ret_options, const struct option *own)
{
    unsigned count = 0;
    while (own != NULL && own[count].name != NULL && count < LONG_OPTIONS_MAX - GLOBAL_COUNT - 1) {
        ret_options[count] = own[count];
        count++;
    }
    memcpy(ret_options + count, global_options, sizeof(global_options));
    ret_options[count + GLOBAL_COUNT] = (struct option){.name = NULL};
}

static int complain(const struct cli *cli, int argc, char **argv, int option)
{
    const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
    bool is_long = strncmp(word, "--", 2) == 0 || optopt == 0 || optopt >= OPTION_CONTROL;
    char letter[3] = {'-', (char)optopt, '\0'};
    cli_usage(cli, option == ':' ? "%s needs a value" : "unknown option %s",
              is_long ? word : letter);
    return '?';
}

static int take_timeout(struct cli *cli)
{
    if (parse_seconds(optarg, &cli->timeout_ms) && cli->timeout_ms > 0)
        return 0;
    cli_usage(cli, "--timeout %s: must be a number of seconds above 0", optarg);
    return '?';
}

bool cli_count_option(const struct cli *cli, const char *name, unsigned max, unsigned *ret_count)
{
    uint64_t number;
    if (!parse_number(optarg, max, &number) || number == 0) {
        cli_usage(cli, "--%s %s: must be 1 to %u", name, optarg, max);
        return false;
    }
    *ret_count = (unsigned)number;
    return true;
}

/* 0: it was a global option, and is dealt with. */
static int take_global(struct cli *cli, int option)
{
    switch (option) {
    case OPTION_CONTROL:
        cli->control_url = optarg;
        return 0;
    case OPTION_TIMEOUT:
        return take_timeout(cli);
    case 'j':
        cli->is_json = true;
        return 0;
    case 'H':
        cli->is_headerless = true;
        return 0;
    case OPTION_VERSION:
        cli_print_version();
        exit(EXIT_DONE);
    case 'h':
    case OPTION_HELP:
        if (*cli->verb->name)
            cli_print_verb_help(cli->verb);
        return OPTION_STOP;
    default:
        return option;
    }
}

int cli_next_option(struct cli *cli, int argc, char **argv, const char *letters,
                    const struct option *long_options)
{
    struct option options[LONG_OPTIONS_MAX];
    char all_letters[LETTERS_MAX];
    bool is_strict = letters[0] == '+';
    options_join(options, long_options);
    /* ':' first: then getopt tells a missing value from an unknown option. */
    snprintf(all_letters, sizeof(all_letters), "%s:jHh%s", is_strict ? "+" : "",
             letters + (is_strict ? 1 : 0));
    opterr = 0;
    for (;;) {
        int option = getopt_long(argc, argv, all_letters, options, NULL);
        if (option == '?' || option == ':')
            return complain(cli, argc, argv, option);
        if (option == -1)
            return OPTION_END;
        option = take_global(cli, option);
        if (option != 0)
            return option;
    }
}

bool cli_arguments(struct cli *cli, int argc, char **argv, int min, int max, int *ret_status)
{
    int option = cli_next_option(cli, argc, argv, "", NULL);
    *ret_status = option == OPTION_STOP ? EXIT_DONE : EXIT_USAGE;
    return option == OPTION_END && cli_count_arguments(cli, argc, min, max);
}

bool cli_count_arguments(const struct cli *cli, int argc, int min, int max)
{
    int count = argc - optind;
    if (count < min)
        cli_usage(cli, "missing argument: expected %s", cli->verb->arguments);
    else if (count > max && max > 0)
        cli_usage(cli, "too many arguments: expected only %s", cli->verb->arguments);
    else if (count > max)
        cli_usage(cli, "too many arguments: expected none");
    return count >= min && count <= max;
}

bool cli_id_argument(const struct cli *cli, const char *word, uint64_t *ret_id)
{
    if (parse_id(word, ret_id))
        return true;
    cli_usage(cli, "%s: must be an id, as tcpctl ls prints them", word);
    return false;
}
