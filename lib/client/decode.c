/* Responses from protobuf messages. Everything is in the response's arena: strings and data stay
 * where the decoder put them, rows are copied into the public structs. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "arena.h"
#include "error.h"
#include "message.h"

struct decoding {
    struct tcpc_arena *memory;
    struct tcpc_response *response;
    int op; /* that it must be the answer to: enum tcpc_op, or those of call.h */
    uint64_t request_id;
    const char *url; /* of the daemon, for messages */
    struct attach_result *attach;
    const PB(Response) * message;
};

/* False: over the budget, or the message makes no sense. */
typedef bool (*decode_fn)(struct decoding *decoding);

static enum tcpc_state decode_state(PB(State) state)
{
    return (unsigned)state < TCPC_STATE_COUNT ? (enum tcpc_state)state : TCPC_CLOSED;
}

static void decode_endpoint(struct tcpc_endpoint *ret_endpoint, const PB(Endpoint) * message)
{
    if (message == NULL)
        return;
    tcpci_text_copy(ret_endpoint->address, sizeof(ret_endpoint->address), message->address);
    ret_endpoint->port = (uint16_t)message->port;
}

#define IS_SAME_HINT(name, number)                                                                 \
    static_assert((int)TCPENGINE__V1__HINT__HINT_##name == (number),                               \
                  "a hint's number is the daemon's");
TCPC_DAEMON_HINT_LIST(IS_SAME_HINT)

static void decode_status_error(struct tcpc_error *ret_error, const PB(Status) * message)
{
    if (message == NULL || message->code == TCPENGINE__V1__CODE__OK)
        return;
    unsigned code = (unsigned)message->code;
    ret_error->code = code <= TCPC_SESSION ? (enum tcpc_code)code : TCPC_INTERNAL;
    if (code == TCPENGINE__V1__CODE__RESTARTED)
        ret_error->code = TCPC_RESTARTED;
    tcpci_text_copy(ret_error->message, sizeof(ret_error->message), message->message);
    tcpci_text_copy(ret_error->hint, sizeof(ret_error->hint), message->hint);
    ret_error->hint_code = (enum tcpc_hint)message->hint_code;
    tcpci_text_copy(ret_error->errno_name, sizeof(ret_error->errno_name), message->errno_name);
    if (!ret_error->message[0])
        tcpci_error_set_code(ret_error, ret_error->code, "");
}

static bool decode_open(struct decoding *decoding)
{
    const PB(OpenResult) *message = decoding->message->open;
    struct tcpc_opened *opened = &decoding->response->u.opened;
    opened->id = message->id;
    opened->state = decode_state(message->state);
    opened->backlog = message->backlog;
    opened->accepted_to = message->accepted_to;
    decode_endpoint(&opened->local, message->local);
    decode_endpoint(&opened->remote, message->remote);
    return true;
}

static bool decode_accept(struct decoding *decoding)
{
    const PB(AcceptResult) *message = decoding->message->accept;
    struct tcpc_opened *opened = &decoding->response->u.opened;
    opened->id = message->id;
    opened->state = decode_state(message->state);
    decode_endpoint(&opened->local, message->local);
    decode_endpoint(&opened->remote, message->remote);
    return true;
}

static bool decode_send(struct decoding *decoding)
{
    const PB(SendResult) *message = decoding->message->send;
    decoding->response->u.sent = (struct tcpc_sent){.accepted_to = message->accepted_to,
                                                    .fin_accepted = message->fin_accepted};
    return true;
}

static bool decode_receive(struct decoding *decoding)
{
    const PB(ReceiveResult) *message = decoding->message->receive;
    decoding->response->u.received = (struct tcpc_received){.offset = message->offset,
                                                            .data = message->data.data,
                                                            .len = message->data.len,
                                                            .is_end = message->end};
    return true;
}

static bool decode_shutdown(struct decoding *decoding)
{
    decoding->response->u.state = decode_state(decoding->message->shutdown->state);
    return true;
}

static bool decode_close(struct decoding *decoding)
{
    decoding->response->u.state = decode_state(decoding->message->close->state);
    return true;
}

static bool decode_abort(struct decoding *decoding)
{
    decoding->response->u.state = decode_state(decoding->message->abort->state);
    return true;
}

/* An older daemon names none. */
static void decode_owner(struct tcpc_owner *ret_owner, uint32_t uid, const PB(Owner) * message)
{
    *ret_owner = (struct tcpc_owner){.uid = uid, .program = "", .session = ""};
    if (message == NULL)
        return;
    ret_owner->pid = message->pid;
    ret_owner->program = message->program;
    ret_owner->session = message->session;
    ret_owner->is_gone = message->gone;
}

/* NULL, and true, if they were not asked for. */
static bool decode_details(struct decoding *decoding, const PB(ConnectionDetails) * message,
                           const struct tcpc_connection_details **ret_details)
{
    if (message == NULL)
        return true;
    struct tcpc_connection_details *details = tcpci_arena_alloc(decoding->memory, sizeof(*details));
    if (details == NULL)
        return false;
    *details = (struct tcpc_connection_details){.age_us = message->age_us,
                                                .state_age_us = message->state_age_us,
                                                .idle_us = message->idle_us,
                                                .srtt_us = message->srtt_us,
                                                .rttvar_us = message->rttvar_us,
                                                .rto_us = message->rto_us,
                                                .retransmits = message->retransmits,
                                                .backoff = message->backoff,
                                                .cwnd_bytes = message->cwnd_bytes,
                                                .ssthresh_bytes = message->ssthresh_bytes,
                                                .mss = message->mss,
                                                .snd_wscale = message->snd_wscale,
                                                .rcv_wscale = message->rcv_wscale,
                                                .bytes_sent = message->bytes_sent,
                                                .bytes_acked = message->bytes_acked,
                                                .bytes_received = message->bytes_received,
                                                .segments_in = message->segments_in,
                                                .segments_out = message->segments_out,
                                                .congestion_control = message->congestion_control};
    *ret_details = details;
    return true;
}

static void decode_row(struct tcpc_connection *ret_row, const PB(Connection) * message)
{
    ret_row->id = message->id;
    ret_row->state = decode_state(message->state);
    decode_endpoint(&ret_row->local, message->local);
    decode_endpoint(&ret_row->remote, message->remote);
    ret_row->uid = message->uid;
    ret_row->send_queue_bytes = message->send_queue_bytes;
    ret_row->receive_queue_bytes = message->receive_queue_bytes;
    ret_row->timer = message->timer;
    ret_row->timer_ms = message->timer_ms;
    decode_owner(&ret_row->owner, message->uid, message->owner);
}

static void decode_time_wait_row(struct tcpc_time_wait *ret_row, const PB(TimeWaitEntry) * message)
{
    ret_row->id = message->id;
    decode_endpoint(&ret_row->local, message->local);
    decode_endpoint(&ret_row->remote, message->remote);
    ret_row->entered_from = decode_state(message->entered_from);
    ret_row->entered_by = message->entered_by;
    ret_row->remaining_ms = message->remaining_ms;
    ret_row->duration_ms = message->duration_ms;
    ret_row->age_ms = message->age_ms;
    ret_row->fin_reacked = message->fin_reacked;
    ret_row->uid = message->uid;
    decode_owner(&ret_row->owner, message->uid, message->owner);
}

static void decode_status_fields(struct tcpc_status *status,
                                 const PB(ConnectionStatusResult) * message)
{
#define DECODE_FIELD(kind, name, ...) status->name = message->name;
#define DECODE_AGE(name, ...) status->name = message->name;
    TE_STATUS_LIST(DECODE_FIELD)
    TE_STATUS_AGE_LIST(DECODE_AGE)
#undef DECODE_FIELD
#undef DECODE_AGE
}

static bool decode_congestion_variables(struct decoding *decoding,
                                        const PB(ConnectionStatusResult) * message)
{
    struct tcpc_status *status = &decoding->response->u.status;
    size_t count = message->n_congestion_variables;
    struct tcpc_variable *rows = tcpci_arena_array(decoding->memory, count, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const PB(CongestionVariable) *row = message->congestion_variables[i];
        rows[i] = (struct tcpc_variable){row->name, row->value, row->text};
    }
    status->congestion_variables = rows;
    status->congestion_variable_count = count;
    return true;
}

static bool decode_status(struct decoding *decoding)
{
    const PB(ConnectionStatusResult) *message = decoding->message->connection;
    struct tcpc_status *status = &decoding->response->u.status;
    if (message->connection == NULL)
        return false;
    decode_row(&status->connection, message->connection);
    decode_status_error(&status->error, message->error);
    decode_status_error(&status->soft_error, message->soft_error);
    decode_status_fields(status, message);
    status->socket = message->socket;
    if (!decode_congestion_variables(decoding, message))
        return false;
    if (message->time_wait == NULL)
        return true;
    struct tcpc_time_wait *time_wait = tcpci_arena_alloc(decoding->memory, sizeof(*time_wait));
    if (time_wait == NULL)
        return false;
    decode_time_wait_row(time_wait, message->time_wait);
    status->time_wait = time_wait;
    return true;
}

static bool decode_list(struct decoding *decoding)
{
    const PB(ListResult) *message = decoding->message->list;
    struct tcpc_connection *rows =
        tcpci_arena_array(decoding->memory, message->n_connections, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < message->n_connections; i++) {
        decode_row(&rows[i], message->connections[i]);
        if (!decode_details(decoding, message->connections[i]->details, &rows[i].details))
            return false;
    }
    decoding->response->u.list = (struct tcpc_connection_list){.rows = rows,
                                                               .count = message->n_connections,
                                                               .cursor = message->cursor,
                                                               .is_done = message->done,
                                                               .as_of_seq = message->as_of_seq};
    return true;
}

/* Numbers without low halves have 0 there. False: not one number per id, or no
 * memory. */
static bool decode_rank(struct decoding *decoding)
{
    const PB(RankResult) *message = decoding->message->rank;
    size_t count = message->n_ids;
    struct tcpc_rank_value *values = tcpci_arena_array(decoding->memory, count, sizeof(*values));
    if (values == NULL || message->n_values != count ||
        (message->n_more != count && message->n_more != 0))
        return false;
    for (size_t i = 0; i < count; i++) {
        values[i].high = message->values[i];
        values[i].low = message->n_more > 0 ? message->more[i] : 0;
    }
    decoding->response->u.ranked = (struct tcpc_ranked){.ids = message->ids,
                                                        .values = values,
                                                        .count = count,
                                                        .highest_id = message->highest_id,
                                                        .cursor = message->cursor,
                                                        .is_done = message->done,
                                                        .matched = message->matched};
    return true;
}

static bool decode_time_wait_list(struct decoding *decoding)
{
    const PB(TimeWaitListResult) *message = decoding->message->time_wait_list;
    struct tcpc_time_wait *rows =
        tcpci_arena_array(decoding->memory, message->n_entries, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < message->n_entries; i++)
        decode_time_wait_row(&rows[i], message->entries[i]);
    decoding->response->u.time_wait_list =
        (struct tcpc_time_wait_list){.rows = rows,
                                     .count = message->n_entries,
                                     .cursor = message->cursor,
                                     .is_done = message->done,
                                     .as_of_seq = message->as_of_seq};
    return true;
}

/* One more than the protocol's: TCPC_POLICY_NONE is no session. */
static enum tcpc_policy decode_policy(PB(DeathPolicy) policy)
{
    unsigned decoded = (unsigned)policy + TCPC_POLICY_CLOSE;
    return decoded <= TCPC_POLICY_KEEP ? (enum tcpc_policy)decoded : TCPC_POLICY_CLOSE;
}

static bool decode_sessions(struct decoding *decoding)
{
    const PB(SessionsResult) *message = decoding->message->sessions;
    struct tcpc_session *rows =
        tcpci_arena_array(decoding->memory, message->n_sessions, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < message->n_sessions; i++) {
        const PB(Session) *from = message->sessions[i];
        rows[i] = (struct tcpc_session){.number = from->number,
                                        .name = from->name,
                                        .uid = from->uid,
                                        .policy = decode_policy(from->policy),
                                        .keep_seconds = from->keep_seconds,
                                        .connections = from->connections,
                                        .listeners = from->listeners,
                                        .age_ms = from->age_ms,
                                        .is_attached = from->attached};
        decode_owner(&rows[i].owner, from->uid, from->owner);
    }
    decoding->response->u.sessions = (struct tcpc_session_list){.rows = rows,
                                                                .count = message->n_sessions,
                                                                .cursor = message->cursor,
                                                                .is_done = message->done};
    return true;
}

/* An absent segment is NULL, and true. */
static bool decode_segment(struct decoding *decoding, const PB(Segment) * message,
                           const struct tcpc_segment **ret_segment)
{
    if (message == NULL)
        return true;
    struct tcpc_segment *segment = tcpci_arena_alloc(decoding->memory, sizeof(*segment));
    if (segment == NULL)
        return false;
    *segment = (struct tcpc_segment){.flags = message->flags,
                                     .seq = message->seq,
                                     .ack = message->ack,
                                     .len_bytes = message->len,
                                     .wnd_bytes = message->wnd};
    *ret_segment = segment;
    return true;
}

static bool decode_drops(struct decoding *decoding, const PB(HistoryResult) * message,
                         struct tcpc_history *ret_history)
{
    struct tcpc_drop *rows = tcpci_arena_array(decoding->memory, message->n_drops, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < message->n_drops; i++) {
        const PB(Drop) *from = message->drops[i];
        rows[i].time_us = from->time_us;
        rows[i].reason = from->reason;
        rows[i].text = from->text;
        rows[i].counter = from->counter;
        rows[i].id = from->id;
        decode_endpoint(&rows[i].local, from->local);
        decode_endpoint(&rows[i].remote, from->remote);
        if (!decode_segment(decoding, from->segment, &rows[i].segment))
            return false;
    }
    ret_history->drops = rows;
    ret_history->drop_count = message->n_drops;
    return true;
}

static void decode_note(struct tcpc_note *ret_note, const PB(Note) * message)
{
    *ret_note = (struct tcpc_note){.time_us = message->time_us,
                                   .kind = message->kind,
                                   .text = message->text,
                                   .state = decode_state(message->state),
                                   .seq = message->seq,
                                   .len = message->len,
                                   .count = message->count,
                                   .value = message->value};
}

static bool decode_notes(struct decoding *decoding, const PB(HistoryResult) * message,
                         struct tcpc_history *ret_history)
{
    struct tcpc_note *rows = tcpci_arena_array(decoding->memory, message->n_notes, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < message->n_notes; i++)
        decode_note(&rows[i], message->notes[i]);
    ret_history->notes = rows;
    ret_history->note_count = message->n_notes;
    ret_history->notes_older = message->notes_older;
    return true;
}

static bool decode_history(struct decoding *decoding)
{
    const PB(HistoryResult) *message = decoding->message->history;
    struct tcpc_history *history = &decoding->response->u.history;
    struct tcpc_transition *rows =
        tcpci_arena_array(decoding->memory, message->n_transitions, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < message->n_transitions; i++) {
        const PB(Transition) *from = message->transitions[i];
        rows[i].time_us = from->time_us;
        rows[i].from = decode_state(from->from);
        rows[i].to = decode_state(from->to);
        rows[i].cause = from->cause;
        if (!decode_segment(decoding, from->segment, &rows[i].segment))
            return false;
    }
    history->id = message->id;
    history->is_gone = message->is_gone;
    history->rows = rows;
    history->count = message->n_transitions;
    decode_endpoint(&history->local, message->local);
    decode_endpoint(&history->remote, message->remote);
    decode_owner(&history->owner, message->owner != NULL ? message->owner->uid : 0, message->owner);
    return decode_drops(decoding, message, history) && decode_notes(decoding, message, history);
}

static bool decode_limits(struct decoding *decoding, const PB(ExplainResult) * message,
                          struct tcpc_explanation *explanation)
{
    struct tcpc_limit *limits =
        tcpci_arena_array(decoding->memory, message->n_limits, sizeof(*limits));
    struct tcpc_fact *facts = tcpci_arena_array(decoding->memory, message->n_facts, sizeof(*facts));
    if (limits == NULL || facts == NULL)
        return false;
    for (size_t i = 0; i < message->n_limits; i++)
        limits[i] = (struct tcpc_limit){message->limits[i]->name, message->limits[i]->us};
    for (size_t i = 0; i < message->n_facts; i++)
        facts[i] = (struct tcpc_fact){message->facts[i]->name, message->facts[i]->value};
    explanation->limits = limits;
    explanation->limit_count = message->n_limits;
    explanation->facts = facts;
    explanation->fact_count = message->n_facts;
    return true;
}

static bool decode_explained_faults(struct decoding *decoding, const PB(ExplainResult) * message,
                                    struct tcpc_explanation *explanation)
{
    struct tcpc_explain_fault *rows =
        tcpci_arena_array(decoding->memory, message->n_faults, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < message->n_faults; i++) {
        const PB(ExplainFault) *from = message->faults[i];
        rows[i] = (struct tcpc_explain_fault){.id = from->id,
                                              .what = from->what,
                                              .aim = from->aim,
                                              .count = from->count,
                                              .hits = from->hits,
                                              .hits_here = from->hits_here,
                                              .hit_ms_ago = from->hit_ms_ago,
                                              .is_over = from->is_over};
    }
    explanation->faults = rows;
    explanation->fault_count = message->n_faults;
    return true;
}

static bool decode_explanation(struct decoding *decoding)
{
    const PB(ExplainResult) *message = decoding->message->explain;
    struct tcpc_explanation *explanation = &decoding->response->u.explanation;
    explanation->id = message->id;
    explanation->state = decode_state(message->state);
    decode_endpoint(&explanation->local, message->local);
    decode_endpoint(&explanation->remote, message->remote);
    explanation->verdict = message->verdict;
    explanation->situation = message->situation;
    explanation->summary = message->summary;
    explanation->reason = message->reason;
    explanation->waits_for = message->waits_for;
    explanation->then = message->then;
    explanation->peer = message->peer;
    explanation->timer = message->timer;
    explanation->timer_ms = message->timer_ms;
    explanation->limit = message->limit;
    explanation->hints = (const char *const *)message->hints;
    explanation->hint_count = message->n_hints;
    decode_owner(&explanation->owner, message->owner != NULL ? message->owner->uid : 0,
                 message->owner);
    return decode_limits(decoding, message, explanation) &&
           decode_explained_faults(decoding, message, explanation);
}

static bool decode_capture(struct decoding *decoding)
{
    const PB(CaptureResult) *message = decoding->message->capture;
    decoding->response->u.captured = (struct tcpc_captured){.capture = message->capture,
                                                            .data = message->data.data,
                                                            .len = message->data.len,
                                                            .lost = message->lost,
                                                            .is_over = message->is_over};
    return true;
}

static bool decode_counters(struct decoding *decoding)
{
    const PB(CountersResult) *message = decoding->message->counters;
    struct tcpc_counter *rows =
        tcpci_arena_array(decoding->memory, message->n_counters, sizeof(*rows));
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < message->n_counters; i++) {
        rows[i].name = message->counters[i]->name;
        rows[i].value = message->counters[i]->value;
        rows[i].help = message->counters[i]->help;
    }
    decoding->response->u.counters =
        (struct tcpc_counters){.rows = rows, .count = message->n_counters};
    return true;
}

/* Absent: NULL, and true. */
static bool decode_event_note(struct decoding *decoding, struct tcpc_event *ret_event,
                              const PB(Note) * message)
{
    if (message == NULL)
        return true;
    struct tcpc_note *note = tcpci_arena_alloc(decoding->memory, sizeof(*note));
    if (note == NULL)
        return false;
    decode_note(note, message);
    ret_event->note = note;
    return true;
}

static bool decode_event(struct decoding *decoding, struct tcpc_event *ret_event,
                         const PB(Event) * message)
{
    ret_event->seq = message->seq;
    ret_event->time_us = message->time_us;
    ret_event->id = message->id;
    ret_event->kind = message->kind;
    ret_event->from = decode_state(message->from);
    ret_event->to = decode_state(message->to);
    ret_event->cause = message->cause;
    ret_event->uid = message->uid;
    decode_owner(&ret_event->owner, message->uid, message->owner);
    decode_endpoint(&ret_event->local, message->local);
    decode_endpoint(&ret_event->remote, message->remote);
    ret_event->lost = message->lost;
    return decode_event_note(decoding, ret_event, message->note) &&
           decode_segment(decoding, message->segment, &ret_event->segment);
}

static bool decode_events(struct decoding *decoding)
{
    const PB(NextEventsResult) *message = decoding->message->next_events;
    struct tcpc_event *rows = tcpci_arena_array(decoding->memory, message->n_events, sizeof(*rows));
    struct tcpc_lost_events *lost_by =
        tcpci_arena_array(decoding->memory, message->n_lost_by, sizeof(*lost_by));
    if (rows == NULL || lost_by == NULL)
        return false;
    for (size_t i = 0; i < message->n_lost_by; i++)
        lost_by[i] = (struct tcpc_lost_events){message->lost_by[i]->id, message->lost_by[i]->count};
    for (size_t i = 0; i < message->n_events; i++) {
        if (!decode_event(decoding, &rows[i], message->events[i]))
            return false;
    }
    decoding->response->u.events = (struct tcpc_events){.rows = rows,
                                                        .count = message->n_events,
                                                        .lost = message->lost,
                                                        .last_seq = message->last_seq,
                                                        .lost_by = lost_by,
                                                        .lost_by_count = message->n_lost_by};
    return true;
}

static void decode_daemon_totals(struct tcpc_daemon_status *status,
                                 const PB(DaemonStatusResult) * message)
{
    for (size_t i = 0; i < message->n_states; i++) {
        if ((unsigned)message->states[i]->state < TCPC_STATE_COUNT)
            status->states[message->states[i]->state] = message->states[i]->count;
    }
    status->connections = message->connections;
    status->listeners = message->listeners;
    status->time_wait = message->time_wait;
    status->orphans = message->orphans;
    status->sessions = message->sessions;
    status->links = message->links;
    status->memory_bytes = message->memory_bytes;
    status->memory_used_bytes = message->memory_used_bytes;
    status->memory_max_bytes = message->memory_max_bytes;
    status->memory_level = message->memory_level;
    status->last_event_seq = message->last_event_seq;
}

static bool decode_options(struct decoding *decoding)
{
    const PB(DaemonStatusResult) *message = decoding->message->daemon;
    struct tcpc_daemon_status *status = &decoding->response->u.daemon;
    struct tcpc_option_info *options =
        tcpci_arena_array(decoding->memory, message->n_options, sizeof(*options));
    if (options == NULL && message->n_options)
        return false;
    for (size_t i = 0; i < message->n_options; i++) {
        options[i] = (struct tcpc_option_info){.name = message->options[i]->name,
                                               .values = message->options[i]->values,
                                               .help = message->options[i]->help};
    }
    status->options = options;
    status->option_count = message->n_options;
    return true;
}

static bool decode_address_states(struct decoding *decoding)
{
    const PB(DaemonStatusResult) *message = decoding->message->daemon;
    struct tcpc_daemon_status *status = &decoding->response->u.daemon;
    struct tcpc_address_state *states =
        tcpci_arena_array(decoding->memory, message->n_address_states, sizeof(*states));
    if (states == NULL && message->n_address_states)
        return false;
    for (size_t i = 0; i < message->n_address_states; i++) {
        const PB(AddressState) *from = message->address_states[i];
        states[i] = (struct tcpc_address_state){.address = from->address,
                                                .state = from->state,
                                                .claimed_by = from->claimed_by,
                                                .retry_ms = from->retry_ms,
                                                .is_configured = from->is_configured};
    }
    status->address_states = states;
    status->address_state_count = message->n_address_states;
    return true;
}

static bool decode_uses(struct decoding *decoding)
{
    const PB(DaemonStatusResult) *message = decoding->message->daemon;
    struct tcpc_daemon_status *status = &decoding->response->u.daemon;
    struct tcpc_use *uses = tcpci_arena_array(decoding->memory, message->n_uses, sizeof(*uses));
    if (uses == NULL)
        return false;
    for (size_t i = 0; i < message->n_uses; i++)
        uses[i] = (struct tcpc_use){message->uses[i]->name, message->uses[i]->used,
                                    message->uses[i]->max};
    status->uses = uses;
    status->use_count = message->n_uses;
    return true;
}

static bool decode_daemon(struct decoding *decoding)
{
    const PB(DaemonStatusResult) *message = decoding->message->daemon;
    struct tcpc_daemon_status *status = &decoding->response->u.daemon;
    status->version = message->version;
    status->api_major = message->api_major;
    status->uptime_us = message->uptime_us;
    status->time_us = message->time_us;
    status->epoch_us = message->epoch_us;
    status->msl_ms = message->msl_ms;
    status->tap = message->tap;
    status->tap_up = message->tap_up;
    status->mac = message->mac;
    status->gateway = message->gateway;
    status->gateways = (const char *const *)message->gateways;
    status->gateway_count = message->n_gateways;
    status->http = message->http;
    status->mtu = message->mtu;
    status->addresses = (const char *const *)message->addresses;
    status->address_count = message->n_addresses;
    status->routes = (const char *const *)message->routes;
    status->route_count = message->n_routes;
    status->offloads = (const char *const *)message->offloads;
    status->offload_count = message->n_offloads;
    status->offloads_refused = (const char *const *)message->offloads_refused;
    status->offload_refused_count = message->n_offloads_refused;
    status->kernel_dropped = message->kernel_dropped;
    decode_daemon_totals(status, message);
    return decode_options(decoding) && decode_address_states(decoding) && decode_uses(decoding);
}

static bool decode_attach(struct decoding *decoding)
{
    const PB(AttachResult) *message = decoding->message->attach;
    struct attach_result *attach = decoding->attach;
    if (message->token.len != TCPC_TOKEN_BYTES || !message->session)
        return false;
    attach->session = message->session;
    memcpy(attach->token, message->token.data, TCPC_TOKEN_BYTES);
    return true;
}

static bool decode_faults(struct decoding *decoding)
{
    const PB(FaultResult) *message = decoding->message->fault;
    struct tcpc_faults *faults = &decoding->response->u.faults;
    struct tcpc_fault_row *rows =
        tcpci_arena_array(decoding->memory, message->n_faults, sizeof(*rows));
    if (rows == NULL && message->n_faults)
        return false;
    for (size_t i = 0; i < message->n_faults; i++) {
        const PB(FaultEntry) *from = message->faults[i];
        rows[i] = (struct tcpc_fault_row){.id = from->id,
                                          .target = from->target,
                                          .what = from->what,
                                          .aim = from->aim,
                                          .target_id = from->target_id,
                                          .count = from->count,
                                          .hits = from->hits,
                                          .expires_ms = from->expires_ms,
                                          .direction = (enum tcpc_direction)from->direction,
                                          .probability_millionths = from->probability_millionths,
                                          .delay_ms = from->delay_ms,
                                          .uid = from->uid};
    }
    *faults = (struct tcpc_faults){
        .id = message->id, .rows = rows, .count = message->n_faults, .next_id = message->next_id};
    return true;
}

static bool decode_nothing(struct decoding *decoding)
{
    (void)decoding;
    return true;
}

struct decoder {
    decode_fn decode;
    PB(Response__ResultCase) result_case;
};

static const struct decoder decoders[OP_COUNT] = {
    [TCPC_OP_OPEN] = {decode_open, TCPENGINE__V1__RESPONSE__RESULT_OPEN},
    [TCPC_OP_ACCEPT] = {decode_accept, TCPENGINE__V1__RESPONSE__RESULT_ACCEPT},
    [TCPC_OP_SEND] = {decode_send, TCPENGINE__V1__RESPONSE__RESULT_SEND},
    [TCPC_OP_RECEIVE] = {decode_receive, TCPENGINE__V1__RESPONSE__RESULT_RECEIVE},
    [TCPC_OP_SHUTDOWN] = {decode_shutdown, TCPENGINE__V1__RESPONSE__RESULT_SHUTDOWN},
    [TCPC_OP_CLOSE] = {decode_close, TCPENGINE__V1__RESPONSE__RESULT_CLOSE},
    [TCPC_OP_ABORT] = {decode_abort, TCPENGINE__V1__RESPONSE__RESULT_ABORT},
    [TCPC_OP_STATUS] = {decode_status, TCPENGINE__V1__RESPONSE__RESULT_CONNECTION},
    [TCPC_OP_LIST] = {decode_list, TCPENGINE__V1__RESPONSE__RESULT_LIST},
    [TCPC_OP_TIME_WAIT_LIST] = {decode_time_wait_list,
                                TCPENGINE__V1__RESPONSE__RESULT_TIME_WAIT_LIST},
    [TCPC_OP_HISTORY] = {decode_history, TCPENGINE__V1__RESPONSE__RESULT_HISTORY},
    [TCPC_OP_EXPLAIN] = {decode_explanation, TCPENGINE__V1__RESPONSE__RESULT_EXPLAIN},
    [TCPC_OP_COUNTERS] = {decode_counters, TCPENGINE__V1__RESPONSE__RESULT_COUNTERS},
    [TCPC_OP_CAPTURE] = {decode_capture, TCPENGINE__V1__RESPONSE__RESULT_CAPTURE},
    [TCPC_OP_NEXT_EVENTS] = {decode_events, TCPENGINE__V1__RESPONSE__RESULT_NEXT_EVENTS},
    [TCPC_OP_DAEMON_STATUS] = {decode_daemon, TCPENGINE__V1__RESPONSE__RESULT_DAEMON},
    [TCPC_OP_SET_OPTION] = {decode_nothing, TCPENGINE__V1__RESPONSE__RESULT_SET_OPTION},
    [TCPC_OP_SESSIONS] = {decode_sessions, TCPENGINE__V1__RESPONSE__RESULT_SESSIONS},
    [TCPC_OP_FAULT] = {decode_faults, TCPENGINE__V1__RESPONSE__RESULT_FAULT},
    [TCPC_OP_RANK] = {decode_rank, TCPENGINE__V1__RESPONSE__RESULT_RANK},
    [OP_ATTACH] = {decode_attach, TCPENGINE__V1__RESPONSE__RESULT_ATTACH},
    [OP_DETACH] = {decode_nothing, TCPENGINE__V1__RESPONSE__RESULT_DETACH},
};

/* Status and result, once the bytes are a Response. */
static bool decode_message(struct decoding *decoding)
{
    const PB(Response) *message = decoding->message;
    struct tcpc_response *response = decoding->response;
    const struct decoder *decoder = &decoders[decoding->op];
    response->boot_id = message->boot_id;
    decode_status_error(&response->error, message->status);
    /* The daemon could not read the request, so it has no id to echo. */
    if (response->error.code == TCPC_MALFORMED)
        return true;
    if (message->request_id != decoding->request_id)
        return false;
    if (response->error.code != TCPC_OK)
        return true;
    return message->result_case == decoder->result_case && decoder->decode(decoding);
}

static bool decode_bytes(struct decoding *decoding, const void *bytes, size_t len)
{
    struct tcpc_response *response = decoding->response;
    response->memory = decoding->memory = tcpci_arena_new(TCPC_DECODE_BUDGET_BYTES);
    if (decoding->memory == NULL) {
        tcpci_error_set_code(&response->error, TCPC_NO_MEMORY, "");
        return false;
    }
    ProtobufCAllocator allocator = tcpci_arena_allocator(decoding->memory);
    decoding->message = tcpengine__v1__response__unpack(&allocator, len, bytes);
    if (decoding->message != NULL && decode_message(decoding))
        return true;
    memset(&response->u, 0, sizeof(response->u));
    tcpci_error_set_code(&response->error, TCPC_PROTOCOL, decoding->url);
    return false;
}

bool tcpci_decode_response(struct call *call, const void *bytes, size_t len)
{
    struct decoding decoding = {.response = call->response,
                                .op = (int)call->request.op,
                                .request_id = call->request_id,
                                .url = call->client->url,
                                .attach = &call->attach};
    return decode_bytes(&decoding, bytes, len);
}

struct tcpc_response *tcpci_answer_decode(enum tcpc_op op, const void *bytes, size_t len)
{
    struct tcpc_response *response = calloc(1, sizeof(*response));
    struct decoding decoding = {.response = response, .op = (int)op, .url = ""};
    if (response == NULL || decode_bytes(&decoding, bytes, len))
        return response;
    tcpc_response_free(response);
    return NULL;
}
