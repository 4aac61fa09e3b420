#include <string.h>

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/random.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/listen/remotes.h"
#include "tcp/listen/share.h"
#include "util/bytes.h"

#define LIMIT 3
#define CONN_MAX 4096

static struct fixture f;

static void start(uint32_t conn_max, uint32_t limit)
{
    fixture_init(&f);
    f.reborn = false; /* connections here are in no table: a restored stack would not count them */
    f.config.conn_max = conn_max;
    f.config.connections_per_remote_max = limit;
    fixture_start(&f);
}

static int setup(void **state)
{
    (void)state;
    start(CONN_MAX, LIMIT);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

/* As much of a connection as is looked at: a peer opened it, and our SYN is acknowledged. */
static struct te_conn conn_from(const char *remote)
{
    struct te_conn conn = {.was_passive = true, .syn_acked = true};
    conn.remote.addr = fixture_addr(remote);
    return conn;
}

static void end(struct te_conn *conn)
{
    conn->is_remains = true;
    te_remotes_account(f.stack, conn);
}

static bool is_full(const char *remote)
{
    struct te_addr addr = fixture_addr(remote);
    return te_remotes_is_full(f.stack, &addr);
}

/* --- the lower of two limits ------------------------------------------------------------------ */

static void a_part_of_the_table_is_a_limit_too(void **state)
{
    struct te_conn conns[TE_SHARE_MIN + 1];
    (void)state;
    fixture_stop(&f);
    start(64, 1000); /* 25 % of 64 */
    for (unsigned i = 0; i < 16; i++) {
        assert_false(is_full("10.0.0.2"));
        conns[i] = conn_from("10.0.0.2");
        te_remotes_account(f.stack, &conns[i]);
    }
    assert_true(is_full("10.0.0.2"));
    assert_false(is_full("10.0.0.3"));
    for (unsigned i = 0; i < 16; i++)
        end(&conns[i]);
}

/* --- which connections count ------------------------------------------------------------------ */

static void what_counts(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++) {
        struct te_conn conn = conn_from("10.0.0.2");
        conn.was_passive = (bits & 1) != 0;
        conn.syn_acked = (bits & 2) != 0;
        conn.is_remains = (bits & 4) != 0;
        bool counts = bits == 3; /* opened by a peer, its handshake over, its protocol running */
        te_remotes_account(f.stack, &conn);
        te_remotes_account(f.stack, &conn); /* once, however often it is asked */
        assert_int_equal(conn.counted_remote, counts);
        assert_true(te_remotes_add_up(f.stack, counts));
        assert_false(te_remotes_add_up(f.stack, !counts));
        end(&conn);
        assert_false(conn.counted_remote);
        assert_true(te_remotes_add_up(f.stack, 0));
    }
}

static void accounts_add_up_whatever_comes(void **state)
{
    static struct te_conn conns[500];
    uint64_t seed = 7, counted = 0;
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        conns[i] = conn_from("10.0.0.0");
        te_store_be32(conns[i].remote.addr.bytes + 12, 0x0a000000 + random_below(&seed, 50));
        conns[i].syn_acked = false;
    }
    for (unsigned i = 0; i < 5000; i++) {
        struct te_conn *conn = &conns[random_below(&seed, 500)];
        counted -= conn->syn_acked;
        conn->syn_acked = random_below(&seed, 2) != 0;
        counted += conn->syn_acked;
        te_remotes_account(f.stack, conn);
        if (i % 100 == 0)
            assert_true(te_remotes_add_up(f.stack, counted));
    }
    for (unsigned i = 0; i < 500; i++)
        end(&conns[i]);
    assert_true(te_remotes_add_up(f.stack, 0));
}

/* --- one remote ------------------------------------------------------------------------------- */

static void an_address_is_full_at_its_limit(void **state)
{
    struct te_conn conns[LIMIT];
    (void)state;
    for (unsigned i = 0; i < LIMIT; i++) {
        assert_false(is_full("10.0.0.2"));
        conns[i] = conn_from("10.0.0.2");
        te_remotes_account(f.stack, &conns[i]);
    }
    assert_true(is_full("10.0.0.2"));
    assert_false(is_full("10.0.0.3"));
    assert_false(is_full("10.0.0.130"));
    end(&conns[1]);
    assert_false(is_full("10.0.0.2"));
    end(&conns[0]);
    end(&conns[2]);
}

/* IPv6: the first 64 bits are the host's. IPv4: all 32 are. */
static void a_64_is_one_remote(void **state)
{
    struct te_conn conns[LIMIT] = {conn_from("2001:db8:0:1::1"),
                                   conn_from("2001:db8:0:1:ffff:ffff:ffff:ffff"),
                                   conn_from("2001:db8:0:1:8000::")};
    (void)state;
    for (unsigned i = 0; i < LIMIT; i++)
        te_remotes_account(f.stack, &conns[i]);
    assert_true(is_full("2001:db8:0:1::77"));
    assert_true(is_full("2001:db8:0:1::"));
    assert_false(is_full("2001:db8:0:2::1")); /* the last bit of the prefix */
    assert_false(is_full("2001:db8::1"));
    assert_false(is_full("3001:db8:0:1::1"));
    for (unsigned i = 0; i < LIMIT; i++)
        end(&conns[i]);
    assert_false(is_full("2001:db8:0:1::77"));
}

/* All IPv4 addresses share their first 64 bits: that must not make one remote of them. */
static void ipv4_addresses_are_not_one_64(void **state)
{
    struct te_conn conns[LIMIT] = {conn_from("10.0.0.1"), conn_from("10.0.0.2"),
                                   conn_from("192.0.2.1")};
    (void)state;
    for (unsigned i = 0; i < LIMIT; i++)
        te_remotes_account(f.stack, &conns[i]);
    assert_false(is_full("10.0.0.3"));
    assert_false(is_full("::1"));
    for (unsigned i = 0; i < LIMIT; i++)
        end(&conns[i]);
}

/* --- the sketch ------------------------------------------------------------------------------- */

/* How many of 65,536 others are taken for full when the table of connections holds nothing but
 * remotes at their limit. All of these are known to be full: a sketch never counts too few. */
static unsigned count_mistaken(uint32_t limit)
{
    static struct te_conn conns[CONN_MAX];
    struct te_addr addr = fixture_addr("10.0.0.0");
    const unsigned count = CONN_MAX / limit * limit;
    unsigned mistaken = 0;
    for (unsigned i = 0; i < count; i++) {
        conns[i] = conn_from("10.0.0.0");
        te_store_be32(conns[i].remote.addr.bytes + 12, 0x0a000000 + i / limit);
        te_remotes_account(f.stack, &conns[i]);
    }
    for (unsigned i = 0; i < count / limit; i++) {
        te_store_be32(addr.bytes + 12, 0x0a000000 + i);
        assert_true(te_remotes_is_full(f.stack, &addr));
    }
    for (unsigned i = 0; i < 65536; i++) {
        te_store_be32(addr.bytes + 12, 0xc0000000 + i);
        mistaken += te_remotes_is_full(f.stack, &addr);
    }
    for (unsigned i = 0; i < count; i++)
        end(&conns[i]);
    return mistaken;
}

/* One in 16^4, which is one of these; below a limit of 16, one in limit^4. */
static void few_are_mistaken_for_others(void **state)
{
    (void)state;
    fixture_stop(&f);
    start(CONN_MAX, 16);
    assert_true(count_mistaken(16) <= 8);
    fixture_stop(&f);
    start(CONN_MAX, 8);
    assert_in_range(count_mistaken(8), 1, 3 * 65536 / (8 * 8 * 8 * 8));
}

/* 16 places for each remote that can be at its limit, never more than there can be connections, and
 * never fewer than 64. */
static void rows_are_as_long_as_they_need_be(void **state)
{
    static const struct {
        uint32_t conn_max, limit, row_len;
    } rows[] = {
        {4096, 64, 1024}, /* 16 * 4096 / 64 */
        {4096, 1, 4096},  /* not 65,536 */
        {4096, 4096, 64}, /* not 16 */
        {5000, 16, 8192}, /* 5,000 as a power of two */
        {1, 1, 64},
    };
    (void)state;
    fixture_stop(&f);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        start(rows[i].conn_max, rows[i].limit);
        assert_int_equal(f.stack->remotes.row_len, rows[i].row_len);
        fixture_stop(&f);
    }
    start(CONN_MAX, LIMIT);
}

static void without_a_limit_nothing_is_counted(void **state)
{
    (void)state;
    fixture_stop(&f);
    start(CONN_MAX, 0);
    struct te_conn conn = conn_from("10.0.0.2");
    for (unsigned i = 0; i < 100; i++)
        te_remotes_account(f.stack, &conn);
    assert_false(conn.counted_remote);
    assert_false(is_full("10.0.0.2"));
    assert_null(f.stack->remotes.counts);
    assert_true(te_remotes_add_up(f.stack, 0));
    assert_false(te_remotes_add_up(f.stack, 1));
}

static void no_memory(void **state)
{
    struct te_remotes kept = f.stack->remotes;
    (void)state;
    memset(&f.stack->remotes, 0, sizeof(kept));
    te_remotes_done(f.stack); /* nothing is there: harmless */
    f.heap.allocations_left = 0;
    assert_int_equal(te_remotes_init(f.stack), TE_ERR_NOMEM);
    te_remotes_done(f.stack);
    f.heap.allocations_left = -1;
    f.stack->remotes = kept;
}

#define REMOTES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REMOTES_TEST(a_part_of_the_table_is_a_limit_too),
        REMOTES_TEST(what_counts),
        REMOTES_TEST(accounts_add_up_whatever_comes),
        REMOTES_TEST(an_address_is_full_at_its_limit),
        REMOTES_TEST(a_64_is_one_remote),
        REMOTES_TEST(ipv4_addresses_are_not_one_64),
        REMOTES_TEST(few_are_mistaken_for_others),
        REMOTES_TEST(rows_are_as_long_as_they_need_be),
        REMOTES_TEST(without_a_limit_nothing_is_counted),
        REMOTES_TEST(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
