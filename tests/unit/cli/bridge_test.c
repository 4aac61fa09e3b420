/* Two connections joined: over the kernel's loopback, with events asked for when they are needed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge.h"
#include "support/test.h"

enum { BUFFER_BYTES = 1 << 16 };

struct world {
    struct bridge bridge;
    int outer[2]; /* the other ends of the bridge's */
};

static void tcp_pair(int *ret_inner, int *ret_outer)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t length = sizeof(in);
    const int small = BUFFER_BYTES;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Small buffers, which those accepted inherit, so that little blocks them. */
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(bind(listener, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&in, &length), 0);
    *ret_outer = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(*ret_outer, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    setsockopt(*ret_outer, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(connect(*ret_outer, (struct sockaddr *)&in, sizeof(in)), 0);
    *ret_inner = accept(listener, NULL, NULL);
    assert_true(*ret_inner >= 0);
    close(listener);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    bridge_init(&world->bridge);
    for (unsigned i = 0; i < 2; i++)
        tcp_pair(&world->bridge.ends[i].watch.fd, &world->outer[i]);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    bridge_close(&world->bridge);
    for (unsigned i = 0; i < 2; i++) {
        if (world->outer[i] >= 0)
            close(world->outer[i]);
    }
    free(world);
    return 0;
}

/* Waits until the bridge's end has something new, and steps until it waits for more, or ends. */
static enum bridge_state turn(struct world *world, unsigned which, short events)
{
    struct pollfd poll_fd = {.fd = world->bridge.ends[which].watch.fd, .events = events};
    assert_int_equal(poll(&poll_fd, 1, 10000), 1);
    for (unsigned i = 0; i < 2; i++) {
        struct pollfd now = {.fd = world->bridge.ends[i].watch.fd, .events = POLLIN | POLLOUT};
        if (poll(&now, 1, 0) > 0)
            bridge_end_note(&world->bridge.ends[i], (uint32_t)now.revents);
    }
    enum bridge_state state;
    do
        state = bridge_step(&world->bridge);
    while (state == BRIDGE_BUSY);
    return state;
}

static void reset(struct world *world, unsigned which)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(world->outer[which], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(world->outer[which]);
    world->outer[which] = -1;
}

static void expect(int fd, const char *text)
{
    char got[64] = "";
    assert_int_equal(recv(fd, got, strlen(text), MSG_WAITALL), strlen(text));
    assert_string_equal(got, text);
}

static void each_direction_ends_by_itself(void **state)
{
    struct world *world = *state;
    char byte;
    assert_int_equal(send(world->outer[0], "question", 8, 0), 8);
    shutdown(world->outer[0], SHUT_WR);
    assert_int_equal(turn(world, 0, POLLIN), BRIDGE_WAITS);
    while (!world->bridge.ends[0].is_ended)
        assert_int_equal(turn(world, 0, POLLIN), BRIDGE_WAITS);
    expect(world->outer[1], "question");
    assert_int_equal(recv(world->outer[1], &byte, 1, 0), 0);
    assert_int_equal(send(world->outer[1], "answer", 6, 0), 6);
    assert_int_equal(turn(world, 1, POLLIN), BRIDGE_WAITS);
    expect(world->outer[0], "answer");
    shutdown(world->outer[1], SHUT_WR);
    assert_int_equal(turn(world, 1, POLLIN), BRIDGE_OVER);
    bridge_close(&world->bridge);
    assert_int_equal(recv(world->outer[0], &byte, 1, 0), 0);
}

static void a_reset_crosses(void **state)
{
    struct world *world = *state;
    char byte;
    reset(world, 1);
    assert_int_equal(turn(world, 1, POLLIN), BRIDGE_BROKEN);
    bridge_abort(&world->bridge);
    assert_int_equal(recv(world->outer[0], &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
}

/* RFC 9293 3.5.3: the peer that closes with bytes unread resets, behind its answer. */
static void what_came_before_a_reset_is_heard(void **state)
{
    struct world *world = *state;
    char byte;
    struct pollfd there = {.fd = world->bridge.ends[1].watch.fd, .events = POLLIN};
    assert_int_equal(send(world->outer[1], "answer", 6, 0), 6);
    assert_int_equal(poll(&there, 1, 10000), 1);
    reset(world, 1);
    there.events = 0;
    assert_int_equal(poll(&there, 1, 10000), 1); /* POLLERR */
    assert_int_equal(turn(world, 1, POLLIN), BRIDGE_BROKEN);
    bridge_abort(&world->bridge);
    expect(world->outer[0], "answer");
    assert_int_equal(recv(world->outer[0], &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
}

static void a_reset_behind_a_half_close_crosses(void **state)
{
    struct world *world = *state;
    char byte;
    shutdown(world->outer[0], SHUT_WR);
    assert_int_equal(turn(world, 0, POLLIN), BRIDGE_WAITS);
    assert_int_equal(recv(world->outer[1], &byte, 1, 0), 0);
    reset(world, 0);
    assert_int_equal(turn(world, 0, 0), BRIDGE_BROKEN); /* POLLERR */
    bridge_abort(&world->bridge);
    assert_int_equal(recv(world->outer[1], &byte, 1, 0), 0); /* its FIN was there before */
    struct pollfd there = {.fd = world->outer[1]};
    assert_int_equal(poll(&there, 1, 10000), 1); /* POLLERR */
    assert_int_equal(send(world->outer[1], "x", 1, MSG_NOSIGNAL), -1);
}

/* Sends pattern bytes until the bridge takes no more; how many. */
static size_t fill(struct world *world)
{
    static uint8_t piece[BUFFER_BYTES];
    size_t count = 0;
    for (unsigned idle = 0; idle < 20;) {
        for (size_t i = 0; i < sizeof(piece); i++)
            piece[i] = (uint8_t)((count + i) % 251);
        ssize_t done = send(world->outer[0], piece, sizeof(piece), MSG_DONTWAIT);
        idle = done > 0 ? 0 : idle + 1;
        count += done > 0 ? (size_t)done : 0;
        if (done < 0)
            poll(NULL, 0, 5);
        turn(world, 0, POLLIN | POLLOUT);
    }
    return count;
}

static void a_writer_is_stopped_and_nothing_is_lost(void **state)
{
    struct world *world = *state;
    static uint8_t piece[BUFFER_BYTES];
    size_t count = fill(world), got = 0;
    int waiting = 0;
    assert_true(count > BUFFER_BYTES && count < (size_t)BUFFER_BYTES * 64);
    assert_non_null(world->bridge.rests[0].bytes);
    assert_true(world->bridge.rests[0].len <= 65536);
    assert_int_equal(ioctl(world->bridge.ends[0].watch.fd, FIONREAD, &waiting), 0);
    assert_true(waiting > 0); /* left where it is */
    shutdown(world->outer[0], SHUT_WR);
    for (;;) {
        ssize_t done = recv(world->outer[1], piece, sizeof(piece), MSG_DONTWAIT);
        if (done == 0)
            break;
        for (ssize_t i = 0; i < done; i++, got++)
            assert_int_equal(piece[i], got % 251);
        if (done < 0)
            assert_int_not_equal(turn(world, 1, POLLIN | POLLOUT), BRIDGE_BROKEN);
    }
    assert_int_equal(got, count);
    assert_null(world->bridge.rests[0].bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_direction_ends_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_crosses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_came_before_a_reset_is_heard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_behind_a_half_close_crosses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_writer_is_stopped_and_nothing_is_lost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
