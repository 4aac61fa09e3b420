/* tcpctl: the table of verbs; each verb has a file cmd_VERB.c. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define LOCAL_OPTIONS                                                                              \
    "  -s ADDR                 local address\n"                                                    \
    "  -p PORT                 local port\n"
#define RELAY_OPTIONS                                                                              \
    "  -N                      half-close (send a FIN) at the end of stdin\n"                      \
    "  -v                      report progress on stderr\n"
#define EXPR_DETAILS                                                                               \
    "EXPR is written as for ss(8): tests, joined by and, or, not and parentheses.\n"               \
    "  state NAME, exclude NAME        established, syn-sent, fin-wait-1, time-wait,\n"            \
    "                                  listening, ..., all, connected\n"                           \
    "  sport OP PORT, dport OP PORT    OP is = != > < >= or <=\n"                                  \
    "  src HOST, dst HOST              ADDR, ADDR/PREFIX, ADDR:PORT, [ADDR6]:PORT, :PORT\n"        \
    "  uid N                           the owner\n"                                                \
    "Quote what the shell would interpret: "

static const struct verb verbs[] = {
    {.name = "connect",
     .arguments = "HOST PORT",
     .summary = "Connect stdin and stdout to a peer, like nc",
     .options = LOCAL_OPTIONS
     "  -w SECONDS              limit for opening, and for idling once connected\n" RELAY_OPTIONS
     "      --fast-open         send the start of stdin with the SYN (RFC 7413)\n",
     .run = cmd_connect},
    {.name = "serve",
     .arguments = "[ADDR:]PORT",
     .summary = "Accept a connection for stdin and stdout, like nc -l",
     .options =
         "  -k                      accept one connection after another\n"
         "  -w SECONDS              end a connection that idles for that long\n" RELAY_OPTIONS
         "      --fast-open         accept data on SYNs (RFC 7413); it may arrive twice\n",
     .run = cmd_serve},
    {.name = "open",
     .arguments = "HOST PORT",
     .summary = "Open a connection (active OPEN); print its id",
     .options = LOCAL_OPTIONS
     "      --wait              wait until it is established, or fail with the cause\n",
     .run = cmd_open},
    {.name = "listen",
     .arguments = "[ADDR:]PORT",
     .summary = "Open a listener (passive OPEN); print its id",
     .options = "      --backlog N         most connections that wait to be accepted (128)\n"
                "      --fast-open         accept data on SYNs (RFC 7413); it may arrive twice\n",
     .run = cmd_listen},
    {.name = "accept",
     .arguments = "LISTENER",
     .summary = "Take a connection from a listener; print its id",
     .options = "      --wait SECONDS      wait for one to arrive\n",
     .run = cmd_accept},
    {.name = "send",
     .arguments = "ID [FILE|-]",
     .summary = "Send a file, or stdin",
     .run = cmd_send},
    {.name = "receive",
     .arguments = "ID",
     .summary = "Write received bytes to stdout",
     .options = "      --max N             at most N bytes\n"
                "      --wait SECONDS      wait for the first byte\n",
     .run = cmd_receive},
    {.name = "shutdown",
     .arguments = "ID",
     .summary = "Half-close: send a FIN, keep receiving",
     .run = cmd_shutdown},
    {.name = "close",
     .arguments = "ID",
     .summary = "Close a connection or listener (CLOSE)",
     .options = "      --wait              wait until the peer has acknowledged our FIN\n",
     .run = cmd_close},
    {.name = "abort", .arguments = "ID", .summary = "Reset a connection (ABORT)", .run = cmd_abort},
    {.name = "ls",
     .arguments = "[EXPR]",
     .summary = "List connections and listeners",
     .details = EXPR_DETAILS "tcpctl ls state established 'dport = :80'\n",
     .run = cmd_ls},
    {.name = "tw",
     .arguments = "[EXPR]",
     .summary = "List the TIME_WAIT table",
     .details = EXPR_DETAILS "tcpctl tw 'dport = :80'\n",
     .run = cmd_tw},
    {.name = "show",
     .arguments = "ID",
     .summary = "Show everything about one connection",
     .run = cmd_show},
    {.name = "history",
     .arguments = "ID",
     .summary = "Show its state transitions, and what was dropped",
     .options =
         "  -d, --drops             only the latest drops; without ID, those of the whole stack\n",
     .run = cmd_history},
    {.name = "events",
     .arguments = "[EXPR]",
     .summary = "Show recent state changes",
     .options = "  -f, --follow            and new ones as they happen\n",
     .details = EXPR_DETAILS "tcpctl events -f 'dport = :80'\n",
     .run = cmd_events},
    {.name = "stats",
     .arguments = "",
     .summary = "Show the counters; see tcpctl-stats(7)",
     .run = cmd_stats},
    {.name = "status",
     .arguments = "",
     .summary = "Show the daemon's version, addresses and totals",
     .run = cmd_status},
    {.name = "set",
     .arguments = "ID NAME VALUE",
     .summary = "Set an option of a connection",
     .options = "      --list              list the options instead\n",
     .run = cmd_set},
};
enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

static const struct verb overall = {.name = "",
                                    .arguments = "VERB [ARGUMENTS]",
                                    .summary = "Use and inspect the connections of tcpengined"};

static int print_help(void)
{
    cli_print_verb_help(&overall);
    printf("\nVerbs:\n");
    for (unsigned i = 0; i < VERB_COUNT; i++)
        printf("  %-9s%-15s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
    printf("\n\"tcpctl VERB --help\" describes one verb, tcpctl(1) everything.\n");
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct cli cli = {.verb = &overall};
    setlocale(LC_CTYPE, "");  /* not LC_NUMERIC: programs read the numbers, too */
    setlinebuf(stderr);       /* each message in one piece */
    signal(SIGPIPE, SIG_IGN); /* cli_write() handles it */
    int option = cli_next_option(&cli, argc, argv, "+", NULL);
    if (option == OPTION_STOP)
        return print_help();
    if (option != OPTION_END)
        return EXIT_USAGE;
    if (optind == argc)
        return cli_usage(&cli, "missing verb");
    const char *name = argv[optind];
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verbs[i].name, name) != 0)
            continue;
        cli.verb = &verbs[i];
        argc -= optind;
        argv += optind;
        optind = 0; /* restarts GNU getopt */
        int status = verbs[i].run(&cli, argc, argv);
        cli_flush();
        tcpc_client_free(cli.client);
        return status;
    }
    return cli_usage(&cli, "unknown verb %s", name);
}
