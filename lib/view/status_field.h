/* The fields of a connection's status, as listed in <tcpengine/status_list.h>. */
#ifndef VIEW_STATUS_FIELD_H
#define VIEW_STATUS_FIELD_H

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

/* The table, static, in the order of the list; *ret_count rows. */
const struct status_field *status_fields(size_t *ret_count);
/* The field's value as JSON, a new value: an empty word is null, and so is what an entry of
 * TIME_WAIT has not kept. */
json_t *status_field_json(const struct status_field *field, const struct tcpc_status *status);
/* Prints a line: its label, start (NULL: none), and the phrases of its fields, without flags that
 * are false, words that are empty, and what is not known. Prints nothing without a start if all
 * fields are zero, false or empty.
 */
void status_line_print(enum status_line line, const char *start, const struct tcpc_status *status);

#endif
