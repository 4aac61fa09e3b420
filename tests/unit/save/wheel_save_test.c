#include <string.h>

#include "support/test.h"
#include "units.h"
#include "util/codec.h"
#include "util/wheel.h"

#define NOW (1000 * SECOND)
#define HEADER_BYTES 4
#define SLOT_BYTES 10
#define STATE_MAX 256
#define NODES 5

static struct te_wheel wheel, read;
static struct te_wheel_node nodes[NODES], twins[NODES];
static uint8_t bytes[STATE_MAX];

static int setup(void **state)
{
    (void)state;
    te_wheel_init(&wheel, NOW);
    te_wheel_init(&read, NOW);
    for (unsigned i = 0; i < NODES; i++) {
        te_wheel_node_init(&nodes[i], i);
        te_wheel_node_init(&twins[i], i);
    }
    return 0;
}

static void arm(unsigned i, int64_t in_us)
{
    te_wheel_arm(&wheel, &nodes[i], NOW + in_us);
}

static size_t save(struct te_wheel *from)
{
    struct te_codec codec;
    memset(bytes, 0, sizeof(bytes));
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    te_wheel_save(&codec, from);
    assert_true(codec.at <= sizeof(bytes));
    return codec.at;
}

/* As the stack does it: the owners arm their nodes, then the bounds are read. */
static enum te_err restore(size_t len)
{
    struct te_codec codec;
    for (unsigned i = 0; i < NODES; i++)
        te_wheel_arm(&read, &twins[i], nodes[i].at_us);
    te_codec_init_reader(&codec, bytes, len);
    te_wheel_save(&codec, &read);
    assert_true(!te_codec_is_ok(&codec) || codec.at == len);
    return codec.err;
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(save(&wheel), HEADER_BYTES);
    assert_int_equal(restore(HEADER_BYTES), TE_OK);
    assert_true(te_wheel_next_us(&read) == TE_NEVER);
}

/* One record per slot in use, however many nodes it has. */
static void test_slots_in_use(void **state)
{
    (void)state;
    arm(0, 10 * SECOND);
    arm(1, 10 * SECOND);
    arm(2, 3600 * SECOND);
    arm(3, -SECOND);
    assert_int_equal(save(&wheel), HEADER_BYTES + 3 * SLOT_BYTES);
    te_wheel_cancel(&wheel, &nodes[2]);
    assert_int_equal(save(&wheel), HEADER_BYTES + 2 * SLOT_BYTES);
}

/* The host is woken at the same time, also where a cancelled node has left an early bound. */
static void test_early_bound_survives(void **state)
{
    (void)state;
    /* 64^3 us is the width of a slot of level 3: both are in the same one. */
    int64_t slot_us = 64 * 64 * 64;
    int64_t in_us = 10 * slot_us - NOW % slot_us;
    arm(0, in_us + 100);
    arm(1, in_us + 200);
    te_wheel_cancel(&wheel, &nodes[0]);
    assert_int_equal(te_wheel_next_us(&wheel), NOW + in_us + 100);
    size_t len = save(&wheel);
    assert_int_equal(restore(len), TE_OK);
    assert_int_equal(te_wheel_next_us(&read), NOW + in_us + 100);
    uint8_t first[STATE_MAX];
    memcpy(first, bytes, sizeof(first));
    assert_int_equal(save(&read), len);
    assert_memory_equal(bytes, first, sizeof(first));
}

/* Due nodes come at the same times and in the same order. */
static void test_same_order(void **state)
{
    (void)state;
    static const int64_t in_us[NODES] = {5, 300000, 5, 70, 300001};
    for (unsigned i = 0; i < NODES; i++)
        arm(i, in_us[i]);
    assert_int_equal(restore(save(&wheel)), TE_OK);
    for (int64_t at_us; (at_us = te_wheel_next_us(&wheel)) != TE_NEVER;) {
        assert_int_equal(te_wheel_next_us(&read), at_us);
        te_wheel_advance(&wheel, at_us);
        te_wheel_advance(&read, at_us);
        struct te_wheel_node *node;
        while ((node = te_wheel_pop_due(&wheel)) != NULL) {
            struct te_wheel_node *twin = te_wheel_pop_due(&read);
            assert_non_null(twin);
            assert_int_equal(twin->tie_id, node->tie_id);
        }
        assert_null(te_wheel_pop_due(&read));
    }
    assert_int_equal(read.armed_count, 0);
}

static void test_short_input(void **state)
{
    (void)state;
    arm(0, 10 * SECOND);
    arm(1, 20 * SECOND);
    size_t len = save(&wheel);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(restore(cut), TE_ERR_INVALID);
}

/* Levels and slots that there are not, too many of them, and absurd times are refused. */
static void test_slots_that_cannot_be(void **state)
{
    (void)state;
    arm(0, 10 * SECOND);
    size_t len = save(&wheel);
    assert_int_equal(len, HEADER_BYTES + SLOT_BYTES);
    uint8_t level = bytes[HEADER_BYTES], slot = bytes[HEADER_BYTES + 1];
    bytes[HEADER_BYTES] = TE_WHEEL_LEVELS;
    assert_int_equal(restore(len), TE_ERR_INVALID);
    bytes[HEADER_BYTES] = level;
    bytes[HEADER_BYTES + 1] = TE_WHEEL_SLOTS;
    assert_int_equal(restore(len), TE_ERR_INVALID);
    bytes[HEADER_BYTES + 1] = slot;
    bytes[len - 1] = 0x7f;
    assert_int_equal(restore(len), TE_ERR_INVALID);

    uint8_t many[HEADER_BYTES + (TE_WHEEL_LEVELS * TE_WHEEL_SLOTS + 1) * SLOT_BYTES] = {0xc1, 0x02};
    struct te_codec codec;
    te_codec_init_reader(&codec, many, sizeof(many));
    te_wheel_save(&codec, &read);
    assert_int_equal(codec.err, TE_ERR_RESOURCES);
}

/* A bound that does not belong into its slot, or of a slot without nodes, changes nothing: the next
 * expiry is never later than the first deadline, and never in another slot than it. */
static void test_foreign_bounds_are_ignored(void **state)
{
    (void)state;
    arm(0, 10 * SECOND);
    te_wheel_arm(&read, &twins[0], NOW + 10 * SECOND);
    for (unsigned level = 0; level < TE_WHEEL_LEVELS; level++)
        for (unsigned slot = 0; slot < TE_WHEEL_SLOTS; slot++) {
            te_wheel_lower_bound(&read, level, slot, NOW + 1);
            te_wheel_lower_bound(&read, level, slot, NOW - SECOND);
            te_wheel_lower_bound(&read, level, slot, NOW + 20 * SECOND);
            te_wheel_lower_bound(&read, level, slot, NOW + 10 * SECOND + 1);
        }
    assert_int_equal(te_wheel_next_us(&read), NOW + 10 * SECOND);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_slots_in_use),
        TEST(test_early_bound_survives),
        TEST(test_same_order),
        TEST(test_short_input),
        TEST(test_slots_that_cannot_be),
        TEST(test_foreign_bounds_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
