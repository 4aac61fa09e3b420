#include "simplify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HALVES_LEAST 2

/* Where a field is in a scenario: once, or in each element of an array. */
enum place { IN_SCENARIO, IN_LINK, IN_HOST, IN_LISTENER, IN_CONNECTION, IN_BEHAVIOUR };

enum act {
    SET,   /* to the value that means "no fault" */
    HALVE, /* as long as it exceeds the value */
};

struct field {
    const char *name;
    enum place place;
    size_t offset, size_bytes;
    enum act act;
    uint64_t value;
};

#define FIELD(name, place, type, member, act, value)                                               \
    {                                                                                              \
        name, place, offsetof(struct type, member), sizeof(((struct type *)NULL)->member), act,    \
            value                                                                                  \
    }
#define LINK_OFF(member) FIELD(#member, IN_LINK, link_plan, member, SET, 0)
#define HOST_OFF(member) FIELD(#member, IN_HOST, host_plan, member, SET, 0)
#define BEHAVIOUR_OFF(member) FIELD(#member, IN_BEHAVIOUR, behaviour, member, SET, 0)

/* The most informative first. */
static const struct field fields[] = {
    FIELD("faults_us", IN_SCENARIO, scenario, faults_us, HALVE, 1000000),
    FIELD("strip_options", IN_SCENARIO, scenario, strip_options, SET, 0),
    FIELD("is_cold", IN_SCENARIO, scenario, is_cold, SET, 0),
    FIELD("is_cut_short", IN_SCENARIO, scenario, is_cut_short, SET, 0),
    LINK_OFF(drop),
    LINK_OFF(duplicate),
    LINK_OFF(reorder),
    LINK_OFF(corrupt),
    LINK_OFF(truncate),
    LINK_OFF(pad),
    LINK_OFF(mark),
    LINK_OFF(bleach),
    LINK_OFF(split),
    LINK_OFF(drop_syn_data),
    LINK_OFF(late_syn_data),
    LINK_OFF(jitter_us),
    LINK_OFF(bytes_per_s),
    LINK_OFF(mark_bytes),
    LINK_OFF(merges_segments),
    LINK_OFF(finishes_checksums),
    FIELD("cuts_segments", IN_LINK, link_plan, cuts_segments, SET, 1),
    FIELD("delay_us", IN_LINK, link_plan, delay_us, SET, 1000),
    HOST_OFF(refuse_count),
    HOST_OFF(rebirth),
    HOST_OFF(poll_delay_us),
    HOST_OFF(late_us),
    HOST_OFF(near_isn_wrap),
    HOST_OFF(near_ts_wrap),
    FIELD("fast_open", IN_HOST, host_plan, config.fast_open, SET, TE_FAST_OPEN_OFF),
    FIELD("memory_max_bytes", IN_HOST, host_plan, config.memory_max_bytes, SET, 0),
    FIELD("gso", IN_HOST, host_plan, config.gso, SET, 0),
    FIELD("checksum_offload", IN_HOST, host_plan, config.checksum_offload, SET, 0),
    FIELD("dad", IN_HOST, host_plan, config.dad, SET, 0),
    FIELD("timestamps", IN_HOST, host_plan, config.timestamps, SET, 1),
    FIELD("window_scale", IN_HOST, host_plan, config.window_scale, SET, 1),
    FIELD("sack", IN_HOST, host_plan, config.sack, SET, 1),
    FIELD("nagle", IN_HOST, host_plan, config.nagle, SET, 1),
    FIELD("features", IN_HOST, host_plan, config.features, SET, TE_FEATURES_DEFAULT),
    FIELD("ecn", IN_HOST, host_plan, config.ecn, SET, TE_ECN_PASSIVE),
    FIELD("mtu_bytes", IN_HOST, host_plan, config.mtu_bytes, SET, 1500),
    FIELD("initial_window_segments", IN_HOST, host_plan, config.initial_window_segments, SET, 10),
    FIELD("out_of_order_ranges_max", IN_HOST, host_plan, config.out_of_order_ranges_max, SET, 4096),
    FIELD("conn_max", IN_HOST, host_plan, config.conn_max, SET, 48),
    FIELD("time_wait_max", IN_HOST, host_plan, config.time_wait_max, SET, 32),
    FIELD("event_max", IN_HOST, host_plan, config.event_max, SET, 128),
    FIELD("delayed_ack_us", IN_HOST, host_plan, config.delayed_ack_us, SET, 40000),
    FIELD("rto_min_us", IN_HOST, host_plan, config.rto_min_us, SET, 200000),
    FIELD("msl_us", IN_HOST, host_plan, config.msl_us, SET, 1000000),
    FIELD("host_user_timeout_us", IN_HOST, host_plan, config.user_timeout_us, SET, 0),
    FIELD("accept_gap_us", IN_LISTENER, listener_plan, accept_gap_us, SET, 0),
    FIELD("close_at_us", IN_LISTENER, listener_plan, close_at_us, SET, (uint64_t)TE_NEVER),
    FIELD("fast_open_listener", IN_LISTENER, listener_plan, fast_open, SET, 0),
    FIELD("backlog", IN_LISTENER, listener_plan, backlog, SET, 16),
    FIELD("at_us", IN_CONNECTION, connection_plan, at_us, HALVE, 1),
    FIELD("kind", IN_CONNECTION, connection_plan, kind, SET, OPEN_TO_LISTENER),
    FIELD("fast_open_data", IN_CONNECTION, connection_plan, fast_open, SET, 0),
    BEHAVIOUR_OFF(bytes),
    FIELD("half_of_bytes", IN_BEHAVIOUR, behaviour, bytes, HALVE, 1),
    BEHAVIOUR_OFF(write_gap_us),
    BEHAVIOUR_OFF(read_gap_us),
    FIELD("read_stop", IN_BEHAVIOUR, behaviour, read_stop, SET, UINT64_MAX),
    FIELD("ending", IN_BEHAVIOUR, behaviour, ending, SET, ENDING_SHUTDOWN),
    BEHAVIOUR_OFF(meddles),
    BEHAVIOUR_OFF(without_nagle),
    BEHAVIOUR_OFF(without_delayed_ack),
    BEHAVIOUR_OFF(with_keepalive),
    BEHAVIOUR_OFF(user_timeout_us),
    FIELD("write_max", IN_BEHAVIOUR, behaviour, write_max, SET, 65536),
    FIELD("read_max", IN_BEHAVIOUR, behaviour, read_max, SET, 65536),
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* --- fields ----------------------------------------------------------------------------------- */

static unsigned count_of(const struct scenario *scenario, enum place place)
{
    switch (place) {
    case IN_SCENARIO:
        return 1;
    case IN_LINK:
        return ENDS;
    case IN_HOST:
    case IN_LISTENER:
        return scenario->host_count;
    case IN_CONNECTION:
        return scenario->connection_count;
    case IN_BEHAVIOUR:
        return scenario->connection_count * ENDS;
    }
    return 0;
}

/* The struct that the field is in. */
static void *element(struct scenario *scenario, enum place place, unsigned index)
{
    switch (place) {
    case IN_SCENARIO:
        return scenario;
    case IN_LINK:
        return &scenario->link[index];
    case IN_HOST:
        return &scenario->hosts[index];
    case IN_LISTENER:
        return &scenario->listeners[index];
    case IN_CONNECTION:
        return &scenario->connections[index];
    case IN_BEHAVIOUR:
        return &scenario->connections[index / ENDS].behaviour[index % ENDS];
    }
    return NULL;
}

/* Fields are whole numbers of any size, none of them negative. */
static uint64_t read_field(const struct field *field, const void *at)
{
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t value;
    switch (field->size_bytes) {
    case sizeof(byte):
        memcpy(&byte, at, sizeof(byte));
        return byte;
    case sizeof(half):
        memcpy(&half, at, sizeof(half));
        return half;
    case sizeof(word):
        memcpy(&word, at, sizeof(word));
        return word;
    default:
        memcpy(&value, at, sizeof(value));
        return value;
    }
}

static void write_field(const struct field *field, void *at, uint64_t value)
{
    uint8_t byte = (uint8_t)value;
    uint16_t half = (uint16_t)value;
    uint32_t word = (uint32_t)value;
    switch (field->size_bytes) {
    case sizeof(byte):
        memcpy(at, &byte, sizeof(byte));
        break;
    case sizeof(half):
        memcpy(at, &half, sizeof(half));
        break;
    case sizeof(word):
        memcpy(at, &word, sizeof(word));
        break;
    default:
        memcpy(at, &value, sizeof(value));
        break;
    }
}

static bool can_change(const struct field *field, uint64_t value)
{
    return field->act == SET ? value != field->value
                             : value > field->value && value >= HALVES_LEAST;
}

static bool apply_field(struct scenario *scenario, const struct field *field, unsigned index)
{
    if (index >= count_of(scenario, field->place))
        return false;
    uint8_t *at = (uint8_t *)element(scenario, field->place, index) + field->offset;
    uint64_t value = read_field(field, at);
    if (!can_change(field, value))
        return false;
    write_field(field, at, field->act == SET ? field->value : value / 2);
    return true;
}

/* --- things that go altogether ---------------------------------------------------------------- */

/* Takes one element out of an array. */
static bool take_out(void *array, unsigned *count, size_t size_bytes, unsigned index)
{
    if (index >= *count)
        return false;
    uint8_t *at = (uint8_t *)array + index * size_bytes;
    memmove(at, at + size_bytes, (*count - index - 1) * size_bytes);
    --*count;
    return true;
}

/* One connection is needed: it determines the hosts' clocks. */
static bool drop_connection(struct scenario *scenario, unsigned index)
{
    return scenario->connection_count > 1 &&
           take_out(scenario->connections, &scenario->connection_count,
                    sizeof(scenario->connections[0]), index);
}

static bool drop_partition(struct scenario *scenario, unsigned index)
{
    return take_out(scenario->partitions, &scenario->partition_count,
                    sizeof(scenario->partitions[0]), index);
}

static bool drop_path(struct scenario *scenario, unsigned index)
{
    return take_out(scenario->paths, &scenario->path_count, sizeof(scenario->paths[0]), index);
}

static bool drop_upheaval(struct scenario *scenario, unsigned index)
{
    return take_out(scenario->upheavals, &scenario->upheaval_count, sizeof(scenario->upheavals[0]),
                    index);
}

/* The third host, if nothing talks to it. */
static bool drop_host(struct scenario *scenario, unsigned index)
{
    if (index > 0 || scenario->host_count == 2)
        return false;
    for (unsigned i = 0; i < scenario->connection_count; i++)
        if (scenario->connections[i].opener > SIDE_B || scenario->connections[i].peer > SIDE_B)
            return false;
    scenario->host_count = 2;
    for (unsigned i = 0; i < scenario->upheaval_count; i++)
        scenario->upheavals[i].sides &= (1u << scenario->host_count) - 1;
    return true;
}

static const struct removal {
    const char *name;
    bool (*apply)(struct scenario *scenario, unsigned index);
} removals[] = {
    {"connection", drop_connection}, {"host", drop_host}, {"upheaval", drop_upheaval},
    {"partition", drop_partition},   {"path", drop_path},
};

#define REMOVALS (sizeof(removals) / sizeof(removals[0]))

/* --- steps ------------------------------------------------------------------------------------ */

unsigned simplify_kinds(void)
{
    return REMOVALS + FIELDS;
}

static const char *name_of(unsigned kind)
{
    return kind < REMOVALS ? removals[kind].name : fields[kind - REMOVALS].name;
}

bool simplify_apply(struct scenario *scenario, struct step step)
{
    if (step.kind < REMOVALS)
        return removals[step.kind].apply(scenario, step.index);
    return apply_field(scenario, &fields[step.kind - REMOVALS], step.index);
}

void simplify_print_step(struct step step, FILE *file)
{
    fprintf(file, "%s.%u", name_of(step.kind), step.index);
}

/* Reads one step, and advances *list past it and its comma. */
static bool parse_step(const char **list, struct step *ret_step)
{
    const char *dot = *list + strcspn(*list, ",");
    while (dot > *list && *dot != '.')
        dot--;
    char *end;
    unsigned long index = strtoul(dot + 1, &end, 10);
    if (dot == *list || end == dot + 1 || (*end != ',' && *end != '\0') ||
        index >= SIMPLIFY_INDEX_MAX)
        return false;
    for (unsigned kind = 0; kind < simplify_kinds(); kind++) {
        const char *name = name_of(kind);
        if (strlen(name) != (size_t)(dot - *list) || memcmp(name, *list, strlen(name)) != 0)
            continue;
        *ret_step = (struct step){kind, (unsigned)index};
        *list = *end == ',' ? end + 1 : end;
        return true;
    }
    return false;
}

bool simplify_apply_list(struct scenario *scenario, const char *list)
{
    struct step step;
    while (*list != '\0')
        if (!parse_step(&list, &step) || !simplify_apply(scenario, step))
            return false;
    return true;
}

void simplify_print_rest(const struct scenario *scenario, FILE *file)
{
    struct scenario copy = *scenario;
    fprintf(file, "  IPv%c, %u hosts, %u connections, %u partitions, %u paths, %u upheavals\n",
            scenario->is_v6 ? '6' : '4', scenario->host_count, scenario->connection_count,
            scenario->partition_count, scenario->path_count, scenario->upheaval_count);
    for (unsigned i = 0; i < FIELDS; i++) {
        const struct field *field = &fields[i];
        if (i > 0 && field->place == field[-1].place && field->offset == field[-1].offset)
            continue; /* with another step */
        for (unsigned index = 0; index < count_of(scenario, field->place); index++) {
            const uint8_t *at =
                (const uint8_t *)element(&copy, field->place, index) + field->offset;
            if (can_change(field, read_field(field, at)))
                fprintf(file, "  %s.%u = %" PRIu64 "\n", field->name, index, read_field(field, at));
        }
    }
}
