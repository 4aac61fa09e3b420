/* Cookies, verdicts and the cache; what connections do with them is fast_open_*_script_test.c's. */
#include <string.h>

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/listen/fast_open.h"

#define STEP TE_FAST_OPEN_STEP_US
#define CACHE_MAX 4
#define PENDING_MAX 3

static struct fixture f;
static struct te_listener listener;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    f.reborn = false; /* the tests keep pointers into the stack, and set its clock */
    f.config.fast_open = TE_FAST_OPEN_BOTH;
    f.config.fast_open_cache_max = CACHE_MAX;
    f.config.fast_open_pending_max = PENDING_MAX;
    fixture_start(&f);
    memset(&listener, 0, sizeof(listener));
    listener.fast_open = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

static struct te_segment make_syn(const char *remote, uint16_t port)
{
    return (struct te_segment){
        .local = {fixture_addr("10.0.0.1"), 80},
        .remote = {fixture_addr(remote), port},
        .flags = TE_SYN,
        .header.options = {.has_fast_open = true},
    };
}

/* The cookie that goes to the client of such a SYN now. */
static void get_cookie(const struct te_segment *syn, struct te_tcp_options *ret_options)
{
    struct te_conn conn = {.local = syn->local, .remote = syn->remote, .fast_open_answer = true};
    memset(ret_options, 0, sizeof(*ret_options));
    te_fast_open_put(f.stack, &conn, true, ret_options);
    assert_true(ret_options->has_fast_open);
    assert_int_equal(ret_options->fast_open_len, TE_FAST_OPEN_COOKIE_BYTES);
}

static struct te_segment with_cookie(struct te_segment syn)
{
    struct te_tcp_options options;
    get_cookie(&syn, &options);
    syn.header.options = options;
    return syn;
}

static enum te_fast_open_verdict judge(const struct te_segment *syn)
{
    return te_fast_open_judge(f.stack, &listener, syn);
}

/* --- cookies ---------------------------------------------------------------------------------- */

/* RFC 7413 4.1.2: the client's address is what it proves; its port and ours are not in it. */
static void a_cookie_is_of_two_addresses(void **state)
{
    struct te_segment syn = with_cookie(make_syn("198.51.100.7", 4000));
    (void)state;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_GRANTED);
    struct te_segment other = syn;
    other.remote.port++;
    other.local.port++;
    assert_int_equal(judge(&other), TE_FAST_OPEN_GRANTED);
    other = syn;
    other.remote.addr = fixture_addr("198.51.100.8");
    assert_int_equal(judge(&other), TE_FAST_OPEN_REFUSED);
    other = syn;
    other.local.addr = fixture_addr("10.0.0.11");
    assert_int_equal(judge(&other), TE_FAST_OPEN_REFUSED);
    assert_int_equal(fixture_counters(&f)->fast_open_passive_failed, 2);
}

static void a_forged_cookie_is_refused(void **state)
{
    const struct te_segment syn = with_cookie(make_syn("198.51.100.7", 4000));
    (void)state;
    for (unsigned bit = 0; bit < 8 * TE_FAST_OPEN_COOKIE_BYTES; bit++) {
        struct te_segment forged = syn;
        forged.header.options.fast_open_cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(judge(&forged), TE_FAST_OPEN_REFUSED);
        assert_false(te_fast_open_is_current(f.stack, &forged));
    }
    /* A cookie of another length is none of ours, whatever it begins with. */
    struct te_segment forged = syn;
    forged.header.options.fast_open_len = TE_FAST_OPEN_COOKIE_BYTES - 2;
    assert_int_equal(judge(&forged), TE_FAST_OPEN_REFUSED);
    forged.header.options.fast_open_len = TE_FAST_OPEN_COOKIE_BYTES + 2;
    assert_int_equal(judge(&forged), TE_FAST_OPEN_REFUSED);
    f.stack->key.bytes[5] ^= 1; /* another boot */
    assert_int_equal(judge(&syn), TE_FAST_OPEN_REFUSED);
}

/* Good in its step and the next; current, so that the client needs no new one, in its own alone. */
static void check_life(int64_t made_at_us)
{
    f.stack->now_us = made_at_us;
    struct te_segment syn = with_cookie(make_syn("2001:db8:7::2", 4000));
    int64_t own_end_us = (made_at_us / STEP + 1) * STEP;
    assert_true(te_fast_open_is_current(f.stack, &syn));
    f.stack->now_us = own_end_us - 1;
    assert_true(te_fast_open_is_current(f.stack, &syn));
    assert_int_equal(judge(&syn), TE_FAST_OPEN_GRANTED);
    f.stack->now_us = own_end_us;
    assert_false(te_fast_open_is_current(f.stack, &syn));
    assert_int_equal(judge(&syn), TE_FAST_OPEN_GRANTED);
    f.stack->now_us = own_end_us + STEP - 1;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_GRANTED);
    f.stack->now_us = own_end_us + STEP;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_REFUSED);
    f.stack->now_us = made_at_us;
}

static void a_cookie_lives_one_to_two_steps(void **state)
{
    int64_t later_us = (INT64_C(1) << 31) * STEP; /* some hundred thousand years */
    (void)state;
    check_life(STEP);
    check_life(STEP + STEP / 2);
    check_life(2 * STEP - 1);
    check_life(later_us);
}

/* A SYN,ACK that is sent again has none: what is lost may be the option's fault (4.2.2). */
static void a_cookie_is_put_on_the_first_syn_ack_only(void **state)
{
    struct te_segment syn = make_syn("198.51.100.7", 4000);
    struct te_conn conn = {.local = syn.local, .remote = syn.remote};
    struct te_tcp_options options = {.has_mss = true};
    (void)state;
    te_fast_open_put(f.stack, &conn, true, &options);
    assert_false(options.has_fast_open);
    conn.fast_open_answer = true;
    conn.syn_was_lost = true;
    te_fast_open_put(f.stack, &conn, true, &options);
    assert_false(options.has_fast_open);
    conn.syn_was_lost = false;
    te_fast_open_put(f.stack, &conn, true, &options);
    assert_true(options.has_fast_open);
    assert_true(options.has_mss);
}

/* --- verdicts --------------------------------------------------------------------------------- */

static void what_is_not_offered_or_asked_for(void **state)
{
    static const struct {
        bool listener, option;
        enum te_fast_open config;
        enum te_fast_open_verdict verdict;
    } rows[] = {
        {true, true, TE_FAST_OPEN_BOTH, TE_FAST_OPEN_GRANTED},
        {true, true, TE_FAST_OPEN_SERVER, TE_FAST_OPEN_GRANTED},
        {true, true, TE_FAST_OPEN_CLIENT, TE_FAST_OPEN_NONE},
        {true, true, TE_FAST_OPEN_OFF, TE_FAST_OPEN_NONE},
        {false, true, TE_FAST_OPEN_BOTH, TE_FAST_OPEN_NONE},
        {true, false, TE_FAST_OPEN_BOTH, TE_FAST_OPEN_NONE},
    };
    const struct te_segment syn = with_cookie(make_syn("198.51.100.7", 4000));
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_segment asks = syn;
        asks.header.options.has_fast_open = rows[i].option;
        listener.fast_open = rows[i].listener;
        f.stack->config.fast_open = rows[i].config;
        if (judge(&asks) != rows[i].verdict)
            fail_msg("row %u", i);
    }
    assert_int_equal(fixture_counters(&f)->fast_open_passive_failed, 0);
}

static void a_request_is_refused_and_counted(void **state)
{
    struct te_segment syn = make_syn("198.51.100.7", 4000);
    (void)state;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_REFUSED);
    assert_int_equal(fixture_counters(&f)->fast_open_cookies_given, 1);
    assert_int_equal(fixture_counters(&f)->fast_open_passive_failed, 0);
}

/* RFC 7413 4.2: PendingFastOpenRequests has a limit. */
static void pending_ones_are_limited(void **state)
{
    struct te_segment syn = with_cookie(make_syn("198.51.100.7", 4000));
    (void)state;
    listener.fast_open_count = PENDING_MAX - 1;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_GRANTED);
    listener.fast_open_count = PENDING_MAX;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_REFUSED);
    assert_int_equal(fixture_counters(&f)->fast_open_pending_full, 1);
    f.stack->config.fast_open_pending_max = 0;
    listener.fast_open_count = 0;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_REFUSED);
}

/* RFC 7413 5.1: resets count for a minute after the last of them. */
static void resets_count_for_a_minute(void **state)
{
    struct te_segment syn = with_cookie(make_syn("198.51.100.7", 4000));
    int64_t start_us = f.stack->now_us;
    (void)state;
    listener.fast_open_count = PENDING_MAX - 2;
    te_fast_open_on_reset(f.stack, &listener);
    assert_int_equal(judge(&syn), TE_FAST_OPEN_GRANTED);
    f.stack->now_us += TE_FAST_OPEN_RESET_MEMORY_US - 1;
    te_fast_open_on_reset(f.stack, &listener); /* prolongs the first one's time */
    assert_int_equal(judge(&syn), TE_FAST_OPEN_REFUSED);
    f.stack->now_us += TE_FAST_OPEN_RESET_MEMORY_US - 1;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_REFUSED);
    f.stack->now_us++;
    assert_int_equal(judge(&syn), TE_FAST_OPEN_GRANTED);
    te_fast_open_on_reset(f.stack, &listener); /* begins with one again */
    assert_int_equal(listener.fast_open_resets, 1);
    assert_true(f.stack->now_us > start_us);
}

static void resets_are_counted_up_to_the_limit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        te_fast_open_on_reset(f.stack, &listener);
    assert_int_equal(listener.fast_open_resets, PENDING_MAX);
}

/* --- the cache -------------------------------------------------------------------------------- */

static struct te_addr ours;

static struct te_endpoint server(unsigned number)
{
    ours = fixture_addr("10.0.0.1");
    struct te_endpoint endpoint = {fixture_addr("198.51.100.0"), 443};
    endpoint.addr.bytes[15] = (uint8_t)number;
    return endpoint;
}

static struct te_fast_open_entry *find(unsigned number)
{
    struct te_endpoint endpoint = server(number);
    return te_fast_open_find(f.stack, &ours, &endpoint);
}

static struct te_fast_open_entry *make(unsigned number)
{
    struct te_endpoint endpoint = server(number);
    return te_fast_open_make(f.stack, &ours, &endpoint);
}

static void an_entry_is_of_a_pair(void **state)
{
    struct te_fast_open_entry *entry = make(1);
    struct te_endpoint endpoint = server(1);
    (void)state;
    assert_non_null(entry);
    assert_int_equal(entry->cookie_len, 0);
    assert_int_equal(entry->mss_bytes, 0);
    assert_int_equal(entry->avoid_until_us, 0);
    assert_ptr_equal(find(1), entry);
    assert_null(find(2));
    endpoint.port++;
    assert_null(te_fast_open_find(f.stack, &ours, &endpoint));
    endpoint.port--;
    ours = fixture_addr("10.0.0.11");
    assert_null(te_fast_open_find(f.stack, &ours, &endpoint));
}

/* A connection to the server that has asked for Fast Open: its entry counts as used. */
static struct te_conn begin(unsigned number)
{
    struct te_conn conn = {.state = TE_CLOSED, .remote = server(number), .local = {ours, 5000}};
    te_fast_open_begin(f.stack, &conn);
    return conn;
}

static void the_least_recently_used_one_makes_room(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CACHE_MAX; i++)
        assert_non_null(make(i));
    assert_int_equal(f.stack->fast_open.count, CACHE_MAX);
    assert_true(begin(0).fast_open_tried); /* used: now 1 is the least recently used */
    assert_non_null(find(1));              /* being looked for is no use */
    assert_non_null(make(CACHE_MAX));
    assert_int_equal(f.stack->fast_open.count, CACHE_MAX);
    assert_int_equal(fixture_counters(&f)->fast_open_cache_evicted, 1);
    assert_null(find(1));
    assert_non_null(find(0));
    for (unsigned i = 2; i <= CACHE_MAX; i++)
        assert_non_null(find(i));
}

static void a_cache_of_none(void **state)
{
    (void)state;
    f.stack->config.fast_open_cache_max = 0;
    assert_null(make(1));
    f.stack->config.fast_open_cache_max = CACHE_MAX;
    f.heap.allocations_left = 0;
    assert_null(make(1));
    f.heap.allocations_left = -1;
    assert_int_equal(f.stack->fast_open.count, 0);
    assert_null(find(1));
}

static void done_empties_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CACHE_MAX; i++)
        (void)make(i);
    te_fast_open_done(f.stack);
    assert_int_equal(f.stack->fast_open.count, 0);
    for (unsigned i = 0; i < CACHE_MAX; i++)
        assert_null(find(i));
    te_fast_open_done(f.stack);
}

/* --- the client ------------------------------------------------------------------------------- */

static void the_first_syn_asks_or_brings(void **state)
{
    struct te_tcp_options options = {.has_mss = true};
    (void)state;
    struct te_conn conn = begin(1);
    conn.state = TE_SYN_SENT;
    te_fast_open_put(f.stack, &conn, false, &options);
    assert_true(options.has_fast_open); /* no cookie known: it asks */
    assert_int_equal(options.fast_open_len, 0);

    struct te_fast_open_entry *entry = make(1);
    entry->cookie_len = 12;
    memset(entry->cookie, 0xc5, 12);
    te_fast_open_put(f.stack, &conn, false, &options);
    assert_int_equal(options.fast_open_len, 12);
    assert_memory_equal(options.fast_open_cookie, entry->cookie, 12);

    memset(&options, 0, sizeof(options));
    conn.syn_was_lost = true; /* RFC 7413 4.2.2: any further SYN is plain */
    te_fast_open_put(f.stack, &conn, false, &options);
    assert_false(options.has_fast_open);
    assert_int_equal(options.fast_open_len, 0);
}

static void not_without_permission(void **state)
{
    (void)state;
    f.stack->config.fast_open = TE_FAST_OPEN_SERVER;
    assert_false(begin(1).fast_open_tried);
    f.stack->config.fast_open = TE_FAST_OPEN_CLIENT;
    assert_true(begin(1).fast_open_tried);
}

/* RFC 7413 4.1.3.1: where it failed it is left alone for a while. */
static void a_server_is_avoided_after_a_failure(void **state)
{
    static const struct {
        enum te_cause cause;
        bool is_failure;
    } rows[] = {
        {TE_CAUSE_TIMEOUT_RETRANSMIT, true}, {TE_CAUSE_TIMEOUT_USER, true}, {TE_CAUSE_ICMP, true},
        {TE_CAUSE_RECV_RST, false},          {TE_CAUSE_ABORT, false},       {TE_CAUSE_CLOSE, false},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct te_conn conn = begin(i);
        uint64_t avoided = fixture_counters(&f)->fast_open_active_avoided;
        conn.state = TE_SYN_SENT;
        te_fast_open_on_failure(f.stack, &conn, rows[i].cause);
        assert_int_equal(find(i) != NULL, rows[i].is_failure);
        assert_int_equal(begin(i).fast_open_tried, !rows[i].is_failure);
        assert_int_equal(fixture_counters(&f)->fast_open_active_avoided,
                         avoided + rows[i].is_failure);
    }
    assert_int_equal(fixture_counters(&f)->fast_open_active_failed, 3);
    f.stack->now_us += TE_FAST_OPEN_AVOIDANCE_US - 1;
    assert_false(begin(0).fast_open_tried);
    f.stack->now_us++;
    assert_true(begin(0).fast_open_tried);
}

/* What died later, or did not try, says nothing of Fast Open. */
static void only_an_opening_that_tried_can_fail(void **state)
{
    struct te_conn conn = begin(1);
    (void)state;
    conn.state = TE_ESTABLISHED;
    te_fast_open_on_failure(f.stack, &conn, TE_CAUSE_TIMEOUT_RETRANSMIT);
    conn.state = TE_SYN_SENT;
    conn.fast_open_tried = false;
    te_fast_open_on_failure(f.stack, &conn, TE_CAUSE_TIMEOUT_RETRANSMIT);
    assert_null(find(1));
    assert_int_equal(fixture_counters(&f)->fast_open_active_failed, 0);
}

static void data_that_was_not_taken_was_never_sent(void **state)
{
    struct te_conn conn = {.iss = 0xfffffff0, .snd_max = 0xfffffff1 + 100};
    uint64_t out = fixture_counters(&f)->bytes_out;
    (void)state;
    te_fast_open_settle(f.stack, &conn, conn.iss + 1); /* the SYN carried none */
    assert_int_equal(conn.snd_max, 0xfffffff1u + 100);
    conn.fast_open_data = true;
    te_fast_open_settle(f.stack, &conn, conn.iss + 1 + 60); /* beyond the wrap */
    assert_int_equal(conn.snd_max, conn.iss + 1 + 60);
    assert_int_equal(fixture_counters(&f)->bytes_out, out + 60);
    te_fast_open_settle(f.stack, &conn, conn.iss + 1); /* settled once */
    assert_int_equal(conn.snd_max, conn.iss + 1 + 60);
}

#define FAST_OPEN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAST_OPEN_TEST(a_cookie_is_of_two_addresses),
        FAST_OPEN_TEST(a_forged_cookie_is_refused),
        FAST_OPEN_TEST(a_cookie_lives_one_to_two_steps),
        FAST_OPEN_TEST(a_cookie_is_put_on_the_first_syn_ack_only),
        FAST_OPEN_TEST(what_is_not_offered_or_asked_for),
        FAST_OPEN_TEST(a_request_is_refused_and_counted),
        FAST_OPEN_TEST(pending_ones_are_limited),
        FAST_OPEN_TEST(resets_count_for_a_minute),
        FAST_OPEN_TEST(resets_are_counted_up_to_the_limit),
        FAST_OPEN_TEST(an_entry_is_of_a_pair),
        FAST_OPEN_TEST(the_least_recently_used_one_makes_room),
        FAST_OPEN_TEST(a_cache_of_none),
        FAST_OPEN_TEST(done_empties_it),
        FAST_OPEN_TEST(the_first_syn_asks_or_brings),
        FAST_OPEN_TEST(not_without_permission),
        FAST_OPEN_TEST(a_server_is_avoided_after_a_failure),
        FAST_OPEN_TEST(only_an_opening_that_tried_can_fail),
        FAST_OPEN_TEST(data_that_was_not_taken_was_never_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
