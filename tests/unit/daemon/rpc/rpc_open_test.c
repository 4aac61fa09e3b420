/* Open, Accept, Close, Abort: how objects come and go, each exactly once. */
#include <stdlib.h>
#include <string.h>

#include "rpc/rpc_support.h"

#define OP(name) TCPENGINE__V1__REQUEST__OP_##name
#define STATE(name) TCPENGINE__V1__STATE__##name
#define TOKEN 0x1122334455667788u
#define WAIT_MS 40

/* --- Open ------------------------------------------------------------------------------------- */

static void test_open_answers_at_once(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    const pb_open_result *result = t_open(&client, 80, 0, 0)->open;
    assert_int_equal(result->id, 1);
    assert_int_equal(result->state, STATE(SYN_SENT));
    assert_string_equal(result->local->address, "10.0.0.1");
    assert_true(result->local->port >= 32768);
    assert_string_equal(result->remote->address, "10.0.0.2");
    assert_int_equal(result->remote->port, 80);
    t_client_close(&client);
}

static void test_open_waits_until_established(void **state)
{
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, *state);
    t_connected(&client, &peer);
    t_client_close(&client);
}

static void test_open_tells_a_refusal(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_FAILS(t_open(&client, 81, 0, 5000), REFUSED);
    assert_string_equal(client.response->status->message,
                        "connection 1 to 10.0.0.2:81: refused: RST from peer");
    assert_string_equal(client.response->status->errno_name, "ECONNREFUSED");
    assert_true(client.response->status->hint[0] != '\0');
    assert_int_equal(client.response->open->id, 1);
    assert_int_equal(client.response->open->state, STATE(CLOSED));
    T_OK(t_status(&client, 1)); /* its remains still tell why */
    t_client_close(&client);
}

static void test_open_tells_a_timeout(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    env->is_ip_cut = true;
    client.is_silent = true;
    t_open(&client, 80, 0, 3600000);
    t_skip(env, 130 * INT64_C(1000000));
    T_FAILS(t_answer(&client), TIMED_OUT);
    assert_string_equal(client.response->status->message,
                        "connection 1 to 10.0.0.2:80: timed out after 6 retransmissions");
    assert_string_equal(client.response->status->errno_name, "ETIMEDOUT");
    t_client_close(&client);
}

static void test_open_tells_a_silent_neighbour(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    env->is_cable_cut = true;
    client.is_silent = true;
    t_open(&client, 80, 0, 3600000);
    t_skip(env, 10 * INT64_C(1000000));
    T_FAILS(t_answer(&client), UNREACHABLE);
    assert_string_equal(client.response->status->message,
                        "connection 1 to 10.0.0.2:80: unreachable: the neighbour 10.0.0.2 does "
                        "not answer ARP");
    assert_string_equal(client.response->status->errno_name, "EHOSTUNREACH");
    t_client_close(&client);
}

static void test_open_that_takes_too_long_says_so_far(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    env->is_cable_cut = true;
    T_OK(t_open(&client, 80, 0, WAIT_MS));
    assert_int_equal(client.response->open->state, STATE(SYN_SENT));
    client.deadline_ms = WAIT_MS;
    T_FAILS(t_open(&client, 80, 0, 60000), DEADLINE);
    assert_int_equal(client.response->open->id, 2); /* the opening continues */
    t_client_close(&client);
}

static const pb_response *open_to(struct t_client *client, const char *address, uint32_t port,
                                  bool passive)
{
    pb_endpoint endpoint = TCPENGINE__V1__ENDPOINT__INIT;
    pb_open op = TCPENGINE__V1__OPEN__INIT;
    endpoint.address = (char *)(uintptr_t)address;
    endpoint.port = port;
    op.passive = passive;
    if (passive)
        op.local = &endpoint;
    else
        op.remote = &endpoint;
    return t_call(client, OP(OPEN), &op);
}

static void test_open_with_bad_arguments(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_FAILS(open_to(&client, "10.0.0", 80, false), INVALID_ARGUMENT);
    assert_string_equal(client.response->status->message,
                        "Open: the remote address \"10.0.0\" is neither IPv4 nor IPv6");
    T_FAILS(open_to(&client, "10.0.0.2", 65536, false), INVALID_ARGUMENT);
    T_FAILS(open_to(&client, "10.0.0.2", 0, false), INVALID_ARGUMENT);
    T_FAILS(open_to(&client, "", 80, false), INVALID_ARGUMENT);
    T_FAILS(open_to(&client, "224.0.0.1", 80, false), INVALID_ARGUMENT);
    T_FAILS(open_to(&client, "", 0, true), INVALID_ARGUMENT);
    T_FAILS(open_to(&client, "10.0.0.7", 80, true), ADDRESS);
    assert_string_equal(client.response->status->message,
                        "listener on 10.0.0.7:80: the local address is not one of the daemon's");
    T_FAILS(open_to(&client, "192.0.2.1", 80, false), UNREACHABLE);
    assert_string_equal(client.response->status->message,
                        "connection to 192.0.2.1:80: unreachable: no route to that address");
    T_OK(open_to(&client, "", 80, true));
    T_FAILS(open_to(&client, "", 80, true), ADDRESS);
    assert_int_equal(t_stats(*state).objects, 1);
    t_client_close(&client);
}

static void test_same_token_opens_once(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    uint64_t id = t_open(&client, 80, TOKEN, 0)->open->id;
    t_client_reconnect(&client);
    assert_int_equal(t_open(&client, 80, TOKEN, 0)->open->id, id);
    assert_int_equal(t_open(&client, 80, TOKEN + 1, 0)->open->id, id + 1);
    assert_int_equal(t_open(&client, 80, 0, 0)->open->id, id + 2);
    uint64_t listener = t_listen(&client, 80, TOKEN + 2)->open->id;
    const pb_open_result *again = t_listen(&client, 80, TOKEN + 2)->open;
    assert_int_equal(again->id, listener);
    assert_int_equal(again->state, STATE(LISTEN));
    assert_int_equal(again->backlog, 128);
    assert_int_equal(t_stats(*state).counters.requests_repeated, 2);
    t_client_close(&client);
}

/* Data is a Send at offset 0, and with the same token none again. */
static void test_open_with_data(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    pb_endpoint remote = TCPENGINE__V1__ENDPOINT__INIT;
    pb_open open = TCPENGINE__V1__OPEN__INIT;
    pb_send send = TCPENGINE__V1__SEND__INIT;
    t_peer_listen(*state, 80);
    remote.address = (char *)(uintptr_t) "10.0.0.2";
    remote.port = 80;
    open.remote = &remote;
    open.token = TOKEN;
    open.fast_open = true; /* not allowed by this configuration: no more than a wish */
    open.data.data = (uint8_t *)(uintptr_t) "hello";
    open.data.len = 5;
    for (unsigned i = 0; i < 2; i++) {
        T_OK(t_call(&client, OP(OPEN), &open));
        assert_int_equal(client.response->open->accepted_to, 5);
    }
    send.id = client.response->open->id;
    send.offset = 5;
    send.data.data = (uint8_t *)(uintptr_t) "!";
    send.data.len = 1;
    T_OK(t_call(&client, OP(SEND), &send));
    assert_int_equal(client.response->send->accepted_to, 6);
    t_client_close(&client);
}

static void test_token_of_another_uid_is_another(void **state)
{
    struct t_rpc *env = *state;
    struct t_client root, other;
    t_client_open_as(&other, env, T_OTHER_UID);
    t_client_open(&root, env);
    uint64_t id = t_open(&root, 80, TOKEN, 0)->open->id;
    assert_int_not_equal(t_open(&other, 80, TOKEN, 0)->open->id, id);
    t_client_close(&root);
    t_client_close(&other);
}

static void test_repeated_open_waits_for_the_same_end(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    T_FAILS(t_open(&client, 81, TOKEN, 5000), REFUSED);
    t_client_reconnect(&client);
    T_FAILS(t_open(&client, 81, TOKEN, 5000), REFUSED);
    assert_int_equal(client.response->open->id, 1);
    T_OK(t_close(&client, 1, 0));
    T_FAILS(t_open(&client, 81, TOKEN, 5000), REFUSED); /* by its history */
    assert_int_equal(te_stack_counters(env->pump.stack)->active_opens, 1);
    t_client_close(&client);
}

/* The request reaches the daemon up to any byte; then the link breaks, and it is sent again. */
static void test_open_cut_off_at_any_byte_opens_once(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    char address[] = "10.0.0.2";
    uint8_t body[256], frame[300];
    pb_endpoint remote = TCPENGINE__V1__ENDPOINT__INIT;
    pb_open op = TCPENGINE__V1__OPEN__INIT;
    remote.address = address;
    remote.port = 80;
    op.remote = &remote;
    op.token = TOKEN;
    t_client_open(&client, env);
    size_t len = t_frame(frame, 1, body, t_pack(&client, OP(OPEN), &op, body));
    for (size_t cut = 0; cut <= len; cut++) {
        t_write(&env->loop, client.fd, frame, cut);
        t_client_reconnect(&client);
        assert_int_equal(t_call(&client, OP(OPEN), &op)->open->id, 1);
    }
    assert_int_equal(te_stack_counters(env->pump.stack)->active_opens, 1);
    t_client_close(&client);
}

static void test_listener_turns_active_under_its_id(void **state)
{
    struct t_client client;
    char address[] = "10.0.0.2";
    pb_endpoint remote = TCPENGINE__V1__ENDPOINT__INIT;
    pb_open op = TCPENGINE__V1__OPEN__INIT;
    t_client_open(&client, *state);
    uint64_t id = t_listen(&client, 8080, 0)->open->id;
    remote.address = address;
    remote.port = 80;
    op.remote = &remote;
    op.listener_id = id;
    const pb_open_result *result = t_call(&client, OP(OPEN), &op)->open;
    assert_int_equal(result->id, id);
    assert_int_equal(result->state, STATE(SYN_SENT));
    assert_int_equal(result->local->port, 8080);
    op.listener_id = 999;
    T_FAILS(t_call(&client, OP(OPEN), &op), NOT_FOUND);
    t_client_close(&client);
}

static void test_objects_of_one_uid_are_limited(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    env->options.objects_per_uid_max = 3;
    t_rpc_restart(env);
    t_client_open(&client, env);
    for (uint16_t port = 1; port <= 3; port++)
        T_OK(t_listen(&client, port, 0));
    T_FAILS(t_listen(&client, 4, 0), RESOURCES);
    assert_string_equal(client.response->status->errno_name, "EMFILE");
    assert_int_equal(t_stats(env).counters.objects_refused, 1);
    T_OK(t_close(&client, 2, 0));
    T_OK(t_listen(&client, 4, 0));
    te_close(env->pump.stack, 3, t_now_us(env)); /* gone behind the rpc's back */
    T_OK(t_listen(&client, 5, 0));
    t_client_close(&client);
}

static const pb_response *open_from(struct t_client *client, uint16_t port)
{
    pb_endpoint local, remote;
    pb_open op;
    tcpengine__v1__endpoint__init(&local);
    tcpengine__v1__endpoint__init(&remote);
    tcpengine__v1__open__init(&op);
    local.port = port;
    remote.address = "10.0.0.2";
    remote.port = 80;
    op.local = &local;
    op.remote = &remote;
    return t_call(client, OP(OPEN), &op);
}

/* One user cannot take all listeners, and the refusal names the limit and its key. */
static void test_listeners_of_one_uid_have_a_share(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client, root;
    t_client_open_as(&client, env, T_OTHER_UID);
    for (unsigned i = 0; i < 1024; i++) /* 25 % of 4,096 */
        T_OK(t_listen(&client, (uint16_t)(2000 + i), 0));
    T_FAILS(t_listen(&client, 5000, 0), RESOURCES);
    assert_string_equal(client.response->status->message,
                        "Open: uid 65534 has as many listeners as one user may: 1024 "
                        "(listeners_per_uid_percent)");
    assert_string_equal(client.response->status->hint,
                        "close listeners that are no longer needed, or raise "
                        "listeners_per_uid_percent");
    assert_int_equal(client.response->status->hint_code, PB_HINT(LISTENERS_PER_UID));
    T_OK(open_from(&client, 0)); /* connections are something else */
    t_client_open(&root, env);
    T_OK(t_listen(&root, 5000, 0));
    t_client_close(&client);
    t_client_close(&root);
}

/* --- ports below 1024 ------------------------------------------------------------------------- */

static void test_low_ports_are_not_for_everybody(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client, root;
    t_client_open_as(&client, env, T_OTHER_UID);
    T_FAILS(t_listen(&client, 22, 0), PERMISSION);
    assert_string_equal(client.response->status->errno_name, "EACCES");
    assert_non_null(strstr(client.response->status->message, "local port 22"));
    assert_non_null(strstr(client.response->status->message, "uid 65534"));
    assert_non_null(strstr(client.response->status->message, "privileged_ports"));
    T_FAILS(t_listen(&client, 1023, 0), PERMISSION);
    T_FAILS(open_from(&client, 1), PERMISSION);
    assert_int_equal(t_stats(env).counters.requests_denied, 3);
    T_OK(t_listen(&client, 1024, 0));
    T_OK(open_from(&client, 1025));
    T_OK(open_from(&client, 0));
    t_client_open(&root, env);
    T_OK(t_listen(&root, 22, 0));
    T_OK(open_from(&root, 1));
    t_client_close(&client);
    t_client_close(&root);
}

static void test_low_ports_are_for_the_privileged(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client, other;
    env->options.privileged_uids[0] = 7;
    env->options.privileged_uids[1] = T_OTHER_UID;
    env->options.privileged_count = 2;
    t_rpc_restart(env);
    t_client_open_as(&client, env, T_OTHER_UID);
    T_OK(t_listen(&client, 22, 0));
    T_OK(open_from(&client, 23));
    t_client_open_as(&other, env, T_OTHER_UID - 1);
    T_FAILS(t_listen(&other, 25, 0), PERMISSION);
    t_client_close(&client);
    t_client_close(&other);
}

static void test_stopping_daemon_opens_nothing(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    rpc_stop(env->rpc);
    T_FAILS(t_listen(&client, 80, 0), RESOURCES);
    T_OK(t_status(&client, id));
    t_client_close(&client);
}

/* What its end closes is not called closed by the peer, or by the program. */
static void test_stopping_daemon_says_so(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    char wanted[100];
    t_client_open(&client, env);
    uint64_t listener = t_listen(&client, 80, 0)->open->id;
    uint64_t id = t_connected(&client, &peer);
    te_close(env->pump.stack, id, t_now_us(env));
    struct t_send send = {.id = id, .data = "x", .len = 1};
    T_FAILS(t_send(&client, &send), CONNECTION_CLOSING);
    assert_string_equal(client.response->status->errno_name, "EPIPE");
    rpc_stop(env->rpc);
    te_close(env->pump.stack, listener, t_now_us(env));
    T_FAILS(t_send(&client, &send), CONNECTION_CLOSING);
    assert_string_equal(client.response->status->errno_name, "ESHUTDOWN");
    assert_non_null(strstr(client.response->status->message, " is closed: the daemon is stopping"));
    T_FAILS(t_accept(&client, listener, 0, 0), NOT_FOUND);
    snprintf(wanted, sizeof(wanted), "listener %llu on *:80 is closed: the daemon is stopping",
             (unsigned long long)listener);
    assert_string_equal(client.response->status->message, wanted);
    T_FAILS(t_accept(&client, 999999, 0, 0), NOT_FOUND);
    assert_string_equal(client.response->status->message, "listener 999999 does not exist");
    t_client_close(&client);
}

/* --- Accept ----------------------------------------------------------------------------------- */

static void test_accept_waits(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t listener = t_listen(&client, 80, 0)->open->id;
    client.is_silent = true;
    t_accept(&client, listener, 0, 60000);
    assert_true(t_has_no_answer(&client));
    t_peer_open(env, 80);
    const pb_response *response = t_answer(&client);
    T_OK(response);
    assert_int_equal(response->accept->state, STATE(ESTABLISHED));
    assert_int_equal(response->accept->local->port, 80);
    assert_string_equal(response->accept->remote->address, "10.0.0.2");
    assert_int_equal(t_stats(env).objects, 2);
    t_client_close(&client);
}

static void test_accept_fails_when_its_listener_goes(void **state)
{
    struct t_client client, other;
    t_client_open(&client, *state);
    t_client_open(&other, *state);
    uint64_t listener = t_listen(&other, 80, 0)->open->id;
    client.is_silent = true;
    t_accept(&client, listener, 0, 60000);
    T_OK(t_close(&other, listener, 0));
    T_FAILS(t_answer(&client), NOT_FOUND);
    assert_string_equal(client.response->status->message, "listener 1 on *:80 is gone: CLOSE");
    t_client_close(&client);
    t_client_close(&other);
}

static void test_accept_of_what_is_no_listener(void **state)
{
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, *state);
    uint64_t id = t_connected(&client, &peer);
    T_FAILS(t_accept(&client, id, 0, 60000), BAD_STATE);
    T_FAILS(t_accept(&client, 0, 0, 60000), NOT_FOUND);
    T_FAILS(t_accept(&client, 999, 0, 60000), NOT_FOUND);
    assert_string_equal(client.response->status->message, "listener 999 does not exist");
    t_client_close(&client);
}

static void test_same_token_accepts_once(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t listener = t_listen(&client, 80, 0)->open->id;
    t_peer_open(env, 80);
    t_peer_open(env, 80);
    uint64_t first = t_accept(&client, listener, TOKEN, 0)->accept->id;
    t_client_reconnect(&client);
    assert_int_equal(t_accept(&client, listener, TOKEN, 0)->accept->id, first);
    assert_int_not_equal(t_accept(&client, listener, TOKEN + 1, 0)->accept->id, first);
    T_FAILS(t_accept(&client, listener, TOKEN + 2, 0), AGAIN);
    t_client_close(&client);
}

static void test_two_waiting_accepts_of_one_token(void **state)
{
    struct t_rpc *env = *state;
    struct t_client a, b;
    t_client_open(&a, env);
    t_client_open(&b, env);
    uint64_t listener = t_listen(&a, 80, 0)->open->id;
    a.is_silent = b.is_silent = true;
    t_accept(&a, listener, TOKEN, 60000);
    t_accept(&b, listener, TOKEN, 60000); /* the same request over a new link */
    t_peer_open(env, 80);
    uint64_t id = t_answer(&a)->accept->id;
    t_peer_open(env, 80); /* wakes the other one, who must not take this */
    assert_int_equal(t_answer(&b)->accept->id, id);
    t_client_close(&a);
    t_client_close(&b);
}

/* --- Close and Abort -------------------------------------------------------------------------- */

static void test_close_once_for_one_request_id(void **state)
{
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, *state);
    uint64_t id = t_connected(&client, &peer);
    client.request_id = 50;
    T_OK(t_close(&client, id, 0));
    assert_int_equal(client.response->close->state, STATE(FIN_WAIT_1));
    client.request_id = 50;
    T_OK(t_close(&client, id, 0));
    assert_int_equal(client.response->close->state, STATE(FIN_WAIT_1)); /* as the first time */
    client.request_id = 51;
    T_FAILS(t_close(&client, id, 0), CONNECTION_CLOSING);
    assert_int_equal(t_stats(*state).objects, 0);
    t_client_close(&client);
}

static void test_close_without_request_id_is_not_remembered(void **state)
{
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, *state);
    uint64_t id = t_connected(&client, &peer);
    client.request_id = 0;
    T_OK(t_close(&client, id, 0));
    client.request_id = 0;
    T_FAILS(t_close(&client, id, 0), CONNECTION_CLOSING);
    t_client_close(&client);
}

static void test_close_waits_for_the_ack_of_the_fin(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    env->is_cable_cut = true;
    client.is_silent = true;
    t_close(&client, id, 60000);
    assert_true(t_has_no_answer(&client));
    env->is_cable_cut = false;
    t_skip(env, 2000000);
    T_OK(t_answer(&client));
    assert_int_equal(client.response->close->state, STATE(FIN_WAIT_2));
    t_client_close(&client);
}

static void test_close_tells_when_data_was_lost(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    env->is_ip_cut = true;
    T_OK(t_send(&client, &(struct t_send){.id = id, .data = "lost", .len = 4}));
    client.is_silent = true;
    t_close(&client, id, 3600000);
    t_skip(env, 130 * INT64_C(1000000)); /* longer than an orphan may take */
    T_FAILS(t_answer(&client), ABORTED);
    assert_int_equal(client.response->close->state, STATE(CLOSED));
    t_client_close(&client);
}

static void test_interrupted_close_goes_on_waiting(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    env->is_cable_cut = true;
    client.is_silent = true;
    client.request_id = 9;
    t_close(&client, id, 60000);
    t_client_reconnect(&client);
    client.request_id = 9;
    t_close(&client, id, 60000);
    assert_true(t_has_no_answer(&client));
    env->is_cable_cut = false;
    t_skip(env, 2000000);
    T_OK(t_answer(&client));
    assert_int_equal(client.response->close->state, STATE(FIN_WAIT_2));
    t_client_close(&client);
}

static void test_close_of_listener_and_of_opening(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t listener = t_listen(&client, 80, 0)->open->id;
    T_OK(t_close(&client, listener, 60000));
    assert_int_equal(client.response->close->state, STATE(CLOSED));
    env->is_cable_cut = true;
    uint64_t opening = t_open(&client, 80, 0, 0)->open->id;
    T_OK(t_close(&client, opening, 60000));
    assert_int_equal(client.response->close->state, STATE(CLOSED));
    assert_int_equal(t_stats(env).objects, 0);
    t_client_close(&client);
}

static void test_close_in_time_wait_is_in_order(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    T_OK(t_shutdown(&client, id));
    t_turn(&env->loop);
    te_close(env->peer, peer, t_now_us(env));
    t_turn(&env->loop);
    T_OK(t_status(&client, id));
    assert_int_equal(client.response->connection->connection->state, STATE(TIME_WAIT));
    T_OK(t_receive(&client, id, 0, 0));
    assert_true(client.response->receive->end);
    T_OK(t_close(&client, id, 1000));
    assert_int_equal(client.response->close->state, STATE(TIME_WAIT));
    T_FAILS(t_close(&client, id, 0), CONNECTION_CLOSING);
    T_FAILS(t_receive(&client, id, 0, 0), CONNECTION_CLOSING);
    t_client_close(&client);
}

static void test_close_counts_what_was_shown_as_read(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    t_peer_send(env, peer, "request", 7);
    te_shutdown(env->peer, peer, t_now_us(env));
    T_OK(t_receive(&client, id, 0, 1000));
    T_OK(t_send(&client, &(struct t_send){.id = id, .data = "answer", .len = 6}));
    T_OK(t_close(&client, id, 1000));
    assert_int_equal(t_peer_state(env, peer), TE_TIME_WAIT);
    assert_int_equal(t_peer_error(env, peer), TE_OK);
    t_client_close(&client);
}

static void test_close_resets_when_bytes_were_never_shown(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    t_peer_send(env, peer, "seen", 4);
    T_OK(t_receive(&client, id, 0, 0));
    t_peer_send(env, peer, "unseen", 6);
    T_OK(t_close(&client, id, 0));
    assert_int_equal(t_peer_error(env, peer), TE_ERR_RESET);
    t_client_close(&client);
}

static void test_abort_resets_once(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    client.request_id = 7;
    T_OK(t_abort(&client, id));
    assert_int_equal(client.response->abort->state, STATE(CLOSED));
    assert_int_equal(t_peer_error(env, peer), TE_ERR_RESET);
    client.request_id = 7;
    T_OK(t_abort(&client, id));
    T_FAILS(t_abort(&client, id), NOT_FOUND);
    assert_string_equal(client.response->status->message,
                        "connection 1 to 10.0.0.2:80 is gone: ABORT");
    t_client_close(&client);
}

static void test_objects_go_when_the_engine_forgets_them(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    t_connected(&client, &peer);
    te_abort(env->peer, peer, t_now_us(env));
    t_turn(&env->loop);
    assert_int_equal(t_stats(env).objects, 1); /* failed: it waits for its user */
    t_skip(env, 61 * INT64_C(1000000));
    assert_int_equal(t_stats(env).objects, 0);
    t_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, t_rpc_setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open_answers_at_once),
        TEST(test_open_waits_until_established),
        TEST(test_open_tells_a_refusal),
        TEST(test_open_tells_a_timeout),
        TEST(test_open_tells_a_silent_neighbour),
        TEST(test_open_that_takes_too_long_says_so_far),
        TEST(test_open_with_bad_arguments),
        TEST(test_same_token_opens_once),
        TEST(test_open_with_data),
        TEST(test_token_of_another_uid_is_another),
        TEST(test_repeated_open_waits_for_the_same_end),
        TEST(test_open_cut_off_at_any_byte_opens_once),
        TEST(test_listener_turns_active_under_its_id),
        TEST(test_objects_of_one_uid_are_limited),
        TEST(test_listeners_of_one_uid_have_a_share),
        TEST(test_low_ports_are_not_for_everybody),
        TEST(test_low_ports_are_for_the_privileged),
        TEST(test_stopping_daemon_opens_nothing),
        TEST(test_stopping_daemon_says_so),
        TEST(test_accept_waits),
        TEST(test_accept_fails_when_its_listener_goes),
        TEST(test_accept_of_what_is_no_listener),
        TEST(test_same_token_accepts_once),
        TEST(test_two_waiting_accepts_of_one_token),
        TEST(test_close_once_for_one_request_id),
        TEST(test_close_without_request_id_is_not_remembered),
        TEST(test_close_waits_for_the_ack_of_the_fin),
        TEST(test_close_tells_when_data_was_lost),
        TEST(test_interrupted_close_goes_on_waiting),
        TEST(test_close_of_listener_and_of_opening),
        TEST(test_close_in_time_wait_is_in_order),
        TEST(test_close_counts_what_was_shown_as_read),
        TEST(test_close_resets_when_bytes_were_never_shown),
        TEST(test_abort_resets_once),
        TEST(test_objects_go_when_the_engine_forgets_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
