/* Which segments a fault is aimed at: every aim, in both directions, and the words for it. */
#include <string.h>
#include <tcpengine/fault.h>

#include "support/test.h"

#define ISS 0xfffffff0u
#define IRS 5000u

/* A connection that has sent 100 bytes, of which 60 are acknowledged, and received 200. */
static struct te_status status_in(enum te_state state)
{
    return (struct te_status){.state = state,
                              .iss = ISS,
                              .irs = IRS,
                              .snd_una = ISS + 1 + 60,
                              .snd_nxt = ISS + 1 + 100,
                              .snd_max = ISS + 1 + 100,
                              .rcv_nxt = IRS + 1 + 200,
                              .send_acked = 60,
                              .send_accepted = 100,
                              .receive_next = 200};
}

static struct te_segment_view segment(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t payload)
{
    return (struct te_segment_view){
        .flags = flags, .seq = seq, .ack = ack, .payload_bytes = payload};
}

static struct te_fault_spec aimed(const char *aim)
{
    char text[96] = "drop ";
    struct te_fault_spec spec;
    const char *expected = NULL;
    strcat(text, aim);
    assert_true(te_fault_parse(text, TE_FAULT_BOTH, &spec, &expected));
    return spec;
}

static bool hits_again(const char *aim, enum te_fault_way way, struct te_segment_view view,
                       const struct te_status *status, bool is_again)
{
    struct te_fault_spec spec = aimed(aim);
    struct te_fault_sight sight = {
        .segment = &view, .status = status, .way = way, .is_again = is_again};
    return te_fault_is_aimed(&spec, &sight);
}

static bool hits(const char *aim, enum te_fault_way way, struct te_segment_view view,
                 const struct te_status *status)
{
    return hits_again(aim, way, view, status, false);
}

/* Flags alone decide, in both directions, with and without a connection. */
static void test_aims_of_flags(void **state)
{
    static const struct {
        const char *aim;
        uint8_t hit[3], miss[4];
    } rows[] = {
        {"syn", {TE_SYN, TE_SYN | TE_ECE, TE_SYN}, {TE_SYN | TE_ACK, TE_ACK, TE_FIN, TE_RST}},
        {"syn-ack",
         {TE_SYN | TE_ACK, TE_SYN | TE_ACK | TE_ECE, TE_SYN | TE_ACK},
         {TE_SYN, TE_ACK, TE_RST | TE_ACK, TE_FIN | TE_ACK}},
        {"fin",
         {TE_FIN, TE_FIN | TE_ACK, TE_FIN | TE_ACK | TE_PSH},
         {TE_ACK, TE_SYN, TE_RST, TE_PSH}},
        {"rst", {TE_RST, TE_RST | TE_ACK, TE_RST}, {TE_ACK, TE_SYN, TE_FIN, TE_PSH}},
        {"pure-ack",
         {TE_ACK, TE_ACK | TE_PSH, TE_ACK | TE_ECE},
         {TE_SYN | TE_ACK, TE_FIN | TE_ACK, TE_RST | TE_ACK, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (enum te_fault_way way = TE_FAULT_IN; way <= TE_FAULT_OUT; way++) {
            for (unsigned j = 0; j < 3; j++)
                assert_true(hits(rows[i].aim, way, segment(rows[i].hit[j], 1, 1, 0), NULL));
            for (unsigned j = 0; j < 4; j++)
                assert_false(hits(rows[i].aim, way, segment(rows[i].miss[j], 1, 1, 0), NULL));
        }
    }
    assert_false(hits("pure-ack", TE_FAULT_IN, segment(TE_ACK, 1, 1, 1), NULL));
    assert_true(hits("any", TE_FAULT_IN, segment(0, 1, 1, 0), NULL));
}

static void test_ways_limit(void **state)
{
    struct te_segment_view view = segment(TE_FIN | TE_ACK, 1, 1, 0);
    struct te_fault_sight sight = {.segment = &view, .way = TE_FAULT_IN};
    struct te_fault_spec spec = aimed("fin");
    (void)state;
    spec.ways = TE_FAULT_OUT;
    assert_false(te_fault_is_aimed(&spec, &sight));
    sight.way = TE_FAULT_OUT;
    assert_true(te_fault_is_aimed(&spec, &sight));
}

static void test_ack_of_syn_in(void **state)
{
    struct te_status status = status_in(TE_SYN_RCVD);
    (void)state;
    status.snd_una = ISS;
    status.snd_nxt = status.snd_max = ISS + 1;
    assert_true(hits("ack-of-syn", TE_FAULT_IN, segment(TE_ACK, IRS + 1, ISS + 1, 0), &status));
    assert_true(hits("ack-of-syn", TE_FAULT_IN, segment(TE_ACK, IRS + 1, ISS + 1, 9), &status));
    assert_false(hits("ack-of-syn", TE_FAULT_IN, segment(TE_ACK, IRS + 1, ISS, 0), &status));
    assert_false(hits("ack-of-syn", TE_FAULT_IN, segment(TE_ACK, IRS + 1, ISS + 2, 0), &status));
    assert_false(hits("ack-of-syn", TE_FAULT_IN, segment(TE_SYN, IRS, 0, 0), &status));
    assert_false(
        hits("ack-of-syn", TE_FAULT_IN, segment(TE_RST | TE_ACK, IRS + 1, ISS + 1, 0), &status));
    status.state = TE_ESTABLISHED; /* it was acknowledged before */
    assert_false(hits("ack-of-syn", TE_FAULT_IN, segment(TE_ACK, IRS + 1, ISS + 1, 0), &status));
    status.state = TE_LISTEN; /* a SYN cookie */
    assert_true(hits("ack-of-syn", TE_FAULT_IN, segment(TE_ACK, IRS + 1, 77, 0), &status));
    assert_false(hits("ack-of-syn", TE_FAULT_IN, segment(TE_ACK, IRS + 1, ISS + 1, 0), NULL));
}

static void test_ack_of_syn_out(void **state)
{
    struct te_status status = status_in(TE_ESTABLISHED);
    (void)state;
    assert_true(hits("ack-of-syn", TE_FAULT_OUT, segment(TE_ACK, ISS + 1, IRS + 1, 0), &status));
    assert_true(hits("ack-of-syn", TE_FAULT_OUT, segment(TE_ACK, ISS + 1, IRS + 1, 50), &status));
    assert_false(hits("ack-of-syn", TE_FAULT_OUT, segment(TE_ACK, ISS + 1, IRS + 9, 0), &status));
    assert_false(hits("ack-of-syn", TE_FAULT_OUT, segment(TE_ACK, ISS + 2, IRS + 1, 0), &status));
    status.state = TE_SYN_RCVD;
    assert_false(
        hits("ack-of-syn", TE_FAULT_OUT, segment(TE_SYN | TE_ACK, ISS, IRS + 1, 0), &status));
}

/* Ours is sent, queued behind data, or not there at all. */
static void test_ack_of_fin_in(void **state)
{
    static const enum te_state awaiting[] = {TE_FIN_WAIT_1, TE_CLOSING, TE_LAST_ACK};
    static const enum te_state others[] = {TE_ESTABLISHED, TE_FIN_WAIT_2, TE_CLOSE_WAIT,
                                           TE_TIME_WAIT};
    uint32_t after_fin = ISS + 1 + 100 + 1;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct te_status status = status_in(awaiting[i]);
        status.fin_queued = true;
        status.snd_nxt = status.snd_max = after_fin;
        struct te_segment_view ack = segment(TE_ACK, IRS + 201, after_fin, 0);
        assert_true(hits("ack-of-fin", TE_FAULT_IN, ack, &status));
        ack.flags = TE_FIN | TE_ACK; /* the peer's FIN with it */
        assert_true(hits("ack-of-fin", TE_FAULT_IN, ack, &status));
        ack.flags = TE_RST | TE_ACK;
        assert_false(hits("ack-of-fin", TE_FAULT_IN, ack, &status));
        ack = segment(TE_ACK, IRS + 201, after_fin - 1, 0); /* the data alone */
        assert_false(hits("ack-of-fin", TE_FAULT_IN, ack, &status));
        status.snd_max = ISS + 1 + 100; /* it waits behind data */
        assert_false(
            hits("ack-of-fin", TE_FAULT_IN, segment(TE_ACK, IRS + 201, after_fin, 0), &status));
    }
    for (unsigned i = 0; i < 4; i++) {
        struct te_status status = status_in(others[i]);
        assert_false(
            hits("ack-of-fin", TE_FAULT_IN, segment(TE_ACK, IRS + 201, after_fin, 0), &status));
    }
    assert_false(hits("ack-of-fin", TE_FAULT_IN, segment(TE_ACK, 1, 1, 0), NULL));
}

static void test_ack_of_fin_out(void **state)
{
    static const enum te_state after[] = {TE_CLOSE_WAIT, TE_LAST_ACK, TE_CLOSING, TE_TIME_WAIT};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct te_status status = status_in(after[i]);
        status.fin_received = true;
        status.rcv_nxt++;
        assert_true(
            hits("ack-of-fin", TE_FAULT_OUT, segment(TE_ACK, 1, status.rcv_nxt, 0), &status));
        assert_true(hits("ack-of-fin", TE_FAULT_OUT, segment(TE_FIN | TE_ACK, 1, status.rcv_nxt, 0),
                         &status));
        assert_false(
            hits("ack-of-fin", TE_FAULT_OUT, segment(TE_ACK, 1, status.rcv_nxt - 1, 0), &status));
        assert_false(hits("ack-of-fin", TE_FAULT_OUT,
                          segment(TE_RST | TE_ACK, 1, status.rcv_nxt, 0), &status));
    }
    struct te_status open = status_in(TE_FIN_WAIT_2);
    assert_false(hits("ack-of-fin", TE_FAULT_OUT, segment(TE_ACK, 1, open.rcv_nxt, 0), &open));
    assert_false(hits("ack-of-fin", TE_FAULT_OUT, segment(TE_ACK, 1, 1, 0), NULL));
}

/* Byte 0 has number ISS + 1, which wraps around behind byte 14. */
static void test_data_of_a_range(void **state)
{
    struct te_status status = status_in(TE_ESTABLISHED);
    struct te_segment_view out = segment(TE_ACK, ISS + 1 + 10, IRS + 201, 10); /* bytes 10 to 19 */
    struct te_segment_view in = segment(TE_ACK, IRS + 1 + 10, ISS + 1, 10);
    (void)state;
    static const char *const hit[] = {"data",         "data 10..10",  "data 19..19", "data 0..10",
                                      "data 19..500", "data 0..1000", "data 14..15"};
    static const char *const miss[] = {"data 0..9", "data 20..20", "data 20..999"};
    for (unsigned i = 0; i < sizeof(hit) / sizeof(hit[0]); i++) {
        assert_true(hits(hit[i], TE_FAULT_OUT, out, &status));
        assert_true(hits(hit[i], TE_FAULT_IN, in, &status));
    }
    for (unsigned i = 0; i < sizeof(miss) / sizeof(miss[0]); i++) {
        assert_false(hits(miss[i], TE_FAULT_OUT, out, &status));
        assert_false(hits(miss[i], TE_FAULT_IN, in, &status));
    }
    out.payload_bytes = 0;
    assert_false(hits("data", TE_FAULT_OUT, out, &status));
    assert_false(hits("data 0..100", TE_FAULT_OUT, out, &status));
}

/* A stream longer than all sequence numbers. */
static void test_data_beyond_4_gib(void **state)
{
    struct te_status status = status_in(TE_ESTABLISHED);
    uint64_t acked = (UINT64_C(1) << 33) + 7;
    (void)state;
    status.send_acked = acked;
    struct te_segment_view view = segment(TE_ACK, ISS + 1 + 7, IRS + 1, 1);
    assert_true(hits("data 8589934599..8589934599", TE_FAULT_OUT, view, &status));
    assert_false(hits("data 7..7", TE_FAULT_OUT, view, &status));
    view.seq--;
    assert_true(hits("data 8589934598..8589934598", TE_FAULT_OUT, view, &status));
}

/* RFC 7413: the SYN's data is the stream's beginning, whatever is known of the connection. */
static void test_data_on_a_syn(void **state)
{
    (void)state;
    assert_true(hits("data 3..3", TE_FAULT_IN, segment(TE_SYN, 99, 0, 4), NULL));
    assert_false(hits("data 4..4", TE_FAULT_IN, segment(TE_SYN, 99, 0, 4), NULL));
}

static void test_range_is_unknown_in_time_wait(void **state)
{
    struct te_status status = status_in(TE_TIME_WAIT);
    (void)state;
    assert_false(hits("data 0..100", TE_FAULT_IN, segment(TE_ACK, IRS + 1, 1, 9), &status));
    assert_true(hits("data", TE_FAULT_IN, segment(TE_ACK, IRS + 1, 1, 9), &status));
    assert_false(hits("data 0..100", TE_FAULT_IN, segment(TE_ACK, IRS + 1, 1, 9), NULL));
}

static void test_retransmission(void **state)
{
    struct te_status status = status_in(TE_ESTABLISHED);
    uint32_t next = status.rcv_nxt;
    (void)state;
    assert_true(hits("retransmission", TE_FAULT_IN, segment(TE_ACK, next - 10, 1, 10), &status));
    assert_true(hits("retransmission", TE_FAULT_IN, segment(TE_ACK, next - 1, 1, 10), &status));
    assert_false(hits("retransmission", TE_FAULT_IN, segment(TE_ACK, next, 1, 10), &status));
    assert_false(hits("retransmission", TE_FAULT_IN, segment(TE_ACK, next - 1, 1, 0), &status));
    assert_true(
        hits("retransmission", TE_FAULT_IN, segment(TE_FIN | TE_ACK, next - 1, 1, 0), &status));
    assert_false(hits("retransmission", TE_FAULT_IN, segment(TE_ACK, next - 10, 1, 10), NULL));
    /* What goes out, the stack knows. */
    assert_true(
        hits_again("retransmission", TE_FAULT_OUT, segment(TE_ACK, 1, 1, 10), &status, true));
    assert_false(
        hits_again("retransmission", TE_FAULT_OUT, segment(TE_ACK, 1, 1, 10), &status, false));
}

/* --- words ------------------------------------------------------------------------------------ */

static void test_words_there_and_back(void **state)
{
    static const struct {
        const char *text, *kind, *aim, *ways;
    } rows[] = {
        {"drop ack-of-fin", "drop", "ack-of-fin", "out"},
        {"  delay   syn ", "delay", "syn", "both"},
        {"corrupt data", "corrupt", "data", "both"},
        {"duplicate data 0..18446744073709551", "duplicate", "data 0..18446744073709551", "both"},
        {"reorder any", "reorder", "any", "both"},
        {"mtu 1280", "mtu 1280 silent", "any", "both"},
        {"mtu 68 icmp", "mtu 68 icmp", "any", "both"},
        {"zero-window", "zero-window", "any", "both"},
        {"stop-reading", "stop-reading", "any", "out"},
        {"blackhole", "blackhole", "any", "both"},
        {"rst-inject", "rst-inject", "any", "in"},
    };
    char kind[TE_FAULT_WORDS_MAX], aim[TE_FAULT_WORDS_MAX];
    struct te_fault_spec spec;
    const char *expected;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(te_fault_parse(rows[i].text, 0, &spec, &expected));
        te_fault_format_kind(&spec, kind);
        te_fault_format_aim(&spec, aim);
        assert_string_equal(kind, rows[i].kind);
        assert_string_equal(aim, rows[i].aim);
        assert_string_equal(te_fault_ways_name(spec.ways), rows[i].ways);
    }
}

static void test_longest_words_fit(void **state)
{
    struct te_fault_spec spec = {.kind = TE_FAULT_STOP_READING,
                                 .aim = TE_FAULT_AIM_RETRANSMISSION,
                                 .has_range = true,
                                 .first_byte = UINT64_MAX,
                                 .last_byte = UINT64_MAX};
    char text[TE_FAULT_WORDS_MAX];
    (void)state;
    te_fault_format_aim(&spec, text);
    assert_true(strlen(text) < TE_FAULT_WORDS_MAX);
    te_fault_format_kind(&spec, text);
    assert_true(strlen(text) < TE_FAULT_WORDS_MAX);
}

static void test_bad_words(void **state)
{
    static const char *const rows[] = {"",
                                       "drop",
                                       "lose any",
                                       "drop data 5..4",
                                       "mtu",
                                       "mtu 67",
                                       "mtu 65536",
                                       "drop data 5",
                                       "mtu 99999999999999999999",
                                       "blackhole any",
                                       "drop syn fin",
                                       "drop data 1..x",
                                       "drop data ..",
                                       "drop data 1..2 3",
                                       "DROP any"};
    struct te_fault_spec spec = {.mtu_bytes = 42};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *expected = NULL;
        assert_false(te_fault_parse(rows[i], 0, &spec, &expected));
        assert_non_null(expected);
        assert_int_equal(spec.mtu_bytes, 42);
    }
    const char *expected = NULL;
    assert_false(te_fault_parse("stop-reading", TE_FAULT_IN, &spec, &expected));
    assert_non_null(strstr(expected, "--out"));
}

static void test_numbers_out_of_range_have_names(void **state)
{
    (void)state;
    assert_string_equal(te_fault_kind_name(TE_FAULT_KIND_COUNT), "?");
    assert_string_equal(te_fault_aim_name(TE_FAULT_AIM_COUNT), "?");
    assert_string_equal(te_fault_kind_name(TE_FAULT_RST_INJECT), "rst-inject");
    assert_string_equal(te_fault_aim_name(TE_FAULT_AIM_RST), "rst");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aims_of_flags),
        cmocka_unit_test(test_ways_limit),
        cmocka_unit_test(test_ack_of_syn_in),
        cmocka_unit_test(test_ack_of_syn_out),
        cmocka_unit_test(test_ack_of_fin_in),
        cmocka_unit_test(test_ack_of_fin_out),
        cmocka_unit_test(test_data_of_a_range),
        cmocka_unit_test(test_data_beyond_4_gib),
        cmocka_unit_test(test_data_on_a_syn),
        cmocka_unit_test(test_range_is_unknown_in_time_wait),
        cmocka_unit_test(test_retransmission),
        cmocka_unit_test(test_words_there_and_back),
        cmocka_unit_test(test_longest_words_fit),
        cmocka_unit_test(test_bad_words),
        cmocka_unit_test(test_numbers_out_of_range_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
