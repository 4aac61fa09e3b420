/* Who is at the other end of a Unix socket, as the kernel says. */
#ifndef TCPENGINED_SP_PEER_H
#define TCPENGINED_SP_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#define SP_PEER_NO_GROUP ((gid_t)-1)

struct sp_peer {
    uid_t uid;
    pid_t pid;
    /* uid 0, the daemon's own uid, or a member of the admin group: may see and touch everything. */
    bool is_admin;
};

/* What the peer of fd was when it connected. False when the kernel does not say. */
bool sp_peer_find(int fd, gid_t admin_gid, struct sp_peer *ret_peer);

/* The gid of a group by its name or number. False, and *ret_gid untouched, when there is none. */
bool sp_group_find(const char *name, gid_t *ret_gid);

#endif
