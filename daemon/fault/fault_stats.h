/* What faults do, as counters. */
#ifndef TCPENGINED_FAULT_STATS_H
#define TCPENGINED_FAULT_STATS_H

#include <stdint.h>

#define FAULT_COUNTER_LIST(X)                                                                      \
    X(added, "Faults added")                                                                       \
    X(refused, "Faults refused: too many, or no memory")                                           \
    X(ended, "Faults that are over, by count, time, the end of their connection, or removal")      \
    X(hits, "Segments that met a fault; one that met two counts twice")                            \
    X(dropped, "Segments lost by faults")                                                          \
    X(held, "Segments held back by faults")                                                        \
    X(overflows, "Segments that faults lost instead of holding them back: faults_held_max")        \
    X(cut, "Frames of several segments that were cut into these, because a fault looks at each")   \
    X(windows_shut, "Connections beyond those whose window stop-reading can freeze: it is 0")      \
    X(events_omitted, "Hits that made no event, because their fault had made enough of them")

struct fault_counters {
#define FAULT_COUNTER_FIELD(name, help) uint64_t name;
    FAULT_COUNTER_LIST(FAULT_COUNTER_FIELD)
#undef FAULT_COUNTER_FIELD
};

#endif
