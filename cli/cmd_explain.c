/* tcpctl explain: what a connection waits for, in words. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "format.h"
#include "health.h"
#include "ids.h"
#include "json.h"
#include "owner.h"
#include "terminal.h"

enum { NAME_COLUMNS = 11 };

/* --- text ------------------------------------------------------------------------------------- */

static void print_line(const char *name, const char *text)
{
    if (*text)
        printf("%-*s%s\n", NAME_COLUMNS, name, text);
}

/* "cwnd 1.2 s, peer_window 300 ms": those that were. */
static void print_limits(const struct tcpc_explanation *explanation)
{
    const char *before = "";
    char text[FORMAT_MAX];
    for (size_t i = 0; i < explanation->limit_count; i++) {
        const struct tcpc_limit *limit = &explanation->limits[i];
        if (limit->us < 1000)
            continue;
        if (*before == '\0')
            printf("%-*s", NAME_COLUMNS, "limited by");
        printf("%s%s %s", before, limit->name, format_duration(limit->us, text));
        before = ", ";
    }
    if (*before)
        putchar('\n');
}

static void print_owner(const struct tcpc_owner *owner)
{
    char text[OWNER_TEXT_MAX];
    printf("%-*s", NAME_COLUMNS, "owner");
    if (*owner_name(owner, text))
        printf("%s, ", text);
    if (*owner->session)
        printf("session %s, ", owner->session);
    printf("uid %" PRIu32 "\n", owner->uid);
}

static void print_hints(const struct tcpc_explanation *explanation)
{
    for (size_t i = 0; i < explanation->hint_count; i++)
        print_line(i == 0 ? "next" : "", explanation->hints[i]);
}

static void print_head(const struct tcpc_explanation *explanation)
{
    char local[TCPC_ENDPOINT_TEXT_MAX], remote[TCPC_ENDPOINT_TEXT_MAX];
    printf("%-*s%" PRIu64 " %s %s -> %s\n", NAME_COLUMNS, "id", explanation->id,
           tcpc_state_name(explanation->state), tcpc_endpoint_format(&explanation->local, local),
           tcpc_endpoint_format(&explanation->remote, remote));
}

static void print_text(const struct tcpc_explanation *explanation)
{
    struct terminal_lines lines;
    terminal_lines_begin(&lines);
    print_head(explanation);
    print_line("verdict", explanation->verdict);
    print_line("summary", explanation->summary);
    print_line("reason", explanation->reason);
    print_line("waits for", explanation->waits_for);
    print_line("then", explanation->then);
    print_line("peer", explanation->peer);
    print_limits(explanation);
    print_owner(&explanation->owner);
    print_hints(explanation);
    terminal_lines_end(&lines, NAME_COLUMNS);
}

static int do_explain(struct cli *cli, uint64_t id, void *ctx)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    (void)ctx;
    if (tcpc_explain(cli->client, id, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "explain %" PRIu64, id);
    if (cli->is_json)
        json_print(json_explanation(&response->u.explanation));
    else
        print_text(&response->u.explanation);
    tcpc_response_free(response);
    return EXIT_DONE;
}

/* --- the whole daemon ------------------------------------------------------------------------- */

static bool add_page(void *ctx, const struct tcpc_response *page)
{
    for (size_t i = 0; i < page->u.list.count; i++)
        health_add(ctx, &page->u.list.rows[i]);
    return true;
}

static void print_health(const struct health_finding *findings, unsigned count)
{
    struct terminal_lines lines;
    terminal_lines_begin(&lines);
    if (count == 0)
        print_line("ok", "Nothing is worth a look.");
    for (unsigned i = 0; i < count; i++) {
        print_line(health_verdict_name(findings[i].verdict), findings[i].summary);
        print_line("", findings[i].next);
    }
    terminal_lines_end(&lines, NAME_COLUMNS);
}

static int explain_all(struct cli *cli)
{
    struct health health = {0};
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    struct tcpc_request list = {.op = TCPC_OP_LIST, .u.page.details = true};
    struct tcpc_response *counters = NULL, *daemon = NULL;
    struct tcpc_error error;
    if (tcpc_request_pages(cli->client, &list, add_page, &health, &error) != TCPC_OK ||
        tcpc_counters(cli->client, &counters, &error) != TCPC_OK ||
        tcpc_daemon_status(cli->client, &daemon, &error) != TCPC_OK) {
        tcpc_response_free(counters);
        return cli_fail(cli, &error, "explain");
    }
    unsigned count = health_judge(&health, &counters->u.counters, &daemon->u.daemon, findings);
    if (cli->is_json)
        json_print(health_json(findings, count));
    else
        print_health(findings, count);
    tcpc_response_free(counters);
    tcpc_response_free(daemon);
    return EXIT_DONE;
}

static int cmd_explain(struct cli *cli, int argc, char **argv)
{
    int status;
    cli->separates_ids = true;
    if (!cli_arguments(cli, argc, argv, 0, INT_MAX, &status))
        return status;
    if (optind < argc)
        return ids_each(cli, argc - optind, argv + optind, do_explain, NULL);
    status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : explain_all(cli);
}

const struct verb verb_explain = {.name = "explain",
                                  .arguments = "[ID...]",
                                  .summary = "Say in words what connections wait for",
                                  .run = cmd_explain};
