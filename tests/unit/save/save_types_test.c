/* save_types.c: the small values that sections are made of, as bytes (docs/state-format.md) and
 * back, and what of them is refused. */
#include <string.h>

#include "save/save_sections.h"
#include "stack_internal.h"
#include "support/couple.h"
#include "support/heap.h"
#include "support/test.h"

#define BYTES_MAX 16384
#define NOW_US INT64_C(1000000)

static uint8_t bytes[BYTES_MAX];
static struct te_codec codec;
static struct te_stack stack; /* only its id counter, counters and limiters */
static struct heap heap;
static struct te_allocator allocator;

static int setup(void **state)
{
    (void)state;
    allocator = heap_init(&heap);
    memset(bytes, 0xee, sizeof(bytes));
    memset(&stack, 0, sizeof(stack));
    stack.next_id = 1000;
    return 0;
}

static void begin_writing(void)
{
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    codec.version = TE_SAVE_VERSION;
    codec.now_us = NOW_US;
}

static void begin_reading(size_t len)
{
    te_codec_init_reader(&codec, bytes, len);
    codec.version = TE_SAVE_VERSION;
    codec.now_us = NOW_US;
}

/* All of it was read, without an error. */
static void assert_read(void)
{
    assert_int_equal(codec.err, TE_OK);
    assert_int_equal(codec.at, codec.end);
}

static void assert_refused(void)
{
    assert_int_equal(codec.err, TE_ERR_INVALID);
}

static size_t written(void)
{
    assert_int_equal(codec.err, TE_OK);
    return codec.at;
}

/* --- addresses -------------------------------------------------------------------------------- */

static void an_endpoint_is_16_bytes_and_a_port(void **state)
{
    static const uint8_t expected[] = {0, 0,    0,    0,  0, 0, 0, 0,    0,
                                       0, 0xff, 0xff, 10, 1, 2, 3, 0x34, 0x12};
    struct te_endpoint endpoint = {fixture_addr("10.1.2.3"), 0x1234};
    struct te_endpoint read = {.port = 1};
    (void)state;
    begin_writing();
    te_save_endpoint(&codec, &endpoint);
    assert_int_equal(written(), sizeof(expected));
    assert_memory_equal(bytes, expected, sizeof(expected));
    begin_reading(sizeof(expected));
    te_save_endpoint(&codec, &read);
    assert_read();
    assert_true(te_addr_equal(&read.addr, &endpoint.addr));
    assert_int_equal(read.port, 0x1234);
}

static void an_endpoint_that_ends_too_early_is_refused(void **state)
{
    struct te_endpoint read;
    (void)state;
    begin_reading(17);
    te_save_endpoint(&codec, &read);
    assert_refused();
}

/* --- ids -------------------------------------------------------------------------------------- */

static enum te_err read_id(uint64_t id)
{
    uint64_t read = 0;
    begin_writing();
    te_codec_u64(&codec, &id);
    begin_reading(8);
    te_save_id(&codec, &stack, &read);
    assert_int_equal(read, id);
    return codec.err;
}

/* Ids are given out from 1 on, each once. */
static void an_id_was_given_out(void **state)
{
    (void)state;
    assert_int_equal(read_id(0), TE_ERR_INVALID);
    assert_int_equal(read_id(1), TE_OK);
    assert_int_equal(read_id(999), TE_OK);
    assert_int_equal(read_id(1000), TE_ERR_INVALID);
    assert_int_equal(read_id(UINT64_MAX), TE_ERR_INVALID);
}

static void a_reference_names_a_connection_that_exists(void **state)
{
    static struct couple c;
    (void)state;
    couple_init(&c);
    couple_start(&c);
    begin_writing();
    assert_ptr_equal(te_save_conn_ref(&codec, c.a.stack, c.conn), c.conn);
    assert_int_equal(written(), 8);
    begin_reading(8);
    assert_ptr_equal(te_save_conn_ref(&codec, c.a.stack, NULL), c.conn);
    assert_read();
    uint64_t unknown = c.id + 1;
    begin_writing();
    te_codec_u64(&codec, &unknown);
    begin_reading(8);
    assert_null(te_save_conn_ref(&codec, c.a.stack, NULL));
    assert_refused();
    couple_stop(&c);
}

/* --- errors ----------------------------------------------------------------------------------- */

static enum te_err read_error(int8_t error)
{
    int8_t read = 0;
    begin_writing();
    te_codec_i8(&codec, &error);
    begin_reading(1);
    te_save_error(&codec, &read);
    assert_int_equal(read, error);
    return codec.err;
}

static void an_error_is_0_or_negative(void **state)
{
    (void)state;
    assert_int_equal(read_error(TE_OK), TE_OK);
    assert_int_equal(read_error(TE_ERR_MEMORY_PRESSURE), TE_OK);
    assert_int_equal(read_error(INT8_MIN), TE_OK); /* of a later version */
    assert_int_equal(read_error(1), TE_ERR_INVALID);
    assert_int_equal(read_error(INT8_MAX), TE_ERR_INVALID);
}

/* --- transitions and histories ---------------------------------------------------------------- */

static const struct te_transition sample = {.time_us = NOW_US,
                                            .from = TE_SYN_SENT,
                                            .to = TE_ESTABLISHED,
                                            .cause = TE_CAUSE_RECV_SYN_ACK,
                                            .has_segment = true,
                                            .segment = {1, 2, 3, 4, TE_SYN | TE_ACK}};

static void assert_same(const struct te_transition *a, const struct te_transition *b)
{
    assert_int_equal(a->time_us, b->time_us);
    assert_int_equal(a->from, b->from);
    assert_int_equal(a->to, b->to);
    assert_int_equal(a->cause, b->cause);
    assert_int_equal(a->has_segment, b->has_segment);
    assert_int_equal(a->segment.seq, b->segment.seq);
    assert_int_equal(a->segment.ack, b->segment.ack);
    assert_int_equal(a->segment.wnd_bytes, b->segment.wnd_bytes);
    assert_int_equal(a->segment.len_bytes, b->segment.len_bytes);
    assert_int_equal(a->segment.flags, b->segment.flags);
}

static size_t write_transition(const struct te_transition *transition)
{
    struct te_transition copy = *transition;
    begin_writing();
    te_save_transition(&codec, &copy);
    return written();
}

static void a_transition_comes_back(void **state)
{
    struct te_transition read;
    (void)state;
    memset(&read, 0, sizeof(read));
    begin_reading(write_transition(&sample));
    te_save_transition(&codec, &read);
    assert_read();
    assert_same(&read, &sample);
}

static enum te_err read_transition(const struct te_transition *transition)
{
    struct te_transition read;
    memset(&read, 0, sizeof(read));
    begin_reading(write_transition(transition));
    te_save_transition(&codec, &read);
    return codec.err;
}

static void a_transition_of_no_engine_is_refused(void **state)
{
    struct te_transition wrong = sample;
    (void)state;
    wrong.time_us = NOW_US + 1; /* after the state was saved */
    assert_int_equal(read_transition(&wrong), TE_ERR_INVALID);
    wrong = sample;
    wrong.from = TE_STATE_COUNT;
    assert_int_equal(read_transition(&wrong), TE_ERR_INVALID);
    wrong = sample;
    wrong.to = TE_STATE_COUNT;
    assert_int_equal(read_transition(&wrong), TE_ERR_INVALID);
    wrong = sample;
    wrong.cause = TE_CAUSE_COUNT;
    assert_int_equal(read_transition(&wrong), TE_ERR_INVALID);
    wrong = sample;
    wrong.to = TE_TIME_WAIT;
    wrong.cause = TE_CAUSE_COUNT - 1;
    assert_int_equal(read_transition(&wrong), TE_OK);
}

static void a_history_comes_back_in_its_order(void **state)
{
    struct te_history_log log = {.count = 0}, read = {.count = 0};
    struct te_transition transitions[TE_HISTORY_MAX], back[TE_HISTORY_MAX];
    (void)state;
    for (unsigned i = 0; i < TE_HISTORY_MAX + 2; i++) { /* two more than there is room for */
        struct te_transition transition = sample;
        transition.time_us -= TE_HISTORY_MAX + 2 - i;
        transition.segment.seq = i;
        te_history_add(&log, &transition, &allocator);
    }
    assert_int_equal(te_history_copy(&log, transitions), TE_HISTORY_MAX);
    begin_writing();
    te_save_history(&codec, &log, &allocator);
    begin_reading(written());
    te_save_history(&codec, &read, &allocator);
    assert_read();
    assert_int_equal(te_history_copy(&read, back), TE_HISTORY_MAX);
    for (unsigned i = 0; i < TE_HISTORY_MAX; i++)
        assert_same(&back[i], &transitions[i]);
    te_history_clear(&log, &allocator);
    te_history_clear(&read, &allocator);
}

static void a_history_without_memory_for_it_is_refused(void **state)
{
    struct te_history_log log = {.count = 0}, read = {.count = 0};
    (void)state;
    for (unsigned i = 0; i < TE_HISTORY_INLINE + 1; i++)
        te_history_add(&log, &sample, &allocator);
    begin_writing();
    te_save_history(&codec, &log, &allocator);
    te_history_clear(&log, &allocator);
    begin_reading(written());
    heap.allocations_left = 0;
    te_save_history(&codec, &read, &allocator);
    assert_int_equal(codec.err, TE_ERR_NOMEM);
    te_history_clear(&read, &allocator);
    assert_int_equal(heap.held_bytes, 0);
}

static void a_history_that_is_too_long_is_refused(void **state)
{
    struct te_history_log read = {.count = 0};
    (void)state;
    memset(bytes, 0, sizeof(bytes));
    bytes[0] = TE_HISTORY_MAX + 1;
    begin_reading(sizeof(bytes));
    te_save_history(&codec, &read, &allocator);
    assert_refused();
    assert_int_equal(read.count, 0);
}

/* --- counters --------------------------------------------------------------------------------- */

/* Sets each counter to its number in the table, from 1 on. */
static size_t number_counters(struct te_stack *of)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    for (size_t i = 0; i < count; i++) {
        uint64_t value = i + 1;
        memcpy((uint8_t *)&of->counters + table[i].offset, &value, sizeof(value));
    }
    return count;
}

static void counters_come_back(void **state)
{
    struct te_counters before;
    (void)state;
    size_t count = number_counters(&stack);
    before = stack.counters;
    begin_writing();
    te_save_counters(&codec, &stack);
    size_t len = written();
    memset(&stack.counters, 0, sizeof(stack.counters));
    begin_reading(len);
    te_save_counters(&codec, &stack);
    assert_read();
    assert_memory_equal(&stack.counters, &before, sizeof(before));
    assert_int_equal(bytes[0] | bytes[1] << 8, count);
}

static void put_counter(const char *name, uint64_t value)
{
    uint8_t len = (uint8_t)strlen(name);
    char text[64];
    memcpy(text, name, len);
    te_codec_u8(&codec, &len);
    te_codec_bytes(&codec, text, len);
    te_codec_u64(&codec, &value);
}

static size_t put_counters(const char *const *names, uint32_t count)
{
    begin_writing();
    te_codec_u32(&codec, &count);
    for (uint32_t i = 0; i < count; i++)
        put_counter(names[i], 100 + i);
    return written();
}

/* Of another version: in another order, with some that we do not have, and without others. */
static void counters_are_known_by_their_names(void **state)
{
    static const char *const names[] = {"udp_in", "no_such_counter", "active_opens",
                                        "window_closed", "udp_i"};
    (void)state;
    begin_reading(put_counters(names, 5));
    te_save_counters(&codec, &stack);
    assert_read();
    assert_int_equal(stack.counters.udp_in, 100);
    assert_int_equal(stack.counters.active_opens, 102);
    assert_int_equal(stack.counters.window_closed, 103);
    stack.counters.udp_in = stack.counters.active_opens = stack.counters.window_closed = 0;
    static const struct te_counters zeros;
    assert_memory_equal(&stack.counters, &zeros, sizeof(zeros));
}

/* A later version may have more counters than our table has rows. */
static void more_counters_than_ours_are_passed_over(void **state)
{
    size_t rows;
    const char *names[512];
    (void)state;
    const struct te_counter_info *table = te_counter_table(&rows);
    assert_true(rows + 2 <= 512);
    for (size_t i = 0; i < rows + 2; i++)
        names[i] = "no_such_counter";
    names[rows + 1] = table[rows - 1].name;
    begin_reading(put_counters(names, (uint32_t)rows + 2));
    te_save_counters(&codec, &stack);
    assert_read();
    uint64_t value;
    memcpy(&value, (const uint8_t *)&stack.counters + table[rows - 1].offset, sizeof(value));
    assert_int_equal(value, 100 + rows + 1);
}

static void more_counters_than_bytes_are_refused(void **state)
{
    static const char *const names[] = {"udp_in"};
    (void)state;
    size_t len = put_counters(names, 1);
    bytes[0] = 200;
    begin_reading(len);
    te_save_counters(&codec, &stack);
    assert_refused();
}

/* --- the stack's own values ------------------------------------------------------------------- */

static void the_stacks_own_values_come_back(void **state)
{
    struct te_stack read = {.next_id = 0};
    (void)state;
    stack.next_ephemeral = 2;
    stack.ip_id = 3;
    stack.challenge_limiter = (struct te_limiter){4, 5, false};
    stack.rst_limiter = (struct te_limiter){6, 7, false};
    stack.icmp_limiter = (struct te_limiter){8, 9, false};
    stack.time_wait_limiter = (struct te_limiter){10, 11, false};
    stack.echo_limiter = (struct te_limiter){12, 13, true};
    begin_writing();
    te_save_stack(&codec, &stack);
    begin_reading(written());
    te_save_stack(&codec, &read);
    assert_read();
    assert_int_equal(read.next_id, 1000);
    assert_int_equal(read.next_ephemeral, 2);
    assert_int_equal(read.ip_id, 3);
    const struct te_limiter *limiters[] = {&read.challenge_limiter, &read.rst_limiter,
                                           &read.icmp_limiter, &read.time_wait_limiter,
                                           &read.echo_limiter};
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(limiters[i]->second_start_us, 4 + 2 * i);
        assert_int_equal(limiters[i]->left, 5 + 2 * i);
        assert_int_equal(limiters[i]->is_started, i == 4);
    }
}

/* Version 2 had no limiter for echo replies; one that had not started began at time 0. */
static void version_2_ends_before_the_limiter_of_echo_replies(void **state)
{
    struct te_stack read = {.echo_limiter = {12, 13, true}};
    (void)state;
    stack.challenge_limiter = (struct te_limiter){4, 5, true};
    stack.rst_limiter = (struct te_limiter){0, 0, false};
    stack.time_wait_limiter = (struct te_limiter){6, 7, true};
    begin_writing();
    codec.version = 2;
    te_save_stack(&codec, &stack);
    begin_reading(written());
    codec.version = 2;
    te_save_stack(&codec, &read);
    assert_read();
    assert_true(read.challenge_limiter.is_started);
    assert_false(read.rst_limiter.is_started);
    assert_true(read.time_wait_limiter.is_started);
    assert_int_equal(read.echo_limiter.left, 13);
}

/* Version 1 had no limiter of its own for TIME_WAIT. */
static void version_1_ends_before_the_last_limiter(void **state)
{
    struct te_stack read = {.time_wait_limiter = {12, 13, true}};
    (void)state;
    begin_writing();
    codec.version = 2;
    te_save_stack(&codec, &stack);
    size_t len = written();
    begin_writing();
    codec.version = 1;
    te_save_stack(&codec, &stack);
    assert_int_equal(written(), len - 12);
    begin_reading(len - 12);
    codec.version = 1;
    te_save_stack(&codec, &read);
    assert_read();
    assert_int_equal(read.time_wait_limiter.second_start_us, 12);
    assert_int_equal(read.time_wait_limiter.left, 13);
}

static enum te_err read_next_id(uint64_t next_id)
{
    struct te_stack read = {.next_id = 0};
    stack.next_id = next_id;
    begin_writing();
    te_save_stack(&codec, &stack);
    begin_reading(written());
    te_save_stack(&codec, &read);
    return codec.err;
}

/* Ids stay below 2^53, so that JSON's numbers hold them (conn.h). */
static void ids_do_not_run_out(void **state)
{
    (void)state;
    assert_int_equal(read_next_id(0), TE_ERR_INVALID);
    assert_int_equal(read_next_id(1), TE_OK);
    assert_int_equal(read_next_id(UINT64_C(1) << 53), TE_OK);
    assert_int_equal(read_next_id((UINT64_C(1) << 53) + 1), TE_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_endpoint_is_16_bytes_and_a_port, setup),
        cmocka_unit_test_setup(an_endpoint_that_ends_too_early_is_refused, setup),
        cmocka_unit_test_setup(an_id_was_given_out, setup),
        cmocka_unit_test_setup(a_reference_names_a_connection_that_exists, setup),
        cmocka_unit_test_setup(an_error_is_0_or_negative, setup),
        cmocka_unit_test_setup(a_transition_comes_back, setup),
        cmocka_unit_test_setup(a_transition_of_no_engine_is_refused, setup),
        cmocka_unit_test_setup(a_history_comes_back_in_its_order, setup),
        cmocka_unit_test_setup(a_history_without_memory_for_it_is_refused, setup),
        cmocka_unit_test_setup(a_history_that_is_too_long_is_refused, setup),
        cmocka_unit_test_setup(counters_come_back, setup),
        cmocka_unit_test_setup(counters_are_known_by_their_names, setup),
        cmocka_unit_test_setup(more_counters_than_ours_are_passed_over, setup),
        cmocka_unit_test_setup(more_counters_than_bytes_are_refused, setup),
        cmocka_unit_test_setup(the_stacks_own_values_come_back, setup),
        cmocka_unit_test_setup(version_2_ends_before_the_limiter_of_echo_replies, setup),
        cmocka_unit_test_setup(version_1_ends_before_the_last_limiter, setup),
        cmocka_unit_test_setup(ids_do_not_run_out, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
