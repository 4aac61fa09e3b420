/* Keeps nng's threads awake while somebody waits for them (pulse.c says why). */
#ifndef TCPCLIENT_PULSE_H
#define TCPCLIENT_PULSE_H

#include "client.h"

/* False without memory. */
bool tcpci_pulse_init(struct tcpc_client *client);
/* Under the lock: somebody waits for nng. It ends by itself. */
void tcpci_pulse_start(struct tcpc_client *client);
/* Once the client is closing and no request is out. Without the lock. */
void tcpci_pulse_stop(struct tcpc_client *client);
/* One that was never made is legal. */
void tcpci_pulse_free(struct tcpc_client *client);

#endif
