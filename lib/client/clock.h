/* Time, in milliseconds on CLOCK_MONOTONIC, and condition variables that wait for it. */
#ifndef TCPCLIENT_CLOCK_H
#define TCPCLIENT_CLOCK_H

#include <pthread.h>
#include <stdint.h>

#define TCPC_MS_NEVER INT64_MAX

/* The time now. */
int64_t tcpci_clock_ms(void);
/* wait_ms from now; TCPC_MS_NEVER for TCPC_WAIT_FOREVER. */
int64_t tcpci_clock_until_ms(uint32_t wait_ms);
/* Initialises a condition variable whose timed waits are in the time of tcpci_clock_ms(). 0 or an
 * errno; then there is nothing to destroy. */
int tcpci_cond_init(pthread_cond_t *cond);

#endif
