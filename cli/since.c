#include "since.h"

#include <stdlib.h>
#include <string.h>
#include <tcpengine/units.h>
#include <time.h>

#define AGO_MAX_S 1e9

static bool parse_ago(const char *text, int64_t now_us, int64_t *ret_us)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1},     {"s", 1},       {"sec", 1},   {"m", 60},     {"min", 60},
                 {"h", 3600}, {"hour", 3600}, {"d", 86400}, {"day", 86400}};
    char *end;
    if (strspn(text, "0123456789") == 0)
        return false;
    double number = strtod(text, &end);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        double seconds = number * units[i].seconds;
        if (strcmp(end, units[i].name) != 0 || !(seconds <= AGO_MAX_S))
            continue;
        *ret_us = now_us - (int64_t)(seconds * 1e6);
        return true;
    }
    return false;
}

/* False: text is not of that format, or goes on behind it. */
static bool is_of(const char *text, const char *format, struct tm *time)
{
    struct tm parsed = *time;
    const char *end = strptime(text, format, &parsed);
    if (end == NULL || *end != '\0')
        return false;
    *time = parsed;
    return true;
}

static bool parse_clock(const char *text, int64_t now_us, int64_t *ret_us)
{
    time_t now_s = (time_t)(now_us / TE_SECOND);
    struct tm time;
    if (localtime_r(&now_s, &time) == NULL)
        return false;
    time.tm_sec = 0;
    time.tm_isdst = -1;
    if (!is_of(text, "%H:%M", &time) && !is_of(text, "%H:%M:%S", &time))
        return false;
    int64_t us = (int64_t)mktime(&time) * TE_SECOND;
    if (us > now_us) {
        time.tm_mday--;
        time.tm_isdst = -1;
        us = (int64_t)mktime(&time) * TE_SECOND;
    }
    *ret_us = us;
    return true;
}

static bool parse_date(const char *text, int64_t *ret_us)
{
    static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
                                          "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct tm time = {.tm_isdst = -1};
        if (!is_of(text, formats[i], &time))
            continue;
        *ret_us = (int64_t)mktime(&time) * TE_SECOND;
        return true;
    }
    return false;
}

bool since_parse(const char *text, int64_t now_us, int64_t *ret_us)
{
    if (strcmp(text, "all") == 0) {
        *ret_us = 0;
        return true;
    }
    return parse_ago(text, now_us, ret_us) || parse_clock(text, now_us, ret_us) ||
           parse_date(text, ret_us);
}
