#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "carry.h"
#include "filter.h"
#include "settings.h"
#include "supervisor.h"

static void leave_standard_files(int first, int last)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = first; fd <= last && null_fd >= 0; fd++)
        dup2(null_fd, fd);
    close(null_fd);
}

/* Nothing of the program's is kept, but the place for --verbose. */
static void leave_files(int kept_fd)
{
    leave_standard_files(STDIN_FILENO, settings_get()->verbose ? STDOUT_FILENO : STDERR_FILENO);
    if (kept_fd > STDERR_FILENO + 1)
        syscall(SYS_close_range, STDERR_FILENO + 1, kept_fd - 1, 0);
    syscall(SYS_close_range, kept_fd + 1, ~0U, 0);
}

static void ignore_signals(void)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
                                  SIGTSTP, SIGTTOU, SIGPIPE, SIGALRM, SIGCHLD};
    for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN);
}

/* Once the program has ended, whoever reads what it wrote must not wait for the guard of its
 * children. */
static void *watch_program(void *argument)
{
    struct pollfd program = {.fd = (int)(intptr_t)argument, .events = POLLIN};
    while (poll(&program, 1, -1) < 0 && errno == EINTR)
        continue;
    leave_standard_files(STDERR_FILENO, STDERR_FILENO);
    return NULL;
}

static void leave_errors_after(pid_t program)
{
    pthread_t watcher;
    int fd = (int)syscall(SYS_pidfd_open, program, 0);
    if (fd < 0 || pthread_create(&watcher, NULL, watch_program, (void *)(intptr_t)fd) != 0)
        leave_standard_files(STDERR_FILENO, STDERR_FILENO);
}

/* In a process of its own: never returns. */
__attribute__((noreturn)) static void become_guard(pid_t program, int channel)
{
    setsid();
    ignore_signals();
    prctl(PR_SET_NAME, "tcpengine-guard");
    leave_files(channel);
    leave_errors_after(program);
    int notify_fd = chdir("/") == 0 ? carry_receive(channel) : -1;
    close(channel);
    if (notify_fd >= 0)
        supervisor_serve(notify_fd);
    _exit(0);
}

/* A child of nobody, so that the program has none that it does not know. */
static bool fork_guard(int channel)
{
    pid_t program = getpid(), between = fork();
    if (between < 0)
        return false;
    if (between == 0) {
        if (fork() == 0)
            become_guard(program, channel);
        _exit(0);
    }
    while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
        continue;
    return true;
}

/* Yama of the kernel may let a process look only into its descendants. */
static bool may_look(void)
{
    char level = '0';
    int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (read(fd, &level, 1) != 1)
            level = '0';
        close(fd);
    }
    return level == '0' || (level < '3' && geteuid() == 0);
}

int guard_start(void)
{
    int channel[2], result = -ENOMEM;
    if (!may_look())
        return -EPERM;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        return -errno;
    if (fork_guard(channel[0])) {
        int notify_fd = filter_install();
        result = notify_fd < 0 ? notify_fd : 0;
        if (notify_fd >= 0 && !carry_send(channel[1], notify_fd, 0))
            _exit(EXIT_FAILURE); /* nobody would answer */
        close(notify_fd);
    }
    close(channel[0]);
    close(channel[1]);
    return result;
}
