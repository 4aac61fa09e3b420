/* socket_calls: what the socket calls do, on whichever stack it runs. Every case holds on the
 * kernel's TCP as well: it is run there, too, so that what it expects is no opinion of ours. */
#ifndef TESTS_CALLS_H
#define TESTS_CALLS_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The peer, on the kernel's TCP (test_calls.py), and what its ports do. */
struct peer {
    struct sockaddr_storage address;
    socklen_t length;
    uint16_t echo;   /* sends back what it gets; ends when it is told the end */
    uint16_t reset;  /* reads one byte, then resets */
    uint16_t end;    /* sends "bye", then ends */
    uint16_t closed; /* nobody listens */
    uint16_t caller; /* reads "PORT COUNT\n"; calls back so often, and says "hi" each time */
    uint16_t stuck;  /* accepts, and never reads */
    const char *program;
};

extern struct peer peer;

#define FAIL(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            FAIL("%s:%d: %s (errno %s)", __FILE__, __LINE__, #condition, strerrorname_np(errno));  \
    } while (0)
#define CHECK_INT(expression, wanted)                                                              \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long long seen = (long long)(expression);                                                  \
        if (seen != (long long)(wanted))                                                           \
            FAIL("%s:%d: %s is %lld, not %s (errno %s)", __FILE__, __LINE__, #expression, seen,    \
                 #wanted, strerrorname_np(errno));                                                 \
    } while (0)
#define CHECK_ERRNO(expression, wanted)                                                            \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long long seen = (long long)(expression);                                                  \
        if (seen != -1 || errno != (wanted))                                                       \
            FAIL("%s:%d: %s gives %lld with %s, not %s", __FILE__, __LINE__, #expression, seen,    \
                 strerrorname_np(errno), #wanted);                                                 \
    } while (0)

const struct sockaddr *at_port(uint16_t port);
int tcp_socket(int flags);
int connected_to(uint16_t port);
void send_text(int fd, const char *text);
void expect_text(int fd, const char *text);
void expect_echo(int fd);
int socket_error(int fd);
/* poll() for a while; its revents. */
int wait_for_events(int fd, short events, int timeout_ms);
uint16_t local_port(int fd);
/* On the wildcard address of the peer's family. */
int bound_socket(uint16_t port, int flags);
int listening_socket(int flags);
void ask_for_calls(int listener, int count);

struct a_case {
    const char *name;
    void (*run)(void);
};

extern const struct a_case client_cases[], server_cases[], process_cases[], bare_cases[],
    edge_cases[], option_cases[], ring_cases[], state_cases[];

#endif
