/* tcpctl: finds the verb (CLI_VERB_LIST) and runs it. */
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "terminal.h"
#include "view_memory.h"

#define ROW(name) &verb_##name,
static const struct verb *const verbs[] = {CLI_VERB_LIST(ROW)};
#undef ROW
enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };
enum { ARGUMENTS_WIDTH = 14, SUMMARY_COLUMN = 26 };

static const struct verb overall = {.name = "",
                                    .arguments = "VERB [ARGUMENTS]",
                                    .summary = "Use and inspect the connections of tcpengined"};

static int print_help(void)
{
    cli_print_verb_help(&overall);
    size_t width = terminal_width();
    printf("\nVerbs:\n");
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        bool fits = strlen(verbs[i]->arguments) <= ARGUMENTS_WIDTH;
        printf("  %-9s%-*s ", verbs[i]->name, ARGUMENTS_WIDTH, fits ? verbs[i]->arguments : "...");
        terminal_print_wrapped(verbs[i]->summary, SUMMARY_COLUMN, width);
    }
    putchar('\n');
    terminal_print_wrapped("\"tcpctl VERB --help\" describes one verb, tcpctl(1) everything.", 0,
                           width);
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct cli cli = {.verb = &overall};
    cli_streams_init();
    view_memory_init(cli_no_memory);
    setlocale(LC_CTYPE, "");  /* not LC_NUMERIC: programs read the numbers, too */
    signal(SIGPIPE, SIG_IGN); /* cli_write() handles it */
    int option = cli_next_option(&cli, argc, argv, "+", NULL);
    if (option == OPTION_STOP)
        return print_help();
    if (option != OPTION_END)
        return EXIT_USAGE;
    if (optind == argc)
        return print_help(); /* as ip(8) and networkctl(1) do */
    const char *name = argv[optind];
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verbs[i]->name, name) != 0)
            continue;
        cli.verb = verbs[i];
        argc -= optind;
        argv += optind;
        optind = 0; /* restarts GNU getopt */
        int status = verbs[i]->run(&cli, argc, argv);
        cli_flush();
        tcpc_client_free(cli.client);
        return status;
    }
    return cli_usage(&cli, "unknown verb %s", name);
}
