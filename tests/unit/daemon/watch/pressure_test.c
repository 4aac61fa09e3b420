#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "watch/pressure.h"

static struct te_stack *make_stack(unsigned pressure_percent)
{
    struct te_config config;
    struct te_stack *stack = NULL;
    te_config_init(&config);
    config.allocator = t_heap;
    config.mac[0] = 2;
    config.memory_max_bytes = 64 * TE_MIB;
    config.memory_pressure_percent = (uint8_t)pressure_percent;
    assert_int_equal(te_stack_new(&config, 0, &stack), TE_OK);
    return stack;
}

static void test_the_lines(void **state)
{
    struct te_memory_use use = {.used_bytes = 46 * TE_MIB,
                                .max_bytes = 64 * TE_MIB,
                                .owners = {{1000, 536, 31 * TE_MIB, true}},
                                .owner_count = 1};
    struct pressure pressure = {.is_short = true, .yields = 2, .pruned = 10};
    struct te_counters counters = {.memory_yields = 5, .memory_pruned = 14};
    char text[PRESSURE_TEXT_MAX];
    (void)state;
    pressure_format_begin(&use, text);
    assert_string_equal(text, "memory is short: 46 MiB of 64 MiB are in use (71 %), most by uid "
                              "1000: 31744 KiB in 536 connections");
    use.owner_count = 0;
    pressure_format_begin(&use, text);
    assert_string_equal(text, "memory is short: 46 MiB of 64 MiB are in use (71 %)");
    use.used_bytes = 10 * TE_MIB;
    pressure_format_end(&pressure, &use, &counters, text);
    assert_string_equal(text, "memory is no longer short: 10 MiB of 64 MiB are in use (15 %); 3 "
                              "connections were reset for it, 4 lost data beyond a hole");
}

/* What a stack takes at birth is over one percent of this budget. */
static void test_one_line_per_episode(void **state)
{
    int pipe_fds[2];
    char text[4096];
    struct pressure pressure = {0};
    struct te_stack *calm = make_stack(90), *tense = make_stack(1);
    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    log_init(pipe_fds[1], LOG_LEVEL_INFO);
    te_stack_handle_timeout(tense, 1);
    pressure_note(&pressure, calm);
    pressure_note(&pressure, tense);
    pressure_note(&pressure, tense);
    pressure_note(&pressure, calm);
    pressure_note(&pressure, calm);
    log_init(2, LOG_LEVEL_INFO);
    close(pipe_fds[1]);
    ssize_t len = read(pipe_fds[0], text, sizeof(text) - 1);
    close(pipe_fds[0]);
    assert_true(len > 0);
    text[len] = '\0';
    const char *begin = strstr(text, "memory is short: ");
    assert_non_null(begin);
    assert_null(strstr(begin + 1, "memory is short: "));
    const char *end = strstr(begin, "memory is no longer short: ");
    assert_non_null(end);
    assert_null(strstr(end + 1, "memory is no longer"));
    te_stack_free(calm);
    te_stack_free(tense);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_lines),
        cmocka_unit_test(test_one_line_per_episode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
