/* Listeners, and what may be opened: RFC 9293 3.9.1.1, 3.9.2, RFC 6056, RFC 6528, and every
 * limit. */
#include "script.h"
#include "support/frames.h"

/* Opens from another port of the peer, up to the SYN,ACK, which may not come. */
static bool try_syn(struct script *s, uint16_t port)
{
    script_new_peer(s, port);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    const struct script_out *out = script_next(s);
    if (out == NULL)
        return false;
    s->c.our_iss = out->header.seq;
    T_EQUAL(out->header.flags, TE_SYN | TE_ACK);
    return true;
}

static void open_fully(struct script *s, uint16_t port)
{
    assert_true(try_syn(s, port));
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
}

/* --- the accept queue ------------------------------------------------------------------------- */

static void accept_takes_the_oldest_first(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    for (uint16_t i = 0; i < 3; i++)
        open_fully(s, (uint16_t)(7000 + i));
    T_EQUAL(script_listener_status(s).receive_queue_bytes, 3);
    for (uint16_t i = 0; i < 3; i++) {
        T_ERR(script_user_accept(s), TE_OK);
        T_EQUAL(script_status(s).remote.port, 7000 + i);
    }
    T_ERR(script_user_accept(s), TE_ERR_AGAIN);
}

static void accept_gives_the_connection_its_owner(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    open_fully(s, 7000);
    T_ERR(te_accept(s->f.stack, s->listener_id, 4242, &s->c.id, s->f.now_us), TE_OK);
    T_EQUAL(script_status(s).uid, 4242);
    T_EQUAL(script_status(s).is_orphan, false);
}

/* More than the control queue is long: each peer gets the RST, at once. */
static void closing_a_listener_resets_all_that_nobody_took(void **state)
{
    struct script *s = *state;
    struct script_conn conns[300];
    s->f.config.control_queue_max = 16;
    script_start_over(s);
    T_ERR(script_user_listen(s, 300), TE_OK);
    for (uint16_t i = 0; i < 300; i++) {
        if (i < 290)
            open_fully(s, (uint16_t)(7000 + i));
        else
            assert_true(try_syn(s, (uint16_t)(7000 + i))); /* the last are in SYN_RCVD */
        conns[i] = s->c;
        script_skip(s);
    }
    T_ERR(te_close(s->f.stack, s->listener_id, s->f.now_us), TE_OK);
    script_pump(s);
    for (unsigned i = 0; i < 300; i++) { /* the oldest handshake first */
        s->c = conns[(i + 290) % 300];
        T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 1, .ack = 1);
    }
    T_EXPECT_NONE(s);
    T_COUNT(s, control_queue_full, 0);
    T_COUNT(s, resets_out, 300);
}

/* Two handshakes for a backlog of one, filled by the first. The second is current and still has to
 * send its last ACK. */
static struct script_conn two_for_one_place(struct script *s)
{
    T_ERR(script_user_listen(s, 1), TE_OK);
    assert_true(try_syn(s, 7000));
    struct script_conn first = s->c;
    assert_true(try_syn(s, 7001));
    struct script_conn second = s->c;
    s->c = first;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    s->c = second;
    return second;
}

/* A full backlog delays the handshake: the client tries again, and gets in once there is room. */
static void backlog_overflow_holds_the_next_one_back(void **state)
{
    struct script *s = *state;
    struct script_conn second = two_for_one_place(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_COUNT(s, accept_queue_full, 1);
    T_EQUAL(script_listener_status(s).receive_queue_bytes, 1);
    assert_false(try_syn(s, 7002)); /* no new ones either */
    T_COUNT(s, accept_queue_full, 2);
    T_DROPPED(s, s->listener_id, TE_DROP_ACCEPT_QUEUE_FULL);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_status(s).remote.port, 7000);
    s->c = second;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_status(s).remote.port, 7001);
    T_EQUAL(script_user_take(s, NULL), 10);
}

/* Nothing the refused ACK carried is kept, its FIN least of all. */
static void held_back_handshake_takes_nothing(void **state)
{
    struct script *s = *state;
    bool is_end = false;
    struct script_conn second = two_for_one_place(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_NONE(s);
    T_ERR(script_user_accept(s), TE_OK);
    s->c = second;
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_ACK(s, 1, 12);
    T_ERR(script_user_accept(s), TE_OK);
    T_EQUAL(script_user_take(s, &is_end), 10);
    assert_true(is_end);
}

static void backlog_is_cut_to_the_config(void **state)
{
    struct script *s = *state;
    s->f.config.backlog_max = 2;
    T_ERR(script_user_listen(s, 1000), TE_OK);
    T_EQUAL(script_listener_status(s).send_queue_bytes, 2);
}

static void syn_queue_overflow_drops_the_syn_without_cookies(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = 2;
    s->f.config.syn_cookies = TE_SYN_COOKIES_OFF;
    conn_in_listen(s);
    assert_true(try_syn(s, 7000));
    struct script_conn first = s->c;
    assert_true(try_syn(s, 7001));
    assert_false(try_syn(s, 7002));
    T_COUNT(s, syn_queue_full, 1);
    T_DROPPED(s, s->listener_id, TE_DROP_SYN_QUEUE_FULL);
    s->c = first;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    assert_true(try_syn(s, 7002));
}

static void table_of_connections_full_drops_the_syn(void **state)
{
    struct script *s = *state;
    s->f.config.conn_max = 1;
    conn_in_listen(s);
    assert_true(try_syn(s, 7000));
    assert_false(try_syn(s, 7001));
    T_COUNT(s, conn_limit, 1);
    T_DROPPED(s, s->listener_id, TE_DROP_CONN_LIMIT);
    s->c.local_port = 5555;
    T_ERR(script_user_open(s), TE_ERR_RESOURCES);
    T_COUNT(s, conn_limit, 2);
}

/* Its listener's peers are a user's connections as well (tcpengine/limits.h). */
static void user_at_its_share_drops_the_syn(void **state)
{
    struct script *s = *state;
    s->f.config.conn_max = 64;
    s->f.config.connections_per_uid_percent = 25;
    conn_in_listen(s);
    for (uint16_t port = 7000; port < 7016; port++)
        assert_true(try_syn(s, port));
    assert_false(try_syn(s, 7016));
    T_COUNT(s, conn_uid_limit, 1);
    T_DROPPED(s, s->listener_id, TE_DROP_UID_LIMIT);
}

/* Whoever is let in by its share of the memory is charged from then on. The ACK that completes the
 * handshake costs nothing, and is taken even of the last one. */
static void check_last_of_a_share(struct script *s, enum te_syn_cookies cookies)
{
    s->f.config.syn_cookies = cookies;
    s->f.config.memory_max_bytes = 1024 * 1024;
    s->f.config.memory_per_uid_percent = 1;
    conn_in_listen(s);
    uint16_t port = 7000;
    for (; try_syn(s, port); port++) {
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
        T_ERR(script_user_accept(s), TE_OK);
        T_STATE(s, TE_ESTABLISHED);
    }
    assert_in_range(port, 7003, 7099);
    T_COUNT(s, memory_share_limit, 1);
    T_DROPPED(s, s->listener_id, TE_DROP_MEMORY_SHARE);
}

static void last_of_a_share_of_memory_is_established(void **state)
{
    check_last_of_a_share(*state, TE_SYN_COOKIES_OFF);
}

static void last_of_a_share_of_memory_is_established_by_a_cookie(void **state)
{
    check_last_of_a_share(*state, TE_SYN_COOKIES_ALWAYS);
}

/* --- gone before it was accepted -------------------------------------------------------------- */

static void closed_by_the_peer_before_accept_is_still_accepted(void **state)
{
    struct script *s = *state;
    bool is_end = false;
    conn_in_listen(s);
    open_fully(s, 7000);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 10);
    T_EXPECT_ACK(s, 1, 12);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_CLOSE_WAIT);
    T_EQUAL(script_user_take(s, &is_end), 10);
    assert_true(is_end);
}

static void reset_before_accept_leaves_the_queue(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    open_fully(s, 7000);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_EQUAL(script_listener_status(s).receive_queue_bytes, 0);
    T_ERR(script_user_accept(s), TE_ERR_AGAIN);
    open_fully(s, 7001);
    T_ERR(script_user_accept(s), TE_OK);
}

static void closing_the_listener_resets_whom_nobody_accepted(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    assert_true(try_syn(s, 7000));
    struct script_conn half_open = s->c;
    open_fully(s, 7001);
    struct script_conn open = s->c;
    T_ERR(te_close(s->f.stack, s->listener_id, s->f.now_us), TE_OK);
    script_pump(s);
    for (unsigned i = 0; i < 2; i++) {
        const struct script_out *out = script_next(s);
        assert_non_null(out);
        T_EQUAL(out->header.flags & TE_RST, TE_RST);
        bool is_first = out->header.destination_port == half_open.remote_port;
        T_EQUAL(out->header.seq, (is_first ? half_open : open).our_iss + 1);
    }
    struct te_totals totals;
    te_totals(s->f.stack, &totals);
    T_EQUAL(totals.connections, 0);
    T_EQUAL(totals.listeners, 0);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 0u - s->c.our_iss, .ack = 1);
}

static void closing_the_listener_leaves_accepted_connections(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(te_close(s->f.stack, s->listener_id, s->f.now_us), TE_OK);
    script_pump(s);
    T_STATE(s, TE_ESTABLISHED);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 10);
    T_EQUAL(script_user_take(s, NULL), 10);
    T_EXPECT_AFTER(s, DELAYED_ACK, .flags = TE_ACK, .seq = 1, .ack = 11);
}

/* --- which listener --------------------------------------------------------------------------- */

/* MUST-41, MUST-42: listeners on one port do not interfere. */
static void rfc9293_3_9_1_1_the_listener_that_fits_best(void **state)
{
    struct script *s = *state;
    uint64_t mine;
    conn_in_listen(s);
    struct te_listen listen = {.local = {.port = SERVER_PORT}, .uid = USER};
    listen.remote = (struct te_endpoint){script_peer_addr(s), 7001};
    T_ERR(te_open_passive(s->f.stack, &listen, &mine, s->f.now_us), TE_OK);
    open_fully(s, 7000);
    T_ERR(script_user_accept(s), TE_OK);
    open_fully(s, 7001);
    T_ERR(script_user_accept(s), TE_ERR_AGAIN);
    T_ERR(te_accept(s->f.stack, mine, USER, &s->c.id, s->f.now_us), TE_OK);
    T_EQUAL(script_status(s).remote.port, 7001);
}

static uint64_t listen_for(struct script *s, const char *local, const char *remote, uint16_t port)
{
    uint64_t id = 0;
    struct te_listen listen = {.local = {.port = SERVER_PORT}, .uid = USER};
    if (local != NULL)
        listen.local.addr = fixture_addr(local);
    if (remote != NULL)
        listen.remote.addr = fixture_addr(remote);
    listen.remote.port = port;
    T_ERR(te_open_passive(s->f.stack, &listen, &id, s->f.now_us), TE_OK);
    return id;
}

/* A listener that names the peer wins over one that names the address, and one that names both wins
 * over either; the order of the OPENs does not matter. */
static void the_more_a_listener_names_the_better_it_fits(void **state)
{
    static const char *const me = "10.0.0.1";
    static const char *const peer = "10.0.0.2";
    struct script *s = *state;
    for (unsigned order = 0; order < 2; order++) {
        uint64_t ids[4] = {0};
        script_start_over(s);
        script_start(s);
        for (unsigned i = 0; i < 4; i++) {
            unsigned which = order == 0 ? i : 3 - i;
            ids[which] = which == 0   ? listen_for(s, me, NULL, 0)
                         : which == 1 ? listen_for(s, NULL, NULL, 7000)
                         : which == 2 ? listen_for(s, NULL, peer, 0)
                                      : listen_for(s, NULL, peer, 7000);
        }
        for (unsigned i = 4; i-- > 0;) { /* the best first, then without it */
            open_fully(s, 7000);
            T_ERR(te_accept(s->f.stack, ids[i], USER, &s->c.id, s->f.now_us), TE_OK);
            T_ERR(script_user_abort(s), TE_OK);
            script_skip(s);
            T_ERR(te_close(s->f.stack, ids[i], s->f.now_us), TE_OK);
        }
    }
}

static void rfc9293_3_9_1_1_a_listener_for_one_peer_hears_no_other(void **state)
{
    struct script *s = *state;
    struct te_listen listen = {.local = {.port = SERVER_PORT}, .uid = USER};
    listen.remote = (struct te_endpoint){fixture_addr("10.0.0.77"), 0};
    script_start(s);
    T_ERR(te_open_passive(s->f.stack, &listen, &s->listener_id, s->f.now_us), TE_OK);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 0u - s->c.our_iss, .ack = 1);
}

static void rfc9293_3_9_1_1_open_passive_twice(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    uint64_t first = s->listener_id;
    T_ERR(script_user_listen(s, 0), TE_ERR_ADDR_IN_USE);
    s->listener_id = first;
    T_EQUAL(script_state_of(s, first), TE_LISTEN);
}

static void rfc9293_3_9_1_1_open_passive_elsewhere(void **state)
{
    struct script *s = *state;
    uint64_t id;
    struct te_listen listen = {.local = {fixture_addr("10.0.0.9"), 80}, .uid = USER};
    script_start(s);
    T_ERR(te_open_passive(s->f.stack, &listen, &id, s->f.now_us), TE_ERR_ADDR_NOT_AVAILABLE);
    listen.local = (struct te_endpoint){script_local_addr(s), 0};
    T_ERR(te_open_passive(s->f.stack, &listen, &id, s->f.now_us), TE_ERR_INVALID);
}

/* A connection lives on beside a listener of its port, and is found first. */
static void rfc9293_3_9_1_1_a_listener_does_not_touch_connections(void **state)
{
    struct script *s = *state;
    s->way = BY_ACTIVE;
    conn_in_established(s);
    T_ERR(script_user_listen(s, 0), TE_OK);
    T_SEND(s, .flags = TE_SYN, .seq = 50);
    T_EXPECT_ACK(s, 1, 1);
    T_STATE(s, TE_ESTABLISHED);
}

static void rfc9293_3_9_1_1_a_listener_for_one_address_hears_no_other(void **state)
{
    struct script *s = *state;
    s->f.config.addresses[2] = fixture_cidr("10.0.0.7/24");
    s->f.config.address_count = 3;
    conn_in_listen(s); /* at 10.0.0.1 */
    T_SEND(s, .flags = TE_SYN, .seq = 0, .to = "10.0.0.7");
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->header.flags, TE_RST | TE_ACK);
    uint64_t any;
    struct te_listen listen = {.local = {.port = SERVER_PORT}, .uid = USER};
    T_ERR(te_open_passive(s->f.stack, &listen, &any, s->f.now_us), TE_ERR_ADDR_IN_USE);
    listen.local.addr = fixture_addr("10.0.0.7");
    T_ERR(te_open_passive(s->f.stack, &listen, &any, s->f.now_us), TE_OK);
    T_SEND(s, .flags = TE_SYN, .seq = 0, .to = "10.0.0.7");
    out = script_next(s);
    assert_non_null(out);
    T_EQUAL(out->header.flags, TE_SYN | TE_ACK);
}

static void rfc9293_3_9_1_1_a_listener_for_one_port_of_the_peer(void **state)
{
    struct script *s = *state;
    struct te_listen listen = {
        .local = {.port = SERVER_PORT}, .remote = {script_peer_addr(s), 7001}, .uid = USER};
    script_start(s);
    T_ERR(te_open_passive(s->f.stack, &listen, &s->listener_id, s->f.now_us), TE_OK);
    T_SEND(s, .flags = TE_SYN, .seq = 0);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 0u - s->c.our_iss, .ack = 1);
    assert_true(try_syn(s, 7001));
    listen.remote.addr = fixture_addr("224.0.0.1");
    uint64_t id;
    T_ERR(te_open_passive(s->f.stack, &listen, &id, s->f.now_us), TE_ERR_INVALID);
}

static void listeners_have_a_limit(void **state)
{
    struct script *s = *state;
    struct te_status status;
    uint64_t id;
    uint64_t cursor = 0;
    unsigned seen = 0;
    script_start(s);
    enum te_err err = TE_OK;
    unsigned opened = 0;
    for (uint32_t port = 1; port <= 5000 && err == TE_OK; port++) {
        struct te_listen listen = {.local = {.port = (uint16_t)port}, .uid = USER};
        err = te_open_passive(s->f.stack, &listen, &id, s->f.now_us);
        opened += err == TE_OK;
    }
    T_ERR(err, TE_ERR_RESOURCES);
    while (te_walk(s->f.stack, TE_WALK_LISTENERS, &cursor, &status))
        seen++;
    T_EQUAL(seen, opened);
    T_ERR(te_close(s->f.stack, id, s->f.now_us), TE_OK);
    s->f.heap.allocations_left = 0;
    T_ERR(script_user_listen(s, 0), TE_ERR_ADDR_IN_USE);
    s->c.local_port = 60000;
    T_ERR(script_user_listen(s, 0), TE_ERR_NOMEM);
    s->f.heap.allocations_left = -1;
    T_ERR(script_user_listen(s, 0), TE_OK);
}

/* --- whom the user may open ------------------------------------------------------------------- */

/* MUST-46. */
static void rfc9293_3_9_2_3_open_to_groups_is_refused(void **state)
{
    static const char *const groups[] = {"224.0.0.1", "239.1.2.3", "255.255.255.255", "10.0.0.255",
                                         "ff02::1"};
    struct script *s = *state;
    script_start(s);
    for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        uint64_t id;
        struct te_open open = {.remote = {fixture_addr(groups[i]), 80}, .uid = USER};
        T_ERR(te_open_active(s->f.stack, &open, &id, s->f.now_us), TE_ERR_INVALID);
    }
    script_pump(s);
    T_COUNT(s, active_opens, 0);
}

static void rfc9293_3_9_1_1_open_needs_an_address_and_a_route(void **state)
{
    struct script *s = *state;
    uint64_t id;
    struct te_open open = {.local = {fixture_addr("10.0.0.9"), 0},
                           .remote = {fixture_addr("10.0.0.2"), 80},
                           .uid = USER};
    script_start(s);
    T_ERR(te_open_active(s->f.stack, &open, &id, s->f.now_us), TE_ERR_ADDR_NOT_AVAILABLE);
    open = (struct te_open){.remote = {fixture_addr("192.0.2.1"), 80}, .uid = USER};
    T_ERR(te_open_active(s->f.stack, &open, &id, s->f.now_us), TE_ERR_NO_ROUTE);
    open.remote.port = 0;
    T_ERR(te_open_active(s->f.stack, &open, &id, s->f.now_us), TE_ERR_REMOTE_UNSPECIFIED);
}

/* MUST-44, MUST-45: the address comes from the route, and stays the connection's. */
static void rfc9293_3_9_1_1_local_address_is_asked_of_ip(void **state)
{
    struct script *s = *state;
    struct te_open open = {.remote = script_peer(s), .uid = USER};
    script_start(s);
    T_ERR(te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us), TE_OK);
    script_pump(s);
    s->c.local_port = script_status(s).local.port;
    T_EXPECT_SYN(s);
    T_EXPECT_AFTER(s, SECOND, .flags = TE_SYN, .seq = 0);
}

/* --- what is not for a TCP -------------------------------------------------------------------- */

/* MUST-57, MUST-63. */
static void rfc9293_3_9_2_3_segments_of_groups_are_dropped_in_silence(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    T_SEND(s, .flags = TE_SYN, .to = "255.255.255.255");
    T_SEND(s, .flags = TE_SYN, .to = "10.0.0.255");
    T_SEND(s, .flags = TE_SYN, .to = "224.0.0.1");
    T_SEND(s, .flags = TE_SYN, .from = "224.0.0.1");
    T_SEND(s, .flags = TE_SYN, .from = "255.255.255.255");
    T_SEND(s, .flags = TE_SYN, .from = "10.0.0.255");
    T_SEND(s, .flags = TE_SYN, .from = "127.0.0.1");
    T_EXPECT_NONE(s);
    T_COUNT(s, passive_opens, 0);
    T_COUNT(s, resets_out, 0);
}

static void segment_from_ourselves_is_dropped(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    s->c.remote_port = SERVER_PORT;
    T_SEND(s, .flags = TE_SYN, .from = "10.0.0.1");
    T_EXPECT_NONE(s);
    T_COUNT(s, passive_opens, 0);
}

static void rfc9293_3_1_checksum_covers_the_addresses(void **state)
{
    struct script *s = *state;
    uint8_t frame[FRAME_MAX];
    conn_in_listen(s);
    uint8_t segment[TE_TCP_HEADER_MAX];
    struct te_tcp_header header = {
        .source_port = 1, .destination_port = SERVER_PORT, .flags = TE_SYN};
    size_t len = te_tcp_emit(&header, segment);
    struct ip_spec spec = {.source = "10.0.0.2", .destination = "10.0.0.1", .protocol = 6};
    size_t frame_len = build_ip(&spec, segment, len, frame);
    fixture_input(&s->f, frame, frame_len);
    script_pump(s);
    T_EXPECT_NONE(s);
    T_COUNT(s, tcp_bad_checksum, 1);
}

/* --- ISNs and ports --------------------------------------------------------------------------- */

static uint32_t iss_of_open(struct script *s, uint16_t port)
{
    script_new_peer(s, port);
    T_ERR(script_user_open(s), TE_OK);
    uint32_t iss = T_EXPECT_SYN(s)->header.seq;
    T_ERR(script_user_close(s), TE_OK);
    return iss;
}

/* MUST-8: a clock of 4 microseconds, and a secret of the 4-tuple (RFC 6528 3). */
static void rfc9293_3_4_1_isn_is_driven_by_the_clock(void **state)
{
    struct script *s = *state;
    script_start(s);
    uint32_t first = iss_of_open(s, 7000);
    T_EQUAL(iss_of_open(s, 7000), first);
    script_advance(s, SECOND);
    T_EQUAL(iss_of_open(s, 7000) - first, 250000);
}

static void rfc6528_3_isn_differs_by_the_tuple_and_the_secret(void **state)
{
    struct script *s = *state;
    uint32_t isns[3];
    script_start(s);
    isns[0] = iss_of_open(s, 7000);
    isns[1] = iss_of_open(s, 7001);
    script_start_over(s);
    s->f.config.secret[0] ^= 1;
    isns[2] = iss_of_open(s, 7000);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t distance = isns[i] - isns[(i + 1) % 3];
        assert_true(distance > 1000000 && distance < 0u - 1000000);
    }
}

static void rfc6056_ephemeral_ports_are_in_range_and_differ(void **state)
{
    struct script *s = *state;
    bool seen[16] = {false};
    s->f.config.port_first = 40000;
    s->f.config.port_last = 40015;
    script_start(s);
    s->c.local_port = 0;
    for (unsigned i = 0; i < 16; i++) {
        T_ERR(script_user_open(s), TE_OK);
        uint16_t port = script_status(s).local.port;
        assert_in_range(port, 40000, 40015);
        assert_false(seen[port - 40000]);
        seen[port - 40000] = true;
    }
    T_ERR(script_user_open(s), TE_ERR_ADDR_IN_USE);
    T_COUNT(s, port_exhausted, 1);
    s->c.remote_port++; /* to another endpoint they are all free */
    T_ERR(script_user_open(s), TE_OK);
    script_skip(s);
}

static void rfc6056_a_listeners_port_is_not_ephemeral(void **state)
{
    struct script *s = *state;
    s->f.config.port_first = s->f.config.port_last = SERVER_PORT;
    conn_in_listen(s);
    s->c.local_port = 0;
    T_ERR(script_user_open(s), TE_ERR_ADDR_IN_USE);
}

/* Two secrets, two orders: the sequence cannot be foretold from outside. */
static void rfc6056_order_of_ports_depends_on_the_secret(void **state)
{
    struct script *s = *state;
    uint16_t ports[2];
    for (unsigned i = 0; i < 2; i++) {
        script_start_over(s);
        s->f.config.secret[3] = (uint8_t)i;
        s->c.local_port = 0;
        T_ERR(script_user_open(s), TE_OK);
        ports[i] = script_status(s).local.port;
        script_skip(s);
    }
    assert_int_not_equal(ports[0], ports[1]);
}

/* --- neighbours ------------------------------------------------------------------------------- */

static void open_fails_when_nobody_answers_arp(void **state)
{
    struct script *s = *state;
    s->mute_neighbour = true;
    T_ERR(script_user_open(s), TE_OK);
    script_advance(s, 10 * SECOND);
    T_EXPECT_NONE(s);
    assert_true(s->neighbour_questions > 1);
    T_EVENT(s, TE_CLOSED, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN);
    T_EVENT(s, TE_SYN_SENT, TE_CLOSED, TE_CAUSE_NEIGHBOUR);
    T_ERR(script_status(s).error, TE_ERR_HOST_UNREACHABLE);
    T_READY(s, TE_READY_OPEN | TE_READY_END);
    T_COUNT(s, neighbour_failed, 1);
}

/* The next one does not wait for what is already known. */
static void open_to_a_neighbour_that_just_failed(void **state)
{
    struct script *s = *state;
    s->mute_neighbour = true;
    T_ERR(script_user_open(s), TE_OK);
    script_advance(s, 10 * SECOND);
    T_ERR(script_status(s).error, TE_ERR_HOST_UNREACHABLE);
    T_ERR(script_user_close(s), TE_OK);
    T_ERR(script_user_open(s), TE_OK);
    script_advance(s, 10 * SECOND);
    T_ERR(script_status(s).error, TE_ERR_HOST_UNREACHABLE);
    s->mute_neighbour = false;
    T_ERR(script_user_close(s), TE_OK);
    script_advance(s, 60 * SECOND);
    T_ERR(script_user_open(s), TE_OK);
    T_EXPECT_SYN(s);
}

/* Too many resolutions are pending: the opening fails at once, since there is no queue to wait
 * in. */
static void open_fails_when_too_many_are_asked_for(void **state)
{
    struct script *s = *state;
    s->f.config.neighbour_incomplete_max = 1;
    s->mute_neighbour = true;
    T_ERR(script_user_open(s), TE_OK);
    struct te_open open = {.remote = {fixture_addr("10.0.0.50"), 80}, .uid = USER};
    T_ERR(te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us), TE_OK);
    script_pump(s);
    T_EXPECT_NONE(s);
    T_STATE(s, TE_CLOSED);
    T_ERR(script_status(s).error, TE_ERR_HOST_UNREACHABLE);
    T_COUNT(s, neighbour_incomplete_full, 1);
}

static void open_fails_when_nobody_answers_nd(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    s->mute_neighbour = true;
    T_ERR(script_user_open(s), TE_OK);
    script_advance(s, 10 * SECOND);
    T_EXPECT_NONE(s);
    T_ERR(script_status(s).error, TE_ERR_HOST_UNREACHABLE);
}

/* Acknowledged data is proof enough: the neighbour is not probed while it flows. */
static void acknowledged_text_confirms_the_neighbour(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    unsigned before = s->neighbour_questions;
    for (uint32_t i = 0; i < 300; i++) {
        T_EQUAL(script_user_send(s, 10), 10);
        T_EXPECT(s, .flags = TE_ACK, .seq = 1 + 10 * i, .ack = 1, .len = 10);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 11 + 10 * i);
        script_advance(s, SECOND);
    }
    T_EQUAL(s->neighbour_questions, before);
}

static void syn_waits_for_arp_and_leaves_once(void **state)
{
    struct script *s = *state;
    s->mute_neighbour = true;
    T_ERR(script_user_open(s), TE_OK);
    T_EXPECT_NONE(s);
    script_advance(s, 500 * MS);
    T_EXPECT_NONE(s);
    input_answer(&s->f, "10.0.0.2", peer_mac);
    script_pump(s);
    T_EXPECT_SYN(s);
    T_TIMER(s, TE_TIMER_RETRANSMIT, SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(accept_takes_the_oldest_first),
        SCRIPT_TEST(accept_gives_the_connection_its_owner),
        SCRIPT_TEST(closing_a_listener_resets_all_that_nobody_took),
        SCRIPT_TEST(backlog_overflow_holds_the_next_one_back),
        SCRIPT_TEST(held_back_handshake_takes_nothing),
        SCRIPT_TEST(backlog_is_cut_to_the_config),
        SCRIPT_TEST(syn_queue_overflow_drops_the_syn_without_cookies),
        SCRIPT_TEST(table_of_connections_full_drops_the_syn),
        SCRIPT_TEST(user_at_its_share_drops_the_syn),
        SCRIPT_TEST(last_of_a_share_of_memory_is_established),
        SCRIPT_TEST(last_of_a_share_of_memory_is_established_by_a_cookie),
        SCRIPT_TEST(closed_by_the_peer_before_accept_is_still_accepted),
        SCRIPT_TEST(reset_before_accept_leaves_the_queue),
        SCRIPT_TEST(closing_the_listener_resets_whom_nobody_accepted),
        SCRIPT_TEST(closing_the_listener_leaves_accepted_connections),
        SCRIPT_TEST(rfc9293_3_9_1_1_the_listener_that_fits_best),
        SCRIPT_TEST(the_more_a_listener_names_the_better_it_fits),
        SCRIPT_TEST(rfc9293_3_9_1_1_a_listener_for_one_peer_hears_no_other),
        SCRIPT_TEST(rfc9293_3_9_1_1_open_passive_twice),
        SCRIPT_TEST(rfc9293_3_9_1_1_open_passive_elsewhere),
        SCRIPT_TEST(rfc9293_3_9_1_1_a_listener_does_not_touch_connections),
        SCRIPT_TEST(rfc9293_3_9_1_1_a_listener_for_one_address_hears_no_other),
        SCRIPT_TEST(rfc9293_3_9_1_1_a_listener_for_one_port_of_the_peer),
        SCRIPT_TEST(listeners_have_a_limit),
        SCRIPT_TEST(rfc9293_3_9_2_3_open_to_groups_is_refused),
        SCRIPT_TEST(rfc9293_3_9_1_1_open_needs_an_address_and_a_route),
        SCRIPT_TEST(rfc9293_3_9_1_1_local_address_is_asked_of_ip),
        SCRIPT_TEST(rfc9293_3_9_2_3_segments_of_groups_are_dropped_in_silence),
        SCRIPT_TEST(segment_from_ourselves_is_dropped),
        SCRIPT_TEST(rfc9293_3_1_checksum_covers_the_addresses),
        SCRIPT_TEST(rfc9293_3_4_1_isn_is_driven_by_the_clock),
        SCRIPT_TEST(rfc6528_3_isn_differs_by_the_tuple_and_the_secret),
        SCRIPT_TEST(rfc6056_ephemeral_ports_are_in_range_and_differ),
        SCRIPT_TEST(rfc6056_a_listeners_port_is_not_ephemeral),
        SCRIPT_TEST(rfc6056_order_of_ports_depends_on_the_secret),
        SCRIPT_TEST(open_fails_when_nobody_answers_arp),
        SCRIPT_TEST(open_to_a_neighbour_that_just_failed),
        SCRIPT_TEST(open_fails_when_too_many_are_asked_for),
        SCRIPT_TEST(open_fails_when_nobody_answers_nd),
        SCRIPT_TEST(acknowledged_text_confirms_the_neighbour),
        SCRIPT_TEST(syn_waits_for_arp_and_leaves_once),
    };
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
