/* The daemon's answers as JSON, for tcpctl and for the live page. The keys are those documented in
 * tcpctl(1): all of them, always. */
#ifndef VIEW_JSON_H
#define VIEW_JSON_H

#include <jansson.h>
#include <tcpclient/tcpclient.h>

/* Each returns a new value, the caller's; without memory (view_memory.h) NULL, or not all of it.
 * Numbers above 2^63 wrap: the daemon has none. */
json_t *json_number(uint64_t number);
json_t *json_endpoint(const struct tcpc_endpoint *endpoint);
json_t *json_state(enum tcpc_state state);
/* null for NULL or an empty text. */
json_t *json_text(const char *text);
json_t *json_segment(const struct tcpc_segment *segment);
json_t *json_note(const struct tcpc_note *note); /* null for NULL */
/* An object with the keys of ls; timer_ms is null when timer is. */
json_t *json_connection(const struct tcpc_connection *row);
json_t *json_opened(const struct tcpc_opened *opened);
json_t *json_time_wait(const struct tcpc_time_wait *row);
/* What show, explain and history (with or without --notes) print of one connection. */
json_t *json_status(const struct tcpc_status *status);
json_t *json_explanation(const struct tcpc_explanation *explanation);
json_t *json_history(const struct tcpc_history *history, bool with_notes);

/* Adds value, which is handed over, under key, or at the end. */
void json_put(json_t *object, const char *key, json_t *value);
void json_append(json_t *array, json_t *value);
/* Prints an array or object, which is handed over, and a newline: on several lines, or on one. */
void json_print(json_t *value);
void json_print_line(json_t *value);
/* From now on json_print() appends to array, borrowed, instead; NULL: no longer. */
void json_gather(json_t *array);

#endif
