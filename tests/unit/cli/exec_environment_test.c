/* What a process that serves a connection finds in its environment. */
#include <string.h>

#include "exec_environment.h"
#include "place_6.h"
#include "support/test.h"

/* NULL: there is none; fails if there are several. */
static const char *value_of(char **variables, const char *name)
{
    const char *found = NULL;
    size_t len = strlen(name);
    for (; *variables != NULL; variables++) {
        if (strncmp(*variables, name, len) != 0 || (*variables)[len] != '=')
            continue;
        assert_null(found);
        found = *variables + len + 1;
    }
    return found;
}

static void both_ends_have_their_names(void **state)
{
    static char *inherited[] = {NULL};
    struct exec_environment environment;
    const struct arrival arrival = {.id = 4711,
                                    .local = place_6("2001:db8::2", 80),
                                    .remote = place_6("::ffff:10.0.0.1", 65535)};
    (void)state;
    exec_environment_make(&environment, &arrival, inherited);
    char **variables = environment.variables;
    assert_string_equal(value_of(variables, "PROTO"), "TCP");
    assert_string_equal(value_of(variables, "TCPLOCALIP"), "2001:db8::2");
    assert_string_equal(value_of(variables, "TCPLOCALPORT"), "80");
    assert_string_equal(value_of(variables, "TCPREMOTEIP"), "10.0.0.1");
    assert_string_equal(value_of(variables, "TCPREMOTEPORT"), "65535");
    assert_string_equal(value_of(variables, "SOCAT_SOCKADDR"), "[2001:db8::2]");
    assert_string_equal(value_of(variables, "SOCAT_SOCKPORT"), "80");
    assert_string_equal(value_of(variables, "SOCAT_PEERADDR"), "10.0.0.1");
    assert_string_equal(value_of(variables, "SOCAT_PEERPORT"), "65535");
    assert_string_equal(value_of(variables, "TCPENGINE_ID"), "4711");
    exec_environment_free(&environment);
}

static void what_was_inherited_stays_unless_it_is_ours(void **state)
{
    static char *inherited[] = {(char *)"PATH=/bin",           (char *)"TCPREMOTEIP=stale",
                                (char *)"TCPREMOTEIPX=kept",   (char *)"TCPREMOTEHOST=stale",
                                (char *)"TCPREMOTEINFO=stale", (char *)"odd",
                                (char *)"PROTO=UDP",           NULL};
    struct exec_environment environment;
    const struct arrival arrival = {
        .id = 1, .local = place_6("::ffff:10.0.0.2", 1), .remote = place_6("::ffff:10.0.0.1", 2)};
    unsigned count = 0;
    (void)state;
    exec_environment_make(&environment, &arrival, inherited);
    char **variables = environment.variables;
    assert_string_equal(value_of(variables, "PATH"), "/bin");
    assert_string_equal(value_of(variables, "TCPREMOTEIP"), "10.0.0.1");
    assert_string_equal(value_of(variables, "TCPREMOTEIPX"), "kept");
    assert_string_equal(value_of(variables, "PROTO"), "TCP");
    assert_null(value_of(variables, "TCPREMOTEHOST"));
    assert_null(value_of(variables, "TCPREMOTEINFO"));
    while (variables[count] != NULL)
        count++;
    assert_int_equal(count, EXEC_VARIABLES_MAX + 3);
    exec_environment_free(&environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_have_their_names),
        cmocka_unit_test(what_was_inherited_stays_unless_it_is_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
