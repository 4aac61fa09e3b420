/* tcpctl fault: faults on live connections, added, listed and removed. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/fault.h>

#include "cli.h"
#include "filter.h"
#include "format.h"
#include "json.h"
#include "parse.h"
#include "table.h"

enum { TEXT_MAX = 512, DIGITS_OF_MILLIONTHS = 6, FAULTS_PER_RM_MAX = 1024 };

/* --- words ------------------------------------------------------------------------------------ */

static bool is_kind(const char *word)
{
    for (unsigned kind = 0; kind < TE_FAULT_KIND_COUNT; kind++)
        if (strcmp(word, te_fault_kind_name(kind)) == 0)
            return true;
    return false;
}

/* Words joined by spaces. False: too long. */
static bool join(char **words, int count, char ret_text[TEXT_MAX])
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (int i = 0; i < count; i++) {
        int more = snprintf(ret_text + len, TEXT_MAX - len, "%s%s", i > 0 ? " " : "", words[i]);
        if (more < 0 || (size_t)more >= TEXT_MAX - len)
            return false;
        len += (size_t)more;
    }
    return true;
}

/* "0.25", "25%": in millionths, more than 0 and at most 1. */
static bool parse_probability(const char *text, uint32_t *ret_millionths)
{
    size_t len = strlen(text);
    bool is_percent = len > 0 && text[len - 1] == '%';
    uint64_t number = 0;
    unsigned places = is_percent ? DIGITS_OF_MILLIONTHS - 2 : DIGITS_OF_MILLIONTHS, after = 0;
    bool is_after = false, has_digit = false;
    for (const char *at = text; at < text + len - (is_percent ? 1 : 0); at++) {
        if (*at == '.' && !is_after) {
            is_after = true;
            continue;
        }
        if (*at < '0' || *at > '9' || number > UINT32_MAX)
            return false;
        has_digit = true;
        if (is_after && after == places)
            continue; /* finer than we draw */
        number = number * 10 + (uint64_t)(*at - '0');
        after += is_after;
    }
    for (; after < places; after++)
        number *= 10;
    *ret_millionths = (uint32_t)number;
    return has_digit && number > 0 && number <= 1000000;
}

/* --- add -------------------------------------------------------------------------------------- */

struct order {
    struct tcpc_fault fault;
    struct filter filter; /* nodes borrows it */
    struct tcpc_filter_node nodes[TCPC_FILTER_NODES_MAX];
    char target[TEXT_MAX], what[TEXT_MAX];
    bool is_in, is_out;
    bool has_options; /* any of add's */
};

/* An id, "all", or an expression. EXIT_DONE, or EXIT_USAGE after a complaint. */
static int read_target(const struct cli *cli, char **words, int count, struct order *order)
{
    char why[FILTER_ERROR_MAX];
    if (count == 0)
        return cli_usage(cli, "expected an id or an expression before %s", words[0]);
    if (!join(words, count, order->target))
        return cli_usage(cli, "the expression is too long");
    order->fault.target = order->target;
    if (parse_id(order->target, &order->fault.target_id) || strcmp(order->target, "all") == 0)
        return EXIT_DONE;
    if (!filter_parse(order->target, &order->filter, why) ||
        !filter_is_answerable(&order->filter, UINT32_MAX, why))
        return cli_usage(cli, "%s", why);
    order->fault.filter = order->nodes;
    order->fault.filter_count = filter_nodes(&order->filter, 0, order->nodes);
    return EXIT_DONE;
}

/* Asks the engine's words here, so that a mistake costs no request. */
static int read_what(const struct cli *cli, char **words, int count, struct order *order)
{
    struct te_fault_spec spec;
    const char *expected;
    unsigned ways = (order->is_in ? TE_FAULT_IN : 0u) | (order->is_out ? TE_FAULT_OUT : 0u);
    if (!join(words, count, order->what))
        return cli_usage(cli, "the fault is too long");
    if (!te_fault_parse(order->what, ways, &spec, &expected))
        return cli_usage(cli, "%s: expected %s", order->what, expected);
    order->fault.what = order->what;
    order->fault.direction = (enum tcpc_direction)ways;
    return EXIT_DONE;
}

static int add(struct cli *cli, struct order *order, char **words, int count)
{
    struct tcpc_error error;
    uint64_t id;
    int target = 0;
    while (target < count && !is_kind(words[target]))
        target++;
    if (target == count)
        return cli_usage(cli, "expected TARGET and a fault: drop, delay, duplicate, reorder, "
                              "corrupt, zero-window, stop-reading, blackhole, mtu or rst-inject");
    int status = read_target(cli, words, target, order);
    if (status == EXIT_DONE)
        status = read_what(cli, words + target, count - target, order);
    if (status == EXIT_DONE)
        status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    if (tcpc_fault_add(cli->client, &order->fault, &id, &error) != TCPC_OK)
        return cli_fail(cli, &error, "fault add %s", order->target);
    if (cli->is_json) {
        json_t *object = json_object();
        json_put(object, "id", json_number(id));
        json_print(object);
    } else {
        printf("%" PRIu64 "\n", id);
    }
    return EXIT_DONE;
}

/* --- ls --------------------------------------------------------------------------------------- */

static json_t *row_json(const struct tcpc_fault_row *row)
{
    json_t *object = json_object();
    json_put(object, "id", json_number(row->id));
    json_put(object, "target", json_text(row->target));
    json_put(object, "what", json_text(row->what));
    json_put(object, "aim", json_text(row->aim));
    json_put(object, "direction", json_text(te_fault_ways_name(row->direction)));
    json_put(object, "count", row->count != 0 ? json_number(row->count) : json_null());
    json_put(object, "hits", json_number(row->hits));
    json_put(object, "expires_ms",
             row->expires_ms >= 0 ? json_integer(row->expires_ms) : json_null());
    json_put(object, "probability", json_real(row->probability_millionths / 1e6));
    json_put(object, "delay_ms", json_number(row->delay_ms));
    json_put(object, "uid", json_number(row->uid));
    return object;
}

static void row_text(struct table *table, const struct tcpc_fault_row *row)
{
    char text[FORMAT_MAX];
    table_row(table);
    table_number(table, row->id);
    table_text(table, row->target);
    table_text(table, row->what);
    table_text(table, row->aim);
    table_text(table, te_fault_ways_name(row->direction));
    table_number(table, row->hits);
    if (row->count != 0)
        table_number(table, row->count);
    else
        table_text(table, "-");
    table_text(table, row->expires_ms >= 0 ? format_duration(row->expires_ms * 1000, text) : "-");
    table_cell(table, "%g%%", row->probability_millionths / 1e4);
    table_number(table, row->uid);
}

static const struct column columns[] = {
    {"Id", false},         {"Target", false}, {"What", false}, {"Aim", false},
    {"Direction", false},  {"Hits", true},    {"Count", true}, {"Expires", true},
    {"Probability", true}, {"Uid", true},     {NULL, false}};

/* Calls on_row for all of them. */
static enum tcpc_code each(struct cli *cli,
                           void (*on_row)(void *ctx, const struct tcpc_fault_row *row), void *ctx,
                           struct tcpc_error *ret_error)
{
    uint64_t next_id = 0;
    do {
        struct tcpc_response *response = NULL;
        enum tcpc_code code = tcpc_fault_list(cli->client, next_id, &response, ret_error);
        if (code != TCPC_OK)
            return code;
        for (size_t i = 0; i < response->u.faults.count; i++)
            on_row(ctx, &response->u.faults.rows[i]);
        next_id = response->u.faults.next_id;
        tcpc_response_free(response);
    } while (next_id != 0);
    return TCPC_OK;
}

struct rows {
    struct table *table; /* NULL: JSON */
    json_t *array;
};

static void on_row(void *ctx, const struct tcpc_fault_row *row)
{
    struct rows *rows = ctx;
    if (rows->table != NULL)
        row_text(rows->table, row);
    else
        json_append(rows->array, row_json(row));
}

static int list(struct cli *cli)
{
    struct tcpc_error error;
    struct rows rows = {.table = NULL};
    int status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    if (cli->is_json)
        rows.array = json_array();
    else
        rows.table = table_new(cli, columns);
    if (each(cli, on_row, &rows, &error) != TCPC_OK) {
        table_free(rows.table);
        json_decref(rows.array);
        return cli_fail(cli, &error, "fault ls");
    }
    if (cli->is_json)
        json_print(rows.array);
    else
        table_print(rows.table);
    return EXIT_DONE;
}

/* --- rm --------------------------------------------------------------------------------------- */

struct ids {
    uint64_t list[FAULTS_PER_RM_MAX];
    unsigned count;
};

static void on_id(void *ctx, const struct tcpc_fault_row *row)
{
    struct ids *ids = ctx;
    if (ids->count < FAULTS_PER_RM_MAX)
        ids->list[ids->count++] = row->id;
}

static int read_ids(const struct cli *cli, char **words, int count, struct ids *ids)
{
    if (count > FAULTS_PER_RM_MAX)
        return cli_usage(cli, "at most %d ids", FAULTS_PER_RM_MAX);
    for (int i = 0; i < count; i++)
        if (!cli_id_argument(cli, words[i], &ids->list[ids->count++]))
            return EXIT_USAGE;
    return EXIT_DONE;
}

/* What is gone in the meantime is as good as removed, if all are to go. */
static int remove_ids(struct cli *cli, const struct ids *ids, bool is_all)
{
    json_t *array = json_array();
    struct tcpc_error error;
    int status = EXIT_DONE;
    for (unsigned i = 0; i < ids->count; i++) {
        enum tcpc_code code = tcpc_fault_remove(cli->client, ids->list[i], &error);
        if (code == TCPC_OK) {
            json_t *object = json_object();
            json_put(object, "id", json_number(ids->list[i]));
            json_append(array, object);
        } else if (code != TCPC_NOT_FOUND || !is_all) {
            status = cli_fail(cli, &error, "fault rm %" PRIu64, ids->list[i]);
        }
    }
    if (cli->is_json)
        json_print(array);
    else
        json_decref(array);
    return status;
}

static int rm(struct cli *cli, char **words, int count)
{
    static struct ids ids;
    struct tcpc_error error;
    bool is_all = count == 1 && strcmp(words[0], "all") == 0;
    if (count == 0)
        return cli_usage(cli, "expected the ids of faults, or all");
    int status = is_all ? EXIT_DONE : read_ids(cli, words, count, &ids);
    if (status == EXIT_DONE)
        status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    if (is_all && each(cli, on_id, &ids, &error) != TCPC_OK)
        return cli_fail(cli, &error, "fault rm all");
    return remove_ids(cli, &ids, is_all);
}

/* --- the verb --------------------------------------------------------------------------------- */

enum { COUNT = 'c', PROBABILITY = 'P', DELAY = 'd', FOR = 'f', IN = 'I', OUT = 'O' };

static bool read_option(const struct cli *cli, int option, struct order *order)
{
    uint64_t number;
    order->has_options = true;
    switch (option) {
    case COUNT:
        if (parse_number(optarg, INT64_MAX, &order->fault.count) && order->fault.count > 0)
            return true;
        cli_usage(cli, "--count %s: must be a number from 1 on", optarg);
        return false;
    case PROBABILITY:
        if (parse_probability(optarg, &order->fault.probability_millionths))
            return true;
        cli_usage(cli, "--probability %s: must be above 0 and at most 1, or up to 100%%", optarg);
        return false;
    case DELAY:
        if (parse_number(optarg, 60000, &number) && number > 0) {
            order->fault.delay_ms = (uint32_t)number;
            return true;
        }
        cli_usage(cli, "--delay %s: must be 1 to 60000 milliseconds", optarg);
        return false;
    case FOR:
        if (parse_seconds(optarg, &order->fault.lasts_ms) && order->fault.lasts_ms > 0)
            return true;
        cli_usage(cli, "--for %s: must be seconds above 0", optarg);
        return false;
    case IN:
        order->is_in = true;
        return true;
    default:
        order->is_out = true;
        return true;
    }
}

static int cmd_fault(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"count", required_argument, NULL, COUNT},
                                            {"probability", required_argument, NULL, PROBABILITY},
                                            {"delay", required_argument, NULL, DELAY},
                                            {"for", required_argument, NULL, FOR},
                                            {"in", no_argument, NULL, IN},
                                            {"out", no_argument, NULL, OUT},
                                            {NULL, 0, NULL, 0}};
    static struct order order;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "", options)) >= 0)
        if (option == '?' || !read_option(cli, option, &order))
            return EXIT_USAGE;
    if (option == OPTION_STOP)
        return EXIT_DONE;
    const char *action = optind < argc ? argv[optind] : "";
    char **words = argv + optind + 1;
    int count = argc - optind - 1;
    if (strcmp(action, "add") == 0)
        return add(cli, &order, words, count);
    if (order.has_options)
        return cli_usage(cli, "these options are for fault add");
    if (strcmp(action, "ls") == 0 && count == 0)
        return list(cli);
    if (strcmp(action, "rm") == 0)
        return rm(cli, words, count);
    return cli_usage(cli, "expected add TARGET WHAT, ls, or rm ID");
}

static void print_words(void)
{
#define PRINT_KIND(constant, word, ways_allowed, ways, has_aim, help)                              \
    printf("  %-22s%s\n",                                                                          \
           (has_aim)                             ? word " AIM"                                     \
           : TE_FAULT_##constant == TE_FAULT_MTU ? word " N [silent|icmp]"                         \
                                                 : word,                                           \
           help);
#define PRINT_AIM(constant, word, ways, help)                                                      \
    printf("  %-22s%s\n", TE_FAULT_AIM_##constant == TE_FAULT_AIM_DATA ? word " [N..M]" : word,    \
           help);
    printf("\nTARGET is the id of a connection, that of a listener (all its connections), all, or\n"
           "EXPR as for tcpctl ls, also for connections that come later.\n"
           "\nWHAT:\n");
    TE_FAULT_KIND_LIST(PRINT_KIND)
    printf("\nAIM:\n");
    TE_FAULT_AIM_LIST(PRINT_AIM)
    printf("\nFor example: tcpctl fault add 17 drop ack-of-fin --count 1\n");
#undef PRINT_KIND
#undef PRINT_AIM
}

const struct verb verb_fault = {
    .name = "fault",
    .arguments = "add TARGET WHAT | ls | rm ID...|all",
    .summary = "Faults on live connections: add, list, remove",
    .options = "      --count N           the fault is over after N hits\n"
               "      --probability P     it hits each segment with this chance: 0.3, 30%\n"
               "      --delay MS          of delay, reorder, and the copy of duplicate\n"
               "      --for SECONDS       the fault is over after that time\n"
               "      --in                only what we receive\n"
               "      --out               only what we send\n",
    .print_details = print_words,
    .run = cmd_fault};
