/* liburing, which makes its system calls by instructions of its own. */
#include <liburing.h>
#include <poll.h>

#include "calls.h"

#define TEXT_BYTES 200000

static bool is_on_engine(void)
{
    return getenv("CASES_ON_ENGINE") != NULL;
}

static int outcome(struct io_uring *ring)
{
    struct io_uring_cqe *cqe;
    CHECK_INT(io_uring_submit(ring), 1);
    CHECK_INT(io_uring_wait_cqe(ring, &cqe), 0);
    int result = cqe->res;
    io_uring_cqe_seen(ring, cqe);
    return result;
}

static int ring_send(struct io_uring *ring, int fd, const char *bytes, size_t count)
{
    io_uring_prep_send(io_uring_get_sqe(ring), fd, bytes, count, MSG_NOSIGNAL);
    return outcome(ring);
}

static int ring_receive(struct io_uring *ring, int fd, char *bytes, size_t count)
{
    io_uring_prep_recv(io_uring_get_sqe(ring), fd, bytes, count, 0);
    return outcome(ring);
}

static void begin(struct io_uring *ring)
{
    CHECK_INT(io_uring_queue_init(8, ring, 0), 0);
}

/* Sends and receives at once, as ring programs do. */
static void ring_library_client(void)
{
    static char sent[TEXT_BYTES], received[TEXT_BYTES];
    struct io_uring ring;
    int fd = connected_to(peer.echo);
    size_t done = 0, back = 0;
    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (char)(i * 7 + i / 251);
    begin(&ring);
    while (back < sizeof(sent)) {
        int count = done < sizeof(sent) ? ring_send(&ring, fd, sent + done, 20000) : 0;
        CHECK(count >= 0);
        done += (size_t)count;
        io_uring_prep_poll_add(io_uring_get_sqe(&ring), fd, POLLIN);
        CHECK((outcome(&ring) & POLLIN) != 0);
        count = ring_receive(&ring, fd, received + back, sizeof(received) - back);
        CHECK(count > 0);
        back += (size_t)count;
    }
    CHECK_INT(memcmp(sent, received, sizeof(sent)), 0);
    io_uring_prep_shutdown(io_uring_get_sqe(&ring), fd, SHUT_WR);
    CHECK_INT(outcome(&ring), 0);
    CHECK_INT(ring_receive(&ring, fd, received, sizeof(received)), 0);
    io_uring_prep_close(io_uring_get_sqe(&ring), fd);
    CHECK_INT(outcome(&ring), 0);
    io_uring_queue_exit(&ring);
}

static void ring_library_server(void)
{
    struct io_uring ring;
    char bytes[2];
    int listener = listening_socket(0);
    begin(&ring);
    ask_for_calls(listener, 3);
    io_uring_prep_poll_add(io_uring_get_sqe(&ring), listener, POLLIN);
    CHECK((outcome(&ring) & POLLIN) != 0);
    for (int i = 0; i < 3; i++) {
        int fd = accept(listener, NULL, NULL);
        CHECK(fd >= 0);
        CHECK_INT(ring_receive(&ring, fd, bytes, 2), 2);
        CHECK_INT(memcmp(bytes, "hi", 2), 0);
        CHECK_INT(ring_send(&ring, fd, bytes, 2), 2);
        close(fd);
    }
    close(listener);
    io_uring_queue_exit(&ring);
}

/* Refused, so that the program learns it and can do it by the calls. */
static void ring_library_opens(void)
{
    struct io_uring ring;
    int fd = tcp_socket(0), listener = listening_socket(0);
    begin(&ring);
    io_uring_prep_connect(io_uring_get_sqe(&ring), fd, at_port(peer.echo), peer.length);
    CHECK_INT(outcome(&ring), is_on_engine() ? -EACCES : 0);
    if (is_on_engine())
        CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    expect_echo(fd);
    close(fd);
    ask_for_calls(listener, 1);
    CHECK_INT(wait_for_events(listener, POLLIN, 10000), POLLIN);
    io_uring_prep_accept(io_uring_get_sqe(&ring), listener, NULL, NULL, 0);
    fd = outcome(&ring);
    if (is_on_engine()) {
        CHECK_INT(fd, -EINVAL);
        fd = accept(listener, NULL, NULL);
    }
    CHECK(fd >= 0);
    expect_text(fd, "hi");
    close(fd);
    close(listener);
    io_uring_queue_exit(&ring);
}

/* A ring that only its maker could use: as from a kernel that has no such rings. */
static void ring_library_flags(void)
{
    struct io_uring ring;
    int result = io_uring_queue_init(8, &ring, IORING_SETUP_SINGLE_ISSUER);
    CHECK_INT(result, is_on_engine() ? -EINVAL : 0);
    if (result == 0)
        io_uring_queue_exit(&ring);
    begin(&ring);
    io_uring_queue_exit(&ring);
}

const struct a_case ring_cases[] = {
    {"ring_library_client", ring_library_client},
    {"ring_library_server", ring_library_server},
    {"ring_library_opens", ring_library_opens},
    {"ring_library_flags", ring_library_flags},
    {NULL, NULL},
};
