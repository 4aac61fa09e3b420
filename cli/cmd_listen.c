/* tcpctl listen */
#include <inttypes.h>
#include <stdio.h>

#include "address.h"
#include "cli.h"
#include "json.h"
#include "parse.h"

static int listen_and_print(struct cli *cli, const struct tcpc_open *open, const char *where)
{
    struct tcpc_opened opened;
    struct tcpc_error error;
    if (tcpc_listen(cli->client, open, &opened, &error) != TCPC_OK)
        return cli_fail(cli, &error, "listen %s", where);
    if (!cli->is_json) {
        printf("%" PRIu64 "\n", opened.id);
        return EXIT_DONE;
    }
    json_t *object = json_object();
    json_put(object, "id", json_number(opened.id));
    json_put(object, "local", json_endpoint(&opened.local));
    json_put(object, "backlog", json_number(opened.backlog));
    json_print(object);
    return EXIT_DONE;
}

static int cmd_listen(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"backlog", required_argument, NULL, 'b'},
                                            {"fast-open", no_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    struct tcpc_open open = {.is_passive = true};
    uint64_t backlog = 0;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "", options)) >= 0) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'f')
            open.fast_open = true;
        else if (!parse_number(optarg, UINT32_MAX, &backlog) || !backlog)
            return cli_usage(cli, "--backlog %s: must be a number above 0", optarg);
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, 1, 1))
        return EXIT_USAGE;
    if (!parse_local(argv[optind], &open.local))
        return cli_usage(cli, "%s: must be PORT, ADDR:PORT or [ADDR6]:PORT", argv[optind]);
    open.backlog = (uint32_t)backlog;
    int status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : listen_and_print(cli, &open, argv[optind]);
}

const struct verb verb_listen = {
    .name = "listen",
    .arguments = "[ADDR:]PORT",
    .summary = "Open a listener (passive OPEN); print its id",
    .options = "      --backlog N         most connections that wait to be accepted (128)\n"
               "      --fast-open         accept data on SYNs (RFC 7413); it may arrive twice\n",
    .run = cmd_listen};
