/* tcpctl connect: like nc HOST PORT. The connection ends with this program. */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "descriptor.h"
#include "relay.h"
#include "scan.h"
#include "target.h"

enum { FIRST_BYTES = 16384, LONG_FAST_OPEN = 0x100 };

/* Waits for the first bytes of stdin; a SYN carries at most a segment of them. */
static void read_first(struct target *target)
{
    static char first[FIRST_BYTES];
    ssize_t len = descriptor_read(STDIN_FILENO, first, sizeof(first));
    target->data = first;
    target->len = len > 0 ? (size_t)len : 0; /* a failure is met, and told, when more is read */
}

static int connect_and_relay(struct cli *cli, struct target *target, struct relay_options *options)
{
    struct tcpc_opened opened;
    if (target->fast_open)
        read_first(target);
    char remote[TCPC_ENDPOINT_TEXT_MAX];
    uint32_t patience_ms = options->idle_ms ? options->idle_ms : cli_patience_ms(cli);
    int status = target_open(cli, target, patience_ms, &opened);
    if (status != EXIT_DONE)
        return status;
    relay_guard(cli, 0, opened.id);
    options->sent_bytes = opened.accepted_to;
    options->rest = target->data;
    options->rest_len = target->len;
    if (target->data != NULL) {
        options->rest += opened.accepted_to;
        options->rest_len -= opened.accepted_to;
    }
    if (options->is_verbose)
        cli_note("connected to %s, id %llu", tcpc_endpoint_format(&opened.remote, remote),
                 (unsigned long long)opened.id);
    status = relay_run(cli, options, &opened);
    relay_guard(cli, 0, 0);
    return status;
}

struct arguments {
    struct target target;
    struct relay_options relay;
    bool is_scan; /* -z */
};

/* EXIT_DONE and optind; EXIT_USAGE; or OPTION_STOP. */
static int read_options(struct cli *cli, struct arguments *arguments, int argc, char **argv)
{
    static const struct option long_options[] = {{"fast-open", no_argument, NULL, LONG_FAST_OPEN},
                                                 {NULL, 0, NULL, 0}};
    int option;
    while ((option = cli_next_option(cli, argc, argv, TARGET_LETTERS "w:Nvz", long_options)) >= 0) {
        bool is_target = option < LONG_FAST_OPEN && strchr(TARGET_LETTERS, option) != NULL;
        if (option == LONG_FAST_OPEN)
            arguments->target.fast_open = true;
        else if (option == 'z')
            arguments->is_scan = true;
        else if (option == '?' || (is_target ? !target_option(cli, &arguments->target, option)
                                             : !relay_option(cli, &arguments->relay, option)))
            return EXIT_USAGE;
    }
    return option == OPTION_STOP ? OPTION_STOP : EXIT_DONE;
}

static int scan(struct cli *cli, struct arguments *arguments)
{
    const struct scan_options options = {
        .is_verbose = arguments->relay.is_verbose,
        .wait_ms = arguments->relay.idle_ms ? arguments->relay.idle_ms : cli_patience_ms(cli)};
    return scan_run(cli, &arguments->target, &options);
}

static int cmd_connect(struct cli *cli, int argc, char **argv)
{
    struct arguments arguments = {.is_scan = false};
    struct target *target = &arguments.target;
    int status = read_options(cli, &arguments, argc, argv);
    if (status == OPTION_STOP)
        return EXIT_DONE;
    if (status != EXIT_DONE || !cli_count_arguments(cli, argc, 1, 2))
        return EXIT_USAGE;
    status = target_arguments(cli, target, argc - optind, argv + optind);
    if (status == EXIT_DONE && arguments.is_scan)
        return scan(cli, &arguments);
    if (status == EXIT_DONE)
        status = target_resolve(cli, target, target->host, target->port);
    if (status != EXIT_DONE)
        return status;
    relay_catch_signals();
    status = cli_connect(cli, TCPC_POLICY_CLOSE);
    return status != EXIT_DONE ? status : connect_and_relay(cli, target, &arguments.relay);
}

const struct verb verb_connect = {
    .name = "connect",
    .arguments = "HOST PORT",
    .summary = "Connect stdin and stdout to a peer, like nc",
    .options = TARGET_OPTIONS
    "  -w SECONDS              limit for opening, and for idling once connected\n" RELAY_OPTIONS
    "  -z                      only see whether PORT, or which of a range N-M, takes a\n"
    "                          connection: sends nothing\n"
    "      --fast-open         send the start of stdin with the SYN (RFC 7413)\n",
    .details = TARGET_DETAILS,
    .run = cmd_connect};
