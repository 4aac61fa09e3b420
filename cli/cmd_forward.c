/* tcpctl forward: like ssh -N -L and -R. Programs that know nothing of the engine use it through a
 * port of the kernel's, and are reached through one of the engine's. */
#include <stdlib.h>

#include "gateway.h"

struct asked {
    struct forward_rule rules[GATEWAY_DOORS_MAX];
    bool on_engine[GATEWAY_DOORS_MAX];
    unsigned count;
};

static bool take_rule(const struct cli *cli, struct asked *asked, bool on_engine)
{
    const char *why = "too many of them";
    bool is_full = asked->count == GATEWAY_DOORS_MAX;
    struct forward_rule *rule = &asked->rules[asked->count];
    if (is_full || !forward_rule_parse(optarg, rule, &why)) {
        cli_usage(cli, "-%c %s: %s", on_engine ? 'R' : 'L', optarg, why);
        return false;
    }
    if ((on_engine ? rule->bind : rule->host)[0] == '/') {
        cli_usage(cli, "-%c %s: the engine's side has no Unix sockets", on_engine ? 'R' : 'L',
                  optarg);
        return false;
    }
    asked->on_engine[asked->count++] = on_engine;
    return true;
}

static int forward(struct gateway *gateway, struct cli *cli, const struct asked *asked)
{
    int status = gateway_init(gateway, cli);
    for (unsigned i = 0; i < asked->count && status == EXIT_DONE; i++)
        status = gateway_listen(gateway, &asked->rules[i], asked->on_engine[i], false);
    return status == EXIT_DONE ? gateway_run(gateway) : status;
}

static int cmd_forward(struct cli *cli, int argc, char **argv)
{
    static const struct option long_options[] = {GATEWAY_LONG_OPTIONS, {NULL, 0, NULL, 0}};
    static struct gateway gateway;
    static struct asked asked;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "L:R:v", long_options)) >= 0) {
        bool is_taken = option == 'L' || option == 'R' ? take_rule(cli, &asked, option == 'R')
                                                       : gateway_option(cli, &gateway, option);
        if (!is_taken)
            return EXIT_USAGE;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, 0, 0))
        return EXIT_USAGE;
    if (asked.count == 0)
        return cli_usage(cli, "missing option: expected -L or -R");
    return forward(&gateway, cli, &asked);
}

const struct verb verb_forward = {
    .name = "forward",
    .arguments = "-L|-R RULE...",
    .summary = "Hand connections on between kernel and engine, like ssh -L and -R",
    .options =
        "  -L [BIND:]PORT:HOST:HOSTPORT\n"
        "                          listen on the kernel's PORT, and connect to HOST over the\n"
        "                          engine; /PATH instead of [BIND:]PORT: a Unix socket\n"
        "  -R [BIND:]PORT:HOST:HOSTPORT\n"
        "                          listen on the engine's PORT, and connect to HOST over the\n"
        "                          kernel; /PATH instead of HOST:HOSTPORT: a Unix "
        "socket\n" GATEWAY_OPTIONS,
    .details =
        "Both may be given several times. Without BIND, -L listens on loopback only, and -R on "
        "all\n"
        "addresses of the engine; an empty BIND or * means all. IPv6 addresses are in brackets.\n"
        "PORT 0 has one chosen, and printed on stderr. --timeout limits each connecting.\n",
    .run = cmd_forward};
