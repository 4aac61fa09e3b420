#include "target.h"

#include "parse.h"

bool target_option(const struct cli *cli, struct target *target, int option)
{
    uint16_t port = target->local.port;
    if (option == 's') {
        if (!parse_address(optarg, &target->local)) {
            cli_usage(cli, "-s %s: must be an IP address", optarg);
            return false;
        }
        target->local.port = port;
        return true;
    }
    if (option != 'p')
        return false;
    if (!parse_port(optarg, &target->local.port)) {
        cli_usage(cli, "-p %s: must be a port from 1 to 65535", optarg);
        return false;
    }
    return true;
}

int target_resolve(const struct cli *cli, struct target *target, const char *host, const char *port)
{
    uint16_t number;
    const char *why = "";
    if (!parse_port(port, &number))
        return cli_usage(cli, "%s: must be a port from 1 to 65535", port);
    target->host = host;
    target->port = port;
    target->count = parse_host(host, number, target->remotes, TARGET_ADDRESSES_MAX, &why);
    if (target->count)
        return EXIT_DONE;
    cli_note("%s: neither an IP address nor a name that resolves: %s (EADDRNOTAVAIL)", host, why);
    return EXIT_FAILED;
}

static bool is_worth_another(enum tcpc_code code)
{
    return code == TCPC_REFUSED || code == TCPC_PEER_UNREACHABLE || code == TCPC_TIMED_OUT ||
           code == TCPC_ADDRESS || code == TCPC_AGAIN || code == TCPC_RESET;
}

/* Tries one address. With TCPC_OK *ret_opened is the connection; otherwise nothing is left of it.
 */
static enum tcpc_code open_one(struct cli *cli, const struct tcpc_open *open,
                               struct tcpc_opened *ret_opened, struct tcpc_error *ret_error)
{
    struct tcpc_opened opened;
    enum tcpc_code code = tcpc_open_active(cli->client, open, &opened, ret_error);
    if (code == TCPC_OK)
        *ret_opened = opened;
    else if (opened.id && code == TCPC_AGAIN)
        tcpc_abort(cli->client, opened.id, NULL);
    else if (opened.id)
        tcpc_close(cli->client, opened.id, 0, NULL, NULL);
    return code;
}

int target_open(struct cli *cli, const struct target *target, uint32_t wait_ms,
                struct tcpc_opened *ret_opened)
{
    struct tcpc_error error = {.code = TCPC_OK};
    enum tcpc_code code = TCPC_INVALID_ARGUMENT;
    for (unsigned i = 0; i < target->count; i++) {
        struct tcpc_open open = {.local = target->local,
                                 .remote = target->remotes[i],
                                 .wait_ms = wait_ms,
                                 .fast_open = target->fast_open,
                                 .data = target->data,
                                 .len = target->len};
        code = open_one(cli, &open, ret_opened, &error);
        if (code == TCPC_OK)
            return EXIT_DONE;
        if (!is_worth_another(code))
            break;
    }
    return cli_fail(cli, &error, "%s %s port %s", cli->verb->name, target->host, target->port);
}
