#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/options.h"
#include "support/test.h"
#include "units.h"

#define ARGUMENTS_MAX 16

struct command_line {
    const char *arguments[ARGUMENTS_MAX];
    enum options_action action;
    const char *output, *errors; /* each must be contained in what is written */
};

static const struct command_line command_lines[] = {
    {{NULL}, OPTIONS_RUN, "", ""},
    {{"--tap", "t0", "--address", "10.0.0.2/24", "--gateway=10.0.0.1", "--msl", "0.1"},
     OPTIONS_RUN,
     "",
     ""},
    {{"--set", "link.mtu=9000", "--set", "nagle=no", "--log-level", "debug"}, OPTIONS_RUN, "", ""},
    {{"--check-config"}, OPTIONS_DONE, "the configuration is right", ""},
    {{"--version"}, OPTIONS_DONE, "tcpengined ", ""},
    {{"--help"}, OPTIONS_DONE, "--check-config", ""},
    {{"--help"}, OPTIONS_DONE, "keepalive_interval", ""},
    {{"--list-config"}, OPTIONS_DONE, "| `mtu` | `1500` |", ""},
    {{"--help-keys"},
     OPTIONS_DONE,
     "\ntcp.msl = 30s\n    a duration from 1ms to 1h\n    Maximum",
     ""},
    {{"--help-keys"}, OPTIONS_DONE, "daemon.memory_max = 2G\n    a size in bytes from 16M to", ""},
    {{"--help-keys"}, OPTIONS_DONE, "\ntcp.ecn = passive\n    off, passive, on\n    Explicit", ""},
    {{"--mtu", "10"}, OPTIONS_FAILED, "", "tcpengined: --mtu: '10' is out of range; from 576"},
    {{"--address", "10.0.0"}, OPTIONS_FAILED, "", "tcpengined: --address: '10.0.0' is not an"},
    {{"--gateway", "x"}, OPTIONS_FAILED, "", "tcpengined: --gateway: 'x' is not an address"},
    {{"--log-level", "x"}, OPTIONS_FAILED, "", "tcpengined: --log-level: 'x' is not a level"},
    {{"--set", "mut=1"}, OPTIONS_FAILED, "", "--set mut: unknown key; did you mean mtu?"},
    {{"--set", "mtu"}, OPTIONS_FAILED, "", "--set mtu: no value; write --set KEY=VALUE"},
    {{"--frob"}, OPTIONS_FAILED, "", "tcpengined: --frob: unknown option"},
    {{"--mtu"}, OPTIONS_FAILED, "", "tcpengined: --mtu: needs a value"},
    {{"start"}, OPTIONS_FAILED, "", "tcpengined: start: not an option"},
    {{"--config", "/nonexistent"}, OPTIONS_FAILED, "", "/nonexistent: cannot be opened"},
    {{"--check-config", "--set", "r1_retries=99"},
     OPTIONS_FAILED,
     "",
     "tcpengined: r1_retries: 99 is above r2_retries (15)"},
};

static enum options_action load_arguments(const char *const *arguments, struct config *config,
                                          char **ret_output, char **ret_errors)
{
    char *argv[ARGUMENTS_MAX + 2] = {(char *)(uintptr_t) "tcpengined"};
    int argc = 1;
    size_t len;
    FILE *output = open_memstream(ret_output, &len), *errors = open_memstream(ret_errors, &len);
    for (; argc <= ARGUMENTS_MAX && arguments[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    enum options_action action = options_load(argc, argv, config, output, errors);
    fclose(output);
    fclose(errors);
    return action;
}

static void test_command_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(command_lines) / sizeof(command_lines[0]); i++) {
        const struct command_line *row = &command_lines[i];
        struct config config;
        char *output, *errors;
        enum options_action action = load_arguments(row->arguments, &config, &output, &errors);
        if (action != row->action || strstr(output, row->output) == NULL ||
            strstr(errors, row->errors) == NULL || (row->errors[0] == '\0' && errors[0] != '\0'))
            fail_msg("case %zu: action %d, output: %s, errors: %s", i, (int)action, output, errors);
        free(output);
        free(errors);
    }
}

static void test_command_line_goes_over_file(void **state)
{
    char path[] = "/tmp/config_test_XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    const char *arguments[] = {"--set",       "msl=3",     "--config",    path, "--address",
                               "10.5.0.2/24", "--address", "10.6.0.2/24", NULL};
    struct config config;
    char *output, *errors;
    (void)state;
    fputs("[link]\nmtu = 9000\naddress = 10.0.0.2/24\n[tcp]\nmsl = 7\n", file);
    fclose(file);
    enum options_action action = load_arguments(arguments, &config, &output, &errors);
    unlink(path);
    assert_string_equal(errors, "");
    assert_int_equal(action, OPTIONS_RUN);
    assert_int_equal(config.engine.mtu_bytes, 9000);
    assert_int_equal(config.engine.msl_us, 3 * SECOND);
    assert_int_equal(config.engine.address_count, 2);
    assert_int_equal(config.engine.addresses[0].addr.bytes[13], 5);
    free(output);
    free(errors);
}

/* As load_arguments(), for lines that must be right. */
static void load_right(const char *const *arguments, struct config *config)
{
    char *output, *errors;
    enum options_action action = load_arguments(arguments, config, &output, &errors);
    assert_string_equal(errors, "");
    assert_int_equal(action, OPTIONS_RUN);
    free(output);
    free(errors);
}

/* Under either name, and by --set, the first value of a list replaces the file's, the others add.
 */
static void test_list_is_begun_anew_once(void **state)
{
    static const char *const arguments[] = {
        "--address", "10.5.0.2/24",         "--set", "link.address=10.6.0.2/24",
        "--set",     "address=10.7.0.2/24", NULL};
    struct config config;
    (void)state;
    load_right(arguments, &config);
    assert_int_equal(config.engine.address_count, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(config.engine.addresses[i].addr.bytes[13], 5 + i);
}

/* Every mistake is reported, not only the first. */
static void test_all_mistakes_are_told(void **state)
{
    static const char *const arguments[] = {"--mtu", "1", "--set", "mut=1", "--msl", "never", NULL};
    struct config config;
    char *output, *errors;
    (void)state;
    assert_int_equal(load_arguments(arguments, &config, &output, &errors), OPTIONS_FAILED);
    assert_non_null(strstr(errors, "--mtu: "));
    assert_non_null(strstr(errors, "--set mut: "));
    assert_non_null(strstr(errors, "--msl: "));
    free(output);
    free(errors);
}

/* Of two values on the command line the last one counts. */
static void test_last_value_counts(void **state)
{
    static const char *const arguments[] = {"--mtu", "1400", "--set", "mtu=1300", NULL};
    struct config config;
    (void)state;
    load_right(arguments, &config);
    assert_int_equal(config.engine.mtu_bytes, 1300);
}

/* SIGHUP: the same arguments again, with the file as it is by then. */
static void test_loading_again_reads_the_file_anew(void **state)
{
    char path[] = "/tmp/options_test_XXXXXX";
    const char *arguments[] = {"--config", path, "--tap", "t0", NULL};
    struct config config;
    (void)state;
    close(mkstemp(path));
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(path, "we");
        fprintf(file, "[daemon]\nlog_level = %s\n", i == 0 ? "error" : "debug");
        fclose(file);
        load_right(arguments, &config);
        assert_int_equal(config.log_level, i == 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_DEBUG);
        assert_string_equal(config.tap, "t0");
    }
    unlink(path);
}

/* A key or an argument of any length is reported, and overruns nothing. */
static void test_long_arguments(void **state)
{
    char key[600], argument[700];
    const char *arguments[] = {"--set", argument, NULL};
    struct config config;
    char *output, *errors;
    (void)state;
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    snprintf(argument, sizeof(argument), "%s=1", key);
    assert_int_equal(load_arguments(arguments, &config, &output, &errors), OPTIONS_FAILED);
    assert_non_null(strstr(errors, "unknown key"));
    free(output);
    free(errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_lines),
        cmocka_unit_test(test_command_line_goes_over_file),
        cmocka_unit_test(test_list_is_begun_anew_once),
        cmocka_unit_test(test_all_mistakes_are_told),
        cmocka_unit_test(test_last_value_counts),
        cmocka_unit_test(test_loading_again_reads_the_file_anew),
        cmocka_unit_test(test_long_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
