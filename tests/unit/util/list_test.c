#include "support/test.h"
#include "util/list.h"

#define NODES 4

struct item {
    int before;
    struct te_list link;
    int after;
};

static struct te_list head;
static struct item items[NODES];

static int setup(void **state)
{
    (void)state;
    te_list_init(&head);
    for (unsigned i = 0; i < NODES; i++)
        te_list_init(&items[i].link);
    return 0;
}

/* The list holds these items in this order, read both ways. */
static void assert_order(const char *order)
{
    const struct te_list *link = head.next;
    uint32_t len = 0;
    for (; order[len] != 0; len++, link = link->next) {
        const struct te_list *want = &items[order[len] - '0'].link;
        assert_ptr_equal(link, want);
        assert_ptr_equal(link->prev->next, link);
        assert_ptr_equal(link->next->prev, link);
    }
    assert_ptr_equal(link, &head);
    assert_int_equal(te_list_len(&head), len);
    assert_int_equal(te_list_is_empty(&head), len == 0);
}

static void push(unsigned i)
{
    te_list_push_back(&head, &items[i].link);
}

static void test_empty(void **state)
{
    (void)state;
    assert_order("");
    assert_null(te_list_pop_front(&head));
    assert_order("");
}

static void test_first_in_first_out(void **state)
{
    (void)state;
    push(2);
    push(0);
    push(1);
    assert_order("201");
    assert_ptr_equal(te_list_pop_front(&head), &items[2].link);
    assert_ptr_equal(te_list_pop_front(&head), &items[0].link);
    assert_order("1");
    assert_ptr_equal(te_list_pop_front(&head), &items[1].link);
    assert_order("");
}

static void test_remove_anywhere(void **state)
{
    static const char *const rests[NODES] = {"123", "023", "013", "012"};
    (void)state;
    for (unsigned gone = 0; gone < NODES; gone++) {
        setup(NULL);
        for (unsigned i = 0; i < NODES; i++)
            push(i);
        te_list_remove(&items[gone].link);
        assert_order(rests[gone]);
    }
}

/* Unlinked nodes point at themselves: twice is harmless, and they can be linked again. */
static void test_remove_twice(void **state)
{
    (void)state;
    push(0);
    push(1);
    te_list_remove(&items[0].link);
    te_list_remove(&items[0].link);
    assert_true(te_list_is_empty(&items[0].link));
    assert_order("1");
    struct te_list *popped = te_list_pop_front(&head);
    te_list_remove(popped);
    assert_order("");
    push(1);
    push(0);
    assert_order("10");
}

/* With a node in place of the head, the new one goes right before it. */
static void test_insert_before_a_node(void **state)
{
    (void)state;
    push(0);
    push(1);
    te_list_push_back(&items[1].link, &items[2].link);
    te_list_push_back(&items[0].link, &items[3].link);
    assert_order("3021");
}

static void test_container(void **state)
{
    (void)state;
    push(3);
    items[3].before = 7;
    items[3].after = 9;
    const struct item *item = TE_CONTAINER(head.next, struct item, link);
    assert_ptr_equal(item, &items[3]);
    assert_int_equal(item->before, 7);
    assert_int_equal(item->after, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty, setup),
        cmocka_unit_test_setup(test_first_in_first_out, setup),
        cmocka_unit_test_setup(test_remove_anywhere, setup),
        cmocka_unit_test_setup(test_remove_twice, setup),
        cmocka_unit_test_setup(test_insert_before_a_node, setup),
        cmocka_unit_test_setup(test_container, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
