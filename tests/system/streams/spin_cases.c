/* Blocking calls that look for a while before they sleep (tcpc_channel_options.spin_us). */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#define ROUNDS 20u

static void *echo(void *arg)
{
    char bytes[4096];
    ssize_t len;
    (void)arg;
    while ((len = recv(world.peer, bytes, sizeof(bytes), 0)) > 0)
        if (send(world.peer, bytes, (size_t)len, MSG_NOSIGNAL) != len)
            break;
    shutdown(world.peer, SHUT_WR);
    return NULL;
}

static void go_to_and_fro(uint32_t spin_us)
{
    uint8_t bytes[64], got[64];
    pthread_t peer;
    size_t len;
    struct tcpc_channel *channel = world_channel(spin_us);
    struct tcpc_stream *stream = world_open_stream(channel);
    assert_int_equal(pthread_create(&peer, NULL, echo, NULL), 0);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        world_fill(bytes, i * sizeof(bytes), sizeof(bytes), true);
        world_check(
            tcpc_stream_write(stream, bytes, sizeof(bytes), PATIENCE_MS, &len, &world.error));
        assert_int_equal(world_stream_read(stream, got, sizeof(got)), sizeof(got));
        assert_memory_equal(got, bytes, sizeof(got));
    }
    tcpc_stream_shutdown(stream);
    assert_int_equal(world_stream_read(stream, got, 1), 0);
    pthread_join(peer, NULL);
    tcpc_stream_close(stream);
    tcpc_channel_free(channel);
}

/* Answers come while it looks, */
static void longer_than_any_answer(void **state)
{
    (void)state;
    go_to_and_fro(1000000);
}

/* while it sleeps, */
static void shorter_than_any_answer(void **state)
{
    (void)state;
    go_to_and_fro(1);
}

/* and in the moment in between. */
static void about_as_long(void **state)
{
    (void)state;
    for (uint32_t spin_us = 20; spin_us <= 320; spin_us *= 4) {
        go_to_and_fro(spin_us);
        close(world.peer);
    }
    world.peer = -1;
}

/* It ends, and so does the call. */
static void nothing_comes(void **state)
{
    char byte;
    size_t len;
    (void)state;
    struct tcpc_channel *channel = world_channel(1000);
    struct tcpc_stream *stream = world_open_stream(channel);
    assert_int_equal(tcpc_stream_read(stream, &byte, 1, 20, &len, &world.error), TCPC_AGAIN);
    assert_int_equal(tcpc_stream_read(stream, &byte, 1, 0, &len, &world.error), TCPC_AGAIN);
    tcpc_channel_free(channel);
    world_peer_expect_end();
}

/* Other calls spin as well. */
static void open_listen_and_accept(void **state)
{
    const struct tcpc_endpoint local = {.port = 7003};
    struct tcpc_stream *listener, *stream, *accepted;
    (void)state;
    struct tcpc_channel *channel = world_channel(10000);
    stream = world_open_stream(channel);
    world_check(tcpc_stream_set_option(stream, "nagle", 0, &world.error));
    world_check(tcpc_stream_listen(channel, &local, 0, &listener, &world.error));
    assert_int_equal(tcpc_stream_accept(listener, 1, &accepted, &world.error), TCPC_AGAIN);
    tcpc_channel_free(channel);
    world_peer_expect_end();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(longer_than_any_answer), CASE(shorter_than_any_answer), CASE(about_as_long),
        CASE(nothing_comes),          CASE(open_listen_and_accept),
    };
    world_init(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
