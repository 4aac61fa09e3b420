#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "util/ring.h"

#define CONN_ID 4711u

/* A host memory that keeps the account, checks who asks, and refuses on demand. */
struct host {
    unsigned reserves, grows, releases;
    size_t held_bytes;
    bool is_refusing;
};

static struct host host;

static uint8_t *host_reserve(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes)
{
    struct host *h = ctx;
    assert_int_equal(conn_id, CONN_ID);
    assert_true(is_send);
    if (h->is_refusing)
        return NULL;
    h->reserves++;
    h->held_bytes += size_bytes;
    return malloc(size_bytes);
}

static uint8_t *host_grow(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes,
                          size_t new_bytes)
{
    struct host *h = ctx;
    assert_int_equal(conn_id, CONN_ID);
    assert_true(is_send);
    assert_true(new_bytes > old_bytes);
    assert_int_equal(h->held_bytes, old_bytes);
    if (h->is_refusing)
        return NULL;
    h->grows++;
    h->held_bytes += new_bytes;
    return malloc(new_bytes);
}

static void host_release(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region,
                         size_t size_bytes)
{
    struct host *h = ctx;
    assert_int_equal(conn_id, CONN_ID);
    assert_true(is_send);
    assert_true(h->held_bytes >= size_bytes);
    h->releases++;
    h->held_bytes -= size_bytes;
    memset(region, 0xdd, size_bytes);
    free(region);
}

static const struct te_buffer_memory memory = {&host, host_reserve, host_grow, host_release,
                                               0,     NULL,         NULL};
static const struct te_ring_owner owner = {&memory, CONN_ID, true};
static struct te_ring ring;

static int setup(void **state)
{
    (void)state;
    memset(&host, 0, sizeof(host));
    memset(&ring, 0, sizeof(ring));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_ring_release(&ring, &owner);
    return host.held_bytes == 0 ? 0 : -1;
}

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 131 + (offset >> 8));
}

static void write_stream(uint64_t from, uint64_t to)
{
    uint8_t data[4096];
    assert_true(to - from <= sizeof(data));
    for (uint64_t i = from; i < to; i++)
        data[i - from] = byte_at(i);
    te_ring_write(&ring, from, data, (size_t)(to - from));
}

static void assert_stream(uint64_t from, uint64_t to)
{
    struct te_iovec iov[2];
    unsigned count = te_ring_read(&ring, from, (size_t)(to - from), iov);
    uint64_t offset = from;
    assert_true(count <= 2);
    for (unsigned i = 0; i < count; i++) {
        assert_true(iov[i].len > 0);
        assert_true(iov[i].base >= ring.region);
        assert_true(iov[i].base + iov[i].len <= ring.region + te_ring_size(&ring));
        for (size_t k = 0; k < iov[i].len; k++)
            assert_int_equal(iov[i].base[k], byte_at(offset++));
    }
    assert_int_equal(offset, to);
}

static void test_first_region(void **state)
{
    (void)state;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 1, 16, 1024, NULL}));
    assert_int_equal(te_ring_size(&ring), 16);
    assert_int_equal(host.reserves, 1);
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 16, 16, 1024, NULL}));
    assert_int_equal(te_ring_size(&ring), 16);
    assert_int_equal(host.grows, 0);
}

static void test_sizes_double(void **state)
{
    (void)state;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 17, 16, 1024, NULL}));
    assert_int_equal(te_ring_size(&ring), 32);
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 33, 16, 1024, NULL}));
    assert_int_equal(te_ring_size(&ring), 64);
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 1000, 16, 1024, NULL}));
    assert_int_equal(te_ring_size(&ring), 1024);
    assert_int_equal(host.reserves, 1);
    assert_int_equal(host.grows, 2);
    assert_int_equal(host.releases, 2);
}

static void test_limits_are_rounded_up(void **state)
{
    (void)state;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 1, 100, 600, NULL}));
    assert_int_equal(te_ring_size(&ring), 128);
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 600, 100, 600, NULL}));
    assert_int_equal(te_ring_size(&ring), 1024);
    assert_false(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 1025, 100, 600, NULL}));
}

static void test_initial_over_max(void **state)
{
    (void)state;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 1, 4096, 64, NULL}));
    assert_int_equal(te_ring_size(&ring), 64);
}

static void test_too_much(void **state)
{
    (void)state;
    assert_false(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 1025, 16, 1024, NULL}));
    assert_null(ring.region);
    assert_false(te_ring_grow(&ring, &owner,
                              &(struct te_ring_growth){0, 0, UINT32_MAX, 16, UINT32_MAX, NULL}));
    assert_int_equal(host.reserves, 0);
}

static void test_refusal_changes_nothing(void **state)
{
    (void)state;
    host.is_refusing = true;
    assert_false(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 1, 16, 1024, NULL}));
    assert_null(ring.region);
    assert_int_equal(te_ring_size(&ring), 0);
    host.is_refusing = false;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 16, 16, 1024, NULL}));
    write_stream(5, 21);
    host.is_refusing = true;
    assert_false(te_ring_grow(&ring, &owner, &(struct te_ring_growth){5, 21, 17, 16, 1024, NULL}));
    assert_int_equal(te_ring_size(&ring), 16);
    assert_stream(5, 21);
}

static void test_release_twice(void **state)
{
    (void)state;
    te_ring_release(&ring, &owner);
    assert_int_equal(host.releases, 0);
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 1, 16, 1024, NULL}));
    te_ring_release(&ring, &owner);
    te_ring_release(&ring, &owner);
    assert_int_equal(host.releases, 1);
    assert_null(ring.region);
    assert_int_equal(te_ring_size(&ring), 0);
    assert_int_equal(host.held_bytes, 0);
}

static void test_pieces(void **state)
{
    struct te_iovec iov[2];
    (void)state;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 64, 64, 64, NULL}));
    assert_int_equal(te_ring_read(&ring, 10, 0, iov), 0);
    assert_int_equal(te_ring_read(&ring, 0, 64, iov), 1);
    assert_ptr_equal(iov[0].base, ring.region);
    assert_int_equal(iov[0].len, 64);
    assert_int_equal(te_ring_read(&ring, 128 + 60, 4, iov), 1);
    assert_ptr_equal(iov[0].base, ring.region + 60);
    assert_int_equal(te_ring_read(&ring, 128 + 60, 5, iov), 2);
    assert_int_equal(iov[0].len, 4);
    assert_ptr_equal(iov[1].base, ring.region);
    assert_int_equal(iov[1].len, 1);
}

static void test_bytes_survive_growth(void **state)
{
    const uint64_t bases[] = {0, 1, 15, 16, 31, 47, (UINT64_C(1) << 32) - 5, UINT64_C(1) << 40};
    (void)state;
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        te_ring_release(&ring, &owner);
        for (uint32_t size = 16; size <= 2048; size *= 2) {
            uint64_t from = bases[i], to = from + size;
            assert_true(te_ring_grow(
                &ring, &owner,
                &(struct te_ring_growth){from, from + size / 2, size, 16, 2048, NULL}));
            if (size > 16)
                assert_stream(from, from + size / 2);
            write_stream(from, to);
            assert_stream(from, to);
        }
    }
}

/* A stream runs through a small ring in pieces of every size. */
static void test_stream_runs_through(void **state)
{
    uint64_t read = 0, written = 0;
    (void)state;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 32, 32, 32, NULL}));
    for (uint64_t step = 0; step < 2000; step++) {
        uint64_t room = 32 - (written - read), more = step * 7 % 33;
        more = more < room ? more : room;
        write_stream(written, written + more);
        written += more;
        uint64_t less = step * 5 % 31;
        less = less < written - read ? less : written - read;
        assert_stream(read, read + less);
        read += less;
        assert_stream(read, written);
    }
    assert_true(read > 10000);
}

/* Wherever a stream that ran empty begins again, every byte comes out as it went in. */
static void test_restart(void **state)
{
    struct te_iovec iov[2];
    (void)state;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 32, 32, 64, NULL}));
    for (uint64_t start = UINT32_MAX - 70; start < UINT64_C(0x100000100); start++) {
        te_ring_restart(&ring, start);
        write_stream(start, start + 32);
        assert_int_equal(te_ring_read(&ring, start, 32, iov), 1);
        assert_ptr_equal(iov[0].base, ring.region);
        assert_stream(start, start + 32);
        write_stream(start + 32, start + 40);
        assert_stream(start + 8, start + 40);
    }
}

static void test_growth_after_restart(void **state)
{
    (void)state;
    assert_true(te_ring_grow(&ring, &owner, &(struct te_ring_growth){0, 0, 16, 16, 64, NULL}));
    te_ring_restart(&ring, 1003);
    write_stream(1003, 1019);
    struct te_ring_growth growth = {1003, 1019, 17, 16, 64, NULL};
    assert_true(te_ring_grow(&ring, &owner, &growth));
    assert_stream(1003, 1019);
    write_stream(1019, 1035);
    assert_stream(1003, 1035);
}

/* Its user writes where it says, counting from zero. */
static void test_lent_rings_do_not_restart(void **state)
{
    uint8_t region[32];
    struct te_ring_growth content = {100, 100, 0, 0, 0, NULL};
    (void)state;
    assert_true(te_ring_lend(&ring, &owner, &content, region, sizeof(region)));
    te_ring_restart(&ring, 100);
    write_stream(100, 101);
    assert_int_equal(region[100 % sizeof(region)], byte_at(100));
}

static unsigned copies, copied_bytes;

static void host_copy(uint8_t *to, const uint8_t *from, size_t len)
{
    copies += len > 0;
    copied_bytes += (unsigned)len;
    memcpy(to, from, len);
}

static void receive_stream(const struct te_buffer_memory *from_host, uint64_t from, uint64_t to)
{
    uint8_t data[64];
    for (uint64_t i = from; i < to; i++)
        data[i - from] = byte_at(i);
    te_ring_receive(&ring, from_host, from, data, (size_t)(to - from));
}

/* The host's copy is for a region of its own, of which it knows who reads it. */
static void test_received_by_the_hosts_copy(void **state)
{
    static uint8_t region[64];
    struct te_buffer_memory with_copy = memory;
    struct te_ring_growth content = {
        .from = 0, .to = 8, .need_bytes = 8, .initial_bytes = 16, .max_bytes = 64};
    (void)state;
    with_copy.copy_lent = host_copy;
    copies = copied_bytes = 0;
    assert_true(te_ring_grow(&ring, &owner, &content));
    receive_stream(&with_copy, 0, 8); /* a region that is not the host's */
    assert_int_equal(copies, 0);
    assert_true(te_ring_lend(&ring, &owner, &content, region, sizeof(region)));
    receive_stream(&with_copy, 8, 40);
    assert_true(copies == 1 && copied_bytes == 32);
    receive_stream(&with_copy, 40, 72); /* in two pieces */
    assert_true(copies == 3 && copied_bytes == 64);
    assert_stream(8, 72);
    receive_stream(&memory, 72, 80); /* a host without */
    assert_int_equal(copies, 3);
    assert_stream(16, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_region, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sizes_double, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits_are_rounded_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_initial_over_max, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_much, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusal_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_release_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_received_by_the_hosts_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bytes_survive_growth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream_runs_through, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_growth_after_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lent_rings_do_not_restart, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
