/* The signals that end tcpctl, where something has to be done first. */
#ifndef TCPCTL_FATAL_SIGNAL_H
#define TCPCTL_FATAL_SIGNAL_H

#include <signal.h>

/* One that is ignored, as by nohup, stays so: it is not among them. */
void fatal_signal_set(sigset_t *ret_set);
/* Ends the process as the signal would have, so that a shell sees the cause. */
void fatal_signal_die(int number);

#endif
