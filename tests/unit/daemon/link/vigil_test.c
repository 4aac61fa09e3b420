#include "link/vigil.h"
#include "support/test.h"

#define SHORT_US 50

/* So that a watch is worth it, by sleeps that were short. */
static int64_t become_dense(struct vigil *vigil, int64_t now_us)
{
    for (unsigned i = 0; i < 4; i++) {
        vigil_begin(vigil, now_us);
        assert_false(vigil_is_kept(vigil));
        vigil_sleep(vigil, now_us);
        now_us += 2 * SHORT_US;
        vigil_wake(vigil, now_us);
    }
    vigil_begin(vigil, now_us);
    assert_true(vigil_is_kept(vigil));
    return now_us;
}

static void test_no_watch_until_sleeps_are_short(void **state)
{
    struct vigil vigil;
    (void)state;
    vigil_init(&vigil, 0, SHORT_US);
    for (int64_t now_us = 0; now_us < 100000; now_us += 1000) {
        vigil_begin(&vigil, now_us);
        assert_false(vigil_is_kept(&vigil));
        vigil_sleep(&vigil, now_us);
        vigil_wake(&vigil, now_us + 2 * SHORT_US + 1);
    }
    become_dense(&vigil, 100000);
}

static void test_a_watch_lasts_as_long_as_it_was_told(void **state)
{
    struct vigil vigil;
    (void)state;
    vigil_init(&vigil, 0, SHORT_US);
    int64_t now_us = become_dense(&vigil, 0);
    assert_true(vigil_goes_on(&vigil, now_us + SHORT_US - 1));
    assert_false(vigil_goes_on(&vigil, now_us + SHORT_US));
    assert_false(vigil_is_kept(&vigil));
}

static void test_watches_in_vain_come_to_an_end(void **state)
{
    struct vigil vigil;
    unsigned in_vain = 0;
    (void)state;
    vigil_init(&vigil, 0, SHORT_US);
    int64_t now_us = become_dense(&vigil, 0);
    while (vigil_is_kept(&vigil) && in_vain < 100) {
        now_us += SHORT_US;
        assert_false(vigil_goes_on(&vigil, now_us));
        in_vain++;
        vigil_sleep(&vigil, now_us);
        now_us += 10000;
        vigil_wake(&vigil, now_us);
        vigil_begin(&vigil, now_us);
    }
    assert_int_equal(in_vain, 1);
}

/* Of three, two found something: in the long run they are in vain too often. */
static void test_what_is_found_counts_half_of_what_is_not(void **state)
{
    struct vigil vigil;
    (void)state;
    vigil_init(&vigil, 0, SHORT_US);
    int64_t now_us = become_dense(&vigil, 0);
    for (unsigned i = 0; i < 100; i++) {
        vigil_begin(&vigil, now_us += 10);
        vigil_begin(&vigil, now_us += 10);
        assert_true(vigil_is_kept(&vigil));
        assert_false(vigil_goes_on(&vigil, now_us += SHORT_US));
        vigil_begin(&vigil, now_us += 10);
    }
    assert_true(vigil_is_kept(&vigil));
    for (unsigned i = 0; i < 100 && vigil_is_kept(&vigil); i++) {
        vigil_begin(&vigil, now_us += 10);
        vigil_goes_on(&vigil, now_us += SHORT_US);
        vigil_begin(&vigil, now_us += 10);
    }
    assert_false(vigil_is_kept(&vigil));
}

static void test_others_who_need_the_processor_get_it(void **state)
{
    struct vigil vigil;
    (void)state;
    vigil_init(&vigil, 0, SHORT_US);
    int64_t now_us = become_dense(&vigil, 0);
    vigil_yielded(&vigil, now_us, now_us + VIGIL_YIELD_LONG_US);
    assert_true(vigil_is_kept(&vigil));
    now_us += VIGIL_YIELD_LONG_US + 1;
    vigil_yielded(&vigil, now_us - VIGIL_YIELD_LONG_US - 1, now_us);
    assert_false(vigil_is_kept(&vigil));
    vigil_begin(&vigil, now_us + VIGIL_PAUSE_US - 1);
    assert_false(vigil_is_kept(&vigil));
    vigil_begin(&vigil, now_us + VIGIL_PAUSE_US);
    assert_true(vigil_is_kept(&vigil));
}

static void test_none_is_kept_if_it_has_no_time(void **state)
{
    struct vigil vigil;
    (void)state;
    vigil_init(&vigil, 0, 0);
    for (int64_t now_us = 0; now_us < 100; now_us++) {
        vigil_begin(&vigil, now_us);
        assert_false(vigil_is_kept(&vigil));
        vigil_sleep(&vigil, now_us);
        vigil_wake(&vigil, now_us);
    }
}

static void test_one_that_is_always_kept_counts_nothing(void **state)
{
    struct vigil vigil;
    (void)state;
    vigil_init(&vigil, 1000, SHORT_US);
    for (int64_t now_us = 0; now_us < 1000000; now_us += 10000) {
        vigil_begin(&vigil, now_us);
        vigil_yielded(&vigil, now_us, now_us + 999);
        assert_true(vigil_goes_on(&vigil, now_us + 999));
        assert_false(vigil_goes_on(&vigil, now_us + 1000));
        vigil_sleep(&vigil, now_us + 1000);
        vigil_wake(&vigil, now_us + 9000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_watch_until_sleeps_are_short),
        cmocka_unit_test(test_a_watch_lasts_as_long_as_it_was_told),
        cmocka_unit_test(test_watches_in_vain_come_to_an_end),
        cmocka_unit_test(test_what_is_found_counts_half_of_what_is_not),
        cmocka_unit_test(test_others_who_need_the_processor_get_it),
        cmocka_unit_test(test_none_is_kept_if_it_has_no_time),
        cmocka_unit_test(test_one_that_is_always_kept_counts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
