/* Every error of every user call of tcpengine/conn.h, by the condition that brings it. Which state
 * answers what is in user_call_script_test.c; here are the errors that depend on more than that. */
#include <string.h>

#include "script.h"
#include "wire/icmp.h"

#define NOBODY 4711 /* the id of nothing */
#define UNTOUCHED UINT64_C(0x5a5a5a5a)

static struct te_endpoint at(const char *addr, uint16_t port)
{
    struct te_endpoint endpoint = {.port = port};
    if (addr != NULL)
        endpoint.addr = fixture_addr(addr);
    return endpoint;
}

/* --- active OPEN ------------------------------------------------------------------------------ */

static enum te_err open_active(struct script *s, const struct te_open *open)
{
    uint64_t id = UNTOUCHED;
    enum te_err err = te_open_active(s->f.stack, open, &id, s->f.now_us);
    assert_int_equal(id == UNTOUCHED, err != TE_OK);
    script_pump(s);
    script_skip(s);
    return err;
}

/* What the addresses alone decide, in the order in which it is looked at. */
static void open_active_by_its_addresses(void **state)
{
    static const struct {
        const char *local, *remote;
        uint16_t local_port, remote_port;
        enum te_err err;
    } rows[] = {
        {NULL, "10.0.0.2", 0, 80, TE_OK},
        {"10.0.0.1", "10.0.0.2", 5000, 80, TE_OK},
        {NULL, "2001:db8::2", 0, 80, TE_OK},

        {NULL, NULL, 0, 80, TE_ERR_REMOTE_UNSPECIFIED},
        {NULL, "0.0.0.0", 0, 80, TE_ERR_REMOTE_UNSPECIFIED},
        {NULL, "10.0.0.2", 0, 0, TE_ERR_REMOTE_UNSPECIFIED},
        {"10.0.0.9", "224.0.0.1", 0, 0, TE_ERR_REMOTE_UNSPECIFIED},

        {NULL, "224.0.0.1", 0, 80, TE_ERR_INVALID}, /* multicast (RFC 9293 MUST-46) */
        {NULL, "239.255.255.255", 0, 80, TE_ERR_INVALID},
        {NULL, "ff02::1", 0, 80, TE_ERR_INVALID},
        {NULL, "255.255.255.255", 0, 80, TE_ERR_INVALID}, /* broadcast */
        {NULL, "10.0.0.255", 0, 80, TE_ERR_INVALID},
        {NULL, "127.0.0.1", 0, 80, TE_ERR_INVALID}, /* loopback */
        {NULL, "::1", 0, 80, TE_ERR_INVALID},
        {NULL, "0.1.2.3", 0, 80, TE_ERR_INVALID},  /* "this network" */
        {NULL, "10.0.0.1", 0, 80, TE_ERR_INVALID}, /* ourselves */
        {NULL, "2001:db8::1", 0, 80, TE_ERR_INVALID},
        {"10.0.0.9", "10.0.0.255", 0, 80, TE_ERR_INVALID},

        {NULL, "192.0.2.1", 0, 80, TE_ERR_NO_ROUTE},
        {NULL, "2001:db8:1::2", 0, 80, TE_ERR_NO_ROUTE},
        {"10.0.0.9", "192.0.2.1", 0, 80, TE_ERR_NO_ROUTE},

        {"10.0.0.9", "10.0.0.2", 0, 80, TE_ERR_ADDR_NOT_AVAILABLE},
        {"10.0.0.255", "10.0.0.2", 0, 80, TE_ERR_ADDR_NOT_AVAILABLE},
        {"2001:db8::1", "10.0.0.2", 0, 80, TE_ERR_ADDR_NOT_AVAILABLE}, /* the other family's */
        {"10.0.0.1", "2001:db8::2", 0, 80, TE_ERR_ADDR_NOT_AVAILABLE},

        {"10.0.0.1", "10.0.0.2", 5000, 80, TE_ERR_EXISTS}, /* the second row's 4-tuple */
        {NULL, "10.0.0.2", 5000, 80, TE_ERR_EXISTS},
        {NULL, "10.0.0.2", 5000, 81, TE_OK},
    };
    struct script *s = *state;
    script_start(s);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_open open = {.local = at(rows[i].local, rows[i].local_port),
                               .remote = at(rows[i].remote, rows[i].remote_port)};
        enum te_err err = open_active(s, &open);
        if (err != rows[i].err)
            fail_msg("row %u: \"%s\"", i, te_err_text(err));
    }
}

static void open_active_from_an_address_that_is_probed(void **state)
{
    struct script *s = *state;
    struct te_open open = {.remote = at("10.0.0.2", 80)};
    s->f.config.dad = true;
    script_start(s);
    T_ERR(open_active(s, &open), TE_ERR_ADDR_NOT_AVAILABLE);
    script_advance(s, 10 * SECOND);
    T_ERR(open_active(s, &open), TE_OK);
}

static void open_active_without_a_free_port(void **state)
{
    struct script *s = *state;
    struct te_open open = {.remote = at("10.0.0.2", 80)};
    s->f.config.port_first = s->f.config.port_last = 40000;
    script_start(s);
    T_ERR(open_active(s, &open), TE_OK);
    T_ERR(open_active(s, &open), TE_ERR_ADDR_IN_USE);
    T_COUNT(s, port_exhausted, 1);
    open.remote.port++; /* to another peer the port is free */
    T_ERR(open_active(s, &open), TE_OK);
}

static void open_active_beyond_the_limits(void **state)
{
    struct script *s = *state;
    struct te_open open = {.remote = at("10.0.0.2", 80)};
    s->f.config.conn_max = 1;
    script_start(s);
    s->f.heap.allocations_left = 0;
    T_ERR(open_active(s, &open), TE_ERR_NOMEM);
    s->f.heap.allocations_left = -1;
    T_ERR(open_active(s, &open), TE_OK);
    T_ERR(open_active(s, &open), TE_ERR_RESOURCES);
    T_COUNT(s, conn_limit, 1);
}

/* RFC 9293 3.10.1: the passive OPEN that turns active. An error leaves it a listener. */
static void open_active_by_a_listener(void **state)
{
    struct script *s = *state;
    conn_in_listen(s);
    struct te_open open = {.remote = script_peer(s), .listener_id = NOBODY};
    T_ERR(open_active(s, &open), TE_ERR_NO_CONNECTION);
    open.listener_id = s->listener_id;
    open.remote.port = 0;
    T_ERR(open_active(s, &open), TE_ERR_REMOTE_UNSPECIFIED);
    open.remote = at("192.0.2.1", 80);
    T_ERR(open_active(s, &open), TE_ERR_NO_ROUTE);
    open.remote = script_peer(s);
    s->f.heap.allocations_left = 0;
    T_ERR(open_active(s, &open), TE_ERR_NOMEM);
    s->f.heap.allocations_left = -1;
    T_EQUAL(script_state_of(s, s->listener_id), TE_LISTEN);
    T_ERR(open_active(s, &open), TE_OK);
    T_EQUAL(script_state_of(s, s->listener_id), TE_SYN_SENT);
    T_ERR(open_active(s, &open), TE_ERR_EXISTS); /* the id is a connection's now */
}

/* --- passive OPEN ----------------------------------------------------------------------------- */

static enum te_err open_passive(struct script *s, const struct te_listen *listen)
{
    uint64_t id = UNTOUCHED;
    enum te_err err = te_open_passive(s->f.stack, listen, &id, s->f.now_us);
    assert_int_equal(id == UNTOUCHED, err != TE_OK);
    return err;
}

static void open_passive_by_its_addresses(void **state)
{
    static const struct {
        const char *local, *remote;
        uint16_t local_port, remote_port;
        enum te_err err;
    } rows[] = {
        {NULL, NULL, 0, 0, TE_ERR_INVALID}, /* a listener has a port */
        {"10.0.0.9", NULL, 0, 0, TE_ERR_INVALID},
        {"10.0.0.9", NULL, 80, 0, TE_ERR_ADDR_NOT_AVAILABLE},
        {"224.0.0.1", NULL, 80, 0, TE_ERR_ADDR_NOT_AVAILABLE},
        {NULL, "224.0.0.1", 80, 0, TE_ERR_INVALID}, /* nobody sends from there */
        {NULL, "ff02::1", 80, 0, TE_ERR_INVALID},
        {NULL, "10.0.0.255", 80, 0, TE_ERR_INVALID},
        {NULL, "127.0.0.1", 80, 0, TE_ERR_INVALID},

        {"10.0.0.1", NULL, 80, 0, TE_OK},
        {"10.0.0.1", NULL, 80, 0, TE_ERR_ADDR_IN_USE},
        {NULL, NULL, 80, 0, TE_ERR_ADDR_IN_USE},
        {"2001:db8::1", NULL, 80, 0, TE_OK},
        {"10.0.0.1", "10.0.0.2", 80, 0, TE_OK}, /* more specific (MUST-43) */
        {"10.0.0.1", "10.0.0.2", 80, 0, TE_ERR_ADDR_IN_USE},
        {NULL, NULL, 80, 4000, TE_OK},
        {NULL, NULL, 81, 0, TE_OK},
        {"10.0.0.1", NULL, 81, 0, TE_ERR_ADDR_IN_USE},
    };
    struct script *s = *state;
    script_start(s);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_listen listen = {.local = at(rows[i].local, rows[i].local_port),
                                   .remote = at(rows[i].remote, rows[i].remote_port)};
        enum te_err err = open_passive(s, &listen);
        if (err != rows[i].err)
            fail_msg("row %u: \"%s\"", i, te_err_text(err));
    }
}

#define LISTENERS_MAX 4096

static void open_passive_beyond_the_limits(void **state)
{
    struct script *s = *state;
    struct te_listen listen = {.local.port = 1};
    script_start(s);
    s->f.heap.allocations_left = 0;
    T_ERR(open_passive(s, &listen), TE_ERR_NOMEM);
    s->f.heap.allocations_left = -1;
    for (unsigned i = 0; i < LISTENERS_MAX; i++, listen.local.port++)
        T_ERR(open_passive(s, &listen), TE_OK);
    T_ERR(open_passive(s, &listen), TE_ERR_RESOURCES);
    listen.local.port = 1; /* what is taken is told first */
    T_ERR(open_passive(s, &listen), TE_ERR_ADDR_IN_USE);
}

static void open_passive_on_an_address_that_is_probed(void **state)
{
    struct script *s = *state;
    struct te_listen listen = {.local = at("10.0.0.1", 80)};
    s->f.config.dad = true;
    script_start(s);
    T_ERR(open_passive(s, &listen), TE_ERR_ADDR_NOT_AVAILABLE);
    listen.local = at(NULL, 80); /* on all of ours it may wait for them */
    T_ERR(open_passive(s, &listen), TE_OK);
}

/* --- accept ----------------------------------------------------------------------------------- */

static void accept_errors(void **state)
{
    struct script *s = *state;
    uint64_t id = UNTOUCHED;
    conn_in_listen(s);
    T_ERR(te_accept(s->f.stack, NOBODY, USER, &id, s->f.now_us), TE_ERR_NO_CONNECTION);
    T_ERR(te_accept(s->f.stack, s->listener_id, USER, &id, s->f.now_us), TE_ERR_AGAIN);
    conn_in_syn_rcvd(s); /* half open is not ready */
    T_ERR(te_accept(s->f.stack, s->listener_id, USER, &id, s->f.now_us), TE_ERR_AGAIN);
    T_ERR(te_accept(s->f.stack, s->c.id, USER, &id, s->f.now_us), TE_ERR_NOT_LISTENER);
    assert_int_equal(id, UNTOUCHED);
}

/* --- streams ---------------------------------------------------------------------------------- */

static enum te_err peek(struct script *s, uint64_t id, uint64_t offset)
{
    struct te_received received = {.total_bytes = 4711};
    enum te_err err = te_receive_peek(s->f.stack, id, offset, SIZE_MAX, &received);
    assert_true((err == TE_OK) != (received.total_bytes == 4711)); /* untouched by an error */
    return err;
}

static enum te_err release(struct script *s, uint64_t id, uint64_t offset)
{
    return te_receive_release(s->f.stack, id, offset, s->f.now_us);
}

static void receive_offsets(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_ERR(release(s, s->c.id, 40), TE_OK);
    T_ERR(peek(s, s->c.id, 39), TE_ERR_OFFSET); /* released */
    T_ERR(peek(s, s->c.id, 40), TE_OK);
    T_ERR(peek(s, s->c.id, 99), TE_OK);
    T_ERR(peek(s, s->c.id, 100), TE_ERR_AGAIN);  /* not there yet */
    T_ERR(peek(s, s->c.id, 101), TE_ERR_OFFSET); /* a gap */
    T_ERR(release(s, s->c.id, 39), TE_OK);       /* again: no harm */
    T_ERR(release(s, s->c.id, 101), TE_ERR_OFFSET);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 101, .ack = 1);
    T_EXPECT_ACK(s, 1, 102);
    T_ERR(peek(s, s->c.id, 99), TE_OK);
    T_ERR(peek(s, s->c.id, 100), TE_ERR_CLOSING); /* the end */
    T_ERR(peek(s, s->c.id, 101), TE_ERR_OFFSET);
    T_ERR(release(s, s->c.id, 100), TE_OK);
    T_ERR(peek(s, s->c.id, 100), TE_ERR_CLOSING);
}

/* A full buffer, and a refusal of memory, are no errors: fewer bytes are taken. */
static void send_takes_what_there_is_room_for(void **state)
{
    static uint8_t bytes[65536];
    struct script *s = *state;
    size_t accepted = 4711;
    s->f.config.send_buffer_max_bytes = 16384;
    s->peer_window = 0;
    conn_in_established(s);
    s->f.heap.allocations_left = 0;
    T_ERR(te_send(s->f.stack, s->c.id, bytes, 100, &accepted, s->f.now_us), TE_OK);
    T_EQUAL(accepted, 0);
    s->f.heap.allocations_left = -1;
    T_ERR(te_send(s->f.stack, s->c.id, bytes, sizeof(bytes), &accepted, s->f.now_us), TE_OK);
    T_EQUAL(accepted, 16384);
    T_ERR(te_send(s->f.stack, s->c.id, bytes, 1, &accepted, s->f.now_us), TE_OK);
    T_EQUAL(accepted, 0);
    T_ERR(script_user_abort(s), TE_OK);
    script_skip(s);
}

/* --- options ---------------------------------------------------------------------------------- */

static void option_ranges(void **state)
{
    static const struct {
        enum te_option option;
        int64_t min, max;
    } rows[] = {
        {TE_OPTION_NAGLE, 0, 1},
        {TE_OPTION_KEEPALIVE, 0, 1},
        {TE_OPTION_DELAYED_ACK, 0, 1},
        {TE_OPTION_KEEPALIVE_IDLE_US, 1, UINT32_MAX * SECOND},
        {TE_OPTION_KEEPALIVE_INTERVAL_US, 1, UINT32_MAX * MS},
        {TE_OPTION_KEEPALIVE_PROBES, 1, 255},
        {TE_OPTION_USER_TIMEOUT_US, 0, INT64_MAX / 4},
        {TE_OPTION_SEND_BUFFER_MAX, 4096, 1 << 30},
        {TE_OPTION_RECEIVE_BUFFER_MAX, 4096, 65536}, /* what it was: it may only fall */
        {TE_OPTION_FEATURES, 0, TE_FEATURES_ALL},
    };
    struct script *s = *state;
    s->f.config.receive_buffer_max_bytes = 65536;
    conn_in_established(s);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const int64_t beyond[] = {INT64_MIN, INT64_MAX};
        enum te_option option = rows[i].option;
        T_ERR(script_user_option(s, option, rows[i].max), TE_OK);
        T_ERR(script_user_option(s, option, rows[i].min - 1), TE_ERR_INVALID);
        T_ERR(script_user_option(s, option, rows[i].max + 1), TE_ERR_INVALID);
        for (unsigned k = 0; k < 2; k++)
            T_ERR(script_user_option(s, option, beyond[k]), TE_ERR_INVALID);
        T_ERR(script_user_option(s, option, rows[i].min), TE_OK);
    }
    T_ERR(script_user_option(s, (enum te_option)0, 0), TE_ERR_INVALID);
    T_ERR(script_user_option(s, (enum te_option)(TE_OPTION_FEATURES + 1), 0), TE_ERR_INVALID);
    script_skip(s);
}

/* An answer about the value comes before one about the connection. */
static void option_value_is_looked_at_first(void **state)
{
    struct script *s = *state;
    script_start(s);
    T_ERR(te_set_option(s->f.stack, NOBODY, TE_OPTION_NAGLE, 2, s->f.now_us), TE_ERR_INVALID);
    T_ERR(te_set_option(s->f.stack, NOBODY, TE_OPTION_NAGLE, 1, s->f.now_us), TE_ERR_NO_CONNECTION);
    T_ERR(te_set_congestion_control(s->f.stack, NOBODY, "nonsense", s->f.now_us), TE_ERR_INVALID);
    T_ERR(te_set_congestion_control(s->f.stack, NOBODY, "reno", s->f.now_us), TE_ERR_NO_CONNECTION);
}

static void congestion_control_by_its_name(void **state)
{
    static const char *const bad[] = {"", "ren", "renoo", "Reno ", "tcp"};
    struct script *s = *state;
    conn_in_established(s);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        T_ERR(te_set_congestion_control(s->f.stack, s->c.id, bad[i], s->f.now_us), TE_ERR_INVALID);
    for (unsigned i = 0; te_cc_name(i) != NULL; i++) {
        T_ERR(te_set_congestion_control(s->f.stack, s->c.id, te_cc_name(i), s->f.now_us), TE_OK);
        assert_string_equal(script_status(s).congestion_control, te_cc_name(i));
    }
}

/* --- calls with an id that is not a connection's ---------------------------------------------- */

static enum te_err send_one(struct script *s, uint64_t id)
{
    size_t accepted = 4711;
    enum te_err err = te_send(s->f.stack, id, "x", 1, &accepted, s->f.now_us);
    assert_true(err == TE_OK || accepted == 4711);
    return err;
}

static enum te_err peek_at_0(struct script *s, uint64_t id)
{
    return peek(s, id, 0);
}

static enum te_err release_at_0(struct script *s, uint64_t id)
{
    return release(s, id, 0);
}

static enum te_err shut_down(struct script *s, uint64_t id)
{
    return te_shutdown(s->f.stack, id, s->f.now_us);
}

static enum te_err set_option(struct script *s, uint64_t id)
{
    return te_set_option(s->f.stack, id, TE_OPTION_NAGLE, 1, s->f.now_us);
}

static enum te_err set_congestion_control(struct script *s, uint64_t id)
{
    return te_set_congestion_control(s->f.stack, id, "reno", s->f.now_us);
}

static enum te_err cc_variables(struct script *s, uint64_t id)
{
    struct te_cc_variable variables[TE_CC_VARIABLES_MAX];
    unsigned count = 4711;
    enum te_err err = te_cc_variables(s->f.stack, id, variables, &count);
    assert_true((err == TE_OK) == (count <= TE_CC_VARIABLES_MAX));
    return err;
}

static enum te_err status_of(struct script *s, uint64_t id)
{
    struct te_status status;
    return te_status(s->f.stack, id, &status);
}

static enum te_err history_of(struct script *s, uint64_t id)
{
    struct te_history history;
    return te_history(s->f.stack, id, &history);
}

static enum te_err drops_of(struct script *s, uint64_t id)
{
    struct te_dropped drops[TE_DROPS_MAX];
    unsigned count;
    return te_drops(s->f.stack, id, drops, &count);
}

static enum te_err close_it(struct script *s, uint64_t id)
{
    return te_close(s->f.stack, id, s->f.now_us);
}

static enum te_err abort_it(struct script *s, uint64_t id)
{
    return te_abort(s->f.stack, id, s->f.now_us);
}

/* What each call answers about an id of nothing, of a listener, of a TIME_WAIT entry whose user is
 * gone, and of a connection that is gone and remembered. Calls that end something come last. */
static const struct {
    const char *name;
    enum te_err (*call)(struct script *s, uint64_t id);
    enum te_err of_nothing, of_listener, of_time_wait, of_gone;
} calls[] = {
#define NO_CONN TE_ERR_NO_CONNECTION
    {"send", send_one, NO_CONN, TE_ERR_STATE, TE_ERR_CLOSING, NO_CONN},
    {"peek", peek_at_0, NO_CONN, TE_ERR_STATE, TE_ERR_CLOSING, NO_CONN},
    {"release", release_at_0, NO_CONN, TE_ERR_STATE, TE_ERR_CLOSING, NO_CONN},
    {"shutdown", shut_down, NO_CONN, TE_ERR_STATE, TE_ERR_CLOSING, NO_CONN},
    {"set_option", set_option, NO_CONN, TE_ERR_STATE, TE_ERR_STATE, NO_CONN},
    {"set_congestion_control", set_congestion_control, NO_CONN, TE_ERR_STATE, TE_ERR_STATE,
     NO_CONN},
    {"cc_variables", cc_variables, NO_CONN, TE_ERR_STATE, TE_ERR_STATE, NO_CONN},
    {"status", status_of, NO_CONN, TE_OK, TE_OK, NO_CONN},
    {"history", history_of, NO_CONN, TE_OK, TE_OK, TE_OK},
    {"drops", drops_of, NO_CONN, TE_OK, TE_OK, TE_OK},
    {"close", close_it, NO_CONN, TE_OK, TE_ERR_CLOSING, NO_CONN},
    {"abort", abort_it, NO_CONN, NO_CONN, TE_OK, NO_CONN}, /* the listener was closed before */
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void assert_answer(unsigned i, const char *what, enum te_err is, enum te_err want)
{
    if (is != want)
        fail_msg("%s of %s: \"%s\", not \"%s\"", calls[i].name, what, te_err_text(is),
                 te_err_text(want));
}

static void calls_with_other_ids(void **state)
{
    struct script *s = *state;
    s->closes_fully = true;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    uint64_t gone = s->c.id;
    for (unsigned i = 0; i < CALLS; i++) {
        assert_answer(i, "nothing", calls[i].call(s, NOBODY), calls[i].of_nothing);
        assert_answer(i, "a listener", calls[i].call(s, s->listener_id), calls[i].of_listener);
        assert_answer(i, "TIME_WAIT", calls[i].call(s, s->c.id), calls[i].of_time_wait);
        script_pump(s);
    }
    for (unsigned i = 0; i < CALLS; i++)
        assert_answer(i, "a gone one", calls[i].call(s, gone), calls[i].of_gone);
}

/* --- calls to a connection that has failed ---------------------------------------------------- */

static void fail_by_reset(struct script *s)
{
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1);
}

static void fail_by_refusal(struct script *s)
{
    conn_in_syn_sent(s);
    T_SEND(s, .flags = TE_RST | TE_ACK, .seq = 0, .ack = 1);
}

static void fail_by_silence(struct script *s)
{
    conn_in_syn_sent(s);
    script_advance(s, 300 * SECOND);
    script_skip(s);
}

static void fail_by_user_timeout(struct script *s)
{
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_USER_TIMEOUT_US, 5 * SECOND), TE_OK);
    T_EQUAL(script_user_send(s, 100), 100);
    script_advance(s, 20 * SECOND);
    script_skip(s);
}

static void fail_by_keepalive(struct script *s)
{
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_PROBES, 2), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_IDLE_US, SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_INTERVAL_US, SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    script_advance(s, 10 * SECOND);
    script_skip(s);
}

static void fail_by_neighbour(struct script *s)
{
    s->mute_neighbour = true;
    T_ERR(script_user_open(s), TE_OK);
    script_advance(s, 4 * SECOND);
}

static void fail_by_icmp(struct script *s, uint8_t code)
{
    conn_in_syn_sent(s);
    script_icmp_error(s, TE_ICMP4_UNREACHABLE, code, 0, 0);
}

static void fail_by_net_unreachable(struct script *s)
{
    fail_by_icmp(s, 0);
}

static void fail_by_host_unreachable(struct script *s)
{
    fail_by_icmp(s, 1);
}

static void fail_by_port_unreachable(struct script *s)
{
    fail_by_icmp(s, 3);
}

static void fail_by_prohibition(struct script *s)
{
    fail_by_icmp(s, 13);
}

static const struct {
    void (*bring_about)(struct script *s);
    enum te_err cause;
} failures[] = {
    {fail_by_reset, TE_ERR_RESET},
    {fail_by_refusal, TE_ERR_REFUSED},
    {fail_by_silence, TE_ERR_TIMED_OUT},
    {fail_by_user_timeout, TE_ERR_TIMED_OUT},
    {fail_by_keepalive, TE_ERR_KEEPALIVE},
    {fail_by_neighbour, TE_ERR_HOST_UNREACHABLE},
    {fail_by_net_unreachable, TE_ERR_NET_UNREACHABLE},
    {fail_by_host_unreachable, TE_ERR_HOST_UNREACHABLE},
    {fail_by_port_unreachable, TE_ERR_PORT_UNREACHABLE},
    {fail_by_prohibition, TE_ERR_PROHIBITED},
};

/* SEND, RECEIVE and the half close answer with the cause; CLOSE frees what remains, once. */
static void a_failed_connection_tells_its_cause(void **state)
{
    struct script *s = *state;
    for (unsigned i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        enum te_err cause = failures[i].cause;
        uint64_t id;
        script_start_over(s);
        failures[i].bring_about(s);
        T_STATE(s, TE_CLOSED);
        T_EQUAL(script_status(s).error, cause);
        T_ERR(send_one(s, s->c.id), cause);
        T_ERR(peek(s, s->c.id, 0), cause);
        T_ERR(shut_down(s, s->c.id), cause);
        T_ERR(release(s, s->c.id, 0), TE_OK);
        T_ERR(release(s, s->c.id, 1), TE_ERR_OFFSET);
        T_ERR(set_option(s, s->c.id), TE_ERR_STATE);
        T_ERR(set_congestion_control(s, s->c.id), TE_ERR_STATE);
        T_ERR(cc_variables(s, s->c.id), TE_ERR_STATE);
        T_ERR(te_accept(s->f.stack, s->c.id, USER, &id, s->f.now_us), TE_ERR_NOT_LISTENER);
        T_ERR(history_of(s, s->c.id), TE_OK);
        T_ERR(i % 2 == 0 ? close_it(s, s->c.id) : abort_it(s, s->c.id), TE_OK);
        T_ERR(close_it(s, s->c.id), TE_ERR_NO_CONNECTION);
        T_ERR(abort_it(s, s->c.id), TE_ERR_NO_CONNECTION);
        T_ERR(send_one(s, s->c.id), TE_ERR_NO_CONNECTION);
        T_ERR(history_of(s, s->c.id), TE_OK); /* remembered */
    }
}

/* RFC 9293 3.10.7.4: all segment queues are flushed. Whatever offset is asked for, the answer is
 * why. */
static void a_failed_connection_loses_what_it_received(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    T_ERR(peek(s, s->c.id, 0), TE_OK);
    T_SEND(s, .flags = TE_RST, .seq = 101);
    T_STATE(s, TE_CLOSED);
    T_ERR(peek(s, s->c.id, 0), TE_ERR_RESET);
    T_ERR(peek(s, s->c.id, 100), TE_ERR_RESET);
    T_ERR(peek(s, s->c.id, 101), TE_ERR_RESET);
    T_ERR(release(s, s->c.id, 100), TE_OK);
    T_ERR(release(s, s->c.id, 101), TE_ERR_OFFSET);
}

/* One that has ended in order keeps it until its user takes it, and is still there to be asked. */
static void an_ended_connection_keeps_what_it_received(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 102);
    T_ERR(script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 102);
    T_SEND(s, .flags = TE_ACK, .seq = 102, .ack = 2);
    T_STATE(s, TE_CLOSED);
    T_EQUAL(script_status(s).error, TE_OK);
    T_ERR(send_one(s, s->c.id), TE_ERR_CLOSING);
    T_ERR(shut_down(s, s->c.id), TE_ERR_CLOSING);
    T_ERR(set_option(s, s->c.id), TE_ERR_STATE);
    T_ERR(peek(s, s->c.id, 0), TE_OK);
    T_ERR(release(s, s->c.id, 60), TE_OK);
    T_ERR(peek(s, s->c.id, 59), TE_ERR_OFFSET);
    T_EQUAL(script_user_take(s, NULL), 40);
    T_ERR(peek(s, s->c.id, 100), TE_ERR_CLOSING);
    T_ERR(close_it(s, s->c.id), TE_OK);
    T_ERR(peek(s, s->c.id, 100), TE_ERR_NO_CONNECTION);
}

/* --- CLOSE and ABORT -------------------------------------------------------------------------- */

/* A connection that was given up is nobody's: CLOSE again says so, ABORT still ends it. */
static void what_was_closed_can_be_aborted(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(close_it(s, s->c.id), TE_OK);
    script_pump(s);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_ERR(close_it(s, s->c.id), TE_ERR_CLOSING);
    T_ERR(shut_down(s, s->c.id), TE_ERR_CLOSING);
    T_ERR(abort_it(s, s->c.id), TE_OK);
    script_pump(s);
    T_EXPECT(s, .flags = TE_RST | TE_ACK, .seq = 2, .ack = 1);
    T_GONE(s);
    T_ERR(abort_it(s, s->c.id), TE_ERR_NO_CONNECTION);
}

/* After the half close CLOSE only gives the connection up, without an error. */
static void close_after_the_half_close(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_1(s);
    T_ERR(shut_down(s, s->c.id), TE_ERR_CLOSING);
    T_ERR(close_it(s, s->c.id), TE_OK);
    T_ERR(close_it(s, s->c.id), TE_ERR_CLOSING);
    T_EXPECT_NONE(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(open_active_by_its_addresses),
        SCRIPT_TEST(open_active_from_an_address_that_is_probed),
        SCRIPT_TEST(open_active_without_a_free_port),
        SCRIPT_TEST(open_active_beyond_the_limits),
        SCRIPT_TEST(open_active_by_a_listener),
        SCRIPT_TEST(open_passive_by_its_addresses),
        SCRIPT_TEST(open_passive_beyond_the_limits),
        SCRIPT_TEST(open_passive_on_an_address_that_is_probed),
        SCRIPT_TEST(accept_errors),
        SCRIPT_TEST(receive_offsets),
        SCRIPT_TEST(send_takes_what_there_is_room_for),
        SCRIPT_TEST(option_ranges),
        SCRIPT_TEST(option_value_is_looked_at_first),
        SCRIPT_TEST(congestion_control_by_its_name),
        SCRIPT_TEST(calls_with_other_ids),
        SCRIPT_TEST(a_failed_connection_tells_its_cause),
        SCRIPT_TEST(a_failed_connection_loses_what_it_received),
        SCRIPT_TEST(an_ended_connection_keeps_what_it_received),
        SCRIPT_TEST(what_was_closed_can_be_aborted),
        SCRIPT_TEST(close_after_the_half_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
