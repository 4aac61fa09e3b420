/* One of the daemon's counters. */
#ifndef VIEW_COUNTER_H
#define VIEW_COUNTER_H

#include <stdint.h>
#include <tcpclient/tcpclient.h>

/* 0 when the daemon has none of that name: it may be older. */
uint64_t counter_value(const struct tcpc_counters *counters, const char *name);

#endif
