#include "script_columns.h"

const struct column_state columns[COLUMNS] = {
    {"CLOSED", TE_CLOSED},
    {"LISTEN", TE_LISTEN},
    {"SYN_SENT", TE_SYN_SENT},
    {"SYN_RCVD_passive", TE_SYN_RCVD},
    {"SYN_RCVD_simultaneous", TE_SYN_RCVD},
    {"ESTABLISHED", TE_ESTABLISHED},
    {"FIN_WAIT_1", TE_FIN_WAIT_1},
    {"FIN_WAIT_2", TE_FIN_WAIT_2},
    {"CLOSE_WAIT", TE_CLOSE_WAIT},
    {"CLOSING", TE_CLOSING},
    {"LAST_ACK", TE_LAST_ACK},
    {"TIME_WAIT", TE_TIME_WAIT},
};

void conn_in_column(struct script *s, enum column column)
{
    if (column == SX)
        conn_in_syn_rcvd_simultaneous(s);
    else
        conn_in_state(s, columns[column].state);
}
