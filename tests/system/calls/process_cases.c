/* fork, exec, vfork, posix_spawn, threads, signals, closing everything, calls before main(). */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "calls.h"

void process_continue(int count, char **words);

/* --- before main() ---------------------------------------------------------------------------- */

static int early_error = -1;

/* Runs before the constructors of all libraries, as an allocator's own start may. */
static void early_calls(int count, char **words, char **environment)
{
    char byte;
    int pipes[2];
    (void)count, (void)words, (void)environment;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int epoll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(1)};
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(early_error);
    bool is_done = fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 &&
                   connect(fd, (struct sockaddr *)&loopback, sizeof(loopback)) == -1 &&
                   pipe(pipes) == 0 && write(pipes[1], "x", 1) == 1 &&
                   read(pipes[0], &byte, 1) == 1 && close(pipes[1]) == 0 &&
                   read(pipes[0], &byte, 1) == 0 && close(pipes[0]) == 0;
    if (is_done)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &early_error, &length);
    close(fd);
    close(epoll_fd);
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(int, char **,
                                                                            char **) = early_calls;

static void before_main(void)
{
    CHECK_INT(early_error, 0);
}

/* --- descriptors ------------------------------------------------------------------------------ */

static void duplicated(void)
{
    int fd = connected_to(peer.echo);
    int second = dup(fd), third = fcntl(fd, F_DUPFD_CLOEXEC, 100), fourth = dup2(fd, 200);
    CHECK(second >= 0 && third >= 100 && fourth == 200);
    close(fd);
    expect_echo(second);
    close(second);
    expect_echo(third);
    close(third);
    CHECK(local_port(fourth) != 0);
    expect_echo(fourth);
    close(fourth);
}

static void all_closed(void)
{
    connected_to(peer.echo);
    CHECK_INT(close_range(3, ~0u, 0), 0);
    close(connected_to(peer.echo));
    closefrom(3);
    int fd = connected_to(peer.echo);
    CHECK_INT(fd, 3); /* nothing of ours is open */
    expect_echo(fd);
    close(fd);
}

static void passed_on(void)
{
    int pair[2], fd = connected_to(peer.echo), received;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char byte = 'x';
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    control.header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
    CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    CHECK_INT(sendmsg(pair[0], &message, 0), 1);
    close(fd);
    CHECK_INT(recvmsg(pair[1], &message, 0), 1);
    memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    expect_echo(received);
    CHECK(local_port(received) != 0);
    close(received);
}

/* --- processes -------------------------------------------------------------------------------- */

static void wait_for_success(pid_t child)
{
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

static void forked(void)
{
    int fd = connected_to(peer.echo);
    pid_t child = fork();
    if (child == 0) {
        expect_echo(fd);
        close(connected_to(peer.echo));
        _exit(0);
    }
    wait_for_success(child);
    expect_echo(fd); /* the child's end was not the connection's */
    close(fd);
}

enum { WORD_BYTES = 24, WORDS_MAX = 12 };

/* Words for the program to go on with as another process: it has fd, a connection, and listener. */
static void make_words(char texts[WORDS_MAX][WORD_BYTES], char **words, int fd, int listener)
{
    const int numbers[] = {fd,       listener,    peer.echo,   peer.reset,
                           peer.end, peer.closed, peer.caller, peer.stuck};
    words[0] = (char *)(uintptr_t)peer.program;
    words[1] = (char *)(uintptr_t) "--continue";
    for (int i = 0; i < 8; i++) {
        snprintf(texts[i], WORD_BYTES, "%d", numbers[i]);
        words[2 + i] = texts[i];
    }
    words[10] = NULL;
}

/* In the new program: its sockets are what they were, and it can make more, though its environment
 * was made anew. */
void process_continue(int count, char **words)
{
    CHECK_INT(count, 10);
    int fd = atoi(words[2]), listener = atoi(words[3]);
    uint16_t *ports[] = {&peer.echo,   &peer.reset,  &peer.end,
                         &peer.closed, &peer.caller, &peer.stuck};
    for (int i = 0; i < 6; i++)
        *ports[i] = (uint16_t)atoi(words[4 + i]);
    peer.length = sizeof(peer.address);
    CHECK_INT(getpeername(fd, (struct sockaddr *)&peer.address, &peer.length), 0);
    peer.program = words[0];
    expect_echo(fd);
    ask_for_calls(listener, 1);
    int accepted = accept(listener, NULL, NULL);
    CHECK(accepted >= 0);
    expect_text(accepted, "hi");
}

/* The program once more, which goes on with two sockets of ours: process_continue(). */
struct successor {
    int fd, listener;
    char texts[WORDS_MAX][WORD_BYTES], *words[WORDS_MAX];
};

static void successor_prepare(struct successor *next)
{
    next->fd = connected_to(peer.echo);
    next->listener = listening_socket(0);
    make_words(next->texts, next->words, next->fd, next->listener);
}

/* child was it; the sockets are still ours, too. */
static void successor_done(const struct successor *next, pid_t child)
{
    wait_for_success(child);
    expect_echo(next->fd);
    close(next->fd);
    close(next->listener);
}

static void execed(void)
{
    struct successor next;
    char *environment[] = {(char *)(uintptr_t) "A=b", NULL};
    successor_prepare(&next);
    pid_t child = fork();
    if (child == 0) {
        execve(peer.program, next.words, environment);
        _exit(9);
    }
    successor_done(&next, child);
}

static void vforked(void)
{
    struct successor next;
    char *environment[] = {NULL};
    successor_prepare(&next);
    pid_t child = vfork();
    if (child == 0) {
        execve(peer.program, next.words, environment);
        _exit(9);
    }
    successor_done(&next, child);
}

static void spawned(void)
{
    struct successor next;
    char *environment[] = {NULL};
    pid_t child;
    successor_prepare(&next);
    CHECK_INT(posix_spawn(&child, peer.program, NULL, NULL, next.words, environment), 0);
    successor_done(&next, child);
}

/* close-on-exec survives that the engine's socket takes the place of the kernel's. */
static void closed_on_exec(void)
{
    char script[64];
    int fd = tcp_socket(SOCK_CLOEXEC);
    CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
    snprintf(script, sizeof(script), "! test -e /proc/self/fd/%d", fd);
    CHECK_INT(system(script), 0);
    close(fd);
}

/* --- threads and signals ---------------------------------------------------------------------- */

enum { THREADS = 6, ROUNDS = 20 };

static void *connect_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        int fd = socket(peer.address.ss_family, SOCK_STREAM, 0);
        struct sockaddr_storage address = peer.address;
        ((struct sockaddr_in *)&address)->sin_port = htons(peer.echo);
        CHECK_INT(connect(fd, (struct sockaddr *)&address, peer.length), 0);
        expect_echo(fd);
        close(fd);
    }
    return NULL;
}

static void threads(void)
{
    pthread_t made[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&made[i], NULL, connect_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(made[i], NULL);
}

static void *block_in_read(void *fd)
{
    char byte;
    read(*(int *)fd, &byte, 1);
    FAIL("not cancelled");
}

static void *block_in_accept(void *fd)
{
    accept(*(int *)fd, NULL, NULL);
    FAIL("not cancelled");
}

static void cancel(void *(*function)(void *), int fd)
{
    pthread_t thread;
    void *result = NULL;
    CHECK_INT(pthread_create(&thread, NULL, function, &fd), 0);
    usleep(100000);
    CHECK_INT(pthread_cancel(thread), 0);
    pthread_join(thread, &result);
    CHECK(result == PTHREAD_CANCELED);
}

static void cancelled(void)
{
    int fd = connected_to(peer.echo), listener = listening_socket(0);
    cancel(block_in_read, fd);
    cancel(block_in_accept, listener);
    expect_echo(fd);
    close(fd);
    close(listener);
}

static volatile sig_atomic_t handled;
static int handlers_fd;

static void use_socket(int number)
{
    int error = 0, saved = errno;
    socklen_t length = sizeof(error);
    (void)number;
    getsockopt(handlers_fd, SOL_SOCKET, SO_ERROR, &error, &length);
    send(handlers_fd, "h", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    char byte;
    recv(handlers_fd, &byte, 1, MSG_DONTWAIT);
    handled++;
    errno = saved;
}

/* A handler that uses sockets interrupts calls that make some. */
static void signalled(void)
{
    struct sigaction action = {.sa_handler = use_socket, .sa_flags = SA_RESTART};
    struct itimerval often = {.it_interval.tv_usec = 1500, .it_value.tv_usec = 1500}, never = {0};
    handlers_fd = connected_to(peer.echo);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 60 || handled <= 5; i++) { /* 60 may take no 9 ms */
        int fd = connected_to(peer.echo);
        expect_echo(fd);
        close(fd);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK(handled > 5);
    close(handlers_fd);
}

const struct a_case process_cases[] = {
    {"before_main", before_main},
    {"duplicated", duplicated},
    {"all_closed", all_closed},
    {"passed_on", passed_on},
    {"forked", forked},
    {"execed", execed},
    {"vforked", vforked},
    {"spawned", spawned},
    {"closed_on_exec", closed_on_exec},
    {"threads", threads},
    {"cancelled", cancelled},
    {"signalled", signalled},
    {NULL, NULL},
};
