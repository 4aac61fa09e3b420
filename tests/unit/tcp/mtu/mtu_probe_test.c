#include "support/bare_conn.h"
#include "support/test.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/mtu/packet_size.h"
#include "tcp/mtu/path_mtu.h"

#define RTT (100 * MS)
#define BASE 1200
#define HEADERS 40
#define PLENTY 1000000

static struct bare b;
static struct te_conn *const conn = &b.conn;

static void begin(enum te_mtu_probing probing, uint32_t mtu_bytes)
{
    bare_prepare(&b);
    b.f.config.mtu_probing = probing;
    b.f.config.mtu_bytes = mtu_bytes;
    b.f.config.mtu_probe_base_bytes = BASE;
    b.f.config.r1_retries = 3;
    bare_start(&b);
    conn->peer_mss = (uint16_t)(mtu_bytes - HEADERS);
    te_path_mtu_start(b.stack, conn);
    te_path_mtu_set(conn, conn->path_mtu);
    te_rtt_sample(&conn->rtt, &b.stack->config, RTT);
    conn->cc.cwnd_bytes = PLENTY;
}

static int setup_always(void **state)
{
    (void)state;
    begin(TE_MTU_PROBING_ALWAYS, 1500);
    te_mtu_probe_start(b.stack, conn);
    return 0;
}

static int setup_black_hole(void **state)
{
    (void)state;
    begin(TE_MTU_PROBING_BLACK_HOLE, 1500);
    te_mtu_probe_start(b.stack, conn);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bare_done(&b);
    return 0;
}

static void assert_phase(const char *name)
{
    assert_string_equal(te_mtu_probe_name(conn), name);
}

static uint32_t probe_len(void)
{
    return te_mtu_probe_len(b.stack, conn, PLENTY);
}

static void ack_all(void)
{
    const struct te_segment segment = bare_ack(&b, conn->snd_nxt - BARE_START);
    bare_take(&b, &segment);
    te_mtu_probe_on_ack(b.stack, conn);
}

/* An ordinary segment arrives. */
static void deliver(void)
{
    bare_send(&b, 1, conn->mss);
    ack_all();
}

static void send_probe(void)
{
    uint32_t len = probe_len();
    assert_true(len > conn->mss);
    uint32_t start = conn->snd_nxt;
    bare_send(&b, 1, len);
    te_mtu_probe_on_sent(b.stack, conn, start, conn->snd_nxt);
}

/* The probe, and nothing else, is found lost. */
static void lose_probe(void)
{
    struct te_sent *sent = te_sent_map_last(&conn->sender->map);
    assert_true(te_mtu_probe_is(conn, sent));
    te_sent_map_mark_lost(&conn->sender->map, sent);
    assert_int_equal(te_mtu_probe_on_lost(b.stack, conn, te_sent_len(sent)), te_sent_len(sent));
    te_sent_map_resent(&conn->sender->map, sent, b.stack->now_us);
    ack_all();
}

static void time_out(unsigned times)
{
    conn->retransmits = 0;
    for (unsigned i = 0; i < times; i++) {
        conn->retransmits++;
        te_mtu_probe_on_timeout(b.stack, conn);
    }
}

/* --- start ------------------------------------------------------------------------------------ */

static void test_disabled(void **state)
{
    (void)state;
    assert_phase("disabled");
    assert_null(conn->mtu_search);
    assert_int_equal(conn->path_mtu, 1500);
    assert_int_equal(probe_len(), 0);
}

/* RFC 4821 7.2: eff_pmtu starts at the base size; nothing larger is tried before that arrives. */
static void rfc4821_always_starts_at_the_base(void **state)
{
    (void)state;
    assert_phase("base");
    assert_int_equal(conn->path_mtu, BASE);
    assert_int_equal(conn->mss, BASE - HEADERS);
    assert_int_equal(probe_len(), 0);
    deliver();
    assert_phase("searching");
    assert_int_equal(probe_len(), 1500 - HEADERS); /* the largest first */
}

/* A link no larger than the base size has nothing to search. */
static void test_small_link(void **state)
{
    (void)state;
    begin(TE_MTU_PROBING_ALWAYS, 1500);
    b.stack->config.mtu_probe_base_bytes = 1500;
    te_mtu_probe_start(b.stack, conn);
    assert_phase("disabled");
}

static void test_without_memory(void **state)
{
    (void)state;
    begin(TE_MTU_PROBING_ALWAYS, 1500);
    b.f.heap.allocations_left = 0;
    te_mtu_probe_start(b.stack, conn);
    b.f.heap.allocations_left = -1;
    assert_phase("disabled");
    te_mtu_probe_on_ack(b.stack, conn); /* all of it is harmless without a search */
    te_mtu_probe_on_lowered(b.stack, conn);
    te_mtu_probe_refresh(b.stack, conn);
    assert_int_equal(te_mtu_probe_on_lost(b.stack, conn, 1000), 0);
    assert_false(te_mtu_probe_on_too_big(b.stack, conn, conn->snd_una, 1400));
}

/* --- whether to probe ------------------------------------------------------------------------- */

/* 7.4: enough behind it that its loss is seen without a timer, and room for all that. */
static void rfc4821_7_4_needs_data_behind_it(void **state)
{
    (void)state;
    deliver();
    uint32_t needed = (1500 - HEADERS) + 3 * (BASE - HEADERS);
    assert_int_equal(te_mtu_probe_len(b.stack, conn, needed - 1), 0);
    assert_int_equal(te_mtu_probe_len(b.stack, conn, needed), 1500 - HEADERS);
    conn->cc.cwnd_bytes = needed - 1;
    assert_int_equal(probe_len(), 0);
    conn->cc.cwnd_bytes = needed;
    assert_int_equal(probe_len(), 1500 - HEADERS);
}

static void rfc4821_7_4_only_when_all_is_calm(void **state)
{
    (void)state;
    deliver();
    assert_true(probe_len() > 0);
    conn->recovery.state = TE_RECOVERY_CWR;
    assert_int_equal(probe_len(), 0);
    conn->recovery.state = TE_RECOVERY_OPEN;
    conn->sack_ok = false;
    assert_int_equal(probe_len(), 0);
    conn->sack_ok = true;
    bare_send(&b, 1, 1000);
    te_sent_map_mark_lost(&conn->sender->map, te_sent_map_first(&conn->sender->map));
    assert_int_equal(probe_len(), 0);
    ack_all();
    send_probe();
    assert_int_equal(probe_len(), 0); /* one at a time */
}

/* --- a probe that arrives --------------------------------------------------------------------- */

static void test_arrival_raises_path_mtu(void **state)
{
    (void)state;
    deliver();
    send_probe();
    assert_int_equal(b.stack->counters.mtu_probes, 1);
    assert_int_equal(conn->path_mtu, BASE);
    ack_all();
    assert_int_equal(conn->path_mtu, 1500);
    assert_int_equal(conn->mss, 1460);
    assert_phase("complete"); /* there is nothing larger */
    assert_int_equal(b.stack->counters.mtu_probes_arrived, 1);
}

/* --- a probe that is lost --------------------------------------------------------------------- */

/* 7.6.2: no sign of congestion, and the next one waits for as many round trips as cwnd has
 * segments. */
static void rfc4821_7_6_2_lost_alone(void **state)
{
    (void)state;
    conn->cc.cwnd_bytes = 20 * (BASE - HEADERS);
    deliver();
    send_probe();
    lose_probe();
    assert_int_equal(b.stack->counters.mtu_probes_lost, 1);
    assert_int_equal(probe_len(), 0);
    bare_at(&b, 21 * RTT - 1);
    assert_int_equal(probe_len(), 0);
    bare_at(&b, 21 * RTT);
    assert_int_equal(probe_len(), 1500 - HEADERS); /* once more of that size */
}

/* 7.6.4: with other losses beside it, nothing can be concluded. */
static void rfc4821_7_6_4_lost_with_others(void **state)
{
    (void)state;
    deliver();
    bare_send(&b, 1, 1000);
    send_probe();
    struct te_sent_map *map = &conn->sender->map;
    te_sent_map_mark_lost(map, te_sent_map_first(map));
    te_sent_map_mark_lost(map, te_sent_map_last(map));
    assert_int_equal(te_mtu_probe_on_lost(b.stack, conn, map->lost_bytes), 0);
    assert_int_equal(b.stack->counters.mtu_probes_lost, 0);
    ack_all();
    assert_int_equal(probe_len(), 1500 - HEADERS); /* the same, as soon as all is calm */
}

/* Nor with one that was lost before, and is not repaired yet. */
static void rfc4821_7_6_4_lost_after_others(void **state)
{
    (void)state;
    deliver();
    bare_send(&b, 1, 1000);
    send_probe();
    struct te_sent_map *map = &conn->sender->map;
    te_sent_map_mark_lost(map, te_sent_map_first(map));
    assert_int_equal(te_mtu_probe_on_lost(b.stack, conn, 1000), 0);
    struct te_sent *probe = te_sent_map_last(map);
    te_sent_map_mark_lost(map, probe);
    assert_int_equal(te_mtu_probe_on_lost(b.stack, conn, te_sent_len(probe)), 0);
    assert_int_equal(b.stack->counters.mtu_probes_lost, 0);
}

static void test_loss_of_others_is_no_matter(void **state)
{
    (void)state;
    deliver();
    bare_send(&b, 1, 1000);
    send_probe();
    struct te_sent_map *map = &conn->sender->map;
    te_sent_map_mark_lost(map, te_sent_map_first(map));
    assert_int_equal(te_mtu_probe_on_lost(b.stack, conn, 1000), 0);
    assert_true(te_mtu_probe_is(conn, te_sent_map_last(map)));
}

/* A lost probe is sent again as ordinary segments. */
static void test_lost_probe_counts_as_segments(void **state)
{
    (void)state;
    deliver();
    send_probe();
    struct te_sent *sent = te_sent_map_last(&conn->sender->map);
    sent->segments = 1;
    te_sent_map_mark_lost(&conn->sender->map, sent);
    te_mtu_probe_on_lost(b.stack, conn, te_sent_len(sent));
    assert_int_equal(sent->segments, 2);
}

/* RFC 8899 5.1.2: after two losses the size counts as too large; then by halves, until it is within
 * 8 bytes. Whatever the path takes is found. */
static void rfc8899_search_finds_the_path(void **state)
{
    static const uint16_t paths[] = {1200, 1201, 1280, 1337, 1420, 1492, 1499, 1500};
    (void)state;
    for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        teardown(NULL);
        setup_always(NULL);
        deliver();
        unsigned probes = 0;
        for (int64_t at_us = 0; conn->mtu_search->phase == TE_MTU_SEARCHING; probes++) {
            at_us += 3600 * SECOND;
            bare_at(&b, at_us);
            send_probe();
            if (conn->mtu_search->probe_bytes <= paths[i])
                ack_all();
            else
                lose_probe();
            assert_true(probes < 20);
        }
        assert_phase("complete");
        assert_true(conn->path_mtu <= paths[i]);
        assert_true(conn->path_mtu + 8 > paths[i]);
    }
}

/* A search that is over begins again when the cache's entry would have aged. */
static void test_begins_again(void **state)
{
    (void)state;
    deliver();
    send_probe();
    ack_all();
    te_path_mtu_set(conn, 1400); /* as a narrower path has it meanwhile */
    te_mtu_probe_on_lowered(b.stack, conn);
    assert_phase("complete");
    int64_t age_us = b.stack->config.path_mtu_age_us;
    bare_at(&b, age_us - 1);
    te_mtu_probe_refresh(b.stack, conn);
    assert_phase("complete");
    bare_at(&b, age_us);
    te_mtu_probe_refresh(b.stack, conn);
    assert_phase("searching");
    assert_int_equal(probe_len(), 1500 - HEADERS);
}

/* --- black holes ------------------------------------------------------------------------------ */

/* RFC 4821 7.7: r1_retries timeouts of something large, and no message. */
static void rfc4821_7_7_black_hole(void **state)
{
    (void)state;
    bare_send(&b, 1, 1460);
    time_out(2);
    assert_phase("disabled");
    time_out(3);
    assert_phase("base");
    assert_int_equal(conn->path_mtu, BASE);
    assert_int_equal(b.stack->counters.mtu_black_holes, 1);
    deliver();
    assert_phase("searching");
}

/* Where packets of that size have arrived before, it takes twice as many. */
static void black_hole_where_it_has_arrived(void **state)
{
    (void)state;
    conn->acked_mtu = 1500;
    bare_send(&b, 1, 1460);
    time_out(5);
    assert_phase("disabled");
    time_out(6);
    assert_phase("base");
}

/* A segment that would fit into the base size does not vanish by its size. */
static void no_black_hole_for_small_segments(void **state)
{
    (void)state;
    bare_send(&b, 1, BASE - HEADERS);
    time_out(10);
    assert_phase("disabled");
    bare_send(&b, 1, 1);
    time_out(3);
    assert_phase("base");
}

/* Not even the base size arrives: halved with each further timeout, down to the floor. */
static void below_the_base_down_to_the_floor(void **state)
{
    (void)state;
    bare_send(&b, 3, 1460);
    time_out(3);
    assert_int_equal(conn->path_mtu, BASE);
    time_out(3);
    assert_phase("error");
    assert_int_equal(conn->path_mtu, BASE / 2);
    time_out(3);
    assert_int_equal(conn->path_mtu, TE_PMTU_MIN_IPV4);
    time_out(3);
    assert_int_equal(conn->path_mtu, TE_PMTU_MIN_IPV4);
    assert_int_equal(b.stack->counters.mtu_black_holes, 1);
}

static void never_when_switched_off(void **state)
{
    (void)state;
    begin(TE_MTU_PROBING_OFF, 1500);
    bare_send(&b, 1, 1460);
    time_out(10);
    assert_phase("disabled");
    assert_int_equal(conn->path_mtu, 1500);
}

/* 7.8: two timeouts soon after path_mtu was raised: back to what it was. */
static void rfc4821_7_8_raised_in_vain(void **state)
{
    (void)state;
    deliver();
    send_probe();
    ack_all();
    assert_int_equal(conn->path_mtu, 1500);
    bare_send(&b, 1, 1460);
    time_out(1);
    assert_int_equal(conn->path_mtu, 1500);
    time_out(2);
    assert_int_equal(conn->path_mtu, BASE);
}

/* 32 segments later it counts as verified. */
static void rfc4821_7_8_verified(void **state)
{
    (void)state;
    deliver();
    send_probe();
    ack_all();
    for (unsigned i = 0; i < 32; i++)
        deliver();
    bare_send(&b, 1, 1460);
    time_out(2);
    assert_int_equal(conn->path_mtu, 1500);
}

/* --- messages --------------------------------------------------------------------------------- */

/* A router about the probe: what it says is tried next. */
static void too_big_about_the_probe(void **state)
{
    (void)state;
    deliver();
    uint32_t start = conn->snd_nxt;
    send_probe();
    assert_false(te_mtu_probe_on_too_big(b.stack, conn, start - 1, 1400)); /* about another */
    assert_false(te_mtu_probe_on_too_big(b.stack, conn, start, 1500));     /* no less */
    assert_false(te_mtu_probe_on_too_big(b.stack, conn, start, BASE - 1)); /* the caller's */
    assert_true(te_mtu_probe_on_too_big(b.stack, conn, start, 1400));
    assert_int_equal(te_sent_map_last(&conn->sender->map)->state, TE_SENT_LOST);
    assert_int_equal(conn->path_mtu, BASE);
    assert_int_equal(te_pmtu_get(b.stack, &conn->remote.addr), 1400);
    ack_all();
    bare_at(&b, 3600 * SECOND);
    assert_int_equal(probe_len(), 1400 - HEADERS);
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define PLAIN(name) cmocka_unit_test_setup_teardown(name, NULL, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_disabled, setup_black_hole),
        TEST(rfc4821_always_starts_at_the_base, setup_always),
        PLAIN(test_small_link),
        PLAIN(test_without_memory),
        TEST(rfc4821_7_4_needs_data_behind_it, setup_always),
        TEST(rfc4821_7_4_only_when_all_is_calm, setup_always),
        TEST(test_arrival_raises_path_mtu, setup_always),
        TEST(rfc4821_7_6_2_lost_alone, setup_always),
        TEST(rfc4821_7_6_4_lost_with_others, setup_always),
        TEST(rfc4821_7_6_4_lost_after_others, setup_always),
        TEST(test_loss_of_others_is_no_matter, setup_always),
        TEST(test_lost_probe_counts_as_segments, setup_always),
        TEST(rfc8899_search_finds_the_path, setup_always),
        TEST(test_begins_again, setup_always),
        TEST(rfc4821_7_7_black_hole, setup_black_hole),
        TEST(black_hole_where_it_has_arrived, setup_black_hole),
        TEST(no_black_hole_for_small_segments, setup_black_hole),
        TEST(below_the_base_down_to_the_floor, setup_black_hole),
        PLAIN(never_when_switched_off),
        TEST(rfc4821_7_8_raised_in_vain, setup_always),
        TEST(rfc4821_7_8_verified, setup_always),
        TEST(too_big_about_the_probe, setup_always),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
