#include <string.h>

#include "relay_line.h"
#include "relay_path.h"
#include "support/test.h"

#define FRAME_BYTES 1250u /* 100 us at 100 Mbit/s */
#define US INT64_C(1000)
#define TCP_FLAGS_AT 47u
#define SYN 0x02u
#define ACK 0x10u

static void frame_make(uint8_t *frame, uint8_t flags)
{
    memset(frame, 0, FRAME_BYTES);
    frame[12] = 0x08;
    frame[14] = 0x45;
    frame[23] = 6;
    frame[TCP_FLAGS_AT] = flags;
}

static struct path path_100_mbit(void)
{
    return (struct path){.config = {.seed = 1,
                                    .rate_bps = 100000000,
                                    .queue_bytes = 10 * FRAME_BYTES,
                                    .delay_ns = 5000 * US,
                                    .reorder_ns = 2500 * US}};
}

/* When a segment that arrives at arrival_ns leaves; -1 if it is lost, -2 if the queue is full. */
static int64_t leaves_at(struct path *path, int64_t arrival_ns)
{
    uint8_t frame[FRAME_BYTES];
    int64_t at_ns;
    frame_make(frame, ACK);
    enum path_fate fate = path_input(path, frame, sizeof(frame), arrival_ns, &at_ns);
    return fate == PATH_PASSED ? at_ns : -(int64_t)fate;
}

static void frame_waits_for_link_and_delay(void **state)
{
    (void)state;
    struct path path = path_100_mbit();
    assert_int_equal(leaves_at(&path, 1000 * US), 6100 * US);
    assert_int_equal(leaves_at(&path, 1000 * US), 6200 * US);
    assert_int_equal(leaves_at(&path, 1050 * US), 6300 * US);
    assert_int_equal(leaves_at(&path, 9000 * US), 14100 * US);
    assert_int_equal(path.queue_max_ns, 150 * US);
    assert_int_equal(path.passed_bytes, 4 * FRAME_BYTES);
}

static void queue_drops_the_last_to_come(void **state)
{
    (void)state;
    struct path path = path_100_mbit();
    for (int64_t i = 1; i <= 10; i++)
        assert_int_equal(leaves_at(&path, 0), (5000 + 100 * i) * US);
    assert_int_equal(leaves_at(&path, 0), -PATH_OVERFLOWED);
    assert_int_equal(leaves_at(&path, 99 * US), -PATH_OVERFLOWED);
    assert_int_equal(leaves_at(&path, 100 * US), 6100 * US);
    assert_int_equal(path.overflowed, 2);
}

static void loss_is_by_seed_and_direction(void **state)
{
    (void)state;
    struct path paths[4];
    unsigned differences[4] = {0}, lost = 0;
    for (unsigned i = 0; i < 4; i++) {
        paths[i] = path_100_mbit();
        paths[i].config.loss_ppm = 100000;
    }
    paths[2].config.seed = 2;
    paths[3].config.direction = 1;
    for (int64_t k = 0; k < 10000; k++) {
        bool is_lost = leaves_at(&paths[0], k * 100 * US) == -PATH_LOST;
        lost += is_lost;
        for (unsigned i = 1; i < 4; i++)
            differences[i] += (leaves_at(&paths[i], k * 200 * US) == -PATH_LOST) != is_lost;
    }
    assert_in_range(lost, 900, 1100);
    assert_int_equal(paths[0].lost, lost);
    assert_int_equal(differences[1], 0); /* different times, same fate */
    assert_in_range(differences[2], 1500, 2100);
    assert_in_range(differences[3], 1500, 2100);
}

static void reordered_frames_come_later_by_the_same(void **state)
{
    (void)state;
    struct path path = path_100_mbit();
    unsigned late = 0;
    path.config.reorder_ppm = 50000;
    for (int64_t k = 0; k < 10000; k++) {
        int64_t took_ns = leaves_at(&path, k * 100 * US) - k * 100 * US;
        assert_true(took_ns == 5100 * US || took_ns == 7600 * US);
        late += took_ns == 7600 * US;
    }
    assert_in_range(late, 400, 600);
    assert_int_equal(path.reordered, late);
}

static void only_segments_after_the_opening_suffer(void **state)
{
    (void)state;
    struct path path = path_100_mbit();
    uint8_t frame[FRAME_BYTES];
    int64_t at_ns = 0;
    path.config.loss_ppm = PATH_MILLION;
    frame_make(frame, SYN);
    assert_int_equal(path_input(&path, frame, sizeof(frame), 0, &at_ns), PATH_PASSED);
    frame_make(frame, SYN | ACK);
    assert_int_equal(path_input(&path, frame, sizeof(frame), 0, &at_ns), PATH_PASSED);
    frame_make(frame, ACK);
    frame[13] = 0x06; /* ARP */
    assert_int_equal(path_input(&path, frame, sizeof(frame), 0, &at_ns), PATH_PASSED);
    frame_make(frame, ACK);
    frame[23] = 17; /* UDP */
    assert_int_equal(path_input(&path, frame, sizeof(frame), 0, &at_ns), PATH_PASSED);
    assert_int_equal(path.segments, 0);
    assert_int_equal(leaves_at(&path, 0), -PATH_LOST);
    assert_false(path_is_counted(frame, TCP_FLAGS_AT));
}

static void line_gives_back_in_order_of_time(void **state)
{
    (void)state;
    struct line line;
    assert_true(line_init(&line));
    for (uint32_t i = 0; i < LINE_FRAMES_MAX; i++) {
        struct line_frame *room = line_room(&line);
        room->at_ns = i * 7919 % 1000;
        room->len = i;
        line_push(&line);
    }
    assert_null(line_room(&line));
    int64_t last_ns = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < LINE_FRAMES_MAX; i++) {
        const struct line_frame *first = line_first(&line);
        assert_true(first->at_ns > last_ns || (first->at_ns == last_ns && first->len >= last));
        last_ns = first->at_ns;
        last = first->len;
        line_pop(&line);
    }
    assert_null(line_first(&line));
    line_done(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_waits_for_link_and_delay),
        cmocka_unit_test(queue_drops_the_last_to_come),
        cmocka_unit_test(loss_is_by_seed_and_direction),
        cmocka_unit_test(reordered_frames_come_later_by_the_same),
        cmocka_unit_test(only_segments_after_the_opening_suffer),
        cmocka_unit_test(line_gives_back_in_order_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
