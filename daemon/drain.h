/* The engine's graceful end: everything is closed, then time passes, then the rest is reset. */
#ifndef TCPENGINED_DRAIN_H
#define TCPENGINED_DRAIN_H

#include <tcpengine/conn.h>

/* CLOSE on all listeners and connections. */
void drain_close_all(struct te_stack *stack, int64_t now_us);
/* Connections that still have to send or hear something; TIME_WAIT is not one of them. */
uint32_t drain_remaining(const struct te_stack *stack);
/* ABORT on all connections. */
void drain_abort_all(struct te_stack *stack, int64_t now_us);

#endif
