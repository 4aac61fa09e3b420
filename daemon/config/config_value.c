#include "config/config_value.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <tcpengine/units.h>

const struct value_unit value_units_duration[] = {
    {"us", 1}, {"ms", TE_MS}, {"s", TE_SECOND}, {"min", TE_MINUTE}, {"h", TE_HOUR}, {NULL, 0},
};

const struct value_unit value_units_size[] = {
    {"B", 1},        {"K", TE_KIB},   {"M", TE_MIB},   {"G", TE_GIB},
    {"KiB", TE_KIB}, {"MiB", TE_MIB}, {"GiB", TE_GIB}, {NULL, 0},
};

/* digits / 10^fraction_digits, exactly. */
struct decimal {
    int64_t digits;
    unsigned fraction_digits;
    bool is_too_big;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void decimal_add_digit(struct decimal *decimal, char c)
{
    if (__builtin_mul_overflow(decimal->digits, (int64_t)10, &decimal->digits) ||
        __builtin_add_overflow(decimal->digits, (int64_t)(c - '0'), &decimal->digits))
        decimal->is_too_big = true;
}

/* Returns the end of the number; NULL: text does not begin with one. */
static const char *decimal_parse(const char *text, struct decimal *ret_decimal)
{
    struct decimal decimal = {0};
    if (!is_digit(*text))
        return NULL;
    for (; is_digit(*text); text++)
        decimal_add_digit(&decimal, *text);
    if (*text == '.') {
        if (!is_digit(*++text))
            return NULL;
        for (; is_digit(*text); text++, decimal.fraction_digits++)
            decimal_add_digit(&decimal, *text);
    }
    *ret_decimal = decimal;
    return text;
}

static enum value_err decimal_scale(struct decimal decimal, int64_t scale, int64_t *ret_value)
{
    int64_t value;
    /* Trailing zeros of a fraction mean nothing, and could only overflow. */
    while (decimal.fraction_digits > 0 && decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.fraction_digits--;
    }
    if (decimal.is_too_big || __builtin_mul_overflow(decimal.digits, scale, &value))
        return VALUE_ERR_TOO_BIG;
    for (; decimal.fraction_digits > 0; decimal.fraction_digits--) {
        if (value % 10 != 0)
            return VALUE_ERR_FRACTION;
        value /= 10;
    }
    *ret_value = value;
    return VALUE_OK;
}

/* The scale of the unit in text; default_scale for none; 0 for an unknown one. */
static int64_t unit_find(const char *text, const struct value_unit *units, int64_t default_scale)
{
    while (*text == ' ')
        text++;
    if (*text == '\0')
        return default_scale;
    for (; units != NULL && units->name != NULL; units++)
        if (strcasecmp(units->name, text) == 0)
            return units->scale;
    return 0;
}

enum value_err value_parse(const char *text, const struct value_unit *units, int64_t default_scale,
                           int64_t *ret_value)
{
    struct decimal decimal;
    const char *end = decimal_parse(text, &decimal);
    if (end == NULL)
        return VALUE_ERR_NUMBER;
    int64_t scale = unit_find(end, units, default_scale);
    if (scale == 0)
        return VALUE_ERR_UNIT;
    return decimal_scale(decimal, scale, ret_value);
}

bool value_parse_bool(const char *text, bool *ret_value)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (unsigned value = 0; value < 2; value++) {
            if (strcasecmp(text, words[i][value]) == 0) {
                *ret_value = value == 1;
                return true;
            }
        }
    }
    return false;
}

bool value_parse_mac(const char *text, uint8_t ret_mac[6])
{
    unsigned mac[6];
    int end = 0;
    if (strspn(text, "0123456789abcdefABCDEF:") != strlen(text))
        return false;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
               &mac[5], &end) != 6 ||
        text[end] != '\0')
        return false;
    for (unsigned i = 0; i < 6; i++)
        ret_mac[i] = (uint8_t)mac[i];
    return true;
}

void value_format(int64_t value, const struct value_unit *units, char *ret_text)
{
    const struct value_unit *first = units, *best = NULL;
    for (; value != 0 && units != NULL && units->name != NULL; units++)
        if (units->scale > 1 && value % units->scale == 0 &&
            (best == NULL || units->scale > best->scale))
            best = units;
    /* A plain number would be seconds, so microseconds need their unit. */
    const char *smallest = first == value_units_duration && value != 0 ? first->name : "";
    snprintf(ret_text, VALUE_TEXT_MAX, "%" PRId64 "%s", best != NULL ? value / best->scale : value,
             best != NULL ? best->name : smallest);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

unsigned value_name_distance(const char *a, const char *b)
{
    unsigned cost[VALUE_NAME_MAX + 1][VALUE_NAME_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > VALUE_NAME_MAX || b_len > VALUE_NAME_MAX)
        return UINT_MAX;
    for (unsigned i = 0; i <= a_len; i++)
        cost[i][0] = i;
    for (unsigned j = 0; j <= b_len; j++)
        cost[0][j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned change = a[i - 1] == b[j - 1] ? 0 : 1;
            cost[i][j] = min3(cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change);
            bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_swap && cost[i - 2][j - 2] + 1 < cost[i][j])
                cost[i][j] = cost[i - 2][j - 2] + 1;
        }
    }
    return cost[a_len][b_len];
}
