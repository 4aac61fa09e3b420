#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "carry.h"
#include "filter.h"
#include "supervisor.h"
#include "sys.h"

/* Three processes: this one has the place, the signals and the exit status of the program; the
 * supervisor stays for those that the program leaves behind; and the program, its child. */
struct start {
    pid_t pid;  /* of the program; 0: it could not be started */
    int status; /* -errno, or what waitpid() says */
};

/* --- signals ---------------------------------------------------------------------------------- */

static volatile sig_atomic_t program_pid;

static void pass_on(int number, siginfo_t *info, void *context)
{
    (void)context;
    /* What a terminal sends, it sends to all of them. */
    if (program_pid > 0 && info->si_code != SI_KERNEL)
        kill((pid_t)program_pid, number);
}

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
enum { PASSED_ON_COUNT = sizeof(passed_on) / sizeof(passed_on[0]) };

/* What comes before there is a program to pass it on to waits: it would end the first process, and
 * by that the program. The program starts with the signals blocked that were so before. */
static sigset_t blocked_before;

static void hold_signals(void)
{
    sigset_t held;
    sigemptyset(&held);
    for (unsigned i = 0; i < PASSED_ON_COUNT; i++)
        sigaddset(&held, passed_on[i]);
    sigprocmask(SIG_BLOCK, &held, &blocked_before);
}

static void release_signals(void)
{
    sigprocmask(SIG_SETMASK, &blocked_before, NULL);
}

static void pass_signals_on(void)
{
    struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
    for (unsigned i = 0; i < PASSED_ON_COUNT; i++)
        sigaction(passed_on[i], &action, NULL);
    release_signals();
}

/* --- the program ------------------------------------------------------------------------------ */

/* In the child: never returns. The channel ends with the exec. */
static void become_program(const char *file, char *const words[], int channel)
{
    int notify_fd = filter_install();
    carry_send(channel, notify_fd, notify_fd);
    if (notify_fd >= 0) {
        close(notify_fd);
        release_signals();
        /* Not the C library's: started by a program that has the library, so have we, and it would
         * find that a supervisor is needed. */
        long result = sys_call(SYS_execve, (const long[6]){(long)file, (long)words, (long)environ});
        carry_send(channel, -1, (int)result);
    }
    _exit(127);
}

/* 0 when the program runs: the channel then ends without a word. */
static int start_program(const char *file, char *const words[], pid_t *ret_pid, int *ret_notify_fd)
{
    int channel[2], error = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        return -errno;
    *ret_pid = fork();
    if (*ret_pid == 0)
        become_program(file, words, channel[1]);
    close(channel[1]);
    *ret_notify_fd = *ret_pid < 0 ? -errno : carry_receive(channel[0]);
    if (*ret_notify_fd < 0)
        error = *ret_notify_fd;
    else if (recv(channel[0], &error, sizeof(error), 0) <= 0)
        error = 0;
    close(channel[0]);
    return error;
}

/* --- the supervisor --------------------------------------------------------------------------- */

struct watch {
    struct start start;
    int report_fd;
    atomic_bool is_over;
};

static void leave_standard_files(void)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2 && null_fd >= 0; fd++)
        dup2(null_fd, fd);
    close(null_fd);
}

/* Once the program has ended, whoever reads what it wrote must not wait for the supervisor of its
 * children. */
static void *watch_program(void *argument)
{
    struct watch *watch = argument;
    while (waitpid(watch->start.pid, &watch->start.status, 0) < 0 && errno == EINTR)
        continue;
    watch->is_over = true;
    send(watch->report_fd, &watch->start, sizeof(watch->start), MSG_NOSIGNAL);
    shutdown(watch->report_fd, SHUT_RDWR);
    leave_standard_files();
    return NULL;
}

/* The first process does not live to see the program's end: it was killed, and so shall that be. */
static void *watch_first(void *argument)
{
    const struct watch *watch = argument;
    char byte;
    while (recv(watch->report_fd, &byte, 1, 0) < 0 && errno == EINTR)
        continue;
    if (!watch->is_over)
        kill(watch->start.pid, SIGKILL);
    return NULL;
}

static void ignore_signals(void)
{
    for (unsigned i = 0; i < PASSED_ON_COUNT; i++)
        signal(passed_on[i], SIG_IGN);
    signal(SIGTSTP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

__attribute__((noreturn)) static void become_supervisor(const char *file, char *const words[],
                                                        int report_fd)
{
    int notify_fd = -1;
    pthread_t watchers[2];
    struct watch watch = {.report_fd = report_fd};
    watch.start.status = start_program(file, words, &watch.start.pid, &notify_fd);
    ignore_signals();
    if (watch.start.status < 0)
        watch.start.pid = 0;
    send(report_fd, &watch.start, sizeof(watch.start), MSG_NOSIGNAL);
    if (watch.start.pid == 0 || pthread_create(&watchers[0], NULL, watch_program, &watch) != 0 ||
        pthread_create(&watchers[1], NULL, watch_first, &watch) != 0)
        _exit(1);
    supervisor_serve(notify_fd);
    pthread_join(watchers[0], NULL);
    _exit(0);
}

/* --- the first process ------------------------------------------------------------------------ */

static int exit_status_of(int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status)); /* as if it had been the program */
    return 128 + WTERMSIG(status);
}

static bool receive_report(int fd, struct start *ret_start)
{
    ssize_t count;
    while ((count = recv(fd, ret_start, sizeof(*ret_start), 0)) < 0 && errno == EINTR)
        continue;
    return count == (ssize_t)sizeof(*ret_start);
}

static int supervise_held(const char *file, char *const words[])
{
    int report[2];
    struct start start;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) < 0)
        return -errno;
    pid_t supervisor = fork();
    if (supervisor < 0)
        return -errno;
    if (supervisor == 0) {
        close(report[0]); /* or it would never be seen to end */
        become_supervisor(file, words, report[1]);
    }
    close(report[1]);
    if (!receive_report(report[0], &start))
        return -ECHILD;
    if (start.pid == 0)
        return start.status;
    program_pid = start.pid;
    pass_signals_on();
    return receive_report(report[0], &start) ? exit_status_of(start.status) : -ECHILD;
}

int supervise(const char *file, char *const words[])
{
    hold_signals();
    int result = supervise_held(file, words);
    release_signals();
    return result;
}
