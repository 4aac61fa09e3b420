/* te_stack_check_invariants: each kind of damage is found, under its sentence and its id.
 *
 * Every case damages one thing of a healthy stack, looks, and puts it back: the stack is healthy
 * again, or the case would not have been the only damage. */
#include <string.h>

#include "stack_internal.h"
#include "support/couple.h"
#include "support/test.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"

static struct couple c;

static const char *check(const struct te_stack *stack, uint64_t *ret_id)
{
    *ret_id = 4711;
    return te_stack_check_invariants(stack, ret_id);
}

static void assert_healthy(void)
{
    uint64_t id;
    assert_null(check(c.a.stack, &id));
    assert_int_equal(id, 0);
    assert_null(check(c.b.stack, &id));
}

static void assert_found(const struct te_stack *stack, const char *sentence, uint64_t id)
{
    uint64_t found_id;
    const char *found = check(stack, &found_id);
    assert_non_null(found);
    assert_string_equal(found, sentence);
    assert_int_equal(found_id, id);
}

/* --- one connection --------------------------------------------------------------------------- */

/* What a case may change; all of it is put back. */
struct patient {
    struct te_conn *conn;
    struct te_sender *sender;
    struct te_config *config;
};

typedef void damage_fn(struct patient *p);

struct damage {
    damage_fn *damage;
    const char *sentence;
};

static void find_each(const struct damage *damages, size_t count)
{
    struct patient p = {c.conn, c.conn->sender, &c.a.stack->config};
    for (size_t i = 0; i < count; i++) {
        struct te_conn conn = *p.conn;
        struct te_config config = *p.config;
        struct te_sender sender;
        memset(&sender, 0, sizeof(sender));
        if (p.sender != NULL)
            sender = *p.sender;
        damages[i].damage(&p);
        assert_found(c.a.stack, damages[i].sentence, c.id);
        assert_string_equal(te_stack_check_conn(c.a.stack, c.id), damages[i].sentence);
        *p.conn = conn;
        *p.config = config;
        if (p.sender != NULL)
            *p.sender = sender;
        assert_healthy();
    }
}

#define FIND_EACH(damages) find_each(damages, sizeof(damages) / sizeof(damages[0]))

/* Something is in flight: ESTABLISHED, and the retransmission timer is armed. */
static void send_into_flight(void)
{
    size_t accepted;
    static const uint8_t data[3000];
    assert_int_equal(te_send(c.a.stack, c.id, data, sizeof(data), &accepted, c.a.now_us), TE_OK);
    assert_int_equal(accepted, sizeof(data));
    fixture_poll(&c.a);
    assert_true(c.conn->snd_una != c.conn->snd_max);
    assert_true(te_timer_is_set(c.conn, TE_TIMER_RETRANSMIT));
    assert_non_null(c.conn->sender);
}

static int start_in_flight(void **state)
{
    (void)state;
    couple_init(&c);
    couple_start(&c);
    send_into_flight();
    assert_healthy();
    return 0;
}

/* Everything is acknowledged, and no timer runs. */
static int start_idle(void **state)
{
    start_in_flight(state);
    couple_run(&c);
    fixture_advance(&c.b, SECOND); /* its delayed ACK */
    couple_run(&c);
    fixture_advance(&c.a, 30 * SECOND);
    couple_run(&c);
    assert_true(c.conn->snd_una == c.conn->snd_max);
    assert_int_equal(c.conn->timer.at_us, TE_NEVER);
    assert_healthy();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    couple_stop(&c);
    return 0;
}

static void nxt_below_una(struct patient *p)
{
    p->conn->snd_nxt = p->conn->snd_una - 1;
}

static void nxt_above_max(struct patient *p)
{
    p->conn->snd_nxt = p->conn->snd_max + 1;
}

static void max_beyond_queued(struct patient *p)
{
    p->conn->snd_max =
        p->conn->snd_una + (uint32_t)(p->conn->queued_offset - p->conn->acked_offset) + 1;
}

static void snd_wscale_15(struct patient *p)
{
    p->conn->snd_wscale = 15;
}

static void rcv_wscale_15(struct patient *p)
{
    p->conn->rcv_wscale = 15;
}

static void no_mss(struct patient *p)
{
    p->conn->mss = 0;
}

static void acked_beyond_queued(struct patient *p)
{
    p->conn->acked_offset = p->conn->queued_offset + 1;
}

static void the_send_sequence(void **state)
{
    static const struct damage damages[] = {
        {nxt_below_una, "SND.UNA =< SND.NXT =< SND.MAX does not hold"},
        {nxt_above_max, "SND.UNA =< SND.NXT =< SND.MAX does not hold"},
        {max_beyond_queued, "more in flight than was queued, SYN and FIN included"},
        {snd_wscale_15, "window scale over 14"},
        {rcv_wscale_15, "window scale over 14"},
        {no_mss, "MSS is zero"},
        {acked_beyond_queued, "more acknowledged than queued"},
    };
    (void)state;
    FIND_EACH(damages);
}

/* Our SYN and our FIN take one number each while they may be in flight, and nothing else does. */
static void syn_and_fin_take_a_number(void **state)
{
    (void)state;
    uint32_t all = (uint32_t)(c.conn->queued_offset - c.conn->acked_offset);
    assert_int_equal(c.conn->snd_max - c.conn->snd_una, all);
    assert_int_equal(te_shutdown(c.a.stack, c.id, c.a.now_us), TE_OK);
    fixture_poll(&c.a);
    assert_int_equal(c.conn->snd_max - c.conn->snd_una, all + 1);
    assert_healthy();
    c.conn->fin_sent = false;
    assert_found(c.a.stack, "more in flight than was queued, SYN and FIN included", c.id);
    c.conn->fin_sent = true;
    assert_healthy();
}

/* --- receiving -------------------------------------------------------------------------------- */

static struct te_range held[2];

static void hold(struct patient *p, unsigned count)
{
    p->conn->out_of_order.items = held;
    p->conn->out_of_order.count = (uint16_t)count;
}

static void released_beyond_received(struct patient *p)
{
    p->conn->released_offset = p->conn->received_offset + 1;
}

static void range_touches_rcv_nxt(struct patient *p)
{
    held[0] = (struct te_range){p->conn->received_offset, p->conn->received_offset + 5};
    hold(p, 1);
}

static void range_is_empty(struct patient *p)
{
    held[0] = (struct te_range){p->conn->received_offset + 5, p->conn->received_offset + 5};
    hold(p, 1);
}

static void ranges_touch(struct patient *p)
{
    held[0] = (struct te_range){p->conn->received_offset + 5, p->conn->received_offset + 9};
    held[1] = (struct te_range){p->conn->received_offset + 9, p->conn->received_offset + 12};
    hold(p, 2);
}

static void more_than_the_ring(struct patient *p)
{
    p->conn->received_offset = p->conn->released_offset + te_ring_size(&p->conn->receive_ring) + 1;
}

static void the_receive_side(void **state)
{
    static const struct damage damages[] = {
        {released_beyond_received, "more released than received"},
        {range_touches_rcv_nxt, "out-of-order ranges touch, overlap, or lie below RCV.NXT"},
        {range_is_empty, "out-of-order ranges touch, overlap, or lie below RCV.NXT"},
        {ranges_touch, "out-of-order ranges touch, overlap, or lie below RCV.NXT"},
        {more_than_the_ring, "more received than the ring holds"},
    };
    (void)state;
    FIND_EACH(damages);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void state_without_sender(struct patient *p)
{
    p->conn->sender = NULL;
}

static void sender_without_state(struct patient *p)
{
    p->conn->cc.state = NULL;
}

static void empty_map(struct patient *p)
{
    p->sender->map.count = 0;
}

static void wrong_sum(struct patient *p)
{
    p->sender->map.in_flight_bytes++;
}

static void small_cwnd(struct patient *p)
{
    p->conn->cc.cwnd_bytes = p->conn->mss - 1u;
}

static void large_cwnd(struct patient *p)
{
    p->conn->cc.cwnd_bytes = TE_CWND_MAX_BYTES + 1;
}

static void rto_bounds_crossed(struct patient *p)
{
    p->config->rto_max_us = p->config->rto_min_us - 1;
}

static void the_sender(void **state)
{
    static const struct damage damages[] = {
        {state_without_sender, "congestion control has a state without a sender"},
        {sender_without_state, "congestion control has lost its state"},
        {empty_map, "data in flight that the sent map does not know"},
        {wrong_sum, "sent map: the sums differ from a recount"},
        {small_cwnd, "cwnd under one segment"},
        {large_cwnd, "cwnd over the largest window"},
        {rto_bounds_crossed, "RTO out of its bounds"},
    };
    (void)state;
    FIND_EACH(damages);
}

/* The largest and smallest values that are still right. */
static void bounds_belong_to_what_is_right(void **state)
{
    struct te_conn before = *c.conn;
    struct te_config *config = &c.a.stack->config;
    struct te_config config_before = *config;
    (void)state;
    c.conn->snd_wscale = c.conn->rcv_wscale = 14;
    assert_healthy();
    c.conn->cc.cwnd_bytes = TE_CWND_MAX_BYTES;
    assert_healthy();
    c.conn->cc.cwnd_bytes = c.conn->mss;
    assert_healthy();
    config->rto_min_us = config->rto_max_us = te_rtt_rto_us(&c.conn->rtt, config);
    assert_healthy();
    *config = config_before;
    *c.conn = before;
}

static void a_ring_may_be_full(void **state)
{
    struct te_ring *ring = &c.conn->receive_ring;
    uint64_t before = c.conn->received_offset;
    (void)state;
    assert_null(ring->region);
    *ring = (struct te_ring){.region = (uint8_t *)held, .size_bits = 6 /* the size of held */};
    c.a.stack->conns.buffer_bytes += sizeof(held);
    c.conn->received_offset += sizeof(held);
    assert_healthy();
    c.conn->received_offset++;
    assert_found(c.a.stack, "more received than the ring holds", c.id);
    c.conn->received_offset = before;
    *ring = (struct te_ring){.region = NULL};
    c.a.stack->conns.buffer_bytes -= sizeof(held);
    assert_healthy();
}

/* --- timers ----------------------------------------------------------------------------------- */

static void both_timers(struct patient *p)
{
    p->conn->timer_at_us[TE_TIMER_PERSIST] = p->conn->timer_at_us[TE_TIMER_RETRANSMIT];
}

static void no_timer(struct patient *p)
{
    p->conn->timer_at_us[TE_TIMER_RETRANSMIT] = TE_NEVER;
}

static void wheel_is_late(struct patient *p)
{
    p->conn->timer.at_us++;
}

/* Behind all others, so that the wheel is right. */
static void fin_wait_2_timer(struct patient *p)
{
    p->conn->timer_at_us[TE_TIMER_FIN_WAIT_2] = TE_NEVER - 1;
}

static void the_timers(void **state)
{
    static const struct damage damages[] = {
        {both_timers, "retransmission and persist timers are both armed"},
        {no_timer, "unacknowledged data without a timer"},
        {wheel_is_late, "the wheel is not armed at the earliest deadline"},
        {fin_wait_2_timer, "FIN_WAIT_2 timer in another state"},
    };
    (void)state;
    FIND_EACH(damages);
}

static void nothing_probes(struct patient *p)
{
    p->conn->queued_offset++;
    p->conn->snd_wnd = 0;
}

static void nobody_owns_it(struct patient *p)
{
    p->conn->user_closed = true;
}

static void a_zero_window_without_data_needs_no_timer(void **state)
{
    uint32_t before = c.conn->snd_wnd;
    (void)state;
    c.conn->snd_wnd = 0;
    assert_healthy();
    c.conn->snd_wnd = before;
}

static void the_timers_of_an_idle_connection(void **state)
{
    static const struct damage damages[] = {
        {nothing_probes, "zero window with data waiting, and no persist timer"},
        {nobody_owns_it, "no owner and no timer"},
    };
    (void)state;
    FIND_EACH(damages);
}

/* One that waits for its turn to send, or for its neighbour, gets its timer when it has sent. */
static void about_to_send_needs_no_timer(void **state)
{
    struct te_conn before = *c.conn;
    (void)state;
    nothing_probes(&(struct patient){.conn = c.conn});
    c.conn->waits_neighbour = true;
    assert_healthy();
    c.conn->waits_neighbour = false;
    c.conn->is_queued = true;
    assert_healthy();
    *c.conn = before;
}

/* --- remains ---------------------------------------------------------------------------------- */

static void living_remains(struct patient *p)
{
    p->conn->is_remains = true;
}

static void remains_without_user(struct patient *p)
{
    p->conn->is_remains = p->conn->user_closed = true;
    p->conn->state = TE_CLOSED;
}

static void remains_with_sender(struct patient *p)
{
    p->conn->is_remains = true;
    p->conn->state = TE_CLOSED;
}

static void remains_with_buffer(struct patient *p)
{
    remains_with_sender(p);
    p->conn->sender = NULL;
}

static void remains(void **state)
{
    static const struct damage damages[] = {
        {living_remains, "remains in a living state"},
        {remains_without_user, "remains without a user"},
        {remains_with_sender, "remains with a sender"},
        {remains_with_buffer, "remains with a send buffer"},
    };
    (void)state;
    FIND_EACH(damages);
}

/* --- tables and accounts ---------------------------------------------------------------------- */

/* A fault of the whole stack has no connection, and te_stack_check_conn does not see it. */
static void assert_account(const char *sentence)
{
    assert_found(c.a.stack, sentence, 0);
    assert_null(te_stack_check_conn(c.a.stack, c.id));
}

static void a_connection_is_found_by_its_segments(void **state)
{
    (void)state;
    c.conn->local.port ^= 1;
    assert_found(c.a.stack, "not found by its 4-tuple", c.id);
    c.conn->local.port ^= 1;
    assert_healthy();
}

static void accounts_are_recounted(void **state)
{
    struct te_conn_table *conns = &c.a.stack->conns;
    (void)state;
    conns->count++;
    assert_account("connections or orphans: the account differs from a recount");
    conns->count--;
    conns->orphan_count++;
    assert_account("connections or orphans: the account differs from a recount");
    conns->orphan_count--;
    c.conn->counted_remote ^= 1;
    assert_account("connections of remotes: the account differs from a recount");
    c.conn->counted_remote ^= 1;
    conns->buffer_bytes++;
    assert_account("buffer bytes: the account differs from a recount");
    conns->buffer_bytes--;
    conns->state_count[TE_CLOSE_WAIT]++;
    assert_account("connections by state: the account differs from a recount");
    conns->state_count[TE_CLOSE_WAIT]--;
    assert_healthy();
}

static void an_unknown_id_has_no_fault(void **state)
{
    (void)state;
    no_mss(&(struct patient){.conn = c.conn});
    assert_non_null(te_stack_check_conn(c.a.stack, c.id));
    assert_null(te_stack_check_conn(c.a.stack, c.id + 1));
    assert_null(te_stack_check_conn(c.a.stack, 0));
}

/* The other modules check themselves; the stack asks them all. */
static void every_module_is_asked(void **state)
{
    struct te_stack *stack = c.a.stack;
    (void)state;
    stack->time_wait.count++;
    assert_account("TIME_WAIT: the counts disagree");
    stack->time_wait.count--;
    stack->neighbours.waiting_count++;
    assert_account("the neighbour cache's totals are wrong");
    stack->neighbours.waiting_count--;
    stack->pmtus.count++;
    assert_account("the table of path MTUs is over its limit, or its account is wrong");
    stack->pmtus.count--;
    stack->reassemblies.count++;
    assert_account("the account of reassembly is wrong");
    stack->reassemblies.count--;
    stack->drops->used++;
    assert_account("a drop log is in no list");
    stack->drops->used--;
    assert_healthy();
}

/* --- listeners -------------------------------------------------------------------------------- */

static struct te_listener *listener;

static void assert_listener(const char *sentence)
{
    assert_found(c.b.stack, sentence, c.listener_id);
}

static void queues_are_as_long_as_counted(void **state)
{
    (void)state;
    listener = te_listener_find_id(c.b.stack, c.listener_id);
    listener->syn_count++;
    assert_listener("a listener's queues are not as long as counted");
    listener->syn_count--;
    listener->accept_count++;
    assert_listener("a listener's queues are not as long as counted");
    listener->accept_count--;
    assert_healthy();
}

static void queues_are_within_their_limits(void **state)
{
    struct te_list links[2];
    struct te_config *config = &c.b.stack->config;
    (void)state;
    listener = te_listener_find_id(c.b.stack, c.listener_id);
    te_list_init(&links[0]);
    te_list_init(&links[1]);

    te_list_push_back(&listener->accept_queue, &links[0]);
    listener->accept_count = listener->backlog = 1;
    assert_healthy();
    te_list_push_back(&listener->accept_queue, &links[1]);
    listener->accept_count = 2;
    assert_listener("accept queue over its backlog");
    te_list_remove(&links[0]);
    te_list_remove(&links[1]);
    listener->accept_count = 0;

    config->syn_queue_max = 1;
    te_list_push_back(&listener->syn_queue, &links[0]);
    listener->syn_count = 1;
    assert_healthy();
    te_list_push_back(&listener->syn_queue, &links[1]);
    listener->syn_count = 2;
    assert_listener("SYN queue over its limit");
    te_list_remove(&links[0]);
    te_list_remove(&links[1]);
    listener->syn_count = 0;

    listener->fast_open_count = config->fast_open_pending_max;
    assert_healthy();
    listener->fast_open_count++;
    assert_listener("pending Fast Open connections over their limit");
    listener->fast_open_count = 0;
    te_list_push_back(&listener->fast_open_list, &links[0]);
    assert_listener("pending Fast Open connections over their limit");
    te_list_remove(&links[0]);
    assert_healthy();
}

/* The listener is its uid's, and no other's. */
static void listeners_are_recounted(void **state)
{
    struct te_stack *stack = c.b.stack;
    (void)state;
    listener = te_listener_find_id(stack, c.listener_id);
    stack->listeners.count++;
    assert_found(stack, "listeners: the account differs from a recount", 0);
    stack->listeners.count--;
    listener->uid++;
    assert_found(stack, "listeners of uids: the accounts differ from a recount", 0);
    listener->uid--;
    te_owner_find(stack, listener->uid)->listeners++;
    assert_found(stack, "listeners of uids: the accounts differ from a recount", 0);
    te_owner_find(stack, listener->uid)->listeners--;
    assert_healthy();
}

/* Side b counts the peer that has connected to it. One count in another's place adds up. */
static void counts_of_another_remote_are_found(void **state)
{
    struct te_remotes *remotes = &c.b.stack->remotes;
    uint32_t at = 0;
    (void)state;
    while (at + 1 < remotes->row_len && remotes->counts[at] == 0)
        at++;
    assert_int_equal(remotes->counts[at], 1);
    uint32_t other = at == 0 ? 1 : 0;
    remotes->counts[at]--;
    remotes->counts[other]++;
    assert_true(te_remotes_add_up(c.b.stack, 1));
    assert_found(c.b.stack, "connections of remotes: the account differs from a recount", 0);
    remotes->counts[at]++;
    remotes->counts[other]--;
    assert_healthy();
}

#define TEST(name, start) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_send_sequence, start_in_flight),
        TEST(syn_and_fin_take_a_number, start_in_flight),
        TEST(the_receive_side, start_in_flight),
        TEST(the_sender, start_in_flight),
        TEST(bounds_belong_to_what_is_right, start_in_flight),
        TEST(a_ring_may_be_full, start_idle),
        TEST(the_timers, start_in_flight),
        TEST(a_zero_window_without_data_needs_no_timer, start_idle),
        TEST(the_timers_of_an_idle_connection, start_idle),
        TEST(about_to_send_needs_no_timer, start_idle),
        TEST(remains, start_in_flight),
        TEST(a_connection_is_found_by_its_segments, start_in_flight),
        TEST(accounts_are_recounted, start_in_flight),
        TEST(an_unknown_id_has_no_fault, start_in_flight),
        TEST(every_module_is_asked, start_in_flight),
        TEST(queues_are_as_long_as_counted, start_in_flight),
        TEST(queues_are_within_their_limits, start_in_flight),
        TEST(listeners_are_recounted, start_in_flight),
        TEST(counts_of_another_remote_are_found, start_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
