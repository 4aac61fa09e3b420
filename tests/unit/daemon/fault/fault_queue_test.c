#include "fault/fault_queue.h"

#include "support.h"

static const struct te_frame_meta meta;

/* A frame of one byte, which is its name. */
static void put(struct fault_queue *queue, uint64_t fault_id, int64_t release_at_us, char name)
{
    const uint8_t byte = (uint8_t)name;
    struct fault_held *held = fault_queue_put(queue, release_at_us, &byte, 1, &meta);
    assert_non_null(held);
    held->fault_id = fault_id;
}

/* The names of those that are due, in their order; they are gone then. */
static const char *due(struct fault_queue *queue, int64_t now_us)
{
    static char names[16];
    size_t count = 0;
    struct fault_held *held;
    while ((held = fault_queue_first(queue)) != NULL && held->release_at_us <= now_us) {
        names[count++] = (char)held->frame[0];
        fault_queue_drop(queue, held);
    }
    names[count] = '\0';
    return names;
}

static void test_in_order_of_release(void **state)
{
    (void)state;
    struct fault_queue queue;
    fault_queue_init(&queue, 4096);
    put(&queue, 1, 30, 'c');
    put(&queue, 1, 10, 'a');
    put(&queue, 2, 30, 'd');
    put(&queue, 2, 20, 'b');
    assert_string_equal(due(&queue, 9), "");
    assert_string_equal(due(&queue, 20), "ab");
    assert_string_equal(due(&queue, 30), "cd");
    assert_int_equal(queue.count, 0);
    assert_int_equal(queue.bytes, 0);
}

static void test_hasten_is_for_one_fault(void **state)
{
    (void)state;
    struct fault_queue queue;
    fault_queue_init(&queue, 4096);
    put(&queue, 7, 60, 'x');
    put(&queue, 8, 70, 'l');
    put(&queue, 7, 80, 'y');
    put(&queue, 8, 5, 'e');
    put(&queue, 7, 90, 'z');
    fault_queue_hasten(&queue, 7, 10);
    assert_string_equal(due(&queue, 9), "e");
    assert_string_equal(due(&queue, 10), "xyz");
    assert_string_equal(due(&queue, 69), "");
    assert_string_equal(due(&queue, 70), "l");
}

/* What is due waits for the link alone: it stays the first. */
static void test_hasten_overtakes_nothing_that_is_due(void **state)
{
    (void)state;
    struct fault_queue queue;
    fault_queue_init(&queue, 4096);
    put(&queue, 8, 10, 'a');
    put(&queue, 7, 60, 'b');
    fault_queue_hasten(&queue, 7, 10);
    fault_queue_hasten(&queue, 7, 11); /* nothing is left to do */
    fault_queue_hasten(&queue, 9, 11);
    assert_string_equal(due(&queue, 10), "ab");
}

static void test_room(void **state)
{
    (void)state;
    struct fault_queue queue;
    fault_queue_init(&queue, sizeof(struct fault_held) + 1);
    put(&queue, 1, 10, 'a');
    assert_null(fault_queue_put(&queue, 10, (const uint8_t *)"b", 1, &meta));
    fault_queue_done(&queue);
    assert_int_equal(queue.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_of_release),
        cmocka_unit_test(test_hasten_is_for_one_fault),
        cmocka_unit_test(test_hasten_overtakes_nothing_that_is_due),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
