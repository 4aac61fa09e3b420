#include "slots.h"

#include "support/test.h"

static void test_all_come_out_in_order_and_once(void **state)
{
    static const uint32_t numbers[] = {0, 1, 63, 64, 700, CHANNEL_SLOTS_MAX - 1};
    struct channel_slots slots = {0};
    (void)state;
    for (unsigned i = 6; i > 0; i--)
        channel_slots_add(&slots, numbers[i - 1]);
    channel_slots_add(&slots, 64);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(channel_slots_take(&slots), numbers[i]);
    assert_int_equal(channel_slots_take(&slots), CHANNEL_SLOTS_MAX);
}

/* Whoever fills a set from outside writes only the words that count. */
static void test_words_beside_the_summary_do_not_count(void **state)
{
    struct channel_slots slots = {0}, from = {0};
    (void)state;
    from.words[0] = from.words[1] = slots.words[2] = UINT64_MAX;
    from.summary = 1 << 2;
    from.words[2] = 1;
    assert_true(channel_slots_move(&slots, &from));
    assert_int_equal(channel_slots_take(&slots), 128);
    assert_int_equal(channel_slots_take(&slots), CHANNEL_SLOTS_MAX);
    assert_false(channel_slots_move(&slots, &from));
}

static void test_moving_adds(void **state)
{
    struct channel_slots slots = {0}, from = {0};
    (void)state;
    channel_slots_add(&slots, 5);
    channel_slots_add(&from, 6);
    channel_slots_add(&from, 500);
    assert_true(channel_slots_move(&slots, &from));
    assert_int_equal(channel_slots_take(&from), CHANNEL_SLOTS_MAX);
    assert_int_equal(channel_slots_take(&slots), 5);
    assert_int_equal(channel_slots_take(&slots), 6);
    assert_int_equal(channel_slots_take(&slots), 500);
}

static void test_one_is_removed_once(void **state)
{
    struct channel_slots slots = {0};
    (void)state;
    channel_slots_add(&slots, 70);
    channel_slots_add(&slots, 71);
    assert_true(channel_slots_remove(&slots, 70));
    assert_false(channel_slots_remove(&slots, 70));
    assert_int_equal(channel_slots_take(&slots), 71);
    assert_int_equal(channel_slots_take(&slots), CHANNEL_SLOTS_MAX);
    slots.words[1] = UINT64_MAX; /* does not count */
    assert_false(channel_slots_remove(&slots, 70));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_come_out_in_order_and_once),
        cmocka_unit_test(test_words_beside_the_summary_do_not_count),
        cmocka_unit_test(test_moving_adds),
        cmocka_unit_test(test_one_is_removed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
