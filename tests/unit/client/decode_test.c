/* Responses from messages: what the daemon said, and what it cannot have said. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "message.h"
#include "support/test.h"

#define REQUEST_ID UINT64_C(4711)
#define BIG UINT64_C(0xfedcba9876543210)
#define RESULT(name) TCPENGINE__V1__RESPONSE__RESULT_##name

struct world {
    struct tcpc_client client;
    struct call call;
    PB(Response) message; /* what the daemon says; a test completes it */
    PB(Status) status;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->client.url = (char *)"ipc:///test.sock";
    world->call.client = &world->client;
    world->call.request_id = REQUEST_ID;
    tcpengine__v1__response__init(&world->message);
    tcpengine__v1__status__init(&world->status);
    world->message.request_id = REQUEST_ID;
    world->message.boot_id = BIG;
    world->message.status = &world->status;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    tcpc_response_free(world->call.response);
    free(world);
    return 0;
}

static void begin(struct world *world, int op)
{
    tcpc_response_free(world->call.response);
    world->call.response = calloc(1, sizeof(*world->call.response));
    assert_non_null(world->call.response);
    world->call.request.op = (enum tcpc_op)op;
}

/* The bytes are gone when this returns: ASan finds a response that points into them. */
static bool decode_bytes(struct world *world, const void *bytes, size_t len)
{
    void *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    bool is_good = tcpci_decode_response(&world->call, copy, len);
    memset(copy, 0xa5, len + 1);
    free(copy);
    return is_good;
}

static bool decode(struct world *world, int op)
{
    size_t len = tcpengine__v1__response__get_packed_size(&world->message);
    uint8_t *bytes = malloc(len + 1);
    assert_non_null(bytes);
    tcpengine__v1__response__pack(&world->message, bytes);
    begin(world, op);
    bool is_good = decode_bytes(world, bytes, len);
    free(bytes);
    return is_good;
}

static const struct tcpc_response *good(struct world *world, int op)
{
    assert_true(decode(world, op));
    assert_int_equal(world->call.response->error.code, TCPC_OK);
    return world->call.response;
}

static void assert_nonsense(struct world *world)
{
    static const struct tcpc_daemon_status zeros;
    const struct tcpc_response *response = world->call.response;
    assert_int_equal(response->error.code, TCPC_PROTOCOL);
    assert_non_null(strstr(response->error.message, "ipc:///test.sock"));
    assert_memory_equal(&response->u, &zeros, sizeof(zeros));
}

/* --- nonsense --------------------------------------------------------------------------------- */

static void bytes_that_are_no_response(void **state)
{
    struct world *world = *state;
    begin(world, TCPC_OP_STATUS);
    assert_false(decode_bytes(world, "\xff\xff\xff\xff", 4));
    assert_nonsense(world);
    begin(world, TCPC_OP_STATUS);
    assert_false(decode_bytes(world, "", 0)); /* a Response, but to request 0 */
    assert_nonsense(world);
}

static void the_answer_to_another_request(void **state)
{
    struct world *world = *state;
    PB(ShutdownResult) result = TCPENGINE__V1__SHUTDOWN_RESULT__INIT;
    world->message.shutdown = &result;
    world->message.result_case = RESULT(SHUTDOWN);
    world->message.request_id = REQUEST_ID + 1;
    assert_false(decode(world, TCPC_OP_SHUTDOWN));
    assert_nonsense(world);
    world->message.request_id = REQUEST_ID;
    assert_true(decode(world, TCPC_OP_SHUTDOWN));
    assert_false(decode(world, TCPC_OP_ABORT)); /* the result of another verb */
    assert_nonsense(world);
    world->message.result_case = RESULT(_NOT_SET);
    assert_false(decode(world, TCPC_OP_SHUTDOWN));
    assert_nonsense(world);
}

static void a_status_without_its_connection(void **state)
{
    struct world *world = *state;
    PB(ConnectionStatusResult) result = TCPENGINE__V1__CONNECTION_STATUS_RESULT__INIT;
    world->message.connection = &result;
    world->message.result_case = RESULT(CONNECTION);
    assert_false(decode(world, TCPC_OP_STATUS));
    assert_nonsense(world);
}

static void a_session_without_its_token(void **state)
{
    struct world *world = *state;
    PB(AttachResult) result = TCPENGINE__V1__ATTACH_RESULT__INIT;
    uint8_t token[TCPC_TOKEN_BYTES + 1] = "0123456789abcdef";
    world->message.attach = &result;
    world->message.result_case = RESULT(ATTACH);
    result.session = BIG;
    result.token.data = token;
    for (size_t len = 0; len <= sizeof(token); len++) {
        result.token.len = len;
        assert_int_equal(decode(world, OP_ATTACH), len == TCPC_TOKEN_BYTES);
    }
    result.token.len = TCPC_TOKEN_BYTES;
    assert_true(decode(world, OP_ATTACH));
    assert_true(world->call.attach.session == BIG);
    assert_memory_equal(world->call.attach.token, token, TCPC_TOKEN_BYTES);
    result.session = 0;
    assert_false(decode(world, OP_ATTACH));
}

/* --- errors ----------------------------------------------------------------------------------- */

static void an_error_is_taken_as_it_is(void **state)
{
    struct world *world = *state;
    world->status.code = TCPENGINE__V1__CODE__REFUSED;
    world->status.message = (char *)"refused: RST from peer";
    world->status.hint = (char *)"a hint";
    world->status.hint_code = TCPENGINE__V1__HINT__HINT_PEER_LISTENS;
    world->status.errno_name = (char *)"ECONNREFUSED";
    assert_true(decode(world, TCPC_OP_OPEN));
    const struct tcpc_error *error = &world->call.response->error;
    assert_int_equal(error->code, TCPC_REFUSED);
    assert_string_equal(error->message, "refused: RST from peer");
    assert_string_equal(error->hint, "a hint");
    assert_int_equal(error->hint_code, TCPC_HINT_PEER_LISTENS);
    assert_string_equal(error->errno_name, "ECONNREFUSED");
    assert_true(world->call.response->boot_id == BIG);
}

/* Protocol and API number their codes alike; a code of a later daemon is an error all the same. */
static void codes_are_those_of_the_protocol(void **state)
{
    struct world *world = *state;
    for (int code = 1; code <= TCPC_SESSION; code++) {
        world->status.code = (PB(Code))code;
        assert_true(decode(world, TCPC_OP_OPEN));
        assert_int_equal(world->call.response->error.code, code);
        assert_int_not_equal(strlen(world->call.response->error.message), 0); /* our words */
    }
    world->status.code = TCPENGINE__V1__CODE__RESTARTED;
    assert_true(decode(world, TCPC_OP_OPEN));
    assert_int_equal(world->call.response->error.code, TCPC_RESTARTED);
    world->status.code = (PB(Code))(TCPENGINE__V1__CODE__RESTARTED + 1);
    assert_true(decode(world, TCPC_OP_OPEN));
    assert_int_equal(world->call.response->error.code, TCPC_INTERNAL);
}

static void an_unreadable_request_has_no_id(void **state)
{
    struct world *world = *state;
    world->message.request_id = 0;
    world->status.code = TCPENGINE__V1__CODE__MALFORMED;
    assert_true(decode(world, TCPC_OP_OPEN));
    assert_int_equal(world->call.response->error.code, TCPC_MALFORMED);
    world->status.code = TCPENGINE__V1__CODE__RESET;
    assert_false(decode(world, TCPC_OP_OPEN));
    assert_nonsense(world);
}

static void long_errors_are_cut(void **state)
{
    struct world *world = *state;
    char text[1000];
    memset(text, 'm', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    world->status.code = TCPENGINE__V1__CODE__RESET;
    world->status.message = world->status.hint = world->status.errno_name = text;
    assert_true(decode(world, TCPC_OP_OPEN));
    const struct tcpc_error *error = &world->call.response->error;
    assert_int_equal(strlen(error->message), sizeof(error->message) - 1);
    assert_int_equal(strlen(error->hint), sizeof(error->hint) - 1);
    assert_int_equal(strlen(error->errno_name), sizeof(error->errno_name) - 1);
}

/* --- results ---------------------------------------------------------------------------------- */

static void opened_has_all_its_fields(void **state)
{
    struct world *world = *state;
    PB(Endpoint) local = TCPENGINE__V1__ENDPOINT__INIT, remote = TCPENGINE__V1__ENDPOINT__INIT;
    PB(OpenResult) result = TCPENGINE__V1__OPEN_RESULT__INIT;
    local.address = (char *)"10.0.0.2";
    local.port = 50000;
    remote.address = (char *)"2001:db8:ffff:ffff:ffff:ffff:255.255.255.255/a/long/one";
    remote.port = 80;
    result.id = 12;
    result.state = TCPENGINE__V1__STATE__SYN_SENT;
    result.local = &local;
    result.remote = &remote;
    result.backlog = 7;
    result.accepted_to = BIG;
    world->message.open = &result;
    world->message.result_case = RESULT(OPEN);
    const struct tcpc_opened *opened = &good(world, TCPC_OP_OPEN)->u.opened;
    assert_int_equal(opened->id, 12);
    assert_int_equal(opened->state, TCPC_SYN_SENT);
    assert_string_equal(opened->local.address, "10.0.0.2");
    assert_int_equal(opened->local.port, 50000);
    assert_int_equal(strlen(opened->remote.address), sizeof(opened->remote.address) - 1);
    assert_int_equal(opened->remote.port, 80);
    assert_int_equal(opened->backlog, 7);
    assert_true(opened->accepted_to == BIG);
}

static void a_state_that_nobody_knows_is_closed(void **state)
{
    struct world *world = *state;
    PB(CloseResult) result = TCPENGINE__V1__CLOSE_RESULT__INIT;
    world->message.close = &result;
    world->message.result_case = RESULT(CLOSE);
    for (int i = 0; i < TCPC_STATE_COUNT; i++) {
        result.state = (PB(State))i;
        assert_int_equal(good(world, TCPC_OP_CLOSE)->u.state, i);
    }
    result.state = (PB(State))TCPC_STATE_COUNT;
    assert_int_equal(good(world, TCPC_OP_CLOSE)->u.state, TCPC_CLOSED);
    result.state = (PB(State)) - 1;
    assert_int_equal(good(world, TCPC_OP_CLOSE)->u.state, TCPC_CLOSED);
}

static void data_stays_with_the_response(void **state)
{
    struct world *world = *state;
    PB(ReceiveResult) result = TCPENGINE__V1__RECEIVE_RESULT__INIT;
    result.offset = BIG;
    result.data.data = (uint8_t *)(char *)"a\0b";
    result.data.len = 3;
    result.end = true;
    world->message.receive = &result;
    world->message.result_case = RESULT(RECEIVE);
    const struct tcpc_received *received = &good(world, TCPC_OP_RECEIVE)->u.received;
    assert_true(received->offset == BIG && received->is_end);
    assert_int_equal(received->len, 3);
    assert_memory_equal(received->data, "a\0b", 3);
}

static void lists_have_all_their_rows(void **state)
{
    enum { ROWS = 1000 };
    struct world *world = *state;
    static PB(Connection) rows[ROWS];
    static PB(Connection) * pointers[ROWS];
    PB(ListResult) result = TCPENGINE__V1__LIST_RESULT__INIT;
    for (unsigned i = 0; i < ROWS; i++) {
        tcpengine__v1__connection__init(&rows[i]);
        rows[i].id = i + 1;
        rows[i].uid = 1000 + i;
        rows[i].send_queue_bytes = BIG;
        rows[i].timer = (char *)"persist";
        rows[i].timer_ms = -(int64_t)i;
        pointers[i] = &rows[i];
    }
    result.connections = pointers;
    result.n_connections = ROWS;
    result.cursor = BIG;
    result.as_of_seq = 17;
    world->message.list = &result;
    world->message.result_case = RESULT(LIST);
    const struct tcpc_connection_list *list = &good(world, TCPC_OP_LIST)->u.list;
    assert_int_equal(list->count, ROWS);
    assert_true(list->cursor == BIG && !list->is_done);
    assert_int_equal(list->as_of_seq, 17);
    for (unsigned i = 0; i < ROWS; i++) {
        assert_int_equal(list->rows[i].id, i + 1);
        assert_int_equal(list->rows[i].uid, 1000 + i);
        assert_true(list->rows[i].send_queue_bytes == BIG);
        assert_string_equal(list->rows[i].timer, "persist");
        assert_int_equal(list->rows[i].timer_ms, -(int64_t)i);
    }
    result.n_connections = 0;
    result.done = true;
    list = &good(world, TCPC_OP_LIST)->u.list;
    assert_int_equal(list->count, 0);
    assert_true(list->is_done);
}

static void events_have_a_segment_or_none(void **state)
{
    struct world *world = *state;
    PB(Segment) segment = TCPENGINE__V1__SEGMENT__INIT;
    PB(Event) first = TCPENGINE__V1__EVENT__INIT, second = TCPENGINE__V1__EVENT__INIT;
    PB(Event) * events[] = {&first, &second};
    PB(NextEventsResult) result = TCPENGINE__V1__NEXT_EVENTS_RESULT__INIT;
    segment.flags = (char *)"FIN,ACK";
    segment.seq = UINT32_MAX;
    segment.ack = 2;
    segment.len = 3;
    segment.wnd = 4;
    first.seq = BIG;
    first.kind = (char *)"state";
    first.cause = (char *)"recv FIN";
    first.segment = &segment;
    result.events = events;
    result.n_events = 2;
    result.lost = 5;
    result.last_seq = 6;
    world->message.next_events = &result;
    world->message.result_case = RESULT(NEXT_EVENTS);
    const struct tcpc_events *read = &good(world, TCPC_OP_NEXT_EVENTS)->u.events;
    assert_int_equal(read->count, 2);
    assert_int_equal(read->lost, 5);
    assert_int_equal(read->last_seq, 6);
    assert_true(read->rows[0].seq == BIG);
    assert_string_equal(read->rows[0].cause, "recv FIN");
    assert_string_equal(read->rows[0].segment->flags, "FIN,ACK");
    assert_true(read->rows[0].segment->seq == UINT32_MAX);
    assert_int_equal(read->rows[0].segment->ack, 2);
    assert_int_equal(read->rows[0].segment->len_bytes, 3);
    assert_int_equal(read->rows[0].segment->wnd_bytes, 4);
    assert_null(read->rows[1].segment);
}

static void totals_of_a_state_that_nobody_knows_are_left_out(void **state)
{
    struct world *world = *state;
    PB(StateCount) known = TCPENGINE__V1__STATE_COUNT__INIT;
    PB(StateCount) unknown = TCPENGINE__V1__STATE_COUNT__INIT;
    PB(StateCount) * counts[] = {&known, &unknown};
    PB(DaemonStatusResult) result = TCPENGINE__V1__DAEMON_STATUS_RESULT__INIT;
    known.state = TCPENGINE__V1__STATE__TIME_WAIT;
    known.count = BIG;
    unknown.state = (PB(State))11;
    unknown.count = 99;
    result.states = counts;
    result.n_states = 2;
    world->message.daemon = &result;
    world->message.result_case = RESULT(DAEMON);
    const struct tcpc_daemon_status *status = &good(world, TCPC_OP_DAEMON_STATUS)->u.daemon;
    assert_true(status->states[TCPC_TIME_WAIT] == BIG);
    assert_int_equal(status->states[TCPC_CLOSED], 0);
    assert_int_equal(status->connections, 0); /* what follows the array */
}

/* Items that take a byte or two in the message but hundreds in memory stop at the budget. */
static void a_message_cannot_swell_without_limit(void **state)
{
    enum { EVENTS = 200000 };
    struct world *world = *state;
    PB(Event) event = TCPENGINE__V1__EVENT__INIT;
    PB(Event) **events = malloc(EVENTS * sizeof(*events));
    PB(NextEventsResult) result = TCPENGINE__V1__NEXT_EVENTS_RESULT__INIT;
    assert_non_null(events);
    for (unsigned i = 0; i < EVENTS; i++)
        events[i] = &event;
    result.events = events;
    world->message.next_events = &result;
    world->message.result_case = RESULT(NEXT_EVENTS);
    result.n_events = EVENTS / 10;
    assert_int_equal(good(world, TCPC_OP_NEXT_EVENTS)->u.events.count, EVENTS / 10);
    result.n_events = EVENTS;
    assert_false(decode(world, TCPC_OP_NEXT_EVENTS));
    assert_nonsense(world);
    free(events);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_that_are_no_response),
        TEST(the_answer_to_another_request),
        TEST(a_status_without_its_connection),
        TEST(a_session_without_its_token),
        TEST(an_error_is_taken_as_it_is),
        TEST(codes_are_those_of_the_protocol),
        TEST(an_unreadable_request_has_no_id),
        TEST(long_errors_are_cut),
        TEST(opened_has_all_its_fields),
        TEST(a_state_that_nobody_knows_is_closed),
        TEST(data_stays_with_the_response),
        TEST(lists_have_all_their_rows),
        TEST(events_have_a_segment_or_none),
        TEST(totals_of_a_state_that_nobody_knows_are_left_out),
        TEST(a_message_cannot_swell_without_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
