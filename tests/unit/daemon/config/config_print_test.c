#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_keys.h"
#include "config/config_value.h"
#include "support/test.h"

/* What a printer writes; free() it. */
static void print(void (*printer)(FILE *stream), char **ret_text)
{
    size_t len;
    FILE *stream = open_memstream(ret_text, &len);
    printer(stream);
    fclose(stream);
}

static void test_reference_is_up_to_date(void **state)
{
    char *text;
    size_t len;
    FILE *stream = open_memstream(&text, &len);
    FILE *file = fopen(TCPENGINE_SOURCE_DIR "/docs/configuration.md", "re");
    (void)state;
    assert_non_null(file);
    config_print_reference(stream);
    fclose(stream);
    char *page = calloc(1, len + 2);
    size_t page_len = fread(page, 1, len + 1, file);
    fclose(file);
    if (page_len != len || memcmp(page, text, len) != 0)
        fail_msg("docs/configuration.md is not what the tables say: run "
                 "build/daemon/tcpengined --list-config > docs/configuration.md");
    free(page);
    free(text);
}

/* Every key is printed, once. */
static void test_help_keys_is_complete(void **state)
{
    size_t count;
    const struct config_key *table = config_key_table(&count);
    char *output, line[VALUE_NAME_MAX + 32];
    (void)state;
    print(config_print_keys_whole, &output);
    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "%s.%s =", table[i].row.section, table[i].row.name);
        const char *first = strstr(output, line);
        assert_non_null(first);
        assert_null(strstr(first + 1, line));
        assert_non_null(strstr(first, table[i].row.help));
    }
    free(output);
}

/* Each key stands once, under its section, with its default and its help. */
static void test_help_is_complete(void **state)
{
    size_t count;
    const struct config_key *table = config_key_table(&count);
    char *output, line[CONFIG_VALUE_MAX + 64], value[CONFIG_VALUE_MAX];
    struct config config;
    (void)state;
    print(config_print_keys, &output);
    config_init(&config);
    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "\n[%s]\n", table[i].row.section);
        const char *section = strstr(output, line);
        assert_non_null(section);
        const char *end = strstr(section + 1, "\n[");
        snprintf(line, sizeof(line), "\n  %-26s %s\n", table[i].row.name, table[i].row.help);
        const char *key = strstr(section, line);
        assert_true(key != NULL && (end == NULL || key < end));
        assert_null(strstr(key + 1, line));
        config_key_format(&table[i], &config, value);
        snprintf(line, sizeof(line), "\n  %-26s default: %s\n", "", value);
        if (value[0] != '\0')
            assert_true(strncmp(strchr(key + 1, '\n'), line, strlen(line)) == 0);
    }
    free(output);
}

/* Every row of the reference has the four cells of its table. */
static void test_reference_is_a_table(void **state)
{
    char *output, *rest = NULL;
    print(config_print_reference, &output);
    unsigned rows = 0;
    size_t count;
    config_key_table(&count);
    (void)state;
    for (char *line = strtok_r(output, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        unsigned bars = 0;
        if (line[0] != '|')
            continue;
        for (const char *c = line; *c != '\0'; c++)
            bars += *c == '|';
        assert_int_equal(bars, 5);
        rows += strncmp(line, "| `", 3) == 0;
    }
    assert_int_equal(rows, count);
    free(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_is_up_to_date),
        cmocka_unit_test(test_help_keys_is_complete),
        cmocka_unit_test(test_help_is_complete),
        cmocka_unit_test(test_reference_is_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
