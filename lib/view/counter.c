#include "counter.h"

#include <string.h>

uint64_t counter_value(const struct tcpc_counters *counters, const char *name)
{
    for (size_t i = 0; i < counters->count; i++)
        if (strcmp(counters->rows[i].name, name) == 0)
            return counters->rows[i].value;
    return 0;
}
