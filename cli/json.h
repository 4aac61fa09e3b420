/* JSON on stdout. Keys are those of the contract in tcpctl(1): all of them, always. */
#ifndef TCPCTL_JSON_H
#define TCPCTL_JSON_H

#include <jansson.h>
#include <tcpclient/tcpclient.h>

/* Each answers a new value; without memory the program ends. */
json_t *json_number(uint64_t number);
json_t *json_endpoint(const struct tcpc_endpoint *endpoint);
json_t *json_state(enum tcpc_state state);
/* NULL or an empty text is null. */
json_t *json_text(const char *text);
json_t *json_segment(const struct tcpc_segment *segment);
/* The keys of ls. */
json_t *json_connection(const struct tcpc_connection *row);
json_t *json_opened(const struct tcpc_opened *opened);
json_t *json_time_wait(const struct tcpc_time_wait *row);

/* Adds value, which is handed over, under key. */
void json_put(json_t *object, const char *key, json_t *value);
void json_append(json_t *array, json_t *value);
/* Prints value, which is handed over: over several lines, or on one. */
void json_print(json_t *value);
void json_print_line(json_t *value);

#endif
