#include <string.h>
#include <tcpengine/config.h>

#define NAME(constant, name) name,
const char *const te_time_wait_policy_names[] = {TE_TIME_WAIT_POLICY_LIST(NAME) NULL};
const char *const te_ecn_mode_names[] = {TE_ECN_MODE_LIST(NAME) NULL};
const char *const te_fast_open_names[] = {TE_FAST_OPEN_LIST(NAME) NULL};
const char *const te_syn_cookies_names[] = {TE_SYN_COOKIES_LIST(NAME) NULL};
const char *const te_mtu_probing_names[] = {TE_MTU_PROBING_LIST(NAME) NULL};
#undef NAME

const struct te_config_key *te_config_table(size_t *ret_count)
{
#define ROW(section, name, type, field, ...)                                                       \
    TE_CONFIG_ROW(struct te_config, field, section, name, field, __VA_ARGS__),
#define FEATURE_ROW(...) TE_CONFIG_FEATURE_ROW(struct te_config, features, __VA_ARGS__),
    static const struct te_config_key table[] = {TE_CONFIG_LIST(ROW) TE_FEATURE_LIST(FEATURE_ROW)};
#undef ROW
#undef FEATURE_ROW
    *ret_count = sizeof(table) / sizeof(table[0]);
    return table;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static int64_t number_get(const uint8_t *field, size_t size_bytes)
{
    uint16_t u16;
    uint32_t u32;
    int64_t i64;
    switch (size_bytes) {
    case sizeof(uint8_t):
        return *field;
    case sizeof(u16):
        memcpy(&u16, field, sizeof(u16));
        return u16;
    case sizeof(u32):
        memcpy(&u32, field, sizeof(u32));
        return u32;
    default:
        memcpy(&i64, field, sizeof(i64));
        return i64;
    }
}

static void number_put(uint8_t *field, size_t size_bytes, int64_t value)
{
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    switch (size_bytes) {
    case sizeof(uint8_t):
        *field = (uint8_t)value;
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

/* Its index in TE_CC_LIST; -1: no algorithm has that name. */
static int64_t algorithm_get(const uint8_t *field)
{
    for (unsigned i = 0; i < TE_CC_COUNT; i++)
        if (strncmp((const char *)field, te_cc_name(i), TE_CC_NAME_MAX) == 0)
            return i;
    return -1;
}

int64_t te_config_get(const struct te_config_key *key, const void *config)
{
    const uint8_t *field = (const uint8_t *)config + key->offset;
    if (key->kind == TE_CONFIG_ALGORITHM)
        return algorithm_get(field);
    int64_t value = number_get(field, key->size_bytes);
    return key->mask != 0 ? (value & key->mask) != 0 : value;
}

void te_config_put(const struct te_config_key *key, void *config, int64_t value)
{
    uint8_t *field = (uint8_t *)config + key->offset;
    if (key->kind == TE_CONFIG_ALGORITHM) {
        strncpy((char *)field, te_cc_name((unsigned)value), key->size_bytes);
        return;
    }
    if (key->mask != 0) {
        int64_t bits = number_get(field, key->size_bytes);
        value = value != 0 ? bits | key->mask : bits & ~(int64_t)key->mask;
    }
    number_put(field, key->size_bytes, value);
}

/* --- names ------------------------------------------------------------------------------------ */

const char *te_config_value_name(const struct te_config_key *key, int64_t value)
{
    if (value < 0 || value > key->max)
        return NULL;
    if (key->kind == TE_CONFIG_ALGORITHM)
        return te_cc_name((unsigned)value);
    return key->kind == TE_CONFIG_CHOICE ? key->names[value] : NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_same_word(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool te_config_value_find(const struct te_config_key *key, const char *name, int64_t *ret_value)
{
    const char *word;
    for (int64_t value = 0; (word = te_config_value_name(key, value)) != NULL; value++) {
        if (is_same_word(word, name)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}
