#include <string.h>

#include "support/frames.h"
#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/segment_out.h"
#include "wire/checksum.h"

#define MSS 1000
#define IP_END 34 /* Ethernet and IPv4 */

static struct lone l;
static struct te_conn *conn;
static uint8_t data[8192], header[TE_OUTPUT_HEADER_MAX], frame[FRAME_MAX];
static struct te_output output;
static struct te_tcp_parsed parsed;

static void set_up_conn(void)
{
    conn->mss = MSS;
    conn->syn_acked = true;
    conn->snd_una = conn->snd_nxt = conn->snd_max = 0xfffffff0;
    conn->rcv_nxt = 5000;
    conn->rcv_adv = 5000 + 6000;
    conn->receive_limit_bytes = 6000;
    conn->rcv_wscale = 0;
    conn->cc.cwnd_bytes = 8192;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
    assert_int_equal(te_send_append(l.stack, conn, data, sizeof(data)), sizeof(data));
}

static int setup(void **state)
{
    (void)state;
    fixture_init(&l.f);
    l.f.config.send_buffer_initial_bytes = l.f.config.send_buffer_max_bytes = 8192;
    l.f.config.ecn = TE_ECN_ON;
    lone_start_configured(&l);
    conn = l.conn;
    set_up_conn();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

/* Builds the frame, joins its pieces and parses them. */
static const struct te_tcp_header *build(const struct te_plan *plan)
{
    te_segment_build(l.stack, conn, plan, peer_mac, (struct te_segment_room){header, &output});
    size_t len = 0;
    assert_ptr_equal(output.iov[0].base, header);
    for (unsigned i = 0; i < output.iov_count; i++) {
        memcpy(frame + len, output.iov[i].base, output.iov[i].len);
        len += output.iov[i].len;
    }
    assert_int_equal(len, output.total_bytes);
    assert_mac(frame, peer_mac);
    assert_true(te_tcp_parse(frame + IP_END, len - IP_END, &parsed));
    assert_int_equal(parsed.header.source_port, 80);
    assert_int_equal(parsed.header.destination_port, LONE_PORT);
    return &parsed.header;
}

static uint64_t pseudo_sum(void)
{
    return te_checksum_pseudo(&conn->local.addr, &conn->remote.addr, TE_PROTO_TCP,
                              (uint32_t)(output.total_bytes - IP_END));
}

static bool is_checksum_good(void)
{
    return te_checksum_finish(
               te_checksum_add(pseudo_sum(), frame + IP_END, output.total_bytes - IP_END)) == 0;
}

static uint8_t ip_ecn(void)
{
    return frame[15] & 3;
}

static struct te_plan plan_data(uint64_t offset, uint32_t len)
{
    return (struct te_plan){.kind = TE_PLAN_DATA,
                            .seq = te_conn_send_seq(conn, offset),
                            .flags = TE_ACK,
                            .offset = offset,
                            .len = len};
}

static const struct te_plan plan_ack = {.kind = TE_PLAN_ACK, .seq = 7, .flags = TE_ACK};

static void test_pure_ack(void **state)
{
    (void)state;
    const struct te_tcp_header *built = build(&plan_ack);
    assert_int_equal(built->seq, 7);
    assert_int_equal(built->ack, 5000);
    assert_int_equal(built->flags, TE_ACK);
    assert_int_equal(built->window, 6000);
    assert_int_equal(output.iov_count, 1);
    assert_int_equal(output.total_bytes, IP_END + 20);
    assert_int_equal(output.meta.gso_type, TE_GSO_NONE);
    assert_int_equal(output.meta.checksum, TE_CHECKSUM_UNKNOWN);
    assert_true(is_checksum_good());
}

static void test_payload_is_not_copied(void **state)
{
    (void)state;
    struct te_plan plan = plan_data(100, MSS);
    const struct te_tcp_header *built = build(&plan);
    assert_int_equal(built->seq, 0xfffffff0u + 100);
    assert_int_equal(output.iov_count, 2);
    assert_ptr_equal(output.iov[1].base, conn->send_ring.region + 100);
    assert_int_equal(parsed.payload_len, MSS);
    assert_memory_equal(parsed.payload, data + 100, MSS);
    assert_true(is_checksum_good());
}

/* The payload crosses the end of the ring at an odd offset: two pieces. */
static void test_payload_around_the_end_of_the_ring(void **state)
{
    (void)state;
    te_send_free_below(l.stack, conn, 4000);
    conn->snd_una += 4000;
    assert_int_equal(te_send_append(l.stack, conn, data, 4000), 4000);
    struct te_plan plan = plan_data(sizeof(data) - 333, MSS);
    build(&plan);
    assert_int_equal(output.iov_count, 3);
    assert_int_equal(output.iov[1].len, 333);
    assert_memory_equal(parsed.payload, data + sizeof(data) - 333, 333);
    assert_memory_equal(parsed.payload + 333, data, MSS - 333);
    assert_true(is_checksum_good());
}

static void test_the_offer_is_remembered(void **state)
{
    (void)state;
    conn->rcv_adv = conn->rcv_nxt;
    assert_int_equal(build(&plan_ack)->window, 6000);
    assert_int_equal(conn->rcv_adv, 5000 + 6000);
}

static void test_sack_blocks_on_pure_acks_alone(void **state)
{
    (void)state;
    conn->sack_ok = true;
    te_ranges_insert(&conn->out_of_order, 1000, 2000, 16, &l.stack->config.allocator);
    assert_int_equal(build(&plan_ack)->options.sack_count, 1);
    struct te_plan plan = plan_data(0, 10);
    assert_int_equal(build(&plan)->options.sack_count, 0);
}

/* --- SYN -------------------------------------------------------------------------------------- */

static void test_syn(void **state)
{
    (void)state;
    conn->rcv_wscale = 2;
    struct te_plan plan = {.kind = TE_PLAN_SYN, .seq = 99, .flags = TE_SYN};
    const struct te_tcp_header *built = build(&plan);
    assert_int_equal(built->flags, TE_SYN | TE_ECE | TE_CWR);
    assert_int_equal(built->ack, 0);
    assert_int_equal(built->window, 6000); /* not scaled (RFC 7323 2.2) */
    assert_true(built->options.has_mss && built->options.has_wscale);
    assert_int_equal(built->options.mss_bytes, 1460);
    assert_true(conn->ecn.setup_sent);
    assert_int_equal(ip_ecn(), TE_ECN_NOT_ECT);
    assert_true(is_checksum_good());
}

/* --- ECN (RFC 3168 6.1) ----------------------------------------------------------------------- */

static void test_ect_and_cwr_on_new_data_alone(void **state)
{
    (void)state;
    conn->ecn.setup_sent = conn->ecn.setup_received = conn->ecn.cwr_due = true;
    conn->snd_max = conn->snd_una + 500;
    struct te_plan again = plan_data(499, 10);
    assert_int_equal(build(&again)->flags & TE_CWR, 0);
    assert_int_equal(ip_ecn(), TE_ECN_NOT_ECT);
    struct te_plan probe = plan_data(500, 1);
    probe.kind = TE_PLAN_PROBE;
    assert_int_equal(build(&probe)->flags & TE_CWR, 0);
    assert_int_equal(ip_ecn(), TE_ECN_NOT_ECT);
    build(&plan_ack);
    assert_int_equal(ip_ecn(), TE_ECN_NOT_ECT);
    struct te_plan new_data = plan_data(500, 10);
    assert_int_equal(build(&new_data)->flags & TE_CWR, TE_CWR);
    assert_int_equal(ip_ecn(), TE_ECN_ECT0);
    assert_int_equal(build(&new_data)->flags & TE_CWR, 0); /* sent once */
}

/* --- offload (frame.h) ------------------------------------------------------------------------ */

static void test_checksum_is_left_partial(void **state)
{
    (void)state;
    l.stack->config.checksum_offload = true;
    struct te_plan plan = plan_data(0, 10);
    build(&plan);
    assert_int_equal(output.meta.checksum, TE_CHECKSUM_PARTIAL);
    assert_int_equal(output.meta.checksum_start, IP_END);
    assert_int_equal(output.meta.checksum_offset, 16);
    assert_int_equal(parsed.header.checksum, te_checksum_fold(pseudo_sum()));
}

static void test_more_than_a_segment_is_left_to_gso(void **state)
{
    (void)state;
    l.stack->config.checksum_offload = l.stack->config.gso = true;
    conn->ecn.setup_sent = conn->ecn.setup_received = conn->ecn.cwr_due = true;
    struct te_plan plan = plan_data(0, 3 * MSS);
    build(&plan);
    assert_int_equal(output.meta.gso_type, TE_GSO_TCPV4);
    assert_int_equal(output.meta.gso_size_bytes, MSS);
    assert_int_equal(output.meta.header_len_bytes, IP_END + 20);
    assert_true(output.meta.gso_has_cwr);
    plan = plan_data(0, MSS);
    build(&plan);
    assert_int_equal(output.meta.gso_type, TE_GSO_NONE);
    assert_false(output.meta.gso_has_cwr);
}

static void test_mtu_probe_is_one_packet(void **state)
{
    (void)state;
    l.stack->config.checksum_offload = l.stack->config.gso = true;
    struct te_plan plan = plan_data(0, MSS + 100);
    plan.is_mtu_probe = true;
    build(&plan);
    assert_int_equal(output.meta.gso_type, TE_GSO_NONE);
}

/* --- the ACK of a connection that is about to go ---------------------------------------------- */

static void test_ack_header(void **state)
{
    (void)state;
    struct te_tcp_header made;
    conn->ts_ok = true;
    conn->paws.ts_recent = 55;
    te_segment_ack_header(l.stack, conn, &made);
    assert_int_equal(made.seq, 0xfffffff0);
    assert_int_equal(made.ack, 5000);
    assert_int_equal(made.flags, TE_ACK);
    assert_int_equal(made.window, 6000);
    assert_int_equal(made.options.ts_echo, 55);
    assert_int_equal(conn->segments_out, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pure_ack),
        TEST(test_payload_is_not_copied),
        TEST(test_payload_around_the_end_of_the_ring),
        TEST(test_the_offer_is_remembered),
        TEST(test_sack_blocks_on_pure_acks_alone),
        TEST(test_syn),
        TEST(test_ect_and_cwr_on_new_data_alone),
        TEST(test_checksum_is_left_partial),
        TEST(test_more_than_a_segment_is_left_to_gso),
        TEST(test_mtu_probe_is_one_packet),
        TEST(test_ack_header),
    };
    return cmocka_run_group_tests_name("segment_out", tests, NULL, NULL);
}
