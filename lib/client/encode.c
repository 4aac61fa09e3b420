/* Requests as protobuf messages, packed directly into the body of an nng message. */
#include <string.h>

#include "encode_filter.h"
#include "message.h"

/* The message structs of one request. They point into the tcpc_request; nothing is copied. */
struct scratch {
    PB(Request) request;
    PB(Endpoint) local, remote;
    PB(FilterNode) nodes[TCPC_FILTER_NODES_MAX];
    PB(FilterNode) * node_pointers[TCPC_FILTER_NODES_MAX];
    union {
        PB(Attach) attach;
        PB(Detach) detach;
        PB(Open) open;
        PB(Accept) accept;
        PB(Send) send;
        PB(Receive) receive;
        PB(Shutdown) shutdown;
        PB(Close) close;
        PB(Abort) abort;
        PB(ConnectionStatus) status;
        PB(List) list;
        PB(TimeWaitList) time_wait_list;
        PB(Sessions) sessions;
        PB(History) history;
        PB(Explain) explain;
        PB(Counters) counters;
        PB(NextEvents) next_events;
        PB(DaemonStatus) daemon_status;
        PB(SetOption) set_option;
        PB(Capture) capture;
        PB(Fault) fault;
        PB(Rank) rank;
    } op;
};

typedef void (*encode_fn)(struct scratch *scratch, const struct call *call);

static void encode_open(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_open *open = &call->request.u.open;
    tcpengine__v1__endpoint__init(&scratch->local);
    tcpengine__v1__endpoint__init(&scratch->remote);
    scratch->local.address = (char *)open->local.address;
    scratch->local.port = open->local.port;
    scratch->remote.address = (char *)open->remote.address;
    scratch->remote.port = open->remote.port;
    PB(Open) *message = &scratch->op.open;
    tcpengine__v1__open__init(message);
    message->passive = open->is_passive;
    message->local = &scratch->local;
    message->remote = &scratch->remote;
    message->backlog = open->backlog;
    message->listener_id = open->listener_id;
    message->token = open->token;
    message->wait_ms = open->wait_ms;
    message->fast_open = open->fast_open;
    message->data.data = (uint8_t *)open->data;
    message->data.len = open->len;
    scratch->request.open = message;
}

static void encode_accept(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_accept *accept = &call->request.u.accept;
    PB(Accept) *message = &scratch->op.accept;
    tcpengine__v1__accept__init(message);
    message->listener_id = accept->listener_id;
    message->token = accept->token;
    message->wait_ms = accept->wait_ms;
    scratch->request.accept = message;
}

static void encode_send(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_send *send = &call->request.u.send;
    PB(Send) *message = &scratch->op.send;
    tcpengine__v1__send__init(message);
    message->id = send->id;
    message->offset = send->offset;
    message->data = (ProtobufCBinaryData){.len = send->len, .data = (uint8_t *)send->data};
    message->fin = send->fin;
    message->wait_ms = send->wait_ms;
    scratch->request.send = message;
}

static void encode_receive(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_receive *receive = &call->request.u.receive;
    PB(Receive) *message = &scratch->op.receive;
    tcpengine__v1__receive__init(message);
    message->id = receive->id;
    message->from_offset = receive->from_offset;
    message->max = receive->max_bytes;
    message->wait_ms = receive->wait_ms;
    scratch->request.receive = message;
}

static void encode_shutdown(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__shutdown__init(&scratch->op.shutdown);
    scratch->op.shutdown.id = call->request.u.target.id;
    scratch->request.shutdown = &scratch->op.shutdown;
}

static void encode_close(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__close__init(&scratch->op.close);
    scratch->op.close.id = call->request.u.target.id;
    scratch->op.close.wait_ms = call->request.u.target.wait_ms;
    scratch->request.close = &scratch->op.close;
}

static void encode_abort(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__abort__init(&scratch->op.abort);
    scratch->op.abort.id = call->request.u.target.id;
    scratch->request.abort = &scratch->op.abort;
}

static void encode_status(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__connection_status__init(&scratch->op.status);
    scratch->op.status.id = call->request.u.target.id;
    scratch->request.status = &scratch->op.status;
}

/* Fills scratch->node_pointers; returns how many there are. */
static size_t encode_nodes(struct scratch *scratch, const struct tcpc_filter_node *nodes,
                           size_t count)
{
    return tcpci_encode_filter(nodes, count, scratch->nodes, scratch->node_pointers);
}

static void encode_list(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__list__init(&scratch->op.list);
    scratch->op.list.cursor = call->request.u.page.cursor;
    scratch->op.list.max = call->request.u.page.max;
    scratch->op.list.details = call->request.u.page.details;
    scratch->op.list.filter = scratch->node_pointers;
    scratch->op.list.n_filter =
        encode_nodes(scratch, call->request.u.page.filter, call->request.u.page.filter_count);
    scratch->op.list.n_ids = call->request.u.page.id_count;
    scratch->op.list.ids = (uint64_t *)call->request.u.page.ids;
    scratch->request.list = &scratch->op.list;
}

static void encode_rank(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_rank *rank = &call->request.u.rank;
    PB(Rank) *message = &scratch->op.rank;
    tcpengine__v1__rank__init(message);
    message->cursor = rank->cursor;
    message->key = (PB(RankKey))rank->key;
    message->lowest = rank->is_lowest_first;
    message->has_beyond = rank->has_beyond;
    message->beyond = rank->beyond.high;
    message->beyond_more = rank->beyond.low;
    message->beyond_id = rank->beyond_id;
    message->states = rank->states;
    message->filter = scratch->node_pointers;
    message->n_filter = encode_nodes(scratch, rank->filter, rank->filter_count);
    message->moved_within_us = rank->moved_within_us;
    message->still_below_id = rank->still_below_id;
    scratch->request.rank = message;
}

static void encode_sessions(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__sessions__init(&scratch->op.sessions);
    scratch->op.sessions.cursor = call->request.u.page.cursor;
    scratch->op.sessions.max = call->request.u.page.max;
    scratch->request.sessions = &scratch->op.sessions;
}

static void encode_time_wait_list(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__time_wait_list__init(&scratch->op.time_wait_list);
    scratch->op.time_wait_list.cursor = call->request.u.page.cursor;
    scratch->op.time_wait_list.max = call->request.u.page.max;
    scratch->op.time_wait_list.filter = scratch->node_pointers;
    scratch->op.time_wait_list.n_filter =
        encode_nodes(scratch, call->request.u.page.filter, call->request.u.page.filter_count);
    scratch->request.time_wait_list = &scratch->op.time_wait_list;
}

static void encode_history(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__history__init(&scratch->op.history);
    scratch->op.history.id = call->request.u.target.id;
    scratch->request.history = &scratch->op.history;
}

static void encode_explain(struct scratch *scratch, const struct call *call)
{
    tcpengine__v1__explain__init(&scratch->op.explain);
    scratch->op.explain.id = call->request.u.target.id;
    scratch->request.explain = &scratch->op.explain;
}

static void encode_counters(struct scratch *scratch, const struct call *call)
{
    (void)call;
    tcpengine__v1__counters__init(&scratch->op.counters);
    scratch->request.counters = &scratch->op.counters;
}

static void encode_next_events(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_next_events *next = &call->request.u.next_events;
    PB(NextEvents) *message = &scratch->op.next_events;
    tcpengine__v1__next_events__init(message);
    message->after_seq = next->after_seq;
    message->max = next->max;
    message->wait_ms = next->wait_ms;
    scratch->request.next_events = message;
}

static void encode_capture(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_capture *capture = &call->request.u.capture;
    PB(Capture) *message = &scratch->op.capture;
    tcpengine__v1__capture__init(message);
    message->capture = capture->capture;
    message->snaplen = capture->snaplen;
    message->count = capture->count;
    message->from_offset = capture->from_offset;
    message->wait_ms = capture->wait_ms;
    message->stop = capture->stop;
    message->filter = scratch->node_pointers;
    message->n_filter = encode_nodes(scratch, capture->filter, capture->filter_count);
    scratch->request.capture = message;
}

static void encode_daemon_status(struct scratch *scratch, const struct call *call)
{
    (void)call;
    tcpengine__v1__daemon_status__init(&scratch->op.daemon_status);
    scratch->request.daemon_status = &scratch->op.daemon_status;
}

static void encode_set_option(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_set_option *option = &call->request.u.set_option;
    PB(SetOption) *message = &scratch->op.set_option;
    tcpengine__v1__set_option__init(message);
    message->id = option->id;
    message->name = (char *)(option->name != NULL ? option->name : "");
    message->value = option->value;
    if (option->text != NULL)
        message->text = (char *)option->text;
    scratch->request.set_option = message;
}

static void encode_fault(struct scratch *scratch, const struct call *call)
{
    const struct tcpc_fault *fault = &call->request.u.fault;
    PB(Fault) *message = &scratch->op.fault;
    tcpengine__v1__fault__init(message);
    message->verb = (PB(FaultVerb))fault->verb;
    message->id = fault->id;
    message->token = fault->token;
    message->target_id = fault->target_id;
    message->target = (char *)(fault->target != NULL ? fault->target : "");
    message->what = (char *)(fault->what != NULL ? fault->what : "");
    message->direction = (PB(FaultDirection))fault->direction;
    message->count = fault->count;
    message->probability_millionths = fault->probability_millionths;
    message->delay_ms = fault->delay_ms;
    message->lasts_ms = fault->lasts_ms;
    message->filter = scratch->node_pointers;
    message->n_filter = encode_nodes(scratch, fault->filter, fault->filter_count);
    scratch->request.fault = message;
}

static void encode_attach(struct scratch *scratch, const struct call *call)
{
    struct tcpc_client *client = call->client;
    PB(Attach) *message = &scratch->op.attach;
    tcpengine__v1__attach__init(message);
    message->client_name = client->name;
    message->policy = (PB(DeathPolicy))(client->policy - TCPC_POLICY_CLOSE);
    message->keep_seconds = client->keep_seconds;
    if (client->session || client->is_taking_up)
        message->token = (ProtobufCBinaryData){.len = TCPC_TOKEN_BYTES, .data = client->token};
    scratch->request.attach = message;
}

static void encode_detach(struct scratch *scratch, const struct call *call)
{
    (void)call;
    tcpengine__v1__detach__init(&scratch->op.detach);
    scratch->request.detach = &scratch->op.detach;
}

struct encoder {
    encode_fn encode;
    PB(Request__OpCase) op_case;
};

static const struct encoder encoders[OP_COUNT] = {
    [TCPC_OP_OPEN] = {encode_open, TCPENGINE__V1__REQUEST__OP_OPEN},
    [TCPC_OP_ACCEPT] = {encode_accept, TCPENGINE__V1__REQUEST__OP_ACCEPT},
    [TCPC_OP_SEND] = {encode_send, TCPENGINE__V1__REQUEST__OP_SEND},
    [TCPC_OP_RECEIVE] = {encode_receive, TCPENGINE__V1__REQUEST__OP_RECEIVE},
    [TCPC_OP_SHUTDOWN] = {encode_shutdown, TCPENGINE__V1__REQUEST__OP_SHUTDOWN},
    [TCPC_OP_CLOSE] = {encode_close, TCPENGINE__V1__REQUEST__OP_CLOSE},
    [TCPC_OP_ABORT] = {encode_abort, TCPENGINE__V1__REQUEST__OP_ABORT},
    [TCPC_OP_STATUS] = {encode_status, TCPENGINE__V1__REQUEST__OP_STATUS},
    [TCPC_OP_LIST] = {encode_list, TCPENGINE__V1__REQUEST__OP_LIST},
    [TCPC_OP_TIME_WAIT_LIST] = {encode_time_wait_list, TCPENGINE__V1__REQUEST__OP_TIME_WAIT_LIST},
    [TCPC_OP_HISTORY] = {encode_history, TCPENGINE__V1__REQUEST__OP_HISTORY},
    [TCPC_OP_EXPLAIN] = {encode_explain, TCPENGINE__V1__REQUEST__OP_EXPLAIN},
    [TCPC_OP_COUNTERS] = {encode_counters, TCPENGINE__V1__REQUEST__OP_COUNTERS},
    [TCPC_OP_CAPTURE] = {encode_capture, TCPENGINE__V1__REQUEST__OP_CAPTURE},
    [TCPC_OP_NEXT_EVENTS] = {encode_next_events, TCPENGINE__V1__REQUEST__OP_NEXT_EVENTS},
    [TCPC_OP_DAEMON_STATUS] = {encode_daemon_status, TCPENGINE__V1__REQUEST__OP_DAEMON_STATUS},
    [TCPC_OP_SET_OPTION] = {encode_set_option, TCPENGINE__V1__REQUEST__OP_SET_OPTION},
    [TCPC_OP_SESSIONS] = {encode_sessions, TCPENGINE__V1__REQUEST__OP_SESSIONS},
    [TCPC_OP_FAULT] = {encode_fault, TCPENGINE__V1__REQUEST__OP_FAULT},
    [TCPC_OP_RANK] = {encode_rank, TCPENGINE__V1__REQUEST__OP_RANK},
    [OP_ATTACH] = {encode_attach, TCPENGINE__V1__REQUEST__OP_ATTACH},
    [OP_DETACH] = {encode_detach, TCPENGINE__V1__REQUEST__OP_DETACH},
};

uint32_t tcpci_request_wait_ms(const struct tcpc_request *request)
{
    switch (request->op) {
    case TCPC_OP_OPEN:
        return request->u.open.wait_ms;
    case TCPC_OP_ACCEPT:
        return request->u.accept.wait_ms;
    case TCPC_OP_SEND:
        return request->u.send.wait_ms;
    case TCPC_OP_RECEIVE:
        return request->u.receive.wait_ms;
    case TCPC_OP_CLOSE:
        return request->u.target.wait_ms;
    case TCPC_OP_NEXT_EVENTS:
        return request->u.next_events.wait_ms;
    case TCPC_OP_CAPTURE:
        return request->u.capture.wait_ms;
    default:
        return 0;
    }
}

nng_msg *tcpci_encode_request(const struct call *call)
{
    struct scratch scratch;
    const struct encoder *encoder = &encoders[call->request.op];
    tcpengine__v1__request__init(&scratch.request);
    scratch.request.api_major = TCPC_API_MAJOR;
    scratch.request.boot_id = call->client->boot_id;
    scratch.request.session = (int)call->request.op == OP_ATTACH ? 0 : call->client->session;
    scratch.request.request_id = call->request_id;
    scratch.request.deadline_ms = call->deadline_ms;
    scratch.request.op_case = encoder->op_case;
    encoder->encode(&scratch, call);

    nng_msg *message;
    if (nng_msg_alloc(&message, tcpengine__v1__request__get_packed_size(&scratch.request)) != 0)
        return NULL;
    tcpengine__v1__request__pack(&scratch.request, nng_msg_body(message));
    return message;
}
