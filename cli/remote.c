#include "remote.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "cli_clock.h"

#define SCHEME "ssh://"
#define LOOK_EACH_MS 10
#define SIGNAL_EACH_MS 20
#define SIGNALS_MAX 50
#define SSH_ARGUMENTS_MAX 16
#define NO_SSH_STATUS 127 /* as of a shell */

static char folder[64]; /* "": none */
static char socket_path[80];

/* --- the URL ---------------------------------------------------------------------------------- */

bool remote_is_url(const char *url)
{
    return url != NULL && strncmp(url, SCHEME, strlen(SCHEME)) == 0;
}

/* At most 5 digits. */
static bool parse_port(const char *text, size_t len, char *ret_port)
{
    if (len == 0 || len > 5 || strspn(text, "0123456789") < len)
        return false;
    memcpy(ret_port, text, len);
    ret_port[len] = '\0';
    return true;
}

/* The last colon, unless it is part of an address in brackets. */
static const char *find_port(const char *host, size_t len)
{
    for (size_t at = len; at-- > 0 && host[at] != ']';)
        if (host[at] == ':')
            return host + at;
    return NULL;
}

/* ssh wants an address without its brackets. */
static bool copy_host(const char *text, size_t len, char *ret_host)
{
    size_t put = 0;
    if (len == 0 || len >= REMOTE_TEXT_MAX || text[0] == '-')
        return false;
    for (size_t at = 0; at < len; at++) {
        if (isspace((unsigned char)text[at]) || iscntrl((unsigned char)text[at]))
            return false;
        if (text[at] != '[' && text[at] != ']')
            ret_host[put++] = text[at];
    }
    ret_host[put] = '\0';
    return put > 0 && ret_host[put - 1] != '@';
}

bool remote_parse(const char *url, struct remote *ret_remote)
{
    const char *host = url + strlen(SCHEME);
    size_t len = strcspn(host, "/");
    const char *path = host[len] != '\0' ? host + len : REMOTE_PATH_DEFAULT;
    const char *port = find_port(host, len);
    *ret_remote = (struct remote){.port = ""};
    if (strlen(path) >= sizeof(ret_remote->path) || strchr(path, ':') != NULL)
        return false;
    strcpy(ret_remote->path, path);
    if (port == NULL)
        return copy_host(host, len, ret_remote->host);
    return parse_port(port + 1, (size_t)(host + len - port - 1), ret_remote->port) &&
           copy_host(host, (size_t)(port - host), ret_remote->host);
}

/* --- the keeper ------------------------------------------------------------------------------- */

static pid_t start_ssh(const struct remote *remote)
{
    char forward[sizeof(socket_path) + REMOTE_TEXT_MAX];
    const char *words[SSH_ARGUMENTS_MAX] = {
        "ssh", "-n", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-L", forward};
    unsigned count = 8;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    pid_t pid;
    snprintf(forward, sizeof(forward), "%s:%s", socket_path, remote->path);
    if (*remote->port) {
        words[count++] = "-p";
        words[count++] = remote->port;
    }
    words[count++] = "--";
    words[count] = remote->host;
    sigfillset(&defaults);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawnp(&pid, "ssh", NULL, &attributes, (char **)words, environ);
    posix_spawnattr_destroy(&attributes);
    if (error == 0)
        return pid;
    cli_note("ssh: %s (%s)", strerror(error), strerrorname_np(error));
    return -1;
}

static void remove_folder(void)
{
    unlink(socket_path);
    rmdir(folder);
}

/* ssh may look at a signal and then sleep, not having seen it: it gets several. */
static int end_ssh(pid_t ssh)
{
    int status;
    for (unsigned i = 0; i < SIGNALS_MAX; i++) {
        kill(ssh, SIGTERM);
        poll(NULL, 0, SIGNAL_EACH_MS);
        if (waitpid(ssh, &status, WNOHANG) == ssh)
            return status;
    }
    kill(ssh, SIGKILL);
    waitpid(ssh, &status, 0);
    return status;
}

/* Until ssh has ended, or tcpctl has, whose end of the pipe is closed then. */
static _Noreturn void keep(const struct remote *remote, int life)
{
    int status = NO_SSH_STATUS << 8;
    signal(SIGINT, SIG_IGN); /* of the terminal: tcpctl ends by it, and so do we */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    pid_t ssh = start_ssh(remote);
    if (ssh > 0) {
        struct pollfd ends[] = {{.fd = life, .events = POLLIN},
                                {.fd = (int)syscall(SYS_pidfd_open, ssh, 0), .events = POLLIN}};
        while (poll(ends, 2, -1) < 0 && errno == EINTR)
            ;
        if (ends[1].revents != 0)
            waitpid(ssh, &status, 0);
        else
            status = end_ssh(ssh);
    }
    remove_folder();
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* --- tcpctl's side ---------------------------------------------------------------------------- */

static bool make_folder(void)
{
    const char *parent = getenv("XDG_RUNTIME_DIR");
    if (parent == NULL ||
        snprintf(folder, sizeof(folder), "%s/tcpctl-XXXXXX", parent) >= (int)sizeof(folder))
        strcpy(folder, "/tmp/tcpctl-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        cli_note("%s: %s (%s)", folder, strerror(errno), strerrorname_np(errno));
        return false;
    }
    snprintf(socket_path, sizeof(socket_path), "%s/control.sock", folder);
    return true;
}

/* Of the keeper; -1 after a complaint. */
static pid_t start_keeper(const struct remote *remote)
{
    int life[2];
    if (pipe2(life, O_CLOEXEC) != 0) {
        cli_note("pipe: %s (%s)", strerror(errno), strerrorname_np(errno));
        return -1;
    }
    fflush(stderr);
    pid_t keeper = fork();
    if (keeper == 0) {
        close(life[1]);
        keep(remote, life[0]);
    }
    close(life[0]); /* the other one stays open for as long as we live */
    if (keeper < 0)
        cli_note("fork: %s (%s)", strerror(errno), strerrorname_np(errno));
    return keeper;
}

/* ssh makes the socket once it has logged in. */
static bool await_socket(const struct remote *remote, pid_t keeper, uint32_t wait_ms)
{
    int64_t until_ms = cli_now_ms() + wait_ms;
    struct stat found;
    int status;
    while (stat(socket_path, &found) != 0) {
        if (waitpid(keeper, &status, WNOHANG) == keeper) {
            if (WIFEXITED(status) && WEXITSTATUS(status) != NO_SSH_STATUS)
                cli_note("ssh to %s has ended with status %d", remote->host, WEXITSTATUS(status));
            return false;
        }
        if (cli_now_ms() >= until_ms) {
            cli_note("ssh to %s forwards nothing after %u ms; try --timeout", remote->host,
                     wait_ms);
            return false;
        }
        poll(NULL, 0, LOOK_EACH_MS);
    }
    return true;
}

bool remote_open(const struct remote *remote, uint32_t wait_ms, char ret_url[REMOTE_URL_MAX])
{
    if (!make_folder())
        return false;
    pid_t keeper = start_keeper(remote);
    if (keeper < 0) {
        rmdir(folder);
        return false;
    }
    snprintf(ret_url, REMOTE_URL_MAX, "ipc://%s", socket_path);
    return await_socket(remote, keeper, wait_ms);
}
