#include "page/tables.h"

#include <health.h>
#include <json.h>
#include <parse.h>
#include <stdlib.h>
#include <string.h>

#include "page/reply.h"
#include "page/sorted.h"
#include "page/walk.h"

#define ROWS_DEFAULT 50
#define NEXT_MAX 160

/* The work of one request. */
struct table {
    struct walk walk;
    struct walk_visitor visitor;
    uint64_t total;
    struct sorted sorted;
    struct health health;
    json_t *rows; /* of those that are not sorted */
    unsigned max, explained;
};

static void table_free(void *work)
{
    struct table *table = work;
    walk_done(&table->walk);
    sorted_done(&table->sorted);
    json_decref(table->rows);
    free(table);
}

/* The request's work, in its first turn as well. NULL: the answer says what is wrong. */
static struct table *table_of(struct ask *ask, struct http_exchange *exchange, enum tcpc_op op,
                              const char *expression)
{
    char why[EXPRESSION_ERROR_MAX];
    if (exchange->work != NULL)
        return exchange->work;
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL) {
        reply_error(exchange, 503, "no memory");
        return NULL;
    }
    exchange->work = table;
    exchange->work_free = table_free;
    table->visitor.ctx = table;
    table->rows = json_array();
    if (walk_begin(&table->walk, ask, op, expression, why))
        return table;
    reply_error(exchange, 400, "%s", why);
    return NULL;
}

/* True: the walk is at its end, and all went well. */
static bool is_walked(struct table *table, struct http_exchange *exchange)
{
    exchange->is_unfinished = walk_step(&table->walk, &table->visitor);
    if (exchange->is_unfinished)
        return false;
    const struct tcpc_error *error = &table->walk.error;
    if (error->code == TCPC_OK)
        return true;
    reply_error(exchange, error->code == TCPC_INVALID_ARGUMENT ? 400 : 503, "%s",
                error->code == TCPC_NO_MEMORY ? "no memory" : error->message);
    return false;
}

/* False: the answer says that the argument is wrong. */
static bool read_limit(struct http_exchange *exchange, unsigned *ret_limit)
{
    const char *text = http_argument(exchange, "limit");
    uint64_t limit = ROWS_DEFAULT;
    if (text != NULL && (!parse_number(text, SORTED_MAX, &limit) || limit == 0)) {
        reply_error(exchange, 400, "limit is a number from 1 to %u", SORTED_MAX);
        return false;
    }
    *ret_limit = (unsigned)limit;
    return true;
}

/* --- connections ------------------------------------------------------------------------------ */

static void on_sorted(void *ctx, const struct tcpc_connection *row)
{
    struct table *table = ctx;
    table->total++;
    sorted_add(&table->sorted, row);
}

/* False: the answer says that an argument is wrong. */
static bool read_order(struct table *table, struct http_exchange *exchange)
{
    const char *sort = http_argument(exchange, "sort"), *after = http_argument(exchange, "after");
    unsigned limit;
    if (!read_limit(exchange, &limit))
        return false;
    if (!sorted_init(&table->sorted, sort != NULL && *sort ? sort : "id", limit)) {
        reply_error(exchange, 400, "\"%.64s\" is no column to sort by", sort);
        return false;
    }
    if (after == NULL || *after == '\0' || sorted_set_after(&table->sorted, after))
        return true;
    reply_error(exchange, 400, "after is the \"next\" of the page before, or an id");
    return false;
}

static json_t *connections_json(const struct table *table)
{
    char next[NEXT_MAX];
    json_t *object = json_object(), *rows = json_array();
    for (unsigned i = 0; i < table->sorted.count; i++)
        json_append(rows, json_incref(table->sorted.rows[i].row));
    json_put(object, "total", json_number(table->total));
    json_put(object, "rows", rows);
    json_put(object, "next",
             sorted_next(&table->sorted, next, sizeof(next)) ? json_text(next) : json_null());
    return object;
}

void table_connections(struct ask *ask, struct http_exchange *exchange)
{
    bool is_first = exchange->work == NULL;
    struct table *table = table_of(ask, exchange, TCPC_OP_LIST, http_argument(exchange, "filter"));
    if (table == NULL || (is_first && !read_order(table, exchange)))
        return;
    table->visitor.on_connection = on_sorted;
    if (is_walked(table, exchange))
        reply_json(exchange, connections_json(table));
}

/* --- TIME_WAIT -------------------------------------------------------------------------------- */

static void on_time_wait(void *ctx, const struct tcpc_time_wait *row)
{
    struct table *table = ctx;
    if (json_array_size(table->rows) < table->max)
        json_append(table->rows, json_time_wait(row));
}

void table_time_wait(struct ask *ask, struct http_exchange *exchange)
{
    struct table *table = table_of(ask, exchange, TCPC_OP_TIME_WAIT_LIST, NULL);
    if (table == NULL || !read_limit(exchange, &table->max))
        return;
    table->visitor.on_time_wait = on_time_wait;
    bool has_more = walk_step(&table->walk, &table->visitor);
    exchange->is_unfinished = has_more && json_array_size(table->rows) < table->max;
    if (exchange->is_unfinished)
        return;
    if (table->walk.error.code == TCPC_OK)
        reply_json(exchange, json_incref(table->rows));
    else
        reply_error(exchange, 503, "%s", table->walk.error.message);
}

/* --- listeners -------------------------------------------------------------------------------- */

static void on_listener(void *ctx, const struct tcpc_connection *row)
{
    struct table *table = ctx;
    if (json_array_size(table->rows) == SORTED_MAX)
        return;
    json_t *object = json_object();
    json_put(object, "id", json_number(row->id));
    json_put(object, "local", json_endpoint(&row->local));
    json_put(object, "program", json_text(row->owner.program));
    json_put(object, "pid", row->owner.pid != 0 ? json_number(row->owner.pid) : json_null());
    json_put(object, "queue", json_number(row->receive_queue_bytes));
    json_put(object, "backlog", json_number(row->send_queue_bytes));
    json_append(table->rows, object);
}

static int64_t fact(const struct tcpc_explanation *explanation, const char *name)
{
    for (size_t i = 0; i < explanation->fact_count; i++)
        if (strcmp(explanation->facts[i].name, name) == 0)
            return explanation->facts[i].value;
    return 0;
}

/* What only its explanation knows of a listener. One that has gone keeps what the list said. */
static void explain_listener(struct ask *ask, json_t *row)
{
    uint64_t id = (uint64_t)json_integer_value(json_object_get(row, "id"));
    struct tcpc_response *response = ask_about(ask, TCPC_OP_EXPLAIN, id);
    if (response != NULL && response->error.code == TCPC_OK) {
        const struct tcpc_explanation *explanation = &response->u.explanation;
        int64_t accept = fact(explanation, "accept_queue_drops");
        int64_t syn = fact(explanation, "syn_queue_drops");
        json_put(row, "syn_queue", json_integer(fact(explanation, "syn_queue")));
        json_put(row, "syn_queue_max", json_integer(fact(explanation, "syn_queue_max")));
        json_put(row, "accept_queue_drops", json_integer(accept));
        json_put(row, "syn_queue_drops", json_integer(syn));
        json_put(row, "drops", json_integer(accept + syn));
    }
    tcpc_response_free(response);
}

/* First the list, then one explanation per turn. */
void table_listeners(struct ask *ask, struct http_exchange *exchange)
{
    struct table *table = table_of(ask, exchange, TCPC_OP_LIST, "state listening");
    if (table == NULL)
        return;
    table->visitor.on_connection = on_listener;
    if (table->explained == 0 && !is_walked(table, exchange) &&
        (exchange->is_unfinished || table->walk.error.code != TCPC_OK))
        return;
    size_t count = json_array_size(table->rows);
    if (table->explained < count)
        explain_listener(ask, json_array_get(table->rows, table->explained));
    exchange->is_unfinished = ++table->explained < count;
    if (!exchange->is_unfinished)
        reply_json(exchange, json_incref(table->rows));
}

/* --- health ----------------------------------------------------------------------------------- */

static void on_any(void *ctx, const struct tcpc_connection *row)
{
    struct table *table = ctx;
    health_add(&table->health, row);
}

static void reply_health(struct ask *ask, const struct table *table, struct http_exchange *exchange)
{
    struct health_finding findings[HEALTH_FINDINGS_MAX];
    struct tcpc_response *counters = ask_about(ask, TCPC_OP_COUNTERS, 0);
    struct tcpc_response *daemon = ask_about(ask, TCPC_OP_DAEMON_STATUS, 0);
    if (counters != NULL && daemon != NULL && counters->error.code == TCPC_OK &&
        daemon->error.code == TCPC_OK) {
        unsigned count =
            health_judge(&table->health, &counters->u.counters, &daemon->u.daemon, findings);
        reply_json(exchange, health_json(findings, count));
    } else {
        reply_error(exchange, 503, "no memory");
    }
    tcpc_response_free(counters);
    tcpc_response_free(daemon);
}

void table_health(struct ask *ask, struct http_exchange *exchange)
{
    struct table *table = table_of(ask, exchange, TCPC_OP_LIST, NULL);
    if (table == NULL)
        return;
    table->visitor.on_connection = on_any;
    if (is_walked(table, exchange))
        reply_health(ask, table, exchange);
}
