#include "door.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* Per turn, so that many who come do not keep those who are there from their turn. */
enum { ARRIVALS_PER_TURN = 32, BACKLOG = 1024 };

static int accept_kernel(struct door *door, struct arrival *ret_arrival)
{
    const int on = 1;
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    int fd = accept4(door->watch.fd, (struct sockaddr *)&address, &length, SOCK_CLOEXEC);
    if (fd < 0)
        return errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    *ret_arrival = (struct arrival){.fd = fd, .local = door->local};
    ret_arrival->remote = place_of((const struct sockaddr *)&address, length);
    return 0;
}

static int accept_engine(struct door *door, struct arrival *ret_arrival)
{
    struct engine_accepted accepted;
    int error = engine_socket_accept(door->watch.fd, &accepted);
    if (error != 0)
        return error;
    *ret_arrival = (struct arrival){.fd = accepted.fd,
                                    .id = accepted.id,
                                    .local = place_of_engine(&accepted.local),
                                    .remote = place_of_engine(&accepted.remote)};
    return 0;
}

/* Of the one who came, who has gone again. */
static bool is_passing(int error)
{
    return error == ECONNABORTED || error == EINTR || error == EPROTO;
}

static void on_event(struct poller_watch *watch, uint32_t events)
{
    struct door *door = watch->owner;
    struct arrival arrival;
    (void)events;
    for (unsigned i = 0; i < ARRIVALS_PER_TURN && !door->is_paused; i++) {
        int error = door->is_engine ? accept_engine(door, &arrival) : accept_kernel(door, &arrival);
        if (error == 0) {
            door->on_arrival(door, &arrival);
        } else if (!is_passing(error)) {
            if (error == EAGAIN)
                return;
            door_pause(door);
            door->on_error(door, error);
        }
    }
}

static int listen_kernel(int fd, const struct place *local)
{
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&local->address, local->length) < 0 ||
        listen(fd, BACKLOG) < 0)
        return errno;
    return 0;
}

static int open_kernel(const struct place *local, int *ret_fd, struct place *ret_local)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof(bound);
    int fd = socket(local->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int error = listen_kernel(fd, local);
    if (error == 0 && getsockname(fd, (struct sockaddr *)&bound, &length) < 0)
        error = errno;
    if (error != 0) {
        close(fd);
        return error;
    }
    *ret_local = place_of((const struct sockaddr *)&bound, length);
    *ret_fd = fd;
    return 0;
}

static int open_engine(const struct engine_sockets *engine, const struct place *local,
                       bool fast_open, int *ret_fd, struct place *ret_local)
{
    struct socket_address address, bound;
    if (!place_for_engine(local, &address))
        return EAFNOSUPPORT;
    int error = engine_socket_listen(engine, &address, fast_open, ret_fd, &bound);
    if (error == 0)
        *ret_local = place_of_engine(&bound);
    return error;
}

int door_open(struct door *door, const struct engine_sockets *engine, const struct place *local,
              bool fast_open)
{
    int fd = -1;
    door->is_engine = engine != NULL;
    int error = engine != NULL ? open_engine(engine, local, fast_open, &fd, &door->local)
                               : open_kernel(local, &fd, &door->local);
    door->watch = (struct poller_watch){.fd = fd, .on_event = on_event, .owner = door};
    if (error != 0 || poller_add(door->poller, &door->watch, EPOLLIN))
        return error;
    error = errno;
    close(fd);
    door->watch.fd = -1;
    return error;
}

void door_pause(struct door *door)
{
    if (door->is_paused)
        return;
    door->is_paused = true;
    poller_remove(door->poller, &door->watch);
}

void door_resume(struct door *door)
{
    if (!door->is_paused)
        return;
    door->is_paused = false;
    (void)poller_add(door->poller, &door->watch, EPOLLIN);
}
