#include "support/bare_conn.h"
#include "support/test.h"
#include "tcp/mtu/packet_size.h"

static struct bare b;
static struct te_conn *const conn = &b.conn;

static int setup(void **state)
{
    (void)state;
    bare_init(&b);
    conn->peer_mss = 1460;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_done(&b);
    return 0;
}

/* MSS is what the packet leaves, at most what the peer takes. */
static void test_mss_follows(void **state)
{
    (void)state;
    te_path_mtu_set(conn, 1500);
    assert_int_equal(conn->path_mtu, 1500);
    assert_int_equal(conn->mss, 1460);
    te_path_mtu_set(conn, 1400);
    assert_int_equal(conn->mss, 1360);
    te_path_mtu_set(conn, 9000);
    assert_int_equal(conn->mss, 1460);
    te_path_mtu_set(conn, UINT16_MAX);
    assert_int_equal(conn->path_mtu, UINT16_MAX);
}

/* Timestamps take 12 bytes of each segment (RFC 6691 2). */
static void test_mss_leaves_room_for_timestamps(void **state)
{
    (void)state;
    conn->ts_ok = true;
    te_path_mtu_set(conn, 1500);
    assert_int_equal(conn->mss, 1448);
}

static void test_ipv6_headers_are_larger(void **state)
{
    (void)state;
    conn->remote.addr = fixture_addr("2001:db8::2");
    te_path_mtu_set(conn, 1280);
    assert_int_equal(conn->mss, 1220);
}

/* No window of less than one segment, and no other change of it. */
static void test_window_holds_a_segment(void **state)
{
    (void)state;
    conn->cc.cwnd_bytes = 1000;
    te_path_mtu_set(conn, 1400);
    assert_int_equal(conn->cc.cwnd_bytes, 1360);
    conn->cc.cwnd_bytes = 50000;
    te_path_mtu_set(conn, 1500);
    assert_int_equal(conn->cc.cwnd_bytes, 50000);
    te_path_mtu_set(conn, 576);
    assert_int_equal(conn->cc.cwnd_bytes, 50000);
}

/* The smaller of the link's MTU and what the peer's MSS stands for. */
static void test_limit(void **state)
{
    (void)state;
    assert_int_equal(b.stack->config.mtu_bytes, 1500);
    assert_int_equal(te_path_mtu_limit(b.stack, conn), 1500);
    conn->peer_mss = 1459;
    assert_int_equal(te_path_mtu_limit(b.stack, conn), 1499);
    conn->peer_mss = 8960;
    assert_int_equal(te_path_mtu_limit(b.stack, conn), 1500);
    conn->peer_mss = 1420;
    conn->remote.addr = fixture_addr("2001:db8::2");
    assert_int_equal(te_path_mtu_limit(b.stack, conn), 1480);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mss_follows),
        TEST(test_mss_leaves_room_for_timestamps),
        TEST(test_ipv6_headers_are_larger),
        TEST(test_window_holds_a_segment),
        TEST(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
