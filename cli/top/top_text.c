#include "top_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/units.h>

/* One decimal while there are two digits; tenths is the value times ten. */
static const char *format(uint64_t tenths, const char *unit, char *ret_text)
{
    if (tenths < 100)
        snprintf(ret_text, TOP_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%s", tenths / 10, tenths % 10,
                 unit);
    else
        snprintf(ret_text, TOP_TEXT_MAX, "%" PRIu64 "%s", tenths / 10, unit);
    return ret_text;
}

const char *top_text_bytes(uint64_t bytes, char *ret_text)
{
    static const char *const units[] = {"", "K", "M", "G", "T", "P", "E"};
    unsigned unit = 0;
    uint64_t whole = bytes, rest = 0;
    while (whole >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        rest = whole % 1024;
        whole /= 1024;
        unit++;
    }
    if (unit == 0)
        snprintf(ret_text, TOP_TEXT_MAX, "%" PRIu64, whole);
    else
        format(whole * 10 + rest * 10 / 1024, units[unit], ret_text);
    return ret_text;
}

const char *top_text_duration(int64_t us, char *ret_text)
{
    uint64_t value = us > 0 ? (uint64_t)us : 0;
    if (value == 0)
        snprintf(ret_text, TOP_TEXT_MAX, "-");
    else if (value < TE_MS)
        snprintf(ret_text, TOP_TEXT_MAX, "%" PRIu64 "us", value);
    else if (value < TE_SECOND)
        format(value * 10 / TE_MS, "ms", ret_text);
    else if (value < 1000 * TE_SECOND)
        format(value * 10 / TE_SECOND, "s", ret_text);
    else
        snprintf(ret_text, TOP_TEXT_MAX, "%" PRIu64 "min", value / (60 * TE_SECOND));
    return ret_text;
}

const char *top_text_count(uint64_t count, char *ret_text)
{
    char digits[TOP_TEXT_MAX];
    snprintf(digits, sizeof(digits), "%" PRIu64, count);
    size_t len = strlen(digits), used = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            ret_text[used++] = ',';
        ret_text[used++] = digits[i];
    }
    ret_text[used] = '\0';
    return ret_text;
}
