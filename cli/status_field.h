/* The fields of a connection's status, as <tcpengine/status_list.h> lists them. */
#ifndef TCPCTL_STATUS_FIELD_H
#define TCPCTL_STATUS_FIELD_H

#include <jansson.h>
#include <stddef.h>
#include <tcpclient/tcpclient.h>

enum status_kind {
    STATUS_FLAG,
    STATUS_NUMBER,
    STATUS_BYTES,
    STATUS_TOTAL,
    STATUS_TOTAL_BYTES,
    STATUS_DURATION_US,
    STATUS_WORD
};

enum status_line {
#define STATUS_LINE(line, label) STATUS_LINE_##line,
    TE_STATUS_LINE_LIST(STATUS_LINE)
#undef STATUS_LINE
};

struct status_field {
    const char *name;
    enum status_kind kind;
    enum status_line line;
    const char *phrase; /* its # stands for the value */
    size_t offset;      /* in struct tcpc_status */
};

/* In the order of the list; *ret_count of them. */
const struct status_field *status_fields(size_t *ret_count);
json_t *status_field_json(const struct status_field *field, const struct tcpc_status *status);
/* Prints a line: its label, start (NULL: none), and the phrases of its fields. A line without a
 * start whose fields are all zero, false or empty is left out. */
void status_line_print(enum status_line line, const char *start, const struct tcpc_status *status);

#endif
