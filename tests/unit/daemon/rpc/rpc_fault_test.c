/* Fault: who may add what, the list, removal, exactly once. What faults do is in fault_layer_test.
 */
#include <string.h>

#include "rpc_support.h"

#define OP(name) TCPENGINE__V1__REQUEST__OP_##name
#define ADD TCPENGINE__V1__FAULT_VERB__FAULT_ADD
#define LIST TCPENGINE__V1__FAULT_VERB__FAULT_LIST
#define REMOVE TCPENGINE__V1__FAULT_VERB__FAULT_REMOVE

enum { FAULTS_MAX = 4, PER_UID_MAX = 2 };

static void on_deliver(void *ctx, const uint8_t *frame, size_t len,
                       const struct te_frame_meta *meta, int64_t now_us)
{
    te_stack_input(ctx, frame, len, meta, now_us);
}

static bool on_transmit(void *ctx, const struct te_output *output)
{
    (void)ctx;
    (void)output;
    return true;
}

static int setup(void **state)
{
    const struct fault_layer_options options = {
        .faults_max = FAULTS_MAX, .per_uid_max = PER_UID_MAX, .held_max = 65536, .seed = 1};
    t_rpc_setup(state);
    struct t_rpc *env = *state;
    const struct fault_ports ports = {.stack = env->pump.stack,
                                      .deliver = on_deliver,
                                      .transmit = on_transmit,
                                      .ctx = env->pump.stack};
    env->faults = fault_layer_new(&options);
    assert_non_null(env->faults);
    fault_layer_connect(env->faults, &ports);
    t_rpc_restart(env);
    return 0;
}

static int teardown(void **state)
{
    struct t_rpc *env = *state;
    struct fault_layer *faults = env->faults;
    t_rpc_teardown(state);
    fault_layer_free(faults);
    return 0;
}

static pb_fault fault_of(const char *what)
{
    static char text[256];
    pb_fault op = TCPENGINE__V1__FAULT__INIT;
    strcpy(text, what);
    op.what = text;
    return op;
}

static const pb_response *add(struct t_client *client, const char *what, uint64_t target_id)
{
    pb_fault op = fault_of(what);
    op.target_id = target_id;
    return t_call(client, OP(FAULT), &op);
}

static const pb_response *list(struct t_client *client)
{
    pb_fault op = TCPENGINE__V1__FAULT__INIT;
    op.verb = LIST;
    return t_call(client, OP(FAULT), &op);
}

static const pb_response *take_away(struct t_client *client, uint64_t id)
{
    pb_fault op = TCPENGINE__V1__FAULT__INIT;
    op.verb = REMOVE;
    op.id = id;
    return t_call(client, OP(FAULT), &op);
}

static uint64_t listener_of(struct t_client *client, uint16_t port)
{
    const pb_response *answer = t_listen(client, port, 0);
    T_OK(answer);
    return answer->open->id;
}

static void test_off_unless_allowed(void **state)
{
    struct t_client client;
    struct t_rpc *env = *state;
    struct fault_layer *faults = env->faults;
    env->faults = NULL;
    t_rpc_restart(env);
    t_client_open(&client, env);
    T_FAILS(add(&client, "drop any", 0), PERMISSION);
    assert_int_equal(client.response->status->hint_code, PB_HINT(ALLOW_FAULTS));
    T_FAILS(list(&client), PERMISSION);
    T_FAILS(take_away(&client, 1), PERMISSION);
    assert_int_equal(t_stats(env).faults.faults_max, 0);
    t_client_close(&client);
    env->faults = faults;
}

static void test_add_list_remove(void **state)
{
    struct t_client client;
    pb_fault op = fault_of("corrupt data 10..20");
    char target[] = "dport = :80\n";
    t_client_open(&client, *state);
    op.target = target;
    op.direction = TCPENGINE__V1__FAULT_DIRECTION__FAULT_IN;
    op.count = 3;
    op.probability_millionths = 250000;
    op.lasts_ms = 3600000;
    T_OK(t_call(&client, OP(FAULT), &op));
    uint64_t id = client.response->fault->id;
    const pb_fault_result *result = list(&client)->fault;
    assert_int_equal(result->n_faults, 1);
    assert_int_equal(result->next_id, 0);
    const pb_fault_entry *entry = result->faults[0];
    assert_int_equal(entry->id, id);
    assert_string_equal(entry->target, "dport = :80?"); /* printable */
    assert_string_equal(entry->what, "corrupt");
    assert_string_equal(entry->aim, "data 10..20");
    assert_int_equal(entry->direction, TCPENGINE__V1__FAULT_DIRECTION__FAULT_IN);
    assert_int_equal(entry->count, 3);
    assert_int_equal(entry->hits, 0);
    assert_int_equal(entry->probability_millionths, 250000);
    assert_in_range(entry->expires_ms, 3000000, 3600000);
    T_OK(take_away(&client, id));
    T_FAILS(take_away(&client, id), NOT_FOUND);
    assert_int_equal(list(&client)->fault->n_faults, 0);
    assert_int_equal(t_stats(*state).faults.counters.added, 1);
    assert_int_equal(t_stats(*state).faults.counters.ended, 1);
    t_client_close(&client);
}

static void test_defaults(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_OK(add(&client, "rst-inject", 0));
    T_OK(add(&client, "delay syn", 0));
    T_OK(add(&client, "duplicate syn", 0));
    const pb_fault_result *result = list(&client)->fault;
    assert_int_equal(result->faults[0]->count, 1);
    assert_int_equal(result->faults[0]->expires_ms, -1);
    assert_int_equal(result->faults[0]->probability_millionths, 1000000);
    assert_string_equal(result->faults[0]->target, "all");
    assert_int_equal(result->faults[1]->delay_ms, FAULT_DELAY_DEFAULT_US / 1000);
    assert_int_equal(result->faults[1]->count, 0);
    assert_int_equal(result->faults[2]->delay_ms, 0);
    t_client_close(&client);
}

static void test_once_per_token(void **state)
{
    struct t_client client;
    pb_fault op = fault_of("drop any");
    t_client_open(&client, *state);
    op.token = 4711;
    T_OK(t_call(&client, OP(FAULT), &op));
    uint64_t id = client.response->fault->id;
    T_OK(t_call(&client, OP(FAULT), &op));
    assert_int_equal(client.response->fault->id, id);
    assert_int_equal(list(&client)->fault->n_faults, 1);
    op.token++;
    T_OK(t_call(&client, OP(FAULT), &op));
    assert_int_not_equal(client.response->fault->id, id);
    t_client_close(&client);
}

static void test_nonsense(void **state)
{
    struct t_client client;
    pb_fault op = fault_of("drop nothing");
    t_client_open(&client, *state);
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    assert_non_null(strstr(client.response->status->message, "expected an aim"));
    op = fault_of("stop-reading");
    op.direction = TCPENGINE__V1__FAULT_DIRECTION__FAULT_IN;
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    op = fault_of("drop any");
    op.direction = (Tcpengine__V1__FaultDirection)7;
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    op = fault_of("drop any");
    op.probability_millionths = 1000001;
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    op = fault_of("delay any");
    op.delay_ms = 60001;
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    op = fault_of("drop any");
    op.verb = (Tcpengine__V1__FaultVerb)3;
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    T_FAILS(add(&client, "drop any", 12345), NOT_FOUND);
    assert_int_equal(list(&client)->fault->n_faults, 0);
    t_client_close(&client);
}

static void test_bad_filters(void **state)
{
    struct t_client client;
    pb_filter_node node = TCPENGINE__V1__FILTER_NODE__INIT, *nodes[FILTER_NODES_MAX + 1];
    pb_fault op = fault_of("drop any");
    uint8_t address[4] = {10, 0, 0, 1};
    t_client_open(&client, *state);
    for (unsigned i = 0; i <= FILTER_NODES_MAX; i++)
        nodes[i] = &node;
    op.filter = nodes;
    op.n_filter = 1;
    node.kind = TCPENGINE__V1__FILTER_KIND__FILTER_NOT; /* of itself */
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    node.kind = TCPENGINE__V1__FILTER_KIND__FILTER_HOST;
    node.address = (ProtobufCBinaryData){sizeof(address), address}; /* 16 bytes are needed */
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    node.kind = TCPENGINE__V1__FILTER_KIND__FILTER_STATES;
    T_OK(t_call(&client, OP(FAULT), &op));
    op.n_filter = FILTER_NODES_MAX + 1;
    T_FAILS(t_call(&client, OP(FAULT), &op), INVALID_ARGUMENT);
    t_client_close(&client);
}

static void test_users_and_their_own(void **state)
{
    struct t_client root, user;
    t_client_open(&root, *state);
    t_client_open_as(&user, *state, T_OTHER_UID);
    uint64_t roots = listener_of(&root, 7000), own = listener_of(&user, 7001);
    T_FAILS(add(&user, "drop any", roots), PERMISSION);
    T_OK(add(&user, "drop any", own));
    uint64_t id = user.response->fault->id;
    T_OK(add(&root, "blackhole", own));
    uint64_t roots_id = root.response->fault->id;
    T_FAILS(take_away(&user, roots_id), NOT_FOUND);
    assert_int_equal(list(&user)->fault->n_faults, 1);
    assert_int_equal(list(&root)->fault->n_faults, 2);
    assert_int_equal(list(&root)->fault->faults[0]->uid, T_OTHER_UID);
    T_OK(add(&user, "drop any", 0));
    T_FAILS(add(&user, "drop any", 0), RESOURCES);
    assert_int_equal(user.response->status->hint_code, PB_HINT(FAULTS));
    T_OK(take_away(&root, id));
    T_OK(add(&user, "drop any", 0));
    T_OK(add(&root, "drop any", 0));
    T_FAILS(add(&root, "drop any", 0), RESOURCES);
    t_client_close(&user);
    t_client_close(&root);
}

static void test_reader_of_events_is_woken(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    const struct fault fault = {.id = 9, .order.spec = {.aim = TE_FAULT_AIM_ACK_OF_FIN, .ways = 2}};
    const struct fault_note note = {.phase = FAULT_HIT, .fault = &fault, .conn_id = 5};
    t_client_open(&client, env);
    uint64_t last = event_log_last_seq(env->events);
    client.is_silent = true;
    t_next_events(&client, last, 60000);
    assert_true(t_has_no_answer(&client));
    event_log_push_fault(env->events, &note);
    rpc_on_fault(env->rpc, &note);
    const pb_response *answer = t_answer(&client);
    T_OK(answer);
    assert_int_equal(answer->next_events->n_events, 1);
    assert_string_equal(answer->next_events->events[0]->kind, "fault_hit");
    assert_string_equal(answer->next_events->events[0]->cause, "fault 9: drop ack-of-fin (out)");
    t_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_off_unless_allowed),
        TEST(test_add_list_remove),
        TEST(test_defaults),
        TEST(test_once_per_token),
        TEST(test_nonsense),
        TEST(test_bad_filters),
        TEST(test_users_and_their_own),
        TEST(test_reader_of_events_is_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
