/* tcpctl top: states, rates and connections, refreshed each second: on the whole screen, or with
 * --batch as text. */
#include <stdio.h>
#include <stdlib.h>
#include <tcpengine/units.h>

#include "cli.h"
#include "filter.h"
#include "parse.h"
#include "terminal.h"
#include "top/top_batch.h"
#include "top/top_full.h"
#include "top/top_screen.h"

enum { ROWS_DEFAULT = 20, ROWS_MAX = 10000, DELAY_MIN_MS = 100, DELAY_MAX_S = 3600 };

struct top {
    struct cli *cli;
    struct top_view view;
    struct top_batch batch;
    struct top_fetch fetch;
    bool is_batch;
};

/* --- options ---------------------------------------------------------------------------------- */

static const struct option options[] = {{"delay", required_argument, NULL, 'd'},
                                        {"batch", no_argument, NULL, 'b'},
                                        {"count", required_argument, NULL, 'n'},
                                        {"sort", required_argument, NULL, 's'},
                                        {"reverse", no_argument, NULL, 'r'},
                                        {"rows", required_argument, NULL, 'l'},
                                        {NULL, 0, NULL, 0}};

/* Seconds, with decimals. */
static int take_delay(struct top *top, const char *word)
{
    uint32_t ms;
    if (!parse_seconds(word, &ms) || ms < DELAY_MIN_MS || ms > DELAY_MAX_S * 1000)
        return cli_usage(top->cli, "-d: %s is not 0.1 to %d seconds", word, DELAY_MAX_S);
    top->batch.every_us = ms * TE_MS;
    return EXIT_DONE;
}

static int take_sort(struct top *top, const char *word)
{
    top->view.sort = top_column_by_name(word);
    if (top->view.sort != TOP_COLUMN_COUNT)
        return EXIT_DONE;
    return cli_usage(top->cli,
                     "-s: there is no column \"%s\" to sort by; there are id, state, peer, rate, "
                     "in, out, rtt, cwnd, recv-q, send-q, retransmits and program",
                     word);
}

static int take_rows(struct top *top, const char *word)
{
    uint64_t rows;
    if (!parse_number(word, ROWS_MAX, &rows) || rows == 0)
        return cli_usage(top->cli, "-l: %s is not 1 to %d rows", word, ROWS_MAX);
    top->batch.rows = (unsigned)rows;
    return EXIT_DONE;
}

static int take_option(struct top *top, int option)
{
    switch (option) {
    case 'd':
        return take_delay(top, optarg);
    case 'b':
        top->is_batch = true;
        return EXIT_DONE;
    case 'n':
        if (parse_number(optarg, UINT32_MAX, &top->batch.count) && top->batch.count > 0)
            return EXIT_DONE;
        return cli_usage(top->cli, "-n: %s is no number of refreshes", optarg);
    case 's':
        return take_sort(top, optarg);
    case 'r':
        top->view.is_reversed = true;
        return EXIT_DONE;
    case 'l':
        return take_rows(top, optarg);
    default:
        return EXIT_USAGE;
    }
}

/* EXPR, kept as it was written, for the last line and the prompt. */
static int take_expression(struct top *top, int count, char **words)
{
    char why[FILTER_ERROR_MAX];
    size_t used = 0;
    if (!filter_parse_words(count, words, &top->view.filter, why) ||
        !filter_is_answerable(&top->view.filter, UINT32_MAX, why))
        return cli_usage(top->cli, "%s", why);
    for (int i = 0; i < count; i++) {
        int len = snprintf(top->view.expr + used, TOP_EXPR_MAX - used, "%s%s", i > 0 ? " " : "",
                           words[i]);
        used += (size_t)len;
        if (used >= TOP_EXPR_MAX)
            return cli_usage(top->cli, "the expression is longer than %d characters",
                             TOP_EXPR_MAX - 1);
    }
    return EXIT_DONE;
}

/* --- running ---------------------------------------------------------------------------------- */

/* Where there is no screen to fill, what would have been on it comes as text. */
static void choose_output(struct top *top)
{
    if (top->cli->is_json)
        top->is_batch = true;
    const char *obstacle = top->is_batch ? NULL : top_screen_obstacle();
    if (obstacle == NULL)
        return;
    cli_note("top: %s: goes on as with --batch", obstacle);
    top->is_batch = true;
}

static int run(struct top *top)
{
    int status = cli_connect(top->cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    choose_output(top);
    if (!top_fetch_init(&top->fetch, top->cli))
        return EXIT_UNREACHABLE;
    if (!top->is_batch && !top_screen_open(terminal_has_colors())) {
        cli_note("top: the terminal %s is not known here: goes on as with --batch", getenv("TERM"));
        top->is_batch = true;
    }
    const struct top_full full = {top->batch.every_us, top->batch.count};
    if (!top->is_batch)
        return top_full_run(&top->fetch, &top->view, &full);
    status = top_batch_run(top->cli, &top->fetch, &top->view, &top->batch);
    top_fetch_done(&top->fetch);
    return status;
}

static int cmd_top(struct cli *cli, int argc, char **argv)
{
    struct top top = {.cli = cli, .batch = {.rows = ROWS_DEFAULT, .every_us = TE_SECOND}};
    int option;
    top_view_init(&top.view);
    while ((option = cli_next_option(cli, argc, argv, "d:bn:s:rl:", options)) >= 0) {
        int status = take_option(&top, option);
        if (status != EXIT_DONE)
            return status;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    int status = take_expression(&top, argc - optind, argv + optind);
    return status != EXIT_DONE ? status : run(&top);
}

const struct verb verb_top = {
    .name = "top",
    .arguments = "[EXPR]",
    .summary = "Watch states, rates and connections live",
    .options = "  -d, --delay SECONDS     between two refreshes; default 1\n"
               "  -s, --sort COLUMN       id, state, peer, rate, in, out, rtt, cwnd, recv-q,\n"
               "                          send-q, retransmits or program; default rate\n"
               "  -r, --reverse           the other end of the order first\n"
               "  -b, --batch             as text, one refresh after the other; with --json\n"
               "                          one object per refresh\n"
               "  -n, --count N           end after N refreshes\n"
               "  -l, --rows N            with --batch: connections to show; default 20\n"
               "On the screen, h shows the keys.\n",
    .details = FILTER_DETAILS "tcpctl top state established\n",
    .run = cmd_top};
