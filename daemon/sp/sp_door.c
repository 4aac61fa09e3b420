#include "sp/sp_door.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#define ACCEPT_BATCH 16

/* False: nobody waits, or there is no descriptor. */
static bool accept_one(struct sp_door *door)
{
    int fd = accept4(door->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        door->admit(door->ctx, fd);
        return true;
    }
    if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
        uv_poll_stop(&door->poll);
    return false;
}

static void on_connectable(uv_poll_t *poll, int status, int events)
{
    struct sp_door *door = poll->data;
    (void)events;
    for (int left = ACCEPT_BATCH; status == 0 && left > 0 && accept_one(door); left--)
        ;
}

bool sp_door_open(struct sp_door *door, const char *control_path, const char *suffix,
                  gid_t control_gid)
{
    char path[2 * sizeof(door->socket.address.sun_path)];
    snprintf(path, sizeof(path), "%s%s", control_path, suffix);
    return sp_socket_open_type(&door->socket, path, control_gid, SOCK_SEQPACKET) == 0;
}

void sp_door_start(struct sp_door *door, uv_loop_t *loop, sp_door_admit_fn *admit, void *ctx)
{
    door->admit = admit;
    door->ctx = ctx;
    uv_poll_init(loop, &door->poll, door->socket.fd);
    door->poll.data = door;
    uv_poll_start(&door->poll, UV_READABLE, on_connectable);
}

void sp_door_look_again(struct sp_door *door)
{
    if (door->socket.fd >= 0 && !uv_is_active((uv_handle_t *)&door->poll))
        uv_poll_start(&door->poll, UV_READABLE, on_connectable);
}

void sp_door_close(struct sp_door *door, uv_close_cb on_closed)
{
    if (door->socket.fd < 0)
        return;
    door->poll.data = door->ctx;
    uv_close((uv_handle_t *)&door->poll, on_closed);
    sp_socket_close(&door->socket);
}
