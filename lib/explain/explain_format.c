#include "explain_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <tcpengine/units.h>

/* Two units, the second one only if it is not 0. */
static char *two_units(int64_t value, int64_t ratio, const char *const units[2], char *ret_text)
{
    int64_t rest = value % ratio;
    int len = snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%" PRId64 " %s", value / ratio, units[0]);
    if (rest > 0)
        snprintf(ret_text + len, EXPLAIN_NUMBER_MAX - (size_t)len, " %" PRId64 " %s", rest,
                 units[1]);
    return ret_text;
}

char *explain_duration(int64_t us, char *ret_text)
{
    static const char *const minutes[2] = {"min", "s"}, *const hours[2] = {"h", "min"},
                             *const days[2] = {"d", "h"};
    if (us <= 0)
        snprintf(ret_text, EXPLAIN_NUMBER_MAX, "0 s");
    else if (us < TE_MS)
        snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%" PRId64 " us", us);
    else if (us < TE_SECOND)
        snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%" PRId64 " ms", us / TE_MS);
    else if (us < TE_MINUTE)
        snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%" PRId64 ".%" PRId64 " s", us / TE_SECOND,
                 us % TE_SECOND / (TE_SECOND / 10));
    else if (us < TE_HOUR)
        return two_units(us / TE_SECOND, 60, minutes, ret_text);
    else if (us < TE_DAY)
        return two_units(us / TE_MINUTE, 60, hours, ret_text);
    else
        return two_units(us / TE_HOUR, 24, days, ret_text);
    return ret_text;
}

char *explain_number(uint64_t number, char *ret_text)
{
    char digits[24];
    int count = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    char *to = ret_text;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return ret_text;
}

char *explain_bytes(uint64_t bytes, char *ret_text)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    char number[EXPLAIN_NUMBER_MAX];
    if (bytes < 10000) {
        snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%s byte%s", explain_number(bytes, number),
                 bytes == 1 ? "" : "s");
        return ret_text;
    }
    unsigned unit = 0;
    uint64_t tenths = bytes * 10 / TE_KIB;
    for (; tenths >= 10 * TE_KIB && unit < 3; unit++)
        tenths /= TE_KIB;
    snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
             units[unit]);
    return ret_text;
}

char *explain_ordinal(uint64_t number, char *ret_text)
{
    static const char *const endings[] = {"th", "st", "nd", "rd"};
    uint64_t last = number % 100 >= 11 && number % 100 <= 13 ? 0 : number % 10;
    snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%" PRIu64 "%s", number, endings[last > 3 ? 0 : last]);
    return ret_text;
}

char *explain_times(uint64_t number, char *ret_text)
{
    if (number == 1 || number == 2)
        snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%s", number == 1 ? "once" : "twice");
    else
        snprintf(ret_text, EXPLAIN_NUMBER_MAX, "%" PRIu64 " times", number);
    return ret_text;
}
