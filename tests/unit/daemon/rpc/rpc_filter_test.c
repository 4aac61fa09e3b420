#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "rpc/rpc_message.h"
#include "rpc_support.h"
#include "support/test.h"

#define KIND(name) TCPENGINE__V1__FILTER_KIND__FILTER_##name
#define FIELD(name) TCPENGINE__V1__FILTER_FIELD__FILTER_##name
#define OPERATOR(name) TCPENGINE__V1__FILTER_OPERATOR__FILTER_##name
#define NODES_MAX 70

static struct t_client client;
static uint64_t listener, connection, peer;
static pb_filter_node nodes[NODES_MAX];
static pb_filter_node *pointers[NODES_MAX];
static size_t count;

static int setup(void **state)
{
    prctl(PR_SET_NAME, "billing-worker");
    t_rpc_setup(state);
    count = 0;
    t_client_open(&client, *state);
    listener = t_listen(&client, 81, 0)->open->id;
    client.session = t_attach(&client, 0, 0, NULL)->attach->session; /* "test" */
    connection = t_connected(&client, &peer);
    t_skip(*state, 10 * TE_SECOND);
    return 0;
}

static int teardown(void **state)
{
    t_client_close(&client);
    return t_rpc_teardown(state);
}

static pb_filter_node *add(unsigned kind)
{
    pb_filter_node *node = pointers[count] = &nodes[count];
    count++;
    tcpengine__v1__filter_node__init(node);
    node->kind = kind;
    return node;
}

static void add_number(unsigned field, unsigned op, uint64_t number)
{
    pb_filter_node *node = add(KIND(NUMBER));
    node->field = field;
    node->op = op;
    node->number = number;
}

static void add_text(unsigned field, unsigned op, const char *text)
{
    pb_filter_node *node = add(KIND(TEXT));
    node->field = field;
    node->op = op;
    node->text = (char *)(uintptr_t)text;
}

static const pb_response *list(void)
{
    pb_list op;
    tcpengine__v1__list__init(&op);
    op.filter = pointers;
    op.n_filter = count;
    const pb_response *response = t_call(&client, RPC_OP(LIST), &op);
    count = 0;
    return response;
}

/* What the nodes select of the two: 0, an id, or UINT64_MAX for both. */
static uint64_t selected(void)
{
    const pb_response *response = list();
    T_OK(response);
    const pb_list_result *result = response->list;
    assert_true(result->done);
    if (result->n_connections == 2)
        return UINT64_MAX;
    return result->n_connections == 1 ? result->connections[0]->id : 0;
}

static uint64_t by_number(unsigned field, unsigned op, uint64_t number)
{
    add_number(field, op, number);
    return selected();
}

static uint64_t by_text(unsigned field, unsigned op, const char *text)
{
    add_text(field, op, text);
    return selected();
}

/* --- fields ----------------------------------------------------------------------------------- */

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(selected(), UINT64_MAX);
    assert_int_equal(by_number(FIELD(LOCAL), OPERATOR(EQUAL), 81), listener);
    assert_int_equal(by_number(FIELD(LOCAL), OPERATOR(NOT_EQUAL), 81), connection);
    assert_int_equal(by_number(FIELD(UID), OPERATOR(EQUAL), getuid()), UINT64_MAX);
    assert_int_equal(by_number(FIELD(PID), OPERATOR(EQUAL), (uint64_t)getpid()), UINT64_MAX);
    assert_int_equal(by_number(FIELD(PID), OPERATOR(GREATER), (uint64_t)getpid()), 0);
    assert_int_equal(by_number(FIELD(AGE), OPERATOR(GREATER), 9 * TE_SECOND), UINT64_MAX);
    assert_int_equal(by_number(FIELD(AGE), OPERATOR(GREATER), 60 * TE_SECOND), 0);
    assert_int_equal(by_number(FIELD(RETRANSMITS), OPERATOR(GREATER), 0), 0);
    assert_int_equal(by_number(FIELD(RETRANSMITS), OPERATOR(LESS_EQUAL), 0), UINT64_MAX);
    assert_int_equal(by_number(FIELD(SEND_QUEUE), OPERATOR(EQUAL), 128), listener); /* backlog */
    assert_int_equal(by_number(FIELD(RECEIVE_QUEUE), OPERATOR(GREATER_EQUAL), 1), 0);
    t_peer_send(*state, peer, "three", 5);
    assert_int_equal(by_number(FIELD(RECEIVE_QUEUE), OPERATOR(EQUAL), 5), connection);
}

/* A listener was never idle, nor has it a round trip: neither > nor <= is true of it. */
static void test_what_is_not_known_is_not_true(void **state)
{
    (void)state;
    assert_int_equal(by_number(FIELD(IDLE), OPERATOR(GREATER), 9 * TE_SECOND), connection);
    assert_int_equal(by_number(FIELD(IDLE), OPERATOR(LESS_EQUAL), 9 * TE_SECOND), 0);
    assert_int_equal(by_number(FIELD(RTT), OPERATOR(LESS), TE_DAY), connection);
    assert_int_equal(by_number(FIELD(RTT), OPERATOR(GREATER_EQUAL), TE_DAY), 0);
}

static void test_texts(void **state)
{
    (void)state;
    assert_int_equal(by_text(FIELD(PROGRAM), OPERATOR(EQUAL), "billing-worker"), UINT64_MAX);
    assert_int_equal(by_text(FIELD(PROGRAM), OPERATOR(EQUAL), "billing"), 0);
    assert_int_equal(by_text(FIELD(PROGRAM), OPERATOR(EQUAL), "bill*"), UINT64_MAX);
    assert_int_equal(by_text(FIELD(PROGRAM), OPERATOR(NOT_EQUAL), "bill*"), 0);
    assert_int_equal(by_text(FIELD(SESSION), OPERATOR(EQUAL), "test"), connection);
    assert_int_equal(by_text(FIELD(SESSION), OPERATOR(EQUAL), ""), listener);
    assert_int_equal(by_text(FIELD(TIMER), OPERATOR(EQUAL), "none"), UINT64_MAX);
    T_OK(t_send(&client, &(struct t_send){.id = connection, .data = "x", .len = 1}));
    ((struct t_rpc *)*state)->is_cable_cut = true;
    T_OK(t_send(&client, &(struct t_send){.id = connection, .offset = 1, .data = "y", .len = 1}));
    assert_int_equal(by_text(FIELD(TIMER), OPERATOR(NOT_EQUAL), "none"), connection);
}

static void test_states_and_hosts(void **state)
{
    static uint8_t peer_address[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2};
    pb_filter_node *node = add(KIND(STATES));
    (void)state;
    node->number = 1u << TE_LISTEN;
    assert_int_equal(selected(), listener);
    for (unsigned op = OPERATOR(EQUAL); op <= OPERATOR(NOT_EQUAL); op++) {
        node = add(KIND(HOST));
        node->field = FIELD(REMOTE);
        node->op = op;
        node->address = (ProtobufCBinaryData){16, peer_address};
        node->prefix_bits = 120;
        assert_int_equal(selected(), op == OPERATOR(EQUAL) ? connection : listener);
    }
}

/* Not even in those that begin with zeros, as it does. */
static void test_a_listeners_peer_is_in_no_network(void **state)
{
    static uint8_t zeros[16];
    (void)state;
    for (uint32_t bits = 0; bits <= 1; bits++) {
        pb_filter_node *node = add(KIND(HOST));
        node->field = FIELD(REMOTE);
        node->address = (ProtobufCBinaryData){16, zeros};
        node->prefix_bits = bits;
        assert_int_equal(selected(), bits == 0 ? UINT64_MAX : connection);
    }
}

static void test_and_or_not(void **state)
{
    (void)state;
    for (unsigned kind = KIND(AND); kind <= KIND(OR); kind++) {
        add_number(FIELD(LOCAL), OPERATOR(EQUAL), 81);
        add_text(FIELD(SESSION), OPERATOR(EQUAL), "test");
        pb_filter_node *node = add(kind);
        node->left = 0;
        node->right = 1;
        assert_int_equal(selected(), kind == KIND(AND) ? 0 : UINT64_MAX);
    }
    add_number(FIELD(LOCAL), OPERATOR(EQUAL), 81);
    add(KIND(NOT));
    assert_int_equal(selected(), connection);
}

/* --- what cannot be evaluated ----------------------------------------------------------------- */

static void test_bad_nodes_are_refused(void **state)
{
    (void)state;
    add(KIND(NOT)); /* of itself */
    T_FAILS(list(), INVALID_ARGUMENT);
    add_number(FIELD(UID), OPERATOR(EQUAL), 0);
    add(KIND(AND))->right = 1;
    T_FAILS(list(), INVALID_ARGUMENT);
    add_number(FIELD(UID), 6, 0);
    T_FAILS(list(), INVALID_ARGUMENT);
    add_number(FIELD(PROGRAM), OPERATOR(EQUAL), 0);
    T_FAILS(list(), INVALID_ARGUMENT);
    add_text(FIELD(UID), OPERATOR(EQUAL), "");
    T_FAILS(list(), INVALID_ARGUMENT);
    add_text(FIELD(PROGRAM), OPERATOR(GREATER), "");
    T_FAILS(list(), INVALID_ARGUMENT);
    add(7);
    T_FAILS(list(), INVALID_ARGUMENT);
    add(KIND(HOST))->prefix_bits = 8; /* of no address */
    T_FAILS(list(), INVALID_ARGUMENT);
}

static void test_as_many_nodes_as_that_and_no_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; i++)
        add_number(FIELD(LOCAL), OPERATOR(EQUAL), 81);
    assert_int_equal(selected(), listener);
    for (unsigned i = 0; i < 65; i++)
        add_number(FIELD(LOCAL), OPERATOR(EQUAL), 81);
    T_FAILS(list(), INVALID_ARGUMENT);
}

/* --- details ---------------------------------------------------------------------------------- */

static void test_details_come_when_asked_for(void **state)
{
    pb_list op;
    (void)state;
    tcpengine__v1__list__init(&op);
    assert_null(t_call(&client, RPC_OP(LIST), &op)->list->connections[0]->details);
    op.details = true;
    const pb_list_result *result = t_call(&client, RPC_OP(LIST), &op)->list;
    assert_int_equal(result->n_connections, 2);
    assert_int_equal(result->connections[0]->details->idle_us, -1); /* the listener */
    const pb_connection_details *details = result->connections[1]->details;
    assert_true(details->age_us >= 10 * TE_SECOND);
    assert_true(details->state_age_us >= 10 * TE_SECOND &&
                details->state_age_us <= details->age_us);
    assert_true(details->idle_us >= 10 * TE_SECOND && details->idle_us <= details->age_us);
    assert_true(details->srtt_us > 0 && details->rto_us > 0 && details->cwnd_bytes > 0);
    assert_string_equal(details->congestion_control, "cubic");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_numbers),
        TEST(test_what_is_not_known_is_not_true),
        TEST(test_texts),
        TEST(test_states_and_hosts),
        TEST(test_a_listeners_peer_is_in_no_network),
        TEST(test_and_or_not),
        TEST(test_bad_nodes_are_refused),
        TEST(test_as_many_nodes_as_that_and_no_more),
        TEST(test_details_come_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
