#include "support/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

#define STATE_LARGE_BYTES 65536
#define STEPS_MANY 1000
#define LONG_TURN 61

void fixture_init(struct fixture *fixture)
{
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x01};
    memset(fixture, 0, sizeof(*fixture));
    te_config_init(&fixture->config);
    fixture->config.allocator = heap_init(&fixture->heap);
    memcpy(fixture->config.mac, mac, sizeof(mac));
    memset(fixture->config.secret, 0x5c, sizeof(fixture->config.secret));
    fixture->config.dad = false;
    fixture->config.mld = false; /* mld_test.c has it */
    fixture->config.optimistic_dad = false;
    fixture->config.addresses[0] = fixture_cidr("10.0.0.1/24");
    fixture->config.addresses[1] = fixture_cidr("2001:db8::1/64");
    fixture->config.address_count = 2;
    fixture->now_us = SECOND;
    fixture->reborn = getenv("TCPENGINE_TEST_REBORN") != NULL;
}

static void check_invariants(struct fixture *fixture)
{
    uint64_t id = 0;
    const char *wrong = te_stack_check_invariants(fixture->stack, &id);
    if (wrong != NULL)
        fail_msg("%s (id %llu)", wrong, (unsigned long long)id);
}

static void keep(struct fixture *fixture, const struct te_output *output)
{
    assert_true(fixture->frame_count < FIXTURE_FRAMES_MAX);
    struct fixture_frame *frame = &fixture->frames[fixture->frame_count++];
    frame->bytes = malloc(output->total_bytes);
    frame->len = 0;
    for (unsigned i = 0; i < output->iov_count; i++) {
        memcpy(frame->bytes + frame->len, output->iov[i].base, output->iov[i].len);
        frame->len += output->iov[i].len;
    }
    assert_int_equal(frame->len, output->total_bytes);
    frame->meta = output->meta;
    frame->time_us = fixture->now_us;
}

/* In memory of exactly the state's size. */
static uint8_t *save(const struct te_stack *stack, size_t *ret_len)
{
    size_t len = te_stack_save(stack, NULL, 0);
    uint8_t *bytes = malloc(len);
    assert_int_equal(te_stack_save(stack, bytes, len), len);
    *ret_len = len;
    return bytes;
}

void fixture_rebear(struct fixture *fixture)
{
    size_t len, again_len;
    struct te_stack *reborn = NULL;
    uint8_t *bytes = save(fixture->stack, &len);
    te_stack_free(fixture->stack);
    enum te_err err = te_stack_restore(&fixture->config, bytes, len, fixture->now_us, &reborn);
    assert_string_equal(te_err_text(err), te_err_text(TE_OK));
    uint8_t *again = save(reborn, &again_len);
    assert_int_equal(again_len, len);
    assert_memory_equal(again, bytes, len);
    free(again);
    free(bytes);
    fixture->stack = reborn;
    fixture->state_bytes = len;
}

/* A large state takes its time, and so do many steps: then it is not written down after each. */
static bool is_turn(struct fixture *fixture)
{
    bool is_long = fixture->state_bytes > STATE_LARGE_BYTES || fixture->steps > STEPS_MANY;
    return fixture->steps++ % (is_long ? LONG_TURN : 1) == 0;
}

void fixture_poll(struct fixture *fixture)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    while (te_stack_poll_output(fixture->stack, header, &output, fixture->now_us))
        keep(fixture, &output);
    check_invariants(fixture);
    if (fixture->reborn && fixture->heap.allocations_left < 0 && is_turn(fixture))
        fixture_rebear(fixture);
}

void fixture_start_listening(struct fixture *fixture)
{
    assert_int_equal(te_stack_new(&fixture->config, fixture->now_us, &fixture->stack), TE_OK);
    fixture_poll(fixture);
}

void fixture_start(struct fixture *fixture)
{
    fixture_start_listening(fixture);
    fixture_discard(fixture);
}

void fixture_stop(struct fixture *fixture)
{
    fixture->heap.allocations_left = -1;
    fixture_discard(fixture);
    te_stack_free(fixture->stack);
    fixture->stack = NULL;
    assert_int_equal(fixture->heap.held_bytes, 0);
}

void fixture_input_meta(struct fixture *fixture, const uint8_t *frame, size_t len,
                        const struct te_frame_meta *meta)
{
    /* A copy of exactly that size, so that a byte read beyond it is seen. */
    uint8_t *copy = malloc(len > 0 ? len : 1);
    if (len > 0)
        memcpy(copy, frame, len);
    te_stack_input(fixture->stack, copy, len, meta, fixture->now_us);
    free(copy);
    fixture_poll(fixture);
}

void fixture_input(struct fixture *fixture, const uint8_t *frame, size_t len)
{
    const struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    fixture_input_meta(fixture, frame, len, &meta);
}

void fixture_advance(struct fixture *fixture, int64_t delta_us)
{
    int64_t end_us = fixture->now_us + delta_us;
    int64_t next_us;
    while ((next_us = te_stack_next_timeout(fixture->stack)) <= end_us) {
        if (next_us > fixture->now_us)
            fixture->now_us = next_us;
        te_stack_handle_timeout(fixture->stack, fixture->now_us);
        fixture_poll(fixture);
    }
    fixture->now_us = end_us;
    fixture_poll(fixture);
}

const struct fixture_frame *fixture_next(struct fixture *fixture)
{
    if (fixture->frame_next == fixture->frame_count)
        return NULL;
    return &fixture->frames[fixture->frame_next++];
}

void fixture_expect_none(struct fixture *fixture)
{
    assert_null(fixture_next(fixture));
}

void fixture_discard(struct fixture *fixture)
{
    for (unsigned i = 0; i < fixture->frame_count; i++)
        free(fixture->frames[i].bytes);
    fixture->frame_count = 0;
    fixture->frame_next = 0;
}

const struct te_counters *fixture_counters(const struct fixture *fixture)
{
    return te_stack_counters(fixture->stack);
}

struct te_addr fixture_addr(const char *text)
{
    struct te_addr addr = {{0}};
    assert_true(te_addr_parse(text, &addr));
    return addr;
}

struct te_cidr fixture_cidr(const char *text)
{
    struct te_cidr cidr = {.prefix_bits = 0};
    unsigned bits = 0;
    assert_true(te_cidr_parse(text, &cidr.addr, &bits));
    cidr.prefix_bits = (uint8_t)bits;
    return cidr;
}
