#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "descriptor.h"
#include "wording.h"

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

void cli_no_memory(void)
{
    fprintf(stderr, "tcpctl: out of memory (ENOMEM)\n");
    exit(EXIT_FAILED);
}

int cli_fail(const struct cli *cli, const struct tcpc_error *error, const char *what, ...)
{
    va_list args;
    const char *hint = wording_hint(error, cli->verb->name);
    fprintf(stderr, "tcpctl: ");
    va_start(args, what);
    vfprintf(stderr, what, args);
    va_end(args);
    fprintf(stderr, ": %s", wording_message(error->message));
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
    if (!descriptor_write(STDOUT_FILENO, data, len))
        stdout_failed(errno);
}

static ssize_t on_stdout(void *ctx, const char *data, size_t len)
{
    (void)ctx;
    cli_write(data, len);
    return (ssize_t)len;
}

/* A message that stderr does not take is lost: there is nowhere else to say so. */
static ssize_t on_stderr(void *ctx, const char *data, size_t len)
{
    (void)ctx;
    (void)descriptor_write(STDERR_FILENO, data, len);
    return (ssize_t)len;
}

void cli_streams_init(void)
{
    FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){.write = on_stdout});
    FILE *errors = fopencookie(NULL, "w", (cookie_io_functions_t){.write = on_stderr});
    descriptors_fill();
    if (out != NULL)
        stdout = out;
    if (errors != NULL)
        stderr = errors;
    setlinebuf(stderr); /* each message in one piece */
}

void cli_flush(void)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        stdout_failed(errno ? errno : EIO);
}
