#include <stdio.h>
#include <string.h>
#include <tcpengine/units.h>

#include "config/config_keys.h"
#include "config/config_value.h"
#include "support/test.h"

static void set(struct config *config, const char *key, const char *value)
{
    char message[CONFIG_MESSAGE_MAX];
    if (!config_set(config, key, value, message))
        fail_msg("%s = %s: %s", key, value, message);
}

static const struct config_key *key_of(const char *name)
{
    int64_t scale;
    const struct config_key *key = config_key_find(name, &scale);
    assert_non_null(key);
    return key;
}

/* --- every key of the table ------------------------------------------------------------------- */

static bool is_number(const struct config_key *key)
{
    return !config_key_is_text(key) && key->row.names == NULL &&
           key->row.kind != TE_CONFIG_SWITCH && key->row.kind != TE_CONFIG_ALGORITHM;
}

/* The value in the key's smallest unit, as a user may write it. */
static void number_text(const struct config_key *key, int64_t value, char *ret_text)
{
    snprintf(ret_text, VALUE_TEXT_MAX + 2, "%jd%s", (intmax_t)value,
             key->row.kind == TE_CONFIG_DURATION ? "us" : "");
}

static void assert_taken(const struct config_key *key, int64_t value)
{
    char text[VALUE_TEXT_MAX + 2], message[CONFIG_MESSAGE_MAX];
    struct config config;
    config_init(&config);
    number_text(key, value, text);
    if (!config_set(&config, key->row.name, text, message))
        fail_msg("%s = %s: %s", key->row.name, text, message);
    assert_int_equal(te_config_get(&key->row, &config), value);
    config_key_format(key, &config, text);
    te_config_put(&key->row, &config, key->row.initial);
    if (!config_set(&config, key->row.name, text, message))
        fail_msg("%s = %s: %s", key->row.name, text, message);
    assert_int_equal(te_config_get(&key->row, &config), value);
}

static void assert_refused(const struct config_key *key, int64_t value)
{
    char text[VALUE_TEXT_MAX + 2], message[CONFIG_MESSAGE_MAX], range[CONFIG_VALUE_MAX];
    struct config config;
    config_init(&config);
    number_text(key, value, text);
    if (config_set(&config, key->row.name, text, message))
        fail_msg("%s = %s was taken", key->row.name, text);
    config_key_format_range(key, range);
    if (strstr(message, "out of range") == NULL || strstr(message, range) == NULL)
        fail_msg("%s = %s: message is: %s", key->row.name, text, message);
    assert_int_equal(te_config_get(&key->row, &config), key->row.initial);
}

static void test_numbers_end_at_their_bounds(void **state)
{
    size_t count;
    const struct config_key *table = config_key_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (!is_number(&table[i]))
            continue;
        assert_taken(&table[i], table[i].row.user_min);
        assert_taken(&table[i], table[i].row.user_min + 1); /* of the smallest unit: 1001us */
        assert_taken(&table[i], table[i].row.initial);
        assert_taken(&table[i], table[i].row.user_max);
        assert_refused(&table[i], table[i].row.user_max + 1);
        if (table[i].row.user_min > 0)
            assert_refused(&table[i], table[i].row.user_min - 1);
    }
}

static void test_names_and_switches_come_back(void **state)
{
    size_t count;
    const struct config_key *table = config_key_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct te_config_key *row = &table[i].row;
        if (config_key_is_text(&table[i]) || is_number(&table[i]))
            continue;
        for (int64_t value = 0; value <= row->user_max; value++) {
            struct config config;
            char text[CONFIG_VALUE_MAX];
            config_init(&config);
            te_config_put(row, &config, value);
            config_key_format(&table[i], &config, text);
            te_config_put(row, &config, row->initial);
            set(&config, row->name, text);
            assert_int_equal(te_config_get(row, &config), value);
        }
    }
}

/* --- single kinds ----------------------------------------------------------------------------- */

/* A plain number counts in the scale that the name gave: seconds, or those of "rto_min_ms". */
static void test_scale_of_a_plain_number(void **state)
{
    struct config config;
    char message[CONFIG_MESSAGE_MAX];
    (void)state;
    config_init(&config);
    assert_true(config_key_set(key_of("msl"), &config, "7", TE_SECOND, message));
    assert_int_equal(config.engine.msl_us, 7 * TE_SECOND);
    assert_true(config_key_set(key_of("msl"), &config, "7", TE_MS, message));
    assert_int_equal(config.engine.msl_us, 7 * TE_MS);
    assert_true(config_key_set(key_of("msl"), &config, "7s", TE_MS, message)); /* has its own */
    assert_int_equal(config.engine.msl_us, 7 * TE_SECOND);
}

/* A wrong value changes nothing, whichever its kind. */
static void test_failure_leaves_the_config_alone(void **state)
{
    static const char *const wrong[][2] = {{"msl", "soon"},      {"mtu", "1"},
                                           {"nagle", "perhaps"}, {"ecn", "sometimes"},
                                           {"tap", "a/b"},       {"congestion_control", "vegas"},
                                           {"conn_max", "1.5"}};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct config config, before;
        char message[CONFIG_MESSAGE_MAX] = "";
        config_init(&config);
        before = config;
        assert_false(config_key_set(key_of(wrong[i][0]), &config, wrong[i][1], 1, message));
        assert_memory_equal(&config, &before, sizeof(config));
        assert_true(strlen(message) > 0 && strlen(message) < CONFIG_MESSAGE_MAX);
        assert_null(strchr(message, '\n'));
    }
}

/* A value of any length is quoted, not copied whole, and the message still names the range. */
static void test_long_value_leaves_room_for_the_remedy(void **state)
{
    struct config config;
    char value[4 * CONFIG_MESSAGE_MAX], message[CONFIG_MESSAGE_MAX];
    (void)state;
    config_init(&config);
    memset(value, '9', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    assert_false(config_key_set(key_of("mtu"), &config, value, 1, message));
    assert_non_null(strstr(message, "576 to 65521"));
    memset(value, 'x', sizeof(value) - 1);
    assert_false(config_key_set(key_of("ecn"), &config, value, 1, message));
    assert_non_null(strstr(message, "off, passive, on"));
}

/* --- for people ------------------------------------------------------------------------------- */

static void test_ranges_and_values(void **state)
{
    static const struct {
        const char *name, *range, *values;
    } rows[] = {
        {"msl", "1ms to 1h", "a duration from 1ms to 1h"},
        {"mtu", "576 to 65521", "a size in bytes from 576 to 65521"},
        {"syn_retries_max", "0 to 255", "a whole number from 0 to 255"},
        {"nagle", "yes, no", "yes, no"},
        {"ecn", "off, passive, on", "off, passive, on"},
        {"congestion_control", "cubic, reno, bbr", "cubic, reno, bbr"},
        {"mac", "XX:XX:XX:XX:XX:XX or auto", "XX:XX:XX:XX:XX:XX or auto"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[CONFIG_VALUE_MAX];
        config_key_format_range(key_of(rows[i].name), text);
        assert_string_equal(text, rows[i].range);
        config_key_format_values(key_of(rows[i].name), text);
        assert_string_equal(text, rows[i].values);
    }
}

/* --- lists of users --------------------------------------------------------------------------- */

static void test_users_by_name_and_number(void **state)
{
    struct config config;
    char text[CONFIG_VALUE_MAX], message[CONFIG_MESSAGE_MAX];
    (void)state;
    config_init(&config);
    assert_int_equal(config.rpc.privileged_count, 0);
    set(&config, "privileged_ports", "root, 1001,4294967294");
    set(&config, "daemon.privileged_ports", "1001 33");
    config_key_format(key_of("privileged_ports"), &config, text);
    assert_string_equal(text, "0 1001 4294967294 33");
    assert_true(rpc_may_use_low_ports(&config.rpc, 33));
    assert_false(rpc_may_use_low_ports(&config.rpc, 34));
    /* One that is wrong: none of that line counts. */
    assert_false(config_set(&config, "privileged_ports", "44,no-such-user", message));
    assert_non_null(strstr(message, "no user 'no-such-user'"));
    assert_false(rpc_may_use_low_ports(&config.rpc, 44));
    assert_false(config_set(&config, "privileged_ports", "4294967295", message)); /* (uid_t)-1 */
    assert_false(config_set(&config, "privileged_ports", "-1", message));
    config_clear_list(&config, "privileged_ports");
    config_key_format(key_of("privileged_ports"), &config, text);
    assert_string_equal(text, "");
    set(&config, "privileged_ports", ""); /* nobody */
    assert_int_equal(config.rpc.privileged_count, 0);
}

static void test_too_many_users(void **state)
{
    struct config config;
    char text[16], message[CONFIG_MESSAGE_MAX];
    (void)state;
    config_init(&config);
    for (int i = 0; i < RPC_PRIVILEGED_MAX; i++) {
        snprintf(text, sizeof(text), "%d", 5000 + i);
        set(&config, "privileged_ports", text);
    }
    assert_false(config_set(&config, "privileged_ports", "9999", message));
    assert_non_null(strstr(message, "up to 32 users"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_end_at_their_bounds),
        cmocka_unit_test(test_names_and_switches_come_back),
        cmocka_unit_test(test_scale_of_a_plain_number),
        cmocka_unit_test(test_failure_leaves_the_config_alone),
        cmocka_unit_test(test_long_value_leaves_room_for_the_remedy),
        cmocka_unit_test(test_ranges_and_values),
        cmocka_unit_test(test_users_by_name_and_number),
        cmocka_unit_test(test_too_many_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
