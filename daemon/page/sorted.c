#include "page/sorted.h"

#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sorted_column {
    const char *name;
    void (*place)(const struct tcpc_connection *row, struct sorted_place *ret_place);
};

/* --- columns ---------------------------------------------------------------------------------- */

static void set_text(struct sorted_place *place, const char *text)
{
    snprintf(place->text, sizeof(place->text), "%s", text != NULL ? text : "");
}

/* Addresses in the order of their texts, ports of one address in that of their numbers. */
static void set_endpoint(struct sorted_place *place, const struct tcpc_endpoint *endpoint)
{
    snprintf(place->text, sizeof(place->text), "%s %05u", endpoint->address, endpoint->port);
}

static void place_id(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    (void)row;
    (void)ret_place; /* every place has it */
}

/* Ids are given out in order of birth, and do not change while one turns pages. */
static void place_age(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    ret_place->number = -(int64_t)row->id;
}

static void place_state(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    ret_place->number = row->state;
}

static void place_local(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    set_endpoint(ret_place, &row->local);
}

static void place_remote(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    set_endpoint(ret_place, &row->remote);
}

static void place_uid(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    ret_place->number = row->uid;
}

static void place_pid(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    ret_place->number = row->owner.pid;
}

static void place_program(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    set_text(ret_place, row->owner.program);
}

static void place_send_queue(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    ret_place->number = (int64_t)row->send_queue_bytes;
}

static void place_receive_queue(const struct tcpc_connection *row, struct sorted_place *ret_place)
{
    ret_place->number = (int64_t)row->receive_queue_bytes;
}

/* What an entry of TIME_WAIT does not know comes first. */
#define PLACE_DETAIL(name, field)                                                                  \
    static void place_##name(const struct tcpc_connection *row, struct sorted_place *ret_place)    \
    {                                                                                              \
        ret_place->number = row->details != NULL ? (int64_t)row->details->field : -1;              \
    }
PLACE_DETAIL(rtt, srtt_us)
PLACE_DETAIL(idle, idle_us)
PLACE_DETAIL(retransmits, retransmits)
PLACE_DETAIL(cwnd, cwnd_bytes)

static const struct sorted_column columns[] = {
    {"id", place_id},
    {"state", place_state},
    {"local", place_local},
    {"remote", place_remote},
    {"uid", place_uid},
    {"pid", place_pid},
    {"program", place_program},
    {"send_queue", place_send_queue},
    {"send_queue_bytes", place_send_queue},
    {"receive_queue", place_receive_queue},
    {"receive_queue_bytes", place_receive_queue},
    {"rtt", place_rtt},
    {"srtt_us", place_rtt},
    {"age", place_age},
    {"age_us", place_age},
    {"age_ms", place_age},
    {"idle", place_idle},
    {"idle_us", place_idle},
    {"retransmits", place_retransmits},
    {"cwnd", place_cwnd},
    {"cwnd_bytes", place_cwnd},
};

/* --- places ----------------------------------------------------------------------------------- */

static int compare(const struct sorted *sorted, const struct sorted_place *one,
                   const struct sorted_place *other)
{
    int order = (one->number > other->number) - (one->number < other->number);
    if (order == 0)
        order = strcmp(one->text, other->text);
    if (order == 0)
        order = (one->id > other->id) - (one->id < other->id);
    return sorted->is_falling ? -order : order;
}

/* Where place belongs among the rows. */
static unsigned find(const struct sorted *sorted, const struct sorted_place *place)
{
    unsigned low = 0, high = sorted->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (compare(sorted, &sorted->rows[middle].place, place) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static json_t *row_json(const struct tcpc_connection *row)
{
    json_t *object = json_connection(row);
    const struct tcpc_connection_details *details = row->details;
    bool has_age = details != NULL && details->age_us >= 0;
    json_put(object, "program", json_text(row->owner.program));
    json_put(object, "pid", row->owner.pid != 0 ? json_number(row->owner.pid) : json_null());
    json_put(object, "age_ms", has_age ? json_integer(details->age_us / 1000) : json_null());
    if (details == NULL) {
        json_put(object, "srtt_us", json_null());
        json_put(object, "retransmits", json_null());
    } else if (details->srtt_us == 0) {
        json_put(object, "srtt_us", json_null()); /* no sample yet */
    }
    return object;
}

void sorted_add(struct sorted *sorted, const struct tcpc_connection *row)
{
    struct sorted_place place = {.id = row->id};
    sorted->column->place(row, &place);
    if (sorted->has_after && compare(sorted, &place, &sorted->after) <= 0)
        return;
    unsigned at = find(sorted, &place);
    bool is_full = sorted->count == sorted->max;
    sorted->has_more |= is_full;
    if (at == sorted->max)
        return;
    if (is_full)
        json_decref(sorted->rows[--sorted->count].row);
    memmove(&sorted->rows[at + 1], &sorted->rows[at],
            (sorted->count - at) * sizeof(sorted->rows[0]));
    sorted->rows[at] = (struct sorted_row){place, row_json(row)};
    sorted->count++;
}

/* "ID", or "ID:NUMBER:TEXT" */
bool sorted_set_after(struct sorted *sorted, const char *text)
{
    char *end;
    sorted->after = (struct sorted_place){.id = strtoull(text, &end, 10)};
    sorted->has_after = true;
    if (end == text || *end != ':')
        return end != text && *end == '\0';
    const char *number = end + 1;
    sorted->after.number = strtoll(number, &end, 10);
    if (end == number || *end != ':')
        return false;
    set_text(&sorted->after, end + 1);
    return true;
}

bool sorted_next(const struct sorted *sorted, char *ret_text, size_t size)
{
    if (!sorted->has_more || sorted->count == 0)
        return false;
    const struct sorted_place *last = &sorted->rows[sorted->count - 1].place;
    snprintf(ret_text, size, "%" PRIu64 ":%" PRId64 ":%s", last->id, last->number, last->text);
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

bool sorted_init(struct sorted *sorted, const char *column, unsigned max)
{
    memset(sorted, 0, sizeof(*sorted));
    sorted->is_falling = *column == '-';
    sorted->max = max < SORTED_MAX ? max : SORTED_MAX;
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (strcmp(columns[i].name, column + sorted->is_falling) == 0)
            sorted->column = &columns[i];
    return sorted->column != NULL && sorted->max > 0;
}

void sorted_done(struct sorted *sorted)
{
    for (unsigned i = 0; i < sorted->count; i++)
        json_decref(sorted->rows[i].row);
    sorted->count = 0;
}
