#include "fake_daemon.h"

#include <stdlib.h>
#include <string.h>
#include <tcpengine/status_list.h>

#include "fake_filter.h"

enum { SEND_MAX = 240 * 1024, EVENT_COUNT = 3 };

/* Messages that a response points to; one at a time, see fake_handler. */
static struct {
    PB(Status) status;
    PB(Endpoint) local, remote;
    PB(Connection) row;
    PB(Connection) * row_list[FAKE_CONNECTIONS_MAX];
    PB(Connection) rows[FAKE_CONNECTIONS_MAX];
    PB(Endpoint) remotes[FAKE_CONNECTIONS_MAX];
    PB(AttachResult) attach;
    PB(DetachResult) detach;
    PB(OpenResult) open;
    PB(AcceptResult) accept;
    PB(SendResult) send;
    PB(ReceiveResult) receive;
    PB(ShutdownResult) shutdown;
    PB(CloseResult) close;
    PB(AbortResult) abort;
    PB(ConnectionStatusResult) connection;
    PB(ListResult) list;
    PB(TimeWaitListResult) time_wait_list;
    PB(TimeWaitEntry) entry;
    PB(TimeWaitEntry) * entry_list[1];
    PB(HistoryResult) history;
    PB(ExplainResult) explanation;
    PB(Owner) owner;
    PB(Limit) limit, *limit_list[1];
    PB(Fact) fact, *fact_list[1];
    char *hint_list[1];
    PB(Transition) transitions[2];
    PB(Transition) * transition_list[2];
    PB(Segment) segment;
    PB(Drop) drop;
    PB(Drop) * drop_list[1];
    PB(Endpoint) drop_ends[2];
    PB(CountersResult) counters;
    PB(Counter) counter[2];
    PB(Counter) * counter_list[2];
    PB(NextEventsResult) events;
    PB(Event) event[EVENT_COUNT];
    PB(Event) * event_list[EVENT_COUNT];
    PB(DaemonStatusResult) daemon;
    PB(StateCount) states[11];
    PB(StateCount) * state_list[11];
    char *addresses[1];
    PB(OptionInfo) options[3];
    PB(OptionInfo) * option_list[3];
    PB(SetOptionResult) set_option;
    PB(CongestionVariable) variables[2], *variable_rows[2];
} out;

static enum fake_verdict fail(PB(Response) * response, PB(Code) code, const char *message,
                              const char *errno_name)
{
    response->status->code = code;
    response->status->message = (char *)message;
    response->status->errno_name = (char *)errno_name;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT__NOT_SET;
    return FAKE_REPLY;
}

static enum fake_verdict nothing_yet(PB(Response) * response)
{
    fail(response, TCPENGINE__V1__CODE__AGAIN, "nothing came in time", "EAGAIN");
    return FAKE_WAIT;
}

static struct fake_connection *find(struct fake_daemon *daemon, uint64_t id)
{
    for (unsigned i = 0; i < daemon->count; i++) {
        if (daemon->connections[i].id == id)
            return &daemon->connections[i];
    }
    return NULL;
}

static struct fake_connection *add(struct fake_daemon *daemon, PB(State) state, uint32_t port)
{
    struct fake_connection *connection = &daemon->connections[daemon->count++];
    if (daemon->count > FAKE_CONNECTIONS_MAX)
        abort();
    *connection = (struct fake_connection){.id = ++daemon->last_id, .state = state, .port = port};
    connection->bytes = malloc(FAKE_STREAM_BYTES);
    if (!connection->bytes)
        abort();
    return connection;
}

static void fill_endpoint(PB(Endpoint) * endpoint, const char *address, uint32_t port)
{
    tcpengine__v1__endpoint__init(endpoint);
    endpoint->address = (char *)address;
    endpoint->port = port;
}

static void fill_row(const struct fake_connection *connection, PB(Connection) * row,
                     PB(Endpoint) * remote)
{
    tcpengine__v1__connection__init(row);
    fill_endpoint(remote, connection->is_listener ? "" : "10.0.0.1",
                  connection->is_listener ? 0 : connection->port);
    row->id = connection->id;
    row->state = connection->state;
    row->local = &out.local;
    row->remote = remote;
    row->uid = 1000;
    row->receive_queue_bytes = connection->accepted - connection->released;
    row->timer = (char *)(connection->is_listener ? "" : "keepalive");
    row->timer_ms = connection->is_listener ? 0 : 1500;
}

/* --- verbs ------------------------------------------------------------------------------------ */

static enum fake_verdict do_attach(struct fake_daemon *daemon, const PB(Request) * request,
                                   PB(Response) * response)
{
    static uint8_t token[16] = "sixteen bytes..";
    tcpengine__v1__attach_result__init(&out.attach);
    daemon->attaches++;
    if (request->attach->token.len) {
        if (request->attach->token.len != sizeof(token) ||
            memcmp(request->attach->token.data, token, sizeof(token)) != 0 || !daemon->session)
            return fail(response, TCPENGINE__V1__CODE__SESSION, "no such session", "ESTALE");
        daemon->takeovers++;
    }
    daemon->session = 77;
    out.attach.session = daemon->session;
    out.attach.token = (ProtobufCBinaryData){.len = sizeof(token), .data = token};
    response->attach = &out.attach;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_ATTACH;
    return FAKE_REPLY;
}

static void reply_open(const struct fake_connection *connection, PB(Response) * response)
{
    tcpengine__v1__open_result__init(&out.open);
    fill_row(connection, &out.row, &out.remote);
    if (connection->is_listener)
        out.local.port = connection->port;
    out.open.id = connection->id;
    out.open.state = connection->state;
    out.open.local = &out.local;
    out.open.remote = &out.remote;
    out.open.backlog = connection->is_listener ? 128 : 0;
    response->open = &out.open;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_OPEN;
}

static enum fake_verdict do_open(struct fake_daemon *daemon, const PB(Request) * request,
                                 PB(Response) * response)
{
    const PB(Open) *open = request->open;
    struct fake_connection *connection = NULL;
    for (unsigned i = 0; i < daemon->count; i++) {
        if (daemon->connections[i].token == open->token)
            connection = &daemon->connections[i];
    }
    if (!connection) {
        daemon->opens++;
        connection = add(
            daemon, open->passive ? TCPENGINE__V1__STATE__LISTEN : TCPENGINE__V1__STATE__SYN_SENT,
            open->passive ? open->local->port : open->remote->port);
        connection->token = open->token;
        connection->is_listener = open->passive;
    } else if (connection->port == 9) {
        connection->state = TCPENGINE__V1__STATE__CLOSED;
        return fail(response, TCPENGINE__V1__CODE__REFUSED, "refused: RST from 10.0.0.1",
                    "ECONNREFUSED");
    } else if (!open->passive && connection->port != 10) {
        connection->state = TCPENGINE__V1__STATE__ESTABLISHED;
    }
    reply_open(connection, response);
    return connection->state == TCPENGINE__V1__STATE__SYN_SENT ? FAKE_WAIT : FAKE_REPLY;
}

static enum fake_verdict do_accept(struct fake_daemon *daemon, const PB(Request) * request,
                                   PB(Response) * response)
{
    struct fake_connection *listener = find(daemon, request->accept->listener_id);
    if (!listener)
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "no such listener", "ENOENT");
    struct fake_connection *connection = NULL;
    for (unsigned i = 0; i < daemon->count; i++) {
        if (daemon->connections[i].token == request->accept->token)
            connection = &daemon->connections[i];
    }
    if (!connection && !listener->waiting)
        return nothing_yet(response);
    if (!connection) {
        listener->waiting--;
        connection = add(daemon, TCPENGINE__V1__STATE__ESTABLISHED, 40000);
        connection->token = request->accept->token;
    }
    fill_row(connection, &out.row, &out.remote);
    tcpengine__v1__accept_result__init(&out.accept);
    out.accept.id = connection->id;
    out.accept.state = connection->state;
    out.accept.local = &out.local;
    out.accept.remote = &out.remote;
    response->accept = &out.accept;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_ACCEPT;
    return FAKE_REPLY;
}

static enum fake_verdict do_send(struct fake_daemon *daemon, const PB(Request) * request,
                                 PB(Response) * response)
{
    const PB(Send) *send = request->send;
    struct fake_connection *connection = find(daemon, send->id);
    if (!connection || send->data.len > SEND_MAX)
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "no such connection", "ENOENT");
    if (connection->is_shut)
        return fail(response, TCPENGINE__V1__CODE__CONNECTION_CLOSING, "closing", "EPIPE");
    if (send->offset > connection->accepted)
        return fail(response, TCPENGINE__V1__CODE__BAD_OFFSET, "a gap", "ESPIPE");
    uint64_t room = FAKE_STREAM_BYTES - connection->accepted;
    uint64_t queued = connection->accepted - connection->released;
    if (daemon->room_bytes)
        room = queued < daemon->room_bytes ? daemon->room_bytes - queued : 0;
    uint64_t skip = connection->accepted - send->offset;
    uint64_t fresh = send->data.len > skip ? send->data.len - skip : 0;
    if (fresh && !room)
        return nothing_yet(response);
    if (fresh > room)
        fresh = room;
    if (fresh)
        memcpy(connection->bytes + connection->accepted, send->data.data + skip, fresh);
    connection->accepted += fresh;
    tcpengine__v1__send_result__init(&out.send);
    out.send.accepted_to = connection->accepted;
    response->send = &out.send;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_SEND;
    return FAKE_REPLY;
}

static enum fake_verdict do_receive(struct fake_daemon *daemon, const PB(Request) * request,
                                    PB(Response) * response)
{
    const PB(Receive) *receive = request->receive;
    struct fake_connection *connection = find(daemon, receive->id);
    if (!connection)
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "no such connection", "ENOENT");
    if (receive->from_offset < connection->released || receive->from_offset > connection->accepted)
        return fail(response, TCPENGINE__V1__CODE__BAD_OFFSET, "freed before", "ESPIPE");
    connection->released = receive->from_offset;
    uint64_t len = connection->accepted - receive->from_offset;
    uint64_t max = receive->max && receive->max < SEND_MAX ? receive->max : SEND_MAX;
    tcpengine__v1__receive_result__init(&out.receive);
    if (!len && !connection->is_shut)
        return nothing_yet(response);
    out.receive.end = connection->is_shut && len <= max;
    if (len > max)
        len = max;
    out.receive.offset = receive->from_offset;
    out.receive.data =
        (ProtobufCBinaryData){.len = len, .data = connection->bytes + receive->from_offset};
    response->receive = &out.receive;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_RECEIVE;
    return FAKE_REPLY;
}

static enum fake_verdict do_shutdown(struct fake_daemon *daemon, const PB(Request) * request,
                                     PB(Response) * response)
{
    struct fake_connection *connection = find(daemon, request->shutdown->id);
    if (!connection)
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "no such connection", "ENOENT");
    if (connection->is_shut)
        return fail(response, TCPENGINE__V1__CODE__CONNECTION_CLOSING, "closing", "EPIPE");
    daemon->shutdowns++;
    connection->is_shut = true;
    connection->state = TCPENGINE__V1__STATE__FIN_WAIT_1;
    tcpengine__v1__shutdown_result__init(&out.shutdown);
    out.shutdown.state = connection->state;
    response->shutdown = &out.shutdown;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_SHUTDOWN;
    return FAKE_REPLY;
}

static void forget(struct fake_daemon *daemon, struct fake_connection *connection)
{
    free(connection->bytes);
    *connection = daemon->connections[--daemon->count];
}

static enum fake_verdict do_close(struct fake_daemon *daemon, const PB(Request) * request,
                                  PB(Response) * response)
{
    struct fake_connection *connection = find(daemon, request->close->id);
    if (!connection)
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "no such connection", "ENOENT");
    daemon->closes++;
    forget(daemon, connection);
    tcpengine__v1__close_result__init(&out.close);
    out.close.state = TCPENGINE__V1__STATE__FIN_WAIT_1;
    if (request->close->wait_ms)
        out.close.state = TCPENGINE__V1__STATE__TIME_WAIT;
    response->close = &out.close;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_CLOSE;
    return FAKE_REPLY;
}

static enum fake_verdict do_abort(struct fake_daemon *daemon, const PB(Request) * request,
                                  PB(Response) * response)
{
    struct fake_connection *connection = find(daemon, request->abort->id);
    if (!connection)
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "no such connection", "ENOENT");
    daemon->aborts++;
    forget(daemon, connection);
    tcpengine__v1__abort_result__init(&out.abort);
    response->abort = &out.abort;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_ABORT;
    return FAKE_REPLY;
}

#define FULL_FLAG true
#define FULL_NUMBER 1000001
#define FULL_BYTES 1024
#define FULL_TOTAL 1000002
#define FULL_TOTAL_BYTES 2048
#define FULL_DURATION_US 5000000
#define FULL_WORD (char *)"fine"

static void fill_status(PB(ConnectionStatusResult) * message)
{
#define FILL(kind, name, ...) message->name = FULL_##kind;
#define FILL_AGE(name, ...) message->name = FULL_DURATION_US;
    TE_STATUS_LIST(FILL)
    TE_STATUS_AGE_LIST(FILL_AGE)
#undef FILL
#undef FILL_AGE
    message->is_listener = false;
}

static enum fake_verdict do_status(struct fake_daemon *daemon, const PB(Request) * request,
                                   PB(Response) * response)
{
    struct fake_connection *connection = find(daemon, request->status->id);
    if (!connection)
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "connection does not exist",
                    "ENOENT");
    tcpengine__v1__connection_status_result__init(&out.connection);
    if (daemon->is_status_full)
        fill_status(&out.connection);
    fill_row(connection, &out.row, &out.remote);
    out.connection.connection = &out.row;
    out.connection.send_accepted = connection->accepted;
    out.connection.receive_released = connection->released;
    out.connection.receive_next = connection->accepted;
    out.connection.snd_una = 4294967295u;
    out.connection.mss = 1460;
    out.connection.srtt_us = 12345;
    out.connection.congestion_control = (char *)"reno";
    out.connection.socket = (char *)"tcpengine/000000000000002a/7/4";
    for (size_t i = 0; i < 2; i++) {
        tcpengine__v1__congestion_variable__init(&out.variables[i]);
        out.variable_rows[i] = &out.variables[i];
    }
    out.variables[0].name = (char *)"hystart";
    out.variables[0].text = (char *)"css";
    out.variables[1].name = (char *)"acked_bytes";
    out.variables[1].value = 77;
    out.connection.congestion_variables = out.variable_rows;
    out.connection.n_congestion_variables = 2;
    response->connection = &out.connection;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_CONNECTION;
    return FAKE_REPLY;
}

/* One row per page, so that paging is always under test. */
static enum fake_verdict do_list(struct fake_daemon *daemon, const PB(Request) * request,
                                 PB(Response) * response)
{
    uint64_t cursor = request->list->cursor;
    tcpengine__v1__list_result__init(&out.list);
    out.list.connections = out.row_list;
    if (cursor < daemon->count) {
        fill_row(&daemon->connections[cursor], &out.rows[0], &out.remotes[0]);
        out.row_list[0] = &out.rows[0];
        const struct fake_subject subject = {out.rows[0].state, out.rows[0].local,
                                             out.rows[0].remote};
        out.list.n_connections =
            fake_filter_matches(request->list->filter, request->list->n_filter, &subject);
    }
    out.list.cursor = cursor + 1;
    out.list.done = cursor + 1 >= daemon->count;
    out.list.as_of_seq = 41;
    response->list = &out.list;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_LIST;
    return FAKE_REPLY;
}

static enum fake_verdict do_time_wait_list(const PB(Request) * request, PB(Response) * response)
{
    const PB(TimeWaitList) *op = request->time_wait_list;
    const struct fake_subject subject = {TCPENGINE__V1__STATE__TIME_WAIT, &out.local, &out.remote};
    tcpengine__v1__time_wait_list_result__init(&out.time_wait_list);
    tcpengine__v1__time_wait_entry__init(&out.entry);
    fill_endpoint(&out.remote, "10.0.0.1", 443);
    out.entry.id = 900;
    out.entry.local = &out.local;
    out.entry.remote = &out.remote;
    out.entry.entered_from = TCPENGINE__V1__STATE__FIN_WAIT_2;
    out.entry.entered_by = (char *)"local";
    out.entry.remaining_ms = 59000;
    out.entry.duration_ms = 60000;
    out.entry.uid = 1000;
    out.entry_list[0] = &out.entry;
    out.time_wait_list.entries = out.entry_list;
    out.time_wait_list.n_entries = fake_filter_matches(op->filter, op->n_filter, &subject);
    out.time_wait_list.done = true;
    response->time_wait_list = &out.time_wait_list;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_TIME_WAIT_LIST;
    return FAKE_REPLY;
}

static void fill_segment(void)
{
    tcpengine__v1__segment__init(&out.segment);
    out.segment.flags = (char *)"SYN,ACK";
    out.segment.seq = 1000;
    out.segment.ack = 2001;
    out.segment.wnd = 65535;
}

/* A drop of one connection, or of the whole stack: then with both ends. */
static void fill_drop(uint64_t id)
{
    tcpengine__v1__drop__init(&out.drop);
    out.drop.time_us = 1000700;
    out.drop.reason = (char *)"unacceptable";
    out.drop.text = (char *)"Outside of the receive window";
    out.drop.counter = (char *)"tcp_unacceptable";
    out.drop.segment = &out.segment;
    out.drop.id = id;
    if (id == 0) {
        tcpengine__v1__endpoint__init(&out.drop_ends[0]);
        tcpengine__v1__endpoint__init(&out.drop_ends[1]);
        out.drop_ends[0].address = (char *)"10.0.0.2";
        out.drop_ends[0].port = 80;
        out.drop_ends[1].address = (char *)"10.0.0.1";
        out.drop.local = &out.drop_ends[0];
        out.drop.remote = &out.drop_ends[1];
        out.drop.segment = NULL;
    }
    out.drop_list[0] = &out.drop;
    out.history.drops = out.drop_list;
    out.history.n_drops = 1;
}

static void fill_explanation(void)
{
    tcpengine__v1__explain_result__init(&out.explanation);
    tcpengine__v1__owner__init(&out.owner);
    tcpengine__v1__limit__init(&out.limit);
    tcpengine__v1__fact__init(&out.fact);
    out.explanation.verdict = (char *)"leaking";
    out.explanation.summary = (char *)"billing-worker has not called CLOSE.";
    out.explanation.timer = (char *)"keepalive";
    out.explanation.timer_ms = 4200;
    out.explanation.limit = (char *)"cwnd";
    out.owner.uid = 1000;
    out.owner.pid = 4711;
    out.owner.program = (char *)"billing-worker";
    out.limit.name = (char *)"cwnd";
    out.limit.us = 150000;
    out.fact.name = (char *)"retries";
    out.fact.value = -1;
    out.limit_list[0] = &out.limit;
    out.fact_list[0] = &out.fact;
    out.hint_list[0] = (char *)"tcpctl close 5";
}

static enum fake_verdict do_explain(struct fake_daemon *daemon, const PB(Request) * request,
                                    PB(Response) * response)
{
    if (!find(daemon, request->explain->id))
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "connection does not exist",
                    "ENOENT");
    fill_explanation();
    out.explanation.id = request->explain->id;
    out.explanation.owner = &out.owner;
    out.explanation.limits = out.limit_list;
    out.explanation.facts = out.fact_list;
    out.explanation.hints = out.hint_list;
    out.explanation.n_limits = out.explanation.n_facts = out.explanation.n_hints = 1;
    response->explain = &out.explanation;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_EXPLAIN;
    return FAKE_REPLY;
}

static enum fake_verdict do_history(struct fake_daemon *daemon, const PB(Request) * request,
                                    PB(Response) * response)
{
    if (request->history->id == 0) {
        tcpengine__v1__history_result__init(&out.history);
        fill_drop(0);
        response->history = &out.history;
        response->result_case = TCPENGINE__V1__RESPONSE__RESULT_HISTORY;
        return FAKE_REPLY;
    }
    if (!find(daemon, request->history->id))
        return fail(response, TCPENGINE__V1__CODE__NOT_FOUND, "connection does not exist",
                    "ENOENT");
    tcpengine__v1__history_result__init(&out.history);
    fill_segment();
    for (unsigned i = 0; i < 2; i++) {
        tcpengine__v1__transition__init(&out.transitions[i]);
        out.transitions[i].time_us = 1000000 + 500 * (int64_t)i;
        out.transition_list[i] = &out.transitions[i];
    }
    out.transitions[0].to = out.transitions[1].from = TCPENGINE__V1__STATE__SYN_SENT;
    out.transitions[0].cause = (char *)"active OPEN";
    out.transitions[1].to = TCPENGINE__V1__STATE__ESTABLISHED;
    out.transitions[1].cause = (char *)"recv SYN,ACK";
    out.transitions[1].segment = &out.segment;
    out.history.id = request->history->id;
    out.history.transitions = out.transition_list;
    out.history.n_transitions = 2;
    fill_drop(request->history->id);
    response->history = &out.history;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_HISTORY;
    return FAKE_REPLY;
}

static enum fake_verdict do_counters(PB(Response) * response)
{
    tcpengine__v1__counters_result__init(&out.counters);
    for (unsigned i = 0; i < 2; i++) {
        tcpengine__v1__counter__init(&out.counter[i]);
        out.counter_list[i] = &out.counter[i];
    }
    out.counter[0].name = (char *)"active_opens";
    out.counter[0].value = 3;
    out.counter[1].name = (char *)"segments_in";
    out.counter[1].value = 9007199254740993u;
    out.counters.counters = out.counter_list;
    out.counters.n_counters = 2;
    response->counters = &out.counters;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_COUNTERS;
    return FAKE_REPLY;
}

static enum fake_verdict do_next_events(const PB(Request) * request, PB(Response) * response)
{
    uint64_t after = request->next_events->after_seq;
    tcpengine__v1__next_events_result__init(&out.events);
    fill_segment();
    fill_endpoint(&out.remote, "10.0.0.1", 80);
    for (uint64_t seq = after + 1; seq <= EVENT_COUNT; seq++) {
        PB(Event) *event = &out.event[seq - 1];
        tcpengine__v1__event__init(event);
        event->seq = seq;
        event->time_us = 12345678 + (int64_t)seq;
        event->id = 7;
        event->kind = (char *)"state";
        event->from = TCPENGINE__V1__STATE__ESTABLISHED;
        event->to = TCPENGINE__V1__STATE__FIN_WAIT_1;
        event->cause = (char *)"CLOSE";
        event->local = &out.local;
        event->remote = &out.remote;
        out.event_list[out.events.n_events++] = event;
    }
    out.events.events = out.event_list;
    out.events.last_seq = after > EVENT_COUNT ? after : EVENT_COUNT;
    response->next_events = &out.events;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_NEXT_EVENTS;
    return out.events.n_events ? FAKE_REPLY : FAKE_WAIT;
}

static void fill_options(void)
{
    static const char *const rows[3][3] = {{"nagle", "on, off", "Nagle's algorithm."},
                                           {"keepalive_probes", "", "How many."},
                                           {"congestion_control", "cubic, reno, bbr", "Which."}};
    for (unsigned i = 0; i < 3; i++) {
        tcpengine__v1__option_info__init(&out.options[i]);
        out.options[i].name = (char *)rows[i][0];
        out.options[i].values = (char *)rows[i][1];
        out.options[i].help = (char *)rows[i][2];
        out.option_list[i] = &out.options[i];
    }
    out.daemon.options = out.option_list;
    out.daemon.n_options = 3;
}

static enum fake_verdict do_daemon_status(const struct fake_daemon *daemon, PB(Response) * response)
{
    tcpengine__v1__daemon_status_result__init(&out.daemon);
    for (unsigned i = 0; i < 11; i++) {
        tcpengine__v1__state_count__init(&out.states[i]);
        out.states[i].state = (PB(State))i;
        out.state_list[i] = &out.states[i];
    }
    out.daemon.version = (char *)"0.1.0";
    out.daemon.api_major = 1;
    out.daemon.uptime_us = 3723000000;
    out.daemon.tap = (char *)"tap0";
    out.daemon.tap_up = true;
    out.addresses[0] = (char *)"10.0.0.2/24";
    out.daemon.addresses = out.addresses;
    out.daemon.n_addresses = 1;
    out.daemon.states = out.state_list;
    out.daemon.n_states = 11;
    out.daemon.connections = daemon->count;
    fill_options();
    response->daemon = &out.daemon;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_DAEMON;
    return FAKE_REPLY;
}

static enum fake_verdict do_set_option(const PB(Request) * request, PB(Response) * response)
{
    bool is_algorithm = strcmp(request->set_option->name, "congestion_control") == 0;
    if (is_algorithm ? strcmp(request->set_option->text, "bbr") != 0
                     : strcmp(request->set_option->name, "nagle") != 0)
        return fail(response, TCPENGINE__V1__CODE__INVALID_ARGUMENT, "unknown option", "EINVAL");
    tcpengine__v1__set_option_result__init(&out.set_option);
    response->set_option = &out.set_option;
    response->result_case = TCPENGINE__V1__RESPONSE__RESULT_SET_OPTION;
    return FAKE_REPLY;
}

static enum fake_verdict do_stream(struct fake_daemon *daemon, const PB(Request) * request,
                                   PB(Response) * response)
{
    switch (request->op_case) {
    case TCPENGINE__V1__REQUEST__OP_OPEN:
        return do_open(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_ACCEPT:
        return do_accept(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_SEND:
        return do_send(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_RECEIVE:
        return do_receive(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_SHUTDOWN:
        return do_shutdown(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_CLOSE:
        return do_close(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_ABORT:
        return do_abort(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_SET_OPTION:
        return do_set_option(request, response);
    default:
        return fail(response, TCPENGINE__V1__CODE__UNSUPPORTED, "unknown verb", "EOPNOTSUPP");
    }
}

static enum fake_verdict handle(void *ctx, const PB(Request) * request, PB(Response) * response)
{
    struct fake_daemon *daemon = ctx;
    tcpengine__v1__status__init(&out.status);
    fill_endpoint(&out.local, "10.0.0.2", 50000);
    response->status = &out.status;
    switch (request->op_case) {
    case TCPENGINE__V1__REQUEST__OP_ATTACH:
        return do_attach(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_DETACH:
        tcpengine__v1__detach_result__init(&out.detach);
        response->detach = &out.detach;
        response->result_case = TCPENGINE__V1__RESPONSE__RESULT_DETACH;
        return FAKE_REPLY;
    case TCPENGINE__V1__REQUEST__OP_STATUS:
        return do_status(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_LIST:
        return do_list(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_TIME_WAIT_LIST:
        return do_time_wait_list(request, response);
    case TCPENGINE__V1__REQUEST__OP_HISTORY:
        return do_history(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_EXPLAIN:
        return do_explain(daemon, request, response);
    case TCPENGINE__V1__REQUEST__OP_COUNTERS:
        return do_counters(response);
    case TCPENGINE__V1__REQUEST__OP_NEXT_EVENTS:
        return do_next_events(request, response);
    case TCPENGINE__V1__REQUEST__OP_DAEMON_STATUS:
        return do_daemon_status(daemon, response);
    default:
        return do_stream(daemon, request, response);
    }
}

void fake_daemon_start(struct fake_daemon *daemon)
{
    daemon->server = fake_server_start(handle, daemon);
}

void fake_daemon_stop(struct fake_daemon *daemon)
{
    fake_server_stop(daemon->server);
    while (daemon->count)
        forget(daemon, &daemon->connections[0]);
}
