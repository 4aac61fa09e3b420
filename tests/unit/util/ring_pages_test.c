/* What a ring costs, against a model that knows every page that was written. */
#include <stdlib.h>
#include <string.h>

#include "support/lazy_memory.h"
#include "support/random.h"
#include "support/test.h"
#include "util/ring.h"

#define KIB 1024u
#define MIB (1024u * KIB)
#define PAGE LAZY_PAGE
#define SIZE_MAX_BYTES (32 * MIB)
#define PARTS 64u
#define WRITES 2000u

static struct lazy_memory memory;
static struct te_buffer_memory buffers;
static struct te_ring_owner owner;
static struct te_ring ring;
static uint8_t *lent_region; /* NULL: the ring's own */
static uint8_t data[128 * KIB];
static bool is_written[SIZE_MAX_BYTES / PAGE];
static uint64_t seed;

static bool vacate(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes)
{
    (void)ctx;
    (void)conn_id;
    (void)is_send;
    assert_ptr_equal(region, lent_region);
    assert_int_equal(size_bytes, te_ring_size(&ring));
    return true;
}

static int setup(void **state)
{
    (void)state;
    buffers = lazy_memory_init(&memory);
    buffers.vacate = vacate;
    owner = (struct te_ring_owner){&buffers, 1, false};
    memset(&ring, 0, sizeof(ring));
    memset(is_written, 0, sizeof(is_written));
    lent_region = NULL;
    seed = 1;
    return 0;
}

static void close_ring(void)
{
    te_ring_release(&ring, &owner);
    free(lent_region);
    lent_region = NULL;
    memset(is_written, 0, sizeof(is_written));
    assert_int_equal(memory.regions, 0);
}

static int teardown(void **state)
{
    (void)state;
    close_ring();
    return 0;
}

static void open_ring(uint32_t size, bool is_lent)
{
    struct te_ring_growth none = {0, 0, size, size, 1u << 30, NULL};
    if (is_lent) {
        lent_region = calloc(1, size);
        assert_true(te_ring_lend(&ring, &owner, &none, lent_region, size));
    } else {
        assert_true(te_ring_grow(&ring, &owner, &none));
    }
    assert_int_equal(te_ring_size(&ring), size);
}

/* Calls f for each page of what te_ring_read finds there; stops, and says false, when f does. */
static bool each_page(uint64_t offset, size_t len, bool (*f)(size_t page))
{
    struct te_iovec iov[2];
    unsigned count = te_ring_read(&ring, offset, len, iov);
    for (unsigned i = 0; i < count; i++) {
        size_t at = (size_t)(iov[i].base - ring.region);
        for (size_t page = at / PAGE; page <= (at + iov[i].len - 1) / PAGE; page++)
            if (!f(page))
                return false;
    }
    return true;
}

static bool mark(size_t page)
{
    is_written[page] = true;
    return true;
}

static bool is_marked(size_t page)
{
    return is_written[page];
}

/* The bytes of all parts of that size in which something was written. */
static uint32_t written_in(uint32_t part_bytes)
{
    uint32_t sum = 0;
    for (uint32_t at = 0; at < te_ring_size(&ring); at += part_bytes) {
        bool is_any = false;
        for (uint32_t page = at / PAGE; !is_any && page * PAGE < at + part_bytes; page++)
            is_any = is_written[page];
        sum += is_any ? part_bytes : 0;
    }
    return sum;
}

static uint32_t part_bytes(void)
{
    uint32_t part = te_ring_size(&ring) / PARTS;
    return part > PAGE ? part : PAGE;
}

/* Small rings cost all of their bytes. Of its own, a ring costs its 64ths. */
static void expect_bounds(void)
{
    uint32_t cost = te_ring_cost(&ring), size = te_ring_size(&ring);
    uint32_t in_parts = written_in(part_bytes());
    assert_in_range(cost, written_in(PAGE), size);
    if (size <= 4 * PAGE)
        assert_int_equal(cost, size);
    else if (lent_region == NULL)
        assert_int_equal(cost, in_parts);
    else
        assert_in_range(cost, 0, 2 * (uint64_t)in_parts); /* each lies in two of the map's */
}

/* The longest that costs no more than that. */
static void expect_run(uint64_t offset, size_t len, uint32_t cost)
{
    size_t run = te_ring_run(&ring, offset, len, cost);
    assert_in_range(run, 0, len);
    assert_in_range(te_ring_cost_of(&ring, offset, run), 0, cost);
    if (run < len)
        assert_true(te_ring_cost_of(&ring, offset, run + 1) > cost);
}

static void expect_free_run(uint64_t offset, size_t len)
{
    size_t run = te_ring_run(&ring, offset, len, 0);
    expect_run(offset, len, 0);
    if (run < len)
        assert_true(te_ring_cost_of(&ring, offset + run, 1) > 0);
    if (run > 0 && te_ring_size(&ring) <= PARTS * PAGE && te_ring_size(&ring) > 4 * PAGE)
        assert_true(each_page(offset, run, is_marked));
}

static void write_checked(uint64_t offset, size_t len)
{
    uint32_t before = te_ring_cost(&ring);
    uint32_t more = te_ring_cost_of(&ring, offset, len);
    expect_free_run(offset, len);
    expect_run(offset, len, PAGE);
    expect_run(offset, len, more / 2);
    bool may_cost = len <= sizeof(data) ? te_ring_write(&ring, offset, data, len)
                                        : te_ring_touch(&ring, offset, len);
    each_page(offset, len, mark);
    assert_int_equal(te_ring_cost(&ring), before + more);
    assert_true(may_cost || more == 0);
    assert_int_equal(te_ring_cost_of(&ring, offset, len), 0);
    assert_int_equal(te_ring_run(&ring, offset, len, 0), len);
    expect_bounds();
}

static uint32_t draw_below(uint32_t bound)
{
    return random_below(&seed, bound);
}

/* Mostly little, at times as much as the ring holds. */
static size_t draw_len(void)
{
    uint32_t size = te_ring_size(&ring);
    uint32_t limits[] = {1, 64, 1460, 2 * PAGE, size / 16, size};
    uint32_t limit = limits[draw_below(16) == 0 ? draw_below(6) : draw_below(4)];
    return 1 + draw_below(limit < size ? limit : size);
}

static uint64_t next_in_order(uint64_t offset, size_t len)
{
    return offset + len;
}

static uint64_t next_close_by(uint64_t offset, size_t len)
{
    (void)len;
    return offset + draw_below(te_ring_size(&ring) / 32);
}

static uint64_t next_anywhere(uint64_t offset, size_t len)
{
    (void)len;
    return offset + draw_below(te_ring_size(&ring));
}

static uint64_t next_mixed(uint64_t offset, size_t len)
{
    return draw_below(50) == 0 ? next_anywhere(offset, len) : next_in_order(offset, len);
}

static void start_anew(void)
{
    uint32_t size = te_ring_size(&ring);
    if (lent_region != NULL) {
        te_ring_vacate(&ring, &owner);
    } else {
        te_ring_release(&ring, &owner);
        open_ring(size, false);
    }
    memset(is_written, 0, sizeof(is_written));
    expect_bounds();
}

static void run_walk(uint32_t size, bool is_lent, uint64_t (*next)(uint64_t offset, size_t len))
{
    unsigned writes = size <= MIB ? WRITES : WRITES / 8;
    uint64_t offset = (uint64_t)draw_below(UINT32_MAX / 2) * 2;
    open_ring(size, is_lent);
    expect_bounds();
    for (unsigned i = 0; i < writes; i++) {
        size_t len = draw_len();
        write_checked(offset, len);
        offset = next(offset, len);
        if (draw_below(300) == 0)
            start_anew();
    }
    close_ring();
}

static void run_sizes(uint64_t (*next)(uint64_t offset, size_t len))
{
    for (uint32_t size = PAGE; size <= SIZE_MAX_BYTES; size *= 2) {
        run_walk(size, false, next);
        run_walk(size, true, next);
    }
}

static void a_stream_agrees_with_the_model(void **state)
{
    (void)state;
    run_sizes(next_in_order);
}

static void what_is_close_agrees_with_the_model(void **state)
{
    (void)state;
    run_sizes(next_close_by);
}

static void what_is_scattered_agrees_with_the_model(void **state)
{
    (void)state;
    run_sizes(next_anywhere);
}

static void jumps_in_a_stream_agree_with_the_model(void **state)
{
    (void)state;
    run_sizes(next_mixed);
}

/* Wherever it begins, also where the ring wraps. */
static void a_few_bytes_in_a_large_lent_ring_cost_a_page(void **state)
{
    (void)state;
    open_ring(4 * MIB, true);
    for (uint64_t offset = 0; offset < 9 * MIB; offset += 37 * PAGE) {
        assert_int_equal(te_ring_cost_of(&ring, offset, 64), PAGE);
        assert_int_equal(te_ring_cost_of(&ring, offset + PAGE - 1, 2), 2 * PAGE);
        write_checked(offset, 64);
        assert_int_equal(te_ring_cost(&ring), PAGE);
        start_anew();
        assert_int_equal(te_ring_cost(&ring), 0);
    }
}

static void small_messages_cost_the_pages_they_wrote(void **state)
{
    (void)state;
    uint64_t offset = 3 * MIB + 100;
    open_ring(4 * MIB, true);
    for (unsigned i = 0; i < 1000; i++, offset += 64) {
        write_checked(offset, 64);
        assert_int_equal(te_ring_cost(&ring), written_in(PAGE));
    }
    assert_int_equal(te_ring_cost(&ring), 16 * PAGE);
}

/* Granules grow with what was written: from its first byte on a stream costs an eighth more than
 * its pages at most. */
static void a_long_stream_costs_little_more_than_its_pages(void **state)
{
    (void)state;
    for (uint32_t size = 512 * KIB; size <= SIZE_MAX_BYTES; size *= 2) {
        uint64_t from = (uint64_t)draw_below(size), offset = from;
        open_ring(size, true);
        for (uint32_t len = 20000; offset - from < size; offset += len) {
            write_checked(offset, len);
            assert_in_range(te_ring_cost(&ring), 0, written_in(PAGE) + written_in(PAGE) / 8);
        }
        assert_int_equal(te_ring_cost(&ring), size);
        assert_true(ring.touched == UINT64_MAX); /* from here on writing is not watched */
        close_ring();
    }
}

/* One byte in each page, out of order: nothing of it is free. */
static void scattered_bytes_cost_their_pages(void **state)
{
    (void)state;
    uint32_t pages = 4 * MIB / PAGE;
    open_ring(4 * MIB, true);
    for (uint32_t i = 0; i < pages; i++) {
        write_checked((uint64_t)(i * 389 % pages) * PAGE + i % PAGE, 1); /* 389: prime to it */
        assert_in_range(te_ring_cost(&ring), (i + 1) * PAGE, 4 * MIB);
    }
    assert_int_equal(te_ring_cost(&ring), 4 * MIB);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_agrees_with_the_model),
        TEST(what_is_close_agrees_with_the_model),
        TEST(what_is_scattered_agrees_with_the_model),
        TEST(jumps_in_a_stream_agree_with_the_model),
        TEST(a_few_bytes_in_a_large_lent_ring_cost_a_page),
        TEST(small_messages_cost_the_pages_they_wrote),
        TEST(a_long_stream_costs_little_more_than_its_pages),
        TEST(scattered_bytes_cost_their_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
