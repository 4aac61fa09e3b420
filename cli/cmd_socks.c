/* tcpctl socks: a SOCKS server on the kernel's side, like ssh -D, whose connections are the
 * engine's. */
#include "gateway.h"

static int serve_socks(struct gateway *gateway, struct cli *cli, const struct forward_rule *rule)
{
    int status = gateway_init(gateway, cli);
    if (status == EXIT_DONE)
        status = gateway_listen(gateway, rule, false, true);
    return status == EXIT_DONE ? gateway_run(gateway) : status;
}

static int cmd_socks(struct cli *cli, int argc, char **argv)
{
    static const struct option long_options[] = {GATEWAY_LONG_OPTIONS, {NULL, 0, NULL, 0}};
    static struct gateway gateway;
    struct forward_rule rule;
    const char *why;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "v", long_options)) >= 0) {
        if (!gateway_option(cli, &gateway, option))
            return EXIT_USAGE;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, 1, 1))
        return EXIT_USAGE;
    if (!forward_rule_parse_listener(argv[optind], &rule, &why))
        return cli_usage(cli, "%s: %s", argv[optind], why);
    return serve_socks(&gateway, cli, &rule);
}

const struct verb verb_socks = {
    .name = "socks",
    .arguments = "[BIND:]PORT",
    .summary = "A SOCKS 5 server whose connections are the engine's, like ssh -D",
    .options = GATEWAY_OPTIONS,
    .details = "Without BIND it listens on loopback only; an empty BIND or * means all addresses.\n"
               "Names are resolved by this host. --timeout limits each connecting.\n",
    .run = cmd_socks};
