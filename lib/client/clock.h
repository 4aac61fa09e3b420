/* Time, and waiting until one. Milliseconds on CLOCK_MONOTONIC. */
#ifndef TCPCLIENT_CLOCK_H
#define TCPCLIENT_CLOCK_H

#include <pthread.h>
#include <stdint.h>

#define TCPC_MS_NEVER INT64_MAX

int64_t tcpci_clock_ms(void);
/* A condition variable whose timed waits count on tcpci_clock_ms(). 0 or an errno. */
int tcpci_cond_init(pthread_cond_t *cond);

#endif
