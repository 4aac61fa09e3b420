/* Numbers of the key table: from text into the config, and back. */
#include "config/config_keys.h"

#include <inttypes.h>
#include <string.h>

#include "config/config_value.h"

static const struct value_unit *units_of(const struct config_key *key)
{
    switch (key->kind) {
    case CONFIG_DURATION:
        return value_units_duration;
    case CONFIG_BYTES:
        return value_units_size;
    default:
        return NULL;
    }
}

/* Fields are unsigned integers of any width, bool, or int64_t that never is negative. */
int64_t config_key_number(const struct config_key *key, const struct config *config)
{
    const char *field = (const char *)config + key->offset;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    int64_t i64;
    switch (key->width) {
    case sizeof(u8):
        memcpy(&u8, field, sizeof(u8));
        return u8;
    case sizeof(u16):
        memcpy(&u16, field, sizeof(u16));
        return u16;
    case sizeof(u32):
        memcpy(&u32, field, sizeof(u32));
        return key->mask != 0 ? (u32 & key->mask) != 0 : u32;
    default:
        memcpy(&i64, field, sizeof(i64));
        return i64;
    }
}

static void number_put(const struct config_key *key, struct config *config, int64_t value)
{
    char *field = (char *)config + key->offset;
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    switch (key->width) {
    case sizeof(u8):
        memcpy(field, &u8, sizeof(u8));
        break;
    case sizeof(u16):
        memcpy(field, &u16, sizeof(u16));
        break;
    case sizeof(u32):
        memcpy(field, &u32, sizeof(u32));
        break;
    default:
        memcpy(field, &value, sizeof(value));
    }
}

static void bit_put(const struct config_key *key, struct config *config, bool value)
{
    char *field = (char *)config + key->offset;
    uint32_t bits;
    memcpy(&bits, field, sizeof(bits));
    bits = value ? bits | key->mask : bits & ~key->mask;
    memcpy(field, &bits, sizeof(bits));
}

void config_key_format_range(const struct config_key *key, char *ret_text)
{
    char min[VALUE_TEXT_MAX], max[VALUE_TEXT_MAX];
    if (key->kind == CONFIG_CUSTOM) {
        snprintf(ret_text, CONFIG_VALUE_MAX, "%s", key->values);
        return;
    }
    if (key->kind == CONFIG_BOOL) {
        snprintf(ret_text, CONFIG_VALUE_MAX, "yes, no");
        return;
    }
    value_format(key->min, units_of(key), min);
    value_format(key->max, units_of(key), max);
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s to %s", min, max);
}

void config_key_format(const struct config_key *key, const struct config *config, char *ret_text)
{
    if (key->kind == CONFIG_CUSTOM) {
        key->format(config, ret_text);
        return;
    }
    int64_t value = config_key_number(key, config);
    if (key->kind == CONFIG_BOOL) {
        snprintf(ret_text, CONFIG_VALUE_MAX, "%s", value != 0 ? "yes" : "no");
        return;
    }
    char text[VALUE_TEXT_MAX];
    value_format(value, units_of(key), text);
    snprintf(ret_text, CONFIG_VALUE_MAX, "%s", text);
}

static const char *kind_text(const struct config_key *key)
{
    switch (key->kind) {
    case CONFIG_DURATION:
        return "a duration (30, 1.5s, 200ms, 10us, 5min, 2h)";
    case CONFIG_BYTES:
        return "a size in bytes (1500, 64K, 4M, 1G)";
    default:
        return "a whole number";
    }
}

static bool number_set(const struct config_key *key, struct config *config, const char *text,
                       int64_t scale, char *ret_message)
{
    char range[CONFIG_VALUE_MAX];
    int64_t value = 0;
    enum value_err err = value_parse(text, units_of(key), scale, &value);
    config_key_format_range(key, range);
    if (err == VALUE_ERR_TOO_BIG || (err == VALUE_OK && (value < key->min || value > key->max))) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "'%.64s' is out of range; from %.80s is possible",
                 text, range);
        return false;
    }
    if (err == VALUE_ERR_FRACTION) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX,
                 "'%.64s' is finer than one %s; from %.80s is possible", text,
                 key->kind == CONFIG_DURATION ? "microsecond" : "unit", range);
        return false;
    }
    if (err != VALUE_OK) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "'%.64s' is not %s; from %.80s is possible", text,
                 kind_text(key), range);
        return false;
    }
    number_put(key, config, value);
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
    if (key->mask != 0)
        bit_put(key, config, value);
    else
        number_put(key, config, value ? 1 : 0);
    return true;
}

bool config_key_set(const struct config_key *key, struct config *config, const char *value,
                    int64_t scale, char *ret_message)
{
    switch (key->kind) {
    case CONFIG_CUSTOM:
        return key->parse(config, value, ret_message);
    case CONFIG_BOOL:
        return bool_set(key, config, value, ret_message);
    default:
        return number_set(key, config, value, scale, ret_message);
    }
}
