/* The table of configuration keys: the daemon's own and, after them, the engine's
 * (tcpengine/config_list.h). Used by config.c and by the printers alone. */
#ifndef TCPENGINED_CONFIG_KEYS_H
#define TCPENGINED_CONFIG_KEYS_H

#include "config/config.h"

struct config_key {
    /* The offset counts in struct config. A size takes K, M, G; a duration that is a plain number
     * is seconds. */
    struct te_config_key row;

    /* Keys that are text: the row has section, name and help alone. parse says what is wrong in
     * ret_message and leaves config alone on failure. */
    bool (*parse)(struct config *config, const char *value, char *ret_message);
    void (*format)(const struct config *config, char *ret_text); /* CONFIG_VALUE_MAX bytes */
    void (*clear)(struct config *config);                        /* lists alone */
    const char *initial;                                         /* NULL: lists, which are empty */
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
bool config_key_is_text(const struct config_key *key);
/* Gives every key its default. */
void config_keys_init(struct config *config);
/* The value as text that config_key_set() takes back (lists: separated by spaces), and the values
 * that are possible, for people. Each writes at most CONFIG_VALUE_MAX bytes. */
void config_key_format(const struct config_key *key, const struct config *config, char *ret_text);
void config_key_format_range(const struct config_key *key, char *ret_text);
/* The same in words: "a duration from 1ms to 1h". */
void config_key_format_values(const struct config_key *key, char *ret_text);

#endif
