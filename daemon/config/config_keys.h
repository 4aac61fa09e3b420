/* The table of configuration keys: the daemon's own, then the engine's (tcpengine/config_list.h).
 * Internal to this room: everything else uses config.h. */
#ifndef TCPENGINED_CONFIG_KEYS_H
#define TCPENGINED_CONFIG_KEYS_H

#include "config/config.h"

struct config_key {
    /* Its offset is one in struct config. */
    struct te_config_key row;

    /* Text keys: their row has only section, name and help. The functions are those of
     * config_custom.h. */
    bool (*parse)(struct config *config, const char *value, char *ret_message);
    void (*format)(const struct config *config, char *ret_text); /* CONFIG_VALUE_MAX bytes */
    void (*clear)(struct config *config);                        /* NULL unless a list */
    const char *initial;                                         /* NULL for lists: empty */
    const char *values;                                          /* possible values, for people */
};

/* All keys, *ret_count of them; static. */
const struct config_key *config_key_table(size_t *ret_count);

/* Finds a key by name. The name of a duration or size may end in a unit: "rto_min_ms" is rto_min
 * with plain numbers in milliseconds. *ret_scale is what a plain number counts in: that unit or the
 * default (seconds, bytes, 1). NULL: there is no such key; *ret_scale is untouched. */
const struct config_key *config_key_find(const char *name, int64_t *ret_scale);
/* The key or section whose name is most like name, for "did you mean"; NULL if none is close. */
const char *config_key_suggest(const char *name);
const char *config_section_suggest(const char *name);
bool config_section_exists(const char *name);

/* Sets one key from text, as config_set() does. Plain numbers count in scale. */
bool config_key_set(const struct config_key *key, struct config *config, const char *value,
                    int64_t scale, char *ret_message);
/* True for keys with functions of their own; false for those that the row alone describes. */
bool config_key_is_text(const struct config_key *key);
/* Gives every key its default, except lists, which must be empty already. */
void config_keys_init(struct config *config);
/* The value as config_key_set() takes it (items of a list separated by spaces), and the possible
 * values, for people: "1ms to 1h". Each writes at most CONFIG_VALUE_MAX bytes. */
void config_key_format(const struct config_key *key, const struct config *config, char *ret_text);
void config_key_format_range(const struct config_key *key, char *ret_text);
/* The possible values in words: "a duration from 1ms to 1h". At most CONFIG_VALUE_MAX bytes. */
void config_key_format_values(const struct config_key *key, char *ret_text);

#endif
