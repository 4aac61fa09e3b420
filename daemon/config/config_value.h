/* Text of configuration values to numbers and back. Pure functions. */
#ifndef TCPENGINED_CONFIG_VALUE_H
#define TCPENGINED_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A unit that may follow a number, and what the number counts in it. Lists end with a NULL name;
 * the first unit of a value is the smallest. */
struct value_unit {
    const char *name;
    int64_t scale;
};

extern const struct value_unit value_units_duration[]; /* microseconds */
extern const struct value_unit value_units_size[];     /* bytes */

enum value_err {
    VALUE_OK = 0,
    VALUE_ERR_NUMBER,   /* no digit where one is needed */
    VALUE_ERR_UNIT,     /* something that is no unit follows the number */
    VALUE_ERR_FRACTION, /* finer than the smallest unit */
    VALUE_ERR_TOO_BIG   /* beyond int64_t */
};

/* "1.5ms", "30", "16K": a decimal number, and a unit of units (default_scale when it is missing).
 * units NULL: a whole number alone. *ret_value is untouched on failure. */
enum value_err value_parse(const char *text, const struct value_unit *units, int64_t default_scale,
                           int64_t *ret_value);

/* yes no true false on off 1 0. */
bool value_parse_bool(const char *text, bool *ret_value);

/* "02:00:00:00:00:01". */
bool value_parse_mac(const char *text, uint8_t ret_mac[6]);

/* The shortest form that value_parse() takes back: "200ms", "2h", "16K". Writes at most
 * VALUE_TEXT_MAX bytes. */
#define VALUE_TEXT_MAX 40
void value_format(int64_t value, const struct value_unit *units, char *ret_text);

/* Edits between two names, for suggestions: one is a letter more, less, another one, or two that
 * changed places. Names beyond VALUE_NAME_MAX bytes are as far as can be. */
#define VALUE_NAME_MAX 48
unsigned value_name_distance(const char *a, const char *b);

#endif
