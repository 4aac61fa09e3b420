#include "json.h"

#include <stdio.h>

#include "json_rows.h"

void json_put(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

void json_append(json_t *array, json_t *value)
{
    json_array_append_new(array, value);
}

json_t *json_number(uint64_t number)
{
    return json_integer((json_int_t)number);
}

json_t *json_endpoint(const struct tcpc_endpoint *endpoint)
{
    char text[TCPC_ENDPOINT_TEXT_MAX];
    return json_string(tcpc_endpoint_format(endpoint, text));
}

json_t *json_state(enum tcpc_state state)
{
    return json_string(tcpc_state_name(state));
}

json_t *json_text(const char *text)
{
    return text != NULL && *text ? json_string(text) : json_null();
}

json_t *json_segment(const struct tcpc_segment *segment)
{
    if (segment == NULL)
        return json_null();
    json_t *object = json_object();
    json_put(object, "flags", json_string(segment->flags));
    json_put(object, "seq", json_number(segment->seq));
    json_put(object, "ack", json_number(segment->ack));
    json_put(object, "len", json_number(segment->len_bytes));
    json_put(object, "wnd", json_number(segment->wnd_bytes));
    return object;
}

json_t *json_note(const struct tcpc_note *note)
{
    if (note == NULL)
        return json_null();
    json_t *object = json_object();
    json_put(object, "seq", note->len > 0 ? json_number(note->seq) : json_null());
    json_put(object, "len", json_number(note->len));
    json_put(object, "count", json_number(note->count));
    json_put(object, "value", json_integer(note->value));
    return object;
}

/* The one object of rows. */
static json_t *parsed(struct texts *rows)
{
    json_t *object = json_loadb(rows->bytes, rows->len, 0, NULL);
    texts_done(rows);
    return object;
}

json_t *json_connection(const struct tcpc_connection *row)
{
    struct texts rows = {.count = 0};
    json_rows_add_connection(&rows, row);
    return parsed(&rows);
}

json_t *json_opened(const struct tcpc_opened *opened)
{
    json_t *object = json_object();
    json_put(object, "id", json_number(opened->id));
    json_put(object, "state", json_state(opened->state));
    json_put(object, "local", json_endpoint(&opened->local));
    json_put(object, "remote", json_endpoint(&opened->remote));
    return object;
}

json_t *json_time_wait(const struct tcpc_time_wait *row)
{
    struct texts rows = {.count = 0};
    json_rows_add_time_wait(&rows, row);
    return parsed(&rows);
}

static json_t *gathered; /* NULL: values are printed */

void json_gather(json_t *array)
{
    gathered = array;
}

void json_print(json_t *value)
{
    if (gathered != NULL) {
        json_append(gathered, value);
        return;
    }
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(value);
}

void json_print_line(json_t *value)
{
    json_dumpf(value, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(value);
}
