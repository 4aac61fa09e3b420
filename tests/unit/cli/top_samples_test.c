/* Bytes per second, from two looks. */
#include "support/test.h"
#include "top_samples.h"
#include "units.h"

static struct top_speed note(struct top_samples *samples, uint64_t id, uint64_t in, uint64_t out,
                             int64_t now_us)
{
    return top_samples_note(samples, id, (struct top_bytes){in, out}, now_us);
}

static void assert_speed(struct top_speed speed, int64_t in, int64_t out)
{
    assert_int_equal(speed.in, in);
    assert_int_equal(speed.out, out);
}

static void a_speed_needs_two_looks(void **state)
{
    struct top_samples samples = {0};
    (void)state;
    top_samples_begin(&samples, SECOND, false);
    assert_speed(note(&samples, 7, 1000, 50, SECOND), -1, -1);
    top_samples_end(&samples);
    top_samples_begin(&samples, 3 * SECOND, false);
    assert_speed(note(&samples, 7, 5000, 50, 3 * SECOND), 2000, 0);
    top_samples_done(&samples);
}

/* A connection that was long still has moved since the refresh before. */
static void what_begins_to_move_is_measured_since_the_refresh_before(void **state)
{
    struct top_samples samples = {0};
    (void)state;
    top_samples_begin(&samples, SECOND, true);
    note(&samples, 7, 1000, 0, SECOND);
    top_samples_end(&samples);
    for (int64_t i = 2; i <= 10; i++) {
        top_samples_begin(&samples, i * SECOND, true);
        assert_speed(top_samples_still(&samples, 7), 0, 0);
        top_samples_end(&samples);
    }
    top_samples_begin(&samples, 11 * SECOND, true);
    assert_speed(note(&samples, 7, 4000, 0, 11 * SECOND), 3000, 0);
    top_samples_done(&samples);
}

static void what_is_new_began_with_nothing(void **state)
{
    struct top_samples samples = {0};
    (void)state;
    top_samples_begin(&samples, SECOND, true);
    note(&samples, 7, 1000, 0, SECOND);
    top_samples_note_id(&samples, 9); /* still, so that nobody noted its bytes */
    top_samples_end(&samples);
    top_samples_begin(&samples, 2 * SECOND, true);
    assert_speed(note(&samples, 10, 500, 600, 2 * SECOND), 500, 600);
    assert_speed(note(&samples, 9, 500000, 0, 2 * SECOND), -1, -1);
    top_samples_done(&samples);
}

static void a_refresh_soon_after_another_has_its_speeds(void **state)
{
    struct top_samples samples = {0};
    (void)state;
    top_samples_begin(&samples, SECOND, true);
    note(&samples, 7, 0, 0, SECOND);
    top_samples_begin(&samples, 2 * SECOND, true);
    note(&samples, 7, 1000, 0, 2 * SECOND);
    top_samples_begin(&samples, 2 * SECOND + 10 * MS, true);
    assert_speed(note(&samples, 7, 5000, 0, 2 * SECOND + 10 * MS), 1000, 0);
    top_samples_begin(&samples, 3 * SECOND, true);
    assert_speed(note(&samples, 7, 5000, 0, 3 * SECOND), 4000, 0);
    top_samples_done(&samples);
}

static void after_a_restart_nothing_is_known_of_those_that_were_still(void **state)
{
    struct top_samples samples = {0};
    (void)state;
    top_samples_begin(&samples, SECOND, true);
    top_samples_end(&samples);
    top_samples_restart(&samples);
    top_samples_begin(&samples, 2 * SECOND, true);
    assert_speed(top_samples_still(&samples, 7), -1, -1);
    assert_speed(note(&samples, 8, 77, 0, 2 * SECOND), -1, -1);
    top_samples_done(&samples);
}

static void many_are_kept_for_a_minute(void **state)
{
    struct top_samples samples = {0};
    (void)state;
    top_samples_begin(&samples, SECOND, true);
    for (uint64_t id = 1; id <= 10000; id++)
        note(&samples, id, id, 0, SECOND);
    top_samples_end(&samples);
    assert_int_equal(samples.count, 10000);
    top_samples_begin(&samples, 2 * SECOND, true);
    assert_speed(note(&samples, 5000, 6000, 0, 2 * SECOND), 1000, 0);
    top_samples_end(&samples);
    assert_int_equal(samples.count, 10000);
    top_samples_begin(&samples, 62 * SECOND, true);
    top_samples_end(&samples);
    assert_int_equal(samples.count, 1);
    assert_true(samples.room <= 1024);
    top_samples_done(&samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_speed_needs_two_looks),
        cmocka_unit_test(what_begins_to_move_is_measured_since_the_refresh_before),
        cmocka_unit_test(what_is_new_began_with_nothing),
        cmocka_unit_test(a_refresh_soon_after_another_has_its_speeds),
        cmocka_unit_test(after_a_restart_nothing_is_known_of_those_that_were_still),
        cmocka_unit_test(many_are_kept_for_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
