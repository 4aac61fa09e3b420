/* tcpctl accept */
#include <inttypes.h>
#include <stdio.h>

#include "cli.h"
#include "json.h"
#include "parse.h"

static int accept_and_print(struct cli *cli, uint64_t listener, uint32_t wait_ms)
{
    struct tcpc_opened opened;
    struct tcpc_error error;
    enum tcpc_code code = tcpc_accept(cli->client, listener, wait_ms, &opened, &error);
    if (code != TCPC_OK)
        return cli_fail(cli, &error, "accept %" PRIu64, listener);
    if (cli->is_json)
        json_print(json_opened(&opened));
    else
        printf("%" PRIu64 "\n", opened.id);
    return EXIT_DONE;
}

static int cmd_accept(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"wait", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    uint64_t listener;
    uint32_t wait_ms = 0;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "w:", options)) >= 0) {
        if (option == '?')
            return EXIT_USAGE;
        if (!parse_seconds(optarg, &wait_ms))
            return cli_usage(cli, "--wait %s: must be a number of seconds", optarg);
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, 1, 1))
        return EXIT_USAGE;
    if (!parse_id(argv[optind], &listener))
        return cli_usage(cli, "%s: must be a listener's id", argv[optind]);
    int status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : accept_and_print(cli, listener, wait_ms);
}

const struct verb verb_accept = {.name = "accept",
                                 .arguments = "LISTENER",
                                 .summary = "Take a connection from a listener; print its id",
                                 .options = "      --wait SECONDS      wait for one to arrive\n",
                                 .run = cmd_accept};
