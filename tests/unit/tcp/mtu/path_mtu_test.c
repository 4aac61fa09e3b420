#include "support/bare_conn.h"
#include "support/test.h"
#include "tcp/mtu/packet_size.h"
#include "tcp/mtu/path_mtu.h"

#define FULL 1460 /* payload of a packet of 1500 */

static struct bare b;
static struct te_conn *const conn = &b.conn;

static int setup(void **state)
{
    (void)state;
    bare_init(&b);
    conn->peer_mss = FULL;
    te_path_mtu_start(b.stack, conn);
    te_path_mtu_set(conn, conn->path_mtu);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_done(&b);
    return 0;
}

static struct te_path_mtu *mtu(void)
{
    return &conn->sender->mtu;
}

/* A packet of that size leaves; what it holds is in flight. */
static void send_packet(uint32_t packet_bytes)
{
    bare_send(&b, 1, packet_bytes - 40);
    te_path_mtu_on_sent(conn, packet_bytes, conn->snd_nxt);
}

static void ack_all(void)
{
    const struct te_segment segment = bare_ack(&b, conn->snd_nxt - BARE_START);
    bare_take(&b, &segment);
    te_path_mtu_on_ack(conn);
}

/* About the first byte in flight. */
static bool too_big(uint32_t mtu_bytes)
{
    return te_path_mtu_on_too_big(b.stack, conn, conn->snd_una, mtu_bytes);
}

/* --- at birth --------------------------------------------------------------------------------- */

static void test_start(void **state)
{
    (void)state;
    assert_int_equal(conn->path_mtu, 1500);
    assert_int_equal(conn->acked_mtu, TE_PMTU_MIN_IPV4);
    te_pmtu_lower(b.stack, &conn->remote.addr, 1300);
    te_path_mtu_start(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1300);
    conn->remote.addr = fixture_addr("2001:db8::2");
    te_path_mtu_start(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1500);
    assert_int_equal(conn->acked_mtu, TE_PMTU_MIN_IPV6);
}

/* --- evidence --------------------------------------------------------------------------------- */

static void test_what_arrives_is_known_to_fit(void **state)
{
    (void)state;
    send_packet(1000);
    assert_int_equal(mtu()->sent_bytes, 1000);
    send_packet(1500);
    send_packet(1200);
    assert_int_equal(mtu()->sent_bytes, 1500);
    assert_int_equal(conn->acked_mtu, TE_PMTU_MIN_IPV4);
    const struct te_segment segment = bare_ack(&b, 960); /* the first only */
    bare_take(&b, &segment);
    te_path_mtu_on_ack(conn);
    assert_int_equal(conn->acked_mtu, TE_PMTU_MIN_IPV4); /* one is watched: the largest */
    ack_all();
    assert_int_equal(conn->acked_mtu, 1500);
    assert_int_equal(mtu()->watched_bytes, 0);
}

static void test_without_a_sender_nothing_is_noted(void **state)
{
    (void)state;
    te_sender_release(b.stack, conn);
    te_path_mtu_on_sent(conn, 1500, conn->snd_nxt);
    te_path_mtu_on_ack(conn);
    assert_false(too_big(1300));
    te_path_mtu_on_timeout(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1500);
}

/* --- Packet Too Big --------------------------------------------------------------------------- */

static void test_believed_at_once(void **state)
{
    (void)state;
    send_packet(1500);
    assert_true(too_big(1300));
    assert_int_equal(conn->path_mtu, 1300);
    assert_int_equal(conn->mss, 1260);
    assert_int_equal(te_pmtu_get(b.stack, &conn->remote.addr), 1300);
    assert_int_equal(b.stack->counters.path_mtu_changes, 1);
    assert_int_equal(mtu()->sent_bytes, 0); /* nothing of the new size was sent yet */
    assert_int_equal(mtu()->cuts, 1);
}

/* RFC 5927 7.2: a claim that is no less than path_mtu, or than what was sent, is ignored. */
static void test_implausible_claims(void **state)
{
    (void)state;
    send_packet(1200);
    assert_false(too_big(1500));
    assert_false(too_big(1499)); /* never sent anything that large */
    assert_false(too_big(1200));
    assert_int_equal(b.stack->counters.too_big_ignored, 3);
    assert_int_equal(conn->path_mtu, 1500);
    assert_true(too_big(1199));
    assert_int_equal(conn->path_mtu, 1199);
}

/* A router that says less than the floor, or nothing at all, is taken to mean the floor. */
static void test_floor(void **state)
{
    (void)state;
    send_packet(1500);
    assert_true(too_big(0));
    assert_int_equal(conn->path_mtu, TE_PMTU_MIN_IPV4);
    send_packet(552);
    assert_false(too_big(68));
    assert_int_equal(conn->path_mtu, TE_PMTU_MIN_IPV4);
}

/* --- a claim that contradicts ----------------------------------------------------------------- */

static void contradict(void)
{
    send_packet(1500);
    ack_all();
    send_packet(1500);
    assert_false(too_big(1300));
    assert_int_equal(b.stack->counters.too_big_held, 1);
    assert_int_equal(conn->path_mtu, 1500);
}

/* ... waits for a timeout, ... */
static void test_timeout_confirms(void **state)
{
    (void)state;
    contradict();
    te_path_mtu_on_timeout(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1300);
    assert_int_equal(conn->acked_mtu, 1300); /* what arrived before proves nothing now */
    te_path_mtu_on_timeout(b.stack, conn);
    assert_int_equal(b.stack->counters.path_mtu_changes, 1);
}

/* ... or for an ACK of what it quotes. */
static void test_ack_refutes(void **state)
{
    (void)state;
    contradict();
    ack_all();
    te_path_mtu_on_timeout(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1500);
}

/* The last one counts. */
static void test_later_claim_replaces(void **state)
{
    (void)state;
    contradict();
    assert_false(too_big(1400));
    te_path_mtu_on_timeout(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1400);
}

/* A claim above what is known to arrive does not contradict. */
static void test_claim_above_the_evidence(void **state)
{
    (void)state;
    send_packet(1200);
    ack_all();
    send_packet(1500);
    assert_true(too_big(1200));
    assert_int_equal(conn->path_mtu, 1200);
    assert_false(mtu()->claimed_bytes);
}

/* --- a flood ---------------------------------------------------------------------------------- */

/* So many cuts in a row, then a claim waits; an ACK of the right size starts the count again. */
static void test_cuts_are_bounded(void **state)
{
    (void)state;
    uint32_t size = 1500;
    for (unsigned i = 0; i < TE_PATH_MTU_CUTS_MAX; i++, size -= 10) {
        send_packet(size);
        assert_true(too_big(size - 10));
    }
    send_packet(size);
    assert_false(too_big(size - 10));
    assert_int_equal(conn->path_mtu, size);
    assert_int_equal(b.stack->counters.too_big_held, 1);
    ack_all();
    assert_int_equal(mtu()->cuts, 0);
    assert_int_equal(conn->acked_mtu, size);
}

/* --- the cache -------------------------------------------------------------------------------- */

static void test_refresh(void **state)
{
    (void)state;
    te_path_mtu_refresh(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1500);
    te_pmtu_lower(b.stack, &conn->remote.addr, 1350); /* by another connection */
    te_path_mtu_refresh(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1350);
    assert_int_equal(conn->mss, 1310);
    te_pmtu_raise(b.stack, &conn->remote.addr, 1420);
    te_path_mtu_refresh(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1420);
}

/* A change of another destination costs one look-up and changes nothing. */
static void test_refresh_of_another_destination(void **state)
{
    struct te_addr other = fixture_addr("10.0.0.3");
    (void)state;
    te_pmtu_lower(b.stack, &other, 1300);
    assert_true(conn->pmtu_generation != b.stack->pmtus.generation);
    te_path_mtu_refresh(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1500);
    assert_int_equal(conn->pmtu_generation, b.stack->pmtus.generation);
}

/* What its own evidence contradicts it does not take over. */
static void test_refresh_against_the_evidence(void **state)
{
    (void)state;
    send_packet(1500);
    ack_all();
    te_pmtu_lower(b.stack, &conn->remote.addr, 1350);
    te_path_mtu_refresh(b.stack, conn);
    assert_int_equal(conn->path_mtu, 1500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_start),
        TEST(test_what_arrives_is_known_to_fit),
        TEST(test_without_a_sender_nothing_is_noted),
        TEST(test_believed_at_once),
        TEST(test_implausible_claims),
        TEST(test_floor),
        TEST(test_timeout_confirms),
        TEST(test_ack_refutes),
        TEST(test_later_claim_replaces),
        TEST(test_claim_above_the_evidence),
        TEST(test_cuts_are_bounded),
        TEST(test_refresh),
        TEST(test_refresh_of_another_destination),
        TEST(test_refresh_against_the_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
