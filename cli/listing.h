/* What ls and tw list: rows that an expression selects, as a table or as a JSON array. */
#ifndef TCPCTL_LISTING_H
#define TCPCTL_LISTING_H

#include "cli.h"
#include "table.h"
#include "texts.h"

struct listing {
    struct table *table; /* NULL: as JSON */
    struct texts json;
};

/* columns is borrowed until listing_end(). */
struct listing listing_begin(const struct cli *cli, const struct column *columns);
/* Prints all rows, or says why there are none (code, *error), and frees them. Returns the exit
 * status. */
int listing_end(const struct cli *cli, struct listing *listing, enum tcpc_code code,
                const struct tcpc_error *error);

#endif
