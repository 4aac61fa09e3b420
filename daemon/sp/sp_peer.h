/* Who is at the other end of a Unix socket, according to the kernel. */
#ifndef TCPENGINED_SP_PEER_H
#define TCPENGINED_SP_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#define SP_PEER_NO_GROUP ((gid_t)-1)

struct sp_peer {
    uid_t uid;
    pid_t pid;
    /* uid 0, the daemon's own uid, or a member of the admin group: sees and controls everything. */
    bool is_admin;
};

/* The peer of fd as it was when it connected. False, *ret_peer untouched: fd has no peer
 * credentials; treat the peer as unknown and close it. */
bool sp_peer_find(int fd, gid_t admin_gid, struct sp_peer *ret_peer);

/* Just the uid of fd's peer. False, *ret_uid untouched: as above. */
bool sp_peer_find_uid(int fd, uid_t *ret_uid);

/* The gid of a group by name, or else by number. False, *ret_gid untouched: there is no group of
 * that name, and it is not a number below SP_PEER_NO_GROUP. */
bool sp_group_find(const char *name, gid_t *ret_gid);

#endif
