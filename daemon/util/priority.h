/* How far the daemon's thread comes before other programs. */
#ifndef TCPENGINED_PRIORITY_H
#define TCPENGINED_PRIORITY_H

#include <stdbool.h>

#define PRIORITY_MAX 20
#define PRIORITY_DEFAULT 10

/* Gives the calling thread, and those that it makes afterwards, the nice value of minus priority;
 * one that is lower already stays. False: the system does not allow it, and the log says what it
 * would take. */
bool priority_set(unsigned priority);

#endif
