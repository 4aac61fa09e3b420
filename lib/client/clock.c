#include "clock.h"

#include <time.h>

int64_t tcpci_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
