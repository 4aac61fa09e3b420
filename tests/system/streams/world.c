#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct world world;

void world_init(int argc, char **argv)
{
    if (argc < 2 || strlen(argv[1]) >= sizeof(world.remote.address)) {
        fprintf(stderr, "usage: %s ADDRESS [CASE]\n", argv[0]);
        exit(2);
    }
    strcpy(world.remote.address, argv[1]);
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
}

static int make_listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, world.remote.address, &address.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    world.remote.port = ntohs(address.sin_port);
    return fd;
}

void world_check(enum tcpc_code code)
{
    if (code != TCPC_OK)
        fail_msg("%d: %s; %s", (int)code, world.error.message, world.error.hint);
}

struct tcpc_channel *world_channel(uint32_t spin_us)
{
    const struct tcpc_channel_options options = {.streams_max = 8, .spin_us = spin_us};
    struct tcpc_channel *channel = NULL;
    world_check(tcpc_channel_new(&options, &channel, &world.error));
    return channel;
}

int world_set_up(void **state)
{
    (void)state;
    world.peer = -1;
    world.listener = make_listener();
    world_check(tcpc_client_new(NULL, &world.client, &world.error));
    world.channel = world_channel(0);
    return 0;
}

int world_tear_down(void **state)
{
    (void)state;
    tcpc_channel_free(world.channel);
    tcpc_client_free(world.client);
    if (world.peer >= 0)
        close(world.peer);
    close(world.listener);
    return 0;
}

/* --- opening ---------------------------------------------------------------------------------- */

void world_accept(void)
{
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    world.peer = accept4(world.listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(world.peer >= 0);
    assert_int_equal(setsockopt(world.peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
                     0);
}

uint64_t world_open(void)
{
    const struct tcpc_open open = {.remote = world.remote, .wait_ms = PATIENCE_MS};
    struct tcpc_opened opened;
    world_check(tcpc_open_active(world.client, &open, &opened, &world.error));
    world_accept();
    return opened.id;
}

struct tcpc_stream *world_open_stream(struct tcpc_channel *channel)
{
    struct tcpc_stream *stream = NULL;
    world_check(tcpc_stream_open(channel, NULL, &world.remote, PATIENCE_MS, &stream, &world.error));
    world_accept();
    return stream;
}

struct tcpc_response *world_status(uint64_t id)
{
    struct tcpc_response *response = NULL;
    world_check(tcpc_status(world.client, id, &response, &world.error));
    return response;
}

/* --- bytes ------------------------------------------------------------------------------------ */

uint8_t world_byte(uint64_t offset, bool is_ours)
{
    uint64_t mixed = (offset + 1) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint8_t)((mixed >> 40) ^ (is_ours ? 0x55 : 0));
}

void world_fill(uint8_t *bytes, uint64_t offset, size_t len, bool is_ours)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = world_byte(offset + i, is_ours);
}

bool world_is_right(const uint8_t *bytes, uint64_t offset, size_t len, bool is_ours)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != world_byte(offset + i, is_ours))
            return false;
    return true;
}

void world_peer_send(const void *bytes, size_t len)
{
    assert_int_equal(send(world.peer, bytes, len, MSG_NOSIGNAL), len);
}

void world_peer_expect(const void *bytes, size_t len)
{
    uint8_t *got = malloc(len);
    assert_non_null(got);
    assert_int_equal(recv(world.peer, got, len, MSG_WAITALL), len);
    assert_memory_equal(got, bytes, len);
    free(got);
}

void world_peer_expect_end(void)
{
    char byte;
    assert_int_equal(recv(world.peer, &byte, 1, 0), 0);
}

void world_peer_expect_reset(void)
{
    char byte;
    ssize_t len;
    while ((len = recv(world.peer, &byte, 1, 0)) > 0)
        ;
    assert_int_equal(len, -1);
    assert_int_equal(errno, ECONNRESET);
}

size_t world_stream_read(struct tcpc_stream *stream, void *bytes, size_t len)
{
    size_t done = 0, got = 1;
    while (done < len && got > 0) {
        world_check(tcpc_stream_read(stream, (uint8_t *)bytes + done, len - done, PATIENCE_MS, &got,
                                     &world.error));
        done += got;
    }
    return done;
}
