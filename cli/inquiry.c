#include "inquiry.h"

int inquiry_run(struct cli *cli, int argc, char **argv, const struct inquiry *inquiry)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    int status;
    if (!cli_arguments(cli, argc, argv, 0, 0, &status))
        return status;
    status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    if (inquiry->ask(cli->client, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "%s", cli->verb->name);
    if (cli->is_json)
        inquiry->print_json(cli, response);
    else
        inquiry->print_text(cli, response);
    tcpc_response_free(response);
    return EXIT_DONE;
}
