/* One connection that came through a door of the gateway, from then to its end. */
#ifndef TCPCTL_GATEWAY_CLIENT_H
#define TCPCTL_GATEWAY_CLIENT_H

#include "gateway.h"

/* Takes arrival->fd. */
void gateway_client_new(struct gateway_door *door, const struct arrival *arrival);
/* Ends those who take too long; the poller's on_tick. */
void gateway_clients_check_time(void *gateway);

#endif
