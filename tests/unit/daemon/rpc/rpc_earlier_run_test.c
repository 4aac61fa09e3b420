/* What clients bring from an earlier run of the daemon. */
#include <string.h>

#include "rpc/rpc_support.h"

#define OLD_ID 4999 /* the last id before this run's */
#define OP(name) TCPENGINE__V1__REQUEST__OP_##name

static void assert_restarted(const struct t_client *client)
{
    T_FAILS(client->response, RESTARTED);
    assert_string_equal(client->response->status->errno_name, "ESTALE");
    assert_non_null(strstr(client->response->status->message, "an earlier run of the daemon"));
    assert_true(client->response->boot_id == rpc_boot_id(client->env->rpc));
}

static void test_ids_go_on(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_OK(t_listen(&client, 80, 0));
    assert_true(client.response->open->id == T_LATER_ID);
    T_OK(t_listen(&client, 81, 0));
    assert_true(client.response->open->id == T_LATER_ID + 1);
    t_client_close(&client);
}

static void call_with_id(struct t_client *client, uint64_t id, unsigned verb)
{
    const struct t_send send = {.id = id, .data = "x", .len = 1};
    pb_history history;
    pb_set_option option;
    pb_open open;
    tcpengine__v1__history__init(&history);
    tcpengine__v1__set_option__init(&option);
    tcpengine__v1__open__init(&open);
    history.id = option.id = open.listener_id = id;
    option.name = (char *)(uintptr_t) "nagle";
    switch (verb) {
    case 0:
        t_accept(client, id, 7, 60000);
        break;
    case 1:
        t_send(client, &send);
        break;
    case 2:
        t_receive(client, id, 0, 60000);
        break;
    case 3:
        t_shutdown(client, id);
        break;
    case 4:
        t_close(client, id, 60000);
        break;
    case 5:
        t_abort(client, id);
        break;
    case 6:
        t_status(client, id);
        break;
    case 7:
        t_call(client, OP(HISTORY), &history);
        break;
    case 8:
        t_call(client, OP(SET_OPTION), &option);
        break;
    default:
        t_call(client, OP(OPEN), &open);
        break;
    }
}

static void test_every_verb_knows_an_old_id(void **state)
{
    static const uint64_t old_ids[] = {1, 17, OLD_ID};
    struct t_client client;
    t_client_open(&client, *state);
    T_OK(t_listen(&client, 80, 0));
    for (unsigned i = 0; i < sizeof(old_ids) / sizeof(*old_ids); i++)
        for (unsigned verb = 0; verb < 10; verb++) {
            call_with_id(&client, old_ids[i], verb);
            assert_restarted(&client);
        }
    T_OK(t_status(&client, T_LATER_ID)); /* nothing happened to it */
    t_client_close(&client);
}

static void test_an_id_yet_to_come_is_not_found(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_FAILS(t_status(&client, T_LATER_ID), NOT_FOUND);
    T_FAILS(t_status(&client, T_LATER_ID + 1000), NOT_FOUND);
    T_FAILS(t_status(&client, 0), NOT_FOUND);
    t_client_close(&client);
}

/* An id of this run that has ended is gone, not old. */
static void test_a_closed_id_of_this_run(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_OK(t_listen(&client, 80, 0));
    T_OK(t_close(&client, T_LATER_ID, 0));
    T_FAILS(t_accept(&client, T_LATER_ID, 0, 0), NOT_FOUND);
    t_client_close(&client);
}

static void test_the_boot_id_of_a_request_is_checked(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    client.boot_id = rpc_boot_id(env->rpc);
    T_OK(t_listen(&client, 80, 0));
    client.boot_id++;
    t_listen(&client, 81, 0);
    assert_restarted(&client);
    t_attach(&client, TCPENGINE__V1__DEATH_POLICY__POLICY_CLOSE, 0, NULL);
    assert_restarted(&client);
    t_next_events(&client, 0, 0);
    assert_restarted(&client);
    struct te_totals totals;
    te_totals(env->pump.stack, &totals);
    assert_int_equal(totals.listeners, 1); /* nothing was opened */
    t_client_close(&client);
}

static void test_events_go_on(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    T_OK(t_next_events(&client, 0, 0));
    assert_true(client.response->next_events->last_seq == T_LATER_SEQ - 1);
    T_OK(t_listen(&client, 80, 0));
    T_OK(t_next_events(&client, 0, 5000));
    assert_true(client.response->next_events->lost == 0);
    assert_true(client.response->next_events->events[0]->seq == T_LATER_SEQ);
    T_OK(t_next_events(&client, T_LATER_SEQ - 1, 0)); /* as_of_seq before the first event */
    assert_true(client.response->next_events->events[0]->seq == T_LATER_SEQ);
    t_client_close(&client);
}

static void test_an_event_of_an_earlier_run(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    t_next_events(&client, 1, 60000);
    assert_restarted(&client);
    t_next_events(&client, T_LATER_SEQ - 2, 60000);
    assert_restarted(&client);
    T_OK(t_next_events(&client, UINT64_MAX, 0)); /* "from now on" */
    t_client_close(&client);
}

static uint64_t first_page(struct t_client *client)
{
    pb_list op;
    tcpengine__v1__list__init(&op);
    op.max = 1;
    T_OK(t_call(client, OP(LIST), &op));
    assert_false(client->response->list->done);
    return client->response->list->cursor;
}

static const pb_response *next_page(struct t_client *client, uint64_t cursor)
{
    pb_list op;
    tcpengine__v1__list__init(&op);
    op.cursor = cursor;
    return t_call(client, OP(LIST), &op);
}

static void test_a_cursor_of_an_earlier_run(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    for (uint16_t port = 80; port < 84; port++)
        T_OK(t_listen(&client, port, 0));
    uint64_t cursor = first_page(&client);
    T_OK(next_page(&client, cursor));
    assert_int_equal(client.response->list->n_connections, 3);
    env->options.boot_id = rpc_boot_id(env->rpc) ^ UINT64_C(0x1234567812345678);
    t_rpc_restart(env);
    t_client_reconnect(&client);
    next_page(&client, cursor);
    assert_restarted(&client);
    next_page(&client, 1); /* no cursor of anybody's */
    assert_restarted(&client);
    pb_time_wait_list op;
    tcpengine__v1__time_wait_list__init(&op);
    op.cursor = cursor;
    t_call(&client, OP(TIME_WAIT_LIST), &op);
    assert_restarted(&client);
    t_client_close(&client);
}

static void test_each_answer_is_announced_before_it_leaves(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t before = env->answers_announced;
    T_OK(t_listen(&client, 80, 0));
    assert_true(env->answers_announced == before + 1);
    T_FAILS(t_status(&client, OLD_ID), RESTARTED);
    assert_true(env->answers_announced == before + 2);
    t_client_close(&client);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, t_rpc_setup_later_run, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ids_go_on),
        TEST(test_every_verb_knows_an_old_id),
        TEST(test_an_id_yet_to_come_is_not_found),
        TEST(test_a_closed_id_of_this_run),
        TEST(test_the_boot_id_of_a_request_is_checked),
        TEST(test_events_go_on),
        TEST(test_an_event_of_an_earlier_run),
        TEST(test_a_cursor_of_an_earlier_run),
        TEST(test_each_answer_is_announced_before_it_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
