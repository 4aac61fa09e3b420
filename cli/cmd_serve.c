/* tcpctl serve: like nc -l PORT. The listener and its connection end with this program. */
#include "address.h"
#include "cli.h"
#include "exec_server.h"
#include "parse.h"
#include "relay.h"

struct server {
    struct cli *cli;
    struct relay_options options;
    bool is_lasting; /* -k */
    bool fast_open;
    struct tcpc_opened listener;
};

static void note_connection(const struct server *server, const struct tcpc_opened *opened,
                            unsigned number)
{
    char remote[TCPC_ENDPOINT_TEXT_MAX];
    if (server->options.is_verbose)
        cli_note("connection %u from %s, id %llu", number,
                 tcpc_endpoint_format(&opened->remote, remote), (unsigned long long)opened->id);
}

/* One connection, from accept to its end. *ret_is_over: there can be no other. */
static int serve_one(struct server *server, unsigned number, bool *ret_is_over)
{
    struct cli *cli = server->cli;
    struct tcpc_opened opened;
    struct tcpc_error error;
    uint64_t listener = server->listener.id;
    *ret_is_over = true;
    if (tcpc_accept(cli->client, listener, TCPC_WAIT_FOREVER, &opened, &error) != TCPC_OK) {
        relay_yield_to_signal();
        return cli_fail(cli, &error, "serve: accept");
    }
    note_connection(server, &opened, number);
    if (!server->is_lasting) {
        tcpc_close(cli->client, listener, 0, NULL, NULL);
        listener = 0;
    }
    relay_guard(cli, listener, opened.id);
    int status = relay_run(cli, &server->options, &opened);
    relay_guard(cli, listener, 0);
    *ret_is_over = !server->is_lasting;
    if (server->is_lasting && !relay_has_input(cli)) {
        *ret_is_over = true;
        status = EXIT_FAILED;
    }
    return status;
}

static int listen_and_serve(struct server *server, const struct tcpc_endpoint *local)
{
    struct cli *cli = server->cli;
    struct tcpc_open open = {.local = *local, .fast_open = server->fast_open};
    struct tcpc_error error;
    char text[TCPC_ENDPOINT_TEXT_MAX];
    if (tcpc_listen(cli->client, &open, &server->listener, &error) != TCPC_OK)
        return cli_fail(cli, &error, "serve %s", tcpc_endpoint_format(local, text));
    relay_guard(cli, server->listener.id, 0);
    if (server->options.is_verbose)
        cli_note("listening on %s, id %llu", tcpc_endpoint_format(&server->listener.local, text),
                 (unsigned long long)server->listener.id);
    int status = EXIT_DONE;
    unsigned number = 0;
    bool is_over = false;
    /* With -k a peer that fails does not end the service; a listener or daemon that is gone does.
     */
    do {
        status = serve_one(server, ++number, &is_over);
    } while (!is_over && status != EXIT_UNREACHABLE);
    return status;
}

/* False after a complaint. */
static bool take_option(struct server *server, struct exec_options *exec, int option)
{
    switch (option) {
    case 'k':
        server->is_lasting = server->options.repeats = true;
        return true;
    case 'f':
        server->fast_open = exec->fast_open = true;
        return true;
    case 'e':
        exec->command = optarg;
        return true;
    case 'm':
        return cli_count_option(server->cli, "max-clients", EXEC_CLIENTS_MAX, &exec->clients_max);
    default:
        return option != '?' && relay_option(server->cli, &server->options, option);
    }
}

/* With --exec there is no stdin to send, and each process ends as it likes. */
static bool options_agree(const struct server *server, const struct exec_options *exec)
{
    if (exec->command == NULL && exec->clients_max)
        cli_usage(server->cli, "--max-clients needs --exec");
    else if (exec->command != NULL && server->options.half_closes)
        cli_usage(server->cli, "-N does not go with --exec");
    else if (exec->command != NULL && server->options.idle_ms)
        cli_usage(server->cli, "-w does not go with --exec");
    else
        return true;
    return false;
}

static int cmd_serve(struct cli *cli, int argc, char **argv)
{
    static const struct option long_options[] = {{"fast-open", no_argument, NULL, 'f'},
                                                 {"exec", required_argument, NULL, 'e'},
                                                 {"max-clients", required_argument, NULL, 'm'},
                                                 {NULL, 0, NULL, 0}};
    struct server server = {.cli = cli, .options.is_server = true};
    struct exec_options exec = {.command = NULL};
    struct tcpc_endpoint local;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "kw:Nv", long_options)) >= 0) {
        if (!take_option(&server, &exec, option))
            return EXIT_USAGE;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, 1, 1) || !options_agree(&server, &exec))
        return EXIT_USAGE;
    if (!parse_local(argv[optind], &local))
        return cli_usage(cli, "%s: must be PORT, ADDR:PORT or [ADDR6]:PORT", argv[optind]);
    exec.is_verbose = server.options.is_verbose;
    if (exec.command != NULL)
        return exec_server_run(cli, &exec, &local);
    relay_catch_signals();
    int status = cli_connect(cli, TCPC_POLICY_CLOSE);
    return status != EXIT_DONE ? status : listen_and_serve(&server, &local);
}

const struct verb verb_serve = {
    .name = "serve",
    .arguments = "[ADDR:]PORT",
    .summary = "Accept for stdin and stdout, like nc -l, or for a process each",
    .options =
        "  -k                      accept one connection after another; each gets all of "
        "stdin, if\n"
        "                          that is a file, or with -N a pipe\n"
        "  -w SECONDS              end a connection that idles for that long\n" RELAY_OPTIONS
        "      --fast-open         accept data on SYNs (RFC 7413); it may arrive twice\n"
        "      --exec COMMAND      run COMMAND (with sh) for each connection, many at a time; the\n"
        "                          connection is its stdin and stdout\n"
        "      --max-clients N     processes at a time (default 256); more wait\n",
    .run = cmd_serve};
