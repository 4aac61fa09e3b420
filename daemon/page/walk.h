/* A walk over all connections, or all of TIME_WAIT, in pages: each step is one question, of bounded
 * time. */
#ifndef TCPENGINED_WALK_H
#define TCPENGINED_WALK_H

#include <expression.h>

#include "page/ask.h"

struct walk {
    struct ask *ask;
    struct expression *expression;
    struct tcpc_page page;
    enum tcpc_op op;
    bool with_time_wait;     /* if the filter asks for it, as tcpctl ls does */
    struct tcpc_error error; /* code TCPC_OK: none */
};

typedef void walk_connection_fn(void *ctx, const struct tcpc_connection *row);
typedef void walk_time_wait_fn(void *ctx, const struct tcpc_time_wait *row);
struct walk_visitor {
    walk_connection_fn *on_connection; /* also for TIME_WAIT without the next one */
    walk_time_wait_fn *on_time_wait;
    void *ctx;
};

/* op is LIST or TIME_WAIT_LIST; expression as for tcpctl ls (NULL: all). False: ret_why,
 * EXPRESSION_ERROR_MAX bytes, says what is wrong with it. */
bool walk_begin(struct walk *walk, struct ask *ask, enum tcpc_op op, const char *expression,
                char *ret_why);
/* Legal for one that is all zeros, or did not begin. */
void walk_done(struct walk *walk);
/* One page. False: there is no more; walk->error says whether that is the end. */
bool walk_step(struct walk *walk, const struct walk_visitor *visitor);

#endif
