#include "plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support.h"

static double clock_seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double plan_now(void)
{
    return clock_seconds(CLOCK_MONOTONIC);
}

/* The value if word is "name=value", else NULL. */
static const char *value_of(const char *word, const char *name)
{
    size_t len = strlen(name);
    return strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static bool parse_key(struct plan *plan, const char *word)
{
    const char *value;
    if ((value = value_of(word, "clients")) != NULL)
        plan->clients = (unsigned)strtoul(value, NULL, 10);
    else if ((value = value_of(word, "seconds")) != NULL)
        plan->seconds = strtod(value, NULL);
    else if ((value = value_of(word, "fill")) != NULL)
        plan->fill = strtoull(value, NULL, 10);
    else if ((value = value_of(word, "fill_port")) != NULL)
        plan->fill_port = (uint16_t)strtoul(value, NULL, 10);
    else if ((value = value_of(word, "fill_seconds")) != NULL)
        plan->fill_seconds = strtod(value, NULL);
    else if ((value = value_of(word, "ports")) != NULL)
        plan->ports = (unsigned)strtoul(value, NULL, 10);
    else if ((value = value_of(word, "use")) != NULL)
        plan->use = (unsigned)strtoul(value, NULL, 10);
    else if ((value = value_of(word, "url")) != NULL)
        plan->url = value;
    else if ((value = value_of(word, "tap")) != NULL)
        plan->tap = value;
    return value != NULL;
}

bool plan_parse(struct plan *ret_plan, int count, char **words)
{
    if (count < 4)
        return false;
    *ret_plan = (struct plan){.mode = words[0],
                              .address = words[1],
                              .port = (uint16_t)strtoul(words[2], NULL, 10),
                              .amount = strtoull(words[3], NULL, 10),
                              .clients = 1,
                              .ports = 1,
                              .seconds = 3600,
                              .fill_seconds = 3600};
    for (int i = 4; i < count; i++)
        if (!parse_key(ret_plan, words[i]))
            return false;
    return ret_plan->clients > 0 && ret_plan->clients <= PLAN_CLIENTS_MAX && ret_plan->ports > 0;
}

static void print_common(double seconds, const char *what, uint64_t amount)
{
    printf("{\"seconds\": %.6f, \"%s\": %" PRIu64 ", \"cpu_seconds\": %.6f", seconds, what, amount,
           clock_seconds(CLOCK_PROCESS_CPUTIME_ID));
}

void plan_report(double seconds, const char *what, uint64_t amount, uint64_t fill)
{
    print_common(seconds, what, amount);
    printf(", \"fill\": %" PRIu64 "}\n", fill);
    fflush(stdout);
}

void plan_report_times(double seconds, double *times, uint64_t count)
{
    qsort(times, count, sizeof(*times), bench_compare_doubles);
    print_common(seconds, "count", count);
    printf(", \"p50_us\": %.2f, \"p99_us\": %.2f}\n", times[count / 2] * 1e6,
           times[count * 99 / 100] * 1e6);
    fflush(stdout);
}
