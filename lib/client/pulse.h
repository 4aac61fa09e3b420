/* Keeps nng's threads awake while a caller waits for them (pulse.c says why). */
#ifndef TCPCLIENT_PULSE_H
#define TCPCLIENT_PULSE_H

#include "client.h"

/* Before the first tcpci_pulse_start(). False: out of memory. */
bool tcpci_pulse_init(struct tcpc_client *client);
/* A caller waits for nng: starts the pulse unless it beats already. It ends by itself when no call
 * is out. Under the lock. */
void tcpci_pulse_start(struct tcpc_client *client);
/* Ends the pulse and waits for its end. Once the client is closing and no call is out; takes the
 * lock. */
void tcpci_pulse_stop(struct tcpc_client *client);
/* Also when tcpci_pulse_init() failed or was never called. Without the lock. */
void tcpci_pulse_free(struct tcpc_client *client);

#endif
