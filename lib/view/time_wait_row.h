/* An entry of TIME_WAIT among the connections of a list. */
#ifndef VIEW_TIME_WAIT_ROW_H
#define VIEW_TIME_WAIT_ROW_H

#include <tcpclient/tcpclient.h>

/* As a row of ls: its timer is time_wait, its queues are empty. Borrows what entry points to. */
struct tcpc_connection time_wait_row(const struct tcpc_time_wait *entry);

#endif
