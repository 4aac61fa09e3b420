/* tcpctl abort */
#include <inttypes.h>

#include "one_id.h"

static int do_abort(struct cli *cli, uint64_t id)
{
    struct tcpc_error error;
    if (tcpc_abort(cli->client, id, &error) != TCPC_OK)
        return cli_fail(cli, &error, "abort %" PRIu64, id);
    one_id_print(cli, id, TCPC_CLOSED);
    return EXIT_DONE;
}

static int cmd_abort(struct cli *cli, int argc, char **argv)
{
    return one_id_run(cli, argc, argv, do_abort);
}

const struct verb verb_abort = {
    .name = "abort", .arguments = "ID", .summary = "Reset a connection (ABORT)", .run = cmd_abort};
