#include "probe.h"

/* nng dials in the background and never says what went wrong: "permission denied" and "no such
 * file" would both look like a long silence. So we probe before it dials, and when no link comes.
 */

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"

enum { TCP_WAIT_MS = 200 };

/* What follows scheme, such as "ipc://", in url; NULL: it has another. */
static const char *url_after(const char *url, const char *scheme)
{
    return strncmp(url, scheme, strlen(scheme)) == 0 ? url + strlen(scheme) : NULL;
}

/* NULL when url does not name a socket in the file system. */
static const char *url_path(const char *url)
{
    const char *path = url_after(url, "ipc://");
    return path != NULL ? path : url_after(url, "unix://");
}

/* HOST:PORT or [ADDR6]:PORT of a TCP URL; NULL: it is none. */
static const char *url_tcp(const char *url, int *ret_family)
{
    static const struct {
        const char *scheme;
        int family;
    } rows[] = {{"tcp://", AF_UNSPEC}, {"tcp4://", AF_INET}, {"tcp6://", AF_INET6}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *ret_family = rows[i].family;
        if (url_after(url, rows[i].scheme) != NULL)
            return url_after(url, rows[i].scheme);
    }
    return NULL;
}

bool tcpci_probe_is_possible(const char *url)
{
    int family;
    return url_path(url) != NULL || url_tcp(url, &family) != NULL;
}

/* Connects, and hangs up. Returns 0 when somebody listens, or it takes longer than TCP_WAIT_MS. */
static int probe_address(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int number = 0;
    socklen_t len = sizeof(number);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0)
        number = errno;
    if (number == EINPROGRESS && poll(&ready, 1, TCP_WAIT_MS) > 0)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len);
    close(fd);
    return number == EINPROGRESS ? 0 : number;
}

/* text is HOST:PORT; the host may be in brackets. */
static int probe_tcp(const char *text, int family)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *list = NULL;
    char host[256];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
        return 0; /* nng says what is wrong with it */
    tcpci_text_copy(host, (size_t)(colon - text) + 1, text);
    char *name = host;
    if (host[0] == '[' && colon[-1] == ']') {
        host[colon - text - 1] = '\0';
        name++;
    }
    if (getaddrinfo(*name ? name : NULL, colon + 1, &hints, &list) != 0)
        return EADDRNOTAVAIL;
    int number = 0;
    for (const struct addrinfo *entry = list; entry != NULL; entry = entry->ai_next) {
        number = probe_address(entry);
        if (number == 0)
            break;
    }
    freeaddrinfo(list);
    return number;
}

int tcpci_probe_path(const char *url)
{
    const char *path = url_path(url);
    struct sockaddr_un address;
    if (path == NULL)
        return 0;
    if (strlen(path) >= sizeof(address.sun_path))
        return ENAMETOOLONG;
    return access(path, F_OK) == 0 ? 0 : errno;
}

int tcpci_probe_url(const char *url)
{
    const char *path = url_path(url);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL)
        return 0;
    if (strlen(path) >= sizeof(address.sun_path))
        return ENAMETOOLONG;
    tcpci_text_copy(address.sun_path, sizeof(address.sun_path), path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int number = 0;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        number = errno;
    close(fd);
    /* A full backlog: somebody listens, but is busy. */
    return number == EAGAIN || number == EINPROGRESS ? 0 : number;
}

int tcpci_probe_daemon(const char *url)
{
    int family;
    const char *text = url_tcp(url, &family);
    return text != NULL ? probe_tcp(text, family) : tcpci_probe_url(url);
}

enum tcpc_code tcpci_probe_explain(const char *url, int number, struct tcpc_error *ret_error)
{
    if (number == EACCES || number == EPERM) {
        tcpci_error_set(ret_error, TCPC_PERMISSION, TCPC_HINT_SOCKET_GROUP,
                        "not allowed to connect to %s", url);
    } else {
        tcpci_error_set_code(ret_error, TCPC_UNREACHABLE, url);
    }
    if (number)
        tcpci_error_set_errno(ret_error, number);
    return number == EACCES || number == EPERM ? TCPC_PERMISSION : TCPC_UNREACHABLE;
}
