/* Requests as messages: every field of every request arrives under its own name. */
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "support/test.h"

#define SESSION UINT64_C(0x1122334455667788)
#define REQUEST_ID UINT64_C(0x99aabbccddeeff01)
#define ID UINT64_C(0x1fffffffffffff)
#define OFFSET UINT64_C(0xfedcba9876543210)

struct world {
    struct tcpc_client client;
    struct call call;
    PB(Request) * message;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->client.session = SESSION;
    world->client.name = (char *)"tester";
    world->call.client = &world->client;
    world->call.request_id = REQUEST_ID;
    world->call.deadline_ms = 4500;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    if (world->message != NULL)
        tcpengine__v1__request__free_unpacked(world->message, NULL);
    free(world);
    return 0;
}

/* The message, read back. */
static const PB(Request) * encode(struct world *world, int op)
{
    if (world->message != NULL)
        tcpengine__v1__request__free_unpacked(world->message, NULL);
    world->call.request.op = (enum tcpc_op)op;
    nng_msg *message = tcpci_encode_request(&world->call);
    assert_non_null(message);
    world->message =
        tcpengine__v1__request__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
    nng_msg_free(message);
    assert_non_null(world->message);
    return world->message;
}

static void the_head_is_the_same_for_all(void **state)
{
    struct world *world = *state;
    for (int op = TCPC_OP_OPEN; op < OP_COUNT; op++) {
        world->call.request = (struct tcpc_request){.timeout_ms = 0};
        const PB(Request) *message = encode(world, op);
        assert_int_equal(message->api_major, 1);
        assert_true(message->request_id == REQUEST_ID);
        assert_int_equal(message->deadline_ms, 4500);
        /* Attach names its session by the token; it is not part of one yet. */
        assert_true(message->session == (op == OP_ATTACH ? 0 : SESSION));
    }
}

static void open_has_all_its_fields(void **state)
{
    struct world *world = *state;
    world->call.request.u.open = (struct tcpc_open){.is_passive = true,
                                                    .local = {"10.0.0.2", 80},
                                                    .remote = {"2001:db8::1", 65535},
                                                    .backlog = 7,
                                                    .listener_id = ID,
                                                    .token = OFFSET,
                                                    .wait_ms = 1234,
                                                    .fast_open = true,
                                                    .data = "a\0b",
                                                    .len = 3};
    const PB(Request) *message = encode(world, TCPC_OP_OPEN);
    assert_int_equal(message->op_case, TCPENGINE__V1__REQUEST__OP_OPEN);
    const PB(Open) *open = message->open;
    assert_true(open->passive && open->fast_open);
    assert_string_equal(open->local->address, "10.0.0.2");
    assert_int_equal(open->local->port, 80);
    assert_string_equal(open->remote->address, "2001:db8::1");
    assert_int_equal(open->remote->port, 65535);
    assert_int_equal(open->backlog, 7);
    assert_true(open->listener_id == ID && open->token == OFFSET);
    assert_int_equal(open->wait_ms, 1234);
    assert_int_equal(open->data.len, 3);
    assert_memory_equal(open->data.data, "a\0b", 3);
}

static void accept_and_receive_have_all_their_fields(void **state)
{
    struct world *world = *state;
    world->call.request.u.accept = (struct tcpc_accept){ID, OFFSET, 55};
    const PB(Accept) *accept = encode(world, TCPC_OP_ACCEPT)->accept;
    assert_non_null(accept);
    assert_true(accept->listener_id == ID && accept->token == OFFSET);
    assert_int_equal(accept->wait_ms, 55);
    world->call.request.u.receive = (struct tcpc_receive){ID, OFFSET, 4096, 66};
    const PB(Receive) *receive = encode(world, TCPC_OP_RECEIVE)->receive;
    assert_non_null(receive);
    assert_true(receive->id == ID && receive->from_offset == OFFSET);
    assert_int_equal(receive->max, 4096);
    assert_int_equal(receive->wait_ms, 66);
}

static void send_carries_all_its_bytes(void **state)
{
    struct world *world = *state;
    uint8_t *data = malloc(TCPC_DATA_MAX);
    assert_non_null(data);
    for (unsigned i = 0; i < TCPC_DATA_MAX; i++)
        data[i] = (uint8_t)(i * 7);
    world->call.request.u.send = (struct tcpc_send){
        .id = ID, .offset = OFFSET, .data = data, .len = TCPC_DATA_MAX, .fin = true, .wait_ms = 77};
    const PB(Send) *send = encode(world, TCPC_OP_SEND)->send;
    assert_non_null(send);
    assert_true(send->id == ID && send->offset == OFFSET && send->fin);
    assert_int_equal(send->wait_ms, 77);
    assert_int_equal(send->data.len, TCPC_DATA_MAX);
    assert_memory_equal(send->data.data, data, TCPC_DATA_MAX);
    free(data);
}

static void targets_are_named(void **state)
{
    struct world *world = *state;
    world->call.request.u.target = (struct tcpc_target){ID, 88};
    assert_true(encode(world, TCPC_OP_SHUTDOWN)->shutdown->id == ID);
    assert_true(encode(world, TCPC_OP_ABORT)->abort->id == ID);
    assert_true(encode(world, TCPC_OP_STATUS)->status->id == ID);
    assert_true(encode(world, TCPC_OP_HISTORY)->history->id == ID);
    assert_true(encode(world, TCPC_OP_EXPLAIN)->explain->id == ID);
    const PB(Close) *close = encode(world, TCPC_OP_CLOSE)->close;
    assert_true(close->id == ID);
    assert_int_equal(close->wait_ms, 88);
}

static void pages_and_events_have_all_their_fields(void **state)
{
    struct world *world = *state;
    world->call.request.u.page = (struct tcpc_page){.cursor = OFFSET, .max = 99};
    const PB(List) *list = encode(world, TCPC_OP_LIST)->list;
    assert_true(list->cursor == OFFSET);
    assert_int_equal(list->max, 99);
    const PB(TimeWaitList) *entries = encode(world, TCPC_OP_TIME_WAIT_LIST)->time_wait_list;
    assert_true(entries->cursor == OFFSET);
    assert_int_equal(entries->max, 99);
    world->call.request.u.next_events = (struct tcpc_next_events){OFFSET, 5, 6};
    const PB(NextEvents) *next = encode(world, TCPC_OP_NEXT_EVENTS)->next_events;
    assert_true(next->after_seq == OFFSET);
    assert_int_equal(next->max, 5);
    assert_int_equal(next->wait_ms, 6);
}

static void options_are_numbers_or_text(void **state)
{
    struct world *world = *state;
    world->call.request.u.set_option = (struct tcpc_set_option){ID, "nagle", -5, NULL};
    const PB(SetOption) *option = encode(world, TCPC_OP_SET_OPTION)->set_option;
    assert_true(option->id == ID && option->value == -5);
    assert_string_equal(option->name, "nagle");
    assert_string_equal(option->text, "");
    world->call.request.u.set_option = (struct tcpc_set_option){ID, NULL, 0, "bbr"};
    option = encode(world, TCPC_OP_SET_OPTION)->set_option;
    assert_string_equal(option->name, "");
    assert_string_equal(option->text, "bbr");
}

/* The policies of the API have NONE before those of the protocol. */
static void attach_has_policy_and_token(void **state)
{
    static const enum tcpc_policy policies[][2] = {
        {TCPC_POLICY_CLOSE, (enum tcpc_policy)TCPENGINE__V1__DEATH_POLICY__POLICY_CLOSE},
        {TCPC_POLICY_ABORT, (enum tcpc_policy)TCPENGINE__V1__DEATH_POLICY__POLICY_ABORT},
        {TCPC_POLICY_KEEP, (enum tcpc_policy)TCPENGINE__V1__DEATH_POLICY__POLICY_KEEP}};
    struct world *world = *state;
    memcpy(world->client.token, "0123456789abcdef", TCPC_TOKEN_BYTES);
    world->client.keep_seconds = 3600;
    for (unsigned i = 0; i < 3; i++) {
        world->client.policy = policies[i][0];
        const PB(Attach) *attach = encode(world, OP_ATTACH)->attach;
        assert_int_equal(attach->policy, policies[i][1]);
        assert_string_equal(attach->client_name, "tester");
        assert_int_equal(attach->keep_seconds, 3600);
        assert_int_equal(attach->token.len, TCPC_TOKEN_BYTES); /* back into its own session */
        assert_memory_equal(attach->token.data, "0123456789abcdef", TCPC_TOKEN_BYTES);
    }
    world->client.session = 0;
    assert_int_equal(encode(world, OP_ATTACH)->attach->token.len, 0);
    world->client.is_taking_up = true;
    assert_int_equal(encode(world, OP_ATTACH)->attach->token.len, TCPC_TOKEN_BYTES);
    assert_non_null(encode(world, OP_DETACH)->detach);
}

static void only_requests_that_wait_have_a_wait(void **state)
{
    struct tcpc_request request = {.op = TCPC_OP_OPEN, .u.open.wait_ms = 1};
    (void)state;
    assert_int_equal(tcpci_request_wait_ms(&request), 1);
    request = (struct tcpc_request){.op = TCPC_OP_ACCEPT, .u.accept.wait_ms = 2};
    assert_int_equal(tcpci_request_wait_ms(&request), 2);
    request = (struct tcpc_request){.op = TCPC_OP_SEND, .u.send.wait_ms = 3};
    assert_int_equal(tcpci_request_wait_ms(&request), 3);
    request = (struct tcpc_request){.op = TCPC_OP_RECEIVE, .u.receive.wait_ms = 4};
    assert_int_equal(tcpci_request_wait_ms(&request), 4);
    request = (struct tcpc_request){.op = TCPC_OP_CLOSE, .u.target.wait_ms = 5};
    assert_int_equal(tcpci_request_wait_ms(&request), 5);
    request = (struct tcpc_request){.op = TCPC_OP_NEXT_EVENTS, .u.next_events.wait_ms = 6};
    assert_int_equal(tcpci_request_wait_ms(&request), 6);
    request = (struct tcpc_request){.op = TCPC_OP_STATUS, .u.target.wait_ms = 7};
    assert_int_equal(tcpci_request_wait_ms(&request), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_head_is_the_same_for_all),
        TEST(open_has_all_its_fields),
        TEST(accept_and_receive_have_all_their_fields),
        TEST(send_carries_all_its_bytes),
        TEST(targets_are_named),
        TEST(pages_and_events_have_all_their_fields),
        TEST(options_are_numbers_or_text),
        TEST(attach_has_policy_and_token),
        cmocka_unit_test(only_requests_that_wait_have_a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
