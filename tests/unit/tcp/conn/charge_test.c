#include "support/lazy_memory.h"
#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/state.h"
#include "tcp/life.h"

#define KIB 1024u
#define BUDGET (16u * 1024 * KIB)

static struct lone l;
static struct lazy_memory memory;
static uint8_t data[64 * KIB];

static int setup(void **state)
{
    (void)state;
    fixture_init(&l.f);
    l.f.config.memory_max_bytes = BUDGET;
    l.f.config.unsent_max_bytes = BUDGET; /* nothing leaves here */
    l.f.config.buffer_memory = lazy_memory_init(&memory);
    lone_start_configured(&l); /* one connection of uid 1000, opened by us */
    l.conn->cc.cwnd_bytes = BUDGET;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

/* One that its peer has opened. */
static struct te_conn *opened_by(const char *remote, uint16_t port)
{
    struct te_addr addr = fixture_addr(remote);
    struct te_conn_birth birth = {
        .local = lone_endpoint(te_addr_is_v4(&addr) ? "10.0.0.1" : "2001:db8::1", 80),
        .remote = lone_endpoint(remote, port),
        .next_hop = addr,
        .uid = 1001,
        .state = TE_LISTEN,
    };
    enum te_err err = TE_OK;
    struct te_conn *conn = te_conn_new(l.stack, &birth, &err);
    assert_non_null(conn);
    conn->cc.cwnd_bytes = BUDGET;
    return conn;
}

static void expect_healthy(void)
{
    assert_null(te_charges_check(l.stack));
}

static void a_charge_is_all_that_a_connection_holds(void **state)
{
    (void)state;
    struct te_conn *conn = l.conn;
    assert_int_equal(te_charge_of(conn), sizeof(*conn));
    uint64_t used = l.stack->memory.used_bytes;
    te_send_append(l.stack, conn, data, sizeof(data));
    assert_int_equal(te_charge_of(conn), sizeof(*conn) + sizeof(data));
    assert_int_equal(l.stack->memory.used_bytes, used + sizeof(data));
    assert_int_equal(te_owner_find(l.stack, 1000)->bytes, sizeof(*conn) + sizeof(data));
    te_send_drop(l.stack, conn);
    assert_int_equal(te_charge_of(conn), sizeof(*conn));
    assert_int_equal(l.stack->memory.used_bytes, used);
    expect_healthy();
}

/* FIN_WAIT_1 is the third transition, for which a connection has no room of its own. */
static void a_long_history_is_charged(void **state)
{
    (void)state;
    struct te_conn *conn = l.conn;
    te_conn_set_state(l.stack, conn, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, NULL);
    te_conn_set_state(l.stack, conn, TE_ESTABLISHED, TE_CAUSE_RECV_SYN_ACK, NULL);
    assert_int_equal(te_charge_of(conn), sizeof(*conn));
    te_conn_set_state(l.stack, conn, TE_FIN_WAIT_1, TE_CAUSE_CLOSE, NULL);
    assert_true(te_history_more_bytes(&conn->history) > 0);
    assert_int_equal(te_charge_of(conn), sizeof(*conn) + te_history_more_bytes(&conn->history));
    assert_int_equal(te_owner_find(l.stack, 1000)->bytes, te_charge_of(conn));
    expect_healthy();
}

/* Rings that come from the allocator are counted there, once. */
static void plain_rings_are_counted_once(void **state)
{
    (void)state;
    lone_stop(&l);
    fixture_init(&l.f);
    l.f.config.memory_max_bytes = BUDGET;
    lone_start_configured(&l);
    uint64_t used = l.stack->memory.used_bytes;
    assert_int_equal(used, l.f.heap.held_bytes);
    te_send_append(l.stack, l.conn, data, 1000);
    assert_int_equal(l.stack->memory.used_bytes, used + 16 * KIB);
    assert_int_equal(l.stack->memory.used_bytes, l.f.heap.held_bytes);
    expect_healthy();
}

/* Nothing is charged to a remote to which we have connected. */
static void a_remote_pays_for_what_it_opens(void **state)
{
    (void)state;
    struct te_conn *conn = opened_by("10.0.0.7", 1);
    uint64_t one = te_charge_of(conn);
    assert_int_equal(te_charge_account_bytes(l.stack, conn), one);
    opened_by("10.0.0.7", 2);
    assert_int_equal(te_charge_account_bytes(l.stack, conn), 2 * one);
    opened_by("10.0.0.8", 1);
    assert_int_equal(te_charge_account_bytes(l.stack, conn), 2 * one);
    assert_int_equal(te_charge_account_bytes(l.stack, l.conn), te_charge_of(l.conn));
    te_conn_destroy(l.stack, conn);
    expect_healthy();
}

static void an_ipv6_remote_is_a_slash_64(void **state)
{
    (void)state;
    struct te_conn *conn = opened_by("2001:db8:1::1", 1);
    opened_by("2001:db8:1::ffff:ffff:ffff:ffff", 1);
    opened_by("2001:db8:1:1::1", 1);
    assert_int_equal(te_charge_account_bytes(l.stack, conn), 2 * te_charge_of(conn));
}

static void shares_admit_until_they_are_full(void **state)
{
    (void)state;
    struct te_addr remote = fixture_addr("10.0.0.7");
    struct te_charges *charges = &l.stack->charges;
    assert_int_equal(charges->per_uid_bytes, BUDGET / 2);
    assert_int_equal(charges->per_remote_bytes, BUDGET / 4);
    uint16_t port = 1;
    for (; te_charge_admits(l.stack, 1, &remote) && port < 100; port++) {
        struct te_conn *conn = opened_by("10.0.0.7", port);
        for (unsigned i = 0; i < 16; i++)
            te_send_append(l.stack, conn, data, sizeof(data));
    }
    assert_in_range(port, 4, 20);
    assert_false(te_charge_admits(l.stack, 1, &remote));
    assert_true(te_charge_admits(l.stack, 1, NULL));
    charges->is_pressed = true; /* a quarter of the share of uid 1001 is less than it holds */
    assert_false(te_charge_admits(l.stack, 1001, NULL));
    assert_true(te_charge_admits(l.stack, 1, NULL));
    charges->is_pressed = false;
    expect_healthy();
}

static void beyond_the_budget_there_is_not_even_a_reserve(void **state)
{
    (void)state;
    uint64_t used = l.stack->memory.used_bytes;
    l.stack->memory.used_bytes = BUDGET - 1000;
    assert_int_equal(te_send_append(l.stack, l.conn, data, 100), 0);
    assert_int_equal(te_charge_window_cap(l.stack, l.conn), 4 * KIB);
    l.stack->memory.used_bytes = BUDGET - 5000;
    assert_int_equal(te_send_append(l.stack, l.conn, data, 100), 100);
    assert_int_equal(te_ring_size(&l.conn->send_ring), 4 * KIB);
    te_send_drop(l.stack, l.conn);
    l.stack->memory.used_bytes = used;
    assert_int_equal(te_charge_window_cap(l.stack, l.conn), 0);
}

static void a_birth_without_memory_for_its_account_fails(void **state)
{
    (void)state;
    struct te_conn_birth birth = {
        .local = lone_endpoint("10.0.0.1", 80),
        .remote = lone_endpoint("10.0.0.9", 1),
        .uid = 4000,
        .state = TE_CLOSED,
    };
    enum te_err err = TE_OK;
    for (uint32_t uid = 1; uid < TE_OWNERS_BUILT_IN; uid++)
        te_owner_join(l.stack, uid);
    int64_t held_bytes = l.f.heap.held_bytes;
    l.f.heap.allocations_left = 1;
    assert_null(te_conn_new(l.stack, &birth, &err));
    assert_int_equal(err, TE_ERR_NOMEM);
    assert_null(te_owner_find(l.stack, 4000));
    assert_int_equal(l.f.heap.held_bytes, held_bytes);
    assert_false(te_charge_move(l.stack, l.conn, 4000));
    assert_int_equal(l.conn->uid, 1000);
}

static void expect_wrong(const char *sentence)
{
    const char *found = te_charges_check(l.stack);
    assert_non_null(found);
    assert_string_equal(found, sentence);
}

static void false_accounts_are_found(void **state)
{
    (void)state;
    opened_by("10.0.0.7", 1);
    struct te_charges *charges = &l.stack->charges;
    l.conn->charged_rest_bytes++;
    expect_wrong("a connection's charge is not what it holds");
    l.conn->charged_rest_bytes--;
    charges->charged_bytes++;
    expect_wrong("bytes charged: the account differs from a recount");
    charges->charged_bytes--;
    charges->holder_count++;
    expect_wrong("holders of stream memory: the account differs from a recount");
    charges->holder_count--;
    te_owner_find(l.stack, 1000)->bytes++;
    expect_wrong("bytes charged to uids: the accounts differ from a recount");
    te_owner_find(l.stack, 1000)->bytes--;
    te_owner_find(l.stack, 1000)->orphans++;
    expect_wrong("orphans of uids: the accounts differ from a recount");
    te_owner_find(l.stack, 1000)->orphans--;
    te_owner_find(l.stack, 1000)->connections++;
    expect_wrong("connections of uids: the accounts differ from a recount");
    te_owner_find(l.stack, 1000)->connections--;
    charges->remotes[2][5]++;
    expect_wrong("bytes charged to remotes: the accounts differ from a recount");
    charges->remotes[2][5]--;
    te_send_append(l.stack, l.conn, data, sizeof(data));
    te_list_remove(&l.conn->holder_link);
    expect_wrong("a connection with stream memory is not among the holders, or one without is");
    te_list_push_back(&charges->holders, &l.conn->holder_link);
    expect_healthy();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* The sums are right, and the one has what is the other's. */
static void counts_of_another_are_found(void **state)
{
    uint64_t *from = NULL, (*rows)[TE_CHARGE_ROW_LEN] = l.stack->charges.remotes;
    (void)state;
    opened_by("10.0.0.7", 1);
    struct te_owner *other = te_owner_join(l.stack, 7), *owner = te_owner_find(l.stack, 1000);
    other->connections--;
    assert_null(te_charges_check(l.stack));
    owner->bytes -= 10;
    other->bytes += 10;
    expect_wrong("bytes charged to uids: the accounts differ from a recount");
    owner->bytes += 10;
    other->bytes -= 10;
    owner->connections--;
    other->connections++;
    expect_wrong("connections of uids: the accounts differ from a recount");
    owner->connections++;
    for (unsigned i = 0; i < TE_CHARGE_ROW_LEN - 1 && from == NULL; i++)
        from = rows[1][i] > 0 ? &rows[1][i] : NULL;
    assert_non_null(from);
    te_owner_leave(l.stack, 7);
    from[0]--;
    from[1]++;
    expect_wrong("bytes charged to remotes: the accounts differ from a recount");
    from[0]++;
    from[1]--;
    assert_null(te_charges_check(l.stack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_charge_is_all_that_a_connection_holds),
        TEST(a_long_history_is_charged),
        TEST(plain_rings_are_counted_once),
        TEST(a_remote_pays_for_what_it_opens),
        TEST(an_ipv6_remote_is_a_slash_64),
        TEST(shares_admit_until_they_are_full),
        TEST(beyond_the_budget_there_is_not_even_a_reserve),
        TEST(a_birth_without_memory_for_its_account_fails),
        TEST(false_accounts_are_found),
        TEST(counts_of_another_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
