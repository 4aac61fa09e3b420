#ifndef TCPENGINED_LOOPBACK_H
#define TCPENGINED_LOOPBACK_H

#include <stdbool.h>
#include <tcpengine/types.h>

/* 127.0.0.0/8 and ::1: nobody else reaches what listens there. */
bool loopback_contains(const struct te_addr *addr);

#endif
