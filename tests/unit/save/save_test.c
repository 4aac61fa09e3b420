#include <stdlib.h>
#include <string.h>

#include "save/save_sections.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "support/heap.h"
#include "support/pair.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/sender.h"
#include "units.h"
#include "util/siphash.h"
#include "wire/tcp.h"

/* --- as if nothing had happened --------------------------------------------------------------- */

/* Two runs of the same: one undisturbed, one saved, freed and restored after everything that
 * happens to either side. Every frame, every event and every answer is the same, at the same time.
 */
static void compare_twins(struct pair_setup setup)
{
    size_t len, twin_len;
    struct pair *pair = pair_new(&setup);
    pair_run(pair, 300 * SECOND);
    setup.reborn = true;
    struct pair *twin = pair_new(&setup);
    pair_run(twin, 300 * SECOND);
    const uint8_t *log = pair_log(pair, &len), *twin_log = pair_log(twin, &twin_len);
    assert_int_equal(len, twin_len);
    assert_memory_equal(log, twin_log, len);
    assert_true(pair_rebirths(twin) > 100);
    for (unsigned side = 0; side < PAIR_SIDES && !setup.aborts; side++) {
        uint64_t expected = (uint64_t)setup.send_bytes[!side] * setup.connections;
        assert_int_equal(pair_received(pair, side), expected);
        assert_int_equal(pair_received(twin, side), expected);
    }
    pair_free(pair);
    pair_free(twin);
}

static void test_twins_on_a_good_link(void **state)
{
    (void)state;
    compare_twins((struct pair_setup){
        .connections = 3, .send_bytes = {100000, 30000}, .seed = 1, .dad = true});
}

static void test_twins_on_a_bad_link(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"cubic", "reno", "bbr"};
    for (uint32_t seed = 1; seed <= 9; seed++)
        compare_twins((struct pair_setup){.connections = 2,
                                          .send_bytes = {80000, 20000},
                                          .loss_percent = 4,
                                          .reorder_percent = 10,
                                          .duplicate_percent = 5,
                                          .is_v6 = seed % 2 == 0,
                                          .gso = seed % 4 == 0,
                                          .congestion_control = algorithms[seed % 3],
                                          .seed = seed});
}

static void test_twins_with_a_slow_reader(void **state)
{
    (void)state;
    compare_twins((struct pair_setup){.connections = 1,
                                      .send_bytes = {400000, 1000},
                                      .loss_percent = 1,
                                      .read_pause_us = 3 * SECOND,
                                      .seed = 9});
}

static void test_twins_with_aborts(void **state)
{
    (void)state;
    compare_twins((struct pair_setup){.connections = 12,
                                      .send_bytes = {5000, 5000},
                                      .loss_percent = 10,
                                      .reorder_percent = 20,
                                      .aborts = true,
                                      .time_wait_max = 4,
                                      .seed = 5});
}

/* --- a state with something of everything ----------------------------------------------------- */

#define STATE_BYTES_MAX 65536

/* A saved state, and a host to restore it on. */
struct saved {
    struct te_config config;
    struct heap heap;
    int64_t now_us;
    size_t len;
    uint8_t bytes[STATE_BYTES_MAX];
};

static void input_frame(struct te_stack *stack, const struct ip_spec *spec, const void *payload,
                        size_t len, int64_t now_us)
{
    static uint8_t frame[FRAME_MAX];
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_VALID};
    size_t frame_len = build_ip(spec, payload, len, frame);
    te_stack_input(stack, frame, frame_len, &meta, now_us);
}

/* From a station that nobody knows: the answer waits for its MAC. */
static void input_syn(struct te_stack *stack, const char *source, uint16_t port, int64_t now_us)
{
    uint8_t bytes[TE_TCP_HEADER_MAX];
    struct te_tcp_header header = {.source_port = 999,
                                   .destination_port = port,
                                   .seq = 12345,
                                   .flags = TE_SYN,
                                   .window = 5000,
                                   .options = {.has_mss = true, .mss_bytes = 1400}};
    struct ip_spec spec = {.source = source, .destination = "10.0.0.1", .protocol = TE_PROTO_TCP};
    input_frame(stack, &spec, bytes, te_tcp_emit(&header, bytes), now_us);
}

static void input_stray_frames(struct te_stack *stack, const char *asker, int64_t now_us)
{
    static const uint8_t echo[64] = {TE_ICMP4_ECHO_REQUEST, 0, 0xf7, 0xff};
    struct ip_spec spec = {.source = asker, .destination = "10.0.0.1", .protocol = TE_PROTO_ICMP};
    input_frame(stack, &spec, echo, sizeof(echo), now_us);
    spec.source = "10.0.0.31";
    spec.is_fragment = spec.more = true;
    spec.id = 7;
    input_frame(stack, &spec, echo, 32, now_us);
    spec.offset_bytes = 48;
    input_frame(stack, &spec, echo, 16, now_us);
    spec = (struct ip_spec){.source = "2001:db8::9",
                            .destination = "2001:db8::1",
                            .protocol = TE_PROTO_ICMPV6,
                            .is_fragment = true,
                            .id = 8,
                            .offset_bytes = 64};
    input_frame(stack, &spec, echo, sizeof(echo), now_us);
}

struct census {
    unsigned held, sacked, recovering, undoable, queued, living;
};

static struct census take_census(const struct te_stack *stack)
{
    struct census census = {0};
    uint64_t cursor = 0;
    const struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL) {
        census.living += !conn->is_remains;
        census.held += conn->out_of_order.count;
        census.queued += conn->queued_offset > conn->acked_offset;
        census.recovering += conn->recovery.state != TE_RECOVERY_OPEN;
        census.sacked += conn->sender != NULL && conn->sender->map.sacked_bytes > 0;
        census.undoable += conn->sender != NULL && conn->sender->undo.is_armed;
    }
    return census;
}

static bool has_much(const struct te_stack *stack)
{
    struct census census = take_census(stack);
    return stack->time_wait.count > 0 && census.living >= 2 && census.held > 0 &&
           census.sacked > 0 && census.recovering > 0 && census.undoable > 0 && census.queued > 0;
}

/* Some connections in TIME_WAIT, others in the middle of a recovery: chance brings it about. */
static struct pair *pair_with_much(void)
{
    for (uint32_t seed = 1; seed < 100; seed++) {
        struct pair *pair = pair_new(&(struct pair_setup){.connections = 5,
                                                          .send_bytes = {12000, 9000},
                                                          .loss_percent = 12,
                                                          .reorder_percent = 20,
                                                          .time_wait_max = 16,
                                                          .seed = seed});
        for (unsigned i = 0; i < 60 && !has_much(pair_stack(pair, 0)); i++)
            pair_run(pair, 20000);
        if (has_much(pair_stack(pair, 0)))
            return pair;
        pair_free(pair);
    }
    fail_msg("no seed brings it about");
    return NULL;
}

static void open_listener(struct te_stack *stack, uint16_t port, int64_t now_us)
{
    struct te_listen listen = {.local.port = port, .uid = 3, .backlog = 4};
    uint64_t id;
    assert_int_equal(te_open_passive(stack, &listen, &id, now_us), TE_OK);
}

static void add_listeners_and_strays(struct pair *pair)
{
    struct te_stack *stack = pair_stack(pair, 0);
    int64_t now_us = pair_now_us(pair);
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    open_listener(stack, 81, now_us);
    open_listener(stack, 82, now_us);
    input_syn(stack, "10.0.0.20", 81, now_us);
    input_syn(stack, "10.0.0.21", 81, now_us);
    input_stray_frames(stack, "10.0.0.30", now_us);
    while (te_stack_poll_output(stack, header, &output, now_us))
        continue;
    input_stray_frames(stack, "10.0.0.32", now_us);
    input_syn(stack, "10.0.0.22", 81, now_us);
}

static void save_as_it_is(struct pair *pair, struct saved *saved)
{
    memset(saved, 0, sizeof(*saved));
    saved->config = *pair_config(pair, 0);
    saved->config.allocator = heap_init(&saved->heap);
    saved->now_us = pair_now_us(pair);
    saved->len = te_stack_save(pair_stack(pair, 0), saved->bytes, sizeof(saved->bytes));
    assert_true(saved->len <= sizeof(saved->bytes));
    pair_free(pair);
}

static void save_pair(struct pair *pair, struct saved *saved)
{
    add_listeners_and_strays(pair);
    save_as_it_is(pair, saved);
}

static void save_everything(struct saved *saved)
{
    save_pair(pair_with_much(), saved);
}

static enum te_err restore(struct saved *saved, const uint8_t *bytes, size_t len,
                           struct te_stack **ret_stack)
{
    return te_stack_restore(&saved->config, bytes, len, saved->now_us, ret_stack);
}

static void assert_nothing_left(const struct saved *saved)
{
    assert_int_equal(saved->heap.held_bytes, 0);
}

/* Makes the checksum right, so that what is behind it is tested. */
static void seal(uint8_t *bytes, size_t len)
{
    static const struct te_siphash_key key = {"tcpengine state"};
    uint64_t checksum = te_siphash(&key, bytes, len - 8);
    for (unsigned i = 0; i < 8; i++)
        bytes[len - 8 + i] = (uint8_t)(checksum >> 8 * i);
}

/* Whatever was restored: what a stack saves is saved again by the stack that is made of it. */
static void assert_saved_again(const struct te_stack *stack, const struct te_config *config,
                               int64_t now_us)
{
    static uint8_t bytes[STATE_BYTES_MAX], again[STATE_BYTES_MAX];
    struct te_stack *twin;
    size_t len = te_stack_save(stack, bytes, sizeof(bytes));
    assert_true(len <= sizeof(bytes));
    assert_int_equal(te_stack_restore(config, bytes, len, now_us, &twin), TE_OK);
    assert_int_equal(te_stack_save(twin, again, sizeof(again)), len);
    assert_memory_equal(again, bytes, len);
    te_stack_free(twin);
}

static void test_everything_comes_back(void **state)
{
    static struct saved saved;
    static uint8_t again[STATE_BYTES_MAX];
    struct te_stack *stack;
    (void)state;
    save_everything(&saved);
    assert_int_equal(restore(&saved, saved.bytes, saved.len, &stack), TE_OK);
    assert_int_equal(te_stack_save(stack, again, sizeof(again)), saved.len);
    assert_memory_equal(again, saved.bytes, saved.len);
    /* It was something of everything. */
    assert_true(has_much(stack));
    assert_int_equal(stack->conns.state_count[TE_SYN_RCVD], 3);
    assert_true(stack->conns.buffer_bytes > 0);
    assert_true(stack->graveyard.next > 0);
    assert_int_equal(stack->listeners.count, 2);
    assert_true(stack->events.count > 0);
    assert_true(stack->neighbours.count >= 4);
    assert_true(stack->neighbours.waiting_count > 0);
    assert_true(stack->reassemblies.count == 2);
    assert_true(!te_list_is_empty(&stack->control.urgent));
    assert_true(!te_list_is_empty(&stack->output));
    te_stack_free(stack);
    assert_nothing_left(&saved);
}

static void test_length_is_told_before(void **state)
{
    static struct saved saved;
    static uint8_t bytes[STATE_BYTES_MAX];
    struct te_stack *stack;
    (void)state;
    save_everything(&saved);
    assert_int_equal(restore(&saved, saved.bytes, saved.len, &stack), TE_OK);
    assert_int_equal(te_stack_save(stack, NULL, 0), saved.len);
    for (size_t size = 0; size < saved.len; size += 37) {
        memset(bytes, 0xa5, sizeof(bytes));
        assert_int_equal(te_stack_save(stack, bytes, size), saved.len);
        for (size_t i = size; i < saved.len; i++)
            assert_int_equal(bytes[i], 0xa5);
    }
    te_stack_free(stack);
}

static void test_time(void **state)
{
    static struct saved saved;
    int64_t now_us = 0;
    (void)state;
    save_everything(&saved);
    assert_int_equal(te_save_time(saved.bytes, saved.len, &now_us), TE_OK);
    assert_int_equal(now_us, saved.now_us);
    assert_int_equal(te_save_time(saved.bytes, 17, &now_us), TE_ERR_INVALID);
    saved.bytes[0] ^= 1;
    assert_int_equal(te_save_time(saved.bytes, saved.len, &now_us), TE_ERR_INVALID);
}

/* --- damage ----------------------------------------------------------------------------------- */

/* Copies of exactly the length, so that a byte read beyond it is seen. */
static enum te_err restore_exactly(struct saved *saved, const uint8_t *bytes, size_t len,
                                   bool is_sealed, struct te_stack **ret_stack)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, bytes, len);
    if (is_sealed && len >= 8)
        seal(copy, len);
    enum te_err err = restore(saved, copy, len, ret_stack);
    free(copy);
    return err;
}

static void test_truncations(void **state)
{
    static struct saved saved;
    struct te_stack *stack = NULL;
    (void)state;
    save_everything(&saved);
    for (size_t len = 0; len < saved.len; len++) {
        assert_int_equal(restore_exactly(&saved, saved.bytes, len, false, &stack), TE_ERR_INVALID);
        assert_int_equal(restore_exactly(&saved, saved.bytes, len, true, &stack), TE_ERR_INVALID);
        assert_null(stack);
        assert_nothing_left(&saved);
    }
}

static void test_flips_are_noticed(void **state)
{
    static struct saved saved;
    struct te_stack *stack = NULL;
    (void)state;
    save_everything(&saved);
    for (size_t i = 0; i < saved.len; i++) {
        saved.bytes[i] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(restore(&saved, saved.bytes, saved.len, &stack), TE_ERR_INVALID);
        saved.bytes[i] ^= (uint8_t)(1 << i % 8);
    }
    assert_nothing_left(&saved);
}

/* A stack that came of damaged bytes and was taken for a state: nothing that happens to it may
 * lead into an assert, whatever it does. */
static void live_on(struct te_stack *stack, int64_t now_us)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    struct te_event event;
    uint64_t id;
    assert_null(te_stack_check_invariants(stack, &id));
    input_stray_frames(stack, "10.0.0.33", now_us);
    input_syn(stack, "10.0.0.23", 81, now_us);
    for (unsigned turn = 0; turn < 40; turn++) {
        for (unsigned i = 0; i < 200 && te_stack_poll_output(stack, header, &output, now_us); i++)
            continue;
        while (te_stack_next_event(stack, &event))
            if (event.id != 0 && turn % 2 == 1)
                te_close(stack, event.id, now_us);
        int64_t next_us = te_stack_next_timeout(stack);
        if (next_us == TE_NEVER)
            return;
        now_us = next_us > now_us ? next_us : now_us;
        te_stack_handle_timeout(stack, now_us);
    }
}

static void test_sealed_flips(void **state)
{
    static struct saved saved;
    unsigned accepted = 0, refused = 0;
    (void)state;
    save_everything(&saved);
    for (size_t i = 0; i < saved.len - 8; i++) {
        uint8_t before = saved.bytes[i];
        saved.bytes[i] = i % 3 == 0 ? (uint8_t)~before : (uint8_t)(before ^ 1 << i % 8);
        seal(saved.bytes, saved.len);
        struct te_stack *stack = NULL;
        enum te_err err = restore(&saved, saved.bytes, saved.len, &stack);
        saved.bytes[i] = before;
        if (err != TE_OK) {
            assert_true(err == TE_ERR_INVALID || err == TE_ERR_RESOURCES ||
                        err == TE_ERR_ADDR_NOT_AVAILABLE);
            assert_null(stack);
            refused++;
        } else {
            assert_saved_again(stack, &saved.config, saved.now_us);
            live_on(stack, saved.now_us);
            te_stack_free(stack);
            accepted++;
        }
        assert_nothing_left(&saved);
    }
    assert_true(refused > 1000 && accepted > 100);
}

/* --- versions and sections -------------------------------------------------------------------- */

#define VERSION_AT 8
#define HEADER_BYTES 18
#define SECTION_HEADER_BYTES 10

static void test_versions(void **state)
{
    static struct saved saved;
    struct te_stack *stack = NULL;
    (void)state;
    save_everything(&saved);
    for (unsigned version = 0; version < TE_SAVE_VERSION + 2; version++) {
        if (version == TE_SAVE_VERSION)
            continue;
        saved.bytes[VERSION_AT] = (uint8_t)version;
        seal(saved.bytes, saved.len);
        assert_int_equal(restore(&saved, saved.bytes, saved.len, &stack), TE_ERR_INVALID);
    }
    saved.bytes[VERSION_AT] = TE_SAVE_VERSION;
    saved.bytes[0] = 'X';
    seal(saved.bytes, saved.len);
    assert_int_equal(restore(&saved, saved.bytes, saved.len, &stack), TE_ERR_INVALID);
    assert_nothing_left(&saved);
}

static size_t section_end(const struct saved *saved, size_t at)
{
    const uint8_t *bytes = saved->bytes + at + 2;
    return at + SECTION_HEADER_BYTES + (size_t)(bytes[0] | bytes[1] << 8 | bytes[2] << 16);
}

/* Writes a section of stack anew, as an earlier version did. */
static void write_as(struct saved *saved, struct te_stack *stack, uint8_t tag, te_save_fn *fields,
                     uint16_t version)
{
    static uint8_t section[STATE_BYTES_MAX];
    struct te_codec codec;
    te_codec_init_writer(&codec, section, sizeof(section));
    codec.version = version;
    codec.now_us = saved->now_us;
    fields(&codec, stack);
    size_t at = HEADER_BYTES;
    while (saved->bytes[at] != tag)
        at = section_end(saved, at);
    size_t end = section_end(saved, at), new_end = at + SECTION_HEADER_BYTES + codec.at;
    memmove(saved->bytes + new_end, saved->bytes + end, saved->len - end);
    memcpy(saved->bytes + at + SECTION_HEADER_BYTES, section, codec.at);
    saved->len = saved->len - end + new_end;
    for (unsigned i = 0; i < 3; i++)
        saved->bytes[at + 2 + i] = (uint8_t)(codec.at >> 8 * i); /* its length */
}

static void assert_is_understood(struct saved *saved, uint8_t version)
{
    struct te_stack *stack = NULL;
    saved->bytes[VERSION_AT] = version;
    seal(saved->bytes, saved->len);
    assert_int_equal(restore(saved, saved->bytes, saved->len, &stack), TE_OK);
    live_on(stack, saved->now_us);
    te_stack_free(stack);
}

/* --- a connection of version 3 ---------------------------------------------------------------- */

#define CONNS_TAG 8

static void put_number(uint8_t *bytes, uint64_t value, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

/* Keepalive's two times as they were: u32 seconds, u32 milliseconds. */
static void coarsen_keepalive(struct saved *saved, uint32_t idle_s, uint32_t interval_ms)
{
    uint8_t fine[16];
    put_number(fine, (uint64_t)saved->config.keepalive_idle_us, 8);
    put_number(fine + 8, (uint64_t)saved->config.keepalive_interval_us, 8);
    size_t section = HEADER_BYTES;
    while (saved->bytes[section] != CONNS_TAG)
        section = section_end(saved, section);
    size_t at = section, end = section_end(saved, section);
    while (memcmp(saved->bytes + at, fine, sizeof(fine)) != 0)
        assert_true(++at < end);
    put_number(saved->bytes + at, idle_s, 4);
    put_number(saved->bytes + at + 4, interval_ms, 4);
    memmove(saved->bytes + at + 8, saved->bytes + at + 16, saved->len - at - 16);
    saved->len -= 8;
    put_number(saved->bytes + section + 2, end - section - SECTION_HEADER_BYTES - 8, 3);
    saved->bytes[VERSION_AT] = 3;
    seal(saved->bytes, saved->len);
}

static void assert_keepalive(uint32_t idle_s, uint32_t interval_ms, int64_t idle_us,
                             int64_t interval_us)
{
    static struct saved saved;
    struct te_stack *stack;
    struct te_status status;
    uint64_t cursor = 0;
    struct pair *pair = pair_new(&(struct pair_setup){.connections = 1, .send_bytes = {5000, 0}});
    pair_run(pair, 5 * TE_MS);
    save_as_it_is(pair, &saved);
    assert_int_equal(restore(&saved, saved.bytes, saved.len, &stack), TE_OK);
    write_as(&saved, stack, TE_SAVE_STACK, te_save_stack, 3);
    write_as(&saved, stack, TE_SAVE_LOCALS, te_save_locals, 3);
    write_as(&saved, stack, TE_SAVE_CONNS, te_save_conns, 4);
    te_stack_free(stack);
    coarsen_keepalive(&saved, idle_s, interval_ms);
    assert_int_equal(restore(&saved, saved.bytes, saved.len, &stack), TE_OK);
    assert_true(te_walk(stack, TE_WALK_CONNECTIONS, &cursor, &status));
    const struct te_conn *conn = te_conn_table_find_id(stack, status.id);
    assert_int_equal(conn->keepalive_idle_us, idle_us);
    assert_int_equal(conn->keepalive_interval_us, interval_us);
    live_on(stack, saved.now_us);
    te_stack_free(stack);
    assert_nothing_left(&saved);
}

/* A duration below the unit was 0 there, which nothing can be now. */
static void test_keepalive_of_version_3(void **state)
{
    (void)state;
    assert_keepalive(7200, 75000, 7200 * TE_SECOND, 75 * TE_SECOND);
    assert_keepalive(UINT32_MAX, UINT32_MAX, UINT32_MAX * TE_SECOND, UINT32_MAX * TE_MS);
    assert_keepalive(0, 0, TE_SECOND, TE_MS);
}

/* --- earlier versions ------------------------------------------------------------------------- */

/* The sections that have grown since, of a state without connections. */
static void test_earlier_versions_are_understood(void **state)
{
    static struct saved saved;
    (void)state;
    save_as_it_is(pair_new(&(struct pair_setup){.connections = 0}), &saved);
    struct te_stack *stack = NULL;
    assert_int_equal(restore(&saved, saved.bytes, saved.len, &stack), TE_OK);
    for (uint8_t version = TE_SAVE_VERSION - 1; version >= 1; version--) {
        write_as(&saved, stack, TE_SAVE_STACK, te_save_stack, version);
        write_as(&saved, stack, TE_SAVE_LOCALS, te_save_locals, version);
        write_as(&saved, stack, TE_SAVE_NEIGHBOURS, te_save_neighbours, version);
        assert_is_understood(&saved, version);
    }
    te_stack_free(stack);
    assert_nothing_left(&saved);
}

/* Where the content of a section begins. */
static size_t find_section(const struct saved *saved, uint8_t tag)
{
    size_t at = HEADER_BYTES;
    while (saved->bytes[at] != tag)
        at = section_end(saved, at);
    return at + SECTION_HEADER_BYTES;
}

static void put_64(uint8_t *bytes, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static enum te_err restore_sealed(struct saved *saved, struct te_stack **ret_stack)
{
    seal(saved->bytes, saved->len);
    return restore(saved, saved->bytes, saved->len, ret_stack);
}

/* --- what an entry of TIME_WAIT cannot hold as it was written --------------------------------- */

#define NOW_AT 10
#define BORN_AT 16 /* in its section, behind the secret */
#define VIEW_BYTES 88
#define VIEW_STARTED_AT 68 /* and then its end */

/* Ends are kept in milliseconds since birth: the one before it must not move when it is saved. */
static void test_time_wait_from_before_birth(void **state)
{
    static struct saved saved;
    struct te_stack *stack;
    (void)state;
    save_everything(&saved);
    int64_t two_msl_us = 2 * saved.config.msl_us;
    uint8_t *view = saved.bytes + find_section(&saved, TE_SAVE_TIME_WAIT) + 4;
    for (int64_t before_us = 1; before_us < 4000000; before_us += 99773) {
        put_64(saved.bytes + find_section(&saved, TE_SAVE_BIRTH) + BORN_AT,
               (uint64_t)saved.now_us - 5000);
        int64_t ends_at_us = saved.now_us - 5000 - before_us;
        put_64(view + VIEW_STARTED_AT, (uint64_t)(ends_at_us - two_msl_us - 70000));
        put_64(view + VIEW_STARTED_AT + 8, (uint64_t)ends_at_us);
        assert_int_equal(restore_sealed(&saved, &stack), TE_OK);
        assert_saved_again(stack, &saved.config, saved.now_us);
        te_stack_free(stack);
    }
    assert_nothing_left(&saved);
}

/* Milliseconds wrap after 49 days: an entry that ended almost that long ago did not start after it
 * ended. */
static void test_time_wait_of_long_ago(void **state)
{
    static struct saved saved;
    struct te_stack *stack;
    (void)state;
    save_everything(&saved);
    const int64_t turn_us = (INT64_C(1) << 32) * 1000;
    uint8_t *view = saved.bytes + find_section(&saved, TE_SAVE_TIME_WAIT) + 4;
    put_64(saved.bytes + find_section(&saved, TE_SAVE_BIRTH) + BORN_AT,
           (uint64_t)(saved.now_us - 2 * turn_us));
    put_64(view + VIEW_STARTED_AT, (uint64_t)(saved.now_us - 2 * turn_us));
    put_64(view + VIEW_STARTED_AT + 8, (uint64_t)(saved.now_us - turn_us + 100 * SECOND));
    assert_int_equal(restore_sealed(&saved, &stack), TE_OK);
    assert_saved_again(stack, &saved.config, saved.now_us);
    te_stack_free(stack);
    assert_nothing_left(&saved);
}

static enum te_err restore_with_view_id(struct saved *saved, size_t at, uint64_t id)
{
    uint8_t before[8];
    struct te_stack *stack = NULL;
    memcpy(before, saved->bytes + at, sizeof(before));
    put_64(saved->bytes + at, id);
    enum te_err err = restore_sealed(saved, &stack);
    memcpy(saved->bytes + at, before, sizeof(before));
    if (err == TE_OK)
        assert_saved_again(stack, &saved->config, saved->now_us);
    te_stack_free(stack);
    return err;
}

/* An entry has 48 bits for its id. Entries whose connection's remains are there keep theirs. */
static void test_time_wait_id_of_too_many_bits(void **state)
{
    static struct saved saved;
    unsigned accepted = 0;
    (void)state;
    save_everything(&saved);
    size_t section = find_section(&saved, TE_SAVE_TIME_WAIT);
    put_64(saved.bytes + find_section(&saved, TE_SAVE_STACK), UINT64_C(1) << 50);
    for (unsigned i = 0; i < saved.bytes[section]; i++) {
        size_t at = section + 4 + i * VIEW_BYTES;
        accepted += restore_with_view_id(&saved, at, (UINT64_C(1) << 48) - 1) == TE_OK;
        assert_int_equal(restore_with_view_id(&saved, at, UINT64_C(1) << 48), TE_ERR_INVALID);
    }
    assert_true(accepted > 0);
    assert_nothing_left(&saved);
}

/* Deadlines that are brought forward lie behind now, and still where a time may. */
static void test_now_at_its_bounds(void **state)
{
    static struct saved saved;
    struct te_stack *stack = NULL;
    (void)state;
    save_pair(pair_new(&(struct pair_setup){.connections = 0}), &saved);
    const int64_t max_us = INT64_MAX / 8;
    put_64(saved.bytes + NOW_AT, (uint64_t)max_us + 1);
    assert_int_equal(restore_sealed(&saved, &stack), TE_ERR_INVALID);
    put_64(saved.bytes + NOW_AT, (uint64_t)-max_us - 1);
    assert_int_equal(restore_sealed(&saved, &stack), TE_ERR_INVALID);
    put_64(saved.bytes + NOW_AT, (uint64_t)max_us);
    assert_int_equal(restore_sealed(&saved, &stack), TE_OK);
    assert_saved_again(stack, &saved.config, max_us);
    te_stack_free(stack);
    assert_nothing_left(&saved);
}

/* --- sections that nobody knows --------------------------------------------------------------- */

/* A section of that tag with three bytes, at a place between two others. */
static enum te_err restore_with_section(struct saved *saved, size_t at, uint16_t tag)
{
    static uint8_t bytes[STATE_BYTES_MAX];
    const uint8_t section[SECTION_HEADER_BYTES + 3] = {(uint8_t)tag, (uint8_t)(tag >> 8), 3};
    struct te_stack *stack = NULL;
    memcpy(bytes, saved->bytes, at);
    memcpy(bytes + at, section, sizeof(section));
    memcpy(bytes + at + sizeof(section), saved->bytes + at, saved->len - at);
    seal(bytes, saved->len + sizeof(section));
    enum te_err err = restore(saved, bytes, saved->len + sizeof(section), &stack);
    te_stack_free(stack);
    return err;
}

static void test_unknown_sections(void **state)
{
    static struct saved saved;
    unsigned count = 0;
    (void)state;
    save_everything(&saved);
    size_t at = HEADER_BYTES;
    for (; at < saved.len - 8; at = section_end(&saved, at), count++) {
        assert_int_equal(saved.bytes[at], count + 1); /* the tags of save_sections.h, in order */
        assert_int_equal(restore_with_section(&saved, at, 0x8123), TE_OK);
        assert_int_equal(restore_with_section(&saved, at, 0x0123), TE_ERR_INVALID);
        assert_int_equal(restore_with_section(&saved, at, TE_SAVE_STACK), TE_ERR_INVALID);
    }
    assert_int_equal(at, saved.len - 8);
    assert_int_equal(count, TE_SAVE_WHEEL);
    assert_int_equal(restore_with_section(&saved, at, 0x8123), TE_OK);
    assert_int_equal(restore_with_section(&saved, at, 0x0123), TE_ERR_INVALID);
    assert_nothing_left(&saved);
}

/* --- the host's side -------------------------------------------------------------------------- */

static void test_memory_failures(void **state)
{
    static struct saved saved;
    struct te_stack *stack = NULL;
    enum te_err err = TE_ERR_NOMEM;
    int64_t count = 0;
    (void)state;
    save_everything(&saved);
    for (; err == TE_ERR_NOMEM; count++) {
        saved.heap.allocations_left = count;
        err = restore(&saved, saved.bytes, saved.len, &stack);
        if (err == TE_ERR_NOMEM)
            assert_nothing_left(&saved);
    }
    assert_int_equal(err, TE_OK);
    assert_true(count > 30);
    te_stack_free(stack);
    assert_nothing_left(&saved);
}

static enum te_err restore_with(struct saved *saved, const struct te_config *config,
                                struct te_stack **ret_stack)
{
    struct te_config with = *config;
    with.allocator = saved->config.allocator;
    return te_stack_restore(&with, saved->bytes, saved->len, saved->now_us, ret_stack);
}

static void test_limits(void **state)
{
    static struct saved saved;
    struct te_stack *stack = NULL;
    (void)state;
    save_everything(&saved);
    struct te_config config = saved.config;
    config.conn_max = 4;
    assert_int_equal(restore_with(&saved, &config, &stack), TE_ERR_RESOURCES);
    config = saved.config;
    config.syn_queue_max = 2;
    assert_int_equal(restore_with(&saved, &config, &stack), TE_ERR_RESOURCES);
    config = saved.config;
    config.neighbour_max = config.neighbour_incomplete_max = 2;
    assert_int_equal(restore_with(&saved, &config, &stack), TE_ERR_RESOURCES);
    config = saved.config;
    config.reassembly_max = 1;
    assert_int_equal(restore_with(&saved, &config, &stack), TE_ERR_RESOURCES);
    config = saved.config;
    config.reassembly_bytes_max = 200;
    assert_int_equal(restore_with(&saved, &config, &stack), TE_ERR_RESOURCES);
    config = saved.config;
    config.mtu_bytes = 1;
    assert_int_equal(restore_with(&saved, &config, &stack), TE_ERR_INVALID);
    config = saved.config;
    config.addresses[0] = fixture_cidr("10.0.0.77/24");
    assert_int_equal(restore_with(&saved, &config, &stack), TE_ERR_ADDR_NOT_AVAILABLE);
    assert_null(stack);
    assert_nothing_left(&saved);
}

/* What may get lost anyway is lost rather than that the state is refused. */
static void test_smaller_queues(void **state)
{
    static struct saved saved;
    struct te_stack *stack;
    uint64_t id;
    (void)state;
    save_everything(&saved);
    struct te_config config = saved.config;
    config.event_max = 2;
    config.history_conn_max = 1;
    config.control_queue_max = 1;
    config.mtu_bytes = 1300;
    config.out_of_order_ranges_max = 0;
    assert_int_equal(restore_with(&saved, &config, &stack), TE_OK);
    assert_int_equal(stack->events.count, 2);
    assert_true(stack->counters.events_lost > 0);
    assert_true(stack->counters.control_queue_full > 0);
    assert_null(te_stack_check_invariants(stack, &id));
    uint64_t cursor = 0;
    const struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL)
        assert_true(conn->is_remains || (conn->path_mtu <= 1300 && conn->mss <= 1260));
    config.allocator = saved.config.allocator;
    assert_saved_again(stack, &config, saved.now_us);
    live_on(stack, saved.now_us);
    te_stack_free(stack);
    assert_nothing_left(&saved);
}

static void test_new_address_is_probed(void **state)
{
    static struct saved saved;
    struct te_stack *stack;
    (void)state;
    save_everything(&saved);
    struct te_config config = saved.config;
    config.dad = true;
    config.addresses[config.address_count++] = fixture_cidr("10.0.0.50/24");
    assert_int_equal(restore_with(&saved, &config, &stack), TE_OK);
    struct te_addr old = fixture_addr("10.0.0.1"), new = fixture_addr("10.0.0.50");
    assert_int_equal(te_local_find(stack, &old)->state, TE_LOCAL_READY);
    assert_int_equal(te_local_find(stack, &new)->state, TE_LOCAL_TENTATIVE);
    assert_true(te_stack_next_timeout(stack) <= saved.now_us + SECOND);
    te_stack_free(stack);
}

/* The secret is the state's: what was derived from it goes on. */
static void test_secret_goes_on(void **state)
{
    static struct saved saved;
    struct te_stack *stack;
    (void)state;
    save_everything(&saved);
    struct te_config config = saved.config;
    memset(config.secret, 0xee, sizeof(config.secret));
    assert_int_equal(restore_with(&saved, &config, &stack), TE_OK);
    assert_memory_equal(stack->key.bytes, saved.config.secret, sizeof(config.secret));
    te_stack_free(stack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins_on_a_good_link),
        cmocka_unit_test(test_twins_on_a_bad_link),
        cmocka_unit_test(test_twins_with_a_slow_reader),
        cmocka_unit_test(test_twins_with_aborts),
        cmocka_unit_test(test_everything_comes_back),
        cmocka_unit_test(test_length_is_told_before),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_flips_are_noticed),
        cmocka_unit_test(test_sealed_flips),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_earlier_versions_are_understood),
        cmocka_unit_test(test_keepalive_of_version_3),
        cmocka_unit_test(test_time_wait_from_before_birth),
        cmocka_unit_test(test_time_wait_of_long_ago),
        cmocka_unit_test(test_time_wait_id_of_too_many_bits),
        cmocka_unit_test(test_now_at_its_bounds),
        cmocka_unit_test(test_unknown_sections),
        cmocka_unit_test(test_memory_failures),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_smaller_queues),
        cmocka_unit_test(test_new_address_is_probed),
        cmocka_unit_test(test_secret_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
