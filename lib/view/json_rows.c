#include "json_rows.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- an object -------------------------------------------------------------------------------- */

/* The object of rows that was begun last, as an element of an array. */
struct object {
    struct texts *rows;
    bool is_begun; /* it has a member */
    bool is_inner; /* a member of another one */
};

static struct object object_begin(struct texts *rows, uint64_t id)
{
    texts_begin(rows, id);
    return (struct object){.rows = rows};
}

static void object_end(struct object *object)
{
    texts_add_text(object->rows, "\n  }");
}

static void put_key(struct object *object, const char *key)
{
    texts_add_text(object->rows, object->is_begun ? ",\n    " : "{\n    ");
    texts_add_text(object->rows, object->is_inner ? "  \"" : "\"");
    texts_add_text(object->rows, key);
    texts_add_text(object->rows, "\": ");
    object->is_begun = true;
}

static void put_number(struct object *object, const char *key, uint64_t number)
{
    put_key(object, key);
    texts_add_number(object->rows, number);
}

static void put_signed(struct object *object, const char *key, int64_t number)
{
    put_key(object, key);
    if (number < 0)
        texts_add_text(object->rows, "-");
    texts_add_number(object->rows, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

static void put_null(struct object *object, const char *key)
{
    put_key(object, key);
    texts_add_text(object->rows, "null");
}

static bool is_plain(const char *text)
{
    for (; *text; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
            return false;
    }
    return true;
}

/* Whatever needs an escape is rare. */
static void add_escaped(struct texts *rows, const char *text)
{
    json_t *value = json_string(text); /* NULL: no UTF-8, which the daemon does not send */
    char *escaped = json_dumps(value, JSON_ENCODE_ANY);
    texts_add_text(rows, escaped != NULL ? escaped : "null");
    free(escaped);
    json_decref(value);
}

/* null for NULL or an empty text. */
static void put_text(struct object *object, const char *key, const char *text)
{
    if (text == NULL || !*text) {
        put_null(object, key);
        return;
    }
    put_key(object, key);
    if (!is_plain(text)) {
        add_escaped(object->rows, text);
        return;
    }
    texts_add_text(object->rows, "\"");
    texts_add_text(object->rows, text);
    texts_add_text(object->rows, "\"");
}

static void put_endpoint(struct object *object, const char *key,
                         const struct tcpc_endpoint *endpoint)
{
    char text[TCPC_ENDPOINT_TEXT_MAX];
    put_text(object, key, tcpc_endpoint_format(endpoint, text));
}

static void put_owner(struct object *object, const struct tcpc_owner *owner)
{
    struct object inner = {.rows = object->rows, .is_inner = true};
    put_key(object, "owner");
    put_number(&inner, "uid", owner->uid);
    if (owner->pid != 0)
        put_number(&inner, "pid", owner->pid);
    else
        put_null(&inner, "pid");
    put_text(&inner, "program", owner->program);
    put_text(&inner, "session", owner->session);
    put_key(&inner, "gone");
    texts_add_text(inner.rows, owner->is_gone ? "true\n    }" : "false\n    }");
}

/* null for what is not known. */
static void put_duration(struct object *object, const char *key, int64_t us)
{
    if (us < 0)
        put_null(object, key);
    else
        put_signed(object, key, us);
}

/* Under the names that show has for them. */
static void put_details(struct object *object, const struct tcpc_connection_details *details)
{
    put_duration(object, "age_us", details->age_us);
    put_duration(object, "state_age_us", details->state_age_us);
    put_duration(object, "idle_us", details->idle_us);
    put_signed(object, "srtt_us", details->srtt_us);
    put_signed(object, "rttvar_us", details->rttvar_us);
    put_signed(object, "rto_us", details->rto_us);
    put_number(object, "retransmits", details->retransmits);
    put_number(object, "backoff", details->backoff);
    put_number(object, "cwnd_bytes", details->cwnd_bytes);
    put_number(object, "ssthresh_bytes", details->ssthresh_bytes);
    put_number(object, "mss", details->mss);
    put_number(object, "snd_wscale", details->snd_wscale);
    put_number(object, "rcv_wscale", details->rcv_wscale);
    put_number(object, "bytes_sent", details->bytes_sent);
    put_number(object, "bytes_acked", details->bytes_acked);
    put_number(object, "bytes_received", details->bytes_received);
    put_number(object, "segments_in", details->segments_in);
    put_number(object, "segments_out", details->segments_out);
    put_text(object, "congestion_control", details->congestion_control);
}

/* --- the rows --------------------------------------------------------------------------------- */

void json_rows_add_connection(struct texts *rows, const struct tcpc_connection *row)
{
    struct object object = object_begin(rows, row->id);
    put_number(&object, "id", row->id);
    put_text(&object, "state", tcpc_state_name(row->state));
    put_endpoint(&object, "local", &row->local);
    put_endpoint(&object, "remote", &row->remote);
    put_number(&object, "uid", row->uid);
    put_number(&object, "send_queue_bytes", row->send_queue_bytes);
    put_number(&object, "receive_queue_bytes", row->receive_queue_bytes);
    put_text(&object, "timer", row->timer);
    if (row->timer != NULL && *row->timer)
        put_signed(&object, "timer_ms", row->timer_ms);
    else
        put_null(&object, "timer_ms");
    put_owner(&object, &row->owner);
    if (row->details != NULL)
        put_details(&object, row->details);
    object_end(&object);
}

void json_rows_add_time_wait(struct texts *rows, const struct tcpc_time_wait *row)
{
    struct object object = object_begin(rows, row->id);
    put_number(&object, "id", row->id);
    put_endpoint(&object, "local", &row->local);
    put_endpoint(&object, "remote", &row->remote);
    put_text(&object, "entered_from", tcpc_state_name(row->entered_from));
    put_text(&object, "entered_by", row->entered_by);
    put_signed(&object, "remaining_ms", row->remaining_ms);
    put_signed(&object, "duration_ms", row->duration_ms);
    put_number(&object, "fin_reacked", row->fin_reacked);
    put_number(&object, "uid", row->uid);
    put_owner(&object, &row->owner);
    object_end(&object);
}

void json_rows_print(struct texts *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct texts_place *place = &rows->places[i];
        fputs(i == 0 ? "[\n  " : ",\n  ", stdout);
        fwrite(rows->bytes + place->at, 1, place->end - place->at, stdout);
    }
    fputs(rows->count ? "\n]\n" : "[]\n", stdout);
    texts_done(rows);
}
