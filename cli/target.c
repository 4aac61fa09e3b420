#include "target.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"

#define PORT_WANTED "a port from 1 to 65535, or the name of a service"

static bool take_local(const struct cli *cli, struct target *target)
{
    struct tcpc_endpoint local = {.port = 0};
    const char *why = "";
    if (!parse_host(optarg, target->local.port, &local, 1, &why)) {
        cli_usage(cli, "-s %s: must be an IP address or a name that resolves: %s", optarg, why);
        return false;
    }
    target->local = local;
    return true;
}

bool target_option(const struct cli *cli, struct target *target, int option)
{
    switch (option) {
    case '4':
    case '6':
        target->is_v4_only = option == '4';
        target->is_v6_only = option == '6';
        return true;
    case 's':
        return take_local(cli, target);
    case 'p':
        if (address_port(optarg, &target->local.port))
            return true;
        cli_usage(cli, "-p %s: must be " PORT_WANTED, optarg);
        return false;
    default:
        return false;
    }
}

int target_arguments(const struct cli *cli, struct target *target, int count, char **words)
{
    struct address_text parts;
    target->host = words[0];
    target->port = words[1]; /* NULL: argv ends there */
    if (count > 1)
        return EXIT_DONE;
    if (!address_split(words[0], &parts) || !parts.has_port || !*parts.host)
        return cli_usage(
            cli, "%s: must be followed by a port: HOST PORT, HOST:PORT or [ADDR6]:PORT", words[0]);
    snprintf(target->text, sizeof(target->text), "%s%c%s", parts.host, '\0', parts.port);
    target->host = target->text;
    target->port = target->text + strlen(parts.host) + 1;
    return EXIT_DONE;
}

static int family_of(const struct target *target)
{
    if (target->is_v4_only)
        return AF_INET;
    return target->is_v6_only ? AF_INET6 : AF_UNSPEC;
}

int target_resolve(const struct cli *cli, struct target *target, const char *host, const char *port)
{
    struct address_text parts;
    uint16_t number;
    const char *why = "not an address";
    if (!address_port(port, &number))
        return cli_usage(cli, "%s: must be " PORT_WANTED, port);
    target->host = host;
    target->port = port;
    target->count = 0;
    if (address_split(host, &parts) && !parts.has_port && *parts.host)
        target->count = address_resolve(parts.host, family_of(target), target->remotes,
                                        TARGET_ADDRESSES_MAX, &why);
    for (unsigned i = 0; i < target->count; i++)
        target->remotes[i].port = number;
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
    if (target->is_quiet && is_worth_another(code))
        return cli_exit_status(code);
    return cli_fail(cli, &error, "%s %s port %s", cli->verb->name, target->host, target->port);
}
