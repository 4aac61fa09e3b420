#include "page/reply.h"

#include <stdarg.h>
#include <view_memory.h>

#define ERROR_MAX 512

static bool has_failed;

static void on_failure(void)
{
    has_failed = true;
}

void reply_init(void)
{
    view_memory_init(on_failure);
}

bool reply_is_whole(void)
{
    bool is_whole = !has_failed;
    has_failed = false;
    return is_whole;
}

void reply_json(struct http_exchange *exchange, json_t *value)
{
    exchange->reply.content_type = "application/json";
    if (reply_is_whole() && value != NULL) {
        json_dumpf(value, exchange->body, JSON_COMPACT);
        fputc('\n', exchange->body);
    } else {
        exchange->reply.status = 503;
        fputs("{\"error\":\"no memory\"}\n", exchange->body);
    }
    json_decref(value);
}

void reply_error(struct http_exchange *exchange, unsigned status, const char *format, ...)
{
    char text[ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    exchange->reply.status = status;

    json_t *error = json_object();
    json_t *words = json_string(text); /* NULL: a word of the request is no UTF-8 */
    json_object_set_new(error, "error", words != NULL ? words : json_string("not UTF-8"));
    reply_json(exchange, error);
}
