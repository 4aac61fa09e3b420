#include "sp/sp_peer.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* More groups than this need the heap. */
#define GROUPS_FEW 64

static bool groups_contain(const gid_t *groups, size_t count, gid_t gid)
{
    for (size_t i = 0; i < count; i++)
        if (groups[i] == gid)
            return true;
    return false;
}

/* Asks the kernel, not the group database: what counts is the groups of the peer's process, and no
 * name service can block or mislead the daemon. */
static bool peer_is_in_group(int fd, gid_t gid)
{
    gid_t few[GROUPS_FEW];
    socklen_t size = sizeof(few);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &size) == 0)
        return groups_contain(few, size / sizeof(*few), gid);
    if (errno != ERANGE)
        return false;
    gid_t *many = malloc(size); /* the kernel has set size to what is needed */
    bool is_in = many != NULL && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, many, &size) == 0 &&
                 groups_contain(many, size / sizeof(*many), gid);
    free(many);
    return is_in;
}

bool sp_peer_find(int fd, gid_t admin_gid, struct sp_peer *ret_peer)
{
    struct ucred cred;
    socklen_t size = sizeof(cred);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0)
        return false;
    bool is_admin = cred.uid == 0 || cred.uid == geteuid();
    if (!is_admin && admin_gid != SP_PEER_NO_GROUP)
        is_admin = cred.gid == admin_gid || peer_is_in_group(fd, admin_gid);
    *ret_peer = (struct sp_peer){.uid = cred.uid, .pid = cred.pid, .is_admin = is_admin};
    return true;
}

bool sp_peer_find_uid(int fd, uid_t *ret_uid)
{
    struct ucred cred;
    socklen_t size = sizeof(cred);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0)
        return false;
    *ret_uid = cred.uid;
    return true;
}

bool sp_group_find(const char *name, gid_t *ret_gid)
{
    const struct group *group = getgrnam(name);
    char *end;
    if (group != NULL) {
        *ret_gid = group->gr_gid;
        return true;
    }
    errno = 0;
    unsigned long number = strtoul(name, &end, 10);
    if (*name < '0' || *name > '9' || *end != '\0' || errno != 0 || number >= SP_PEER_NO_GROUP)
        return false;
    *ret_gid = (gid_t)number;
    return true;
}
