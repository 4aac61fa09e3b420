/* tcpctl: the verb table; each verb is a file cmd_*.c. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct verb verbs[] = {
    {"connect", "HOST PORT", "connect stdin and stdout to a peer, like nc",
     "  -s ADDR      local address\n"
     "  -p PORT      local port\n"
     "  -w SECONDS   give up opening, and end an idle connection, after that time\n"
     "  -N           half-close (FIN) at the end of stdin\n"
     "  -v           say on stderr what happens\n"
     "      --fast-open  send the first of stdin with the SYN (RFC 7413)\n",
     cmd_connect},
    {"serve", "[ADDR:]PORT", "accept one connection for stdin and stdout, like nc -l",
     "  -k           one connection after the other\n"
     "  -w SECONDS   end an idle connection after that time\n"
     "  -N           half-close (FIN) at the end of stdin\n"
     "  -v           say on stderr what happens\n"
     "      --fast-open  take data on SYNs (RFC 7413); it may come twice\n",
     cmd_serve},
    {"open", "HOST PORT", "active OPEN; prints the connection's id",
     "  -s ADDR      local address\n"
     "  -p PORT      local port\n"
     "      --wait   until established, or fail with the cause\n",
     cmd_open},
    {"listen", "[ADDR:]PORT", "passive OPEN; prints the listener's id",
     "      --backlog N   connections that may wait to be accepted (128)\n"
     "      --fast-open   take data on SYNs (RFC 7413); it may come twice\n",
     cmd_listen},
    {"accept", "LISTENER", "take a connection of a listener; prints its id",
     "      --wait SECONDS   for one to come\n", cmd_accept},
    {"send", "ID [FILE|-]", "send a file, or stdin", NULL, cmd_send},
    {"receive", "ID", "write what is there to stdout",
     "      --max N          bytes at most\n"
     "      --wait SECONDS   for the first byte\n",
     cmd_receive},
    {"shutdown", "ID", "FIN; receiving goes on (half close)", NULL, cmd_shutdown},
    {"close", "ID", "CLOSE",
     "      --wait   until the peer has acknowledged our FIN, or the connection is gone\n",
     cmd_close},
    {"abort", "ID", "ABORT: RST", NULL, cmd_abort},
    {"ls", "[EXPR]", "connections and listeners", NULL, cmd_ls},
    {"tw", "[EXPR]", "the TIME_WAIT table", NULL, cmd_tw},
    {"show", "ID", "everything about one connection", NULL, cmd_show},
    {"history", "ID", "its state transitions, each with its cause, and what was dropped",
     "  -d, --drops   only the segments that were dropped lately; without ID, those of all\n",
     cmd_history},
    {"events", "[EXPR]", "state changes that the daemon remembers",
     "  -f, --follow   go on with those to come\n", cmd_events},
    {"stats", "", "counters; see tcpctl-stats(7)", NULL, cmd_stats},
    {"status", "", "version, addresses and totals of the daemon", NULL, cmd_status},
    {"set", "ID NAME VALUE", "set an option of a connection, see tcpctl(1)",
     "      --list   print the options that there are, instead\n", cmd_set},
};
enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

static const struct verb overall = {"", "VERB [ARGUMENTS]",
                                    "use and inspect the connections of tcpengined", NULL, NULL};

static int print_help(void)
{
    cli_print_verb_help(&overall);
    printf("\nVerbs:\n");
    for (unsigned i = 0; i < VERB_COUNT; i++)
        printf("  %-9s%-14s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
    printf("\n`tcpctl VERB --help` tells more, tcpctl(1) all.\n");
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct cli cli = {.verb = &overall};
    setlocale(LC_CTYPE, "");  /* not LC_NUMERIC: numbers are read by programs too */
    setlinebuf(stderr);       /* a message comes in one piece */
    signal(SIGPIPE, SIG_IGN); /* cli_write() sees to it */
    int option = cli_next_option(&cli, argc, argv, "+", NULL);
    if (option == OPTION_STOP)
        return print_help();
    if (option != OPTION_END)
        return EXIT_USAGE;
    if (optind == argc)
        return cli_usage(&cli, "a verb is missing");
    const char *name = argv[optind];
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verbs[i].name, name) != 0)
            continue;
        cli.verb = &verbs[i];
        argc -= optind;
        argv += optind;
        optind = 0; /* GNU getopt: start anew */
        int status = verbs[i].run(&cli, argc, argv);
        cli_flush();
        tcpc_client_free(cli.client);
        return status;
    }
    return cli_usage(&cli, "unknown verb %s", name);
}
