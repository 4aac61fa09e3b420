#include "expression.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "filter.h"

static_assert(EXPRESSION_ERROR_MAX == FILTER_ERROR_MAX, "they hold the same sentences");

/* The nodes borrow the filter's texts. */
struct parsed {
    struct expression expression; /* first */
    struct filter filter;
};

struct expression *expression_new(const char *text, char *ret_error)
{
    struct parsed *parsed = calloc(1, sizeof(*parsed));
    if (parsed == NULL) {
        snprintf(ret_error, EXPRESSION_ERROR_MAX, "no memory");
        return NULL;
    }
    if (!filter_parse_numeric(text != NULL ? text : "", &parsed->filter, ret_error) ||
        !filter_is_answerable(&parsed->filter, UINT32_MAX, ret_error)) {
        free(parsed);
        return NULL;
    }
    struct expression *expression = &parsed->expression;
    expression->count = filter_nodes(&parsed->filter, 0, expression->nodes);
    expression->asks_for_time_wait = filter_asks_for(&parsed->filter, TCPC_TIME_WAIT);
    return expression;
}

void expression_free(struct expression *expression)
{
    free(expression);
}
