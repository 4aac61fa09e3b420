#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "rpc/rpc_owner.h"
#include "rpc/rpc_state.h"
#include "rpc_support.h"
#include "support/test.h"

#define PROGRAM "billing-worker"

static int setup(void **state)
{
    prctl(PR_SET_NAME, PROGRAM);
    return t_rpc_setup(state);
}

static const pb_owner *owner_of(struct t_client *client, uint64_t id)
{
    const pb_response *response = t_status(client, id);
    T_OK(response);
    return response->connection->connection->owner;
}

/* t_attach() gives a name. */
static uint64_t attach(struct t_client *client, const char *name, unsigned policy,
                       uint32_t keep_seconds)
{
    pb_attach op;
    tcpengine__v1__attach__init(&op);
    op.client_name = (char *)(uintptr_t)name;
    op.policy = (pb_policy)policy;
    op.keep_seconds = keep_seconds;
    const pb_response *response = t_call(client, RPC_OP(ATTACH), &op);
    T_OK(response);
    return response->attach->session;
}

static void assert_is_this_process(const pb_owner *owner, const char *session)
{
    assert_non_null(owner);
    assert_int_equal(owner->uid, getuid());
    assert_int_equal(owner->pid, getpid());
    assert_string_equal(owner->program, PROGRAM);
    assert_string_equal(owner->session, session);
    assert_false(owner->gone);
}

static void test_what_is_made_names_its_process_and_session(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    struct rpc_owner owner;
    t_client_open(&client, env);
    uint64_t bare = t_listen(&client, 80, 0)->open->id;
    client.session = attach(&client, "night run\x1b[1m", 0, 0);
    uint64_t named = t_listen(&client, 81, 0)->open->id;
    assert_is_this_process(owner_of(&client, bare), "");
    assert_is_this_process(owner_of(&client, named), "night run?[1m");
    assert_true(rpc_owner_find(env->rpc, named, &owner));
    assert_string_equal(owner.session, "night run?[1m");
    assert_int_equal(owner.pid, getpid());
    assert_false(rpc_owner_find(env->rpc, named + 100, &owner));
    t_client_close(&client);
}

static void test_a_session_without_a_name_takes_the_programs(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    client.session = attach(&client, "", 0, 0);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    assert_is_this_process(owner_of(&client, id), PROGRAM);
    t_client_close(&client);
}

/* A connection of a listener is the listener's until it is accepted, and then its acceptor's. */
static void test_accepting_changes_the_owner(void **state)
{
    struct t_rpc *env = *state;
    struct t_client listening, accepting;
    struct rpc_owner owner;
    t_client_open(&listening, env);
    t_client_open(&accepting, env);
    listening.session = attach(&listening, "", 0, 0);
    uint64_t listener = t_listen(&listening, 80, 0)->open->id, waiting = listener + 1;
    t_peer_open(env, 80);
    assert_true(rpc_owner_find(env->rpc, waiting, &owner));
    assert_string_equal(owner.session, PROGRAM);
    const pb_response *response = t_accept(&accepting, listener, 0, 1000);
    T_OK(response);
    assert_int_equal(response->accept->id, waiting);
    assert_true(rpc_owner_find(env->rpc, waiting, &owner));
    assert_string_equal(owner.session, ""); /* the acceptor has none */
    t_client_close(&listening);
    t_client_close(&accepting);
}

/* --- what is kept ----------------------------------------------------------------------------- */

static const pb_event *last_event_of(struct t_client *client, uint64_t id)
{
    const pb_event *last = NULL;
    const pb_response *response = t_next_events(client, 0, 0);
    T_OK(response);
    for (size_t i = 0; i < response->next_events->n_events; i++)
        if (response->next_events->events[i]->id == id)
            last = response->next_events->events[i];
    assert_non_null(last);
    return last;
}

/* The link has gone, the listener is closed, other clients have come and gone. */
static void test_history_and_events_name_it_afterwards(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client, other;
    t_client_open(&client, env);
    client.session = attach(&client, "", 0, 0);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    T_OK(t_detach(&client));
    t_client_close(&client);
    for (unsigned i = 0; i < 10; i++) {
        t_client_open(&other, env);
        other.session = 0;
        T_OK(t_listen(&other, (uint16_t)(1000 + i), 0));
        if (i < 9)
            t_client_close(&other);
    }
    pb_history op;
    tcpengine__v1__history__init(&op);
    op.id = id;
    const pb_response *response = t_call(&other, RPC_OP(HISTORY), &op);
    T_OK(response);
    assert_true(response->history->is_gone);
    assert_is_this_process(response->history->owner, PROGRAM);
    assert_is_this_process(last_event_of(&other, id)->owner, PROGRAM);
    t_client_close(&other);
}

/* --- Sessions --------------------------------------------------------------------------------- */

static const pb_sessions_result *sessions(struct t_client *client, uint64_t cursor, uint32_t max)
{
    pb_sessions op;
    tcpengine__v1__sessions__init(&op);
    op.cursor = cursor;
    op.max = max;
    const pb_response *response = t_call(client, RPC_OP(SESSIONS), &op);
    T_OK(response);
    return response->sessions;
}

static void test_sessions_are_listed_with_what_they_hold(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    assert_int_equal(sessions(&client, 0, 0)->n_sessions, 0);
    client.session = attach(&client, "", 2, 60);
    t_connected(&client, &peer);
    T_OK(t_listen(&client, 81, 0));
    t_skip(env, 2 * TE_SECOND);
    const pb_sessions_result *result = sessions(&client, 0, 0);
    assert_int_equal(result->n_sessions, 1);
    assert_true(result->done);
    const pb_session *session = result->sessions[0];
    assert_int_equal(session->number, 1);
    assert_string_equal(session->name, PROGRAM);
    assert_int_equal(session->uid, getuid());
    assert_is_this_process(session->owner, PROGRAM);
    assert_int_equal(session->policy, 2);
    assert_int_equal(session->keep_seconds, 60);
    assert_int_equal(session->connections, 1);
    assert_int_equal(session->listeners, 1);
    assert_true(session->age_ms >= 2000);
    assert_true(session->attached);
    t_client_close(&client);
}

static void test_sessions_come_in_pages(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    for (unsigned i = 0; i < 3; i++)
        T_OK(t_attach(&client, 0, 0, NULL));
    const pb_sessions_result *result = sessions(&client, 0, 2);
    assert_int_equal(result->n_sessions, 2);
    assert_int_equal(result->sessions[0]->number, 1);
    assert_int_equal(result->sessions[1]->number, 2);
    assert_false(result->done);
    result = sessions(&client, result->cursor, 2);
    assert_int_equal(result->n_sessions, 1);
    assert_int_equal(result->sessions[0]->number, 3);
    assert_true(result->done);
    t_client_close(&client);
}

static void test_sessions_of_others_are_not_shown(void **state)
{
    struct t_rpc *env = *state;
    struct t_client root, other;
    t_client_open(&root, env);
    t_client_open_as(&other, env, T_OTHER_UID);
    T_OK(t_attach(&root, 0, 0, NULL));
    T_OK(t_attach(&other, 0, 0, NULL));
    const pb_sessions_result *result = sessions(&other, 0, 0);
    assert_int_equal(result->n_sessions, 1);
    assert_int_equal(result->sessions[0]->uid, T_OTHER_UID);
    assert_int_equal(sessions(&root, 0, 0)->n_sessions, 2);
    t_client_close(&root);
    t_client_close(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_made_names_its_process_and_session),
        TEST(test_a_session_without_a_name_takes_the_programs),
        TEST(test_accepting_changes_the_owner),
        TEST(test_history_and_events_name_it_afterwards),
        TEST(test_sessions_are_listed_with_what_they_hold),
        TEST(test_sessions_come_in_pages),
        TEST(test_sessions_of_others_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
