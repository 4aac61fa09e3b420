#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "remote.h"

#define REMOTE_WAIT_MS 60000 /* for a login, where people may have to type something */

/* Goes to another host, if the URL says so. */
static int go_there(struct cli *cli)
{
    static char url[REMOTE_URL_MAX];
    struct remote remote;
    const char *wanted = cli->control_url != NULL ? cli->control_url : getenv("TCPENGINE_CONTROL");
    if (!remote_is_url(wanted))
        return EXIT_DONE;
    if (!remote_parse(wanted, &remote))
        return cli_usage(cli, "%s is not ssh://[USER@]HOST[:PORT][/PATH]", wanted);
    if (!remote_open(&remote, cli->timeout_ms ? cli->timeout_ms : REMOTE_WAIT_MS, url))
        return EXIT_UNREACHABLE;
    cli->control_url = url;
    return EXIT_DONE;
}

int cli_connect(struct cli *cli, enum tcpc_policy policy)
{
    char name[64];
    int gone = go_there(cli);
    if (gone != EXIT_DONE)
        return gone;
    struct tcpc_error error;
    snprintf(name, sizeof(name), "tcpctl %s", cli->verb->name);
    struct tcpc_options options = {.url = cli->control_url,
                                   .name = name,
                                   .timeout_ms = cli->timeout_ms,
                                   .reconnect_ms = cli->timeout_ms,
                                   .policy = policy};
    if (tcpc_client_new(&options, &cli->client, &error) == TCPC_OK)
        return EXIT_DONE;
    int status = cli_fail(cli, &error, "%s", cli->verb->name);
    return error.code == TCPC_INVALID_ARGUMENT ? EXIT_USAGE : status; /* the URL */
}
