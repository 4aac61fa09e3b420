#include <stdlib.h>
#include <string.h>

#include "support/heap.h"
#include "support/test.h"
#include "tcp/loss/sent_map.h"
#include "util/seq.h"

#define MSS 100u
#define START 0xffffff00u /* so that numbers wrap in every test */

static struct heap heap;
static struct te_allocator allocator;
static struct te_sent_map map;
static uint32_t una, nxt;
static uint32_t delivered_bytes;
static unsigned delivered_count;

static void on_delivered(void *ctx, const struct te_sent *sent, uint32_t bytes)
{
    (void)ctx;
    assert_true(sent->state != TE_SENT_SACKED);
    delivered_bytes += bytes;
    delivered_count++;
}

static const struct te_sent_visitor visitor = {on_delivered, NULL};

static int setup(void **state)
{
    (void)state;
    allocator = heap_init(&heap);
    delivered_bytes = delivered_count = 0;
    una = nxt = START;
    te_sent_map_init(&map);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_sent_map_done(&map, &allocator);
    return heap.held_bytes == 0 ? 0 : -1;
}

static void check(void)
{
    const char *wrong = te_sent_map_check(&map, una, nxt);
    if (wrong != NULL)
        fail_msg("%s", wrong);
}

static struct te_sent *send_bytes(uint32_t len, int64_t now_us)
{
    assert_true(te_sent_map_reserve(&map, &allocator));
    struct te_sent *sent =
        te_sent_map_append(&map, nxt, nxt + len, (uint16_t)((len + MSS - 1) / MSS), now_us);
    nxt += len;
    check();
    return sent;
}

static void send_segments(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        send_bytes(MSS, i);
}

static void sack(uint32_t from, uint32_t to)
{
    struct te_sent_sack block = {START + from, START + to, MSS};
    te_sent_map_sack(&map, &block, &allocator, &visitor);
    check();
}

static void ack(uint32_t to)
{
    una = START + to;
    te_sent_map_ack(&map, una, &allocator, &visitor);
    check();
}

/* --- each operation --------------------------------------------------------------------------- */

static void everything_is_acknowledged_at_once(void **state)
{
    (void)state;
    send_segments(5);
    assert_int_equal(map.in_flight_bytes, 500);
    ack(500);
    assert_int_equal(map.count, 0);
    assert_int_equal(delivered_bytes, 500);
}

static void ack_within_a_record_trims_it(void **state)
{
    (void)state;
    send_bytes(1000, 7);
    ack(350);
    assert_int_equal(map.count, 1);
    assert_int_equal(map.in_flight_bytes, 650);
    assert_int_equal(delivered_bytes, 350);
    ack(1000);
    assert_int_equal(delivered_bytes, 1000);
}

static void sack_counts_each_byte_once(void **state)
{
    (void)state;
    send_segments(10);
    sack(200, 400);
    sack(200, 500);
    sack(200, 500);
    assert_int_equal(delivered_bytes, 300);
    assert_int_equal(map.sacked_bytes, 300);
    assert_int_equal(map.sacked_segments, 3);
    assert_int_equal(map.in_flight_bytes, 700);
    assert_int_equal(map.highest_sacked, START + 500);
    assert_int_equal(map.count, 8); /* the three are one */
    ack(1000);
    assert_int_equal(delivered_bytes, 1000);
}

static void sack_of_all_but_the_first_merges_to_one(void **state)
{
    (void)state;
    send_segments(100);
    for (uint32_t i = 99; i > 0; i--)
        sack(i * MSS, 10000);
    assert_int_equal(map.count, 2);
    for (uint32_t i = 1; i < 100; i += 2)
        sack(i * MSS, (i + 1) * MSS);
    assert_int_equal(map.count, 2);
    assert_int_equal(delivered_bytes, 9900);
}

/* 64 KiB at once, SACKed in part: cut at whole segments, inwards. */
static void large_record_is_split_at_segments(void **state)
{
    (void)state;
    struct te_sent *sent = send_bytes(10 * MSS, 3);
    assert_int_equal(sent->segments, 10);
    sack(250, 770);
    assert_int_equal(map.sacked_bytes, 400); /* 300 to 700 */
    assert_int_equal(map.sacked_segments, 4);
    assert_int_equal(map.count, 3);
    assert_int_equal(te_sent_map_find(&map, START + 299)->end, START + 300);
    assert_int_equal(te_sent_map_find(&map, START + 700)->start, START + 700);
    assert_int_equal(te_sent_map_find(&map, START + 700)->sent_at_us, 3);
    assert_int_equal(te_sent_map_find(&map, START + 700)->segments, 3);
}

/* CVE-2019-11477 and -11478: blocks of a byte split nothing. */
static void crumbs_of_sack_split_nothing(void **state)
{
    (void)state;
    send_bytes(600 * MSS, 0);
    for (uint32_t i = 0; i < 600 * MSS; i += 2)
        sack(i, i + 1);
    assert_int_equal(map.count, 1);
    assert_int_equal(map.sacked_bytes, 0);
    sack(600 * MSS - 1, 600 * MSS); /* the last byte alone is no segment either */
    assert_int_equal(map.count, 1);
}

static void without_memory_nothing_is_split(void **state)
{
    (void)state;
    send_bytes(10 * MSS, 0);
    heap.allocations_left = 0;
    sack(300, 700);
    assert_int_equal(map.sacked_bytes, 0);
    assert_false(te_sent_map_reserve(&map, &allocator));
    heap.allocations_left = -1;
    sack(300, 700);
    assert_int_equal(map.sacked_bytes, 400);
}

static void lost_is_sent_again_lowest_first(void **state)
{
    (void)state;
    send_segments(6);
    te_sent_map_mark_lost(&map, te_sent_map_find(&map, START + 400));
    te_sent_map_mark_lost(&map, te_sent_map_find(&map, START + 100));
    assert_int_equal(map.lost_bytes, 200);
    assert_int_equal(map.in_flight_bytes, 400);
    struct te_sent *first = te_sent_map_first_lost(&map);
    assert_int_equal(first->start, START + 100);
    te_sent_map_resent(&map, first, 50);
    check();
    assert_int_equal(first->transmissions, 2);
    assert_int_equal(te_sent_map_first_lost(&map)->start, START + 400);
    /* What was sent again is the youngest. */
    struct te_sent *sent = te_sent_map_oldest(&map);
    while (te_sent_map_younger(&map, sent) != NULL)
        sent = te_sent_map_younger(&map, sent);
    assert_ptr_equal(sent, first);
}

static void undone_losses_take_their_place_in_time(void **state)
{
    (void)state;
    send_segments(6);
    te_sent_map_resent(&map, te_sent_map_find(&map, START), 20);
    for (uint32_t i = 0; i < 600; i += 200)
        te_sent_map_mark_lost(&map, te_sent_map_find(&map, START + i));
    te_sent_map_unmark_lost(&map);
    check(); /* the order by time, among others */
    assert_int_equal(map.lost_bytes, 0);
    assert_int_equal(te_sent_map_oldest(&map)->start, START + 100);
}

static void crumbs_that_are_lost_are_joined(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++)
        te_sent_map_mark_lost(&map, send_bytes(30, i));
    struct te_sent_joint joint = {MSS, START};
    te_sent_map_join_lost(&map, &joint, &allocator);
    check();
    assert_int_equal(te_sent_len(te_sent_map_first_lost(&map)), 90);
    assert_int_equal(map.lost_bytes, 180);
}

/* A FIN takes a number, and no room. */
static void fin_joins_a_full_segment(void **state)
{
    (void)state;
    te_sent_map_mark_lost(&map, send_bytes(MSS, 0));
    te_sent_map_mark_lost(&map, send_bytes(1, 0));
    struct te_sent_joint joint = {MSS, START};
    te_sent_map_join_lost(&map, &joint, &allocator);
    assert_int_equal(map.count, 2);
    joint.fin_end = nxt;
    te_sent_map_join_lost(&map, &joint, &allocator);
    assert_int_equal(map.count, 1);
}

static void reneged_records_are_lost(void **state)
{
    (void)state;
    send_segments(5);
    sack(100, 300);
    te_sent_map_renege(&map);
    check();
    assert_int_equal(map.sacked_bytes, 0);
    assert_int_equal(map.lost_bytes, 200);
}

/* When their ACK comes after all, it says nothing about the round trip (Karn). */
static void reneged_records_count_as_sent_again(void **state)
{
    (void)state;
    send_segments(5);
    sack(100, 300);
    te_sent_map_renege(&map);
    for (struct te_sent *sent = te_sent_map_first(&map); sent != NULL;
         sent = te_sent_map_next(sent))
        assert_int_equal(sent->transmissions, sent->state == TE_SENT_LOST ? 2 : 1);
}

static void truncated_map_ends_earlier(void **state)
{
    (void)state;
    send_segments(5);
    sack(300, 400);
    nxt = START + 250;
    te_sent_map_truncate(&map, nxt, &allocator);
    check();
    assert_int_equal(map.in_flight_bytes, 250);
    assert_int_equal(map.sacked_bytes, 0);
}

/* --- against a map of bytes ------------------------------------------------------------------- */

#define BYTES 6000u

static uint8_t state_of[BYTES]; /* 0: gone, else 1 + enum te_sent_state */
static uint32_t delivered_twin;

static uint32_t next_random(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return *random >> 8;
}

/* The same rule of whole segments, byte by byte of each record. */
static void sack_twin(uint32_t from, uint32_t to)
{
    const struct te_sent *sent = te_sent_map_first(&map);
    for (; sent != NULL; sent = te_sent_map_next(sent)) {
        uint32_t base = sent->start - START;
        uint32_t len = te_sent_len(sent);
        if (sent->state == TE_SENT_SACKED)
            continue;
        for (uint32_t at = 0; at < len; at += MSS) {
            uint32_t end = at + MSS < len ? at + MSS : len;
            for (uint32_t i = at; base + at >= from && base + end <= to && i < end; i++) {
                state_of[base + i] = 1 + TE_SENT_SACKED;
                delivered_twin++;
            }
        }
    }
}

static void compare_with_twin(void)
{
    uint32_t sums[4] = {0};
    for (uint32_t i = 0; i < BYTES; i++)
        sums[state_of[i]]++;
    assert_int_equal(map.in_flight_bytes, sums[1 + TE_SENT_IN_FLIGHT]);
    assert_int_equal(map.lost_bytes, sums[1 + TE_SENT_LOST]);
    assert_int_equal(map.sacked_bytes, sums[1 + TE_SENT_SACKED]);
    assert_int_equal(delivered_bytes, delivered_twin);
    check();
}

static void mark_twin(const struct te_sent *sent, enum te_sent_state state)
{
    memset(state_of + (sent->start - START), 1 + (int)state, te_sent_len(sent));
}

static void one_random_step(uint32_t *random, int64_t now_us)
{
    uint32_t flight = nxt - una;
    struct te_sent *sent;
    switch (next_random(random) % 6) {
    case 0:
    case 1:
        if (nxt - START + 10 * MSS < BYTES)
            mark_twin(send_bytes(1 + next_random(random) % (10 * MSS), now_us), TE_SENT_IN_FLIGHT);
        break;
    case 2: {
        uint32_t from = una - START + (flight > 0 ? next_random(random) % flight : 0);
        uint32_t to = from + next_random(random) % (8 * MSS);
        sack_twin(from, to);
        sack(from, to);
        break;
    }
    case 3:
        sent = te_sent_map_oldest(&map);
        if (sent != NULL) {
            mark_twin(sent, TE_SENT_LOST);
            te_sent_map_mark_lost(&map, sent);
        }
        break;
    case 4:
        sent = te_sent_map_first_lost(&map);
        if (sent != NULL) {
            mark_twin(sent, TE_SENT_IN_FLIGHT);
            te_sent_map_resent(&map, sent, now_us);
        }
        break;
    default: {
        uint32_t to = una - START + (flight > 0 ? next_random(random) % flight / 4 : 0);
        for (uint32_t i = una - START; i < to; i++) {
            delivered_twin += state_of[i] != 1 + TE_SENT_SACKED;
            state_of[i] = 0;
        }
        ack(to);
        break;
    }
    }
}

static void random_life_equals_a_map_of_bytes(void **state)
{
    for (uint32_t seed = 1; seed <= 60; seed++) {
        uint32_t random = seed;
        setup(state);
        memset(state_of, 0, sizeof(state_of));
        delivered_twin = 0;
        for (int64_t step = 0; step < 400; step++) {
            one_random_step(&random, step);
            compare_with_twin();
        }
        te_sent_map_done(&map, &allocator);
        assert_int_equal(heap.held_bytes, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_is_acknowledged_at_once),
        TEST(ack_within_a_record_trims_it),
        TEST(sack_counts_each_byte_once),
        TEST(sack_of_all_but_the_first_merges_to_one),
        TEST(large_record_is_split_at_segments),
        TEST(crumbs_of_sack_split_nothing),
        TEST(without_memory_nothing_is_split),
        TEST(lost_is_sent_again_lowest_first),
        TEST(undone_losses_take_their_place_in_time),
        TEST(crumbs_that_are_lost_are_joined),
        TEST(fin_joins_a_full_segment),
        TEST(reneged_records_are_lost),
        TEST(reneged_records_count_as_sent_again),
        TEST(truncated_map_ends_earlier),
        TEST(random_life_equals_a_map_of_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
