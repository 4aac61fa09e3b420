#include "address.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "sys.h"

void address_copy(const void *from, socklen_t from_length, struct sockaddr *address,
                  socklen_t *length)
{
    if (address == NULL || length == NULL)
        return;
    memcpy(address, from, *length < from_length ? *length : from_length);
    *length = from_length;
}

void address_show(const struct socket_address *shown, struct sockaddr *address, socklen_t *length)
{
    struct sockaddr_storage written;
    socklen_t written_length = socket_address_write(shown, &written);
    address_copy(&written, written_length, address, length);
}

bool address_is_kernel_bound(int fd)
{
    struct sockaddr_storage local;
    socklen_t length = sizeof(local);
    if (sys_getsockname(fd, &local, &length) < 0)
        return false;
    /* The port is at the same place in both families. */
    return ((const struct sockaddr_in *)&local)->sin_port != 0;
}

bool address_has_peer(int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    return sys_getpeername(fd, &peer, &length) == 0;
}

bool address_is_daemons(const void *address, socklen_t length)
{
    const struct sockaddr_un *name = address;
    return length >= ADDRESS_DAEMONS_BYTES && name->sun_family == AF_UNIX &&
           memcmp(name->sun_path, "\0" SOCKET_NAME_PREFIX, sizeof(SOCKET_NAME_PREFIX)) == 0;
}
