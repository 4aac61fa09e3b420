/* tcpctl shutdown */
#include <inttypes.h>

#include "ids.h"

static int do_shutdown(struct cli *cli, uint64_t id, void *ctx)
{
    struct tcpc_request request = {.op = TCPC_OP_SHUTDOWN, .u.target.id = id};
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    (void)ctx;
    if (tcpc_call(cli->client, &request, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "shutdown %" PRIu64, id);
    ids_print(cli, id, response->u.state);
    tcpc_response_free(response);
    return EXIT_DONE;
}

static int cmd_shutdown(struct cli *cli, int argc, char **argv)
{
    return ids_run(cli, argc, argv, do_shutdown);
}

const struct verb verb_shutdown = {.name = "shutdown",
                                   .arguments = "ID...",
                                   .summary = "Half-close: send a FIN, keep receiving",
                                   .run = cmd_shutdown};
