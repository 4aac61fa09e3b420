/* The progress bar, as a line and as a count. */
#include <string.h>

#include "captured_output.h"
#include "progress.h"
#include "support/test.h"

static void progress_fits_the_line(void **state)
{
    struct progress progress = {.total_bytes = 4 << 20, .done_bytes = 1 << 20};
    char line[201];
    (void)state;
    progress_format(&progress, 1000000, line, 60);
    assert_string_equal(line, "1.0 MiB of 4.0 MiB   25% [##--------]  1.0 MiB/s  3.0 s left");
}

static void progress_has_no_bar_where_there_is_no_room(void **state)
{
    struct progress progress = {.total_bytes = 4 << 20, .done_bytes = 4 << 20};
    char line[201];
    (void)state;
    for (size_t width = 0; width <= 200; width++) {
        progress_format(&progress, 2000000, line, width);
        assert_true(strlen(line) <= width);
    }
    assert_non_null(strstr(line, "100% [##########"));
    progress_format(&progress, 2000000, line, 40);
    assert_string_equal(line, "4.0 MiB of 4.0 MiB  100%  2.0 MiB/s");
    progress = (struct progress){.done_bytes = 2048};
    progress_format(&progress, 1000000, line, 79);
    assert_string_equal(line, "2.0 KiB  2.0 KiB/s");
    progress_format(&(struct progress){.total_bytes = 10}, 0, line, 79);
    assert_non_null(strstr(line, "  0% ["));
}

/* stderr is no terminal here: it counts and draws nothing. */
static void nothing_is_drawn_without_a_terminal(void **state)
{
    static struct captured_output captured;
    struct progress progress;
    (void)state;
    capture_begin(&captured, 2);
    progress_begin(&progress, 100, true);
    for (unsigned i = 0; i < 10; i++)
        progress_add(&progress, 10);
    progress_end(&progress);
    assert_string_equal(capture_end(&captured), "");
    assert_int_equal(progress.done_bytes, 100);
    assert_int_equal(progress.total_bytes, 100);
    assert_false(progress.is_shown);
}

static void more_than_the_total_is_all_of_it(void **state)
{
    struct progress progress = {.total_bytes = 1024, .done_bytes = 4096};
    char line[201];
    (void)state;
    progress_format(&progress, 1000000, line, 79);
    assert_non_null(strstr(line, "4.0 KiB of 1.0 KiB  100% ["));
    assert_null(strchr(line, '-'));
    assert_null(strstr(line, "left"));
}

/* A bar of 10 to 50 characters, full in proportion. */
static void the_bar_is_full_in_proportion(void **state)
{
    struct progress progress = {.total_bytes = 100, .done_bytes = 50};
    char line[201];
    (void)state;
    progress_format(&progress, 1000000, line, 200);
    const char *bar = strchr(line, '[') + 1;
    assert_int_equal(strspn(bar, "#"), 25);
    assert_int_equal(strspn(bar + 25, "-"), 25);
    assert_int_equal(bar[50], ']');
}

static void a_stall_is_told(void **state)
{
    struct progress progress = {.total_bytes = 4 << 20,
                                .done_bytes = 2 << 20,
                                .started_at_us = 1000000,
                                .moved_at_us = 3000000};
    char line[201];
    (void)state;
    progress_format(&progress, 4999999, line, 79);
    assert_null(strstr(line, "stalled"));
    progress_format(&progress, 5000000, line, 200);
    assert_non_null(strstr(line, "]  512 KiB/s  stalled for 2.0 s"));
    progress_format(&progress, 3000000 + 75 * 1000000, line, 200);
    assert_non_null(strstr(line, "stalled for 1 min 15 s"));
}

static void a_rate_from_no_time_is_finite(void **state)
{
    struct progress progress = {.done_bytes = 1, .started_at_us = 5};
    char line[201];
    (void)state;
    progress_format(&progress, 5, line, 79);
    assert_string_equal(line, "1 B  977 KiB/s"); /* a byte in a microsecond */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_fits_the_line),
        cmocka_unit_test(progress_has_no_bar_where_there_is_no_room),
        cmocka_unit_test(nothing_is_drawn_without_a_terminal),
        cmocka_unit_test(more_than_the_total_is_all_of_it),
        cmocka_unit_test(the_bar_is_full_in_proportion),
        cmocka_unit_test(a_stall_is_told),
        cmocka_unit_test(a_rate_from_no_time_is_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
