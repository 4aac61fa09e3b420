#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/units.h>

const char *format_bytes(uint64_t bytes, char *ret_text)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        snprintf(ret_text, FORMAT_MAX, "%" PRIu64 " B", bytes);
        return ret_text;
    }
    double amount = (double)bytes / 1024;
    unsigned unit = 0;
    while (amount >= 1023.95 && unit < 5) {
        amount /= 1024;
        unit++;
    }
    snprintf(ret_text, FORMAT_MAX, amount < 9.95 ? "%.1f %s" : "%.0f %s", amount, units[unit]);
    return ret_text;
}

const char *format_duration(int64_t us, char *ret_text)
{
    const int64_t second = TE_SECOND, minute = TE_MINUTE, hour = TE_HOUR, day = TE_DAY;
    if (us < 1000)
        snprintf(ret_text, FORMAT_MAX, "%" PRId64 " us", us);
    else if (us < second)
        snprintf(ret_text, FORMAT_MAX, "%" PRId64 ".%" PRId64 " ms", us / 1000, us / 100 % 10);
    else if (us < minute)
        snprintf(ret_text, FORMAT_MAX, "%" PRId64 ".%" PRId64 " s", us / second,
                 us / (second / 10) % 10);
    else if (us < hour)
        snprintf(ret_text, FORMAT_MAX, "%" PRId64 " min %" PRId64 " s", us / minute,
                 us % minute / second);
    else if (us < day)
        snprintf(ret_text, FORMAT_MAX, "%" PRId64 " h %" PRId64 " min", us / hour,
                 us % hour / minute);
    else
        snprintf(ret_text, FORMAT_MAX, "%" PRId64 " d %" PRId64 " h", us / day, us % day / hour);
    return ret_text;
}

const char *format_time(int64_t us, char *ret_text)
{
    snprintf(ret_text, FORMAT_MAX, "%" PRId64 ".%06" PRId64, us / TE_SECOND, us % TE_SECOND);
    return ret_text;
}

const char *format_segment(const struct tcpc_segment *segment, char *ret_text)
{
    ret_text[0] = '\0';
    if (segment == NULL)
        return ret_text;
    int len = snprintf(ret_text, FORMAT_MAX, "<SEQ=%u>", segment->seq);
    if (strstr(segment->flags, "ACK") != NULL)
        len += snprintf(ret_text + len, FORMAT_MAX - (size_t)len, "<ACK=%u>", segment->ack);
    len += snprintf(ret_text + len, FORMAT_MAX - (size_t)len, "<CTL=%.40s>", segment->flags);
    if (segment->len_bytes)
        len += snprintf(ret_text + len, FORMAT_MAX - (size_t)len, "<LEN=%u>", segment->len_bytes);
    snprintf(ret_text + len, FORMAT_MAX - (size_t)len, "<WND=%u>", segment->wnd_bytes);
    return ret_text;
}

const char *format_state_color(enum tcpc_state state)
{
    switch (state) {
    case TCPC_ESTABLISHED:
        return "green";
    case TCPC_LISTEN:
        return "cyan";
    case TCPC_CLOSED:
        return "red";
    case TCPC_TIME_WAIT:
        return "darkgray";
    default:
        return "yellow"; /* on its way */
    }
}
