/* socket_calls ADDRESS ECHO RESET END CLOSED CALLER STUCK CASE... : see calls.h. Without a CASE it
 * prints their names. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>

#include "calls.h"

struct peer peer;

void process_continue(int count, char **words);

const struct sockaddr *at_port(uint16_t port)
{
    static struct sockaddr_storage made[4];
    static unsigned next;
    struct sockaddr_storage *one = &made[next++ % 4];
    *one = peer.address;
    ((struct sockaddr_in *)one)->sin_port = htons(port);
    return (struct sockaddr *)one;
}

int tcp_socket(int flags)
{
    int fd = socket(peer.address.ss_family, SOCK_STREAM | flags, 0);
    CHECK(fd >= 0);
    return fd;
}

int connected_to(uint16_t port)
{
    int fd = tcp_socket(0);
    CHECK_INT(connect(fd, at_port(port), peer.length), 0);
    return fd;
}

void send_text(int fd, const char *text)
{
    CHECK_INT(write(fd, text, strlen(text)), strlen(text));
}

void expect_text(int fd, const char *text)
{
    char bytes[256] = {0};
    size_t length = strlen(text);
    CHECK_INT(recv(fd, bytes, length, MSG_WAITALL), length);
    CHECK_INT(memcmp(bytes, text, length), 0);
}

void expect_echo(int fd)
{
    send_text(fd, "is there anybody?");
    expect_text(fd, "is there anybody?");
}

int socket_error(int fd)
{
    int error = -1;
    socklen_t length = sizeof(error);
    CHECK_INT(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    return error;
}

int wait_for_events(int fd, short events, int timeout_ms)
{
    struct pollfd one = {.fd = fd, .events = events};
    CHECK(poll(&one, 1, timeout_ms) >= 0);
    return one.revents;
}

uint16_t local_port(int fd)
{
    struct sockaddr_storage local;
    socklen_t length = sizeof(local);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&local, &length), 0);
    CHECK_INT(local.ss_family, peer.address.ss_family);
    return ntohs(((struct sockaddr_in *)&local)->sin_port);
}

int bound_socket(uint16_t port, int flags)
{
    struct sockaddr_storage any = {.ss_family = peer.address.ss_family};
    ((struct sockaddr_in *)&any)->sin_port = htons(port);
    int fd = tcp_socket(flags);
    CHECK_INT(bind(fd, (struct sockaddr *)&any, peer.length), 0);
    return fd;
}

int listening_socket(int flags)
{
    int fd = bound_socket(0, flags);
    CHECK_INT(listen(fd, 50), 0);
    return fd;
}

void ask_for_calls(int listener, int count)
{
    char text[64];
    int fd = connected_to(peer.caller);
    snprintf(text, sizeof(text), "%u %d\n", local_port(listener), count);
    send_text(fd, text);
    close(fd);
}

static void read_peer(char **words)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&peer.address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&peer.address;
    bool is_ipv6 = inet_pton(AF_INET6, words[1], &in6->sin6_addr) == 1;
    CHECK(is_ipv6 || inet_pton(AF_INET, words[1], &in->sin_addr) == 1);
    peer.address.ss_family = is_ipv6 ? AF_INET6 : AF_INET;
    peer.length = is_ipv6 ? sizeof(*in6) : sizeof(*in);
    uint16_t *ports[] = {&peer.echo,   &peer.reset,  &peer.end,
                         &peer.closed, &peer.caller, &peer.stuck};
    for (unsigned i = 0; i < 6; i++)
        *ports[i] = (uint16_t)atoi(words[2 + i]);
    peer.program = words[0];
}

static const struct a_case *const lists[] = {
    client_cases, server_cases, process_cases, bare_cases, edge_cases, option_cases, state_cases,
#ifdef HAS_LIBURING
    ring_cases,
#endif
};
enum { LIST_COUNT = sizeof(lists) / sizeof(lists[0]) };

static void list_cases(void)
{
    for (unsigned i = 0; i < LIST_COUNT; i++) {
        for (const struct a_case *one = lists[i]; one->name != NULL; one++)
            puts(one->name);
    }
}

static void run_case(const char *name)
{
    for (unsigned i = 0; i < LIST_COUNT; i++) {
        for (const struct a_case *one = lists[i]; one->name != NULL; one++) {
            if (strcmp(one->name, name) != 0)
                continue;
            one->run();
            return;
        }
    }
    FAIL("no case %s", name);
}

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], "--continue") == 0) {
        process_continue(count, words);
        return 0;
    }
    if (count < 8) {
        list_cases();
        return 0;
    }
    alarm(100);
    read_peer(words);
    for (int i = 8; i < count; i++)
        run_case(words[i]);
    return 0;
}
