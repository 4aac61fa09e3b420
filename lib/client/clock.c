#include "clock.h"

#include <tcpclient/tcpclient.h>
#include <time.h>

int64_t tcpci_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t tcpci_clock_until_ms(uint32_t wait_ms)
{
    return wait_ms == TCPC_WAIT_FOREVER ? TCPC_MS_NEVER : tcpci_clock_ms() + wait_ms;
}

int tcpci_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int rv = pthread_condattr_init(&attributes);
    if (rv != 0)
        return rv;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    rv = pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return rv;
}
