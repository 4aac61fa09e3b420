#include "time_wait_row.h"

struct tcpc_connection time_wait_row(const struct tcpc_time_wait *entry)
{
    return (struct tcpc_connection){.id = entry->id,
                                    .state = TCPC_TIME_WAIT,
                                    .local = entry->local,
                                    .remote = entry->remote,
                                    .uid = entry->uid,
                                    .timer = "time_wait",
                                    .timer_ms = entry->remaining_ms,
                                    .owner = entry->owner};
}
