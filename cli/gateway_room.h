/* Whether more may come through the gateway's doors. */
#ifndef TCPCTL_GATEWAY_ROOM_H
#define TCPCTL_GATEWAY_ROOM_H

#include "gateway.h"

/* Who comes from now on waits in the accept queue; or not any more. */
void gateway_pause(struct gateway *gateway);
void gateway_resume(struct gateway *gateway);

#endif
