/* JSON arrays of hundreds of thousands of objects: each is written as text when its row comes,
 * without a json_t in between, and printed in the end. It looks as json_print() prints it. */
#ifndef VIEW_JSON_ROWS_H
#define VIEW_JSON_ROWS_H

#include <stdint.h>
#include <tcpclient/tcpclient.h>

#include "texts.h"

/* Each begins a text of rows, which is an object with the keys of ls, or of tw. Its key in rows is
 * the row's id. */
void json_rows_add_connection(struct texts *rows, const struct tcpc_connection *row);
void json_rows_add_time_wait(struct texts *rows, const struct tcpc_time_wait *row);
/* Prints them as an array, in the order that they have, and frees them. */
void json_rows_print(struct texts *rows);

#endif
