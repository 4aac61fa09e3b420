/* Sessions as clients see them: what becomes of their connections. */
#include <string.h>

#include "rpc/rpc_support.h"

#define CLOSE_POLICY TCPENGINE__V1__DEATH_POLICY__POLICY_CLOSE
#define ABORT_POLICY TCPENGINE__V1__DEATH_POLICY__POLICY_ABORT
#define KEEP_POLICY TCPENGINE__V1__DEATH_POLICY__POLICY_KEEP

/* A client with a session of that policy, and a connection in it. */
static uint64_t attached(struct t_client *client, struct t_rpc *env, unsigned policy,
                         uint64_t *ret_peer)
{
    t_client_open(client, env);
    const pb_response *response = t_attach(client, policy, 0, NULL);
    T_OK(response);
    assert_int_equal(response->attach->token.len, 16);
    assert_int_equal(response->attach->n_ids, 0);
    client->session = response->attach->session;
    assert_true(client->session != 0);
    return t_connected(client, ret_peer);
}

static bool has_no_session(void *ctx)
{
    return t_stats(ctx).sessions == 0 && t_stats(ctx).objects == 0;
}

static void test_death_aborts(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    attached(&client, env, ABORT_POLICY, &peer);
    t_client_close(&client);
    assert_int_equal(t_peer_state(env, peer), TE_ESTABLISHED); /* grace */
    t_turn_until(&env->loop, has_no_session, env);
    assert_int_equal(t_peer_error(env, peer), TE_ERR_RESET);
    assert_int_equal(t_stats(env).counters.session_objects_aborted, 1);
    assert_int_equal(t_stats(env).counters.sessions_ended, 1);
}

static void test_death_closes(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    attached(&client, env, CLOSE_POLICY, &peer);
    t_client_close(&client);
    t_turn_until(&env->loop, has_no_session, env);
    t_turn(&env->loop);
    assert_int_equal(t_peer_state(env, peer), TE_CLOSE_WAIT);
    assert_int_equal(t_peer_error(env, peer), TE_OK);
}

static struct te_memory_owner only_owner(const struct t_rpc *env)
{
    struct te_memory_use use;
    te_memory(env->pump.stack, &use);
    assert_int_equal(use.owner_count, 1);
    return use.owners[0];
}

static bool is_client_gone(void *ctx)
{
    return !only_owner(ctx).is_client_present;
}

/* What nobody is left to use is the first to go when memory is short: the engine is told. */
static void test_the_engine_knows_whose_clients_are_gone(void **state)
{
    struct t_rpc *env = *state;
    struct t_client first, second;
    uint64_t peer;
    t_client_open(&first, env);
    t_connected(&first, &peer);
    t_client_open(&second, env);
    T_OK(t_listen(&second, 81, 0));
    assert_true(only_owner(env).is_client_present);
    t_client_close(&first);
    t_turn(&env->loop);
    assert_true(only_owner(env).is_client_present);
    t_client_close(&second);
    t_turn_until(&env->loop, is_client_gone, env);
    assert_int_equal(t_peer_state(env, peer), TE_ESTABLISHED);
    t_client_open(&first, env);
    T_OK(t_listen(&first, 82, 0));
    assert_true(only_owner(env).is_client_present);
    t_client_close(&first);
}

static void test_keep_and_take_up_again(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client, wrong;
    uint8_t token[16];
    t_client_open(&client, env);
    const pb_response *response = t_attach(&client, KEEP_POLICY, 60, NULL);
    T_OK(response);
    memcpy(token, response->attach->token.data, sizeof(token));
    client.session = response->attach->session;
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    t_client_close(&client);
    t_turn_for(&env->loop, 600); /* beyond the grace */
    assert_int_equal(t_stats(env).sessions, 1);
    t_client_open(&wrong, env);
    token[3] ^= 1;
    T_FAILS(t_attach(&wrong, 0, 0, &(ProtobufCBinaryData){16, token}), SESSION);
    T_FAILS(t_attach(&wrong, 0, 0, &(ProtobufCBinaryData){15, token}), SESSION);
    token[3] ^= 1;
    response = t_attach(&wrong, 0, 0, &(ProtobufCBinaryData){16, token});
    T_OK(response);
    assert_true(response->attach->session == client.session);
    assert_int_equal(response->attach->n_ids, 1);
    assert_int_equal(response->attach->ids[0], id);
    assert_int_equal(t_stats(env).counters.sessions_resumed, 1);
    t_client_close(&wrong);
}

static void test_token_of_another_uid(void **state)
{
    struct t_rpc *env = *state;
    struct t_client root, other;
    t_client_open_as(&other, env, T_OTHER_UID);
    t_client_open(&root, env);
    ProtobufCBinaryData token = t_attach(&root, 0, 0, NULL)->attach->token;
    other.session = root.response->attach->session;
    T_FAILS(t_listen(&other, 80, 0), SESSION);
    other.session = 0;
    T_FAILS(t_attach(&other, 0, 0, &token), SESSION);
    t_client_close(&root);
    t_client_close(&other);
}

static void test_broken_link_goes_on_in_its_session(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    uint64_t id = attached(&client, env, ABORT_POLICY, &peer);
    for (int i = 0; i < 5; i++) {
        t_client_reconnect(&client);
        T_OK(t_status(&client, id)); /* names the session: the new link is bound to it */
        t_turn_for(&env->loop, 200);
    }
    t_turn_for(&env->loop, 600);
    T_OK(t_status(&client, id));
    t_client_close(&client);
}

static void test_unknown_session(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    client.session = 4711;
    T_FAILS(t_listen(&client, 80, 0), SESSION);
    assert_string_equal(client.response->status->message, "session 4711 is unknown or has expired");
    assert_string_equal(client.response->status->errno_name, "ESTALE");
    T_FAILS(t_detach(&client), SESSION);
    t_client_close(&client);
}

static void test_detach_applies_the_policy_once(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    uint64_t id = attached(&client, env, ABORT_POLICY, &peer);
    client.request_id = 90;
    T_OK(t_detach(&client));
    client.request_id = 90;
    T_OK(t_detach(&client)); /* repeated */
    T_FAILS(t_status(&client, id), SESSION);
    t_turn_until(&env->loop, has_no_session, env);
    assert_int_equal(t_peer_error(env, peer), TE_ERR_RESET);
    client.session = 0;
    T_FAILS(t_status(&client, id), NOT_FOUND);
    t_client_close(&client);
}

static void test_objects_without_session_stay(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    t_client_close(&client);
    t_turn_for(&env->loop, 600);
    t_client_open(&client, env);
    T_OK(t_status(&client, id));
    assert_int_equal(client.response->connection->connection->state,
                     TCPENGINE__V1__STATE__ESTABLISHED);
    t_client_close(&client);
}

static void test_closed_objects_leave_their_session(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    uint64_t id = attached(&client, env, ABORT_POLICY, &peer);
    T_OK(t_send(&client, &(struct t_send){.id = id, .data = "last words", .len = 10}));
    T_OK(t_close(&client, id, 0));
    t_client_close(&client);
    t_turn_until(&env->loop, has_no_session, env);
    assert_int_equal(t_peer_error(env, peer), TE_OK); /* CLOSE was asked for, and holds */
    assert_int_equal(t_peer_state(env, peer), TE_CLOSE_WAIT);
    assert_int_equal(t_stats(env).counters.session_objects_aborted, 0);
}

static void test_accepted_ones_belong_to_the_session(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    client.session = t_attach(&client, ABORT_POLICY, 0, NULL)->attach->session;
    uint64_t listener = t_listen(&client, 80, 0)->open->id;
    uint64_t peer = t_peer_open(env, 80);
    T_OK(t_accept(&client, listener, 0, 60000));
    t_client_close(&client);
    t_turn_until(&env->loop, has_no_session, env);
    assert_int_equal(t_peer_error(env, peer), TE_ERR_RESET);
}

static void test_many_objects_end_over_several_turns(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    client.session = t_attach(&client, CLOSE_POLICY, 0, NULL)->attach->session;
    for (uint16_t port = 1; port <= 1000; port++)
        T_OK(t_listen(&client, port, 0));
    assert_int_equal(t_stats(env).objects, 1000);
    T_OK(t_detach(&client));
    t_turn_until(&env->loop, has_no_session, env);
    assert_int_equal(t_stats(env).counters.session_objects_closed, 1000);
    t_client_close(&client);
}

static void test_the_ids_of_a_large_session_are_cut(void **state)
{
    enum { IDS_MAX = 16384 };
    struct t_rpc *env = *state;
    struct t_client client;
    uint8_t token[16];
    env->is_cable_cut = true;
    t_client_open(&client, env);
    const pb_response *response = t_attach(&client, ABORT_POLICY, 0, NULL);
    memcpy(token, response->attach->token.data, sizeof(token));
    client.session = response->attach->session;
    for (unsigned i = 0; i < IDS_MAX; i++)
        T_OK(t_open(&client, 80, 0, 0));
    response = t_attach(&client, 0, 0, &(ProtobufCBinaryData){16, token});
    assert_int_equal(response->attach->n_ids, IDS_MAX);
    assert_false(response->attach->ids_cut);
    T_OK(t_open(&client, 80, 0, 0));
    response = t_attach(&client, 0, 0, &(ProtobufCBinaryData){16, token});
    assert_int_equal(response->attach->n_ids, IDS_MAX);
    assert_true(response->attach->ids_cut);
    t_client_close(&client);
}

static void test_sessions_are_limited(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    env->options.sessions_per_uid_max = 2;
    t_rpc_restart(env);
    t_client_open(&client, env);
    T_OK(t_attach(&client, 0, 0, NULL));
    T_OK(t_attach(&client, 0, 0, NULL));
    T_FAILS(t_attach(&client, 0, 0, NULL), RESOURCES);
    T_FAILS(t_attach(&client, KEEP_POLICY, 86401, NULL), INVALID_ARGUMENT);
    T_FAILS(t_attach(&client, 3, 0, NULL), INVALID_ARGUMENT);
    assert_int_equal(t_stats(env).counters.sessions_refused, 2);
    t_client_close(&client);
}

static void test_end_of_the_rpc_leaves_connections(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    attached(&client, env, ABORT_POLICY, &peer);
    client.is_silent = true;
    t_receive(&client, 1, 0, 60000);
    t_turn(&env->loop);
    t_rpc_restart(env); /* the engine and its connections are the host's business */
    assert_int_equal(t_peer_state(env, peer), TE_ESTABLISHED);
    t_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, t_rpc_setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_death_aborts),
        TEST(test_death_closes),
        TEST(test_the_engine_knows_whose_clients_are_gone),
        TEST(test_keep_and_take_up_again),
        TEST(test_token_of_another_uid),
        TEST(test_broken_link_goes_on_in_its_session),
        TEST(test_unknown_session),
        TEST(test_detach_applies_the_policy_once),
        TEST(test_objects_without_session_stay),
        TEST(test_closed_objects_leave_their_session),
        TEST(test_accepted_ones_belong_to_the_session),
        TEST(test_many_objects_end_over_several_turns),
        TEST(test_the_ids_of_a_large_session_are_cut),
        TEST(test_sessions_are_limited),
        TEST(test_end_of_the_rpc_leaves_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
