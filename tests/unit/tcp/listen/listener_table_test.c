#include <string.h>

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/listen/listener_table.h"

#define PORT 80

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    f.reborn = false; /* the tests keep pointers into the stack */
    f.config.addresses[f.config.address_count++] = fixture_cidr("10.0.0.11/24");
    f.config.syn_queue_max = 4;
    f.config.syn_ack_retries_max = 5;
    f.config.backlog_max = 64;
    f.config.connections_per_remote_max = 2;
    fixture_start(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

static struct te_endpoint at(const char *addr, uint16_t port)
{
    struct te_endpoint endpoint = {.port = port};
    if (addr != NULL)
        endpoint.addr = fixture_addr(addr);
    return endpoint;
}

static struct te_listener *listen_on(const char *local, uint16_t port, const char *remote,
                                     uint16_t remote_port)
{
    struct te_listen listen = {.local = at(local, port), .remote = at(remote, remote_port)};
    struct te_listener *listener = NULL;
    assert_int_equal(te_listener_new(f.stack, &listen, &listener), TE_OK);
    return listener;
}

static struct te_listener *listen_with_backlog(uint32_t backlog)
{
    struct te_listen listen = {.local = at(NULL, PORT), .backlog = backlog};
    struct te_listener *listener = NULL;
    assert_int_equal(te_listener_new(f.stack, &listen, &listener), TE_OK);
    return listener;
}

/* As much of a connection as a listener looks at. */
static struct te_conn conn_of(const char *remote, uint16_t port)
{
    struct te_conn conn = {.state = TE_SYN_RCVD, .was_passive = true, .remote = at(remote, port)};
    return conn;
}

static void join(struct te_listener *listener, struct te_conn *conn)
{
    te_list_init(&conn->listener_link);
    te_listener_add_syn(listener, conn);
}

/* --- which listener a segment is for ---------------------------------------------------------- */

/* RFC 9293 3.10.7.1 with MUST-42, MUST-43: the more fully specified one, whatever came first. */
static void the_most_specific_one_is_found(void **state)
{
    static const struct {
        const char *local, *remote;
        uint16_t remote_port;
    } rising[] = {
        {NULL, NULL, 0},          /* all of ours, anybody */
        {NULL, NULL, 4000},       /* a remote port beats a local address ... */
        {"10.0.0.1", NULL, 4001}, /* (of another port: it must not be found) */
        {NULL, "10.0.0.2", 0},    /* ... and a remote address beats both */
        {NULL, "10.0.0.2", 4000}, /* both of the remote */
        {"10.0.0.1", "10.0.0.2", 4002},
    };
    static const unsigned winners[] = {0, 1, 1, 3, 4, 4};
    const struct te_endpoint local = at("10.0.0.1", PORT), remote = at("10.0.0.2", 4000);
    struct te_listener *made[6];
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        made[i] = listen_on(rising[i].local, PORT, rising[i].remote, rising[i].remote_port);
        assert_ptr_equal(te_listener_find(f.stack, &local, &remote), made[winners[i]]);
    }
    /* And in the other order: none of it depends on which came last. */
    for (unsigned i = 6; i-- > 0;) {
        struct te_listener *best = te_listener_find(f.stack, &local, &remote);
        assert_ptr_equal(best, made[winners[i]]);
        te_listener_unlink(f.stack, made[i]);
        te_stack_dealloc(f.stack, made[i], sizeof(*made[i]));
    }
    assert_null(te_listener_find(f.stack, &local, &remote));
}

/* Of two that name one end each, the one with the remote's address, then its port, then ours. */
static void remote_address_then_remote_port_then_local_address(void **state)
{
    const struct te_endpoint local = at("10.0.0.1", PORT);
    const struct te_endpoint both = at("10.0.0.2", 4000), port_only = at("10.0.0.3", 4000),
                             neither = at("10.0.0.3", 4001);
    struct te_listener *by_local = listen_on("10.0.0.1", PORT, NULL, 0);
    struct te_listener *by_port = listen_on(NULL, PORT, NULL, 4000);
    struct te_listener *by_addr = listen_on(NULL, PORT, "10.0.0.2", 0);
    (void)state;
    assert_ptr_equal(te_listener_find(f.stack, &local, &both), by_addr);
    assert_ptr_equal(te_listener_find(f.stack, &local, &port_only), by_port);
    assert_ptr_equal(te_listener_find(f.stack, &local, &neither), by_local);
}

static void what_does_not_fit_is_not_found(void **state)
{
    struct te_listener *listener = listen_on("10.0.0.1", PORT, "10.0.0.2", 4000);
    static const struct {
        const char *local;
        uint16_t port;
        const char *remote;
        uint16_t remote_port;
    } others[] = {
        {"10.0.0.11", PORT, "10.0.0.2", 4000},
        {"10.0.0.1", PORT + 1, "10.0.0.2", 4000},
        {"10.0.0.1", PORT + TE_LISTENER_BUCKETS, "10.0.0.2", 4000}, /* in the same bucket */
        {"10.0.0.1", PORT, "10.0.0.3", 4000},
        {"10.0.0.1", PORT, "10.0.0.2", 4001},
    };
    const struct te_endpoint local = at("10.0.0.1", PORT), remote = at("10.0.0.2", 4000);
    (void)state;
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct te_endpoint wrong_local = at(others[i].local, others[i].port);
        struct te_endpoint wrong_remote = at(others[i].remote, others[i].remote_port);
        assert_null(te_listener_find(f.stack, &wrong_local, &wrong_remote));
    }
    assert_ptr_equal(te_listener_find(f.stack, &local, &remote), listener);
}

static void one_on_all_addresses_serves_both_families(void **state)
{
    struct te_listener *listener = listen_on(NULL, PORT, NULL, 0);
    const struct te_endpoint local = at("2001:db8::1", PORT), remote = at("2001:db8::2", 4000);
    (void)state;
    assert_ptr_equal(te_listener_find(f.stack, &local, &remote), listener);
}

/* --- what is taken ---------------------------------------------------------------------------- */

static void sockets_that_exclude_each_other(void **state)
{
    static const struct {
        const char *local, *remote;
        uint16_t port, remote_port;
        bool is_taken;
    } rows[] = {
        {"10.0.0.1", NULL, PORT, 0, true}, /* the same */
        {NULL, NULL, PORT, 0, true},       /* all of ours hold it too */
        {"10.0.0.11", NULL, PORT, 0, false},
        {"10.0.0.1", NULL, PORT + 1, 0, false},
        {"10.0.0.1", NULL, PORT + TE_LISTENER_BUCKETS, 0, false},
        {"10.0.0.1", "10.0.0.2", PORT, 0, false}, /* more specific, so both have their peers */
        {"10.0.0.1", NULL, PORT, 4000, false},
        {"10.0.0.1", "10.0.0.2", PORT, 4000, false},
        {NULL, "10.0.0.2", PORT, 0, false},
    };
    (void)state;
    (void)listen_on("10.0.0.1", PORT, NULL, 0);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_listen listen = {.local = at(rows[i].local, rows[i].port),
                                   .remote = at(rows[i].remote, rows[i].remote_port)};
        if (te_listener_is_taken(f.stack, &listen) != rows[i].is_taken)
            fail_msg("row %u", i);
    }
}

static void one_on_all_addresses_holds_each(void **state)
{
    const struct te_endpoint v4 = at("10.0.0.1", PORT), v6 = at("2001:db8::1", PORT),
                             other = at("10.0.0.1", PORT + TE_LISTENER_BUCKETS);
    struct te_listen listen = {.local = at("2001:db8::1", PORT)};
    (void)state;
    struct te_listener *listener = listen_on(NULL, PORT, NULL, 0);
    assert_true(te_listener_is_taken(f.stack, &listen));
    assert_true(te_listener_holds_port(f.stack, &v4));
    assert_true(te_listener_holds_port(f.stack, &v6));
    assert_false(te_listener_holds_port(f.stack, &other));
    te_listener_unlink(f.stack, listener);
    te_stack_dealloc(f.stack, listener, sizeof(*listener));
    assert_false(te_listener_holds_port(f.stack, &v4));
    (void)listen_on("10.0.0.11", PORT, NULL, 0);
    assert_false(te_listener_holds_port(f.stack, &v4));
}

static void errors_of_a_new_one(void **state)
{
    struct te_listen listen = {.local = at("10.0.0.1", PORT)};
    struct te_listener *listener = listen_on("10.0.0.1", PORT, NULL, 0), *before = listener;
    (void)state;
    assert_int_equal(te_listener_new(f.stack, &listen, &listener), TE_ERR_ADDR_IN_USE);
    listen.local.port++;
    f.heap.allocations_left = 0;
    assert_int_equal(te_listener_new(f.stack, &listen, &listener), TE_ERR_NOMEM);
    f.heap.allocations_left = -1;
    for (uint32_t i = 1; i < TE_LISTENERS_MAX; i++)
        (void)listen_on("10.0.0.1", (uint16_t)(1000 + i), NULL, 0);
    assert_int_equal(f.stack->listeners.count, TE_LISTENERS_MAX);
    assert_int_equal(te_listener_new(f.stack, &listen, &listener), TE_ERR_RESOURCES);
    assert_ptr_equal(listener, before); /* untouched by all of them */
}

/* A listen() of nobody's choosing has 128, and none more than the configuration's. */
static void backlogs(void **state)
{
    struct te_listen listen = {.local = at(NULL, 1000)};
    static const uint32_t rows[][2] = {{1, 1},   {63, 63},         {64, 64},
                                       {65, 64}, {UINT32_MAX, 64}, {0, 64}};
    struct te_listener *listener;
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        listen.backlog = rows[i][0];
        listen.local.port++;
        assert_int_equal(te_listener_new(f.stack, &listen, &listener), TE_OK);
        assert_int_equal(listener->backlog, rows[i][1]);
    }
    f.stack->config.backlog_max = 4096;
    listen.backlog = 0;
    listen.local.port++;
    assert_int_equal(te_listener_new(f.stack, &listen, &listener), TE_OK);
    assert_int_equal(listener->backlog, 128);
}

/* --- the queues ------------------------------------------------------------------------------- */

static void through_both_queues(void **state)
{
    struct te_listener *listener = listen_with_backlog(3);
    struct te_conn conns[3];
    struct te_event event;
    (void)state;
    while (te_stack_next_event(f.stack, &event))
        ;
    for (unsigned i = 0; i < 3; i++) {
        conns[i] = conn_of("10.0.0.2", (uint16_t)(4000 + i));
        join(listener, &conns[i]);
        assert_ptr_equal(conns[i].listener, listener);
        assert_int_equal(listener->syn_count, i + 1);
    }
    assert_false(te_stack_next_event(f.stack, &event));
    assert_int_equal(te_listener_promote(f.stack, &conns[1]), TE_DROP_NONE);
    assert_int_equal(te_listener_promote(f.stack, &conns[0]), TE_DROP_NONE);
    assert_int_equal(listener->syn_count, 1);
    assert_int_equal(listener->accept_count, 2);
    assert_true(conns[1].in_accept_queue);
    /* In the order in which they were completed; the host hears of it. */
    assert_ptr_equal(te_conn_of_listener_link(listener->accept_queue.next), &conns[1]);
    assert_true(te_stack_next_event(f.stack, &event));
    assert_int_equal(event.kind, TE_EVENT_READY);
    assert_int_equal(event.id, listener->id);
    assert_int_equal(event.ready, TE_READY_ACCEPT);
    te_listener_accept(&conns[1]);
    assert_null(conns[1].listener);
    assert_false(conns[1].in_accept_queue);
    assert_int_equal(listener->accept_count, 1);
    te_listener_remove(&conns[0]);
    te_listener_remove(&conns[2]);
    te_listener_remove(&conns[2]); /* harmless */
    assert_int_equal(listener->accept_count, 0);
    assert_int_equal(listener->syn_count, 0);
    assert_true(te_list_is_empty(&listener->syn_queue));
    assert_true(te_list_is_empty(&listener->accept_queue));
}

static void a_full_accept_queue_holds_back(void **state)
{
    struct te_listener *listener = listen_with_backlog(1);
    struct te_conn first = conn_of("10.0.0.2", 4000), second = conn_of("10.0.0.3", 4000);
    (void)state;
    join(listener, &first);
    join(listener, &second);
    assert_int_equal(te_listener_hindrance(f.stack, listener, &second.remote.addr), TE_DROP_NONE);
    assert_int_equal(te_listener_promote(f.stack, &first), TE_DROP_NONE);
    assert_int_equal(te_listener_hindrance(f.stack, listener, &second.remote.addr),
                     TE_DROP_ACCEPT_QUEUE_FULL);
    assert_int_equal(te_listener_promote(f.stack, &second), TE_DROP_ACCEPT_QUEUE_FULL);
    assert_int_equal(listener->syn_count, 1); /* it stays where it is */
    assert_false(second.in_accept_queue);
    te_listener_accept(&first);
    assert_int_equal(te_listener_promote(f.stack, &second), TE_DROP_NONE);
    te_listener_remove(&second);
}

static void a_remote_at_its_limit_is_held_back(void **state)
{
    struct te_listener *listener = listen_with_backlog(8);
    struct te_conn held[2] = {conn_of("10.0.0.2", 4000), conn_of("10.0.0.2", 4001)};
    struct te_conn third = conn_of("10.0.0.2", 4002), other = conn_of("10.0.0.3", 4000);
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        held[i].syn_acked = true;
        te_remotes_account(f.stack, &held[i]);
    }
    join(listener, &third);
    join(listener, &other);
    assert_int_equal(te_listener_promote(f.stack, &third), TE_DROP_REMOTE_LIMIT);
    assert_int_equal(te_listener_promote(f.stack, &other), TE_DROP_NONE);
    held[0].is_remains = true;
    te_remotes_account(f.stack, &held[0]);
    assert_int_equal(te_listener_promote(f.stack, &third), TE_DROP_NONE);
    te_listener_remove(&third);
    te_listener_remove(&other);
    held[1].is_remains = true;
    te_remotes_account(f.stack, &held[1]);
}

/* RFC 4987 3.3: once more than half of the SYN queue is taken, one retransmission has to do. */
static void limits_of_the_syn_queue(void **state)
{
    struct te_listener *listener = listen_with_backlog(8);
    struct te_conn conns[4];
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_false(te_listener_is_syn_queue_full(f.stack, listener));
        assert_int_equal(te_listener_syn_ack_retries(f.stack, listener), i <= 2 ? 5 : 1);
        conns[i] = conn_of("10.0.0.2", (uint16_t)(4000 + i));
        join(listener, &conns[i]);
    }
    assert_true(te_listener_is_syn_queue_full(f.stack, listener));
    f.stack->config.syn_ack_retries_max = 0; /* fewer still is what was asked for */
    assert_int_equal(te_listener_syn_ack_retries(f.stack, listener), 0);
    for (unsigned i = 0; i < 4; i++)
        te_listener_remove(&conns[i]);
    assert_false(te_listener_is_syn_queue_full(f.stack, listener));
}

/* --- Fast Open -------------------------------------------------------------------------------- */

static void join_fast(struct te_listener *listener, struct te_conn *conn)
{
    te_list_init(&conn->listener_link);
    te_listener_add_fast_open(f.stack, listener, conn);
}

/* RFC 7413 5.1: pending until the handshake is over, whether or not it was accepted before. */
static void fast_open_is_pending_until_promoted(void **state)
{
    struct te_listener *listener = listen_with_backlog(8);
    struct te_conn conns[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        conns[i] = conn_of("10.0.0.2", (uint16_t)(4000 + i));
        join_fast(listener, &conns[i]);
    }
    assert_int_equal(listener->fast_open_count, 3);
    assert_int_equal(listener->accept_count, 3);
    assert_int_equal(listener->syn_count, 0); /* it skips the SYN queue */
    assert_int_equal(fixture_counters(&f)->fast_open_passive, 3);

    te_listener_accept(&conns[0]); /* accepted, then promoted */
    assert_ptr_equal(conns[0].listener, listener);
    assert_int_equal(listener->accept_count, 2);
    assert_int_equal(listener->fast_open_count, 3);
    assert_int_equal(te_listener_promote(f.stack, &conns[0]), TE_DROP_NONE);
    assert_null(conns[0].listener);
    assert_int_equal(listener->fast_open_count, 2);

    assert_int_equal(te_listener_promote(f.stack, &conns[1]), TE_DROP_NONE); /* and vice versa */
    assert_int_equal(listener->fast_open_count, 1);
    assert_int_equal(listener->accept_count, 2);
    te_listener_accept(&conns[1]);
    assert_null(conns[1].listener);
    assert_int_equal(listener->accept_count, 1);

    te_listener_accept(&conns[2]); /* accepted, then dead */
    te_listener_remove(&conns[2]);
    assert_int_equal(listener->fast_open_count, 0);
    assert_int_equal(listener->accept_count, 0);
    assert_true(te_list_is_empty(&listener->fast_open_list));
}

/* --- ids -------------------------------------------------------------------------------------- */

#define MANY (2 * TE_LISTENER_BUCKETS + 7)

static unsigned walk_all(bool *seen, uint64_t first_id)
{
    uint64_t cursor = 0;
    unsigned count = 0;
    struct te_listener *listener;
    memset(seen, 0, MANY);
    while ((listener = te_listener_walk(&f.stack->listeners, &cursor)) != NULL) {
        assert_true(listener->id - first_id < MANY);
        assert_false(seen[listener->id - first_id]);
        seen[listener->id - first_id] = true;
        count++;
    }
    assert_null(te_listener_walk(&f.stack->listeners, &cursor)); /* the end stays the end */
    return count;
}

static void all_are_found_by_id_and_by_the_walk(void **state)
{
    static bool seen[MANY];
    uint64_t first_id = f.stack->next_id;
    (void)state;
    assert_int_equal(walk_all(seen, first_id), 0);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(listen_on(NULL, (uint16_t)(1000 + i), NULL, 0)->id, first_id + i);
    assert_int_equal(walk_all(seen, first_id), MANY);
    for (unsigned i = 0; i < MANY; i += 2) {
        struct te_listener *listener = te_listener_find_id(f.stack, first_id + i);
        assert_int_equal(listener->id, first_id + i);
        te_listener_unlink(f.stack, listener);
        te_stack_dealloc(f.stack, listener, sizeof(*listener));
    }
    assert_int_equal(walk_all(seen, first_id), MANY / 2);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(seen[i], i % 2);
        assert_int_equal(te_listener_find_id(f.stack, first_id + i) != NULL, i % 2);
    }
    assert_int_equal(f.stack->listeners.count, MANY / 2);
}

/* A table made anew in the order of the walk has the same order, of equals too. */
static void append_keeps_the_order(void **state)
{
    struct te_listener *made[3], *listener;
    uint64_t cursor = 0, ids[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++) { /* one bucket of ids */
        made[i] = listen_on(NULL, (uint16_t)(1000 + i), NULL, 0);
        f.stack->next_id += TE_LISTENER_BUCKETS - 1;
    }
    for (unsigned i = 0; i < 3; i++) {
        listener = te_listener_walk(&f.stack->listeners, &cursor);
        ids[i] = listener->id;
    }
    for (unsigned i = 0; i < 3; i++)
        te_listener_unlink(f.stack, made[i]);
    for (unsigned i = 0; i < 3; i++)
        te_listener_append(f.stack, made[0]->id == ids[i]   ? made[0]
                                    : made[1]->id == ids[i] ? made[1]
                                                            : made[2]);
    cursor = 0;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(te_listener_walk(&f.stack->listeners, &cursor)->id, ids[i]);
    assert_int_equal(f.stack->listeners.count, 3);
}

#define LISTENER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* --- families --------------------------------------------------------------------------------- */

static enum te_err open_family(const char *local, enum te_listen_family family)
{
    const struct te_listen listen = {.local = at(local, PORT), .family = family};
    uint64_t id;
    uint16_t port = te_listen_port(f.stack, &listen);
    enum te_err err = te_open_passive(f.stack, &listen, &id, f.now_us);
    assert_int_equal(port, err == TE_ERR_ADDR_IN_USE ? 0 : PORT);
    return err;
}

static void one_per_family_on_all_addresses(void **state)
{
    (void)state;
    const struct te_endpoint local4 = at("10.0.0.1", PORT), local6 = at("fd00::1", PORT);
    const struct te_endpoint peer4 = at("10.0.0.9", 4711), peer6 = at("fd00::9", 4711);
    assert_int_equal(open_family(NULL, TE_LISTEN_V4), TE_OK);
    assert_null(te_listener_find(f.stack, &local6, &peer6));
    assert_false(te_listener_holds_port(f.stack, &local6));
    assert_true(te_listener_holds_port(f.stack, &local4));
    assert_int_equal(open_family(NULL, TE_LISTEN_V4), TE_ERR_ADDR_IN_USE);
    assert_int_equal(open_family(NULL, TE_LISTEN_ANY), TE_ERR_ADDR_IN_USE);
    assert_int_equal(open_family("10.0.0.1", TE_LISTEN_ANY), TE_ERR_ADDR_IN_USE);
    assert_int_equal(open_family(NULL, TE_LISTEN_V6), TE_OK);
    const struct te_listener *of_4 = te_listener_find(f.stack, &local4, &peer4);
    const struct te_listener *of_6 = te_listener_find(f.stack, &local6, &peer6);
    assert_non_null(of_4);
    assert_non_null(of_6);
    assert_ptr_not_equal(of_4, of_6);
}

static void one_family_leaves_addresses_of_the_other(void **state)
{
    (void)state;
    assert_int_equal(open_family("10.0.0.1", TE_LISTEN_ANY), TE_OK);
    assert_int_equal(open_family(NULL, TE_LISTEN_V6), TE_OK);
    assert_int_equal(open_family(NULL, TE_LISTEN_V4), TE_ERR_ADDR_IN_USE);
}

static void a_family_goes_with_all_addresses_only(void **state)
{
    (void)state;
    assert_int_equal(open_family("10.0.0.1", TE_LISTEN_V4), TE_ERR_INVALID);
    assert_int_equal(open_family(NULL, TE_LISTEN_FAMILY_COUNT), TE_ERR_INVALID);
}

static void a_port_can_be_chosen_before_listening(void **state)
{
    (void)state;
    struct te_listen listen = {.local = at(NULL, 0)};
    uint64_t id;
    uint16_t first = te_listen_port(f.stack, &listen);
    assert_in_range(first, f.config.port_first, f.config.port_last);
    listen.local.port = first;
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
    listen.local.port = 0;
    for (unsigned i = 0; i < 100; i++)
        assert_int_not_equal(te_listen_port(f.stack, &listen), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LISTENER_TEST(the_most_specific_one_is_found),
        LISTENER_TEST(remote_address_then_remote_port_then_local_address),
        LISTENER_TEST(what_does_not_fit_is_not_found),
        LISTENER_TEST(one_on_all_addresses_serves_both_families),
        LISTENER_TEST(sockets_that_exclude_each_other),
        LISTENER_TEST(one_on_all_addresses_holds_each),
        LISTENER_TEST(one_per_family_on_all_addresses),
        LISTENER_TEST(one_family_leaves_addresses_of_the_other),
        LISTENER_TEST(a_family_goes_with_all_addresses_only),
        LISTENER_TEST(a_port_can_be_chosen_before_listening),
        LISTENER_TEST(errors_of_a_new_one),
        LISTENER_TEST(backlogs),
        LISTENER_TEST(through_both_queues),
        LISTENER_TEST(a_full_accept_queue_holds_back),
        LISTENER_TEST(a_remote_at_its_limit_is_held_back),
        LISTENER_TEST(limits_of_the_syn_queue),
        LISTENER_TEST(fast_open_is_pending_until_promoted),
        LISTENER_TEST(all_are_found_by_id_and_by_the_walk),
        LISTENER_TEST(append_keeps_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
