/* Shutting the engine down gracefully: close everything, give it time, reset the rest. */
#ifndef TCPENGINED_DRAIN_H
#define TCPENGINED_DRAIN_H

#include <tcpengine/conn.h>

/* CLOSE (RFC 9293 3.10.4) for all listeners and connections. The caller then flushes the output. */
void drain_close_all(struct te_stack *stack, int64_t now_us);
/* Number of connections with something left to send or receive: all but TIME_WAIT. */
uint32_t drain_remaining(const struct te_stack *stack);
/* ABORT (RFC 9293 3.10.5) for all connections. The caller then flushes the RSTs. */
void drain_abort_all(struct te_stack *stack, int64_t now_us);

#endif
