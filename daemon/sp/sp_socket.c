/* Theory of operation: bind(2) creates the file and listen(2) lets clients in. In between the file
 * gets its group and mode, so that it can never be used with other permissions than the final ones.
 * If the file exists already, a connection attempt shows whether a daemon is alive; only if the
 * kernel refuses it does nobody listen, and the file may go. Two daemons that start at once could
 * take each other's file for a dead one's: a lock on the directory keeps them apart. */
#include "sp/sp_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sp/sp_peer.h"
#include "util/log.h"

#define SOCKET_MODE 0660
#define DIRECTORY_MODE 0750
/* All users share it: long enough that nobody fills it by chance, and short enough that waiting for
 * a place in it takes less than a tenth of a second when somebody fills it on purpose. */
#define SOCKET_BACKLOG 128

static int socket_make(int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

/* Whether a process listens at the address: 1 yes, 0 no, or a negative errno. */
static int address_is_alive(const struct sockaddr_un *address, int type)
{
    int fd = socket_make(type);
    if (fd < 0)
        return fd;
    int err = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
    close(fd);
    if (err == 0 || err == EAGAIN) /* EAGAIN: its queue is full */
        return 1;
    return err == ECONNREFUSED || err == ENOENT ? 0 : -err;
}

/* Removes the existing file if it is the socket of a dead daemon. */
static int stale_remove(const struct sockaddr_un *address, int type)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode)) {
        log_write(LOG_LEVEL_ERROR,
                  "control socket: %s exists and is not a socket; remove it, or give another path",
                  address->sun_path);
        return -EEXIST;
    }
    int is_alive = address_is_alive(address, type);
    if (is_alive == 1) {
        log_write(LOG_LEVEL_ERROR, "control socket: another daemon is listening on %s",
                  address->sun_path);
        return -EADDRINUSE;
    }
    if (is_alive < 0)
        return is_alive;
    log_write(LOG_LEVEL_NOTICE, "control socket: replacing %s, left behind by a dead daemon",
              address->sun_path);
    return unlink(address->sun_path) == 0 || errno == ENOENT ? 0 : -errno;
}

static int socket_bind(struct sp_socket *sock, int type)
{
    const struct sockaddr *address = (const struct sockaddr *)&sock->address;
    if (bind(sock->fd, address, sizeof(sock->address)) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return -errno;
    int err = stale_remove(&sock->address, type);
    if (err != 0)
        return err;
    return bind(sock->fd, address, sizeof(sock->address)) == 0 ? 0 : -errno;
}

/* Sets group and mode, before anybody can connect. */
static int file_protect(struct sp_socket *sock, gid_t gid)
{
    struct stat st;
    const char *path = sock->address.sun_path;
    if (lstat(path, &st) != 0)
        return -errno;
    sock->device = st.st_dev;
    sock->inode = st.st_ino;
    if (gid != SP_PEER_NO_GROUP && st.st_gid != gid && lchown(path, (uid_t)-1, gid) != 0)
        return -errno;
    return chmod(path, SOCKET_MODE) == 0 ? 0 : -errno;
}

void sp_socket_make_directory(const char *path, gid_t control_gid)
{
    char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
    if (strlen(path) >= sizeof(copy))
        return;
    strcpy(copy, path);
    const char *directory = dirname(copy);
    bool is_new = mkdir(directory, DIRECTORY_MODE) == 0;
    if (is_new && control_gid != SP_PEER_NO_GROUP && chown(directory, (uid_t)-1, control_gid) != 0)
        log_write(LOG_LEVEL_WARNING, "control socket: cannot set the group of %s: %s", directory,
                  strerror(errno));
}

/* Returns a descriptor of the directory that holds the lock, or -1: the lock is worth having but
 * not worth failing for. */
static int directory_lock(const char *path, gid_t gid)
{
    char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
    strcpy(copy, path);
    sp_socket_make_directory(path, gid);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        flock(fd, LOCK_EX | LOCK_NB);
    return fd;
}

static int socket_open_locked(struct sp_socket *sock, gid_t gid, int type)
{
    sock->fd = socket_make(type);
    if (sock->fd < 0)
        return sock->fd;
    int err = socket_bind(sock, type);
    if (err == 0)
        err = file_protect(sock, gid);
    if (err == 0 && listen(sock->fd, SOCKET_BACKLOG) != 0)
        err = -errno;
    return err;
}

static int address_make(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path[0] == '\0' || strlen(path) >= sizeof(address->sun_path)) {
        log_write(LOG_LEVEL_ERROR, "control socket: the path \"%s\" must have 1 to %zu bytes", path,
                  sizeof(address->sun_path) - 1);
        return -ENAMETOOLONG;
    }
    strcpy(address->sun_path, path);
    return 0;
}

int sp_socket_open(struct sp_socket *sock, const char *path, gid_t control_gid)
{
    return sp_socket_open_type(sock, path, control_gid, SOCK_STREAM);
}

int sp_socket_open_type(struct sp_socket *sock, const char *path, gid_t control_gid, int type)
{
    *sock = (struct sp_socket){.fd = -1};
    int err = address_make(&sock->address, path);
    if (err != 0)
        return err;
    int lock_fd = directory_lock(path, control_gid);
    err = socket_open_locked(sock, control_gid, type);
    if (lock_fd >= 0)
        close(lock_fd);
    if (err == 0)
        return 0;
    if (err != -EADDRINUSE && err != -EEXIST)
        log_write(LOG_LEVEL_ERROR, "control socket: cannot listen on %s: %s", path, strerror(-err));
    sp_socket_close(sock);
    return err;
}

/* Leaves a successor's file alone. 0, or a negative errno. */
static int file_remove(const struct sp_socket *sock)
{
    struct stat st;
    if (lstat(sock->address.sun_path, &st) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (st.st_dev != sock->device || st.st_ino != sock->inode)
        return 0;
    return unlink(sock->address.sun_path) == 0 ? 0 : -errno;
}

void sp_socket_close(struct sp_socket *sock)
{
    if (sock->fd < 0)
        return;
    close(sock->fd);
    sock->fd = -1;
    int err = file_remove(sock);
    if (err != 0)
        log_write(LOG_LEVEL_NOTICE,
                  "control socket: cannot remove %s: %s; the next start replaces it",
                  sock->address.sun_path, strerror(-err));
}
