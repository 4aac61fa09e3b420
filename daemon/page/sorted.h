/* The first so many rows of a table in the order of one column: what one page of it needs, however
 * long the table is. */
#ifndef TCPENGINED_SORTED_H
#define TCPENGINED_SORTED_H

#include <jansson.h>
#include <stdbool.h>
#include <tcpclient/tcpclient.h>

#define SORTED_MAX 200
#define SORTED_TEXT_MAX 64

/* Where a row stands: by number, then by text, then by id. */
struct sorted_place {
    int64_t number;
    char text[SORTED_TEXT_MAX];
    uint64_t id;
};

struct sorted_row {
    struct sorted_place place;
    json_t *row; /* an object of its own */
};

struct sorted_column;

struct sorted {
    const struct sorted_column *column;
    bool is_falling;
    unsigned max;   /* at most SORTED_MAX */
    bool has_after; /* only rows behind this place */
    struct sorted_place after;
    unsigned count;
    bool has_more; /* rows behind the last one */
    struct sorted_row rows[SORTED_MAX];
};

/* Orders by the column of that name ("-name": falling), as tcpctl --json calls it or tcpctl ls -O.
 * False: there is none. */
bool sorted_init(struct sorted *sorted, const char *column, unsigned max);
void sorted_done(struct sorted *sorted);

/* Only rows behind the one whose place sorted_next() gave. False: that is no place. */
bool sorted_set_after(struct sorted *sorted, const char *text);
/* Takes the row in if it is among the first. */
void sorted_add(struct sorted *sorted, const struct tcpc_connection *row);
/* The place of the last row, for the next page; false: nothing comes behind it. */
bool sorted_next(const struct sorted *sorted, char *ret_text, size_t size);

#endif
