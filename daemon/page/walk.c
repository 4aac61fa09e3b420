#include "page/walk.h"

#include "time_wait_row.h"

bool walk_begin(struct walk *walk, struct ask *ask, enum tcpc_op op, const char *expression,
                char *ret_why)
{
    *walk = (struct walk){.ask = ask, .op = op, .expression = expression_new(expression, ret_why)};
    if (walk->expression == NULL)
        return false;
    walk->page.details = true;
    walk->page.filter = walk->expression->nodes;
    walk->page.filter_count = walk->expression->count;
    walk->with_time_wait = op == TCPC_OP_LIST && walk->expression->asks_for_time_wait;
    return true;
}

void walk_done(struct walk *walk)
{
    expression_free(walk->expression);
    walk->expression = NULL;
}

static void visit_time_wait(const struct walk_visitor *visitor, const struct tcpc_time_wait *entry)
{
    if (visitor->on_time_wait != NULL) {
        visitor->on_time_wait(visitor->ctx, entry);
        return;
    }
    struct tcpc_connection row = time_wait_row(entry);
    visitor->on_connection(visitor->ctx, &row);
}

/* True: there is more behind it. */
static bool visit(struct walk *walk, const struct tcpc_response *response,
                  const struct walk_visitor *visitor)
{
    if (walk->op == TCPC_OP_LIST) {
        const struct tcpc_connection_list *list = &response->u.list;
        for (size_t i = 0; i < list->count; i++)
            visitor->on_connection(visitor->ctx, &list->rows[i]);
        walk->page.cursor = list->cursor;
        return !list->is_done;
    }
    const struct tcpc_time_wait_list *list = &response->u.time_wait_list;
    for (size_t i = 0; i < list->count; i++)
        visit_time_wait(visitor, &list->rows[i]);
    walk->page.cursor = list->cursor;
    return !list->is_done;
}

bool walk_step(struct walk *walk, const struct walk_visitor *visitor)
{
    struct tcpc_response *response = ask_page(walk->ask, walk->op, &walk->page);
    bool has_more = false;
    if (response == NULL) {
        walk->error.code = TCPC_NO_MEMORY;
        return false;
    }
    walk->error = response->error;
    if (walk->error.code == TCPC_OK)
        has_more = visit(walk, response, visitor);
    tcpc_response_free(response);
    if (has_more || !walk->with_time_wait || walk->error.code != TCPC_OK)
        return has_more;
    walk->with_time_wait = false;
    walk->op = TCPC_OP_TIME_WAIT_LIST;
    walk->page.cursor = 0;
    return true;
}
