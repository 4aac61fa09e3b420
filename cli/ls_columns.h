/* The columns of tcpctl ls: which there are, and how each is filled. */
#ifndef TCPCTL_LS_COLUMNS_H
#define TCPCTL_LS_COLUMNS_H

#include "table.h"

struct ls_column {
    const char *name; /* for -O */
    struct column head;
    bool is_detail; /* of tcpc_connection.details; for a row without them it is - */
    void (*add)(struct table *table, const struct tcpc_connection *row);
    const char *help;
};

/* Those to show, from left to right. */
struct ls_columns {
    const struct ls_column *list[TABLE_COLUMNS_MAX];
    unsigned count;
    struct column heads[TABLE_COLUMNS_MAX + 1]; /* after ls_columns_finish() */
};

/* The columns of ls without options. */
void ls_columns_default(struct ls_columns *columns);
/* Adds those of a list of names, "id,state,rtt", unless they are there. False: *ret_word,
 * FORMAT_MAX bytes, is the one that does not exist, or for which there is no room. */
bool ls_columns_add(struct ls_columns *columns, const char *names, char *ret_word);
/* Sets the heads. True: some are details. */
bool ls_columns_finish(struct ls_columns *columns);
/* One line per column that there is. */
void ls_columns_print_help(const struct cli *cli);
void ls_columns_add_row(const struct ls_columns *columns, struct table *table,
                        const struct tcpc_connection *row);

#endif
