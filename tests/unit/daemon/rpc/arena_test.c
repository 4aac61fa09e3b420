#include <stdalign.h>
#include <string.h>

#include "rpc/arena.h"
#include "support/test.h"

#define ALIGNMENT alignof(max_align_t)
#define SIZE (8 * ALIGNMENT)

static int setup(void **state)
{
    static struct arena arena;
    assert_true(arena_init(&arena, SIZE));
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_done(*state);
    return 0;
}

static void test_pieces_are_zeroed_aligned_and_apart(void **state)
{
    static const uint8_t zero[ALIGNMENT];
    struct arena *arena = *state;
    memset(arena->block, 0xff, SIZE);
    uint8_t *last_end = arena->block;
    for (size_t size = 1; size <= 4; size++) {
        uint8_t *piece = arena_alloc(arena, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % ALIGNMENT, 0);
        assert_true(piece >= last_end);
        assert_memory_equal(piece, zero, size);
        memset(piece, 0xff, size);
        last_end = piece + size;
    }
    assert_int_equal(arena_left(arena), SIZE - 4 * ALIGNMENT);
}

static void test_block_can_be_used_to_its_last_byte(void **state)
{
    struct arena *arena = *state;
    assert_non_null(arena_alloc(arena, SIZE - ALIGNMENT));
    assert_null(arena_alloc(arena, ALIGNMENT + 1));
    assert_int_equal(arena_left(arena), ALIGNMENT); /* a refusal takes nothing */
    assert_non_null(arena_alloc(arena, ALIGNMENT));
    assert_int_equal(arena_left(arena), 0);
    assert_null(arena_alloc(arena, 1));
    assert_null(arena_alloc(arena, SIZE_MAX));
}

/* The block need not be a multiple of the alignment: rounding up must not pass its end. */
static void test_odd_size_never_overruns(void **state)
{
    struct arena arena;
    (void)state;
    assert_true(arena_init(&arena, ALIGNMENT + 3));
    assert_non_null(arena_alloc(&arena, ALIGNMENT + 1));
    assert_int_equal(arena_left(&arena), 0);
    assert_null(arena_alloc(&arena, 1));
    arena_done(&arena);
    assert_null(arena.block);
    assert_int_equal(arena_left(&arena), 0);
}

static void test_reset_takes_everything_back(void **state)
{
    struct arena *arena = *state;
    void *first = arena_alloc(arena, SIZE);
    memset(first, 0xff, SIZE);
    arena_reset(arena);
    assert_int_equal(arena_left(arena), SIZE);
    uint8_t *again = arena_alloc(arena, 1);
    assert_ptr_equal(again, first);
    assert_int_equal(*again, 0);
}

static void test_text_is_copied_with_its_end(void **state)
{
    struct arena *arena = *state;
    char text[] = "RST from peer";
    char *copy = arena_copy_text(arena, text);
    text[0] = 'x';
    assert_string_equal(copy, "RST from peer");
    assert_string_equal(arena_copy_text(arena, ""), "");
    arena_reset(arena);
    char fits[SIZE], too_long[SIZE + 1];
    memset(fits, 'a', sizeof(fits));
    memset(too_long, 'a', sizeof(too_long));
    fits[SIZE - 1] = too_long[SIZE] = '\0';
    assert_null(arena_copy_text(arena, too_long)); /* no room for the NUL */
    assert_string_equal(arena_copy_text(arena, fits), fits);
}

static void test_protobuf_allocates_here_and_frees_nothing(void **state)
{
    struct arena *arena = *state;
    ProtobufCAllocator allocator = arena_protobuf_allocator(arena);
    void *piece = allocator.alloc(allocator.allocator_data, ALIGNMENT);
    assert_ptr_equal(piece, arena->block);
    allocator.free(allocator.allocator_data, piece);
    assert_int_equal(arena_left(arena), SIZE - ALIGNMENT);
    assert_null(allocator.alloc(allocator.allocator_data, SIZE)); /* the budget of a decode */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pieces_are_zeroed_aligned_and_apart),
        TEST(test_block_can_be_used_to_its_last_byte),
        TEST(test_odd_size_never_overruns),
        TEST(test_reset_takes_everything_back),
        TEST(test_text_is_copied_with_its_end),
        TEST(test_protobuf_allocates_here_and_frees_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
