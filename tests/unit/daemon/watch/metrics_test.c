#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"
#include "watch/metric_name.h"
#include "watch/metrics.h"
#include "watch/pages.h"

/* Everything that a page is made of, in one place. */
struct fixture {
    struct te_config engine;
    struct rpc_options rpc_options;
    struct te_counters counters;
    struct latency latency;
    struct te_tallies tallies;
    struct listener_rows listeners;
    struct tap_stats tap;
    struct pump_stats pump;
    struct rpc_stats rpc;
    struct metrics_input input;
    const char *trouble, *shortage;
};

static struct fixture *fixture_of(void **state)
{
    return *state;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->input = (struct metrics_input){.version = "1.2.3",
                                            .engine = &fixture->engine,
                                            .rpc_options = &fixture->rpc_options,
                                            .counters = &fixture->counters,
                                            .latency = &fixture->latency,
                                            .tallies = &fixture->tallies,
                                            .listeners = &fixture->listeners,
                                            .memory = {.max_bytes = 1000},
                                            .tap = &fixture->tap,
                                            .tap_name = "tap0",
                                            .is_tap_up = true,
                                            .pump = &fixture->pump,
                                            .rpc = &fixture->rpc};
    snprintf(fixture->listeners.other.name, LISTENER_ROW_NAME_MAX, LISTENER_ROW_OTHER);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

/* The page as text; free() it. */
static char *render_as(const struct fixture *fixture, enum exposition_format format)
{
    char *text = NULL;
    size_t len;
    FILE *stream = open_memstream(&text, &len);
    metrics_write(stream, format, &fixture->input);
    fclose(stream);
    return text;
}

static char *render(const struct fixture *fixture)
{
    return render_as(fixture, EXPOSITION_TEXT);
}

static void assert_line(const char *text, const char *line)
{
    char whole[256];
    snprintf(whole, sizeof(whole), "\n%s\n", line);
    if (strstr(text, whole) == NULL)
        fail_msg("no line: %s", line);
}

static void test_states_are_all_there(void **state)
{
    struct fixture *fixture = fixture_of(state);
    fixture->input.totals.by_state[TE_ESTABLISHED] = 3;
    fixture->input.totals.by_state[TE_CLOSE_WAIT] = 2;
    char *text = render(fixture);
    for (unsigned i = 0; i < TE_STATE_COUNT; i++) {
        char line[128];
        snprintf(line, sizeof(line), "tcpengine_tcp_connection_states{state=\"%s\"} %d",
                 te_state_name((enum te_state)i),
                 i == TE_ESTABLISHED ? 3 : (i == TE_CLOSE_WAIT ? 2 : 0));
        assert_line(text, line);
    }
    free(text);
}

static void test_every_counter_is_there(void **state)
{
    struct fixture *fixture = fixture_of(state);
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 1000 + i;
        memcpy((char *)&fixture->counters + table[i].offset, &value, sizeof(value));
    }
    char *text = render(fixture);
    for (size_t i = 0; i < count; i++) {
        char name[METRIC_NAME_MAX], line[METRIC_NAME_MAX + 24];
        metric_name_format(table[i].name, name);
        snprintf(line, sizeof(line), "%s %zu", name, 1000 + i);
        assert_line(text, line);
    }
    free(text);
}

static void test_names(void **state)
{
    static const char *const names[][2] = {
        {"active_opens", "tcpengine_tcp_active_opens_total"},
        {"established_resets", "tcpengine_tcp_established_resets_total"},
        {"segments_in", "tcpengine_tcp_segments_received_total"},
        {"segments_out", "tcpengine_tcp_segments_sent_total"},
        {"segments_retransmitted", "tcpengine_tcp_segments_retransmitted_total"},
        {"segments_in_errors", "tcpengine_tcp_receive_errors_total"},
        {"resets_out", "tcpengine_tcp_resets_sent_total"},
        {"time_wait_expired", "tcpengine_tcp_time_wait_expired_total"},
        {"tcp_bad_checksum", "tcpengine_tcp_bad_checksum_total"},
        {"ecn_ce_in", "tcpengine_tcp_ecn_ce_received_total"},
        {"frames_in", "tcpengine_frames_received_total"},
        {"frame_bytes_out", "tcpengine_frame_bytes_sent_total"},
        {"ip_not_for_us", "tcpengine_ip_foreign_total"},
        {"memory_yields", "tcpengine_memory_yields_total"},
        {"in", "tcpengine_tcp_in_total"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[METRIC_NAME_MAX];
        metric_name_format(names[i][0], name);
        assert_string_equal(name, names[i][1]);
    }
}

static void test_each_use_beside_its_cap(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct te_totals *totals = &fixture->input.totals;
    totals->connections = 10, fixture->engine.conn_max = 11;
    totals->listeners = 2, fixture->engine.listeners_max = 12;
    totals->orphans = 1, fixture->engine.orphan_max = 13;
    totals->time_wait = 7, fixture->engine.time_wait_max = 14;
    totals->neighbours = 3, fixture->engine.neighbour_max = 15;
    fixture->rpc.links = 4, fixture->rpc_options.control.links_max = 16;
    fixture->rpc.sessions = 5, fixture->rpc_options.sessions_max = 17;
    fixture->rpc.channels = 6, fixture->rpc_options.channels_max = 18;
    fixture->rpc.sockets = 8, fixture->rpc_options.sockets_max = 19;
    fixture->rpc.held_bytes = 9, fixture->rpc_options.held_max = 20;
    fixture->input.streams = 25, fixture->input.streams_max = 26;
    fixture->rpc.captures = 23, fixture->rpc.captures_max = 24;
    fixture->rpc.recent = 21, fixture->rpc_options.recent_max = 22;
    static const char *const lines[] = {
        "tcp_connections 10",
        "tcp_connections_max 11",
        "tcp_listeners 2",
        "tcp_listeners_max 12",
        "tcp_orphans 1",
        "tcp_orphans_max 13",
        "tcp_time_wait 7",
        "tcp_time_wait_max 14",
        "neighbours 3",
        "neighbours_max 15",
        "rpc_links 4",
        "rpc_links_max 16",
        "rpc_sessions 5",
        "rpc_sessions_max 17",
        "rpc_channels 6",
        "rpc_channels_max 18",
        "rpc_sockets 8",
        "rpc_sockets_max 19",
        "rpc_held_bytes 9",
        "rpc_held_max_bytes 20",
        "http_streams 25",
        "http_streams_max 26",
        "captures 23",
        "captures_max 24",
        "rpc_remembered_answers 21",
        "rpc_remembered_answers_max 22",
    };
    char *text = render(fixture);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char line[METRIC_NAME_MAX];
        snprintf(line, sizeof(line), "tcpengine_%s", lines[i]);
        assert_line(text, line);
    }
    free(text);
}

static void test_programs_are_labels(void **state)
{
    struct fixture *fixture = fixture_of(state);
    fixture->input.programs =
        (struct rpc_programs){.rows = {{"nginx", 12}, {"a\"\\b", 1}}, .count = 2, .other = 3};
    char *text = render(fixture);
    assert_line(text, "tcpengine_tcp_program_connections{program=\"nginx\"} 12");
    assert_line(text, "tcpengine_tcp_program_connections{program=\"a\\\"\\\\b\"} 1");
    assert_line(text, "tcpengine_tcp_program_connections{program=\"(other)\"} 3");
    free(text);
}

static void test_memory(void **state)
{
    struct fixture *fixture = fixture_of(state);
    fixture->input.memory = (struct te_memory_use){
        .level = TE_MEMORY_LIMIT,
        .used_bytes = 950,
        .max_bytes = 1000,
        .owners = {{1000, 3, 400, true}, {0, 1, 20, true}},
        .owner_count = 2,
        .other_bytes = 7,
        .refused = 5,
    };
    char *text = render(fixture);
    assert_line(text, "tcpengine_memory_used_bytes 950");
    assert_line(text, "tcpengine_memory_max_bytes 1000");
    assert_line(text, "tcpengine_memory_refused_total 5");
    assert_line(text, "tcpengine_memory_pressure 2");
    assert_line(text, "tcpengine_memory_uid_bytes{uid=\"1000\"} 400");
    assert_line(text, "tcpengine_memory_uid_bytes{uid=\"0\"} 20");
    assert_line(text, "tcpengine_memory_uid_bytes{uid=\"other\"} 7");
    free(text);
}

static void transition(struct latency *latency, uint64_t id, enum te_state from, enum te_state to,
                       int64_t time_us)
{
    struct te_transition change = {.from = from, .to = to, .time_us = time_us};
    latency_on_transition(latency, id, &change);
}

static void test_handshakes(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct latency *latency = &fixture->latency;
    transition(latency, 1, TE_CLOSED, TE_SYN_SENT, 100);
    transition(latency, 2, TE_LISTEN, TE_SYN_RCVD, 100);
    transition(latency, 1, TE_SYN_SENT, TE_SYN_RCVD,
               150); /* a simultaneous open: the clock runs on */
    transition(latency, 1, TE_SYN_RCVD, TE_ESTABLISHED, 300);
    transition(latency, 2, TE_SYN_RCVD, TE_CLOSED, 300);
    transition(latency, 2, TE_CLOSED, TE_ESTABLISHED, 400); /* never seen in its opening */
    assert_int_equal(histogram_count(&latency->handshake), 1);
    assert_int_equal(latency->handshake.sum_us, 200);
    /* Two openings in one place: the one that is overwritten is left out, not mixed up. */
    transition(latency, 5, TE_CLOSED, TE_SYN_SENT, 1000);
    transition(latency, 5 + LATENCY_OPENINGS_MAX, TE_CLOSED, TE_SYN_SENT, 2000);
    transition(latency, 5, TE_SYN_SENT, TE_ESTABLISHED, 3000);
    assert_int_equal(histogram_count(&latency->handshake), 1);
    transition(latency, 5 + LATENCY_OPENINGS_MAX, TE_SYN_SENT, TE_ESTABLISHED, 3000);
    assert_int_equal(histogram_count(&latency->handshake), 2);
    assert_int_equal(latency->handshake.sum_us, 1200);
}

static void test_histogram(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct histogram *rtt = &fixture->latency.rtt;
    histogram_observe(rtt, 0);
    histogram_observe(rtt, 50);
    histogram_observe(rtt, 51);
    histogram_observe(rtt, 10000000);
    histogram_observe(rtt, 10000001);
    histogram_observe(rtt, -5);
    char *text = render(fixture);
    assert_line(text, "# TYPE tcpengine_tcp_rtt_seconds histogram");
    assert_line(text, "tcpengine_tcp_rtt_seconds_bucket{le=\"5e-05\"} 3");
    assert_line(text, "tcpengine_tcp_rtt_seconds_bucket{le=\"0.0001\"} 4");
    assert_line(text, "tcpengine_tcp_rtt_seconds_bucket{le=\"10.0\"} 5");
    assert_line(text, "tcpengine_tcp_rtt_seconds_bucket{le=\"+Inf\"} 6");
    assert_line(text, "tcpengine_tcp_rtt_seconds_sum 20.000102");
    assert_line(text, "tcpengine_tcp_rtt_seconds_count 6");
    assert_line(text, "tcpengine_tcp_handshake_seconds_count 0");
    free(text);
}

static void test_requests_by_verb(void **state)
{
    struct fixture *fixture = fixture_of(state);
    histogram_observe(&fixture->rpc.latency_by_verb[0], 70);
    histogram_observe(&fixture->rpc.latency_by_verb[RPC_VERB_COUNT - 1], 2000000);
    fixture->rpc.requests_by_verb[0] = 7;
    fixture->rpc.direct_by_verb[0] = 5;
    char *text = render(fixture), line[160];
    snprintf(line, sizeof(line), "tcpengine_rpc_requests_total{verb=\"%s\"} 7", rpc_verb_name(0));
    assert_line(text, line);
    snprintf(line, sizeof(line), "tcpengine_rpc_direct_requests_total{verb=\"%s\"} 5",
             rpc_verb_name(0));
    assert_line(text, line);
    snprintf(line, sizeof(line),
             "tcpengine_rpc_latency_seconds_bucket{verb=\"%s\",le=\"0.0001\"} 1", rpc_verb_name(0));
    assert_line(text, line);
    snprintf(line, sizeof(line), "tcpengine_rpc_latency_seconds_sum{verb=\"%s\"} 2.000000",
             rpc_verb_name(RPC_VERB_COUNT - 1));
    assert_line(text, line);
    for (unsigned i = 0; i < RPC_VERB_COUNT; i++) {
        snprintf(line, sizeof(line), "tcpengine_rpc_latency_seconds_count{verb=\"%s\"} %d",
                 rpc_verb_name(i), i == 0 || i == RPC_VERB_COUNT - 1);
        assert_line(text, line);
    }
    free(text);
}

/* --- sums over connections -------------------------------------------------------------------- */

static void test_what_holds_senders(void **state)
{
    struct fixture *fixture = fixture_of(state);
    for (unsigned i = 0; i < TE_HOLD_COUNT; i++)
        fixture->tallies.held_us[i] = 1500000 + i;
    char *text = render(fixture);
    assert_line(text, "tcpengine_tcp_limited_seconds_total{by=\"cwnd\"} 1.500003");
    assert_line(text, "tcpengine_tcp_limited_seconds_total{by=\"peer_window\"} 1.500004");
    assert_line(text, "tcpengine_tcp_limited_seconds_total{by=\"application\"} 1.500001");
    assert_line(text, "tcpengine_tcp_limited_seconds_total{by=\"send_buffer\"} 1.500002");
    assert_null(strstr(text, "by=\"idle\""));
    free(text);
}

static void test_ages(void **state)
{
    struct fixture *fixture = fixture_of(state);
    fixture->tallies.close_wait =
        (struct te_age_histogram){{1, 2, 0, 0, 0, 3, 0, 4}, 5 * UINT64_C(3600000000)};
    char *text = render(fixture);
    assert_line(text, "# TYPE tcpengine_tcp_close_wait_age_seconds histogram");
    assert_line(text, "tcpengine_tcp_close_wait_age_seconds_bucket{le=\"1.0\"} 1");
    assert_line(text, "tcpengine_tcp_close_wait_age_seconds_bucket{le=\"300.0\"} 3");
    assert_line(text, "tcpengine_tcp_close_wait_age_seconds_bucket{le=\"900.0\"} 6");
    assert_line(text, "tcpengine_tcp_close_wait_age_seconds_bucket{le=\"3600.0\"} 6");
    assert_line(text, "tcpengine_tcp_close_wait_age_seconds_bucket{le=\"+Inf\"} 10");
    assert_line(text, "tcpengine_tcp_close_wait_age_seconds_sum 18000.000000");
    assert_line(text, "tcpengine_tcp_close_wait_age_seconds_count 10");
    assert_line(text, "tcpengine_tcp_fin_wait_2_age_seconds_count 0");
    free(text);
}

static void test_segment_sizes(void **state)
{
    struct fixture *fixture = fixture_of(state);
    fixture->tallies.received.counts[0] = 4;
    fixture->tallies.received.counts[12] = 2;
    fixture->tallies.received.total_bytes = 2896;
    fixture->tallies.sent.counts[TE_SIZE_BUCKETS - 1] = 1;
    char *text = render(fixture);
    assert_line(text, "tcpengine_tcp_received_segment_bytes_bucket{le=\"0.0\"} 4");
    assert_line(text, "tcpengine_tcp_received_segment_bytes_bucket{le=\"1024.0\"} 4");
    assert_line(text, "tcpengine_tcp_received_segment_bytes_bucket{le=\"2048.0\"} 6");
    assert_line(text, "tcpengine_tcp_received_segment_bytes_sum 2896");
    assert_line(text, "tcpengine_tcp_sent_segment_bytes_bucket{le=\"32768.0\"} 0");
    assert_line(text, "tcpengine_tcp_sent_segment_bytes_bucket{le=\"65536.0\"} 1");
    assert_line(text, "tcpengine_tcp_sent_segment_bytes_count 1");
    free(text);
}

static void test_every_reason_to_drop(void **state)
{
    struct fixture *fixture = fixture_of(state);
    for (unsigned i = 0; i < TE_DROP_COUNT; i++)
        fixture->tallies.drops[i] = 100 + i;
    char *text = render(fixture), line[128];
    for (unsigned i = TE_DROP_NONE + 1; i < TE_DROP_COUNT; i++) {
        snprintf(line, sizeof(line), "tcpengine_dropped_total{reason=\"%s\"} %u",
                 te_drop_name((enum te_drop_reason)i), 100 + i);
        assert_line(text, line);
    }
    assert_null(strstr(text, "reason=\"\""));
    free(text);
}

static void test_listeners(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct listener_rows *rows = &fixture->listeners;
    rows->count = 1;
    rows->rows[0] = (struct listener_row){.name = "*:80",
                                          .accept_count = 1,
                                          .backlog = 2,
                                          .syn_count = 3,
                                          .syn_max = 4,
                                          .counts = {5, 6, 7}};
    rows->other.accept_count = 8;
    rows->other.counts = (struct listener_counts){9, 10, 11};
    static const char *const lines[] = {
        "accept_queue{listener=\"*:80\"} 1",
        "accept_queue_max{listener=\"*:80\"} 2",
        "syn_queue{listener=\"*:80\"} 3",
        "syn_queue_max{listener=\"*:80\"} 4",
        "dropped_total{listener=\"*:80\",reason=\"accept_queue_full\"} 5",
        "dropped_total{listener=\"*:80\",reason=\"syn_queue_full\"} 6",
        "syn_cookies_total{listener=\"*:80\"} 7",
        "accept_queue{listener=\"(other)\"} 8",
        "dropped_total{listener=\"(other)\",reason=\"accept_queue_full\"} 9",
        "dropped_total{listener=\"(other)\",reason=\"syn_queue_full\"} 10",
        "syn_cookies_total{listener=\"(other)\"} 11",
    };
    char *text = render(fixture);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char line[128];
        snprintf(line, sizeof(line), "tcpengine_tcp_listener_%s", lines[i]);
        assert_line(text, line);
    }
    free(text);
}

/* --- the format itself ------------------------------------------------------------------------ */

static size_t name_len(const char *line)
{
    return strcspn(line, "{ \n");
}

/* Each sample stands under the HELP and TYPE of its family, and each family comes once. */
static void test_every_sample_has_help_and_type(void **state)
{
    char *text = render(fixture_of(state)), *rest = NULL, family[128] = "", probe[192];
    char *copy = strdup(text);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            snprintf(family, sizeof(family), "%.*s", (int)name_len(line + 7), line + 7);
            assert_true(strlen(line) > 7 + strlen(family) + 2);
            snprintf(probe, sizeof(probe), "# TYPE %s ", family);
            char *type = strstr(copy, probe);
            assert_non_null(type);
            if (strstr(type + 1, probe) != NULL)
                fail_msg("%s comes twice", family);
        } else if (line[0] != '#' && strncmp(line, family, strlen(family)) != 0) {
            fail_msg("%s does not belong to %s", line, family);
        }
    }
    free(text);
    free(copy);
}

static void test_promtool_has_nothing_to_say(void **state)
{
    char path[] = "/tmp/metrics_test_XXXXXX", command[512];
    if (system("command -v promtool >/dev/null") != 0)
        skip();
    FILE *file = fdopen(mkstemp(path), "w");
    char *text = render(fixture_of(state));
    fputs(text, file);
    fclose(file);
    free(text);
    snprintf(command, sizeof(command), "promtool check metrics <%s", path);
    int status = system(command);
    unlink(path);
    assert_int_equal(status, 0);
}

/* The same samples in both formats, but for what only one has a type for. */
static void test_open_metrics(void **state)
{
    struct fixture *fixture = fixture_of(state);
    char *text = render(fixture), *open = render_as(fixture, EXPOSITION_OPEN_METRICS), *rest = NULL;
    size_t len = strlen(open);
    assert_string_equal(open + len - 6, "# EOF\n");
    assert_null(strstr(text, "# EOF"));
    assert_line(open, "# TYPE tcpengine_tcp_active_opens counter");
    assert_line(open, "tcpengine_tcp_active_opens_total 0");
    assert_line(open, "# UNIT tcpengine_tcp_rtt_seconds seconds");
    assert_line(open, "# TYPE tcpengine_tcp_close_wait_age_seconds gaugehistogram");
    for (char *line = strtok_r(open, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (line[0] != '#' && strstr(line, "_gcount") == NULL && strstr(line, "_gsum") == NULL)
            assert_line(text, line);
    free(open);
    free(text);
}

/* --- the pages -------------------------------------------------------------------------------- */

static void on_fill(void *ctx, struct metrics_input *ret_input)
{
    struct fixture *fixture = ctx;
    *ret_input = fixture->input;
}

static const char *on_health(void *ctx)
{
    struct fixture *fixture = ctx;
    return fixture->trouble;
}

static const char *on_degradation(void *ctx)
{
    const struct fixture *fixture = ctx;
    return fixture->shortage;
}

static char *serve_to(struct fixture *fixture, const char *path, const char *accept,
                      struct http_reply *reply)
{
    struct pages pages = {
        .fill = on_fill, .health = on_health, .degradation = on_degradation, .ctx = fixture};
    char *text = NULL;
    size_t len;
    FILE *stream = open_memstream(&text, &len);
    *reply = (struct http_reply){.status = 200, .content_type = "text/plain", .accept = accept};
    pages_serve(&pages, path, stream, reply);
    fclose(stream);
    return text;
}

static char *serve(struct fixture *fixture, const char *path, struct http_reply *reply)
{
    return serve_to(fixture, path, "", reply);
}

static void test_pages(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct http_reply reply;
    char *text = serve(fixture, "/metrics", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(text, "tcpengine_build_info{version=\"1.2.3\"} 1\n"));
    free(text);
    text = serve_to(fixture, "/metrics", "application/openmetrics-text", &reply);
    assert_string_equal(reply.content_type,
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_non_null(strstr(text, "# TYPE tcpengine_memory_yields counter\n"));
    free(text);
    text = serve(fixture, "/nothing", &reply);
    assert_int_equal(reply.status, 404);
    free(text);
}

static void test_health(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct http_reply reply;
    char *text = serve(fixture, "/healthz", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(text, "ok\n");
    free(text);
    fixture->shortage = "memory"; /* nobody is helped by a restart: the status stays */
    text = serve(fixture, "/healthz", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(text, "degraded: memory\n");
    free(text);
    fixture->trouble = "the link of the TAP is down";
    text = serve(fixture, "/healthz", &reply);
    assert_int_equal(reply.status, 503);
    assert_string_equal(text, "the link of the TAP is down\n");
    free(text);
}

static void test_device_is_a_valid_label(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct http_reply reply;
    fixture->input.tap_name = "a\"\\\x1b\xff";
    char *text = serve(fixture, "/metrics", &reply);
    assert_non_null(strstr(text, "tcpengine_network_up{device=\"a\\\"\\\\??\"} 1\n"));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_programs_are_labels),
        TEST(test_states_are_all_there),
        TEST(test_every_counter_is_there),
        TEST(test_names),
        TEST(test_each_use_beside_its_cap),
        TEST(test_handshakes),
        TEST(test_histogram),
        TEST(test_every_sample_has_help_and_type),
        TEST(test_promtool_has_nothing_to_say),
        TEST(test_memory),
        TEST(test_requests_by_verb),
        TEST(test_what_holds_senders),
        TEST(test_ages),
        TEST(test_segment_sizes),
        TEST(test_every_reason_to_drop),
        TEST(test_listeners),
        TEST(test_open_metrics),
        TEST(test_pages),
        TEST(test_health),
        TEST(test_device_is_a_valid_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
