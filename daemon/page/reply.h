/* Answers of the live page as JSON. */
#ifndef TCPENGINED_REPLY_H
#define TCPENGINED_REPLY_H

#include <jansson.h>

#include "watch/http.h"

/* Once, before anything is made of JSON. */
void reply_init(void);
/* Since the last call of this: was all of it made, or did memory run out? */
bool reply_is_whole(void);
/* value, which is handed over, is the answer; without memory it is 503. */
void reply_json(struct http_exchange *exchange, json_t *value);
/* {"error": ...}, with that status. */
void reply_error(struct http_exchange *exchange, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
