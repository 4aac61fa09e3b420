/* A socket beside the control socket, by which programs come for something else than requests. */
#ifndef TCPENGINED_SP_DOOR_H
#define TCPENGINED_SP_DOOR_H

#include <uv.h>

#include "sp/sp_socket.h"

/* Takes fd over, whoever it is. */
typedef void sp_door_admit_fn(void *ctx, int fd);

struct sp_door {
    struct sp_socket socket;
    uv_poll_t poll;
    sp_door_admit_fn *admit;
    void *ctx;
};

/* Listens at control_path with suffix behind it, for messages (SOCK_SEQPACKET). False: the log says
 * why. */
bool sp_door_open(struct sp_door *door, const char *control_path, const char *suffix,
                  gid_t control_gid);
/* From now on those who come are admitted, a batch per turn of the loop. */
void sp_door_start(struct sp_door *door, uv_loop_t *loop, sp_door_admit_fn *admit, void *ctx);
/* When no descriptor was left nobody is admitted until this is called: do so at times. */
void sp_door_look_again(struct sp_door *door);
/* Removes the socket's file; door must live until on_closed, whose handle's data is ctx. Harmless,
 * and without a call, if it is closed already. */
void sp_door_close(struct sp_door *door, uv_close_cb on_closed);

#endif
