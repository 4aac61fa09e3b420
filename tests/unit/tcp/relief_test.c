/* Memory under pressure: who keeps what, and who goes first. */
#include <string.h>

#include "support/lazy_memory.h"
#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/state.h"
#include "tcp/conn/timers.h"
#include "tcp/life.h"
#include "tcp/relief.h"

#define KIB 1024u
#define MIB (1024u * KIB)
#define BUDGET (8 * MIB)
#define CONNS_MAX 4096

static struct lone l;
static struct lazy_memory memory;
static uint8_t data[64 * KIB];

static int setup(void **state)
{
    (void)state;
    fixture_init(&l.f);
    l.f.config.memory_max_bytes = BUDGET;
    l.f.config.unsent_max_bytes = BUDGET; /* nothing leaves here */
    l.f.config.buffer_memory = lazy_memory_init(&memory);
    l.f.config.history_conn_max = 16;
    l.f.config.event_max = 64;
    l.f.config.drop_log_conn_max = 16;
    lone_start_configured(&l);
    te_conn_destroy(l.stack, l.conn);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    assert_int_equal(memory.regions, 0);
    return 0;
}

/* --- connections ------------------------------------------------------------------------------ */

struct who {
    uint32_t uid;
    uint8_t remote; /* the last byte of its address */
    uint16_t port;
    bool is_active; /* opened by us: the remote does not pay */
};

/* ESTABLISHED, with a window of 64 KiB. */
static struct te_conn *establish(struct who who)
{
    uint8_t bytes[4] = {10, 0, 0, who.remote};
    struct te_conn_birth birth = {
        .local = lone_endpoint("10.0.0.1", 80),
        .remote = {te_addr_from_v4(bytes), who.port},
        .next_hop = te_addr_from_v4(bytes),
        .uid = who.uid,
        .state = who.is_active ? TE_CLOSED : TE_LISTEN,
    };
    enum te_err err = TE_OK;
    struct te_conn *conn = te_conn_new(l.stack, &birth, &err);
    if (conn == NULL)
        return NULL;
    te_conn_set_state(l.stack, conn, who.is_active ? TE_SYN_SENT : TE_SYN_RCVD,
                      who.is_active ? TE_CAUSE_ACTIVE_OPEN : TE_CAUSE_RECV_SYN, NULL);
    te_conn_set_state(l.stack, conn, TE_ESTABLISHED, TE_CAUSE_RECV_ACK_OF_SYN, NULL);
    conn->is_accepted = conn->syn_acked = true;
    conn->snd_una = conn->snd_nxt = conn->snd_max = conn->iss + 1;
    conn->rcv_nxt = conn->irs + 1;
    conn->rcv_adv = conn->rcv_nxt + 64 * KIB;
    conn->snd_wnd = 64 * KIB;
    conn->cc.cwnd_bytes = 16 * MIB;
    te_remotes_account(l.stack, conn);
    return conn;
}

/* One byte, so far beyond RCV.NXT. */
static enum te_receive_result receive_far(struct te_conn *conn, uint32_t distance)
{
    return te_receive_payload(l.stack, conn, conn->rcv_nxt + distance, data, 1);
}

static enum te_receive_result receive(struct te_conn *conn, size_t len)
{
    conn->rcv_adv = conn->rcv_nxt + 64 * KIB;
    return te_receive_payload(l.stack, conn, conn->rcv_nxt, data, len);
}

static uint64_t used(void)
{
    return l.stack->memory.used_bytes;
}

static void check(void)
{
    uint64_t id = 0;
    const char *wrong = te_stack_check_invariants(l.stack, &id);
    if (wrong != NULL)
        fail_msg("%s (connection %llu)", wrong, (unsigned long long)id);
}

/* Pages that no connection's, up to so many bytes in use. */
static uint64_t ballast_bytes;

static void fill_to(uint64_t bytes)
{
    ballast_bytes += bytes - used();
    l.stack->memory.used_bytes = bytes;
}

static void unfill(void)
{
    l.stack->memory.used_bytes -= ballast_bytes;
    ballast_bytes = 0;
}

static void pass_time(int64_t us)
{
    lone_advance(&l, us);
    te_relief_run(l.stack);
}

/* --- what is charged -------------------------------------------------------------------------- */

/* A byte at RCV.NXT + 60,000 pinned a ring of 64 KiB. */
static void one_far_byte_costs_a_page(void **state)
{
    (void)state;
    struct te_conn *conn = establish((struct who){1, 2, 1, false});
    uint64_t before = used();
    uint64_t charge = te_charge_of(conn);
    assert_int_equal(receive_far(conn, 60000), TE_RECEIVE_OUT_OF_ORDER);
    uint64_t ranges = conn->out_of_order.capacity * sizeof(struct te_range);
    assert_int_equal(te_ring_size(&conn->receive_ring), 64 * KIB);
    assert_int_equal(te_charge_of(conn) - charge, LAZY_PAGE + ranges);
    assert_in_range(used() - before, LAZY_PAGE, LAZY_PAGE + 1024);
    check();
}

/* A receiver that acknowledges all and then closes its window kept a ring of 16 MiB. */
static void a_send_ring_is_cut_to_what_is_queued(void **state)
{
    (void)state;
    struct te_conn *conn = establish((struct who){1, 2, 1, true});
    uint64_t sent = 0;
    for (unsigned i = 0; i < 32; i++)
        sent += te_send_append(l.stack, conn, data, sizeof(data));
    assert_int_equal(sent, 2 * MIB);
    assert_int_equal(te_ring_size(&conn->send_ring), 2 * MIB);
    conn->snd_max = te_conn_send_seq(conn, sent - 1000);
    te_send_on_sent(l.stack, conn);
    te_send_free_below(l.stack, conn, sent - 1000);
    conn->snd_una = conn->snd_nxt = conn->snd_max;
    lone_advance(&l, l.stack->config.idle_release_us);
    te_send_release_memory(l.stack, conn); /* as the IDLE timer does */
    assert_int_equal(te_ring_size(&conn->send_ring), 4 * KIB);
    assert_true(te_charge_of(conn) < 8 * KIB);
    struct te_iovec iov[2];
    assert_int_equal(te_ring_read(&conn->send_ring, sent - 1000, 1000, iov), 1);
    assert_memory_equal(iov[0].base, data + sizeof(data) - 1000, 1000);
    check();
}

static void a_drained_receive_ring_is_cut_to_what_is_unread(void **state)
{
    (void)state;
    struct te_conn *conn = establish((struct who){1, 2, 1, true});
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(receive(conn, 16 * KIB), TE_RECEIVE_IN_ORDER);
    te_receive_release_below(l.stack, conn, 64 * KIB - 10);
    assert_true(te_timer_is_set(conn, TE_TIMER_IDLE));
    lone_advance(&l, l.stack->config.idle_release_us);
    te_receive_release_memory(l.stack, conn);
    assert_int_equal(te_ring_size(&conn->receive_ring), 4 * KIB);
    check();
}

/* Nothing is queued, so no ACK will say that there is room: the user is told to try again. */
static void a_refused_first_send_is_called_back(void **state)
{
    (void)state;
    struct te_conn *conn = establish((struct who){1, 2, 1, true});
    size_t accepted = 1;
    struct te_event event;
    memory.is_refusing = true;
    assert_int_equal(te_send(l.stack, conn->id, data, 100, &accepted, l.stack->now_us), TE_OK);
    assert_int_equal(accepted, 0);
    while (te_stack_next_event(l.stack, &event))
        assert_int_equal(event.ready & TE_READY_SEND, 0);
    int64_t at_us = l.stack->now_us + SECOND / 10;
    assert_int_equal(te_stack_next_timeout(l.stack), at_us);
    te_stack_handle_timeout(l.stack, at_us);
    assert_true(te_stack_next_event(l.stack, &event));
    assert_int_equal(event.id, conn->id);
    assert_int_equal(event.ready, TE_READY_SEND);
    memory.is_refusing = false;
    assert_int_equal(te_send(l.stack, conn->id, data, 100, &accepted, at_us), TE_OK);
    assert_int_equal(accepted, 100);
}

/* --- shares ----------------------------------------------------------------------------------- */

/* A program that opens connections to a source and never reads: half of the budget is its. */
static void a_uid_stops_at_its_share(void **state)
{
    (void)state;
    unsigned opened = 0;
    uint64_t id;
    for (uint16_t port = 1; port <= CONNS_MAX; port++) {
        if (!te_charge_admits(l.stack, 1, NULL))
            break;
        struct te_conn *conn = establish((struct who){1, 2, port, true});
        receive(conn, sizeof(data));
        opened++;
    }
    assert_in_range(opened, 40, CONNS_MAX - 1);
    assert_in_range(te_owner_find(l.stack, 1)->bytes, BUDGET / 2 - 2 * KIB, BUDGET / 2 + 4 * KIB);
    assert_int_equal(te_memory_level(l.stack), TE_MEMORY_PLENTY);
    struct te_open open = {.remote = lone_endpoint("10.0.0.3", 80), .uid = 1};
    assert_int_equal(te_open_active(l.stack, &open, &id, l.stack->now_us), TE_ERR_MEMORY_SHARE);
    assert_int_equal(l.stack->counters.memory_share_limit, 1);
    open.uid = 2;
    assert_int_equal(te_open_active(l.stack, &open, &id, l.stack->now_us), TE_OK);
    struct te_conn *other = establish((struct who){2, 2, 9000, true});
    for (unsigned i = 0; i < 16; i++) /* grows freely */
        assert_int_equal(te_send_append(l.stack, other, data, sizeof(data)), sizeof(data));
    check();
}

/* A user beyond its share still gets the reserve of each connection, in both directions. */
static void the_reserve_comes_beyond_the_share(void **state)
{
    (void)state;
    for (uint16_t port = 1; te_charge_admits(l.stack, 1, NULL); port++)
        receive(establish((struct who){1, 2, port, true}), sizeof(data));
    struct te_conn *conn = establish((struct who){1, 2, 9000, true});
    assert_int_equal(te_send_append(l.stack, conn, data, 10000), 4 * KIB);
    assert_int_equal(te_send_append(l.stack, conn, data, 10000), 0);
    te_send_free_below(l.stack, conn, 1000);
    assert_int_equal(te_send_append(l.stack, conn, data, 10000), 1000);
    /* Of a large segment what fits is taken: large_receive hands us 64 KiB at once. */
    assert_int_equal(receive(conn, 10000), TE_RECEIVE_IN_ORDER);
    assert_int_equal(conn->received_offset, 4 * KIB);
    assert_int_equal(receive(conn, 1), TE_RECEIVE_NO_MEMORY);
    te_receive_release_below(l.stack, conn, 100);
    assert_int_equal(receive(conn, 10000), TE_RECEIVE_IN_ORDER);
    assert_int_equal(conn->received_offset, 4 * KIB + 100);
    check();
}

static void a_remote_stops_at_its_share(void **state)
{
    (void)state;
    struct te_addr remote = lone_endpoint("10.0.0.2", 1).addr;
    uint16_t port = 1;
    for (; te_charge_admits(l.stack, 1, &remote); port++)
        receive(establish((struct who){1, 2, port, false}), sizeof(data));
    assert_in_range(te_owner_find(l.stack, 1)->bytes, BUDGET / 4 - 2 * KIB, BUDGET / 4 + 4 * KIB);
    struct te_addr other = lone_endpoint("10.0.0.3", 1).addr;
    assert_true(te_charge_admits(l.stack, 1, &other));
    /* What we open to it is not its doing. */
    struct te_conn *ours = establish((struct who){2, 2, port, true});
    assert_int_equal(te_send_append(l.stack, ours, data, sizeof(data)), sizeof(data));
    check();
}

static void an_accepted_connection_changes_its_owner(void **state)
{
    (void)state;
    struct te_conn *conn = establish((struct who){1, 2, 1, false});
    receive(conn, 1000);
    uint64_t charge = te_charge_of(conn);
    assert_int_equal(te_owner_find(l.stack, 1)->bytes, charge);
    assert_true(te_charge_move(l.stack, conn, 2));
    assert_null(te_owner_find(l.stack, 1));
    assert_int_equal(te_owner_find(l.stack, 2)->bytes, charge);
    assert_int_equal(conn->uid, 2);
    check();
}

/* --- pressure --------------------------------------------------------------------------------- */

static void an_episode_begins_and_ends(void **state)
{
    (void)state;
    te_relief_run(l.stack);
    assert_int_equal(te_memory_level(l.stack), TE_MEMORY_PLENTY);
    assert_int_equal(te_stack_next_timeout(l.stack), TE_NEVER);
    fill_to(BUDGET / 10 * 7 + 10);
    assert_int_equal(te_stack_next_timeout(l.stack), l.stack->now_us);
    te_relief_run(l.stack);
    assert_int_equal(te_memory_level(l.stack), TE_MEMORY_PRESSURE);
    assert_int_equal(l.stack->counters.memory_episodes, 1);
    assert_int_equal(te_stack_next_timeout(l.stack), TE_NEVER); /* nobody holds anything */
    struct te_conn *holder = establish((struct who){1, 2, 1, true});
    receive(holder, 100);
    assert_int_equal(te_stack_next_timeout(l.stack), l.stack->now_us + SECOND / 10);
    te_conn_destroy(l.stack, holder);
    fill_to(BUDGET / 10 * 7 - 10); /* not an eighth below */
    pass_time(SECOND);
    assert_int_equal(te_memory_level(l.stack), TE_MEMORY_PRESSURE);
    unfill();
    assert_int_equal(te_stack_next_timeout(l.stack), l.stack->now_us);
    pass_time(0);
    assert_int_equal(te_memory_level(l.stack), TE_MEMORY_PLENTY);
    assert_int_equal(l.stack->counters.memory_episodes, 1);
    assert_int_equal(te_stack_next_timeout(l.stack), TE_NEVER);
}

static void under_pressure_stuck_holes_are_pruned(void **state)
{
    (void)state;
    struct te_conn *stuck = establish((struct who){1, 2, 1, false});
    receive(stuck, 500);
    receive_far(stuck, 60000);
    pass_time(2 * SECOND);
    assert_int_equal(stuck->out_of_order.count, 1); /* there is plenty */
    struct te_conn *young = establish((struct who){1, 2, 2, false});
    receive_far(young, 60000);
    fill_to(BUDGET / 10 * 8);
    pass_time(SECOND / 2);
    assert_int_equal(stuck->out_of_order.count, 0);
    assert_int_equal(stuck->received_offset, 500); /* never what is in order */
    assert_int_equal(te_ring_size(&stuck->receive_ring), 4 * KIB);
    assert_int_equal(young->out_of_order.count, 1);
    assert_int_equal(l.stack->counters.memory_pruned, 1);
    assert_int_equal(l.stack->counters.memory_pruned_bytes, 1);
    pass_time(SECOND);
    assert_int_equal(young->out_of_order.count, 0);
    assert_null(young->receive_ring.region);
    unfill();
    check();
}

/* The window opens no further than to what is there; what was offered stays. */
static void under_pressure_large_holders_offer_less(void **state)
{
    (void)state;
    struct te_conn *conn = NULL;
    for (uint16_t port = 1; port <= 40; port++) { /* over a quarter of uid 1's share */
        conn = establish((struct who){1, 2, port, true});
        receive(conn, sizeof(data) / 2);
    }
    fill_to(BUDGET / 10 * 8);
    pass_time(SECOND / 2);
    assert_int_equal(conn->receive_cap_bytes, te_ring_cost(&conn->receive_ring));
    assert_int_equal(l.stack->notes.last.kind, TE_NOTE_WINDOW_CAPPED);
    assert_int_equal(l.stack->notes.last.value, conn->receive_cap_bytes);
    uint32_t edge = conn->rcv_adv;
    te_receive_offer(conn, false);
    assert_int_equal(conn->rcv_adv, edge);
    struct te_conn *small = establish((struct who){2, 2, 100, true});
    receive(small, 1000);
    pass_time(SECOND / 10);
    assert_int_equal(small->receive_cap_bytes, 0); /* it may still grow */
    assert_int_equal(te_send_append(l.stack, small, data, sizeof(data)), sizeof(data));
    unfill();
    pass_time(SECOND);
    te_receive_release_below(l.stack, conn, 1000);
    assert_int_equal(conn->receive_cap_bytes, 0);
    assert_int_equal(l.stack->notes.last.kind, TE_NOTE_WINDOW_UNCAPPED);
    assert_int_equal(l.stack->notes.last_id, conn->id);
    check();
}

/* --- the limit -------------------------------------------------------------------------------- */

static bool is_alive(uint64_t id)
{
    struct te_status status;
    return te_status(l.stack, id, &status) == TE_OK && status.state == TE_ESTABLISHED;
}

/* Memory reaches the limit, and falls well below it when one connection of half a MiB goes. */
static void squeeze(void)
{
    fill_to(l.stack->charges.limit_bytes);
    pass_time(0);
    unfill();
    check();
}

static uint64_t hold(struct who who, unsigned pieces)
{
    struct te_conn *conn = establish(who);
    for (unsigned i = 0; i < pieces; i++)
        assert_int_equal(te_send_append(l.stack, conn, data, sizeof(data)), sizeof(data));
    return conn->id;
}

static void the_stale_go_before_the_useful(void **state)
{
    (void)state;
    uint64_t stale = hold((struct who){1, 2, 1, true}, 8);
    lone_advance(&l, 10 * SECOND);
    uint64_t useful = hold((struct who){1, 2, 2, true}, 16);
    squeeze();
    assert_false(is_alive(stale));
    assert_true(is_alive(useful));
    assert_int_equal(l.stack->counters.memory_yields, 1);
    struct te_status status;
    struct te_history history;
    assert_int_equal(te_status(l.stack, stale, &status), TE_OK); /* the user may ask why */
    assert_int_equal(status.error, TE_ERR_MEMORY_PRESSURE);
    assert_int_equal(te_history(l.stack, stale, &history), TE_OK);
    assert_int_equal(history.transitions[history.count - 1].cause, TE_CAUSE_MEMORY);
    squeeze(); /* nobody else is left */
    assert_false(is_alive(useful));
}

static void the_larger_goes_first(void **state)
{
    (void)state;
    uint64_t small = hold((struct who){1, 2, 1, true}, 8);
    uint64_t large = hold((struct who){1, 2, 2, true}, 16);
    lone_advance(&l, 10 * SECOND);
    squeeze();
    assert_true(is_alive(small));
    assert_false(is_alive(large));
}

static void of_two_alike_the_larger_accounts_goes(void **state)
{
    (void)state;
    uint64_t lone_one = hold((struct who){2, 2, 1, true}, 10);
    for (uint16_t port = 2; port < 6; port++)
        hold((struct who){1, 2, port, true}, 8);
    lone_advance(&l, 10 * SECOND);
    squeeze();
    assert_true(is_alive(lone_one));
    assert_int_equal(te_owner_find(l.stack, 1)->connections, 4); /* one of them remains */
    assert_in_range(te_owner_find(l.stack, 1)->bytes, 3 * 512 * KIB, 4 * 512 * KIB);
}

static void the_abandoned_go_first(void **state)
{
    (void)state;
    uint64_t stale = hold((struct who){1, 2, 1, true}, 16);
    lone_advance(&l, 10 * SECOND);
    uint64_t abandoned = hold((struct who){2, 2, 2, true}, 8);
    uint64_t kept = hold((struct who){2, 2, 3, true}, 8);
    te_set_kept(l.stack, kept, true);
    te_set_client_present(l.stack, 2, false);
    squeeze();
    assert_false(is_alive(abandoned));
    assert_true(is_alive(stale));
    squeeze();
    assert_false(is_alive(stale));
    assert_true(is_alive(kept));
    te_set_client_present(l.stack, 2, true);
}

/* Below the limit by less than it needs: the stale make room, the useful do not have to. */
static void who_holds_little_gets_room_from_the_stale(void **state)
{
    (void)state;
    uint64_t stale = hold((struct who){1, 2, 1, true}, 8);
    lone_advance(&l, 10 * SECOND);
    uint64_t useful = hold((struct who){1, 2, 2, true}, 16);
    struct te_conn *small = establish((struct who){2, 3, 3, true});
    fill_to(l.stack->charges.limit_bytes - 10 * KIB);
    pass_time(0);
    assert_true(is_alive(stale));
    assert_int_equal(te_send_append(l.stack, small, data, 20000), 4 * KIB);
    pass_time(0);
    unfill();
    assert_false(is_alive(stale));
    assert_int_equal(te_send_append(l.stack, small, data, 20000), 20000);
    te_send_drop(l.stack, small);
    small->queued_offset = small->acked_offset;
    fill_to(l.stack->charges.limit_bytes - 10 * KIB);
    assert_int_equal(te_send_append(l.stack, small, data, 20000), 4 * KIB);
    pass_time(0);
    unfill();
    assert_true(is_alive(useful));
    assert_int_equal(l.stack->counters.memory_yields, 2); /* what remained of stale, too */
    check();
}

/* Holders that are too young to be stale, and little of each account: a transfer at work, which
 * holds more than any of them, stays. */
static void the_young_go_before_a_transfer_at_work(void **state)
{
    (void)state;
    for (uint16_t port = 1; port <= 8; port++)
        hold((struct who){1, 2, port, true}, 1);
    uint64_t transfer = hold((struct who){2, 2, 100, true}, 32);
    struct te_conn *conn = te_conn_table_find_id(l.stack, transfer);
    for (unsigned i = 1; i <= 4; i++) {
        lone_advance(&l, SECOND / 5);
        te_send_free_below(l.stack, conn, i * 512 * KIB);
        for (unsigned piece = 0; piece < 8; piece++)
            te_send_append(l.stack, conn, data, sizeof(data));
    }
    lone_advance(&l, SECOND / 100);
    squeeze();
    assert_true(is_alive(transfer));
    assert_in_range(l.stack->counters.memory_yields, 1, 8);
    check();
}

/* A byte now and then does not make a holder useful; a quarter of what it holds does. */
static void a_trickle_is_no_progress(void **state)
{
    (void)state;
    uint64_t trickling = hold((struct who){1, 2, 1, true}, 8);
    uint64_t draining = hold((struct who){1, 2, 2, true}, 16);
    struct te_conn *trickle = te_conn_table_find_id(l.stack, trickling);
    struct te_conn *drain = te_conn_table_find_id(l.stack, draining);
    for (unsigned i = 1; i <= 10; i++) {
        lone_advance(&l, SECOND);
        te_send_free_below(l.stack, trickle, i);
        te_send_free_below(l.stack, drain, i * 100 * KIB);
        te_send_append(l.stack, drain, data, sizeof(data));
    }
    squeeze();
    assert_false(is_alive(trickling));
    assert_true(is_alive(draining));
}

/* Connections without stream memory are found, too: what is left of dead ones, and idle ones. */
static void remains_and_the_idle_are_found(void **state)
{
    (void)state;
    for (uint16_t port = 1; port <= 100; port++)
        establish((struct who){1, 2, port, true});
    uint64_t dead = hold((struct who){1, 2, 101, true}, 8);
    lone_advance(&l, 10 * SECOND);
    squeeze();
    assert_int_equal(te_owner_find(l.stack, 1)->connections, 101);
    fill_to(l.stack->charges.limit_bytes);
    for (unsigned i = 0; i < 100; i++)
        pass_time(SECOND / 10);
    unfill();
    struct te_status status;
    assert_int_equal(te_status(l.stack, dead, &status), TE_ERR_NO_CONNECTION);
    assert_null(te_owner_find(l.stack, 1));
    check();
}

/* With nobody left to yield it waits, and does not spin. */
static void with_nobody_left_it_waits(void **state)
{
    (void)state;
    fill_to(l.stack->charges.limit_bytes);
    te_relief_run(l.stack);
    assert_int_equal(te_memory_level(l.stack), TE_MEMORY_LIMIT);
    assert_true(te_stack_next_timeout(l.stack) > l.stack->now_us);
    unfill();
}

static void without_a_budget_nothing_happens(void **state)
{
    (void)state;
    lone_stop(&l);
    l.f.config.memory_max_bytes = 0;
    lone_start_configured(&l);
    te_conn_destroy(l.stack, l.conn);
    for (uint16_t port = 1; port <= 200; port++)
        assert_int_equal(receive(establish((struct who){1, 2, port, false}), 20000),
                         TE_RECEIVE_IN_ORDER);
    struct te_memory_use use;
    te_memory(l.stack, &use);
    assert_int_equal(use.level, TE_MEMORY_PLENTY);
    assert_int_equal(use.max_bytes, 0);
    assert_int_equal(use.limit_bytes, 0);
    assert_true(use.used_bytes > 200 * 20000);
    assert_int_equal(use.owner_count, 1);
    assert_int_equal(use.owners[0].connections, 200);
    check();
}

/* The first few by name, in falling order; all others together. */
static void the_largest_owners_are_named(void **state)
{
    (void)state;
    for (uint32_t uid = 1; uid <= 12; uid++)
        hold((struct who){uid, 2, (uint16_t)uid, true}, uid % 5 + 1);
    struct te_memory_use use;
    te_memory(l.stack, &use);
    assert_int_equal(use.owner_count, TE_MEMORY_OWNERS_MAX);
    uint64_t sum = use.other_bytes;
    for (unsigned i = 0; i < use.owner_count; i++) {
        assert_int_equal(use.owners[i].connections, 1);
        assert_true(i == 0 || use.owners[i].bytes <= use.owners[i - 1].bytes);
        sum += use.owners[i].bytes;
    }
    assert_int_equal(use.owners[0].uid % 5, 4);
    assert_true(use.other_bytes < 4 * (192 * KIB + 64 * KIB));
    assert_int_equal(sum, l.stack->charges.charged_bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_far_byte_costs_a_page),
        TEST(a_send_ring_is_cut_to_what_is_queued),
        TEST(a_drained_receive_ring_is_cut_to_what_is_unread),
        TEST(a_refused_first_send_is_called_back),
        TEST(a_uid_stops_at_its_share),
        TEST(the_reserve_comes_beyond_the_share),
        TEST(a_remote_stops_at_its_share),
        TEST(an_accepted_connection_changes_its_owner),
        TEST(an_episode_begins_and_ends),
        TEST(under_pressure_stuck_holes_are_pruned),
        TEST(under_pressure_large_holders_offer_less),
        TEST(the_stale_go_before_the_useful),
        TEST(the_larger_goes_first),
        TEST(of_two_alike_the_larger_accounts_goes),
        TEST(the_abandoned_go_first),
        TEST(who_holds_little_gets_room_from_the_stale),
        TEST(the_young_go_before_a_transfer_at_work),
        TEST(a_trickle_is_no_progress),
        TEST(remains_and_the_idle_are_found),
        TEST(with_nobody_left_it_waits),
        TEST(without_a_budget_nothing_happens),
        TEST(the_largest_owners_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
