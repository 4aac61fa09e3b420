#include "scan.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "json.h"

struct scan {
    struct cli *cli;
    struct target *target;
    const struct scan_options *options;
    const char *ports; /* as given */
    uint16_t first, last;
    unsigned open_count;
    json_t *rows; /* with --json */
};

/* "80", "http", "20-30", also "http-alt", a service. */
static bool read_range(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
    char first[ADDRESS_PORT_MAX];
    const char *dash = strchr(text, '-');
    if (address_port(text, ret_first)) {
        *ret_last = *ret_first;
        return true;
    }
    if (dash == NULL || (size_t)(dash - text) >= sizeof(first))
        return false;
    memcpy(first, text, (size_t)(dash - text));
    first[dash - text] = '\0';
    return address_port(first, ret_first) && address_port(dash + 1, ret_last) &&
           *ret_first <= *ret_last;
}

static void note_open(const struct scan *scan, const struct tcpc_opened *opened)
{
    const struct servent *service = getservbyport(htons(opened->remote.port), "tcp");
    if (scan->options->is_verbose)
        cli_note("connection to %s port %u [tcp/%s] succeeded", scan->target->host,
                 opened->remote.port, service != NULL ? service->s_name : "*");
}

static void add_row(struct scan *scan, uint16_t port, bool is_open)
{
    struct tcpc_endpoint remote = scan->target->remotes[0];
    if (scan->rows == NULL)
        return;
    remote.port = port;
    json_t *row = json_object();
    json_put(row, "remote", json_endpoint(&remote));
    json_put(row, "open", json_boolean(is_open));
    json_append(scan->rows, row);
}

/* One port; EXIT_DONE when it is open. */
static int scan_port(struct scan *scan, uint16_t port)
{
    char text[8];
    struct target *target = scan->target;
    struct tcpc_opened opened;
    snprintf(text, sizeof(text), "%u", port);
    target->port = text;
    for (unsigned i = 0; i < target->count; i++)
        target->remotes[i].port = port;
    int status = target_open(scan->cli, target, scan->options->wait_ms, &opened);
    add_row(scan, port, status == EXIT_DONE);
    if (status != EXIT_DONE)
        return status;
    scan->open_count++;
    note_open(scan, &opened);
    tcpc_close(scan->cli->client, opened.id, 0, NULL, NULL);
    return EXIT_DONE;
}

static int scan_all(struct scan *scan)
{
    int failure = EXIT_FAILED;
    scan->target->is_quiet = scan->first != scan->last && !scan->options->is_verbose;
    for (unsigned port = scan->first; port <= scan->last; port++) {
        int status = scan_port(scan, (uint16_t)port);
        if (status == EXIT_UNREACHABLE || status == EXIT_DENIED)
            return status;
        failure = status != EXIT_DONE ? status : failure;
    }
    if (scan->rows != NULL)
        json_print(scan->rows);
    if (!scan->open_count && scan->target->is_quiet)
        cli_note("connect: none of ports %s of %s is open (ECONNREFUSED)", scan->ports,
                 scan->target->host);
    return scan->open_count ? EXIT_DONE : failure;
}

int scan_run(struct cli *cli, struct target *target, const struct scan_options *options)
{
    char number[8];
    struct scan scan = {.cli = cli, .target = target, .options = options, .ports = target->port};
    if (!read_range(target->port, &scan.first, &scan.last))
        return cli_usage(cli, "%s: must be a port from 1 to 65535, a service, or a range N-M",
                         target->port);
    snprintf(number, sizeof(number), "%u", scan.first);
    int status = target_resolve(cli, target, target->host, number);
    if (status == EXIT_DONE)
        status = cli_connect(cli, TCPC_POLICY_CLOSE);
    if (status != EXIT_DONE)
        return status;
    scan.rows = cli->is_json ? json_array() : NULL;
    return scan_all(&scan);
}
