#include "watch/http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "watch/http.h"

#define BACKLOG 128
#define V4_OFFSET 12 /* of the IPv4 address in its mapped form */

static socklen_t sockaddr_make(const struct te_endpoint *endpoint, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (te_addr_is_v4(&endpoint->addr)) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(endpoint->port);
        memcpy(&v4->sin_addr, endpoint->addr.bytes + V4_OFFSET, sizeof(v4->sin_addr));
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint->port);
    memcpy(&v6->sin6_addr, endpoint->addr.bytes, sizeof(v6->sin6_addr));
    return sizeof(*v6);
}

uint16_t http_listen_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return 0;
    /* The port is at the same offset in both families. */
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int http_listen(const struct te_endpoint *endpoint)
{
    struct sockaddr_storage address;
    socklen_t len = sockaddr_make(endpoint, &address);
    int on = 1;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

void http_listen_failed(const char *address, char *ret_message)
{
    const char *advice = "give another ADDRESS:PORT with --http, or --http off";
    if (errno == EADDRINUSE)
        snprintf(ret_message, HTTP_MESSAGE_MAX, "cannot serve HTTP at %s: the port is in use; %s",
                 address, advice);
    else
        snprintf(ret_message, HTTP_MESSAGE_MAX, "cannot serve HTTP at %s: %s; %s", address,
                 strerror(errno), advice);
}
