/* A filter (filter.h) as the daemon takes it, for programs that do not look inside: those who do
 * include filter.h. */
#ifndef VIEW_EXPRESSION_H
#define VIEW_EXPRESSION_H

#include <tcpclient/tcpclient.h>

#define EXPRESSION_ERROR_MAX 300

struct expression {
    struct tcpc_filter_node nodes[TCPC_FILTER_NODES_MAX];
    size_t count;
    bool asks_for_time_wait; /* as tcpctl ls, which then lists that table as well */
};

/* Parses text (NULL: all), without names of hosts and services. NULL: ret_error,
 * EXPRESSION_ERROR_MAX bytes, says what is wrong. */
struct expression *expression_new(const char *text, char *ret_error);
void expression_free(struct expression *expression);

#endif
