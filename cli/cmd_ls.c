/* tcpctl ls: connections and listeners, with ss's columns and flags; also the TIME_WAIT table if
 * the expression or -a asks for that state. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "filter.h"
#include "format.h"
#include "json_rows.h"
#include "listing.h"
#include "ls_columns.h"
#include "time_wait_row.h"

#define ALL_STATES ((1u << TCPC_STATE_COUNT) - 1)

struct ls {
    struct cli *cli;
    struct filter filter;
    uint32_t states; /* of -a and -l; 0: neither was given */
    struct ls_columns columns;
    bool has_own_columns, has_details, is_over;
    struct listing listing;
};

/* --- rows ------------------------------------------------------------------------------------- */

static void add_row(struct ls *ls, const struct tcpc_connection *row)
{
    if (ls->listing.table != NULL)
        ls_columns_add_row(&ls->columns, ls->listing.table, row);
    else
        json_rows_add_connection(&ls->listing.json, row);
}

static bool on_connections(void *ctx, const struct tcpc_response *page)
{
    for (size_t i = 0; i < page->u.list.count; i++)
        add_row(ctx, &page->u.list.rows[i]);
    return true;
}

static bool on_time_wait(void *ctx, const struct tcpc_response *page)
{
    for (size_t i = 0; i < page->u.time_wait_list.count; i++) {
        struct tcpc_connection row = time_wait_row(&page->u.time_wait_list.rows[i]);
        add_row(ctx, &row);
    }
    return true;
}

static bool asks_for_time_wait(const struct ls *ls)
{
    return filter_asks_for(&ls->filter, TCPC_TIME_WAIT) ||
           (ls->filter.asked == 0 && (ls->states >> TCPC_TIME_WAIT & 1) != 0);
}

/* The daemon's order is that of its tables; people look for an id, and get the rows in that order.
 * A connection in TIME_WAIT with unread bytes is in both lists: the row of the first is shown. */
static int list_and_print(struct ls *ls)
{
    struct tcpc_filter_node nodes[TCPC_FILTER_NODES_MAX];
    struct tcpc_request request = {
        .op = TCPC_OP_LIST,
        .u.page = {.details = ls->has_details,
                   .filter = nodes,
                   .filter_count = filter_nodes(&ls->filter, ls->states, nodes)}};
    struct tcpc_error error;
    ls->listing = listing_begin(ls->cli, ls->columns.heads);
    enum tcpc_code code = tcpc_request_pages(ls->cli->client, &request, on_connections, ls, &error);
    request.op = TCPC_OP_TIME_WAIT_LIST;
    if (code == TCPC_OK && asks_for_time_wait(ls))
        code = tcpc_request_pages(ls->cli->client, &request, on_time_wait, ls, &error);
    texts_sort(&ls->listing.json);
    return listing_end(ls->cli, &ls->listing, code, &error);
}

/* --- options ---------------------------------------------------------------------------------- */

static const struct option options[] = {
    {"tcp", no_argument, NULL, 't'},           {"numeric", no_argument, NULL, 'n'},
    {"all", no_argument, NULL, 'a'},           {"listening", no_argument, NULL, 'l'},
    {"options", no_argument, NULL, 'o'},       {"processes", no_argument, NULL, 'p'},
    {"info", no_argument, NULL, 'i'},          {"extended", no_argument, NULL, 'e'},
    {"columns", required_argument, NULL, 'O'}, {NULL, 0, NULL, 0}};

/* EXIT_DONE, or another status after a complaint; or ls->is_over. */
static int choose_columns(struct ls *ls, const char *names)
{
    char word[FORMAT_MAX];
    if (strcmp(names, "help") == 0) {
        ls_columns_print_help(ls->cli);
        ls->is_over = true;
        return EXIT_DONE;
    }
    if (!ls->has_own_columns)
        ls->columns.count = 0;
    ls->has_own_columns = true;
    if (ls_columns_add(&ls->columns, names, word))
        return EXIT_DONE;
    return cli_usage(ls->cli, "-O: \"%s\" is no column, or one too many; see tcpctl ls -O help",
                     word);
}

/* What ss shows without being asked, or cannot but show here, needs nothing: -t, -n, -o. */
static int take_option(struct ls *ls, int option)
{
    char word[FORMAT_MAX];
    switch (option) {
    case 'a':
        ls->states = ALL_STATES;
        break;
    case 'l':
        if (ls->states == 0)
            ls->states = 1u << TCPC_LISTEN;
        break;
    case 'p':
        ls_columns_add(&ls->columns, "process", word);
        break;
    case 'i':
        ls_columns_add(&ls->columns, "info", word);
        break;
    case 'e':
        ls_columns_add(&ls->columns, "session,age", word);
        break;
    case 'O':
        return choose_columns(ls, optarg);
    default:
        break;
    }
    return EXIT_DONE;
}

static int read_options(struct ls *ls, int argc, char **argv)
{
    int option, status = EXIT_DONE;
    while (status == EXIT_DONE && !ls->is_over &&
           (option = cli_next_option(ls->cli, argc, argv, "tnalopieO:", options)) != OPTION_END) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == OPTION_STOP)
            ls->is_over = true;
        else
            status = take_option(ls, option);
    }
    ls->has_details = ls_columns_finish(&ls->columns);
    return status;
}

/* -a and -l say which, unless the expression does. */
static uint32_t states_looked_at(const struct ls *ls)
{
    return ls->states != 0 && ls->filter.asked == 0 ? ls->states : ALL_STATES;
}

static int cmd_ls(struct cli *cli, int argc, char **argv)
{
    struct ls ls = {.cli = cli};
    char why[FILTER_ERROR_MAX];
    ls_columns_default(&ls.columns);
    int status = read_options(&ls, argc, argv);
    if (status != EXIT_DONE || ls.is_over)
        return status;
    if (!filter_parse_words(argc - optind, argv + optind, &ls.filter, why) ||
        !filter_is_answerable(&ls.filter, states_looked_at(&ls), why))
        return cli_usage(cli, "%s", why);
    status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : list_and_print(&ls);
}

const struct verb verb_ls = {
    .name = "ls",
    .arguments = "[EXPR]",
    .summary = "List connections and listeners",
    .options = "  -a, --all               also those in TIME_WAIT, and failed ones\n"
               "  -l, --listening         only listeners\n"
               "  -p, --processes         whose they are, as ss has it\n"
               "  -e, --extended          session and age as well\n"
               "  -i, --info              rtt, cwnd, ... as ss has them\n"
               "  -O, --columns LIST      id,state,rtt, ...; help: all that there are\n"
               "  -t, -n, -o              as is anyhow: TCP, numbers, timers\n",
    .details = FILTER_DETAILS "tcpctl ls state established 'dport = :80'\n",
    .run = cmd_ls};
