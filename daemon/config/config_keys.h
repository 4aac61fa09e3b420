/* The table of configuration keys. Used by config.c and by the reference printer alone. */
#ifndef TCPENGINED_CONFIG_KEYS_H
#define TCPENGINED_CONFIG_KEYS_H

#include "config/config.h"

enum config_kind {
    CONFIG_BOOL,
    CONFIG_COUNT,    /* a whole number */
    CONFIG_BYTES,    /* K, M, G */
    CONFIG_DURATION, /* stored in microseconds; a plain number is seconds */
    CONFIG_CUSTOM    /* parse and format below */
};

struct config_key {
    const char *section, *name;
    const char *field; /* as te_config_check() names it; NULL: not the engine's */
    enum config_kind kind;
    size_t offset; /* in struct config */
    size_t width;  /* of the field, in bytes: 1, 2, 4 or 8 */
    uint32_t mask; /* CONFIG_BOOL: one bit of a field of 32; 0: the whole field */
    int64_t min, max;
    const char *help;

    /* CONFIG_CUSTOM. parse says what is wrong in ret_message and leaves config alone on failure. */
    bool (*parse)(struct config *config, const char *value, char *ret_message);
    void (*format)(const struct config *config, char *ret_text); /* CONFIG_VALUE_MAX bytes */
    void (*clear)(struct config *config);                        /* lists alone */
    const char *values;                                          /* what may be given, for people */
};

const struct config_key *config_key_table(size_t *ret_count);

/* Finds a key by its name; for numbers also with a unit at its end: "rto_min_ms" is rto_min with
 * milliseconds as the meaning of a plain number. *ret_scale is that unit, or the default one. */
const struct config_key *config_key_find(const char *name, int64_t *ret_scale);
/* The key, or the section, whose name looks most like name; NULL when none does. */
const char *config_key_suggest(const char *name);
const char *config_section_suggest(const char *name);
bool config_section_exists(const char *name);

/* Sets one key from text, as config_set() does. */
bool config_key_set(const struct config_key *key, struct config *config, const char *value,
                    int64_t scale, char *ret_message);
/* A key's number (not for CONFIG_CUSTOM), in its smallest unit. */
int64_t config_key_number(const struct config_key *key, const struct config *config);
/* The value as text that config_key_set() takes back (lists: separated by spaces), and the values
 * that are possible, for people. Each writes at most CONFIG_VALUE_MAX bytes. */
void config_key_format(const struct config_key *key, const struct config *config, char *ret_text);
void config_key_format_range(const struct config_key *key, char *ret_text);

#endif
