#include "parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (!isdigit((unsigned char)*text) || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (number > max)
        return false;
    *ret_number = number;
    return true;
}

bool parse_id(const char *text, uint64_t *ret_id)
{
    uint64_t id;
    if (!parse_number(text, (UINT64_C(1) << 53) - 1, &id) || id == 0)
        return false;
    *ret_id = id;
    return true;
}

bool parse_port(const char *text, uint16_t *ret_port)
{
    uint64_t port;
    if (!parse_number(text, 65535, &port) || port == 0)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

bool parse_seconds(const char *text, uint32_t *ret_ms)
{
    static const double max_seconds = 4000000;
    char *end;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;
    double seconds = strtod(text, &end);
    if (*end || end == text || !(seconds >= 0) || seconds > max_seconds)
        return false;
    double ms = seconds * 1000;
    uint32_t whole = (uint32_t)ms;
    *ret_ms = (double)whole < ms ? whole + 1 : whole;
    return true;
}

bool parse_value(const char *text, int64_t *ret_value)
{
    static const char *const on[] = {"on", "yes", "true"}, *const off[] = {"off", "no", "false"};
    uint64_t number;
    for (unsigned i = 0; i < 3; i++) {
        if (strcasecmp(text, on[i]) == 0 || strcasecmp(text, off[i]) == 0) {
            *ret_value = strcasecmp(text, on[i]) == 0;
            return true;
        }
    }
    bool is_negative = text[0] == '-';
    if (!parse_number(text + is_negative, INT64_MAX, &number))
        return false;
    *ret_value = is_negative ? -(int64_t)number : (int64_t)number;
    return true;
}
