/* The best of many. */
#include <stdlib.h>

#include "support/test.h"
#include "top_ranking.h"

static void add(struct top_ranking *ranking, uint64_t id, uint64_t high, uint64_t low)
{
    top_ranking_add(ranking, (struct top_ranked){id, {high, low}});
}

static void assert_ids(const struct top_ranking *ranking, const uint64_t *ids, size_t count)
{
    assert_int_equal(ranking->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ranking->items[i].id, ids[i]);
}

static void keeps_the_highest(void **state)
{
    struct top_ranking ranking;
    (void)state;
    top_ranking_init(&ranking, 3, false);
    for (uint64_t i = 1; i <= 100; i++)
        add(&ranking, i, i * 37 % 101, 0); /* each of 1 to 100 once */
    struct top_ranked worst;
    assert_true(top_ranking_worst(&ranking, &worst));
    assert_int_equal(worst.value.high, 98);
    top_ranking_sort(&ranking);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ranking.items[i].value.high, 100 - i);
    top_ranking_done(&ranking);
}

static void keeps_the_lowest(void **state)
{
    struct top_ranking ranking;
    (void)state;
    top_ranking_init(&ranking, 2, true);
    add(&ranking, 1, 9, 0);
    add(&ranking, 2, 7, 5);
    add(&ranking, 3, 7, 4);
    top_ranking_sort(&ranking);
    assert_ids(&ranking, (const uint64_t[]){3, 2}, 2);
    top_ranking_done(&ranking);
}

static void equals_are_in_the_order_of_their_ids(void **state)
{
    struct top_ranking ranking;
    (void)state;
    for (unsigned lowest = 0; lowest < 2; lowest++) {
        top_ranking_init(&ranking, 3, lowest != 0);
        for (uint64_t id = 9; id > 0; id--)
            add(&ranking, id, 5, 5);
        top_ranking_sort(&ranking);
        assert_ids(&ranking, (const uint64_t[]){1, 2, 3}, 3);
        top_ranking_done(&ranking);
    }
}

static void nobody_has_to_beat_anybody_while_there_is_room(void **state)
{
    struct top_ranking ranking;
    struct top_ranked worst = {.id = 2};
    (void)state;
    top_ranking_init(&ranking, 2, false);
    add(&ranking, 1, 9, 0);
    assert_false(top_ranking_worst(&ranking, &worst));
    assert_int_equal(worst.id, 2);
    top_ranking_done(&ranking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_highest),
        cmocka_unit_test(keeps_the_lowest),
        cmocka_unit_test(equals_are_in_the_order_of_their_ids),
        cmocka_unit_test(nobody_has_to_beat_anybody_while_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
