/* Configuration values: text to number and back. Pure functions. */
#ifndef TCPENGINED_CONFIG_VALUE_H
#define TCPENGINED_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A unit that may follow a number, and its size. Lists end with a NULL name; the smallest unit
 * comes first. */
struct value_unit {
    const char *name;
    int64_t scale;
};

extern const struct value_unit value_units_duration[]; /* microseconds */
extern const struct value_unit value_units_size[];     /* bytes */

enum value_err {
    VALUE_OK = 0,
    VALUE_ERR_NUMBER,   /* a digit is missing */
    VALUE_ERR_UNIT,     /* what follows the number is not a unit */
    VALUE_ERR_FRACTION, /* finer than the smallest unit */
    VALUE_ERR_TOO_BIG   /* beyond int64_t */
};

/* "1.5ms", "30", "16K": an unsigned decimal number and one of units, case ignored; default_scale
 * without one. units NULL: no unit is allowed. *ret_value is untouched on failure. */
enum value_err value_parse(const char *text, const struct value_unit *units, int64_t default_scale,
                           int64_t *ret_value);

/* yes no true false on off 1 0, case ignored. False, *ret_value untouched, for anything else. */
bool value_parse_bool(const char *text, bool *ret_value);

/* "02:00:00:00:00:01". False, ret_mac untouched, for anything else. */
bool value_parse_mac(const char *text, uint8_t ret_mac[6]);

/* The value in its largest whole unit, as value_parse() takes it: "200ms", "2h", "16K". Writes at
 * most VALUE_TEXT_MAX bytes. */
#define VALUE_TEXT_MAX 40
void value_format(int64_t value, const struct value_unit *units, char *ret_text);

/* Number of edits between two names, for suggestions: a letter added, removed or replaced, or two
 * neighbours swapped. UINT_MAX if either is longer than VALUE_NAME_MAX bytes. */
#define VALUE_NAME_MAX 48
unsigned value_name_distance(const char *a, const char *b);

#endif
