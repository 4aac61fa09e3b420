#include "support/test.h"
#include "tcp/conn/segment_in.h"

/* RFC 9293 3.4: SEG.LEN counts SYN and FIN, and nothing else but text. */
static void test_len_counts_syn_and_fin(void **state)
{
    (void)state;
    struct te_segment segment = {.payload_len = 100};
    assert_int_equal(te_segment_len(&segment), 100);
    segment.flags = TE_SYN;
    assert_int_equal(te_segment_len(&segment), 101);
    segment.flags = TE_SYN | TE_FIN;
    assert_int_equal(te_segment_len(&segment), 102);
    segment.flags = (uint8_t) ~(TE_SYN | TE_FIN);
    assert_int_equal(te_segment_len(&segment), 100);
}

static const struct te_segment whole = {
    .header = {.seq = 0xfffffffe, .ack = 5, .flags = TE_ACK | TE_FIN, .window = 0xffff},
    .seq = 7, /* trimmed */
    .ack = 5,
    .flags = TE_ACK,
    .payload_len = 65535,
};

static void test_info_is_of_the_header(void **state)
{
    (void)state;
    struct te_segment_info info = te_segment_info_of(&whole, 0);
    assert_int_equal(info.seq, 0xfffffffe);
    assert_int_equal(info.ack, 5);
    assert_int_equal(info.flags, TE_ACK | TE_FIN);
    assert_int_equal(info.wnd_bytes, 0xffff);
    assert_int_equal(info.len_bytes, 65535);
}

static void test_info_scales_the_window(void **state)
{
    (void)state;
    assert_int_equal(te_segment_info_of(&whole, 14).wnd_bytes, 0xffffu << 14);
}

/* RFC 7323 2.2, even when the connection's scale is already known. */
static void test_info_never_scales_that_of_a_syn(void **state)
{
    (void)state;
    struct te_segment syn = whole;
    syn.header.flags = TE_SYN | TE_ACK;
    syn.flags = TE_ACK; /* a step has taken the SYN off */
    assert_int_equal(te_segment_info_of(&syn, 14).wnd_bytes, 0xffff);
}

static void test_info_len_stops_at_16_bits(void **state)
{
    (void)state;
    struct te_segment merged = whole;
    merged.payload_len = 65536;
    assert_int_equal(te_segment_info_of(&merged, 0).len_bytes, UINT16_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_len_counts_syn_and_fin),
        cmocka_unit_test(test_info_is_of_the_header),
        cmocka_unit_test(test_info_scales_the_window),
        cmocka_unit_test(test_info_never_scales_that_of_a_syn),
        cmocka_unit_test(test_info_len_stops_at_16_bits),
    };
    return cmocka_run_group_tests_name("segment_in", tests, NULL, NULL);
}
