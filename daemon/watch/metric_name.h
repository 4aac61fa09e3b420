/* The metric's name for a counter of the engine.
 *
 * Prometheus' conventions: tcpengine_, the layer, what is counted, _total. The engine names its
 * counters for a reader who sees them beside each other, without the layer for what is TCP's, and
 * with "in" and "out" for received and sent. */
#ifndef TCPENGINED_METRIC_NAME_H
#define TCPENGINED_METRIC_NAME_H

#define METRIC_PREFIX "tcpengine_"
#define METRIC_NAME_MAX 96

/* counter: as te_counter_table() has it. Writes at most METRIC_NAME_MAX bytes. */
void metric_name_format(const char *counter, char *ret_name);

#endif
