/* tcpctl abort */
#include <inttypes.h>

#include "ids.h"

static int do_abort(struct cli *cli, uint64_t id, void *ctx)
{
    struct tcpc_error error;
    (void)ctx;
    if (tcpc_abort(cli->client, id, &error) != TCPC_OK)
        return cli_fail(cli, &error, "abort %" PRIu64, id);
    ids_print(cli, id, TCPC_CLOSED);
    return EXIT_DONE;
}

static int cmd_abort(struct cli *cli, int argc, char **argv)
{
    return ids_run(cli, argc, argv, do_abort);
}

const struct verb verb_abort = {.name = "abort",
                                .arguments = "ID...",
                                .summary = "Reset connections (ABORT)",
                                .run = cmd_abort};
