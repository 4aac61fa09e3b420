/* The part of the metrics that is added up over connections, listeners and requests: histograms,
 * what holds senders back, drops by reason, and the queues of listeners. */
#ifndef TCPENGINED_METRICS_TALLY_H
#define TCPENGINED_METRICS_TALLY_H

#include "watch/metrics.h"

void metrics_tally_write(struct exposition *out, const struct metrics_input *input);

#endif
