/* Values of the keys: from text into the config, and back. */
#include <stdio.h>

#include "config/config_keys.h"
#include "config/config_value.h"

static const struct value_unit *units_of(const struct config_key *key)
{
    switch (key->row.kind) {
    case TE_CONFIG_DURATION:
        return value_units_duration;
    case TE_CONFIG_BYTES:
        return value_units_size;
    default:
        return NULL;
    }
}

/* "off, passive, on" */
static void format_names(const struct te_config_key *row, char *ret_text)
{
    size_t len = 0;
    const char *name;
    ret_text[0] = '\0';
    for (int64_t value = 0; (name = te_config_value_name(row, value)) != NULL; value++)
        len += (size_t)snprintf(ret_text + len, CONFIG_VALUE_MAX - len, "%s%s",
                                value > 0 ? ", " : "", name);
}

static void format_bounds(const struct config_key *key, char *ret_text)
{
    char min[VALUE_TEXT_MAX], max[VALUE_TEXT_MAX];
    value_format(key->row.user_min, units_of(key), min);
    value_format(key->row.user_max, units_of(key), max);
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s to %s", min, max);
}

void config_key_format_range(const struct config_key *key, char *ret_text)
{
    if (config_key_is_text(key)) {
        snprintf(ret_text, CONFIG_VALUE_MAX, "%s", key->values);
        return;
    }
    switch (key->row.kind) {
    case TE_CONFIG_SWITCH:
        snprintf(ret_text, CONFIG_VALUE_MAX, "yes, no");
        break;
    case TE_CONFIG_CHOICE:
    case TE_CONFIG_ALGORITHM:
        format_names(&key->row, ret_text);
        break;
    default:
        format_bounds(key, ret_text);
    }
}

void config_key_format(const struct config_key *key, const struct config *config, char *ret_text)
{
    if (config_key_is_text(key)) {
        key->format(config, ret_text);
        return;
    }
    int64_t value = te_config_get(&key->row, config);
    const char *name = te_config_value_name(&key->row, value);
    char text[VALUE_TEXT_MAX];
    if (key->row.kind == TE_CONFIG_SWITCH)
        name = value != 0 ? "yes" : "no";
    if (name == NULL) {
        value_format(value, units_of(key), text);
        name = text;
    }
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s", name);
}

static const char *kind_text(const struct config_key *key)
{
    switch (key->row.kind) {
    case TE_CONFIG_DURATION:
        return "a duration";
    case TE_CONFIG_BYTES:
        return "a size in bytes";
    default:
        return "a whole number";
    }
}

static bool is_number(const struct config_key *key)
{
    return !config_key_is_text(key) &&
           (key->row.kind == TE_CONFIG_COUNT || key->row.kind == TE_CONFIG_BYTES ||
            key->row.kind == TE_CONFIG_DURATION);
}

void config_key_format_values(const struct config_key *key, char *ret_text)
{
    char range[CONFIG_VALUE_MAX];
    if (!is_number(key)) {
        config_key_format_range(key, ret_text);
        return;
    }
    format_bounds(key, range);
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s from %.100s", kind_text(key), range);
}

/* The kind with examples. */
static const char *example_text(const struct config_key *key)
{
    switch (key->row.kind) {
    case TE_CONFIG_DURATION:
        return "a duration (30, 1.5s, 200ms, 10us, 5min, 2h)";
    case TE_CONFIG_BYTES:
        return "a size in bytes (1500, 64K, 4M, 1G)";
    default:
        return kind_text(key);
    }
}

static bool number_set(const struct config_key *key, struct config *config, const char *text,
                       int64_t scale, char *ret_message)
{
    char range[CONFIG_VALUE_MAX];
    int64_t value = 0;
    enum value_err err = value_parse(text, units_of(key), scale, &value);
    config_key_format_range(key, range);
    bool is_in_range = value >= key->row.user_min && value <= key->row.user_max;
    if (err == VALUE_ERR_TOO_BIG || (err == VALUE_OK && !is_in_range)) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "'%.64s' is out of range; from %.80s is possible",
                 text, range);
        return false;
    }
    if (err == VALUE_ERR_FRACTION) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX,
                 "'%.64s' is finer than one %s; from %.80s is possible", text,
                 key->row.kind == TE_CONFIG_DURATION ? "microsecond" : "unit", range);
        return false;
    }
    if (err != VALUE_OK) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "'%.64s' is not %s; from %.80s is possible", text,
                 example_text(key), range);
        return false;
    }
    te_config_put(&key->row, config, value);
    return true;
}

static bool bool_set(const struct config_key *key, struct config *config, const char *text,
                     char *ret_message)
{
    bool value;
    if (!value_parse_bool(text, &value)) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "'%.64s' is not yes or no; give yes or no", text);
        return false;
    }
    te_config_put(&key->row, config, value);
    return true;
}

static bool name_set(const struct config_key *key, struct config *config, const char *text,
                     char *ret_message)
{
    char names[CONFIG_VALUE_MAX];
    int64_t value;
    if (!te_config_value_find(&key->row, text, &value)) {
        config_key_format_range(key, names);
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "'%.64s' is not one of %.256s", text, names);
        return false;
    }
    te_config_put(&key->row, config, value);
    return true;
}

bool config_key_set(const struct config_key *key, struct config *config, const char *value,
                    int64_t scale, char *ret_message)
{
    if (config_key_is_text(key))
        return key->parse(config, value, ret_message);
    switch (key->row.kind) {
    case TE_CONFIG_SWITCH:
        return bool_set(key, config, value, ret_message);
    case TE_CONFIG_CHOICE:
    case TE_CONFIG_ALGORITHM:
        return name_set(key, config, value, ret_message);
    default:
        return number_set(key, config, value, scale, ret_message);
    }
}
