/* The eleven states as columns of a table: SYN_RCVD appears twice, by LISTEN and by SYN_SENT. */
#ifndef TESTS_SCRIPT_COLUMNS_H
#define TESTS_SCRIPT_COLUMNS_H

#include "script.h"

/* CLOSED, LISTEN, SYN_SENT, SYN_RCVD by LISTEN, SYN_RCVD by SYN_SENT, then figure 5's order. */
enum column { CL, LI, SS, SR, SX, ES, F1, F2, CW, CG, LA, TW, COLUMNS };

struct column_state {
    const char *name;
    enum te_state state;
};

extern const struct column_state columns[COLUMNS];

void conn_in_column(struct script *s, enum column column);

#endif
