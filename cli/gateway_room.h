/* Whether more may come through the gateway's doors. */
#ifndef TCPCTL_GATEWAY_ROOM_H
#define TCPCTL_GATEWAY_ROOM_H

#include "gateway.h"

/* From now on clients wait in the accept queue; or no longer. */
void gateway_pause(struct gateway *gateway);
void gateway_resume(struct gateway *gateway);

#endif
