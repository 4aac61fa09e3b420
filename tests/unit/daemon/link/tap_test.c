#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/link_stats.h"
#include "link/tap.h"
#include "link/vnet.h"
#include "support.h"
#include "util/log.h"

#define FRAME_BYTES 60
#define FRAMES_MAX 300

/* --- the device's place ----------------------------------------------------------------------- */

/* A pair of datagram sockets: the kernel's end is ours. Like a TAP it keeps frames apart and takes
 * only some of them. */
static struct {
    int kernel;         /* our end; -1: the device does not exist */
    enum tap_link link; /* what tap_device_link() answers */
    const char *name;   /* at present */
    unsigned openings;
    struct offloads offloads; /* what is granted */
    bool counts;              /* the kernel answers questions about its counters */
    unsigned index;
    uint64_t dropped;
} device;

int tap_device_control(void)
{
    return dup(STDIN_FILENO);
}

unsigned tap_device_index(int control, const char *name)
{
    assert_true(control >= 0);
    assert_string_equal(name, device.name);
    return device.link == TAP_LINK_GONE ? 0 : device.index;
}

int link_stats_open(void)
{
    return device.counts ? dup(STDIN_FILENO) : -1;
}

bool link_stats_dropped(int socket, unsigned index, uint64_t *ret_frames)
{
    assert_true(socket >= 0);
    if (index != 0)
        *ret_frames = device.dropped;
    return index != 0;
}

int tap_device_open(const struct tap_options *options, int control, struct offloads *ret_offloads,
                    char *ret_message)
{
    int pair[2];
    assert_true(control >= 0);
    assert_string_equal(options->name, "tap7");
    if (device.link == TAP_LINK_GONE) {
        snprintf(ret_message, TAP_MESSAGE_MAX, "no such device");
        return -1;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
                     0);
    device.kernel = pair[1];
    device.openings++;
    *ret_offloads = device.offloads;
    return pair[0];
}

enum tap_link tap_device_link(int fd, int control, char *ret_name)
{
    assert_true(fd >= 0 && control >= 0);
    if (device.link != TAP_LINK_GONE && device.link != TAP_LINK_UNKNOWN)
        snprintf(ret_name, IFNAMSIZ, "%s", device.name);
    return device.link;
}

/* --- the engine's place ----------------------------------------------------------------------- */

struct env {
    struct t_loop loop;
    struct tap *tap;
    unsigned frames, batches, writables;
    unsigned large_to_come; /* one more with each frame that is read */
    size_t lens[FRAMES_MAX];
    enum te_checksum_state checksum; /* of the last frame */
    uint8_t first_byte;
    enum tap_state states[8];
    unsigned state_count;
};

/* The kernel hands over a frame of len bytes behind an offload header with these flags. */
static void kernel_sends(size_t len, uint8_t flags)
{
    uint8_t bytes[VNET_HEADER_BYTES + TAP_FRAME_MAX] = {flags};
    memset(bytes + VNET_HEADER_BYTES, 0xab, len);
    assert_int_equal(send(device.kernel, bytes, VNET_HEADER_BYTES + len, 0),
                     VNET_HEADER_BYTES + len);
}

static void on_frame(void *ctx, const uint8_t *frame, size_t len, const struct te_frame_meta *meta)
{
    struct env *env = ctx;
    assert_true(env->frames < FRAMES_MAX);
    /* Ethernet's 14 bytes leave the IP header aligned. */
    assert_int_equal(((uintptr_t)frame + 14) % 4, 0);
    env->lens[env->frames++] = len;
    env->checksum = meta->checksum;
    env->first_byte = frame[0];
    if (env->large_to_come > 0) {
        env->large_to_come--;
        kernel_sends(TAP_FRAME_MAX, 0);
    }
}

static void on_batch_end(void *ctx)
{
    ((struct env *)ctx)->batches++;
}

static void on_writable(void *ctx)
{
    ((struct env *)ctx)->writables++;
}

static void on_state(void *ctx, enum tap_state state)
{
    struct env *env = ctx;
    assert_true(env->state_count < 8);
    env->states[env->state_count++] = state;
}

static struct tap *tap_make(struct env *env, char *ret_message)
{
    const struct tap_options options = {.name = "tap7", .mtu_bytes = 1500};
    return tap_new(&env->loop.uv, &options, ret_message);
}

static void listen_to(struct env *env)
{
    const struct tap_handlers handlers = {
        .on_frame = on_frame, .on_writable = on_writable, .on_batch_end = on_batch_end, .ctx = env};
    tap_set_handlers(env->tap, &handlers);
    tap_set_state_handler(env->tap, on_state, env);
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    char message[TAP_MESSAGE_MAX];
    t_loop_init(&env->loop);
    log_set_level((enum log_level)0);
    device.kernel = -1;
    device.link = TAP_LINK_UP;
    device.name = "tap7";
    device.openings = 0;
    device.offloads = (struct offloads){.has_header = true};
    device.counts = true;
    device.index = 7;
    device.dropped = 0;
    env->tap = tap_make(env, message);
    assert_non_null(env->tap);
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    tap_free(env->tap);
    t_loop_done(&env->loop);
    if (device.kernel >= 0)
        close(device.kernel);
    free(env);
    return 0;
}

/* What the kernel got: the length of the frame; -1: nothing. */
static ssize_t kernel_reads(uint8_t *ret_frame)
{
    uint8_t bytes[VNET_HEADER_BYTES + 2048];
    ssize_t len = recv(device.kernel, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (len < 0)
        return -1;
    assert_true((size_t)len >= VNET_HEADER_BYTES);
    memcpy(ret_frame, bytes + VNET_HEADER_BYTES, (size_t)len - VNET_HEADER_BYTES);
    return len - (ssize_t)VNET_HEADER_BYTES;
}

static enum tap_write_result write_one(struct env *env, uint8_t fill)
{
    uint8_t header[14], payload[FRAME_BYTES - 14];
    memset(header, fill, sizeof(header));
    memset(payload, fill, sizeof(payload));
    const struct te_output output = {.iov = {{header, sizeof(header)}, {payload, sizeof(payload)}},
                                     .iov_count = 2,
                                     .total_bytes = FRAME_BYTES};
    return tap_write(env->tap, &output);
}

static const struct tap_stats *stats(const struct env *env)
{
    return tap_get_stats(env->tap);
}

/* --- frames from the kernel ------------------------------------------------------------------- */

static void test_frames_come_whole_and_in_one_batch(void **state)
{
    struct env *env = *state;
    kernel_sends(60, 0);
    kernel_sends(1514, VIRTIO_NET_HDR_F_DATA_VALID);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 0); /* nobody listens yet */
    listen_to(env);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 2);
    assert_int_equal(env->lens[0], 60);
    assert_int_equal(env->lens[1], 1514);
    assert_int_equal(env->checksum, TE_CHECKSUM_VALID);
    assert_int_equal(env->first_byte, 0xab);
    assert_int_equal(env->batches, 1);
    assert_int_equal(stats(env)->frames_in, 2);
    assert_int_equal(stats(env)->frame_bytes_in, 1574);
}

static void lone_frames_come(struct env *env, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        kernel_sends(60, 0);
        t_turn(&env->loop);
    }
}

/* Then the next one is not asked for, and comes in a turn of its own. */
static void test_lone_frames_are_read_one_by_one(void **state)
{
    struct env *env = *state;
    listen_to(env);
    lone_frames_come(env, 5);
    assert_int_equal(env->frames, 5);
    kernel_sends(60, 0);
    kernel_sends(60, 0);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 6);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 7);
}

static void test_flood_after_lone_frames_is_read_in_batches(void **state)
{
    struct env *env = *state;
    listen_to(env);
    lone_frames_come(env, 5);
    for (unsigned i = 0; i < TAP_BATCH_MAX; i++)
        kernel_sends(60, 0);
    for (unsigned i = 0; i < 4; i++) /* 6th to 8th, and then all */
        t_turn(&env->loop);
    assert_int_equal(env->frames, 5 + TAP_BATCH_MAX);
}

static void test_large_frames_are_never_alone(void **state)
{
    struct env *env = *state;
    listen_to(env);
    for (unsigned i = 0; i < 20; i++) {
        kernel_sends(1514, 0);
        kernel_sends(60, 0);
        t_turn(&env->loop);
        assert_int_equal(env->frames, 2 * (i + 1));
        kernel_sends(1514, 0);
        t_turn(&env->loop);
        env->frames--;
    }
}

static void test_flood_is_read_in_batches(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < TAP_BATCH_MAX + 10; i++)
        kernel_sends(60, 0);
    listen_to(env);
    t_turn(&env->loop);
    assert_int_equal(env->frames, TAP_BATCH_MAX); /* the loop has its turn in between */
    t_turn(&env->loop);
    assert_int_equal(env->frames, TAP_BATCH_MAX + 10);
    assert_int_equal(env->batches, 2);
}

/* However many large ones there are, what came with them is dealt with first. */
static void test_large_frames_end_a_batch_by_their_bytes(void **state)
{
    struct env *env = *state;
    unsigned in_batch = TAP_BATCH_BYTES_MAX / TAP_FRAME_MAX + 1;
    env->large_to_come = 2 * in_batch - 1;
    kernel_sends(TAP_FRAME_MAX, 0);
    listen_to(env);
    t_turn(&env->loop);
    assert_int_equal(env->frames, in_batch);
    assert_true(in_batch < TAP_BATCH_MAX);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 2 * in_batch);
    assert_int_equal(env->batches, 2);
}

static void test_malformed_frames_are_dropped(void **state)
{
    struct env *env = *state;
    static const uint8_t cut_short[VNET_HEADER_BYTES - 1];
    listen_to(env);
    kernel_sends(60, 0);
    assert_int_equal(send(device.kernel, cut_short, sizeof(cut_short), 0), sizeof(cut_short));
    kernel_sends(1, VIRTIO_NET_HDR_F_NEEDS_CSUM); /* its checksum lies beyond its end */
    kernel_sends(61, 0);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 2);
    assert_int_equal(env->lens[1], 61);
    assert_int_equal(stats(env)->dropped_malformed, 2);
}

static void test_without_handlers_nothing_is_read(void **state)
{
    struct env *env = *state;
    listen_to(env);
    tap_set_handlers(env->tap, NULL);
    kernel_sends(60, 0);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 0);
    listen_to(env);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 1);
}

/* --- frames to the kernel --------------------------------------------------------------------- */

static void test_pieces_are_written_as_one_frame(void **state)
{
    struct env *env = *state;
    uint8_t frame[2048], wanted[FRAME_BYTES];
    listen_to(env);
    assert_int_equal(write_one(env, 0x5a), TAP_WRITE_OK);
    memset(wanted, 0x5a, sizeof(wanted));
    assert_int_equal(kernel_reads(frame), FRAME_BYTES);
    assert_memory_equal(frame, wanted, FRAME_BYTES);
    assert_int_equal(stats(env)->frames_out, 1);
    assert_int_equal(stats(env)->frame_bytes_out, FRAME_BYTES);
}

/* Writes until the queue is full; returns how many frames, the kept one included. */
static unsigned fill_queue(struct env *env)
{
    unsigned count = 1;
    while (write_one(env, (uint8_t)count) == TAP_WRITE_OK)
        assert_true(++count < 100000);
    return count;
}

/* The frame that met the full queue is kept and sent first: none is lost, none comes twice. */
static void test_full_queue_keeps_the_frame_and_tells_when_there_is_room(void **state)
{
    struct env *env = *state;
    uint8_t frame[2048];
    listen_to(env);
    unsigned count = fill_queue(env);
    assert_int_equal(stats(env)->queue_full, 1);
    assert_int_equal(write_one(env, 0), TAP_WRITE_FULL); /* refused, and not kept too */
    t_turn(&env->loop);
    assert_int_equal(env->writables, 0);
    for (unsigned i = 1; i < count; i++) {
        assert_int_equal(kernel_reads(frame), FRAME_BYTES);
        assert_int_equal(frame[0], (uint8_t)i);
    }
    t_turn(&env->loop);
    assert_int_equal(env->writables, 1);
    assert_int_equal(kernel_reads(frame), FRAME_BYTES);
    assert_int_equal(frame[FRAME_BYTES - 1], (uint8_t)count);
    assert_int_equal(kernel_reads(frame), -1);
    assert_int_equal(stats(env)->frames_out, count);
    assert_int_equal(write_one(env, 1), TAP_WRITE_OK);
}

/* --- states ----------------------------------------------------------------------------------- */

static bool has_changed(void *ctx)
{
    return ((struct env *)ctx)->state_count > 0;
}

static void await_state(struct env *env, enum tap_state wanted)
{
    t_turn_until(&env->loop, has_changed, env);
    assert_int_equal(env->state_count, 1);
    assert_int_equal(env->states[0], wanted);
    assert_int_equal(tap_get_state(env->tap), wanted);
    env->state_count = 0;
}

static void test_link_that_goes_down_and_comes_back(void **state)
{
    struct env *env = *state;
    uint8_t frame[2048];
    listen_to(env);
    assert_string_equal(tap_state_text(env->tap), "up");
    device.link = TAP_LINK_DOWN;
    await_state(env, TAP_DOWN); /* seen though nobody sends */
    assert_int_equal(write_one(env, 1), TAP_WRITE_OK);
    assert_int_equal(stats(env)->dropped_down, 1);
    assert_int_equal(kernel_reads(frame), -1);
    device.link = TAP_LINK_UP;
    await_state(env, TAP_UP);
    assert_int_equal(write_one(env, 1), TAP_WRITE_OK);
    assert_int_equal(kernel_reads(frame), FRAME_BYTES);
    assert_int_equal(device.openings, 1);
}

static void test_link_without_carrier_is_named(void **state)
{
    struct env *env = *state;
    listen_to(env);
    device.link = TAP_LINK_NO_CARRIER;
    await_state(env, TAP_NO_CARRIER);
    assert_string_equal(tap_state_text(env->tap), "link has no carrier");
    assert_int_equal(write_one(env, 1), TAP_WRITE_OK);
    assert_int_equal(stats(env)->dropped_down, 1); /* as by a NIC without a cable */
    device.link = TAP_LINK_UP;
    await_state(env, TAP_UP);
}

static bool has_new_name(void *ctx)
{
    return strcmp(tap_name(((struct env *)ctx)->tap), "tap7") != 0;
}

static void test_renamed_device_is_still_ours(void **state)
{
    struct env *env = *state;
    uint8_t frame[2048];
    listen_to(env);
    device.name = "uplink0";
    t_turn_until(&env->loop, has_new_name, env);
    assert_string_equal(tap_name(env->tap), "uplink0");
    assert_int_equal(tap_get_state(env->tap), TAP_UP);
    assert_int_equal(env->state_count, 0); /* nothing has happened to the link */
    assert_int_equal(write_one(env, 1), TAP_WRITE_OK);
    assert_int_equal(kernel_reads(frame), FRAME_BYTES);
    assert_int_equal(device.openings, 1);
}

/* No descriptor left, say: an answer that does not come is none. */
static void test_no_answer_is_no_change(void **state)
{
    struct env *env = *state;
    listen_to(env);
    device.link = TAP_LINK_UNKNOWN;
    t_turn_for(&env->loop, 2 * TAP_CHECK_INTERVAL_MS + 100);
    assert_int_equal(env->state_count, 0);
    assert_int_equal(tap_get_state(env->tap), TAP_UP);
    device.link = TAP_LINK_DOWN;
    await_state(env, TAP_DOWN);
    device.link = TAP_LINK_UNKNOWN;
    t_turn_for(&env->loop, TAP_CHECK_INTERVAL_MS + 100);
    assert_int_equal(tap_get_state(env->tap), TAP_DOWN);
}

/* What waits in the device is read to its end, and the turn of the loop is not needed for it. */
static void test_all_that_waits_is_read_at_once(void **state)
{
    struct env *env = *state;
    unsigned count = 3 * TAP_BATCH_MAX + 1;
    listen_to(env);
    for (unsigned i = 0; i < count; i++)
        kernel_sends(60, 0);
    tap_read_waiting(env->tap);
    assert_int_equal(env->frames, count);
    assert_int_equal(env->batches, 1);
    tap_read_waiting(env->tap);
    assert_int_equal(env->frames, count);
}

static void test_deleted_device_is_made_anew(void **state)
{
    struct env *env = *state;
    uint8_t frame[2048];
    listen_to(env);
    fill_queue(env);
    device.link = TAP_LINK_GONE;
    await_state(env, TAP_GONE);
    assert_int_equal(env->writables, 1); /* the kept frame is dropped: go on */
    assert_int_equal(write_one(env, 1), TAP_WRITE_OK);
    assert_int_equal(stats(env)->dropped_down, 2);
    close(device.kernel);
    device.link = TAP_LINK_UP;
    await_state(env, TAP_UP);
    assert_int_equal(device.openings, 2);
    assert_int_equal(stats(env)->reopened, 1);
    kernel_sends(60, 0); /* the new one is read, and written to */
    t_turn(&env->loop);
    assert_int_equal(env->frames, 1);
    assert_int_equal(write_one(env, 1), TAP_WRITE_OK);
    assert_int_equal(kernel_reads(frame), FRAME_BYTES);
}

/* The count of a new device goes on from that of the one before. */
static void test_what_the_kernel_drops_is_counted_over_devices(void **state)
{
    struct env *env = *state;
    listen_to(env);
    device.dropped = 2013;
    assert_int_equal(tap_kernel_dropped(env->tap), 2013);
    device.link = TAP_LINK_GONE;
    await_state(env, TAP_GONE);
    assert_int_equal(tap_kernel_dropped(env->tap), 2013);
    close(device.kernel);
    device.link = TAP_LINK_UP;
    device.dropped = 5;
    await_state(env, TAP_UP);
    assert_int_equal(tap_kernel_dropped(env->tap), 2018);
    assert_int_equal(tap_kernel_dropped(env->tap), 2018);
}

static void test_kernel_without_counters(void **state)
{
    struct env *env = *state;
    char message[TAP_MESSAGE_MAX];
    device.counts = false;
    close(device.kernel);
    tap_free(env->tap);
    env->tap = tap_make(env, message);
    assert_non_null(env->tap);
    assert_int_equal(tap_kernel_dropped(env->tap), -1);
}

/* A kernel that knows no offload header: frames come and go without. */
static void test_frames_without_header(void **state)
{
    struct env *env = *state;
    char message[TAP_MESSAGE_MAX];
    uint8_t frame[2048] = {0x77}, wanted[FRAME_BYTES];
    device.offloads = (struct offloads){.wanted = 1, .has_header = false};
    close(device.kernel);
    tap_free(env->tap);
    env->tap = tap_make(env, message);
    assert_non_null(env->tap);
    listen_to(env);
    assert_int_equal(send(device.kernel, frame, 60, 0), 60);
    t_turn(&env->loop);
    assert_int_equal(env->frames, 1);
    assert_int_equal(env->lens[0], 60);
    assert_int_equal(env->first_byte, 0x77);
    assert_int_equal(env->checksum, TE_CHECKSUM_UNKNOWN);
    assert_int_equal(write_one(env, 0x5a), TAP_WRITE_OK);
    memset(wanted, 0x5a, sizeof(wanted));
    assert_int_equal(recv(device.kernel, frame, sizeof(frame), MSG_DONTWAIT), FRAME_BYTES);
    assert_memory_equal(frame, wanted, FRAME_BYTES);
    assert_int_equal(stats(env)->frame_bytes_in, 60);
    assert_int_equal(stats(env)->frame_bytes_out, FRAME_BYTES);
}

static void test_no_device_no_tap(void **state)
{
    struct env *env = *state;
    char message[TAP_MESSAGE_MAX] = "";
    device.link = TAP_LINK_GONE;
    assert_null(tap_make(env, message));
    assert_string_equal(message, "no such device");
    tap_free(NULL);
}

static void test_name(void **state)
{
    struct env *env = *state;
    assert_string_equal(tap_name(env->tap), "tap7");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_frames_come_whole_and_in_one_batch),
        TEST(test_lone_frames_are_read_one_by_one),
        TEST(test_flood_after_lone_frames_is_read_in_batches),
        TEST(test_large_frames_are_never_alone),
        TEST(test_flood_is_read_in_batches),
        TEST(test_large_frames_end_a_batch_by_their_bytes),
        TEST(test_malformed_frames_are_dropped),
        TEST(test_without_handlers_nothing_is_read),
        TEST(test_pieces_are_written_as_one_frame),
        TEST(test_full_queue_keeps_the_frame_and_tells_when_there_is_room),
        TEST(test_link_that_goes_down_and_comes_back),
        TEST(test_link_without_carrier_is_named),
        TEST(test_renamed_device_is_still_ours),
        TEST(test_no_answer_is_no_change),
        TEST(test_all_that_waits_is_read_at_once),
        TEST(test_deleted_device_is_made_anew),
        TEST(test_what_the_kernel_drops_is_counted_over_devices),
        TEST(test_kernel_without_counters),
        TEST(test_frames_without_header),
        TEST(test_no_device_no_tap),
        TEST(test_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
