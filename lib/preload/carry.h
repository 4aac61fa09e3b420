/* A descriptor, or a number instead, through a Unix socket. */
#ifndef TCPENGINE_PRELOAD_CARRY_H
#define TCPENGINE_PRELOAD_CARRY_H

#include <stdbool.h>

/* fd with value; without a descriptor if it is negative. */
bool carry_send(int channel, int fd, int value);
/* The descriptor; without one the value; -ESRCH: nobody has sent anything. */
int carry_receive(int channel);

#endif
