#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/rpc_convert.h"
#include "support/test.h"

#define ARENA_BYTES ((size_t)64 * 1024)
#define NOW_US (INT64_C(1000) * TE_SECOND)

/* --- the pump's place: a clock that stands ---------------------------------------------------- */

struct pump {
    struct te_stack *stack;
};

int64_t pump_now_us(const struct pump *pump)
{
    (void)pump;
    return NOW_US;
}

struct te_stack *pump_stack(const struct pump *pump)
{
    return pump->stack;
}

void pump_wake(struct pump *pump)
{
    (void)pump;
}

static int setup(void **state)
{
    struct rpc *rpc = calloc(1, sizeof(*rpc));
    assert_true(arena_init(&rpc->answer_arena, ARENA_BYTES));
    rpc->owners = owner_table_new();
    assert_non_null(rpc->owners);
    *state = rpc;
    return 0;
}

static int teardown(void **state)
{
    struct rpc *rpc = *state;
    arena_done(&rpc->answer_arena);
    owner_table_free(rpc->owners);
    free(rpc);
    return 0;
}

static struct te_endpoint endpoint_of(const char *addr, uint16_t port)
{
    struct te_endpoint endpoint = {.port = port};
    assert_true(te_addr_parse(addr, &endpoint.addr));
    return endpoint;
}

static void test_endpoints(void **state)
{
    struct rpc *rpc = *state;
    const struct te_endpoint v4 = endpoint_of("10.0.0.2", 80);
    const struct te_endpoint v6 = endpoint_of("2001:db8::2", 65535);
    const struct te_endpoint any = {.port = 22};
    pb_endpoint *message = rpc_endpoint(rpc, &v4);
    assert_string_equal(message->address, "10.0.0.2");
    assert_int_equal(message->port, 80);
    message = rpc_endpoint(rpc, &v6);
    assert_string_equal(message->address, "2001:db8::2");
    assert_int_equal(message->port, 65535);
    message = rpc_endpoint(rpc, &any); /* empty, not "::" */
    assert_string_equal(message->address, "");
    assert_int_equal(message->port, 22);
}

static void test_segments(void **state)
{
    struct rpc *rpc = *state;
    const struct te_segment_info segment = {.seq = UINT32_MAX,
                                            .ack = 7,
                                            .wnd_bytes = 1u << 30,
                                            .len_bytes = 1460,
                                            .flags = TE_SYN | TE_ACK};
    const pb_segment *message = rpc_segment(rpc, &segment);
    assert_string_equal(message->flags, "SYN,ACK");
    assert_int_equal(message->seq, UINT32_MAX);
    assert_int_equal(message->ack, 7);
    assert_int_equal(message->len, 1460);
    assert_int_equal(message->wnd, 1u << 30);
}

/* The enumerations have the same numbers for the same names. */
static void test_states_are_numbered_alike(void **state)
{
    const ProtobufCEnumDescriptor *names = &tcpengine__v1__state__descriptor;
    (void)state;
    for (unsigned i = 0; i < TE_STATE_COUNT; i++) {
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(names, (int)rpc_state((enum te_state)i));
        assert_non_null(value);
        assert_string_equal(value->name, te_state_name((enum te_state)i));
    }
}

/* --- connections ------------------------------------------------------------------------------ */

static void test_connection_has_the_fields_of_its_status(void **state)
{
    struct rpc *rpc = *state;
    const struct te_status status = {.id = UINT64_C(1) << 52,
                                     .state = TE_ESTABLISHED,
                                     .local = endpoint_of("10.0.0.1", 40000),
                                     .remote = endpoint_of("10.0.0.2", 80),
                                     .uid = 1000,
                                     .send_queue_bytes = 11,
                                     .receive_queue_bytes = 22};
    const pb_connection *message = rpc_connection(rpc, &status);
    assert_true(message->id == UINT64_C(1) << 52);
    assert_int_equal(message->state, TCPENGINE__V1__STATE__ESTABLISHED);
    assert_string_equal(message->local->address, "10.0.0.1");
    assert_int_equal(message->local->port, 40000);
    assert_string_equal(message->remote->address, "10.0.0.2");
    assert_int_equal(message->uid, 1000);
    assert_int_equal(message->send_queue_bytes, 11);
    assert_int_equal(message->receive_queue_bytes, 22);
}

static int64_t timer_ms(struct rpc *rpc, enum te_timer timer, int64_t at_us)
{
    const struct te_status status = {.timer = timer, .timer_at_us = at_us};
    const pb_connection *message = rpc_connection(rpc, &status);
    assert_string_equal(message->timer, te_timer_name(timer));
    return message->timer_ms;
}

/* Rounded up, so that 0 means now and not "within a millisecond". */
static void test_timers_are_rounded_up(void **state)
{
    struct rpc *rpc = *state;
    assert_int_equal(timer_ms(rpc, TE_TIMER_RETRANSMIT, NOW_US + 1), 1);
    assert_int_equal(timer_ms(rpc, TE_TIMER_RETRANSMIT, NOW_US + 1000), 1);
    assert_int_equal(timer_ms(rpc, TE_TIMER_RETRANSMIT, NOW_US + 1001), 2);
    assert_int_equal(timer_ms(rpc, TE_TIMER_RETRANSMIT, NOW_US), 0);
    assert_int_equal(timer_ms(rpc, TE_TIMER_RETRANSMIT, NOW_US - TE_SECOND), 0);
    assert_int_equal(timer_ms(rpc, TE_TIMER_RETRANSMIT, TE_NEVER), 0);
    assert_int_equal(timer_ms(rpc, TE_TIMER_NONE, NOW_US + TE_SECOND), 0);
}

static void test_status_fields_and_ages(void **state)
{
    const struct te_status status = {.snd_una = 100,
                                     .snd_nxt = 200,
                                     .mss = 1460,
                                     .srtt_us = 30000,
                                     .bytes_sent = UINT64_C(1) << 40,
                                     .opened_at_us = NOW_US - 8 * TE_SECOND,
                                     .state_since_us = NOW_US - 5 * TE_SECOND};
    pb_connection_status_result result = TCPENGINE__V1__CONNECTION_STATUS_RESULT__INIT;
    (void)state;
    rpc_fill_status(&status, NOW_US, &result);
    assert_int_equal(result.snd_una, 100);
    assert_int_equal(result.snd_nxt, 200);
    assert_int_equal(result.mss, 1460);
    assert_int_equal(result.srtt_us, 30000);
    assert_true(result.bytes_sent == UINT64_C(1) << 40);
    assert_int_equal(result.age_us, 8 * TE_SECOND);
    assert_int_equal(result.state_age_us, 5 * TE_SECOND);
}

static void test_an_unknown_opening_has_no_age(void **state)
{
    const struct te_status status = {
        .state = TE_TIME_WAIT, .opened_at_us = TE_NEVER, .state_since_us = NOW_US - TE_SECOND};
    pb_connection_status_result result = TCPENGINE__V1__CONNECTION_STATUS_RESULT__INIT;
    (void)state;
    rpc_fill_status(&status, NOW_US, &result);
    assert_int_equal(result.age_us, -1);
    assert_int_equal(result.state_age_us, TE_SECOND);
}

/* --- TIME_WAIT -------------------------------------------------------------------------------- */

static void test_time_wait_entry(void **state)
{
    struct rpc *rpc = *state;
    const struct te_status status = {.id = 7,
                                     .state = TE_TIME_WAIT,
                                     .uid = 1000,
                                     .time_wait_from = TE_FIN_WAIT_2,
                                     .time_wait_started_at_us = NOW_US - 20 * TE_SECOND,
                                     .time_wait_ends_at_us = NOW_US + 40 * TE_SECOND,
                                     .state_since_us = NOW_US - 25 * TE_SECOND,
                                     .fin_reacked = 2};
    const pb_time_wait_entry *message = rpc_time_wait(rpc, &status);
    assert_int_equal(message->id, 7);
    assert_int_equal(message->uid, 1000);
    assert_int_equal(message->entered_from, TCPENGINE__V1__STATE__FIN_WAIT_2);
    assert_string_equal(message->entered_by, "local");
    assert_int_equal(message->duration_ms, 60000);
    assert_int_equal(message->remaining_ms, 40000);
    assert_int_equal(message->age_ms, 25000);
    assert_int_equal(message->fin_reacked, 2);
}

static void test_simultaneous_close_is_entered_by_both(void **state)
{
    struct rpc *rpc = *state;
    const struct te_status status = {.time_wait_from = TE_CLOSING};
    assert_string_equal(rpc_time_wait(rpc, &status)->entered_by, "both");
}

/* One is rounded up and the other down: what remains is never more than the whole. */
static void test_remaining_is_at_most_the_duration(void **state)
{
    struct rpc *rpc = *state;
    const struct te_status status = {.time_wait_from = TE_FIN_WAIT_2,
                                     .time_wait_started_at_us = NOW_US,
                                     .time_wait_ends_at_us = NOW_US + 1500};
    const pb_time_wait_entry *message = rpc_time_wait(rpc, &status);
    assert_int_equal(message->duration_ms, 1);
    assert_int_equal(message->remaining_ms, 1);
}

/* --- texts ------------------------------------------------------------------------------------ */

/* Texts in answers are protobuf strings, and end on terminals: a TAP's name is the least of it. */
static void test_text_is_printable(void **state)
{
    assert_string_equal(rpc_text(*state, "tap\x1b[0m\xff\xc3\xa9"), "tap?[0m?\xc3\xa9");
}

static void test_quote_is_printable_and_short(void **state)
{
    char quote[RPC_QUOTE_MAX], longest[RPC_QUOTE_MAX], too_long[RPC_QUOTE_MAX + 1];
    (void)state;
    rpc_quote("a\n\x1b[31mb\x7f\xc3\xa4~ ", quote);
    assert_string_equal(quote, "a??[31mb???~ ");
    memset(longest, 'x', sizeof(longest));
    memset(too_long, 'x', sizeof(too_long));
    longest[RPC_QUOTE_MAX - 1] = too_long[RPC_QUOTE_MAX] = '\0';
    rpc_quote(longest, quote);
    assert_string_equal(quote, longest);
    rpc_quote(too_long, quote);
    assert_string_equal(quote, longest);
    rpc_quote("", quote);
    assert_string_equal(quote, "");
}

/* A full arena costs the part, never the daemon. */
static void test_no_room_in_the_arena(void **state)
{
    struct rpc *rpc = *state;
    const struct te_endpoint endpoint = endpoint_of("10.0.0.2", 80);
    const struct te_segment_info segment = {0};
    const struct te_status status = {0};
    assert_non_null(arena_alloc(&rpc->answer_arena, ARENA_BYTES));
    assert_null(rpc_endpoint(rpc, &endpoint));
    assert_null(rpc_segment(rpc, &segment));
    assert_null(rpc_connection(rpc, &status));
    assert_null(rpc_time_wait(rpc, &status));
    assert_null(rpc_pointers(rpc, 1));
    assert_string_equal(rpc_text(rpc, "lost"), "");
}

static void test_room_for_a_message_but_not_its_texts(void **state)
{
    struct rpc *rpc = *state;
    const struct te_endpoint endpoint = endpoint_of("10.0.0.2", 80);
    size_t taken = sizeof(pb_endpoint) + alignof(max_align_t) - 1;
    taken -= taken % alignof(max_align_t);
    arena_alloc(&rpc->answer_arena, ARENA_BYTES - taken);
    const pb_endpoint *message = rpc_endpoint(rpc, &endpoint);
    assert_non_null(message);
    assert_string_equal(message->address, "");
    assert_int_equal(message->port, 80);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_endpoints),
        TEST(test_segments),
        TEST(test_states_are_numbered_alike),
        TEST(test_connection_has_the_fields_of_its_status),
        TEST(test_timers_are_rounded_up),
        TEST(test_status_fields_and_ages),
        TEST(test_an_unknown_opening_has_no_age),
        TEST(test_time_wait_entry),
        TEST(test_simultaneous_close_is_entered_by_both),
        TEST(test_remaining_is_at_most_the_duration),
        TEST(test_text_is_printable),
        TEST(test_quote_is_printable_and_short),
        TEST(test_no_room_in_the_arena),
        TEST(test_room_for_a_message_but_not_its_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
