#include "support/test.h"
#include "util/list.h"
#include "util/tree.h"

#define NODES 512

struct number {
    struct te_tree_node node;
    uint32_t value;
    bool is_in;
};

static struct number numbers[NODES];
static struct te_tree tree;

static struct number *of(struct te_tree_node *node)
{
    return TE_CONTAINER(node, struct number, node);
}

static void insert(struct number *number)
{
    struct te_tree_node **link = &tree.root;
    struct te_tree_node *parent = NULL;
    while (*link != NULL) {
        parent = *link;
        link = number->value < of(parent)->value ? &parent->left : &parent->right;
    }
    te_tree_insert(&tree, &number->node, parent, link);
    number->is_in = true;
}

static void take_out(struct number *number)
{
    te_tree_remove(&tree, &number->node);
    number->is_in = false;
}

/* The rules of a red-black tree below node; returns the black height. */
static unsigned check_below(const struct te_tree_node *node, const struct te_tree_node *parent)
{
    if (node == NULL)
        return 1;
    assert_ptr_equal(node->parent, parent);
    if (node->is_red && parent != NULL)
        assert_false(parent->is_red);
    unsigned left = check_below(node->left, node);
    unsigned right = check_below(node->right, node);
    assert_int_equal(left, right);
    return left + (node->is_red ? 0 : 1);
}

static void check_all(void)
{
    check_below(tree.root, NULL);
    struct te_tree_node *node = te_tree_first(&tree);
    struct te_tree_node *last = NULL;
    for (unsigned i = 0; i < NODES; i++) {
        if (!numbers[i].is_in)
            continue;
        assert_non_null(node);
        assert_int_equal(of(node)->value, numbers[i].value);
        assert_ptr_equal(te_tree_previous(node), last);
        last = node;
        node = te_tree_next(node);
    }
    assert_null(node);
    assert_ptr_equal(te_tree_last(&tree), last);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static int setup(void **state)
{
    (void)state;
    tree.root = NULL;
    for (unsigned i = 0; i < NODES; i++)
        numbers[i] = (struct number){.value = i};
    return 0;
}

static void empty_tree_has_no_ends(void **state)
{
    (void)state;
    assert_null(te_tree_first(&tree));
    assert_null(te_tree_last(&tree));
}

static unsigned depth_of(const struct te_tree_node *node)
{
    if (node == NULL)
        return 0;
    unsigned left = depth_of(node->left);
    unsigned right = depth_of(node->right);
    return 1 + (left > right ? left : right);
}

/* As a sender does: in at the end, out at the front. */
static void queue_order_keeps_the_depth(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NODES; i++)
        insert(&numbers[i]);
    check_all();
    assert_true(depth_of(tree.root) <= 18); /* 2 log2(513) */
    for (unsigned i = 0; i < NODES; i++) {
        take_out(&numbers[i]);
        if (i % 16 == 0)
            check_all();
    }
    assert_null(tree.root);
}

static void any_order_keeps_the_rules(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (unsigned round = 0; round < 20000; round++) {
        struct number *number = &numbers[next_random(&random) % NODES];
        if (number->is_in)
            take_out(number);
        else
            insert(number);
        if (round % 50 == 0)
            check_all();
    }
    check_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty_tree_has_no_ends, setup),
        cmocka_unit_test_setup(queue_order_keeps_the_depth, setup),
        cmocka_unit_test_setup(any_order_keeps_the_rules, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
