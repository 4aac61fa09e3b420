#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

int cli_connect(struct cli *cli, enum tcpc_policy policy)
{
    char name[64];
    struct tcpc_error error;
    snprintf(name, sizeof(name), "tcpctl %s", cli->verb->name);
    struct tcpc_options options = {
        .url = cli->control_url, .name = name, .timeout_ms = cli->timeout_ms, .policy = policy};
    if (tcpc_client_new(&options, &cli->client, &error) == TCPC_OK)
        return EXIT_DONE;
    return cli_fail(cli, &error, "%s", cli->verb->name);
}

int cli_exit_status(enum tcpc_code code)
{
    switch (code) {
    case TCPC_OK:
        return EXIT_DONE;
    case TCPC_UNREACHABLE:
    case TCPC_RESTARTED:
        return EXIT_UNREACHABLE;
    case TCPC_PERMISSION:
        return EXIT_DENIED;
    case TCPC_AGAIN:
    case TCPC_DEADLINE:
    case TCPC_TIMED_OUT:
        return EXIT_TIMED_OUT;
    default:
        return EXIT_FAILED;
    }
}

/* The daemon's hints speak of the protocol; these say the same in terms of tcpctl. */
static const char *hint_of(const struct tcpc_error *error)
{
    if (error->hint[0] == '\0')
        return "";
    if (error->code == TCPC_NOT_FOUND)
        return "see tcpctl ls, or tcpctl history for what has ended";
    if (error->code == TCPC_AGAIN && strcmp(error->errno_name, "EAGAIN") == 0)
        return "allow more time with --wait SECONDS";
    if (error->code == TCPC_ADDRESS && strncmp(error->hint, "DaemonStatus", 12) == 0)
        return "see tcpctl status";
    return error->hint;
}

int cli_fail(const struct cli *cli, const struct tcpc_error *error, const char *what, ...)
{
    va_list args;
    const char *hint = hint_of(error);
    (void)cli;
    fprintf(stderr, "tcpctl: ");
    va_start(args, what);
    vfprintf(stderr, what, args);
    va_end(args);
    fprintf(stderr, ": %s", error->message);
    if (error->errno_name[0])
        fprintf(stderr, " (%s)", error->errno_name);
    if (*hint)
        fprintf(stderr, "; %s", hint);
    fputc('\n', stderr);
    return cli_exit_status(error->code);
}

void cli_note(const char *format, ...)
{
    va_list args;
    fprintf(stderr, "tcpctl: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

uint32_t cli_patience_ms(const struct cli *cli)
{
    return cli->timeout_ms ? cli->timeout_ms : TCPC_WAIT_FOREVER;
}

/* stdout takes no more: its reader has gone, or a disk is full. */
_Noreturn static void stdout_failed(int number)
{
    if (number == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    fprintf(stderr, "tcpctl: stdout: %s (%s)\n", strerror(number), strerrorname_np(number));
    _exit(EXIT_FAILED);
}

void cli_write(const void *data, size_t len)
{
    const char *from = data;
    while (len) {
        ssize_t put = write(STDOUT_FILENO, from, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            stdout_failed(errno);
        from += put;
        len -= (size_t)put;
    }
}

void cli_flush(void)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        stdout_failed(errno ? errno : EIO);
}
