#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/graveyard.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/state.h"
#include "tcp/conn/timers.h"
#include "tcp/life.h"
#include "util/seq.h"

static struct lone l;
static struct te_conn *conn;
static uint64_t id;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    id = conn->id;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static void establish(void)
{
    te_conn_set_state(l.stack, conn, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, NULL);
    te_conn_set_state(l.stack, conn, TE_ESTABLISHED, TE_CAUSE_RECV_SYN_ACK, NULL);
    conn->rcv_nxt = 1000;
    conn->rcv_adv = 9000;
    lone_event(&l);
    lone_event(&l);
}

static void end(enum te_state to, enum te_err error)
{
    const struct te_death death = {to, TE_CAUSE_RECV_RST, error, NULL};
    te_conn_end_protocol(l.stack, conn, &death);
}

static struct te_conn *find(void)
{
    return te_conn_table_find_id(l.stack, id);
}

static void receive(size_t len)
{
    static const uint8_t bytes[1000];
    assert_int_equal(te_receive_payload(l.stack, conn, conn->rcv_nxt, bytes, len),
                     TE_RECEIVE_IN_ORDER);
}

/* --- birth ------------------------------------------------------------------------------------ */

static struct te_conn_birth birth_at(uint16_t remote_port)
{
    return (struct te_conn_birth){.local = lone_endpoint("10.0.0.1", 80),
                                  .remote = lone_endpoint("10.0.0.2", remote_port),
                                  .uid = 7};
}

static struct te_conn *bear(const struct te_conn_birth *birth)
{
    enum te_err err = TE_OK;
    return te_conn_new(l.stack, birth, &err);
}

static void test_birth(void **state)
{
    (void)state;
    struct te_conn_birth birth = birth_at(1);
    struct te_conn *born = bear(&birth);
    assert_int_equal(born->id, id + 1);
    assert_int_equal(born->uid, 7);
    assert_int_equal(born->state, TE_CLOSED);
    assert_false(born->was_passive);
    assert_int_equal(born->opened_at_us, l.stack->now_us);
    assert_int_equal(born->snd_una, born->iss);
    assert_int_equal(born->snd_nxt, born->iss);
    assert_int_equal(born->iss, te_isn_choose(l.stack, &birth.local, &birth.remote));
    assert_int_equal(born->mss, 536); /* RFC 9293 3.7.1, MUST-15: until the SYN says more */
    assert_int_equal(born->receive_limit_bytes, te_receive_limit_initial(&l.stack->config));
    assert_null(born->sender);
    assert_null(born->send_ring.region);
    assert_null(born->receive_ring.region);
}

static void test_birth_of_a_listeners_child(void **state)
{
    (void)state;
    struct te_conn_birth birth = birth_at(1);
    birth.state = TE_LISTEN;
    struct te_conn *born = bear(&birth);
    assert_int_equal(born->state, TE_LISTEN);
    assert_true(born->was_passive);
    assert_int_equal(l.stack->conns.state_count[TE_LISTEN], 1);
}

/* A listener that turns active keeps its id; none is used up. */
static void test_birth_under_an_old_id(void **state)
{
    (void)state;
    uint64_t next_id = l.stack->next_id;
    struct te_conn_birth birth = birth_at(1);
    birth.id = 4711;
    assert_int_equal(bear(&birth)->id, 4711);
    assert_int_equal(l.stack->next_id, next_id);
}

static void test_birth_without_memory(void **state)
{
    (void)state;
    struct te_conn_birth birth = birth_at(1);
    enum te_err err = TE_OK;
    l.f.heap.allocations_left = 0;
    assert_null(te_conn_new(l.stack, &birth, &err));
    assert_int_equal(err, TE_ERR_NOMEM);
    assert_int_equal(l.stack->conns.count, 1);
}

/* RFC 1122 4.2.2.13: beyond the last number of the old incarnation, and otherwise as it is. */
static void test_iss_above_a_floor(void **state)
{
    (void)state;
    struct te_conn_birth birth = birth_at(1);
    uint32_t isn = te_isn_choose(l.stack, &birth.local, &birth.remote);
    birth.has_isn_floor = true;
    birth.isn_floor = isn - 1;
    assert_int_equal(bear(&birth)->iss, isn);
    birth.isn_floor = isn;
    uint32_t iss = bear(&birth)->iss;
    assert_true(seq_gt(iss, isn));
    birth.isn_floor = isn + 0x7ffffff0;
    iss = bear(&birth)->iss;
    assert_true(seq_gt(iss, birth.isn_floor));
    birth.has_iss = true;
    birth.iss = 5; /* a cookie has chosen it */
    assert_int_equal(bear(&birth)->iss, 5);
}

static void test_iss_above_a_floor_across_the_wrap(void **state)
{
    (void)state;
    struct te_conn_birth birth = birth_at(1);
    uint32_t isn = te_isn_choose(l.stack, &birth.local, &birth.remote);
    lone_advance(&l, 4 * (int64_t)(uint32_t)(5 - isn)); /* to an ISN of 5 */
    birth.has_isn_floor = true;
    birth.isn_floor = 0xfffffff0;
    assert_int_equal(bear(&birth)->iss, 5);
}

/* --- the protocol ends first ------------------------------------------------------------------ */

static void test_remains(void **state)
{
    (void)state;
    establish();
    receive(100);
    te_send_append(l.stack, conn, (const uint8_t *)"abc", 3);
    te_timer_set(l.stack, conn, TE_TIMER_KEEPALIVE, l.stack->now_us + 5);
    te_conn_want_output(l.stack, conn);
    end(TE_CLOSED, TE_OK);
    assert_ptr_equal(find(), conn);
    assert_true(conn->is_remains);
    assert_null(te_conn_table_find(l.stack, &conn->local, &conn->remote));
    assert_null(conn->send_ring.region);
    assert_false(conn->is_queued);
    assert_true(te_list_is_empty(&l.stack->output));
    int64_t at_us;
    assert_int_equal(te_timer_next(conn, &at_us), TE_TIMER_NONE); /* there is something to read */
    assert_int_equal(conn->received_offset - conn->released_offset, 100);
    assert_int_equal(lone_event(&l).transition.to, TE_CLOSED);
    te_conn_end_user(l.stack, conn);
    assert_null(find());
}

static void test_remains_of_a_failure_have_no_bytes(void **state)
{
    (void)state;
    establish();
    receive(100);
    end(TE_CLOSED, TE_ERR_RESET);
    assert_int_equal(conn->error, TE_ERR_RESET);
    assert_int_equal(conn->received_offset, conn->released_offset);
    assert_null(conn->receive_ring.region);
    assert_int_equal(l.stack->conns.buffer_bytes, 0);
    int64_t at_us;
    assert_int_equal(te_timer_next(conn, &at_us), TE_TIMER_REMAINS);
    assert_int_equal(at_us, l.stack->now_us + l.stack->config.remains_us);
}

/* The user is woken, whatever event it waits for. */
static void test_user_is_told(void **state)
{
    (void)state;
    establish();
    end(TE_CLOSED, TE_OK);
    lone_event(&l);
    struct te_event event;
    assert_true(te_event_pop(l.stack, &event));
    assert_int_equal(event.kind, TE_EVENT_READY);
    assert_int_equal(event.id, id);
    assert_int_equal(event.ready, TE_READY_END | TE_READY_OPEN | TE_READY_RECEIVE | TE_READY_SEND);
}

static void test_a_child_that_nobody_accepted_goes_at_once(void **state)
{
    (void)state;
    establish();
    conn->was_passive = true;
    end(TE_CLOSED, TE_ERR_RESET);
    assert_null(find());
    assert_non_null(te_graveyard_find(l.stack, id));
}

static void test_an_accepted_one_leaves_remains(void **state)
{
    (void)state;
    establish();
    conn->was_passive = conn->is_accepted = true;
    end(TE_CLOSED, TE_ERR_RESET);
    assert_ptr_equal(find(), conn);
}

/* --- the user ends first ---------------------------------------------------------------------- */

static void test_an_orphan_is_counted_while_its_protocol_runs(void **state)
{
    (void)state;
    establish();
    te_conn_end_user(l.stack, conn);
    assert_ptr_equal(find(), conn);
    assert_int_equal(l.stack->conns.orphan_count, 1);
    te_conn_account_orphan(l.stack, conn); /* again: counted once */
    assert_int_equal(l.stack->conns.orphan_count, 1);
    end(TE_CLOSED, TE_OK);
    assert_int_equal(l.stack->conns.orphan_count, 0);
    assert_null(find());
}

static void test_the_second_end_buries(void **state)
{
    (void)state;
    establish();
    conn->user_closed = true;
    end(TE_CLOSED, TE_ERR_RESET);
    const struct te_grave *grave = te_graveyard_find(l.stack, id);
    assert_non_null(grave);
    assert_int_equal(grave->history.count, 3);
    lone_event(&l);
    struct te_event event;
    assert_true(te_event_pop(l.stack, &event));
    assert_int_equal(event.kind, TE_EVENT_READY);
    assert_int_equal(event.ready, TE_READY_END);
    assert_int_equal(event.error, TE_ERR_RESET);
}

/* --- TIME_WAIT -------------------------------------------------------------------------------- */

static void reach_fin_wait_2(void)
{
    establish();
    te_conn_set_state(l.stack, conn, TE_FIN_WAIT_1, TE_CAUSE_CLOSE, NULL);
    te_conn_set_state(l.stack, conn, TE_FIN_WAIT_2, TE_CAUSE_RECV_ACK_OF_FIN, NULL);
    lone_event(&l);
    lone_event(&l);
}

static void test_time_wait_is_an_entry_of_the_table(void **state)
{
    (void)state;
    reach_fin_wait_2();
    conn->user_closed = true;
    struct te_endpoint local = conn->local;
    struct te_endpoint remote = conn->remote;
    end(TE_TIME_WAIT, TE_OK);
    assert_null(find());
    assert_int_equal(l.stack->time_wait.count, 1);
    assert_true(te_time_wait_find(l.stack, &local, &remote) != TE_TIME_WAIT_NONE);
    assert_int_equal(lone_event(&l).transition.to, TE_TIME_WAIT);
}

/* Without an entry TIME_WAIT ends at once, and the cause says why. */
static void test_no_room_in_time_wait(void **state)
{
    (void)state;
    reach_fin_wait_2();
    l.stack->config.time_wait_policy = TE_TIME_WAIT_SKIP;
    l.stack->config.time_wait_max = 0;
    end(TE_TIME_WAIT, TE_OK);
    assert_int_equal(conn->state, TE_CLOSED);
    assert_int_equal(l.stack->time_wait.count, 0);
    assert_int_equal(lone_event(&l).transition.to, TE_TIME_WAIT);
    struct te_event last = lone_event(&l);
    assert_int_equal(last.transition.to, TE_CLOSED);
    assert_int_equal(last.transition.cause, TE_CAUSE_LIMIT);
}

/* The ACK of the peer's FIN is sent although the connection is gone. */
static void test_time_wait_sends_the_ack_that_is_owed(void **state)
{
    (void)state;
    reach_fin_wait_2();
    conn->user_closed = true;
    struct te_segment fin = lone_segment(&l, TE_FIN | TE_ACK);
    uint64_t before = l.stack->counters.segments_out;
    conn->ack.owed = 1;
    te_conn_enter_time_wait(l.stack, conn, TE_CAUSE_RECV_FIN, &fin);
    assert_null(find());
    assert_int_equal(l.stack->counters.segments_out, before + 1);
}

/* --- silence ---------------------------------------------------------------------------------- */

static void test_destroy_is_silent(void **state)
{
    (void)state;
    establish();
    receive(100);
    te_conn_end_user(l.stack, conn);
    te_conn_destroy(l.stack, conn);
    assert_null(find());
    assert_null(te_graveyard_find(l.stack, id));
    struct te_event event;
    assert_false(te_event_pop(l.stack, &event));
    assert_int_equal(l.stack->counters.segments_out, 0);
    assert_int_equal(l.stack->conns.buffer_bytes, 0);
    assert_int_equal(l.stack->conns.orphan_count, 0);
    assert_int_equal(l.stack->conns.count, 0);
}

static void test_drop_received(void **state)
{
    (void)state;
    establish();
    receive(100);
    static const uint8_t later[10];
    te_receive_payload(l.stack, conn, conn->rcv_nxt + 50, later, sizeof(later));
    te_conn_drop_received(l.stack, conn);
    assert_int_equal(conn->released_offset, 100);
    assert_int_equal(conn->out_of_order.count, 0);
    assert_null(conn->receive_ring.region);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_birth),
        TEST(test_birth_of_a_listeners_child),
        TEST(test_birth_under_an_old_id),
        TEST(test_birth_without_memory),
        TEST(test_iss_above_a_floor),
        TEST(test_iss_above_a_floor_across_the_wrap),
        TEST(test_remains),
        TEST(test_remains_of_a_failure_have_no_bytes),
        TEST(test_user_is_told),
        TEST(test_a_child_that_nobody_accepted_goes_at_once),
        TEST(test_an_accepted_one_leaves_remains),
        TEST(test_an_orphan_is_counted_while_its_protocol_runs),
        TEST(test_the_second_end_buries),
        TEST(test_time_wait_is_an_entry_of_the_table),
        TEST(test_no_room_in_time_wait),
        TEST(test_time_wait_sends_the_ack_that_is_owed),
        TEST(test_destroy_is_silent),
        TEST(test_drop_received),
    };
    return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
