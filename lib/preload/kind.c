#include "kind.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "address.h"
#include "sys.h"

static int int_option(int fd, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);
    return sys_getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

/* The daemon's end has a name. */
static bool read_name(int fd, struct sockaddr_un *ret_name, socklen_t *ret_length)
{
    socklen_t length = sizeof(*ret_name);
    if (sys_getpeername(fd, ret_name, &length) < 0 || length > sizeof(*ret_name) ||
        length == ADDRESS_DAEMONS_BYTES || !address_is_daemons(ret_name, length))
        return false;
    *ret_length = length;
    return true;
}

/* Its last letter is the family. */
static enum kind kind_of_unix(int fd, int *ret_family)
{
    struct sockaddr_un name;
    socklen_t length;
    if (!read_name(fd, &name, &length))
        return KIND_OTHER;
    *ret_family = ((const char *)&name)[length - 1] == '6' ? AF_INET6 : AF_INET;
    return KIND_ENGINE;
}

enum kind kind_of(int fd, int *ret_family)
{
    int ignored, *family = ret_family == NULL ? &ignored : ret_family;
    int domain = int_option(fd, SO_DOMAIN);
    if (domain == AF_UNIX)
        return kind_of_unix(fd, family);
    if ((domain != AF_INET && domain != AF_INET6) || int_option(fd, SO_PROTOCOL) != IPPROTO_TCP)
        return KIND_OTHER;
    *family = domain;
    return KIND_KERNEL_TCP;
}

/* The daemon's boot id comes next in the name, in 16 digits. */
#define BOOT_DIGITS 16

bool kind_is_same_run(int fd, int other_fd)
{
    struct sockaddr_un name = {0}, other_name = {0};
    socklen_t length;
    return read_name(fd, &name, &length) && read_name(other_fd, &other_name, &length) &&
           memcmp((const char *)&name + ADDRESS_DAEMONS_BYTES,
                  (const char *)&other_name + ADDRESS_DAEMONS_BYTES, BOOT_DIGITS) == 0;
}

/* The mark is on the open file itself, for all who have it: what a program sets as SO_PRIORITY
 * never gets there, and on a Unix socket it means nothing. */
#define LISTENER_PRIORITY 6
#define ENDED_LISTENER_PRIORITY 5

static void mark(int fd, int priority)
{
    sys_setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
}

void kind_mark_listener(int fd)
{
    mark(fd, LISTENER_PRIORITY);
}

void kind_mark_ended_listener(int fd)
{
    mark(fd, ENDED_LISTENER_PRIORITY);
}

bool kind_is_ended_listener(int fd)
{
    return int_option(fd, SO_DOMAIN) == AF_UNIX && int_option(fd, SO_TYPE) == SOCK_DGRAM &&
           int_option(fd, SO_PRIORITY) == ENDED_LISTENER_PRIORITY;
}

bool kind_is_listener(int fd)
{
    return int_option(fd, SO_PRIORITY) == LISTENER_PRIORITY;
}
