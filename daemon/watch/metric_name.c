#include "watch/metric_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* First words of counters that are not TCP's alone, or say "tcp" themselves. */
static const char *const layers[] = {
    "arp", "control", "dad",    "eth", "events", "fragments", "frame",      "frames", "icmp",
    "ip",  "ip6",     "memory", "mld", "nd",     "neighbour", "reassembly", "tcp",    "udp",
};

static const struct {
    const char *counter, *words;
} special_words[] = {
    {"eth_not_for_us", "eth_foreign"}, /* promtool takes "us" for a unit */
    {"ip_not_for_us", "ip_foreign"},
    {"segments_in_errors", "tcp_receive_errors"},
};

static bool has_layer(const char *counter)
{
    size_t len = strcspn(counter, "_");
    for (size_t i = 0; i < COUNT(layers); i++) {
        if (strlen(layers[i]) == len && strncmp(layers[i], counter, len) == 0)
            return true;
    }
    return false;
}

/* Returns the length of counter without suffix; 0: it does not end in that. */
static size_t length_before(const char *counter, const char *suffix)
{
    size_t len = strlen(counter), end = strlen(suffix);
    return len > end && strcmp(counter + len - end, suffix) == 0 ? len - end : 0;
}

void metric_name_format(const char *counter, char *ret_name)
{
    for (size_t i = 0; i < COUNT(special_words); i++) {
        if (strcmp(special_words[i].counter, counter) == 0) {
            snprintf(ret_name, METRIC_NAME_MAX, METRIC_PREFIX "%s_total", special_words[i].words);
            return;
        }
    }
    size_t in = length_before(counter, "_in"), out = length_before(counter, "_out");
    size_t len = in > 0 ? in : (out > 0 ? out : strlen(counter));
    snprintf(ret_name, METRIC_NAME_MAX, METRIC_PREFIX "%s%.*s%s_total",
             has_layer(counter) ? "" : "tcp_", (int)len, counter,
             in > 0 ? "_received" : (out > 0 ? "_sent" : ""));
}
