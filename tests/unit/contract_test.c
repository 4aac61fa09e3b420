/* conn.h: each error under the condition that the header names, and what it leaves behind. States
 * against calls are in tests/script/user_call_script_test.c; here is what depends on arguments,
 * limits, memory, and time. */
#include <string.h>

#include "stack_internal.h"
#include "support/couple.h"
#include "support/test.h"

#define NOBODY UINT64_C(4711)

static struct couple c;

static int start(void **state)
{
    (void)state;
    couple_init(&c);
    couple_start(&c);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    couple_stop(&c);
    return 0;
}

static struct te_endpoint endpoint(const char *addr, uint16_t port)
{
    return (struct te_endpoint){fixture_addr(addr), port};
}

/* --- OPEN ------------------------------------------------------------------------------------- */

/* After an error nothing has changed. */
static void assert_open(enum te_err expected, const struct te_open *open)
{
    struct te_totals before, after;
    uint64_t id = NOBODY;
    te_totals(c.a.stack, &before);
    assert_int_equal(te_open_active(c.a.stack, open, &id, c.a.now_us), expected);
    if (expected == TE_OK)
        return;
    assert_int_equal(id, NOBODY);
    te_totals(c.a.stack, &after);
    assert_memory_equal(&before, &after, sizeof(before));
    fixture_poll(&c.a);
    fixture_expect_none(&c.a);
}

static void open_names_a_remote_that_can_be_reached(void **state)
{
    (void)state;
    assert_open(TE_ERR_REMOTE_UNSPECIFIED, &(struct te_open){.remote = endpoint("10.0.0.2", 0)});
    assert_open(TE_ERR_REMOTE_UNSPECIFIED, &(struct te_open){.remote = endpoint("0.0.0.0", 80)});
    assert_open(TE_ERR_REMOTE_UNSPECIFIED, &(struct te_open){.remote = endpoint("::", 80)});
    static const char *const wrong[] = {"224.0.0.1", "10.0.0.255", "255.255.255.255", "127.0.0.1",
                                        "::1",       "ff02::1",    "10.0.0.1" /* ours */};
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_open(TE_ERR_INVALID, &(struct te_open){.remote = endpoint(wrong[i], 80)});
    assert_open(TE_ERR_NO_ROUTE, &(struct te_open){.remote = endpoint("192.0.2.1", 80)});
}

static void open_names_a_local_address_of_ours(void **state)
{
    struct te_open open = {.remote = endpoint("10.0.0.2", 81)};
    (void)state;
    open.local = endpoint("10.0.0.3", 0);
    assert_open(TE_ERR_ADDR_NOT_AVAILABLE, &open);
    open.local = endpoint("2001:db8::1", 0); /* of the other family */
    assert_open(TE_ERR_ADDR_NOT_AVAILABLE, &open);
    open.local = endpoint("10.0.0.1", 0);
    assert_open(TE_OK, &open);
}

static void open_takes_a_tuple_once(void **state)
{
    struct te_open open = {.local = c.conn->local, .remote = c.conn->remote};
    (void)state;
    assert_open(TE_ERR_EXISTS, &open);
    open.local.port ^= 1;
    assert_open(TE_OK, &open);
}

static void open_needs_a_free_ephemeral_port(void **state)
{
    struct te_open open = {.remote = endpoint("10.0.0.2", 81)};
    (void)state;
    c.a.stack->config.port_first = c.a.stack->config.port_last = 50000;
    assert_open(TE_OK, &open);
    fixture_poll(&c.a);
    fixture_discard(&c.a);
    assert_open(TE_ERR_ADDR_IN_USE, &open);
    open.remote.port = 82; /* toward another remote the port is free */
    assert_open(TE_OK, &open);
}

static void open_keeps_to_the_limit_of_connections(void **state)
{
    struct te_open open = {.remote = endpoint("10.0.0.2", 81)};
    (void)state;
    c.a.stack->config.conn_max = 1;
    assert_open(TE_ERR_RESOURCES, &open);
    c.a.stack->config.conn_max = 2;
    assert_open(TE_OK, &open);
}

static void open_needs_memory(void **state)
{
    struct te_open open = {.remote = endpoint("10.0.0.2", 81)};
    (void)state;
    c.a.heap.allocations_left = 0;
    assert_open(TE_ERR_NOMEM, &open);
    c.a.heap.allocations_left = -1;
    assert_open(TE_OK, &open);
}

static void open_by_listener_needs_a_listener(void **state)
{
    struct te_open open = {.remote = endpoint("10.0.0.2", 81), .listener_id = NOBODY};
    struct te_listen listen = {.local.port = 7000};
    struct te_status status;
    uint64_t id;
    (void)state;
    assert_open(TE_ERR_NO_CONNECTION, &open);
    open.listener_id = c.id;
    assert_open(TE_ERR_EXISTS, &open);
    /* A listener stays as it was after an error, and becomes the connection otherwise. */
    assert_int_equal(te_open_passive(c.a.stack, &listen, &id, c.a.now_us), TE_OK);
    open.listener_id = id;
    open.remote.port = 0;
    assert_open(TE_ERR_REMOTE_UNSPECIFIED, &open);
    open.remote.port = 81;
    c.a.heap.allocations_left = 0;
    assert_open(TE_ERR_NOMEM, &open);
    c.a.heap.allocations_left = -1;
    assert_int_equal(te_status(c.a.stack, id, &status), TE_OK);
    assert_true(status.is_listener);
    assert_open(TE_OK, &open);
    assert_int_equal(te_status(c.a.stack, id, &status), TE_OK);
    assert_false(status.is_listener);
    assert_int_equal(status.state, TE_SYN_SENT);
    assert_int_equal(status.local.port, 7000);
    assert_int_equal(te_accept(c.a.stack, id, 0, &id, c.a.now_us), TE_ERR_NOT_LISTENER);
}

static enum te_err listen_at(const char *local, uint16_t port, const char *remote)
{
    struct te_listen listen = {.local = endpoint(local, port), .remote = endpoint(remote, 0)};
    uint64_t id = NOBODY;
    enum te_err err = te_open_passive(c.a.stack, &listen, &id, c.a.now_us);
    assert_true((err == TE_OK) == (id != NOBODY));
    return err;
}

static void listen_errors(void **state)
{
    (void)state;
    assert_int_equal(listen_at("::", 0, "::"), TE_ERR_INVALID);
    assert_int_equal(listen_at("::", 90, "224.0.0.1"), TE_ERR_INVALID);
    assert_int_equal(listen_at("::", 90, "127.0.0.1"), TE_ERR_INVALID);
    assert_int_equal(listen_at("10.0.0.9", 90, "::"), TE_ERR_ADDR_NOT_AVAILABLE);
    c.a.heap.allocations_left = 0;
    assert_int_equal(listen_at("::", 90, "::"), TE_ERR_NOMEM);
    c.a.heap.allocations_left = -1;
    assert_int_equal(listen_at("::", 90, "::"), TE_OK);
    assert_int_equal(listen_at("::", 90, "::"), TE_ERR_ADDR_IN_USE);
    assert_int_equal(listen_at("10.0.0.1", 90, "::"), TE_ERR_ADDR_IN_USE);
    assert_int_equal(listen_at("10.0.0.1", 90, "10.0.0.2"), TE_OK); /* one peer's is another */
    /* Connections on the port do not matter. */
    assert_int_equal(listen_at("10.0.0.1", c.conn->local.port, "::"), TE_OK);
}

static void accept_errors(void **state)
{
    uint64_t id = NOBODY;
    struct te_stack *stack = c.b.stack;
    (void)state;
    assert_int_equal(te_accept(stack, c.listener_id, 0, &id, c.b.now_us), TE_ERR_AGAIN);
    assert_int_equal(te_accept(stack, c.peer_id, 0, &id, c.b.now_us), TE_ERR_NOT_LISTENER);
    assert_int_equal(te_accept(stack, NOBODY, 0, &id, c.b.now_us), TE_ERR_NO_CONNECTION);
    assert_int_equal(te_close(stack, c.listener_id, c.b.now_us), TE_OK);
    assert_int_equal(te_accept(stack, c.listener_id, 0, &id, c.b.now_us), TE_ERR_NO_CONNECTION);
    assert_int_equal(id, NOBODY);
}

/* --- SEND and RECEIVE ------------------------------------------------------------------------- */

static size_t send_bytes(size_t len)
{
    static const uint8_t data[65536];
    size_t accepted = NOBODY;
    assert_int_equal(te_send(c.a.stack, c.id, data, len, &accepted, c.a.now_us), TE_OK);
    return accepted;
}

static void send_takes_what_there_is_room_for(void **state)
{
    (void)state;
    assert_int_equal(send_bytes(0), 0);
    size_t room = send_bytes(65536);
    assert_true(room > 0 && room < 65536);
    assert_int_equal(send_bytes(1), 0);
    couple_run(&c); /* the peer takes some of it */
    assert_true(send_bytes(1) == 1);
}

static void send_without_buffer_memory_takes_nothing(void **state)
{
    (void)state;
    c.a.heap.allocations_left = 0;
    assert_int_equal(send_bytes(100), 0);
    c.a.heap.allocations_left = -1;
    assert_int_equal(send_bytes(100), 100);
}

static unsigned take_ready(struct fixture *f, uint64_t id)
{
    struct te_event event;
    unsigned ready = 0;
    while (te_stack_next_event(f->stack, &event))
        if (event.kind == TE_EVENT_READY && event.id == id)
            ready |= event.ready;
    return ready;
}

/* Readiness says what has changed, not what is so. */
static void readiness_comes_once(void **state)
{
    struct te_received received;
    (void)state;
    take_ready(&c.b, c.peer_id);
    take_ready(&c.a, c.id);
    send_bytes(100);
    couple_run(&c);
    assert_int_equal(take_ready(&c.b, c.peer_id), TE_READY_RECEIVE);
    assert_int_equal(take_ready(&c.b, c.peer_id), 0);
    assert_int_equal(te_receive_peek(c.b.stack, c.peer_id, 0, 1000, &received), TE_OK);
    assert_int_equal(received.total_bytes, 100);
    assert_int_equal(received.iov[0].len + received.iov[1].len, 100);
    assert_false(received.is_end);
    assert_int_equal(take_ready(&c.a, c.id), 0);
    fixture_advance(&c.b, SECOND); /* the delayed ACK */
    couple_run(&c);
    assert_int_equal(take_ready(&c.a, c.id), TE_READY_SEND);
}

static void receive_errors(void **state)
{
    struct te_received received = {.total_bytes = NOBODY};
    struct te_stack *stack = c.b.stack;
    (void)state;
    assert_int_equal(te_receive_peek(stack, c.peer_id, 0, 10, &received), TE_ERR_AGAIN);
    send_bytes(100);
    couple_run(&c);
    assert_int_equal(te_receive_peek(stack, c.peer_id, 100, 10, &received), TE_ERR_AGAIN);
    assert_int_equal(te_receive_peek(stack, c.peer_id, 101, 10, &received), TE_ERR_OFFSET);
    assert_int_equal(te_receive_release(stack, c.peer_id, 101, c.b.now_us), TE_ERR_OFFSET);
    assert_int_equal(te_receive_release(stack, c.peer_id, 60, c.b.now_us), TE_OK);
    assert_int_equal(te_receive_release(stack, c.peer_id, 60, c.b.now_us), TE_OK);
    assert_int_equal(te_receive_release(stack, c.peer_id, 10, c.b.now_us), TE_OK);
    assert_int_equal(te_receive_peek(stack, c.peer_id, 59, 10, &received), TE_ERR_OFFSET);
    assert_int_equal(received.total_bytes, NOBODY);
    assert_int_equal(te_receive_peek(stack, c.peer_id, 60, 1000, &received), TE_OK);
    assert_int_equal(received.total_bytes, 40);
    assert_int_equal(te_receive_peek(stack, c.listener_id, 0, 10, &received), TE_ERR_STATE);
    assert_int_equal(te_receive_release(stack, NOBODY, 0, c.b.now_us), TE_ERR_NO_CONNECTION);
    /* The end of the stream. */
    assert_int_equal(te_shutdown(c.a.stack, c.id, c.a.now_us), TE_OK);
    couple_run(&c);
    assert_int_equal(te_receive_peek(stack, c.peer_id, 60, 39, &received), TE_OK);
    assert_false(received.is_end);
    assert_int_equal(te_receive_peek(stack, c.peer_id, 60, 40, &received), TE_OK);
    assert_true(received.is_end);
    assert_int_equal(te_receive_peek(stack, c.peer_id, 100, 10, &received), TE_ERR_CLOSING);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void assert_answers(enum te_err expected)
{
    struct te_received received;
    size_t accepted;
    assert_int_equal(te_send(c.b.stack, c.peer_id, "x", 1, &accepted, c.b.now_us), expected);
    assert_int_equal(te_receive_peek(c.b.stack, c.peer_id, 0, 10, &received), expected);
    assert_int_equal(te_shutdown(c.b.stack, c.peer_id, c.b.now_us), expected);
}

/* The cause stays for the user, and unread bytes do not. */
static void a_failed_connection_answers_with_its_cause(void **state)
{
    struct te_status status;
    struct te_history history;
    (void)state;
    c.b.stack->config.remains_us = 60 * SECOND;
    send_bytes(100);
    couple_run(&c);
    assert_int_equal(te_abort(c.a.stack, c.id, c.a.now_us), TE_OK);
    couple_run(&c);
    assert_true(take_ready(&c.b, c.peer_id) & TE_READY_END);
    assert_answers(TE_ERR_RESET);
    assert_int_equal(te_status(c.b.stack, c.peer_id, &status), TE_OK);
    assert_int_equal(status.error, TE_ERR_RESET);
    assert_int_equal(status.receive_queue_bytes, 0);
    assert_int_equal(te_set_option(c.b.stack, c.peer_id, TE_OPTION_NAGLE, 0, c.b.now_us),
                     TE_ERR_STATE);
    fixture_advance(&c.b, 60 * SECOND - 1);
    assert_answers(TE_ERR_RESET);
    fixture_advance(&c.b, 1);
    assert_answers(TE_ERR_NO_CONNECTION);
    assert_int_equal(take_ready(&c.b, c.peer_id), TE_READY_END);
    assert_int_equal(te_close(c.b.stack, c.peer_id, c.b.now_us), TE_ERR_NO_CONNECTION);
    assert_int_equal(te_history(c.b.stack, c.peer_id, &history), TE_OK);
    assert_true(history.is_gone);
    assert_int_equal(te_history(c.b.stack, NOBODY, &history), TE_ERR_NO_CONNECTION);
}

static void close_frees_what_failed(void **state)
{
    (void)state;
    assert_int_equal(te_abort(c.a.stack, c.id, c.a.now_us), TE_OK);
    couple_run(&c);
    assert_int_equal(te_close(c.b.stack, c.peer_id, c.b.now_us), TE_OK);
    assert_int_equal(te_close(c.b.stack, c.peer_id, c.b.now_us), TE_ERR_NO_CONNECTION);
    assert_int_equal(te_abort(c.b.stack, c.peer_id, c.b.now_us), TE_ERR_NO_CONNECTION);
}

static void close_comes_once_and_time_wait_is_closing(void **state)
{
    struct te_received received;
    struct te_open open = {.local = c.conn->local, .remote = c.conn->remote};
    size_t accepted;
    (void)state;
    assert_int_equal(te_close(c.a.stack, c.id, c.a.now_us), TE_OK);
    assert_int_equal(te_close(c.a.stack, c.id, c.a.now_us), TE_ERR_CLOSING);
    couple_run(&c);
    assert_int_equal(te_close(c.b.stack, c.peer_id, c.b.now_us), TE_OK);
    couple_run(&c);
    assert_true(take_ready(&c.a, c.id) & TE_READY_END);
    assert_int_equal(te_close(c.a.stack, c.id, c.a.now_us), TE_ERR_CLOSING);
    assert_int_equal(te_shutdown(c.a.stack, c.id, c.a.now_us), TE_ERR_CLOSING);
    assert_int_equal(te_send(c.a.stack, c.id, "x", 1, &accepted, c.a.now_us), TE_ERR_CLOSING);
    assert_int_equal(te_receive_peek(c.a.stack, c.id, 0, 1, &received), TE_ERR_CLOSING);
    assert_int_equal(te_receive_release(c.a.stack, c.id, 0, c.a.now_us), TE_ERR_CLOSING);
    assert_int_equal(te_set_option(c.a.stack, c.id, TE_OPTION_NAGLE, 0, c.a.now_us), TE_ERR_STATE);
    assert_open(TE_ERR_EXISTS, &open);
    assert_int_equal(te_abort(c.a.stack, c.id, c.a.now_us), TE_OK); /* before 2MSL is over */
    assert_int_equal(te_abort(c.a.stack, c.id, c.a.now_us), TE_ERR_NO_CONNECTION);
    assert_open(TE_OK, &open);
}

/* --- options ---------------------------------------------------------------------------------- */

static enum te_err set(enum te_option option, int64_t value)
{
    return te_set_option(c.a.stack, c.id, option, value, c.a.now_us);
}

static void options_have_ranges(void **state)
{
    static const struct {
        enum te_option option;
        int64_t min, max;
    } rows[] = {
        {TE_OPTION_NAGLE, 0, 1},
        {TE_OPTION_KEEPALIVE, 0, 1},
        {TE_OPTION_DELAYED_ACK, 0, 1},
        {TE_OPTION_KEEPALIVE_IDLE_US, 1, UINT32_MAX * TE_SECOND},
        {TE_OPTION_KEEPALIVE_INTERVAL_US, 1, UINT32_MAX * TE_MS},
        {TE_OPTION_KEEPALIVE_PROBES, 1, 255},
        {TE_OPTION_USER_TIMEOUT_US, 0, (INT64_C(1) << 61) - 1},
        {TE_OPTION_SEND_BUFFER_MAX, 4096, TE_GIB},
        {TE_OPTION_FEATURES, 0, TE_FEATURES_ALL},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(set(rows[i].option, rows[i].min), TE_OK);
        assert_int_equal(set(rows[i].option, rows[i].max), TE_OK);
        assert_int_equal(set(rows[i].option, rows[i].min - 1), TE_ERR_INVALID);
        assert_int_equal(set(rows[i].option, rows[i].max + 1), TE_ERR_INVALID);
    }
    assert_int_equal(set((enum te_option)0, 1), TE_ERR_INVALID);
    assert_int_equal(set(TE_OPTION_FEATURES + 1, 1), TE_ERR_INVALID);
}

/* The window scale is settled at the handshake (RFC 7323 2.3). */
static void the_receive_buffer_may_only_shrink(void **state)
{
    (void)state;
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 32 * TE_MIB), TE_OK);
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 32 * TE_MIB + 1), TE_ERR_INVALID);
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 3 * TE_MIB), TE_OK);
    assert_int_equal(c.conn->receive_max_bytes, 4 * TE_MIB); /* rounded up */
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 4 * TE_MIB + 1), TE_ERR_INVALID);
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 4095), TE_ERR_INVALID);
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 4096), TE_OK);
}

/* The configured maximum need not be a power of two; rounding up stops there. */
static void a_receive_buffer_of_any_size_may_be_set_again(void **state)
{
    (void)state;
    c.conn->receive_max_bytes = 3 * TE_MIB;
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 3 * TE_MIB), TE_OK);
    assert_int_equal(c.conn->receive_max_bytes, 3 * TE_MIB);
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 2 * TE_MIB + 1), TE_OK);
    assert_int_equal(c.conn->receive_max_bytes, 3 * TE_MIB);
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 3 * TE_MIB + 1), TE_ERR_INVALID);
    assert_int_equal(set(TE_OPTION_RECEIVE_BUFFER_MAX, 2 * TE_MIB), TE_OK);
    assert_int_equal(c.conn->receive_max_bytes, 2 * TE_MIB);
}

static void congestion_control_errors(void **state)
{
    struct te_cc_variable variables[TE_CC_VARIABLES_MAX];
    unsigned count = 99;
    struct te_stack *stack = c.b.stack;
    int64_t now_us = c.b.now_us;
    (void)state;
    assert_int_equal(te_set_congestion_control(stack, NOBODY, "vegas", now_us), TE_ERR_INVALID);
    assert_int_equal(te_set_congestion_control(stack, NOBODY, "reno", now_us),
                     TE_ERR_NO_CONNECTION);
    assert_int_equal(te_set_congestion_control(stack, c.listener_id, "reno", now_us), TE_ERR_STATE);
    assert_int_equal(te_set_congestion_control(stack, c.peer_id, "reno", now_us), TE_OK);
    assert_int_equal(te_cc_variables(stack, NOBODY, variables, &count), TE_ERR_NO_CONNECTION);
    assert_int_equal(te_cc_variables(stack, c.listener_id, variables, &count), TE_ERR_STATE);
    assert_int_equal(count, 99);
    assert_int_equal(te_cc_variables(stack, c.peer_id, variables, &count), TE_OK);
    assert_int_equal(count, 0); /* it does not send */
}

/* Each option has a row, each name once, and its number is one that te_set_option knows. */
static void the_table_of_options_is_complete(void **state)
{
    size_t count;
    unsigned seen = 0;
    uint32_t features = 0;
    const struct te_option_info *table = te_option_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(table[i].help) > 10);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(table[i].name, table[k].name);
        if (table[i].option == TE_OPTION_FEATURES) {
            assert_true(table[i].feature != 0 && (features & table[i].feature) == 0);
            assert_int_equal(table[i].unit, 0);
            features |= table[i].feature;
        } else {
            assert_int_equal(table[i].feature, 0);
            seen |= 1u << table[i].option;
        }
    }
    assert_int_equal(features, TE_FEATURES_ALL);
    assert_int_equal(seen, (1u << TE_OPTION_FEATURES) - 2); /* 1 to 9 */
}

/* --- lists ------------------------------------------------------------------------------------ */

static void walks_see_each_object_of_their_kind(void **state)
{
    struct te_status status;
    uint64_t cursor = 0;
    (void)state;
    assert_true(te_walk(c.b.stack, TE_WALK_CONNECTIONS, &cursor, &status));
    assert_int_equal(status.id, c.peer_id);
    status.id = NOBODY;
    assert_false(te_walk(c.b.stack, TE_WALK_CONNECTIONS, &cursor, &status));
    assert_int_equal(status.id, NOBODY);
    cursor = 0;
    assert_true(te_walk(c.b.stack, TE_WALK_LISTENERS, &cursor, &status));
    assert_int_equal(status.id, c.listener_id);
    assert_false(te_walk(c.b.stack, TE_WALK_LISTENERS, &cursor, &status));
    cursor = 0;
    assert_false(te_walk(c.b.stack, TE_WALK_TIME_WAIT, &cursor, &status));
    assert_int_equal(te_status(c.b.stack, NOBODY, &status), TE_ERR_NO_CONNECTION);
}

/* RFC 9293 3.10.7: the connection, else the TIME_WAIT entry, else the listener. */
static void find_in_order(void **state)
{
    (void)state;
    struct te_endpoint a = endpoint("10.0.0.1", 0), b = endpoint("10.0.0.2", COUPLE_PORT);
    struct te_found found = {.id = NOBODY};
    a.port = c.conn->local.port;
    assert_true(te_find(c.a.stack, &a, &b, &found));
    assert_int_equal(found.id, c.id);
    assert_int_equal(found.state, TE_ESTABLISHED);
    assert_true(te_find(c.b.stack, &b, &a, &found));
    assert_int_equal(found.id, c.peer_id);
    a.port++;
    assert_true(te_find(c.b.stack, &b, &a, &found));
    assert_int_equal(found.id, c.listener_id);
    found.id = NOBODY;
    assert_false(te_find(c.a.stack, &a, &b, &found));
    assert_int_equal(found.id, NOBODY);
    a.port--;
    te_close(c.a.stack, c.id, c.a.now_us);
    couple_run(&c);
    te_close(c.b.stack, c.peer_id, c.b.now_us);
    couple_run(&c);
    assert_true(te_find(c.a.stack, &a, &b, &found)); /* in TIME_WAIT */
    assert_int_equal(found.id, c.id);
    assert_int_equal(found.state, TE_TIME_WAIT);
    assert_true(te_find(c.b.stack, &b, &a, &found));
    assert_int_equal(found.id, c.listener_id);
    assert_int_equal(found.state, TE_LISTEN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open_names_a_remote_that_can_be_reached),
        TEST(open_names_a_local_address_of_ours),
        TEST(open_takes_a_tuple_once),
        TEST(open_needs_a_free_ephemeral_port),
        TEST(open_keeps_to_the_limit_of_connections),
        TEST(open_needs_memory),
        TEST(open_by_listener_needs_a_listener),
        TEST(listen_errors),
        TEST(accept_errors),
        TEST(send_takes_what_there_is_room_for),
        TEST(send_without_buffer_memory_takes_nothing),
        TEST(readiness_comes_once),
        TEST(receive_errors),
        TEST(a_failed_connection_answers_with_its_cause),
        TEST(close_frees_what_failed),
        TEST(close_comes_once_and_time_wait_is_closing),
        TEST(options_have_ranges),
        TEST(the_receive_buffer_may_only_shrink),
        TEST(a_receive_buffer_of_any_size_may_be_set_again),
        TEST(congestion_control_errors),
        TEST(the_table_of_options_is_complete),
        TEST(walks_see_each_object_of_their_kind),
        TEST(find_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
