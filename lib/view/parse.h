/* Arguments of the command line. All return false, and leave the results untouched, when text is
 * not what they parse. */
#ifndef VIEW_PARSE_H
#define VIEW_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only, up to max. */
bool parse_number(const char *text, uint64_t max, uint64_t *ret_number);
/* 1 to 2^53 - 1. */
bool parse_id(const char *text, uint64_t *ret_id);
/* 1 to 65535. */
bool parse_port(const char *text, uint16_t *ret_port);
/* "2", "0.25", up to 4,000,000: as milliseconds, rounded up. */
bool parse_seconds(const char *text, uint32_t *ret_ms);
/* A decimal number, or on, yes, true (1), off, no, false (0), in any case. */
bool parse_value(const char *text, int64_t *ret_value);

#endif
