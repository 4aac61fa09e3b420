/* What a ring costs where the host gives memory page by page. */
#include <string.h>

#include "support/heap.h"
#include "support/lazy_memory.h"
#include "support/test.h"
#include "util/ranges.h"
#include "util/ring.h"

#define KIB 1024u
#define PAGE LAZY_PAGE

static struct lazy_memory memory;
static struct te_buffer_memory buffers;
static struct te_ring_owner owner;
static struct te_ring ring;
static struct heap heap;
static struct te_allocator allocator;
static struct te_ranges beyond;
static uint8_t data[256 * KIB];

static int setup(void **state)
{
    (void)state;
    buffers = lazy_memory_init(&memory);
    allocator = heap_init(&heap);
    owner = (struct te_ring_owner){&buffers, 1, false};
    memset(&ring, 0, sizeof(ring));
    memset(&beyond, 0, sizeof(beyond));
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 31 + i / 255);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_ring_release(&ring, &owner);
    te_ranges_clear(&beyond, &allocator);
    assert_int_equal(memory.regions, 0);
    assert_int_equal(heap.held_bytes, 0);
    return 0;
}

static void grow(uint32_t size, uint64_t from, uint64_t to)
{
    struct te_ring_growth growth = {from, to, size, size, 1u << 30, &beyond};
    assert_true(te_ring_grow(&ring, &owner, &growth));
    assert_int_equal(te_ring_size(&ring), size);
}

static void write_bytes(uint64_t from, uint64_t to)
{
    te_ring_write(&ring, from, data + from % (sizeof(data) / 2), (size_t)(to - from));
}

static void expect_bytes(uint64_t from, uint64_t to)
{
    struct te_iovec iov[2];
    unsigned count = te_ring_read(&ring, from, (size_t)(to - from), iov);
    for (unsigned i = 0; i < count; i++) {
        assert_memory_equal(iov[i].base, data + from % (sizeof(data) / 2), iov[i].len);
        from += iov[i].len;
    }
}

static void small_regions_cost_all_of_their_bytes(void **state)
{
    (void)state;
    grow(4 * PAGE, 0, 0);
    assert_int_equal(te_ring_cost(&ring), 4 * PAGE);
    assert_int_equal(te_ring_cost_of(&ring, 0, 100), 0);
    assert_int_equal(te_ring_run(&ring, 7, 100, 0), 100);
    assert_int_equal(te_ring_least_cost(&owner, 4 * PAGE), 4 * PAGE);
}

static void hosts_without_pages_are_charged_for_all(void **state)
{
    (void)state;
    buffers.page_bytes = 0;
    grow(64 * KIB, 0, 0);
    assert_int_equal(te_ring_cost(&ring), 64 * KIB);
}

static void one_far_byte_costs_a_page(void **state)
{
    (void)state;
    grow(64 * KIB, 0, 0);
    assert_int_equal(te_ring_cost(&ring), 0);
    assert_int_equal(te_ring_cost_of(&ring, 60000, 1), PAGE);
    write_bytes(60000, 60001);
    assert_int_equal(te_ring_cost(&ring), PAGE);
    assert_int_equal(te_ring_cost_of(&ring, 60000, 1), 0);
    write_bytes(60002, 60003);
    assert_int_equal(te_ring_cost(&ring), PAGE); /* the same page */
    assert_int_equal(te_ring_cost_of(&ring, 57344 + PAGE - 1, 2), PAGE);
}

static void large_rings_count_in_64ths(void **state)
{
    (void)state;
    grow(1024 * KIB, 0, 0);
    assert_int_equal(te_ring_least_cost(&owner, 1024 * KIB), 16 * KIB);
    write_bytes(1000000, 1000001);
    assert_int_equal(te_ring_cost(&ring), 16 * KIB);
    for (uint64_t at = 0; at < 1024 * KIB; at += 64 * KIB)
        write_bytes(at, at + 64 * KIB);
    assert_int_equal(te_ring_cost(&ring), 1024 * KIB);
    assert_true(ring.touched == UINT64_MAX); /* from here on writing is not watched */
}

/* Pages count from where the ring has started anew. */
static void a_restart_uses_the_first_pages_again(void **state)
{
    (void)state;
    grow(64 * KIB, 0, 0);
    write_bytes(0, 100);
    for (uint64_t at = 100; at < 1000 * KIB; at += 5000) {
        te_ring_restart(&ring, at);
        assert_int_equal(te_ring_cost_of(&ring, at, PAGE), 0);
        assert_int_equal(te_ring_run(&ring, at + 1, 3 * PAGE, 0),
                         at > 100 ? 2 * PAGE - 1 : PAGE - 1);
        write_bytes(at, at + 5000);
        assert_int_equal(te_ring_cost(&ring), 2 * PAGE);
        assert_int_equal(te_ring_cost_of(&ring, at + 2 * PAGE, 1), PAGE);
    }
}

static void pieces_wrap(void **state)
{
    (void)state;
    grow(64 * KIB, 0, 0);
    uint64_t edge = 64 * KIB; /* the last page, then the first */
    assert_int_equal(te_ring_cost_of(&ring, edge - 1, 2), 2 * PAGE);
    write_bytes(edge - 1, edge + 1);
    assert_int_equal(te_ring_cost(&ring), 2 * PAGE);
    assert_int_equal(te_ring_cost_of(&ring, 0, 1), 0);
    assert_int_equal(te_ring_cost_of(&ring, edge - PAGE, 1), 0);
    assert_int_equal(te_ring_cost_of(&ring, PAGE, 1), PAGE);
    assert_int_equal(te_ring_cost_of(&ring, 5 * PAGE + 1, 64 * KIB), 14 * PAGE);
}

static void what_was_written_is_free(void **state)
{
    (void)state;
    grow(64 * KIB, 0, 0);
    assert_int_equal(te_ring_run(&ring, 0, 100, 0), 0);
    write_bytes(0, PAGE + 1);
    assert_int_equal(te_ring_run(&ring, 10, 60000, 0), 2 * PAGE - 10);
    assert_int_equal(te_ring_run(&ring, 2 * PAGE - 5, 5, 0), 5);
    assert_int_equal(te_ring_run(&ring, 2 * PAGE, 5, 0), 0);
}

/* Growth copies what is held, not the holes between. */
static void growth_leaves_holes_untouched(void **state)
{
    (void)state;
    grow(64 * KIB, 0, 0);
    write_bytes(0, 100);
    write_bytes(50000, 50010);
    assert_int_equal(te_ranges_insert(&beyond, 50000, 50010, 8, &allocator), TE_RANGES_ADDED);
    grow(128 * KIB, 0, 100);
    assert_int_equal(te_ring_cost(&ring), 2 * PAGE);
    expect_bytes(0, 100);
    expect_bytes(50000, 50010);
}

static void a_loose_ring_is_fitted(void **state)
{
    (void)state;
    grow(64 * KIB, 0, 0);
    write_bytes(0, 64 * KIB);
    struct te_ring_growth content = {60000, 60100, 200, PAGE, 0, NULL};
    te_ring_fit(&ring, &owner, &content);
    assert_int_equal(te_ring_size(&ring), PAGE);
    assert_int_equal(te_ring_cost(&ring), PAGE);
    assert_int_equal(memory.regions, 1);
    assert_int_equal(memory.region_bytes, PAGE);
    expect_bytes(60000, 60100);
}

/* 64 KiB went through it, then one byte came from far beyond a hole: no smaller ring spans that,
 * but a new one of the same size costs a page. */
static void a_far_byte_moves_to_a_fresh_region(void **state)
{
    (void)state;
    grow(64 * KIB, 0, 0);
    write_bytes(0, 64 * KIB);
    write_bytes(125000, 125001);
    assert_int_equal(te_ranges_insert(&beyond, 125000, 125001, 8, &allocator), TE_RANGES_ADDED);
    assert_int_equal(te_ring_cost(&ring), 64 * KIB);
    struct te_ring_growth content = {65536, 65536, 59465, PAGE, 0, &beyond};
    te_ring_fit(&ring, &owner, &content);
    assert_int_equal(te_ring_size(&ring), 64 * KIB);
    assert_int_equal(te_ring_cost(&ring), PAGE);
    expect_bytes(125000, 125001);
}

static void no_fit_without_gain_or_memory(void **state)
{
    (void)state;
    grow(64 * KIB, 0, 0);
    write_bytes(0, 64 * KIB);
    struct te_ring before = ring;
    struct te_ring_growth most = {0, 40000, 64 * KIB, PAGE, 0, NULL};
    te_ring_fit(&ring, &owner, &most);
    assert_memory_equal(&ring, &before, sizeof(ring));
    struct te_ring_growth little = {0, 100, 200, PAGE, 0, NULL};
    memory.is_refusing = true;
    te_ring_fit(&ring, &owner, &little);
    assert_memory_equal(&ring, &before, sizeof(ring));
    expect_bytes(0, 64 * KIB);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(small_regions_cost_all_of_their_bytes),
        TEST(hosts_without_pages_are_charged_for_all),
        TEST(one_far_byte_costs_a_page),
        TEST(large_rings_count_in_64ths),
        TEST(a_restart_uses_the_first_pages_again),
        TEST(pieces_wrap),
        TEST(what_was_written_is_free),
        TEST(growth_leaves_holes_untouched),
        TEST(a_loose_ring_is_fitted),
        TEST(a_far_byte_moves_to_a_fresh_region),
        TEST(no_fit_without_gain_or_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
