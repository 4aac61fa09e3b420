/* STATUS, the walk over all that has an id, totals, and what options do to a connection. */
#include <string.h>

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"
#include "tcp/conn/conn.h"

#define CONNECTIONS 300
#define LISTENERS 20
#define ENTRIES 40
#define IDS (CONNECTIONS + LISTENERS + ENTRIES + 1)

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    f.config.backlog_max = 64;
    fixture_start(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

static uint64_t open_one(uint16_t remote_port)
{
    struct te_open open = {.remote = {fixture_addr("10.0.0.2"), remote_port}, .uid = 1000};
    uint64_t id = 0;
    assert_int_equal(te_open_active(f.stack, &open, &id, f.now_us), TE_OK);
    return id;
}

static uint64_t listen_one(uint16_t port, uint32_t backlog)
{
    struct te_listen listen = {.local.port = port, .uid = 1001, .backlog = backlog};
    uint64_t id = 0;
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
    return id;
}

static uint64_t wait_one(uint16_t remote_port)
{
    struct te_time_wait_view view = {
        .id = f.stack->next_id++,
        .local = {fixture_addr("10.0.0.1"), 80},
        .remote = {fixture_addr("10.0.0.3"), remote_port},
        .uid = 1002,
        .snd_nxt = 5000,
        .rcv_nxt = 6000,
        .ts_ok = true,
        .from = TE_CLOSING,
        .fin_reacked = 3,
        .started_at_us = f.now_us,
        .ends_at_us = f.now_us + 2 * f.config.msl_us,
    };
    assert_true(te_time_wait_put(f.stack, &view));
    return view.id;
}

static struct te_status status_of(uint64_t id)
{
    struct te_status status;
    assert_int_equal(te_status(f.stack, id, &status), TE_OK);
    assert_int_equal(status.id, id);
    return status;
}

/* --- one -------------------------------------------------------------------------------------- */

static void status_of_a_listener(void **state)
{
    struct te_status status = status_of(listen_one(80, 7));
    (void)state;
    assert_int_equal(status.state, TE_LISTEN);
    assert_true(status.is_listener);
    assert_int_equal(status.local.port, 80);
    assert_true(te_addr_is_unspecified(&status.remote.addr));
    assert_int_equal(status.uid, 1001);
    assert_int_equal(status.send_queue_bytes, 7); /* the backlog */
    assert_int_equal(status.receive_queue_bytes, 0);
    assert_int_equal(status.timer, TE_TIMER_NONE);
    assert_int_equal(status.timer_at_us, TE_NEVER);
    assert_int_equal(status.opened_at_us, f.now_us);
    assert_int_equal(status.state_since_us, f.now_us);
    assert_string_equal(status.congestion_control, ""); /* no pointer that is NULL */
    assert_string_equal(status.recovery, "");
    assert_string_equal(status.mtu_probing, "");
}

static void status_of_an_opening(void **state)
{
    size_t accepted;
    uint64_t id = open_one(80);
    (void)state;
    assert_int_equal(te_send(f.stack, id, "12345", 5, &accepted, f.now_us), TE_OK);
    struct te_status status = status_of(id);
    assert_int_equal(status.state, TE_SYN_SENT);
    assert_false(status.is_listener);
    assert_int_equal(status.uid, 1000);
    assert_int_equal(status.send_accepted, 5);
    assert_int_equal(status.send_queue_bytes, 5);
    assert_int_equal(status.bytes_sent, 0); /* queued is not sent */
    assert_int_equal(status.snd_una, status.iss);
    assert_false(status.is_orphan);
    assert_int_equal(status.error, TE_OK);
    assert_string_equal(status.congestion_control, te_cc_name(0));
}

static void status_of_an_entry(void **state)
{
    struct te_status status = status_of(wait_one(4000));
    (void)state;
    assert_int_equal(status.state, TE_TIME_WAIT);
    assert_int_equal(status.time_wait_from, TE_CLOSING);
    assert_int_equal(status.time_wait_started_at_us, f.now_us);
    assert_int_equal(status.time_wait_ends_at_us, f.now_us + 2 * f.config.msl_us);
    assert_int_equal(status.timer, TE_TIMER_TIME_WAIT);
    assert_int_equal(status.timer_at_us, status.time_wait_ends_at_us);
    assert_int_equal(status.fin_reacked, 3);
    assert_int_equal(status.snd_una, 5000);
    assert_int_equal(status.snd_nxt, 5000);
    assert_int_equal(status.rcv_nxt, 6000);
    assert_true(status.timestamps && status.fin_queued && status.fin_received);
    assert_true(status.user_closed);
    assert_int_equal(status.uid, 1002);
    assert_string_equal(status.congestion_control, "");
    assert_int_equal(status.state_since_us, f.now_us); /* no history: since 2MSL began */
    assert_int_equal(status.opened_at_us, TE_NEVER);
}

/* --- all -------------------------------------------------------------------------------------- */

/* How many of kind there are; each is seen once, in the state of its kind. */
static unsigned walk(enum te_walk_kind kind, enum te_state expected, bool *seen)
{
    struct te_status status;
    uint64_t cursor = 0;
    unsigned count = 0;
    while (te_walk(f.stack, kind, &cursor, &status)) {
        assert_int_equal(status.state, expected);
        assert_true(status.id < IDS && !seen[status.id]);
        seen[status.id] = true;
        count++;
    }
    assert_false(te_walk(f.stack, kind, &cursor, &status)); /* the end stays the end */
    return count;
}

static void the_walk_sees_each_once(void **state)
{
    static bool seen[IDS];
    (void)state;
    memset(seen, 0, sizeof(seen));
    for (unsigned i = 0; i < CONNECTIONS; i++)
        (void)open_one((uint16_t)(1000 + i));
    for (unsigned i = 0; i < LISTENERS; i++)
        (void)listen_one((uint16_t)(1 + i), 0);
    for (unsigned i = 0; i < ENTRIES; i++)
        (void)wait_one((uint16_t)(1000 + i));
    assert_int_equal(walk(TE_WALK_CONNECTIONS, TE_SYN_SENT, seen), CONNECTIONS);
    assert_int_equal(walk(TE_WALK_LISTENERS, TE_LISTEN, seen), LISTENERS);
    assert_int_equal(walk(TE_WALK_TIME_WAIT, TE_TIME_WAIT, seen), ENTRIES);
    for (unsigned id = 1; id < IDS; id++)
        assert_true(seen[id]);
}

static void the_walk_over_nothing_ends(void **state)
{
    bool seen[IDS] = {false};
    (void)state;
    assert_int_equal(walk(TE_WALK_CONNECTIONS, TE_CLOSED, seen), 0);
    assert_int_equal(walk(TE_WALK_LISTENERS, TE_LISTEN, seen), 0);
    assert_int_equal(walk(TE_WALK_TIME_WAIT, TE_TIME_WAIT, seen), 0);
}

static void totals_add_up(void **state)
{
    struct te_totals totals;
    (void)state;
    te_totals(f.stack, &totals);
    assert_int_equal(totals.connections + totals.listeners + totals.time_wait + totals.orphans, 0);
    uint64_t table_bytes = totals.conn_memory_bytes, empty_bytes = totals.time_wait_memory_bytes;
    uint64_t dead = open_one(79);
    for (unsigned i = 0; i < 5; i++)
        (void)open_one((uint16_t)(80 + i));
    for (unsigned i = 0; i < 3; i++)
        (void)listen_one((uint16_t)(80 + i), 0);
    for (unsigned i = 0; i < 4; i++)
        (void)wait_one((uint16_t)(80 + i));
    assert_int_equal(te_close(f.stack, dead, f.now_us), TE_OK);
    te_totals(f.stack, &totals);
    assert_int_equal(totals.connections, 5);
    assert_int_equal(totals.listeners, 3);
    assert_int_equal(totals.time_wait, 4);
    assert_int_equal(totals.orphans, 0);
    assert_int_equal(totals.by_state[TE_SYN_SENT], 5);
    assert_int_equal(totals.by_state[TE_LISTEN], 3);
    assert_int_equal(totals.by_state[TE_TIME_WAIT], 4);
    assert_int_equal(totals.by_state[TE_CLOSED], 0);
    assert_int_equal(totals.conn_memory_bytes, table_bytes + 5 * sizeof(struct te_conn));
    assert_true(totals.time_wait_memory_bytes > empty_bytes);
    assert_int_equal(totals.buffer_memory_bytes, 0);
}

/* --- options ---------------------------------------------------------------------------------- */

/* How much SEND takes at once is the size of the buffer. */
static void a_send_buffer_is_a_power_of_two(void **state)
{
    static uint8_t bytes[1 << 18];
    static const struct {
        int64_t asked;
        size_t size_bytes;
    } rows[] = {{4096, 4096}, {4097, 8192}, {5000, 8192},
                {8191, 8192}, {8192, 8192}, {8193, 16384}};
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t id = open_one((uint16_t)(80 + i));
        size_t accepted = 0;
        assert_int_equal(
            te_set_option(f.stack, id, TE_OPTION_SEND_BUFFER_MAX, rows[i].asked, f.now_us), TE_OK);
        assert_int_equal(te_send(f.stack, id, bytes, sizeof(bytes), &accepted, f.now_us), TE_OK);
        assert_int_equal(accepted, rows[i].size_bytes);
    }
}

static void switches_show_in_the_status(void **state)
{
    uint64_t id = open_one(80);
    (void)state;
    for (int64_t value = 0; value < 2; value++) {
        assert_int_equal(te_set_option(f.stack, id, TE_OPTION_NAGLE, value, f.now_us), TE_OK);
        assert_int_equal(te_set_option(f.stack, id, TE_OPTION_KEEPALIVE, value, f.now_us), TE_OK);
        assert_int_equal(status_of(id).nagle, value);
        assert_int_equal(status_of(id).keepalive, value);
        /* No probe before the handshake is over (RFC 9293 3.8.4). */
        assert_int_not_equal(status_of(id).timer, TE_TIMER_KEEPALIVE);
    }
    assert_int_equal(te_set_option(f.stack, id, TE_OPTION_FEATURES, 0, f.now_us), TE_OK);
    assert_int_equal(status_of(id).features, 0);
    assert_int_equal(te_set_option(f.stack, id, TE_OPTION_FEATURES, TE_FEATURES_ALL, f.now_us),
                     TE_OK);
    assert_int_equal(status_of(id).features, TE_FEATURES_ALL);
}

/* RFC 5482 3 and RFC 9293 3.8.3: it counts while something sent is not acknowledged. */
static void a_user_timeout_is_armed_and_disarmed(void **state)
{
    (void)state;
    f.reborn = false; /* a pointer into the stack is kept */
    uint64_t id = open_one(80);
    const struct te_conn *conn = te_conn_table_find_id(f.stack, id);
    fixture_poll(&f); /* nothing is sent: the peer's MAC is not known */
    assert_int_equal(te_set_option(f.stack, id, TE_OPTION_USER_TIMEOUT_US, 100 * MS, f.now_us),
                     TE_OK);
    assert_int_equal(conn->timer_at_us[TE_TIMER_USER_TIMEOUT], TE_NEVER);
    input_answer(&f, "10.0.0.2", peer_mac); /* the SYN leaves */
    fixture_advance(&f, 10 * MS);
    assert_int_equal(te_set_option(f.stack, id, TE_OPTION_USER_TIMEOUT_US, 50 * MS, f.now_us),
                     TE_OK);
    assert_int_equal(conn->timer_at_us[TE_TIMER_USER_TIMEOUT], f.now_us + 50 * MS);
    assert_int_equal(te_set_option(f.stack, id, TE_OPTION_USER_TIMEOUT_US, 0, f.now_us), TE_OK);
    assert_int_equal(conn->timer_at_us[TE_TIMER_USER_TIMEOUT], TE_NEVER);
}

#define STATUS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATUS_TEST(status_of_a_listener),
        STATUS_TEST(status_of_an_opening),
        STATUS_TEST(status_of_an_entry),
        STATUS_TEST(the_walk_sees_each_once),
        STATUS_TEST(the_walk_over_nothing_ends),
        STATUS_TEST(totals_add_up),
        STATUS_TEST(a_send_buffer_is_a_power_of_two),
        STATUS_TEST(switches_show_in_the_status),
        STATUS_TEST(a_user_timeout_is_armed_and_disarmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
