/* tcpctl explain: what a connection waits for, in words. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "explanation.h"
#include "health.h"
#include "ids.h"
#include "json.h"
#include "owner.h"
#include "terminal.h"

static void print_text(const struct tcpc_explanation *explanation)
{
    struct terminal_lines lines;
    terminal_lines_begin(&lines);
    explanation_print(stdout, explanation);
    terminal_lines_end(&lines, EXPLANATION_INDENT);
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
        explanation_print_line(stdout, "ok", "Nothing is worth a look.");
    for (unsigned i = 0; i < count; i++) {
        explanation_print_line(stdout, health_verdict_name(findings[i].verdict),
                               findings[i].summary);
        explanation_print_line(stdout, "", findings[i].next);
    }
    terminal_lines_end(&lines, EXPLANATION_INDENT);
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
