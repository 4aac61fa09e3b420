/* Send, Receive, Shutdown: streams that are the same however often a request arrives. */
#include <stdlib.h>
#include <string.h>

#include "rpc/rpc_support.h"

#define OP(name) TCPENGINE__V1__REQUEST__OP_##name
#define WAIT_MS 40
#define S INT64_C(1000000)

static struct t_send piece(uint64_t id, uint64_t offset, const char *text)
{
    return (struct t_send){.id = id, .offset = offset, .data = text, .len = strlen(text)};
}

/* Everything that the peer has received since the last time, released. */
static size_t peer_take(struct t_rpc *env, uint64_t peer, uint8_t *ret_data)
{
    struct te_status status;
    struct te_received received;
    size_t len = 0;
    t_skip(env, S / 5); /* for Nagle and the delayed ACK */
    assert_int_equal(te_status(env->peer, peer, &status), TE_OK);
    if (te_receive_peek(env->peer, peer, status.receive_released, SIZE_MAX, &received) != TE_OK)
        return 0;
    for (int i = 0; i < 2 && received.total_bytes > len; i++) {
        memcpy(ret_data + len, received.iov[i].base, received.iov[i].len);
        len += received.iov[i].len;
    }
    te_receive_release(env->peer, peer, status.receive_released + len, t_now_us(env));
    return len;
}

static void expect_at_peer(struct t_rpc *env, uint64_t peer, const char *text)
{
    static uint8_t data[1 << 18];
    size_t len = peer_take(env, peer, data);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(data, text, len);
}

/* --- Send ------------------------------------------------------------------------------------- */

static void test_send_by_offset(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    struct t_send send = piece(t_connected(&client, &peer), 0, "hello ");
    assert_int_equal(t_send(&client, &send)->send->accepted_to, 6);
    assert_int_equal(t_send(&client, &send)->send->accepted_to, 6); /* again */
    send = piece(send.id, 6, "world");
    assert_int_equal(t_send(&client, &send)->send->accepted_to, 11);
    send = piece(send.id, 3, "lo world!!"); /* old and new */
    assert_int_equal(t_send(&client, &send)->send->accepted_to, 13);
    send = piece(send.id, 13, "");
    assert_int_equal(t_send(&client, &send)->send->accepted_to, 13);
    expect_at_peer(env, peer, "hello world!!");
    t_client_close(&client);
}

static void test_send_with_a_gap(void **state)
{
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, *state);
    struct t_send send = piece(t_connected(&client, &peer), 0, "12345");
    T_OK(t_send(&client, &send));
    send.offset = 6;
    T_FAILS(t_send(&client, &send), BAD_OFFSET);
    assert_string_equal(
        client.response->status->message,
        "connection 1: Send at offset 6 leaves a gap: 5 bytes were accepted so far");
    send.offset = UINT64_MAX;
    T_FAILS(t_send(&client, &send), BAD_OFFSET);
    t_client_close(&client);
}

static void test_send_with_fin(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    struct t_send send = piece(t_connected(&client, &peer), 0, "all");
    send.fin = true;
    for (int i = 0; i < 3; i++) { /* the same, and the same again */
        const pb_response *response = t_send(&client, &send);
        T_OK(response);
        assert_int_equal(response->send->accepted_to, 3);
        assert_true(response->send->fin_accepted);
    }
    assert_int_equal(t_peer_state(env, peer), TE_CLOSE_WAIT);
    send = piece(send.id, 3, "more");
    T_FAILS(t_send(&client, &send), CONNECTION_CLOSING);
    send = piece(send.id, 0, "a");
    send.fin = true;
    T_FAILS(t_send(&client, &send), BAD_OFFSET); /* the end is not there */
    expect_at_peer(env, peer, "all");
    t_client_close(&client);
}

static void test_send_before_the_opening_is_over(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t listener = t_peer_listen(env, 80);
    env->is_cable_cut = true;
    struct t_send send = piece(t_open(&client, 80, 0, 0)->open->id, 0, "early");
    send.fin = true;
    const pb_response *response = t_send(&client, &send);
    T_OK(response);
    assert_int_equal(response->send->accepted_to, 5);
    assert_false(response->send->fin_accepted); /* not yet */
    send.wait_ms = 60000;
    client.is_silent = true;
    t_send(&client, &send);
    assert_true(t_has_no_answer(&client));
    env->is_cable_cut = false;
    t_skip(env, 4 * S);
    assert_true(t_answer(&client)->send->fin_accepted);
    expect_at_peer(env, t_peer_accept(env, listener), "early");
    t_client_close(&client);
}

/* Sends until the engine takes no more: the stream offset then. */
static uint64_t fill_up(struct t_client *client, uint64_t id)
{
    static uint8_t zeros[100000];
    struct t_send send = {.id = id, .data = zeros, .len = sizeof(zeros)};
    client->env->is_cable_cut = true;
    for (int i = 0; i < 100; i++) {
        const pb_response *response = t_send(client, &send);
        if (response->status->code == PB_AGAIN) {
            assert_int_equal(response->send->accepted_to, send.offset);
            return send.offset;
        }
        T_OK(response);
        send.offset = response->send->accepted_to;
    }
    fail_msg("the send buffer never fills");
    return 0;
}

static void test_send_waits_for_room(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    static uint8_t data[1 << 18], sent[100000];
    uint64_t peer;
    t_client_open(&client, env);
    struct t_send send = {.id = t_connected(&client, &peer), .data = sent, .len = sizeof(sent)};
    memset(sent, 'x', sizeof(sent));
    send.offset = fill_up(&client, send.id);
    send.wait_ms = WAIT_MS;
    T_FAILS(t_send(&client, &send), AGAIN);
    send.wait_ms = 60000;
    send.fin = true;
    client.is_silent = true;
    t_send(&client, &send);
    assert_true(t_has_no_answer(&client));
    assert_int_equal(t_stats(env).held_bytes, 64 * 1024); /* not all of it */
    env->is_cable_cut = false;
    t_skip(env, S);
    size_t got = peer_take(env, peer, data);
    t_skip(env, S);
    const pb_response *response = t_answer(&client);
    T_OK(response);
    assert_int_equal(t_stats(env).held_bytes, 0);
    assert_in_range(response->send->accepted_to, send.offset + 1, send.offset + 64 * 1024);
    assert_false(response->send->fin_accepted);
    t_skip(env, S);
    got += peer_take(env, peer, data);
    assert_true(got >= send.offset);
    t_client_close(&client);
}

static void test_held_data_is_limited(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    env->options.held_per_uid_max = 8;
    t_rpc_restart(env);
    t_client_open(&client, env);
    struct t_send send = piece(t_connected(&client, &peer), 0, "12345");
    send.offset = fill_up(&client, send.id);
    send.wait_ms = 60000;
    client.is_silent = true;
    t_send(&client, &send);
    client.is_silent = false;
    T_FAILS(t_send(&client, &send), RESOURCES);
    assert_string_equal(client.response->status->errno_name, "ENOBUFS");
    t_client_close(&client);
    assert_int_equal(t_stats(env).held_bytes, 0);
}

static void test_send_on_what_failed(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    struct t_send send = piece(t_connected(&client, &peer), 0, "x");
    T_OK(t_send(&client, &send));
    te_abort(env->peer, peer, t_now_us(env));
    t_turn(&env->loop);
    T_FAILS(t_send(&client, &send), RESET); /* even bytes known before */
    send.offset = 1;
    T_FAILS(t_send(&client, &send), RESET);
    T_FAILS(t_receive(&client, send.id, 0, 1000), RESET);
    T_FAILS(t_shutdown(&client, send.id), RESET);
    t_client_close(&client);
}

static void test_send_to_what_is_no_connection(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    struct t_send send = piece(t_listen(&client, 80, 0)->open->id, 0, "x");
    T_FAILS(t_send(&client, &send), BAD_STATE);
    T_FAILS(t_receive(&client, send.id, 0, 0), BAD_STATE);
    T_FAILS(t_shutdown(&client, send.id), BAD_STATE);
    send.id = 999;
    T_FAILS(t_send(&client, &send), NOT_FOUND);
    t_client_close(&client);
}

/* --- Receive ---------------------------------------------------------------------------------- */

static void expect_data(const pb_response *response, const char *text)
{
    T_OK(response);
    assert_int_equal(response->receive->data.len, strlen(text));
    assert_memory_equal(response->receive->data.data, text, strlen(text));
}

static void test_receive_frees_only_below_its_offset(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    t_peer_send(env, peer, "0123456789", 10);
    for (int i = 0; i < 3; i++)
        expect_data(t_receive(&client, id, 0, 0), "0123456789");
    expect_data(t_receive(&client, id, 4, 0), "456789");
    assert_int_equal(client.response->receive->offset, 4);
    expect_data(t_receive(&client, id, 4, 0), "456789");
    assert_int_equal(t_status(&client, id)->connection->receive_released, 4);
    T_FAILS(t_receive(&client, id, 3, 0), BAD_OFFSET);
    assert_string_equal(client.response->status->message,
                        "connection 1: Receive from offset 3: the bytes below 4 were freed");
    T_FAILS(t_receive(&client, id, 11, 0), BAD_OFFSET);
    assert_string_equal(client.response->status->message,
                        "connection 1: Receive from offset 11: only 10 bytes were received so far");
    T_FAILS(t_receive(&client, id, 10, 0), AGAIN);
    t_client_close(&client);
}

static void test_receive_no_more_than_max(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    pb_receive op = TCPENGINE__V1__RECEIVE__INIT;
    uint64_t peer;
    t_client_open(&client, env);
    op.id = t_connected(&client, &peer);
    op.max = 3;
    t_peer_send(env, peer, "0123456789", 10);
    expect_data(t_call(&client, OP(RECEIVE), &op), "012");
    t_client_close(&client);
}

static void test_receive_waits_for_the_first_byte(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    T_FAILS(t_receive(&client, id, 0, WAIT_MS), AGAIN);
    client.is_silent = true;
    t_receive(&client, id, 0, 60000);
    assert_true(t_has_no_answer(&client));
    t_peer_send(env, peer, "now", 3);
    expect_data(t_answer(&client), "now");
    assert_false(client.response->receive->end);
    t_client_close(&client);
}

static void test_receive_tells_the_end(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    t_peer_send(env, peer, "bye", 3);
    te_shutdown(env->peer, peer, t_now_us(env));
    t_turn(&env->loop);
    expect_data(t_receive(&client, id, 0, 0), "bye");
    assert_true(client.response->receive->end);
    for (int i = 0; i < 2; i++) {
        expect_data(t_receive(&client, id, 3, 60000), "");
        assert_true(client.response->receive->end);
    }
    t_client_close(&client);
}

static void test_receive_waits_for_the_end(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    T_OK(t_shutdown(&client, id)); /* then TIME_WAIT comes with the end */
    client.is_silent = true;
    t_receive(&client, id, 0, 60000);
    t_turn(&env->loop);
    te_close(env->peer, peer, t_now_us(env));
    expect_data(t_answer(&client), "");
    assert_true(client.response->receive->end);
    t_client_close(&client);
}

static void test_receive_fails_when_the_peer_resets(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    client.is_silent = true;
    t_receive(&client, id, 0, 60000);
    assert_true(t_has_no_answer(&client));
    te_abort(env->peer, peer, t_now_us(env));
    T_FAILS(t_answer(&client), RESET);
    t_client_close(&client);
}

/* A hundred kilobytes through rings that wrap, every request twice, over links that break. */
static void test_stream_is_equal_whatever_is_repeated(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    static uint8_t in[300000], out[300000];
    uint64_t peer, at = 0;
    size_t sent = 0;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    srand(7);
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)rand();
    while (at < sizeof(in)) {
        size_t accepted = 0, len = sizeof(in) - sent < 7777 ? sizeof(in) - sent : 7777;
        if (len > 0)
            te_send(env->peer, peer, in + sent, len, &accepted, t_now_us(env));
        sent += accepted;
        t_turn(&env->loop);
        if (rand() % 4 == 0)
            t_client_reconnect(&client);
        const pb_response *response = t_receive(&client, id, at, 60000);
        T_OK(response);
        memcpy(out + at, response->receive->data.data, response->receive->data.len);
        at += response->receive->data.len / (unsigned)(1 + rand() % 2); /* not all was kept */
        if (at < sizeof(in) && response->receive->data.len == 1)
            at++;
    }
    assert_memory_equal(in, out, sizeof(in));
    t_client_close(&client);
}

/* --- Shutdown --------------------------------------------------------------------------------- */

static void test_shutdown_once_for_one_request_id(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    client.request_id = 5;
    T_OK(t_shutdown(&client, id));
    assert_int_equal(client.response->shutdown->state, TCPENGINE__V1__STATE__FIN_WAIT_1);
    assert_int_equal(t_peer_state(env, peer), TE_CLOSE_WAIT);
    client.request_id = 5;
    T_OK(t_shutdown(&client, id));
    assert_int_equal(client.response->shutdown->state, TCPENGINE__V1__STATE__FIN_WAIT_1);
    T_FAILS(t_shutdown(&client, id), CONNECTION_CLOSING);
    t_peer_send(env, peer, "still", 5); /* receiving goes on */
    expect_data(t_receive(&client, id, 0, 0), "still");
    t_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, t_rpc_setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_send_by_offset),
        TEST(test_send_with_a_gap),
        TEST(test_send_with_fin),
        TEST(test_send_before_the_opening_is_over),
        TEST(test_send_waits_for_room),
        TEST(test_held_data_is_limited),
        TEST(test_send_on_what_failed),
        TEST(test_send_to_what_is_no_connection),
        TEST(test_receive_frees_only_below_its_offset),
        TEST(test_receive_no_more_than_max),
        TEST(test_receive_waits_for_the_first_byte),
        TEST(test_receive_tells_the_end),
        TEST(test_receive_waits_for_the_end),
        TEST(test_receive_fails_when_the_peer_resets),
        TEST(test_stream_is_equal_whatever_is_repeated),
        TEST(test_shutdown_once_for_one_request_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
