/* tcpctl connect: like nc HOST PORT. The connection ends with this program. */
#include "cli.h"
#include "relay.h"
#include "target.h"

static int connect_and_relay(struct cli *cli, const struct target *target,
                             const struct relay_options *options)
{
    struct tcpc_opened opened;
    char remote[TCPC_ENDPOINT_TEXT_MAX];
    uint32_t patience_ms = options->idle_ms ? options->idle_ms : cli_patience_ms(cli);
    int status = target_open(cli, target, patience_ms, &opened);
    if (status != EXIT_DONE)
        return status;
    relay_guard(cli, 0, opened.id);
    if (options->is_verbose)
        cli_note("connected to %s, id %llu", tcpc_endpoint_format(&opened.remote, remote),
                 (unsigned long long)opened.id);
    status = relay_run(cli, options, &opened);
    relay_guard(cli, 0, 0);
    return status;
}

int cmd_connect(struct cli *cli, int argc, char **argv)
{
    struct target target = {.count = 0};
    struct relay_options options = {.is_server = false};
    int option;
    while ((option = cli_next_option(cli, argc, argv, "s:p:w:Nv", NULL)) >= 0) {
        bool is_target = option == 's' || option == 'p';
        if (option == '?')
            return EXIT_USAGE;
        if (is_target ? !target_option(cli, &target, option) : !relay_option(cli, &options, option))
            return EXIT_USAGE;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    if (!cli_count_arguments(cli, argc, 2, 2))
        return EXIT_USAGE;
    int status = target_resolve(cli, &target, argv[optind], argv[optind + 1]);
    if (status != EXIT_DONE)
        return status;
    relay_catch_signals();
    status = cli_connect(cli, TCPC_POLICY_CLOSE);
    return status != EXIT_DONE ? status : connect_and_relay(cli, &target, &options);
}
