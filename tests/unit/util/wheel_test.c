#include <stdlib.h>
#include <string.h>
#include <tcpengine/types.h>

#include "support/test.h"
#include "util/list.h"

/* The wheel is compiled into this program once more, with every move of a node counted: that is how
 * the cost of a million timers is measured without a clock. */
static uint64_t moves;

static inline void counting_push_back(struct te_list *head, struct te_list *node)
{
    moves++;
    te_list_push_back(head, node);
}

#define te_list_push_back counting_push_back
#include "util/wheel.c"
#undef te_list_push_back

/* xorshift64* with a fixed seed: every run sees the same numbers. */
static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1du;
}

/* Small and large alike: the number of bits is random too. */
static int64_t random_distance(unsigned bits_max)
{
    unsigned bits = (unsigned)(random_next() % (bits_max + 1));
    return (int64_t)(random_next() & ((UINT64_C(1) << bits) - 1));
}

static struct te_wheel wheel;

static int setup(void **state)
{
    (void)state;
    random_state = 0x9e3779b97f4a7c15u;
    moves = 0;
    memset(&wheel, 0xa5, sizeof(wheel));
    te_wheel_init(&wheel, 1000);
    return 0;
}

static void assert_pops(struct te_wheel_node *node)
{
    struct te_wheel_node *popped = te_wheel_pop_due(&wheel);
    assert_ptr_equal(popped, node);
    assert_int_equal(node->at_us, TE_NEVER);
}

static void assert_pops_nothing(void)
{
    assert_null(te_wheel_pop_due(&wheel));
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(te_wheel_next_us(&wheel), TE_NEVER);
    te_wheel_advance(&wheel, INT64_MAX);
    assert_pops_nothing();
    assert_int_equal(wheel.armed_count, 0);
}

static void check_one_deadline(int64_t now_us, int64_t at_us)
{
    struct te_wheel_node node;
    te_wheel_init(&wheel, now_us);
    te_wheel_node_init(&node, 1);
    te_wheel_arm(&wheel, &node, at_us);
    assert_int_equal(wheel.armed_count, 1);
    assert_int_equal(te_wheel_next_us(&wheel), at_us);
    te_wheel_advance(&wheel, at_us - 1);
    assert_pops_nothing();
    assert_int_equal(te_wheel_next_us(&wheel), at_us);
    te_wheel_advance(&wheel, at_us);
    assert_pops(&node);
    assert_pops_nothing();
    assert_int_equal(wheel.armed_count, 0);
    assert_int_equal(te_wheel_next_us(&wheel), TE_NEVER);
}

static void test_next_is_exact_at_any_distance(void **state)
{
    static const int64_t starts[] = {0, 1, 63, 64, 1050, 4095, 4096, 123456789, INT64_C(1) << 60};
    (void)state;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        for (unsigned bits = 0; bits < 62; bits++)
            for (int64_t off = -1; off <= 1; off++)
                if ((INT64_C(1) << bits) + off > 0)
                    check_one_deadline(starts[i], starts[i] + (INT64_C(1) << bits) + off);
}

static void test_farthest_deadline(void **state)
{
    (void)state;
    check_one_deadline(0, INT64_MAX - 1);
    check_one_deadline(-5, 5);
    check_one_deadline(INT64_MIN, INT64_MAX - 1);
}

static void test_one_jump_collects_all_levels(void **state)
{
    struct te_wheel_node nodes[60];
    (void)state;
    for (unsigned i = 60; i-- > 0;) {
        te_wheel_node_init(&nodes[i], i);
        te_wheel_arm(&wheel, &nodes[i], 1000 + (INT64_C(1) << i));
    }
    te_wheel_advance(&wheel, INT64_MAX - 1);
    for (unsigned i = 0; i < 60; i++)
        assert_pops(&nodes[i]);
    assert_pops_nothing();
}

static void test_past_is_due_at_the_next_advance(void **state)
{
    struct te_wheel_node now, past;
    (void)state;
    te_wheel_node_init(&now, 1);
    te_wheel_node_init(&past, 2);
    te_wheel_arm(&wheel, &now, 1000);
    te_wheel_arm(&wheel, &past, -7);
    assert_int_equal(te_wheel_next_us(&wheel), -7);
    assert_pops_nothing();
    te_wheel_advance(&wheel, 1000);
    assert_pops(&past);
    assert_pops(&now);
    assert_pops_nothing();
}

static void test_time_does_not_go_back(void **state)
{
    struct te_wheel_node node;
    (void)state;
    te_wheel_node_init(&node, 1);
    te_wheel_advance(&wheel, 5000);
    te_wheel_arm(&wheel, &node, 4000);
    te_wheel_advance(&wheel, 3000);
    assert_int_equal(wheel.now_us, 5000);
    assert_pops(&node);
}

static void test_order_is_deadline_then_tie_id(void **state)
{
    struct te_wheel_node a, b, c, d;
    (void)state;
    te_wheel_node_init(&a, 4);
    te_wheel_node_init(&b, 3);
    te_wheel_node_init(&c, 2);
    te_wheel_node_init(&d, 1);
    te_wheel_arm(&wheel, &a, 900000);
    te_wheel_arm(&wheel, &d, 900001);
    te_wheel_arm(&wheel, &b, 900000);
    te_wheel_advance(&wheel, 2000); /* a, b and d stay far away, c is armed from nearer by */
    te_wheel_arm(&wheel, &c, 900000);
    te_wheel_advance(&wheel, 1000000);
    assert_pops(&c);
    assert_pops(&b);
    assert_pops(&a);
    assert_pops(&d);
}

static void test_order_holds_across_collections(void **state)
{
    struct te_wheel_node early, late, past;
    (void)state;
    te_wheel_node_init(&early, 1);
    te_wheel_node_init(&late, 2);
    te_wheel_node_init(&past, 3);
    te_wheel_arm(&wheel, &early, 1100);
    te_wheel_arm(&wheel, &late, 1200);
    te_wheel_advance(&wheel, 1200);
    te_wheel_arm(&wheel, &past, 1150);
    assert_int_equal(te_wheel_next_us(&wheel), 1100);
    te_wheel_advance(&wheel, 1200);
    assert_pops(&early);
    assert_int_equal(te_wheel_next_us(&wheel), 1150);
    assert_pops(&past);
    assert_pops(&late);
    assert_pops_nothing();
}

static void test_cancel(void **state)
{
    struct te_wheel_node node;
    (void)state;
    te_wheel_node_init(&node, 1);
    te_wheel_cancel(&wheel, &node);
    assert_int_equal(wheel.armed_count, 0);
    te_wheel_arm(&wheel, &node, 77777);
    te_wheel_cancel(&wheel, &node);
    te_wheel_cancel(&wheel, &node);
    assert_int_equal(wheel.armed_count, 0);
    assert_int_equal(node.at_us, TE_NEVER);
    assert_int_equal(te_wheel_next_us(&wheel), TE_NEVER);
    te_wheel_arm(&wheel, &node, 77777);
    te_wheel_arm(&wheel, &node, TE_NEVER);
    assert_int_equal(wheel.armed_count, 0);
    te_wheel_advance(&wheel, 99999);
    assert_pops_nothing();
}

static void test_cancel_of_a_collected_node(void **state)
{
    struct te_wheel_node first, second, past;
    (void)state;
    te_wheel_node_init(&first, 1);
    te_wheel_node_init(&second, 2);
    te_wheel_node_init(&past, 3);
    te_wheel_arm(&wheel, &first, 2000);
    te_wheel_arm(&wheel, &second, 2000);
    te_wheel_advance(&wheel, 2000);
    te_wheel_arm(&wheel, &past, 10);
    te_wheel_cancel(&wheel, &first);
    assert_int_equal(wheel.armed_count, 2);
    assert_pops(&second);
    assert_pops_nothing();
    assert_int_equal(te_wheel_next_us(&wheel), 10); /* it was not forgotten with first */
    te_wheel_advance(&wheel, 2000);
    assert_pops(&past);
}

static void test_arm_again_moves(void **state)
{
    struct te_wheel_node node;
    (void)state;
    te_wheel_node_init(&node, 1);
    te_wheel_arm(&wheel, &node, 5000);
    te_wheel_arm(&wheel, &node, 900000);
    assert_int_equal(wheel.armed_count, 1);
    te_wheel_advance(&wheel, 899999);
    assert_pops_nothing();
    te_wheel_arm(&wheel, &node, 900005);
    te_wheel_advance(&wheel, 900004);
    assert_pops_nothing();
    te_wheel_advance(&wheel, 900005);
    te_wheel_arm(&wheel, &node, 900006); /* collected, but not run yet */
    assert_pops_nothing();
    te_wheel_advance(&wheel, 900006);
    assert_pops(&node);
}

static void test_cancelled_bound_mends_in_one_wake(void **state)
{
    struct te_wheel_node first, second;
    (void)state;
    te_wheel_node_init(&first, 1);
    te_wheel_node_init(&second, 2);
    te_wheel_init(&wheel, 0);
    te_wheel_arm(&wheel, &first, 1 << 20);
    te_wheel_arm(&wheel, &second, (1 << 20) + 5000); /* the same slot of level 3 */
    te_wheel_cancel(&wheel, &first);
    assert_int_equal(te_wheel_next_us(&wheel), 1 << 20);
    te_wheel_advance(&wheel, 1 << 20);
    assert_pops_nothing();
    assert_int_equal(te_wheel_next_us(&wheel), (1 << 20) + 5000);
}

/* The model: a plain table of deadlines, searched from end to end. */
#define MODEL_NODES 150

struct model_row {
    struct te_wheel_node node;
    int64_t at_us; /* TE_NEVER: not armed */
    bool is_collected;
};

static struct model_row rows[MODEL_NODES];
static int64_t model_now_us;

static void model_init(int64_t now_us)
{
    te_wheel_init(&wheel, now_us);
    model_now_us = now_us;
    for (unsigned i = 0; i < MODEL_NODES; i++) {
        te_wheel_node_init(&rows[i].node, i * 7919 % MODEL_NODES);
        rows[i].at_us = TE_NEVER;
        rows[i].is_collected = false;
    }
}

static int64_t model_next_us(void)
{
    int64_t next_us = TE_NEVER;
    for (unsigned i = 0; i < MODEL_NODES; i++)
        if (rows[i].at_us < next_us)
            next_us = rows[i].at_us;
    return next_us;
}

static unsigned model_armed(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < MODEL_NODES; i++)
        count += rows[i].at_us != TE_NEVER;
    return count;
}

static void model_arm(struct model_row *row, int64_t at_us)
{
    te_wheel_arm(&wheel, &row->node, at_us);
    if (row->at_us != at_us)
        row->is_collected = false;
    row->at_us = at_us;
}

static void model_advance(int64_t now_us)
{
    te_wheel_advance(&wheel, now_us);
    model_now_us = now_us;
    for (unsigned i = 0; i < MODEL_NODES; i++)
        if (rows[i].at_us <= now_us)
            rows[i].is_collected = true;
}

static struct model_row *model_first_collected(void)
{
    struct model_row *first = NULL;
    for (unsigned i = 0; i < MODEL_NODES; i++) {
        struct model_row *row = &rows[i];
        if (!row->is_collected)
            continue;
        if (!first || row->at_us < first->at_us ||
            (row->at_us == first->at_us && row->node.tie_id < first->node.tie_id))
            first = row;
    }
    return first;
}

/* False when nothing was due. */
static bool model_pop(void)
{
    struct model_row *expected = model_first_collected();
    struct te_wheel_node *node = te_wheel_pop_due(&wheel);
    assert_ptr_equal(node, expected ? &expected->node : NULL);
    if (!expected)
        return false;
    expected->at_us = TE_NEVER;
    expected->is_collected = false;
    return true;
}

static void model_random_step(unsigned bits_max)
{
    struct model_row *row = &rows[random_next() % MODEL_NODES];
    switch (random_next() % 8) {
    case 0:
        te_wheel_cancel(&wheel, &row->node);
        row->at_us = TE_NEVER;
        row->is_collected = false;
        break;
    case 1:
        model_arm(row, model_now_us - random_distance(bits_max));
        break;
    case 2:
        model_advance(model_now_us + random_distance(bits_max));
        break;
    case 3:
        if (model_next_us() != TE_NEVER && model_next_us() > model_now_us)
            model_advance(model_next_us());
        break;
    case 4:
        model_pop();
        break;
    default:
        model_arm(row, model_now_us + random_distance(bits_max));
        break;
    }
}

static void test_random_against_model(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        unsigned bits_max = 4 + round;
        model_init((int64_t)(random_next() >> 24));
        for (unsigned i = 0; i < 3000; i++) {
            model_random_step(bits_max);
            assert_true(te_wheel_next_us(&wheel) <= model_next_us());
            assert_int_equal(wheel.armed_count, model_armed());
        }
        model_advance(INT64_MAX - 1);
        while (model_pop())
            ;
        assert_int_equal(wheel.armed_count, 0);
        assert_int_equal(te_wheel_next_us(&wheel), TE_NEVER);
    }
}

/* Without cancelling, the next expiry is never a microsecond early. */
static void test_next_is_exact_without_cancels(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        model_init((int64_t)(random_next() >> 24));
        for (unsigned i = 0; i < MODEL_NODES; i++)
            model_arm(&rows[i], model_now_us + random_distance(40));
        while (model_armed() > 0) {
            assert_int_equal(te_wheel_next_us(&wheel), model_next_us());
            if (random_next() % 4 == 0 && model_next_us() - 1 > model_now_us)
                model_advance(model_now_us + (model_next_us() - model_now_us) / 2);
            assert_int_equal(te_wheel_next_us(&wheel), model_next_us());
            model_advance(te_wheel_next_us(&wheel));
            assert_true(model_pop());
            while (model_pop())
                ;
        }
    }
}

/* The wakes that cancelled timers leave behind are bounded by the levels. */
static void test_stale_wakes_are_few(void **state)
{
    struct te_wheel_node node, victims[64];
    int64_t at_us = INT64_C(0x0fedcba987654321);
    unsigned wakes = 0;
    (void)state;
    te_wheel_init(&wheel, 0);
    te_wheel_node_init(&node, 100);
    te_wheel_arm(&wheel, &node, at_us);
    for (unsigned i = 0; i < 60; i++) { /* one beside it in every slot of its way down */
        te_wheel_node_init(&victims[i], i);
        te_wheel_arm(&wheel, &victims[i], at_us >> i << i);
    }
    for (unsigned i = 0; i < 60; i++)
        te_wheel_cancel(&wheel, &victims[i]);
    while (te_wheel_next_us(&wheel) < at_us) {
        te_wheel_advance(&wheel, te_wheel_next_us(&wheel));
        assert_pops_nothing();
        assert_true(++wakes <= TE_WHEEL_LEVELS);
    }
    te_wheel_advance(&wheel, at_us);
    assert_pops(&node);
}

#define MANY 1000000u
/* Two hours of microseconds are below 2^36: six levels, so five moves down at most. Beside these:
 * one move when armed, one into the batch, one out of the sort and one into the due list. */
#define MOVES_PER_TIMER_MAX (5 + 4)

static void test_a_million_timers(void **state)
{
    struct te_wheel_node *nodes = calloc(MANY, sizeof(*nodes));
    unsigned popped = 0, wakes = 0;
    int64_t last_us = 0;
    (void)state;
    assert_non_null(nodes);
    te_wheel_init(&wheel, 0);
    for (unsigned i = 0; i < MANY; i++) {
        te_wheel_node_init(&nodes[i], i);
        te_wheel_arm(&wheel, &nodes[i], 1 + (int64_t)(random_next() % 7200000000u));
    }
    assert_int_equal(moves, MANY);
    while (te_wheel_next_us(&wheel) != TE_NEVER) {
        assert_true(te_wheel_next_us(&wheel) > last_us);
        last_us = te_wheel_next_us(&wheel);
        te_wheel_advance(&wheel, last_us);
        wakes++;
        while (te_wheel_pop_due(&wheel))
            popped++;
    }
    assert_int_equal(popped, MANY);
    assert_true(wakes <= MANY); /* no wake without a timer that is due */
    assert_true(moves <= (uint64_t)MANY * MOVES_PER_TIMER_MAX);
    free(nodes);
}

/* Retransmission timers are armed and moved far more often than they fire. */
static void test_arming_again_is_one_move(void **state)
{
    struct te_wheel_node *nodes = calloc(MANY, sizeof(*nodes));
    (void)state;
    assert_non_null(nodes);
    for (unsigned i = 0; i < MANY; i++)
        te_wheel_node_init(&nodes[i], i);
    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < MANY; i++)
            te_wheel_arm(&wheel, &nodes[i], 200000 + (int64_t)(round * 1000 + i % 1000));
    assert_int_equal(moves, 4 * MANY);
    for (unsigned i = 0; i < MANY; i++)
        te_wheel_cancel(&wheel, &nodes[i]);
    assert_int_equal(moves, 4 * MANY);
    assert_int_equal(te_wheel_next_us(&wheel), TE_NEVER);
    free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty, setup),
        cmocka_unit_test_setup(test_next_is_exact_at_any_distance, setup),
        cmocka_unit_test_setup(test_farthest_deadline, setup),
        cmocka_unit_test_setup(test_one_jump_collects_all_levels, setup),
        cmocka_unit_test_setup(test_past_is_due_at_the_next_advance, setup),
        cmocka_unit_test_setup(test_time_does_not_go_back, setup),
        cmocka_unit_test_setup(test_order_is_deadline_then_tie_id, setup),
        cmocka_unit_test_setup(test_order_holds_across_collections, setup),
        cmocka_unit_test_setup(test_cancel, setup),
        cmocka_unit_test_setup(test_cancel_of_a_collected_node, setup),
        cmocka_unit_test_setup(test_arm_again_moves, setup),
        cmocka_unit_test_setup(test_cancelled_bound_mends_in_one_wake, setup),
        cmocka_unit_test_setup(test_random_against_model, setup),
        cmocka_unit_test_setup(test_next_is_exact_without_cancels, setup),
        cmocka_unit_test_setup(test_stale_wakes_are_few, setup),
        cmocka_unit_test_setup(test_a_million_timers, setup),
        cmocka_unit_test_setup(test_arming_again_is_one_move, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
