/* The memory of one response. */
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "support/test.h"

static void memory_is_zero_and_aligned(void **state)
{
    struct tcpc_arena *arena = tcpci_arena_new(1 << 20);
    (void)state;
    for (size_t size = 1; size < 300; size++) {
        unsigned char *memory = tcpci_arena_alloc(arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    tcpci_arena_free(arena);
}

/* Each piece keeps what was written to it, whatever is taken after it. */
static void pieces_do_not_overlap(void **state)
{
    enum { PIECES = 500 };
    struct tcpc_arena *arena = tcpci_arena_new(1 << 20);
    unsigned char *pieces[PIECES];
    (void)state;
    for (unsigned i = 0; i < PIECES; i++) {
        pieces[i] = tcpci_arena_alloc(arena, 1 + i);
        memset(pieces[i], (int)(i & 0xff), 1 + i);
    }
    for (unsigned i = 0; i < PIECES; i++)
        for (unsigned at = 0; at <= i; at++)
            assert_int_equal(pieces[i][at], i & 0xff);
    tcpci_arena_free(arena);
}

static void budget_is_kept_to_the_byte(void **state)
{
    struct tcpc_arena *arena = tcpci_arena_new(100);
    (void)state;
    assert_non_null(tcpci_arena_alloc(arena, 60));
    assert_null(tcpci_arena_alloc(arena, 41)); /* and takes nothing off it */
    assert_non_null(tcpci_arena_alloc(arena, 40));
    assert_null(tcpci_arena_alloc(arena, 1));
    assert_non_null(tcpci_arena_alloc(arena, 0));
    tcpci_arena_free(arena);
}

static void one_piece_may_take_the_whole_budget(void **state)
{
    struct tcpc_arena *arena = tcpci_arena_new(1 << 20);
    (void)state;
    unsigned char *memory = tcpci_arena_alloc(arena, 1 << 20);
    assert_non_null(memory);
    assert_int_equal(memory[(1 << 20) - 1], 0);
    tcpci_arena_free(arena);
}

static void array_that_overflows_is_refused(void **state)
{
    struct tcpc_arena *arena = tcpci_arena_new(1 << 20);
    (void)state;
    assert_null(tcpci_arena_array(arena, SIZE_MAX / 8 + 2, 8)); /* 8 bytes, modulo 2^64 */
    assert_null(tcpci_arena_array(arena, 8, SIZE_MAX / 8 + 2));
    assert_non_null(tcpci_arena_array(arena, 0, 8));
    assert_non_null(tcpci_arena_array(arena, 8, 0));
    assert_non_null(tcpci_arena_array(arena, (1 << 20) / 8, 8));
    tcpci_arena_free(arena);
}

static void adopted_memory_outlives_its_arena(void **state)
{
    struct tcpc_arena *into = tcpci_arena_new(1000), *from = tcpci_arena_new(10000);
    (void)state;
    char *own = tcpci_arena_alloc(into, 600);
    char *other = tcpci_arena_alloc(from, 5000);
    memset(own, 'a', 600);
    memset(other, 'b', 5000);
    tcpci_arena_adopt(into, from);
    assert_int_equal(other[4999], 'b');
    assert_null(tcpci_arena_alloc(into, 401)); /* the budget is into's own */
    char *after = tcpci_arena_alloc(into, 400);
    assert_non_null(after);
    memset(after, 'c', 400);
    assert_int_equal(own[599], 'a');
    assert_int_equal(other[0], 'b');
    tcpci_arena_free(into);
}

/* As the pages of a list are: into goes on allocating where it was. */
static void many_arenas_can_be_adopted(void **state)
{
    enum { PAGES = 1000, PAGE_BYTES = 9000 };
    struct tcpc_arena *into = tcpci_arena_new(1000);
    char *pages[PAGES];
    (void)state;
    char *first = tcpci_arena_alloc(into, 16);
    for (int i = 0; i < PAGES; i++) {
        struct tcpc_arena *from = tcpci_arena_new(2 * PAGE_BYTES);
        pages[i] = tcpci_arena_alloc(from, PAGE_BYTES);
        tcpci_arena_alloc(from, PAGE_BYTES); /* in a block of its own */
        memset(pages[i], 'a' + i % 26, PAGE_BYTES);
        tcpci_arena_adopt(into, from);
    }
    assert_ptr_equal(tcpci_arena_alloc(into, 16), first + 16);
    for (int i = 0; i < PAGES; i++) {
        assert_int_equal(pages[i][0], 'a' + i % 26);
        assert_int_equal(pages[i][PAGE_BYTES - 1], 'a' + i % 26);
    }
    tcpci_arena_free(into);
}

static void empty_arena_can_be_adopted(void **state)
{
    struct tcpc_arena *into = tcpci_arena_new(10);
    (void)state;
    tcpci_arena_adopt(into, tcpci_arena_new(10));
    assert_non_null(tcpci_arena_alloc(into, 10));
    tcpci_arena_free(into);
    tcpci_arena_free(NULL);
}

static void allocator_takes_from_the_budget(void **state)
{
    struct tcpc_arena *arena = tcpci_arena_new(100);
    ProtobufCAllocator allocator = tcpci_arena_allocator(arena);
    (void)state;
    void *memory = allocator.alloc(allocator.allocator_data, 80);
    assert_non_null(memory);
    allocator.free(allocator.allocator_data, memory);
    assert_null(allocator.alloc(allocator.allocator_data, 80));
    tcpci_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_and_aligned),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(budget_is_kept_to_the_byte),
        cmocka_unit_test(one_piece_may_take_the_whole_budget),
        cmocka_unit_test(array_that_overflows_is_refused),
        cmocka_unit_test(adopted_memory_outlives_its_arena),
        cmocka_unit_test(many_arenas_can_be_adopted),
        cmocka_unit_test(empty_arena_can_be_adopted),
        cmocka_unit_test(allocator_takes_from_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
