#include <string.h>

#include "stack_internal.h"
#include "support/couple.h"
#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/unsent.h"

#define FLOOR (128u * 1024)
#define TOTAL (1024u * 1024)
#define LENT_BYTES (64u * 1024)

/* --- directly --------------------------------------------------------------------------------- */

static struct lone l;
static struct te_conn *one, *other;
static uint8_t data[4 * TOTAL];

static struct te_conn *eager(struct te_conn *conn)
{
    conn->cc.cwnd_bytes = 4 * TOTAL;
    conn->snd_una = conn->snd_nxt = conn->snd_max = conn->iss + 1;
    return conn;
}

static int setup(void **state)
{
    (void)state;
    fixture_init(&l.f);
    assert_int_equal(l.f.config.unsent_max_bytes, TOTAL);
    lone_start_configured(&l);
    one = eager(l.conn);
    other = eager(lone_more(&l, LONE_PORT + 1));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static size_t append(struct te_conn *conn, size_t len)
{
    return te_send_append(l.stack, conn, data, len);
}

/* So much new text leaves. */
static void leaves(struct te_conn *conn, uint32_t len)
{
    conn->snd_max += len;
    te_send_on_sent(l.stack, conn);
}

static uint64_t total(void)
{
    return l.stack->conns.unsent_bytes;
}

static bool is_told_to_go_on(void)
{
    struct te_event event;
    return te_stack_next_event(l.stack, &event) && (event.ready & TE_READY_SEND) != 0;
}

static void test_one_may_have_the_total(void **state)
{
    (void)state;
    assert_int_equal(append(one, 2 * TOTAL), TOTAL);
    assert_int_equal(total(), TOTAL);
    assert_int_equal(append(one, 1), 0);
    leaves(one, 1000);
    assert_int_equal(total(), TOTAL - 1000);
    assert_int_equal(append(one, TOTAL), 1000);
    assert_int_equal(te_unsent_of(one), TOTAL);
}

static void test_everybody_has_the_floor(void **state)
{
    (void)state;
    append(one, TOTAL);
    assert_int_equal(te_unsent_room(l.stack, other), FLOOR);
    assert_int_equal(append(other, TOTAL), FLOOR);
    assert_int_equal(total(), TOTAL + FLOOR);
    leaves(other, 5000); /* the first's bytes are still there, and nothing to this one */
    assert_int_equal(append(other, TOTAL), 5000);
}

static void test_what_others_leave_may_be_had(void **state)
{
    (void)state;
    append(one, 3 * FLOOR);
    assert_int_equal(te_unsent_room(l.stack, other), TOTAL - 3 * FLOOR);
    leaves(one, 2 * FLOOR);
    assert_int_equal(te_unsent_room(l.stack, other), TOTAL - FLOOR);
    assert_int_equal(append(other, 2 * TOTAL), TOTAL - FLOOR);
    assert_int_equal(te_unsent_room(l.stack, one), 0);
}

static void test_zero_leaves_the_floor(void **state)
{
    (void)state;
    l.stack->config.unsent_max_bytes = 0;
    assert_int_equal(append(one, TOTAL), FLOOR);
    assert_int_equal(append(other, TOTAL), FLOOR);
}

/* Sent once is sent: what goes out again, or waits to, takes nobody's room. */
static void test_what_is_in_flight_does_not_count(void **state)
{
    (void)state;
    append(one, TOTAL);
    leaves(one, TOTAL);
    assert_int_equal(total(), 0);
    one->snd_nxt = one->snd_una; /* all of it once more */
    te_unsent_update(l.stack, one);
    assert_int_equal(total(), 0);
    assert_int_equal(append(one, TOTAL), TOTAL);
}

static void test_a_fin_is_no_text(void **state)
{
    (void)state;
    append(one, 100);
    leaves(one, 101);
    assert_int_equal(te_unsent_of(one), 0);
}

static void test_before_the_syn_all_is_unsent(void **state)
{
    (void)state;
    one->syn_acked = false;
    one->snd_una = one->snd_nxt = one->snd_max = one->iss;
    append(one, 100);
    assert_int_equal(te_unsent_of(one), 100);
    leaves(one, 1);
    assert_int_equal(te_unsent_of(one), 100);
    leaves(one, 30); /* on the SYN */
    assert_int_equal(te_unsent_of(one), 70);
}

static void test_the_user_goes_on_at_half(void **state)
{
    (void)state;
    append(one, TOTAL);
    one->send_was_cut = true;
    leaves(one, TOTAL / 2 - 1);
    assert_false(is_told_to_go_on());
    leaves(one, 1);
    assert_true(is_told_to_go_on());
}

static void test_who_had_no_more_is_not_told(void **state)
{
    (void)state;
    append(one, 1000);
    leaves(one, 1000);
    assert_false(is_told_to_go_on());
}

/* cwnd has shrunk meanwhile: an ACK will say when there is room. */
static void test_without_room_nobody_is_told(void **state)
{
    (void)state;
    append(one, TOTAL);
    one->send_was_cut = true;
    one->cc.cwnd_bytes = 1000;
    leaves(one, TOTAL);
    assert_false(is_told_to_go_on());
}

static void test_lent_rings_do_not_count(void **state)
{
    static uint8_t region[LENT_BYTES];
    (void)state;
    append(one, 1000);
    assert_true(te_send_lend(l.stack, one, region, sizeof(region)));
    assert_int_equal(total(), 0);
    assert_int_equal(te_send_extend(l.stack, one, 500), 500);
    assert_int_equal(total(), 0);
    one->send_was_cut = true;
    leaves(one, 1500);
    assert_false(is_told_to_go_on());
    te_send_extend(l.stack, one, 700);
    assert_true(te_send_own(l.stack, one));
    assert_int_equal(total(), 700);
}

static void test_the_dead_have_nothing(void **state)
{
    (void)state;
    append(one, 1000);
    append(other, 300);
    te_send_drop(l.stack, one);
    assert_int_equal(total(), 300);
    assert_int_equal(te_unsent_of(one), 0);
}

/* --- through the stack ------------------------------------------------------------------------ */

static struct couple c;

static int start(void **state)
{
    (void)state;
    couple_init(&c);
    c.a.config.unsent_max_bytes = 0;
    c.b.config.receive_buffer_initial_bytes = 3 * FLOOR / 4;
    couple_start(&c);
    te_send(c.a.stack, c.id, data, 4000, &(size_t){0}, c.a.now_us);
    couple_run(&c); /* the ACK shows the window, which no SYN can */
    c.conn->cc.cwnd_bytes = 4 * TOTAL;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    couple_stop(&c);
    return 0;
}

static size_t send_to_b(size_t len)
{
    size_t accepted = 0;
    assert_int_equal(te_send(c.a.stack, c.id, data, len, &accepted, c.a.now_us), TE_OK);
    return accepted;
}

static bool is_a_told(void)
{
    struct te_event event;
    bool is_told = false;
    while (te_stack_next_event(c.a.stack, &event))
        is_told = is_told || (event.ready & TE_READY_SEND) != 0;
    return is_told;
}

/* No ACK has come yet. */
static void test_output_tells_the_user(void **state)
{
    (void)state;
    is_a_told();
    assert_int_equal(send_to_b(TOTAL), FLOOR);
    assert_int_equal(send_to_b(1), 0);
    fixture_poll(&c.a); /* what b's window takes */
    uint32_t sent = c.conn->snd_wnd - c.conn->snd_wnd % c.conn->mss;
    assert_in_range(sent, FLOOR / 2, FLOOR - 1);
    assert_int_equal(c.a.stack->conns.unsent_bytes, FLOOR - sent);
    assert_true(is_a_told());
    assert_int_equal(send_to_b(TOTAL), sent);
}

static void test_a_restored_stack_counts_again(void **state)
{
    (void)state;
    send_to_b(TOTAL);
    fixture_poll(&c.a);
    uint64_t before = c.a.stack->conns.unsent_bytes;
    assert_true(before > 0);
    fixture_rebear(&c.a);
    assert_int_equal(c.a.stack->conns.unsent_bytes, before);
    uint64_t id;
    assert_null(te_stack_check_invariants(c.a.stack, &id));
}

static void test_an_aborted_connection_leaves_the_total(void **state)
{
    (void)state;
    send_to_b(TOTAL);
    assert_int_equal(c.a.stack->conns.unsent_bytes, FLOOR);
    te_abort(c.a.stack, c.id, c.a.now_us);
    assert_int_equal(c.a.stack->conns.unsent_bytes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define LIVE(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_may_have_the_total),
        TEST(test_everybody_has_the_floor),
        TEST(test_what_others_leave_may_be_had),
        TEST(test_zero_leaves_the_floor),
        TEST(test_what_is_in_flight_does_not_count),
        TEST(test_a_fin_is_no_text),
        TEST(test_before_the_syn_all_is_unsent),
        TEST(test_the_user_goes_on_at_half),
        TEST(test_who_had_no_more_is_not_told),
        TEST(test_without_room_nobody_is_told),
        TEST(test_lent_rings_do_not_count),
        TEST(test_the_dead_have_nothing),
        LIVE(test_output_tells_the_user),
        LIVE(test_a_restored_stack_counts_again),
        LIVE(test_an_aborted_connection_leaves_the_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
