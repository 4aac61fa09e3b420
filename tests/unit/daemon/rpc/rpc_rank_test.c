/* Rank, and List of ids. */
#include <string.h>
#include <sys/prctl.h>

#include "rpc/rpc_state.h"
#include "rpc_support.h"
#include "support/test.h"

enum { MANY = 700 };

static const pb_rank_result *rank(struct t_client *client, const pb_rank *op)
{
    pb_rank copy = *op;
    const pb_response *response = t_call(client, RPC_OP(RANK), &copy);
    T_OK(response);
    return response->rank;
}

static pb_rank rank_by(unsigned key)
{
    pb_rank op;
    tcpengine__v1__rank__init(&op);
    op.key = (Tcpengine__V1__RankKey)key;
    op.still_below_id = UINT64_MAX;
    return op;
}

static const pb_list_result *list_ids(struct t_client *client, uint64_t *ids, size_t count)
{
    pb_list op;
    tcpengine__v1__list__init(&op);
    op.ids = ids;
    op.n_ids = count;
    const pb_response *response = t_call(client, RPC_OP(LIST), &op);
    T_OK(response);
    return response->list;
}

/* Ids of listeners on the ports from 1000 on. */
static void listen_many(struct t_client *client, uint64_t *ids, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ids[i] = t_listen(client, (uint16_t)(1000 + i), 0)->open->id;
}

/* --- the walk --------------------------------------------------------------------------------- */

static void test_each_is_ranked_once_over_the_pages(void **state)
{
    struct t_client client;
    static uint64_t ids[MANY];
    static unsigned seen[MANY];
    t_client_open(&client, *state);
    listen_many(&client, ids, MANY);
    memset(seen, 0, sizeof(seen));
    pb_rank op = rank_by(0);
    uint64_t matched = 0;
    unsigned pages = 0;
    for (bool is_done = false; !is_done; pages++) {
        const pb_rank_result *page = rank(&client, &op);
        assert_int_equal(page->n_ids, page->n_values);
        assert_int_equal(page->n_more, 0);
        assert_true(page->n_ids <= 256);
        for (size_t i = 0; i < page->n_ids; i++) {
            assert_int_equal(page->values[i], page->ids[i]);
            for (unsigned k = 0; k < MANY; k++)
                seen[k] += ids[k] == page->ids[i];
        }
        matched += page->matched;
        op.cursor = page->cursor;
        is_done = page->done;
    }
    assert_int_equal(matched, MANY);
    assert_true(pages >= 3);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(seen[i], 1);
    t_client_close(&client);
}

static void test_only_what_comes_before_is_sent(void **state)
{
    struct t_client client;
    uint64_t ids[5];
    t_client_open(&client, *state);
    listen_many(&client, ids, 5);
    pb_rank op = rank_by(0);
    op.has_beyond = true;
    op.beyond = ids[2];
    const pb_rank_result *result = rank(&client, &op);
    assert_int_equal(result->n_ids, 2);
    assert_true(result->ids[0] > ids[2] && result->ids[1] > ids[2]);
    assert_int_equal(result->matched, 5); /* the others count as well */
    assert_int_equal(result->highest_id, ids[4]);
    assert_true(result->done);
    op.lowest = true;
    result = rank(&client, &op);
    assert_int_equal(result->n_ids, 2);
    assert_true(result->ids[0] < ids[2] && result->ids[1] < ids[2]);
    t_client_close(&client);
}

/* All listeners have the same state: of equals, lower ids come first, whatever the direction. */
static void test_of_equals_those_with_lower_ids_come_before(void **state)
{
    struct t_client client;
    uint64_t ids[5];
    t_client_open(&client, *state);
    listen_many(&client, ids, 5);
    for (unsigned lowest = 0; lowest < 2; lowest++) {
        pb_rank op = rank_by(TCPENGINE__V1__RANK_KEY__RANK_STATE);
        op.has_beyond = true;
        op.lowest = lowest != 0;
        op.beyond = TE_LISTEN;
        op.beyond_id = ids[1];
        const pb_rank_result *result = rank(&client, &op);
        assert_int_equal(result->n_ids, 1);
        assert_int_equal(result->ids[0], ids[0]);
    }
    t_client_close(&client);
}

static void test_states_and_filter_select(void **state)
{
    struct t_client client;
    uint64_t ids[3], peer;
    t_client_open(&client, *state);
    listen_many(&client, ids, 3);
    uint64_t connection = t_connected(&client, &peer);
    pb_rank op = rank_by(0);
    op.states = 1u << TE_ESTABLISHED;
    const pb_rank_result *result = rank(&client, &op);
    assert_int_equal(result->n_ids, 1);
    assert_int_equal(result->ids[0], connection);
    op.states = 1u << TE_LISTEN;
    assert_int_equal(rank(&client, &op)->matched, 3);
    op.states = 0;
    pb_filter_node node, *nodes = &node;
    tcpengine__v1__filter_node__init(&node);
    node.kind = TCPENGINE__V1__FILTER_KIND__FILTER_NUMBER; /* sport = 1001 */
    node.field = TCPENGINE__V1__FILTER_FIELD__FILTER_LOCAL;
    node.number = 1001;
    op.filter = &nodes;
    op.n_filter = 1;
    result = rank(&client, &op);
    assert_int_equal(result->matched, 1);
    assert_int_equal(result->ids[0], ids[1]);
    t_client_close(&client);
}

static void test_entries_of_time_wait_are_ranked_when_asked_for(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    T_OK(t_close(&client, id, 1000));
    assert_int_equal(te_close(env->peer, peer, t_now_us(env)), TE_OK);
    for (unsigned i = 0; i < 20; i++)
        T_OK(t_next_events(&client, 0, 0)); /* turns of the loop */
    pb_rank op = rank_by(TCPENGINE__V1__RANK_KEY__RANK_STATE);
    op.states = 1u << TE_TIME_WAIT;
    const pb_rank_result *result = rank(&client, &op);
    assert_int_equal(result->n_ids, 1);
    assert_int_equal(result->ids[0], id);
    assert_int_equal(result->values[0], TE_TIME_WAIT);
    const pb_list_result *list = list_ids(&client, &id, 1);
    assert_int_equal(list->n_connections, 1);
    assert_int_equal(list->connections[0]->state, TE_TIME_WAIT);
    t_client_close(&client);
}

/* --- values ----------------------------------------------------------------------------------- */

static void test_bytes_are_those_received_and_those_acknowledged(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    const struct t_send send = {.id = id, .data = "hello", .len = 5};
    T_OK(t_send(&client, &send));
    t_peer_send(env, peer, "goodbye", 7);
    T_OK(t_receive(&client, id, 0, 5000));
    t_skip(env, TE_SECOND); /* delayed ACKs */
    pb_rank op = rank_by(TCPENGINE__V1__RANK_KEY__RANK_BYTES);
    op.states = 1u << TE_ESTABLISHED;
    const pb_rank_result *result = rank(&client, &op);
    assert_int_equal(result->n_more, 1);
    assert_int_equal(result->values[0], 7);
    assert_int_equal(result->more[0], 5);
    t_client_close(&client);
}

static void test_peers_and_programs_are_16_bytes(void **state)
{
    struct t_client client;
    uint64_t peer;
    prctl(PR_SET_NAME, "billing-worker");
    t_client_open(&client, *state);
    t_connected(&client, &peer);
    pb_rank op = rank_by(TCPENGINE__V1__RANK_KEY__RANK_PEER);
    op.states = 1u << TE_ESTABLISHED;
    const pb_rank_result *result = rank(&client, &op);
    assert_int_equal(result->values[0], 0);
    assert_int_equal(result->more[0], UINT64_C(0x0000ffff0a000002)); /* ::ffff:10.0.0.2 */
    op.key = TCPENGINE__V1__RANK_KEY__RANK_PROGRAM;
    result = rank(&client, &op);
    assert_int_equal(result->values[0], UINT64_C(0x62696c6c696e672d)); /* "billing-" */
    assert_int_equal(result->more[0], UINT64_C(0x776f726b65720000));   /* "worker" */
    t_client_close(&client);
}

static void test_those_that_have_not_moved_can_be_left_out(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peers[2];
    t_client_open(&client, env);
    uint64_t still = t_connected(&client, &peers[0]);
    t_skip(env, 10 * TE_SECOND);
    uint64_t moved = t_connected(&client, &peers[1]);
    pb_rank op = rank_by(TCPENGINE__V1__RANK_KEY__RANK_BYTES);
    op.states = 1u << TE_ESTABLISHED;
    op.moved_within_us = 5 * TE_SECOND;
    op.still_below_id = 0;
    const pb_rank_result *result = rank(&client, &op);
    assert_int_equal(result->n_ids, 1);
    assert_int_equal(result->ids[0], moved);
    assert_int_equal(result->matched, 2);
    op.still_below_id = still;
    assert_int_equal(rank(&client, &op)->n_ids, 1);
    op.still_below_id = still + 1;
    assert_int_equal(rank(&client, &op)->n_ids, 2);
    t_client_close(&client);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void test_others_connections_are_not_ranked_or_listed(void **state)
{
    struct t_rpc *env = *state;
    struct t_client root, other;
    uint64_t ids[2];
    t_client_open(&root, env);
    t_client_open_as(&other, env, T_OTHER_UID);
    ids[0] = t_listen(&root, 80, 0)->open->id;
    ids[1] = t_listen(&other, 8080, 0)->open->id;
    pb_rank op = rank_by(0);
    const pb_rank_result *result = rank(&other, &op);
    assert_int_equal(result->matched, 1);
    assert_int_equal(result->highest_id, ids[1]);
    assert_int_equal(result->ids[0], ids[1]);
    assert_int_equal(rank(&root, &op)->matched, 2);
    const pb_list_result *list = list_ids(&other, ids, 2);
    assert_int_equal(list->n_connections, 1);
    assert_int_equal(list->connections[0]->id, ids[1]);
    t_client_close(&root);
    t_client_close(&other);
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    struct t_client client;
    static uint64_t ids[129];
    t_client_open(&client, *state);
    pb_rank op = rank_by(77);
    T_FAILS(t_call(&client, RPC_OP(RANK), &op), INVALID_ARGUMENT);
    op = rank_by(0);
    op.cursor = 12345;
    T_FAILS(t_call(&client, RPC_OP(RANK), &op), RESTARTED);
    pb_list list;
    tcpengine__v1__list__init(&list);
    list.ids = ids;
    list.n_ids = 129;
    T_FAILS(t_call(&client, RPC_OP(LIST), &list), INVALID_ARGUMENT);
    t_client_close(&client);
}

static void test_ids_are_listed_in_the_order_asked_for(void **state)
{
    struct t_client client;
    uint64_t ids[3];
    t_client_open(&client, *state);
    listen_many(&client, ids, 3);
    uint64_t asked[] = {ids[2], 999999999, ids[0]};
    const pb_list_result *list = list_ids(&client, asked, 3);
    assert_int_equal(list->n_connections, 2);
    assert_int_equal(list->connections[0]->id, ids[2]);
    assert_int_equal(list->connections[1]->id, ids[0]);
    assert_true(list->done);
    t_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, t_rpc_setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_is_ranked_once_over_the_pages),
        TEST(test_only_what_comes_before_is_sent),
        TEST(test_of_equals_those_with_lower_ids_come_before),
        TEST(test_states_and_filter_select),
        TEST(test_entries_of_time_wait_are_ranked_when_asked_for),
        TEST(test_bytes_are_those_received_and_those_acknowledged),
        TEST(test_peers_and_programs_are_16_bytes),
        TEST(test_those_that_have_not_moved_can_be_left_out),
        TEST(test_others_connections_are_not_ranked_or_listed),
        TEST(test_what_makes_no_sense_is_refused),
        TEST(test_ids_are_listed_in_the_order_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
