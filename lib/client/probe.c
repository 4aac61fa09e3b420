#include "probe.h"

/* nng dials in the background and never says what went wrong: "permission denied" and "no such
 * file" would both look like a long silence. So we probe before it dials, and when no link comes.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"

/* NULL when url is not ipc://. */
static const char *url_path(const char *url)
{
    static const char scheme[] = "ipc://";
    return strncmp(url, scheme, sizeof(scheme) - 1) == 0 ? url + sizeof(scheme) - 1 : NULL;
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

enum tcpc_code tcpci_probe_explain(const char *url, int number, struct tcpc_error *ret_error)
{
    if (number == EACCES || number == EPERM) {
        tcpci_error_set(ret_error, TCPC_PERMISSION,
                        "become root, or join the group that owns the socket",
                        "not allowed to connect to %s", url);
    } else {
        tcpci_error_set_code(ret_error, TCPC_UNREACHABLE, url);
    }
    if (number)
        tcpci_error_set_errno(ret_error, number);
    return number == EACCES || number == EPERM ? TCPC_PERMISSION : TCPC_UNREACHABLE;
}
