/* tcpctl close */
#include <inttypes.h>
#include <limits.h>

#include "cli.h"
#include "ids.h"

/* Without --timeout, --wait waits as long as TCP itself tries. */
static uint32_t wait_of(const struct cli *cli, bool is_waiting)
{
    return is_waiting ? cli_patience_ms(cli) : 0;
}

static int do_close(struct cli *cli, uint64_t id, void *ctx)
{
    const bool is_waiting = *(const bool *)ctx;
    struct tcpc_error error;
    enum tcpc_state state = TCPC_CLOSED;
    uint32_t wait_ms = wait_of(cli, is_waiting);
    if (tcpc_close(cli->client, id, wait_ms, &state, &error) != TCPC_OK)
        return cli_fail(cli, &error, "close %" PRIu64, id);
    ids_print(cli, id, state);
    if (!is_waiting)
        return EXIT_DONE;
    if (state == TCPC_FIN_WAIT_1 || state == TCPC_CLOSING || state == TCPC_LAST_ACK) {
        cli_note("close %" PRIu64 ": the FIN was not acknowledged in time (ETIMEDOUT)", id);
        return EXIT_TIMED_OUT;
    }
    return EXIT_DONE;
}

static int cmd_close(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"wait", no_argument, NULL, 'W'}, {NULL, 0, NULL, 0}};
    bool is_waiting = false;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "", options)) >= 0) {
        if (option == '?')
            return EXIT_USAGE;
        is_waiting = true;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, 1, INT_MAX))
        return EXIT_USAGE;
    return ids_each(cli, argc - optind, argv + optind, do_close, &is_waiting);
}

const struct verb verb_close = {
    .name = "close",
    .arguments = "ID...",
    .summary = "Close connections or listeners (CLOSE)",
    .options = "      --wait              wait until the peer has acknowledged our FIN\n",
    .run = cmd_close};
