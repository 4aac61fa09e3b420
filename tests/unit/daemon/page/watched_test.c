/* A watched connection: its ring of segments, their numbers, and its samples. */
#include <string.h>

#include "page/watched.h"
#include "rpc/rpc_support.h"

static struct watched watched;

static struct capture_about segment_of(uint64_t id, uint32_t seq)
{
    return (struct capture_about){
        .id = id,
        .is_tcp = true,
        .before = TE_ESTABLISHED,
        .after = TE_ESTABLISHED,
        .trace = {
            .id = id,
            .segment = {
                .seq = seq, .ack = 500, .wnd_bytes = 3, .len_bytes = 9, .flags = TE_ACK | TE_PSH}}};
}

static void expect_number(json_t *object, const char *name, int64_t value)
{
    json_t *number = json_object_get(object, name);
    assert_true(json_is_integer(number));
    assert_int_equal(json_integer_value(number), value);
}

static void expect_text(json_t *object, const char *name, const char *value)
{
    assert_string_equal(json_string_value(json_object_get(object, name)), value);
}

static uint64_t join(struct t_rpc *env, struct t_client *client, struct te_status *status)
{
    uint64_t peer;
    t_client_open(client, env);
    uint64_t id = t_connected(client, &peer);
    assert_int_equal(te_status(env->pump.stack, id, status), TE_OK);
    watched_init(&watched, id);
    return id;
}

static void test_numbers_are_relative(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    struct te_status status;
    uint64_t id = join(env, &client, &status);
    struct capture_about about = segment_of(id, status.iss + 10);
    about.trace.segment.ack = status.irs + 20;
    watched_add(&watched, &about, true, 7000);
    json_t *json = watched_segment_json(&watched, env->pump.stack);
    expect_number(json, "at_ms", 7);
    expect_text(json, "direction", "out");
    expect_text(json, "flags", "PSH,ACK");
    expect_number(json, "seq", 10);
    expect_number(json, "ack", 20);
    expect_number(json, "raw_seq", (uint32_t)(status.iss + 10));
    expect_number(json, "raw_ack", (uint32_t)(status.irs + 20));
    expect_number(json, "len", 9);
    expect_number(json, "wnd", (int64_t)3 << status.rcv_wscale);
    expect_text(json, "state", "ESTABLISHED");
    expect_number(json, "skipped", 0);
    assert_true(json_is_null(json_object_get(json, "note")));
    json_decref(json);
    assert_null(watched_segment_json(&watched, env->pump.stack));

    about.trace.segment.seq = status.irs;
    about.trace.segment.flags = TE_SYN; /* its window is not scaled, and it acknowledges nothing */
    about.drop = TE_DROP_PAWS;
    watched_add(&watched, &about, false, 8000);
    json = watched_segment_json(&watched, env->pump.stack);
    expect_text(json, "direction", "in");
    expect_number(json, "seq", 0);
    expect_number(json, "wnd", 3);
    assert_true(json_is_null(json_object_get(json, "ack")));
    assert_memory_equal(json_string_value(json_object_get(json, "note")), "PAWS drop: ", 11);
    json_decref(json);
    t_client_close(&client);
}

static void test_the_last_segments_are_kept(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    struct te_status status;
    uint64_t id = join(env, &client, &status);
    for (uint32_t i = 0; i < WATCHED_SEGMENTS_MAX + 10; i++) {
        struct capture_about about = segment_of(id, status.iss + i);
        watched_add(&watched, &about, true, 0);
    }
    for (uint32_t i = 0; i < WATCHED_SEGMENTS_MAX; i++) {
        json_t *json = watched_segment_json(&watched, env->pump.stack);
        expect_number(json, "seq", 10 + i);
        expect_number(json, "skipped", i == 0 ? 10 : 0);
        json_decref(json);
    }
    assert_null(watched_segment_json(&watched, env->pump.stack));
    t_client_close(&client);
}

/* Those of others do not come in; those of nobody do if they have its addresses. */
static void test_whose_segments(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    struct te_status status;
    uint64_t id = join(env, &client, &status);
    struct capture_about other = segment_of(id + 1, 0), nobody = segment_of(0, 0);
    json_decref(watched_sample_json(&watched, env->pump.stack, 1)); /* learns its addresses */
    watched_add(&watched, &other, true, 0);
    watched_add(&watched, &nobody, true, 0);
    assert_int_equal(watched.count, 0);
    nobody.trace.local = status.local;
    nobody.trace.remote = status.remote;
    watched_add(&watched, &nobody, true, 0);
    assert_int_equal(watched.count, 1);
    nobody.trace.remote.port++;
    watched_add(&watched, &nobody, true, 0);
    assert_int_equal(watched.count, 1);
    t_client_close(&client);
}

static void test_samples(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    struct te_status status;
    uint64_t id = join(env, &client, &status);
    json_t *json = watched_sample_json(&watched, env->pump.stack, 1000000);
    expect_number(json, "at_ms", 1000);
    expect_number(json, "cwnd_bytes", status.cwnd_bytes);
    expect_number(json, "snd_wnd", status.snd_wnd);
    expect_number(json, "rcv_wnd", status.rcv_wnd);
    expect_number(json, "retransmits", 0);
    assert_true(json_is_null(json_object_get(json, "ssthresh_bytes")));
    json_decref(json);
    assert_null(watched_sample_json(&watched, env->pump.stack, 1499999));
    json = watched_sample_json(&watched, env->pump.stack, 1500000);
    assert_non_null(json);
    json_decref(json);
    assert_false(watched.is_gone);
    T_OK(t_abort(&client, id));
    assert_null(watched_sample_json(&watched, env->pump.stack, 3000000));
    assert_true(watched.is_gone);
    t_client_close(&client);
}

static void expect_nulls(uint64_t id, const char *const *names, const struct te_stack *stack)
{
    watched_init(&watched, id);
    json_t *json = watched_sample_json(&watched, stack, 1000000);
    assert_non_null(json);
    for (size_t i = 0; names[i] != NULL; i++)
        assert_true(json_is_null(json_object_get(json, names[i])));
    json_decref(json);
}

/* A backlog is no queue of bytes, and what has ended has no window: no zeros are made up. */
static void test_samples_of_what_has_no_windows(void **state)
{
    static const char *const all[] = {
        "cwnd_bytes",       "ssthresh_bytes",      "srtt_us", "snd_wnd", "rcv_wnd",
        "send_queue_bytes", "receive_queue_bytes", NULL};
    static const char *const windows[] = {"cwnd_bytes", "ssthresh_bytes", "snd_wnd", "rcv_wnd",
                                          NULL};
    struct t_rpc *env = *state;
    struct t_client client;
    struct te_status status;
    uint64_t peer;
    t_client_open(&client, env);
    const pb_response *listening = t_listen(&client, 7000, 1);
    T_OK(listening);
    expect_nulls(listening->open->id, all, env->pump.stack);
    uint64_t id = t_connected(&client, &peer);
    T_OK(t_close(&client, id, 0));
    te_close(env->peer, peer, t_now_us(env));
    t_turn_for(&env->loop, 20);
    assert_int_equal(te_status(env->pump.stack, id, &status), TE_OK);
    assert_int_equal(status.state, TE_TIME_WAIT);
    expect_nulls(id, windows, env->pump.stack);
    t_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, t_rpc_setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_numbers_are_relative),
        TEST(test_the_last_segments_are_kept),
        TEST(test_whose_segments),
        TEST(test_samples),
        TEST(test_samples_of_what_has_no_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
