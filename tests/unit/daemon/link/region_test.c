#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "link/region.h"
#include "support.h"

#define MIB (1024u * 1024)
#define BUDGET (16u * MIB)

static struct region_memory regions;
static struct te_buffer_memory buffers;

static int setup(void **state)
{
    (void)state;
    region_init(&regions, BUDGET);
    buffers = region_buffers(&regions);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    region_done(&regions);
    return 0;
}

static uint8_t *reserve(size_t size)
{
    return buffers.reserve(buffers.ctx, 1, false, size);
}

static void release(uint8_t *region, size_t size)
{
    buffers.release(buffers.ctx, 1, false, region, size);
}

/* Pages of the region that are in memory. */
static size_t resident_pages(uint8_t *region, size_t size)
{
    unsigned char pages[4096];
    size_t count = size / buffers.page_bytes, resident = 0;
    assert_true(count <= sizeof(pages));
    assert_int_equal(mincore(region, size, pages), 0);
    for (size_t i = 0; i < count; i++)
        resident += pages[i] & 1;
    return resident;
}

static void test_pages_are_the_systems(void **state)
{
    (void)state;
    assert_int_equal(buffers.page_bytes, sysconf(_SC_PAGESIZE));
}

static void test_a_region_costs_what_was_written(void **state)
{
    (void)state;
    uint8_t *region = reserve(MIB);
    assert_non_null(region);
    assert_int_equal(resident_pages(region, MIB), 0);
    region[600000] = 1;
    assert_int_equal(resident_pages(region, MIB), 1);
    memset(region, 1, MIB);
    assert_int_equal(resident_pages(region, MIB), MIB / buffers.page_bytes);
    release(region, MIB);
}

/* Nobody sees what was there before, and it costs nothing again. */
static void test_a_released_region_comes_back_empty(void **state)
{
    (void)state;
    uint8_t *region = reserve(128 * 1024);
    memset(region, 1, 128 * 1024);
    release(region, 128 * 1024);
    assert_ptr_equal(reserve(128 * 1024), region);
    assert_int_equal(resident_pages(region, 128 * 1024), 0);
    assert_int_equal(region[5000], 0);
    release(region, 128 * 1024);
}

/* Sparse regions of many times the budget; neighbours do not touch. */
static void test_many_regions(void **state)
{
    static uint8_t *many[4096];
    (void)state;
    for (size_t i = 0; i < 4096; i++) {
        many[i] = reserve(64 * 1024);
        assert_non_null(many[i]);
        many[i][0] = many[i][65535] = (uint8_t)i;
    }
    for (size_t i = 0; i < 4096; i++) {
        assert_int_equal(many[i][0], (uint8_t)i);
        assert_int_equal(many[i][65535], (uint8_t)i);
        release(many[i], 64 * 1024);
    }
    for (size_t i = 0; i < 4096; i++)
        assert_non_null(many[i] = reserve(64 * 1024));
    for (size_t i = 0; i < 4096; i++)
        release(many[i], 64 * 1024);
}

static void test_an_arena_ends(void **state)
{
    static uint8_t *all[64];
    (void)state;
    for (size_t i = 0; i < 64; i++) /* 64 times the budget */
        assert_non_null(all[i] = reserve(BUDGET));
    assert_null(reserve(BUDGET));
    uint8_t *other = reserve(2 * BUDGET);
    assert_non_null(other); /* each size has its own */
    release(other, 2 * BUDGET);
    for (size_t i = 0; i < 64; i++)
        release(all[i], BUDGET);
}

static void test_small_ones_and_growth(void **state)
{
    (void)state;
    uint8_t *small = reserve(4096);
    memset(small, 7, 4096);
    uint8_t *large = buffers.grow(buffers.ctx, 1, true, 4096, 65536);
    assert_non_null(large);
    assert_int_equal(small[4095], 7); /* until it is released */
    uint8_t *less = buffers.grow(buffers.ctx, 1, true, 65536, 1024);
    assert_non_null(less);
    release(small, 4096);
    release(large, 65536);
    release(less, 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pages_are_the_systems),
        TEST(test_a_region_costs_what_was_written),
        TEST(test_a_released_region_comes_back_empty),
        TEST(test_many_regions),
        TEST(test_an_arena_ends),
        TEST(test_small_ones_and_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
