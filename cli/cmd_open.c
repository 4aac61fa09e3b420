/* tcpctl open: the connection belongs to the caller's uid, and outlives this program. */
#include <inttypes.h>
#include <stdio.h>

#include "address.h"
#include "cli.h"
#include "json.h"
#include "target.h"

static int cmd_open(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"wait", no_argument, NULL, 'W'}, {NULL, 0, NULL, 0}};
    struct target target = {.count = 0};
    struct tcpc_opened opened;
    bool is_waiting = false;
    int option;
    while ((option = cli_next_option(cli, argc, argv, TARGET_LETTERS, options)) >= 0) {
        if (option == 'W')
            is_waiting = true;
        else if (option == '?' || !target_option(cli, &target, option))
            return EXIT_USAGE;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, 1, 2))
        return EXIT_USAGE;
    int status = target_arguments(cli, &target, argc - optind, argv + optind);
    if (status == EXIT_DONE)
        status = target_resolve(cli, &target, target.host, target.port);
    if (status == EXIT_DONE)
        status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status == EXIT_DONE)
        status = target_open(cli, &target, is_waiting ? cli_patience_ms(cli) : 0, &opened);
    if (status != EXIT_DONE)
        return status;
    if (cli->is_json)
        json_print(json_opened(&opened));
    else
        printf("%" PRIu64 "\n", opened.id);
    return EXIT_DONE;
}

const struct verb verb_open = {
    .name = "open",
    .arguments = "HOST PORT",
    .summary = "Open a connection (active OPEN); print its id",
    .options = TARGET_OPTIONS
    "      --wait              wait until it is established, or fail with the cause\n",
    .details = TARGET_DETAILS,
    .run = cmd_open};
