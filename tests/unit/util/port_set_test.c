#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "util/port_set.h"

static size_t taken_bytes;
static bool is_refusing;

static void *take(void *ctx, size_t size_bytes)
{
    (void)ctx;
    if (is_refusing)
        return NULL;
    taken_bytes += size_bytes;
    void *block = malloc(size_bytes);
    memset(block, 0xa5, size_bytes); /* nothing may rely on zeroes */
    return block;
}

static void give(void *ctx, void *block, size_t size_bytes)
{
    (void)ctx;
    taken_bytes -= size_bytes;
    free(block);
}

static const struct te_allocator allocator = {.alloc = take, .free = give};
static struct te_port_set set;

static int setup(void **state)
{
    (void)state;
    set = (struct te_port_set){0};
    taken_bytes = 0;
    is_refusing = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_port_set_clear(&set, &allocator);
    assert_int_equal(taken_bytes, 0);
    return 0;
}

static void add_all(uint32_t first, uint32_t last)
{
    for (uint32_t port = first; port <= last; port++)
        assert_true(te_port_set_add(&set, (uint16_t)port, &allocator));
}

static void remove_all(uint32_t first, uint32_t last)
{
    for (uint32_t port = first; port <= last; port++)
        te_port_set_remove(&set, (uint16_t)port, &allocator);
}

static void an_empty_one_has_nothing(void **state)
{
    (void)state;
    assert_false(te_port_set_has(&set, 0));
    assert_false(te_port_set_has(&set, 65535));
    assert_int_equal(te_port_set_first_free(&set, 0, 65535), 0);
    assert_int_equal(te_port_set_first_free(&set, 8, 7), 8);
}

static void what_was_added_is_there_until_removed(void **state)
{
    static const uint16_t ports[] = {7, 65535, 0, 64, 63, 128};
    (void)state;
    for (unsigned i = 0; i < 6; i++)
        assert_true(te_port_set_add(&set, ports[i], &allocator));
    assert_int_equal(set.count, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_true(te_port_set_has(&set, ports[i]));
        te_port_set_remove(&set, ports[i], &allocator);
        assert_false(te_port_set_has(&set, ports[i]));
    }
    assert_int_equal(set.count, 0);
    assert_int_equal(taken_bytes, 0); /* with the last one */
}

/* On both sides of the turn from a list to a bitmap the answers are the same. */
static void a_list_becomes_a_bitmap(void **state)
{
    (void)state;
    add_all(1000, 1000 + TE_PORT_SET_LISTED_MAX - 1);
    assert_null(set.bits);
    assert_int_equal(te_port_set_first_free(&set, 1000, 60000), 1000 + TE_PORT_SET_LISTED_MAX);
    add_all(1000 + TE_PORT_SET_LISTED_MAX, 1000 + TE_PORT_SET_LISTED_MAX);
    assert_non_null(set.bits);
    assert_null(set.list);
    assert_int_equal(taken_bytes, 8192);
    assert_int_equal(set.count, TE_PORT_SET_LISTED_MAX + 1);
    assert_int_equal(te_port_set_first_free(&set, 1000, 60000), 1001 + TE_PORT_SET_LISTED_MAX);
    assert_false(te_port_set_has(&set, 999));
    assert_true(te_port_set_has(&set, 1000));
}

/* Every place in a word of 64 bits, and the two ends of the range. */
static void the_first_free_one_is_found(void **state)
{
    (void)state;
    add_all(0, 65535);
    assert_int_equal(te_port_set_first_free(&set, 0, 65535), 65536);
    assert_int_equal(te_port_set_first_free(&set, 40, 47), 48);
    for (uint32_t port = 0; port < 200; port++) {
        remove_all(port, port);
        assert_int_equal(te_port_set_first_free(&set, 0, 65535), port);
        assert_int_equal(te_port_set_first_free(&set, port, port), port);
        assert_int_equal(te_port_set_first_free(&set, port + 1, 65535), 65536);
        assert_int_equal(te_port_set_first_free(&set, 0, port - (port > 0)), port > 0 ? port : 0);
        add_all(port, port);
    }
    remove_all(65535, 65535);
    assert_int_equal(te_port_set_first_free(&set, 0, 65535), 65535);
    assert_int_equal(te_port_set_first_free(&set, 0, 65534), 65535); /* last + 1: none */
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    is_refusing = true;
    assert_false(te_port_set_add(&set, 7, &allocator));
    assert_false(te_port_set_has(&set, 7));
    is_refusing = false;
    add_all(1, TE_PORT_SET_LISTED_MAX);
    is_refusing = true;
    assert_false(te_port_set_add(&set, 7000, &allocator)); /* no bitmap */
    assert_int_equal(set.count, TE_PORT_SET_LISTED_MAX);
    assert_true(te_port_set_has(&set, TE_PORT_SET_LISTED_MAX));
    assert_false(te_port_set_has(&set, 7000));
    remove_all(1, 1);
    assert_true(te_port_set_add(&set, 7000, &allocator)); /* its place in the list */
}

#define SET_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(an_empty_one_has_nothing),       SET_TEST(what_was_added_is_there_until_removed),
        SET_TEST(a_list_becomes_a_bitmap),        SET_TEST(the_first_free_one_is_found),
        SET_TEST(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
