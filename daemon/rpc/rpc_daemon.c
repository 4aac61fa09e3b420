/* DaemonStatus, NextEvents and SetOption. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "link/addresses.h"
#include "rpc/rpc_convert.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_owner.h"
#include "rpc/rpc_status.h"

/* --- the names of options --------------------------------------------------------------------- */

#define ALGORITHM_OPTION "congestion_control" /* the only one with a word as its value */
#define NAMES_MAX_BYTES 128

/* "cubic, reno, bbr" */
static void algorithm_names(char ret_text[NAMES_MAX_BYTES])
{
    size_t len = 0;
    const char *name;
    for (unsigned i = 0; (name = te_cc_name(i)) != NULL && len < NAMES_MAX_BYTES; i++)
        len += (size_t)snprintf(ret_text + len, NAMES_MAX_BYTES - len, "%s%s", i > 0 ? ", " : "",
                                name);
}

static pb_option_info *option_message(struct rpc *rpc, const char *name, const char *values,
                                      const char *help)
{
    pb_option_info *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__option_info__init(message);
    message->name = rpc_text(rpc, name);
    message->values = rpc_text(rpc, values);
    message->help = rpc_text(rpc, help);
    return message;
}

static void fill_options(struct rpc *rpc, pb_daemon_status_result *result)
{
    size_t count;
    char names[NAMES_MAX_BYTES];
    const struct te_option_info *table = te_option_table(&count);
    algorithm_names(names);
    result->options = rpc_pointers(rpc, count + 1);
    for (size_t i = 0; result->options != NULL && i <= count; i++) {
        pb_option_info *message =
            i < count
                ? option_message(rpc, table[i].name, table[i].unit == 0 ? "on, off" : "",
                                 table[i].help)
                : option_message(rpc, ALGORITHM_OPTION, names, "Congestion control algorithm.");
        if (message == NULL)
            return;
        result->options[result->n_options++] = message;
    }
}

static const struct te_option_info *option_find(const char *name)
{
    size_t count;
    const struct te_option_info *table = te_option_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* --- DaemonStatus ----------------------------------------------------------------------------- */

static size_t fill_offload_names(struct rpc *rpc, unsigned set, char ***ret_names)
{
    size_t count = 0;
    *ret_names = rpc_pointers(rpc, OFFLOAD_COUNT);
    for (unsigned i = 0; *ret_names != NULL && i < OFFLOAD_COUNT; i++)
        if (set & (1u << i))
            (*ret_names)[count++] = (char *)(uintptr_t)offload_name(i);
    return count;
}

static void fill_offloads(struct rpc *rpc, const struct offloads *offloads,
                          pb_daemon_status_result *result)
{
    result->n_offloads = fill_offload_names(rpc, offloads->in_use, &result->offloads);
    result->n_offloads_refused =
        fill_offload_names(rpc, offload_refused(offloads), &result->offloads_refused);
}

static void fill_info(struct rpc *rpc, pb_daemon_status_result *result)
{
    struct daemon_info info = {0};
    char mac[18];
    rpc->host.describe(rpc->host.ctx, &info);
    result->version = rpc_text(rpc, info.version != NULL ? info.version : "");
    result->tap = rpc_text(rpc, info.tap != NULL ? info.tap : "");
    result->http = rpc_text(rpc, info.http != NULL ? info.http : "");
    result->gateway = rpc_text(rpc, info.gateway != NULL ? info.gateway : "");
    result->tap_up = info.tap_up;
    result->mtu = info.mtu_bytes;
    result->msl_ms = (info.msl_us + TE_MS - 1) / TE_MS;
    snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", info.mac[0], info.mac[1],
             info.mac[2], info.mac[3], info.mac[4], info.mac[5]);
    result->mac = rpc_text(rpc, mac);
    result->gateways = rpc_pointers(rpc, info.gateway_count);
    for (unsigned i = 0; result->gateways != NULL && i < info.gateway_count; i++)
        result->gateways[result->n_gateways++] = rpc_text(rpc, info.gateways[i]);
    fill_offloads(rpc, &info.offloads, result);
    result->kernel_dropped = info.kernel_dropped;
    result->routes = rpc_pointers(rpc, info.route_count);
    for (unsigned i = 0; result->routes != NULL && i < info.route_count; i++)
        result->routes[result->n_routes++] = rpc_text(rpc, info.routes[i]);
}

static void fill_addresses(struct rpc *rpc, pb_daemon_status_result *result)
{
    char addr[TE_ADDR_TEXT_MAX], text[TE_ADDR_TEXT_MAX + 8];
    unsigned count;
    const struct te_cidr *addresses = te_stack_addresses(rpc_stack(rpc), &count);
    result->addresses = rpc_pointers(rpc, count);
    for (unsigned i = 0; result->addresses != NULL && i < count; i++) {
        te_addr_format(&addresses[i].addr, addr);
        snprintf(text, sizeof(text), "%s/%u", addr, addresses[i].prefix_bits);
        result->addresses[result->n_addresses++] = rpc_text(rpc, text);
    }
}

static pb_address_state *address_state(struct rpc *rpc, const struct te_address_info *info)
{
    char addr[TE_ADDR_TEXT_MAX], text[TE_ADDR_TEXT_MAX + 8], mac[18] = "";
    pb_address_state *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__address_state__init(message);
    te_addr_format(&info->cidr.addr, addr);
    snprintf(text, sizeof(text), "%s/%u", addr, info->cidr.prefix_bits);
    if (info->was_claimed)
        addresses_format_mac(info->claimed_by, mac);
    message->address = rpc_text(rpc, text);
    message->state = (char *)(uintptr_t)te_address_state_name(info->state);
    message->claimed_by = rpc_text(rpc, mac);
    message->is_configured = info->is_configured;
    if (info->retry_at_us != TE_NEVER)
        message->retry_ms = (info->retry_at_us - rpc_now_us(rpc) + TE_MS - 1) / TE_MS;
    return message;
}

static void fill_address_states(struct rpc *rpc, pb_daemon_status_result *result)
{
    struct te_address_info info;
    result->address_states = rpc_pointers(rpc, TE_LOCAL_ADDRESSES_MAX);
    for (unsigned i = 0;
         result->address_states != NULL && te_stack_address(rpc_stack(rpc), i, &info); i++) {
        pb_address_state *message = address_state(rpc, &info);
        if (message == NULL)
            return;
        result->address_states[result->n_address_states++] = message;
    }
}

static void fill_states(struct rpc *rpc, const struct te_totals *totals,
                        pb_daemon_status_result *result)
{
    result->states = rpc_pointers(rpc, TE_STATE_COUNT);
    for (unsigned i = 0; result->states != NULL && i < TE_STATE_COUNT; i++) {
        pb_state_count *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
        if (message == NULL)
            return;
        tcpengine__v1__state_count__init(message);
        message->state = (pb_state)i;
        message->count = totals->by_state[i];
        result->states[result->n_states++] = message;
    }
}

static void fill_memory(struct rpc *rpc, pb_daemon_status_result *result)
{
    struct te_memory_use use;
    te_memory(rpc_stack(rpc), &use);
    result->memory_used_bytes = use.used_bytes;
    result->memory_max_bytes = use.max_bytes;
    result->memory_level = rpc_text(rpc, te_memory_level_name(use.level));
}

static void fill_engine(struct rpc *rpc, pb_daemon_status_result *result)
{
    struct te_totals totals;
    te_totals(rpc_stack(rpc), &totals);
    result->connections = totals.connections;
    result->listeners = totals.listeners;
    result->time_wait = totals.time_wait;
    result->orphans = totals.orphans;
    result->memory_bytes =
        totals.conn_memory_bytes + totals.time_wait_memory_bytes + totals.buffer_memory_bytes;
    fill_memory(rpc, result);
    fill_states(rpc, &totals, result);
    fill_addresses(rpc, result);
    fill_address_states(rpc, result);
}

/* --- what is limited, and how much of it there is --------------------------------------------- */

struct use {
    const char *name;
    uint64_t used, max; /* max 0: there is no limit, or it is not known */
};

static void add_uses(struct rpc *rpc, const struct use *uses, size_t count,
                     pb_daemon_status_result *result)
{
    result->uses = rpc_pointers(rpc, (unsigned)count);
    for (size_t i = 0; result->uses != NULL && i < count; i++) {
        pb_use *message =
            uses[i].max > 0 ? arena_alloc(&rpc->answer_arena, sizeof(*message)) : NULL;
        if (message == NULL)
            continue;
        tcpengine__v1__use__init(message);
        message->name = (char *)(uintptr_t)uses[i].name;
        message->used = uses[i].used;
        message->max = uses[i].max;
        result->uses[result->n_uses++] = message;
    }
}

static void fill_uses(struct rpc *rpc, pb_daemon_status_result *result)
{
    static const struct te_config unknown = {.conn_max = 0};
    struct daemon_info info = {.tap_up = false};
    struct te_totals totals;
    struct rpc_stats stats;
    rpc->host.describe(rpc->host.ctx, &info);
    te_totals(rpc_stack(rpc), &totals);
    rpc_fill_stats(rpc, &stats);
    const struct te_config *engine = info.engine != NULL ? info.engine : &unknown;
    const struct rpc_options *options = &rpc->options;
    const struct use uses[] = {
        {"connections", totals.connections, engine->conn_max},
        {"listeners", totals.listeners, engine->listeners_max},
        {"orphans", totals.orphans, engine->orphan_max},
        {"time_wait", totals.time_wait, engine->time_wait_max},
        {"neighbours", totals.neighbours, engine->neighbour_max},
        {"memory_bytes", result->memory_used_bytes, result->memory_max_bytes},
        {"sessions", stats.sessions, options->sessions_max},
        {"links", stats.links, options->control.links_max},
        {"channels", stats.channels, options->channels_max},
        {"sockets", stats.sockets, options->sockets_max},
        {"faults", stats.faults.faults, stats.faults.faults_max},
    };
    add_uses(rpc, uses, sizeof(uses) / sizeof(*uses), result);
}

enum rpc_outcome rpc_verb_daemon_status(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    pb_daemon_status_result *result = &rpc_result(call)->daemon;
    fill_info(rpc, result);
    fill_engine(rpc, result);
    fill_uses(rpc, result);
    fill_options(rpc, result);
    result->api_major = RPC_API_MAJOR;
    result->time_us = rpc_now_us(rpc);
    result->uptime_us = result->time_us;
    result->epoch_us = rpc->epoch_us;
    result->sessions = session_table_count(rpc->sessions);
    result->links = sp_server_link_count(rpc->server);
    result->last_event_seq = event_log_last_seq(rpc->host.events);
    return RPC_ANSWER;
}

/* --- NextEvents ------------------------------------------------------------------------------- */

static const char *event_kind_name(unsigned kind)
{
    switch (kind) {
    case TE_EVENT_STATE:
        return "state";
    case TE_EVENT_FIN_AGAIN:
        return "fin_again";
    case TE_EVENT_ADDRESS_CONFLICT:
        return "address_conflict";
    case TE_EVENT_ADDRESS_READY:
        return "address_ready";
    case TE_EVENT_NOTE:
        return "note";
    case EVENT_LOG_NOTES_LOST:
        return "notes_lost";
    case EVENT_LOG_FAULT + FAULT_ADDED:
        return "fault_added";
    case EVENT_LOG_FAULT + FAULT_HIT:
        return "fault_hit";
    case EVENT_LOG_FAULT + FAULT_ENDED:
        return "fault_ended";
    default:
        return "";
    }
}

/* For clients that know nothing of notes it is a change from a state to itself. */
static void fill_note(struct rpc *rpc, const struct event_log_entry *entry, pb_event *message)
{
    message->note = rpc_note(rpc, &entry->note);
    message->from = message->to = rpc_state(entry->note.state);
    if (message->note != NULL)
        message->cause = message->note->text;
}

/* "fault 3: drop ack-of-fin (out)". */
static char *fault_cause(struct rpc *rpc, const struct event_log_entry *entry)
{
    char text[2 * TE_FAULT_WORDS_MAX];
    snprintf(text, sizeof(text), "fault %" PRIu32 ": %s %s (%s)", entry->fault_id,
             te_fault_kind_name(entry->fault_kind), te_fault_aim_name(entry->fault_aim),
             te_fault_ways_name(entry->fault_ways));
    return rpc_text(rpc, text);
}

static pb_event *event_message(struct rpc *rpc, const struct event_log_entry *entry, uint32_t uid)
{
    pb_event *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__event__init(message);
    message->seq = entry->seq;
    message->time_us = entry->time_us;
    message->id = entry->id;
    message->kind = (char *)(uintptr_t)event_kind_name(entry->kind);
    message->local = rpc_endpoint(rpc, &entry->local);
    message->remote = rpc_endpoint(rpc, &entry->remote);
    message->uid = uid;
    struct rpc_owner owner = rpc_owner_of_tag(rpc, uid, entry->tag);
    message->owner = rpc_owner_message(rpc, &owner);
    if (entry->kind == TE_EVENT_STATE) {
        message->from = (pb_state)entry->from;
        message->to = (pb_state)entry->to;
        message->cause = (char *)(uintptr_t)te_cause_text(entry->cause);
    }
    if (entry->kind == TE_EVENT_NOTE)
        fill_note(rpc, entry, message);
    message->lost = entry->kind == EVENT_LOG_NOTES_LOST ? (uint64_t)entry->note.value : 0;
    if (entry->kind >= EVENT_LOG_FAULT)
        message->cause = fault_cause(rpc, entry);
    if (entry->has_segment)
        message->segment = rpc_segment(rpc, &entry->segment);
    return message;
}

/* Reads one page of events; false: no memory. *ret_is_cut: there may be more to look at. */
static bool read_events(struct rpc_call *call, struct event_log_reader *reader,
                        pb_next_events_result *result, bool *ret_is_cut)
{
    struct rpc *rpc = call->rpc;
    uint32_t steps = RPC_PAGE_STEPS_MAX;
    uint32_t max = call->op.next_events.max, uid;
    const struct event_log_entry *entry;
    if (max == 0 || max > RPC_PAGE_MAX)
        max = RPC_PAGE_MAX;
    result->events = rpc_pointers(rpc, max);
    if (result->events == NULL)
        return false;
    while (result->n_events < max &&
           (entry = event_log_next_some(rpc->host.events, reader, &steps, &uid)) != NULL) {
        pb_event *message = event_message(rpc, entry, uid);
        if (message == NULL)
            return false;
        result->events[result->n_events++] = message;
    }
    *ret_is_cut = steps == 0;
    return true;
}

static void fill_losses(struct rpc *rpc, const struct event_log_reader *reader, uint64_t after_seq,
                        pb_next_events_result *result)
{
    struct event_log_loss losses[EVENT_LOG_LOSSES_MAX];
    unsigned count = event_log_losses(rpc->host.events, reader, after_seq, losses);
    result->lost_by = rpc_pointers(rpc, count);
    for (unsigned i = 0; result->lost_by != NULL && i < count; i++) {
        pb_lost_events *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
        if (message == NULL)
            return;
        tcpengine__v1__lost_events__init(message);
        message->id = losses[i].id;
        message->count = losses[i].count;
        result->lost_by[result->n_lost_by++] = message;
    }
}

enum rpc_outcome rpc_verb_next_events(struct rpc_call *call)
{
    const struct rpc_link *link = call->link;
    pb_next_events *op = &call->op.next_events;
    struct event_log_reader reader = {
        .seq = op->after_seq, .sees_all = link->is_admin, .uid = link->account->uid};
    if (op->after_seq != 0 && op->after_seq < event_log_first_seq(call->rpc->host.events) - 1)
        return rpc_fail_restarted(
            call, "NextEvents: event %" PRIu64 " belongs to an earlier run of the daemon",
            op->after_seq);
    bool is_of_now = op->after_seq <= event_log_last_seq(call->rpc->host.events);
    pb_next_events_result *result = &rpc_result(call)->next_events;
    uint64_t after_seq = op->after_seq;
    bool is_cut;
    if (!read_events(call, &reader, result, &is_cut))
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "NextEvents: no memory");
    if (is_cut && result->n_events == 0 && reader.lost == 0) {
        op->after_seq = reader.seq; /* no need to look at others' events again */
        return RPC_AGAIN;
    }
    uint64_t key = link->is_admin ? RPC_KEY_EVENTS_OF_ALL : RPC_KEY_EVENTS_OF_UID | reader.uid;
    if (is_of_now && result->n_events == 0 && reader.lost == 0 &&
        rpc_may_wait(call, key, RPC_WAKE_EVENT)) {
        op->after_seq = reader.seq;
        return RPC_WAIT;
    }
    if (reader.lost > 0)
        fill_losses(call->rpc, &reader, after_seq, result);
    result->lost = reader.lost;
    result->last_seq = reader.seq;
    return RPC_ANSWER;
}

/* --- SetOption -------------------------------------------------------------------------------- */

static enum te_err set_feature(struct rpc_call *call, const struct te_option_info *row,
                               int64_t value)
{
    const pb_set_option *op = &call->op.set_option;
    struct te_status status;
    enum te_err err = te_status(rpc_stack(call->rpc), op->id, &status);
    if (err != TE_OK)
        return err;
    if (value != 0 && value != 1)
        return TE_ERR_INVALID;
    uint32_t features =
        value != 0 ? status.features | row->feature : status.features & ~row->feature;
    return te_set_option(rpc_stack(call->rpc), op->id, row->option, features,
                         rpc_now_us(call->rpc));
}

static enum rpc_outcome set_congestion_control(struct rpc_call *call)
{
    const pb_set_option *op = &call->op.set_option;
    struct rpc *rpc = call->rpc;
    char quote[RPC_QUOTE_MAX], names[NAMES_MAX_BYTES];
    if (call->subject_err != TE_OK)
        return rpc_fail_engine(call, call->subject_err, op->id);
    enum te_err err = te_set_congestion_control(rpc_stack(rpc), op->id, op->text, rpc_now_us(rpc));
    rpc_quote(op->text, quote);
    algorithm_names(names);
    if (err == TE_ERR_INVALID)
        return rpc_fail(
            call,
            &(const struct rpc_error){PB_INVALID_ARGUMENT, "EINVAL", PB_HINT(ALGORITHMS), names},
            "SetOption: there is no congestion control \"%s\"", quote);
    if (err != TE_OK)
        return rpc_fail_engine(call, err, op->id);
    pump_wake(rpc->host.pump);
    rpc_result(call);
    return RPC_ANSWER;
}

enum rpc_outcome rpc_verb_set_option(struct rpc_call *call)
{
    if (strcmp(call->op.set_option.name, ALGORITHM_OPTION) == 0)
        return set_congestion_control(call);
    const pb_set_option *op = &call->op.set_option;
    const struct te_option_info *row = option_find(op->name);
    struct rpc *rpc = call->rpc;
    char quote[RPC_QUOTE_MAX];
    enum te_err err = TE_ERR_INVALID;
    int64_t value;
    rpc_quote(op->name, quote);
    if (row == NULL)
        return RPC_FAIL(call, INVALID_ARGUMENT, "ENOPROTOOPT", OPTIONS,
                        "SetOption: there is no option \"%s\"", quote);
    if (call->subject_err != TE_OK)
        return rpc_fail_engine(call, call->subject_err, op->id);
    if (row->feature != 0)
        err = set_feature(call, row, op->value);
    else if (!__builtin_mul_overflow(op->value, row->unit != 0 ? row->unit : 1, &value))
        err = te_set_option(rpc_stack(rpc), op->id, row->option, value, rpc_now_us(rpc));
    if (err == TE_ERR_INVALID)
        return RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", NONE,
                        "SetOption: %" PRId64 " is out of range for %s", op->value, row->name);
    if (err != TE_OK)
        return rpc_fail_engine(call, err, op->id);
    pump_wake(rpc->host.pump);
    rpc_result(call);
    return RPC_ANSWER;
}
