/* The fault layer in virtual time: two stacks, and the layer in front of one of them. */
#include <stdlib.h>
#include <string.h>
#include <tcpengine/tcpengine.h>

#include "fault/fault_layer.h"
#include "support.h"

#define PORT 80
#define UID 1000
#define MS INT64_C(1000)
#define SECOND (1000 * MS)
#define FRAMES_MAX 4096
#define FRAME_MAX 65600

struct frame {
    struct te_frame_meta meta;
    size_t len;
    uint8_t bytes[];
};

struct side {
    struct te_config config;
    struct te_stack *stack;
    struct frame *sent[FRAMES_MAX]; /* on the link, on their way to the other side */
    unsigned count, next;
};

/* Side a is 10.0.0.1 and has the layer; side b, 10.0.0.2, listens. */
struct env {
    struct side a, b;
    struct fault_layer *layer;
    struct fault_layer_options options;
    int64_t now_us;
    uint64_t id, peer_id, listener_id;
    unsigned notes[3]; /* by phase */
    struct fault_note last;
    unsigned link_room; /* frames that a's link takes */
};

static void put(struct side *side, const struct te_output *output)
{
    struct frame *frame = malloc(sizeof(*frame) + output->total_bytes);
    frame->meta = output->meta;
    frame->len = 0;
    for (unsigned i = 0; i < output->iov_count; i++) {
        memcpy(frame->bytes + frame->len, output->iov[i].base, output->iov[i].len);
        frame->len += output->iov[i].len;
    }
    assert_true(side->count < FRAMES_MAX);
    side->sent[side->count++] = frame;
}

static void on_deliver(void *ctx, const uint8_t *frame, size_t len,
                       const struct te_frame_meta *meta, int64_t now_us)
{
    struct env *env = ctx;
    te_stack_input(env->a.stack, frame, len, meta, now_us);
}

static bool on_transmit(void *ctx, const struct te_output *output)
{
    struct env *env = ctx;
    if (env->link_room == 0)
        return false;
    env->link_room--;
    put(&env->a, output);
    return true;
}

static void on_note(void *ctx, const struct fault_note *note)
{
    struct env *env = ctx;
    env->notes[note->phase]++;
    env->last = *note;
}

static void side_init(struct side *side, unsigned number)
{
    const uint8_t addr[4] = {10, 0, 0, (uint8_t)number};
    te_config_init(&side->config);
    side->config.allocator = t_heap;
    side->config.mac[0] = 2;
    side->config.mac[5] = (uint8_t)number;
    side->config.dad = false;
    side->config.addresses[0] = (struct te_cidr){te_addr_from_v4(addr), 24};
    side->config.address_count = 1;
}

static void poll_b(struct env *env)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    while (te_stack_poll_output(env->b.stack, header, &output, env->now_us))
        put(&env->b, &output);
}

static void poll_a(struct env *env)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    if (fault_layer_is_active(env->layer))
        fault_layer_run(env->layer, env->now_us);
    while (env->link_room > 0 && te_stack_poll_output(env->a.stack, header, &output, env->now_us)) {
        if (fault_layer_is_active(env->layer))
            fault_layer_output(env->layer, &output, env->now_us);
        else
            on_transmit(env, &output);
    }
}

static void to_a(struct env *env, const struct frame *frame)
{
    if (fault_layer_is_active(env->layer))
        fault_layer_input(env->layer, frame->bytes, frame->len, &frame->meta, env->now_us);
    else
        on_deliver(env, frame->bytes, frame->len, &frame->meta, env->now_us);
}

static bool carry(struct env *env)
{
    bool has_carried = env->a.next < env->a.count || env->b.next < env->b.count;
    while (env->a.next < env->a.count) {
        const struct frame *frame = env->a.sent[env->a.next++];
        te_stack_input(env->b.stack, frame->bytes, frame->len, &frame->meta, env->now_us);
    }
    while (env->b.next < env->b.count)
        to_a(env, env->b.sent[env->b.next++]);
    return has_carried;
}

static void take_events(struct env *env)
{
    struct te_event event;
    while (te_stack_next_event(env->a.stack, &event))
        fault_layer_on_event(env->layer, &event);
    while (te_stack_next_event(env->b.stack, &event))
        ;
}

/* Until the link is quiet; time stands still. */
static void run(struct env *env)
{
    do {
        poll_a(env);
        poll_b(env);
        take_events(env);
    } while (carry(env));
    const char *broken = te_stack_check_invariants(env->a.stack, &(uint64_t){0});
    assert_null(broken);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void advance(struct env *env, int64_t delta_us)
{
    int64_t end_us = env->now_us + delta_us;
    run(env);
    while (env->now_us < end_us) {
        int64_t next_us =
            least(te_stack_next_timeout(env->a.stack), te_stack_next_timeout(env->b.stack));
        if (fault_layer_is_active(env->layer))
            next_us = least(next_us, fault_layer_next_us(env->layer));
        env->now_us = least(end_us, next_us > env->now_us ? next_us : env->now_us + 1);
        te_stack_handle_timeout(env->a.stack, env->now_us);
        te_stack_handle_timeout(env->b.stack, env->now_us);
        run(env);
    }
}

static struct fault_layer *layer_new(struct env *env)
{
    struct fault_layer *layer = fault_layer_new(&env->options);
    const struct fault_ports ports = {
        .stack = env->a.stack, .deliver = on_deliver, .transmit = on_transmit, .ctx = env};
    assert_non_null(layer);
    fault_layer_connect(layer, &ports);
    return layer;
}

static void open_one(struct env *env)
{
    struct te_open open = {.remote = {env->b.config.addresses[0].addr, PORT}, .uid = UID};
    assert_int_equal(te_open_active(env->a.stack, &open, &env->id, env->now_us), TE_OK);
}

static void establish(struct env *env)
{
    open_one(env);
    run(env);
    assert_int_equal(te_accept(env->b.stack, env->listener_id, 0, &env->peer_id, env->now_us),
                     TE_OK);
}

static int setup_with(void **state, bool gso)
{
    struct env *env = calloc(1, sizeof(*env));
    side_init(&env->a, 1);
    side_init(&env->b, 2);
    env->a.config.gso = env->a.config.checksum_offload = gso;
    env->link_room = UINT32_MAX;
    assert_int_equal(te_stack_new(&env->a.config, 0, &env->a.stack), TE_OK);
    assert_int_equal(te_stack_new(&env->b.config, 0, &env->b.stack), TE_OK);
    env->options = (struct fault_layer_options){.faults_max = 4,
                                                .per_uid_max = 2,
                                                .held_max = 256 * 1024,
                                                .seed = 42,
                                                .on_note = on_note,
                                                .ctx = env};
    memcpy(env->options.mac, env->a.config.mac, 6);
    env->layer = layer_new(env);
    struct te_listen listen = {.local.port = PORT, .backlog = 4};
    assert_int_equal(te_open_passive(env->b.stack, &listen, &env->listener_id, 0), TE_OK);
    *state = env;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, false);
}

static int setup_gso(void **state)
{
    return setup_with(state, true);
}

static int teardown(void **state)
{
    struct env *env = *state;
    struct side *sides[] = {&env->a, &env->b};
    fault_layer_free(env->layer);
    for (unsigned i = 0; i < 2; i++) {
        te_stack_free(sides[i]->stack);
        for (unsigned j = 0; j < sides[i]->count; j++)
            free(sides[i]->sent[j]);
    }
    free(env);
    return 0;
}

/* --- faults ----------------------------------------------------------------------------------- */

static struct fault_order order_of(const char *what, unsigned ways)
{
    struct fault_order order = {.probability_millionths = FAULT_PROBABILITY_ALWAYS,
                                .is_admin = true};
    const char *expected = NULL;
    if (!te_fault_parse(what, ways, &order.spec, &expected))
        fail_msg("%s: %s", what, expected);
    return order;
}

static uint64_t add(struct env *env, const struct fault_order *order)
{
    uint64_t id = 0;
    assert_int_equal(fault_layer_add(env->layer, order, &id, env->now_us), FAULT_TAKEN);
    return id;
}

static struct fault_order at_conn(const struct env *env, const char *what, unsigned ways)
{
    struct te_status status;
    struct fault_order order = order_of(what, ways);
    assert_int_equal(te_status(env->a.stack, env->id, &status), TE_OK);
    order.target.id = env->id;
    order.target.local = status.local;
    order.target.remote = status.remote;
    return order;
}

static uint64_t add_once(struct env *env, const char *what, unsigned ways)
{
    struct fault_order order = at_conn(env, what, ways);
    order.count = 1;
    return add(env, &order);
}

static struct te_status status_a(const struct env *env)
{
    struct te_status status;
    assert_int_equal(te_status(env->a.stack, env->id, &status), TE_OK);
    return status;
}

static struct te_status status_b(const struct env *env)
{
    struct te_status status;
    assert_int_equal(te_status(env->b.stack, env->peer_id, &status), TE_OK);
    return status;
}

static struct fault_stats stats_of(const struct env *env)
{
    struct fault_stats stats;
    fault_layer_fill_stats(env->layer, &stats);
    return stats;
}

static void send_bytes(struct te_stack *stack, uint64_t id, size_t len, int64_t now_us)
{
    static const uint8_t data[65536];
    size_t accepted;
    assert_int_equal(te_send(stack, id, data, len, &accepted, now_us), TE_OK);
    assert_int_equal(accepted, len);
}

static void send_a(struct env *env, size_t len)
{
    send_bytes(env->a.stack, env->id, len, env->now_us);
}

static void test_without_faults_the_gate_is_shut(void **state)
{
    struct env *env = *state;
    assert_false(fault_layer_is_active(NULL));
    assert_false(fault_layer_is_active(env->layer));
    establish(env);
    uint64_t id = add_once(env, "drop any", 0);
    assert_true(fault_layer_is_active(env->layer));
    assert_true(fault_layer_remove(env->layer, id, env->now_us));
    assert_false(fault_layer_remove(env->layer, id, env->now_us));
    assert_false(fault_layer_is_active(env->layer));
    assert_int_equal(env->notes[FAULT_ADDED], 1);
    assert_int_equal(env->notes[FAULT_ENDED], 1);
}

/* What TIME_WAIT is for: our last ACK is lost, the peer repeats its FIN, and is answered. */
static void test_lost_ack_of_fin(void **state)
{
    struct env *env = *state;
    establish(env);
    add_once(env, "drop ack-of-fin", 0);
    assert_int_equal(te_close(env->a.stack, env->id, env->now_us), TE_OK);
    run(env);
    assert_int_equal(status_a(env).state, TE_FIN_WAIT_2); /* the ACK of our own FIN was spared */
    assert_int_equal(te_close(env->b.stack, env->peer_id, env->now_us), TE_OK);
    run(env);
    assert_int_equal(status_a(env).state, TE_TIME_WAIT);
    assert_int_equal(status_b(env).state, TE_LAST_ACK);
    assert_int_equal(env->notes[FAULT_HIT], 1);
    assert_int_equal(env->last.phase, FAULT_ENDED);
    advance(env, 2 * SECOND);
    assert_int_equal(status_a(env).fin_reacked, 1);
    struct te_status gone;
    assert_int_equal(te_status(env->b.stack, env->peer_id, &gone), TE_ERR_NO_CONNECTION);
}

/* The same from the other side: LAST_ACK waits for an ACK that does not arrive. */
static void test_lost_ack_of_fin_inward(void **state)
{
    struct env *env = *state;
    establish(env);
    add_once(env, "drop ack-of-fin", TE_FAULT_IN);
    te_close(env->b.stack, env->peer_id, env->now_us);
    run(env);
    te_close(env->a.stack, env->id, env->now_us);
    run(env);
    assert_int_equal(status_a(env).state, TE_LAST_ACK);
    assert_int_equal(status_b(env).state, TE_TIME_WAIT);
    advance(env, 2 * SECOND);
    assert_int_equal(status_b(env).fin_reacked, 1);
}

static void test_lost_handshake(void **state)
{
    static const char *const whats[] = {"drop syn", "drop syn-ack", "drop ack-of-syn"};
    for (unsigned i = 0; i < 3; i++) {
        struct env *env = *state;
        struct fault_order order = order_of(whats[i], 0);
        order.count = 1;
        add(env, &order); /* to everything, before there is a connection */
        open_one(env);
        run(env);
        unsigned before = env->notes[FAULT_HIT];
        assert_int_equal(before, i + 1);
        advance(env, 4 * SECOND);
        assert_int_equal(status_a(env).state, TE_ESTABLISHED);
        te_abort(env->a.stack, env->id, env->now_us);
        run(env);
    }
}

static void test_lost_bytes(void **state)
{
    struct env *env = *state;
    establish(env);
    add_once(env, "drop data 3000..3000", TE_FAULT_OUT);
    send_a(env, 10000);
    advance(env, 2 * SECOND);
    assert_int_equal(status_b(env).bytes_received, 10000);
    assert_int_equal(status_a(env).retransmits, 1);
    assert_int_equal(env->notes[FAULT_HIT], 1);
}

/* One segment of a large frame is lost, not all of them. */
static void test_large_frame_is_cut(void **state)
{
    struct env *env = *state;
    establish(env);
    add_once(env, "drop data 3000..3000", TE_FAULT_OUT);
    send_a(env, 10000);
    run(env);
    struct fault_stats stats = stats_of(env);
    assert_int_equal(stats.counters.cut, 1);
    assert_int_equal(stats.counters.dropped, 1);
    assert_int_equal(stats.hits_by_kind[TE_FAULT_DROP], 1);
    advance(env, 2 * SECOND);
    assert_int_equal(status_b(env).bytes_received, 10000);
    assert_int_equal(status_a(env).bytes_retransmitted, 1448);
    assert_int_equal(te_stack_counters(env->b.stack)->segments_in_errors, 0);
}

static void test_frames_of_others_are_not_cut(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "drop any", 0);
    order.target.remote.port++;
    add(env, &order);
    send_a(env, 10000);
    run(env);
    assert_int_equal(stats_of(env).counters.cut, 0);
    assert_int_equal(stats_of(env).counters.hits, 0);
    assert_int_equal(status_b(env).bytes_received, 10000);
}

static void test_corrupt_is_dropped_and_sent_again(void **state)
{
    struct env *env = *state;
    establish(env);
    add_once(env, "corrupt data", TE_FAULT_OUT);
    send_a(env, 1000);
    run(env);
    assert_int_equal(te_stack_counters(env->b.stack)->segments_in_errors, 1);
    assert_int_equal(status_b(env).bytes_received, 0);
    add_once(env, "corrupt pure-ack", TE_FAULT_IN);
    advance(env, 3 * SECOND);
    assert_int_equal(status_b(env).bytes_received, 1000);
    assert_int_equal(te_stack_counters(env->a.stack)->segments_in_errors, 1);
}

static void test_duplicate(void **state)
{
    struct env *env = *state;
    establish(env);
    add_once(env, "duplicate data", TE_FAULT_OUT);
    send_a(env, 1000);
    run(env);
    assert_int_equal(status_b(env).bytes_received, 1000);
    assert_int_equal(te_stack_counters(env->b.stack)->duplicate_segments, 1);
}

static void test_late_duplicate(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "duplicate data", TE_FAULT_OUT);
    order.count = 1;
    order.delay_us = 50 * MS;
    add(env, &order);
    send_a(env, 1000);
    advance(env, 49 * MS);
    assert_int_equal(te_stack_counters(env->b.stack)->duplicate_segments, 0);
    assert_true(fault_layer_is_active(env->layer)); /* it holds a frame still */
    advance(env, 1 * MS);
    assert_int_equal(te_stack_counters(env->b.stack)->duplicate_segments, 1);
    assert_false(fault_layer_is_active(env->layer));
}

static void test_delay_both_ways(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "delay any", 0);
    order.delay_us = 30 * MS;
    add(env, &order);
    send_a(env, 500);
    advance(env, 29 * MS);
    assert_int_equal(status_b(env).bytes_received, 0);
    advance(env, 1 * MS);
    assert_int_equal(status_b(env).bytes_received, 500);
    int64_t at_us = env->now_us;
    while (status_a(env).send_acked < 500)
        advance(env, 1 * MS);
    assert_true(env->now_us - at_us >= 30 * MS);
}

/* The first segment comes behind the second. */
static void test_reorder(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "reorder data 0..0", TE_FAULT_OUT);
    order.count = 1;
    order.delay_us = 10 * SECOND;
    add(env, &order);
    unsigned first = env->a.count;
    send_a(env, 2 * 1448);
    run(env);
    struct te_segment_view one, two;
    assert_true(te_segment_parse(env->a.sent[first]->bytes, env->a.sent[first]->len, &one));
    assert_true(te_segment_parse(env->a.sent[first + 1]->bytes, env->a.sent[first + 1]->len, &two));
    assert_int_equal(one.seq - two.seq, two.payload_bytes);
    assert_int_equal(status_b(env).bytes_received, 2 * 1448);
    assert_int_equal(env->now_us, 0); /* nobody waited */
}

/* Nothing follows: it comes by itself. */
static void test_reorder_of_the_last(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "reorder data", TE_FAULT_OUT);
    order.count = 1;
    order.delay_us = 20 * MS;
    add(env, &order);
    send_a(env, 100);
    advance(env, 20 * MS);
    assert_int_equal(status_b(env).bytes_received, 100);
    assert_int_equal(status_a(env).retransmits, 0);
}

static void test_zero_window(void **state)
{
    struct env *env = *state;
    establish(env);
    uint64_t id = 0;
    struct fault_order order = at_conn(env, "zero-window", TE_FAULT_IN);
    id = add(env, &order);
    send_a(env, 100);
    advance(env, 1 * SECOND); /* its ACK, with a window of 0 */
    assert_int_equal(status_a(env).snd_wnd, 0);
    send_a(env, 5000);
    advance(env, 3 * SECOND);
    assert_int_equal(status_a(env).timer, TE_TIMER_PERSIST);
    assert_true(status_b(env).bytes_received < 5100);
    assert_true(fault_layer_remove(env->layer, id, env->now_us));
    advance(env, 120 * SECOND);
    assert_int_equal(status_b(env).bytes_received, 5100);
}

/* What the peer may send ends where the window ended when the fault came. */
static void test_stop_reading(void **state)
{
    struct env *env = *state;
    establish(env);
    send_bytes(env->b.stack, env->peer_id, 1000, env->now_us);
    advance(env, 1 * SECOND);
    struct fault_order order = at_conn(env, "stop-reading", 0);
    uint64_t id = add(env, &order);
    send_bytes(env->b.stack, env->peer_id, 1000, env->now_us);
    advance(env, 1 * SECOND);
    uint32_t edge = status_a(env).rcv_nxt + status_b(env).snd_wnd;
    assert_int_equal(te_receive_release(env->a.stack, env->id, 2000, env->now_us), TE_OK);
    for (unsigned i = 0; i < 4; i++) {
        size_t accepted;
        te_send(env->b.stack, env->peer_id, (const uint8_t[32768]){0}, 32768, &accepted,
                env->now_us);
        advance(env, 2 * SECOND);
        te_receive_release(env->a.stack, env->id, status_a(env).receive_next, env->now_us);
    }
    assert_true((int32_t)(edge - status_a(env).rcv_nxt) >= 0);
    assert_int_equal(status_b(env).snd_wnd, 0);
    assert_true(fault_layer_remove(env->layer, id, env->now_us));
    advance(env, 120 * SECOND);
    assert_true(status_b(env).snd_wnd > 0);
}

static void test_blackhole_ends_by_time(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "blackhole", 0);
    order.lasts_us = 700 * MS;
    uint64_t id = add(env, &order);
    send_a(env, 100);
    advance(env, 699 * MS);
    assert_int_equal(status_b(env).bytes_received, 0);
    assert_non_null(fault_layer_from(env->layer, id));
    advance(env, 1 * MS);
    assert_null(fault_layer_from(env->layer, id));
    advance(env, 5 * SECOND);
    assert_int_equal(status_b(env).bytes_received, 100);
}

static void test_mtu_silent_and_with_icmp(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "mtu 1000 icmp", TE_FAULT_OUT);
    uint64_t id = add(env, &order);
    send_a(env, 5000);
    run(env);
    assert_int_equal(status_a(env).path_mtu_bytes, 1000);
    advance(env, 2 * SECOND);
    assert_int_equal(status_b(env).bytes_received, 5000);
    fault_layer_remove(env->layer, id, env->now_us);
    order = at_conn(env, "mtu 700", TE_FAULT_OUT);
    add(env, &order);
    send_a(env, 5000);
    run(env);
    assert_int_equal(status_a(env).path_mtu_bytes, 1000); /* nobody said anything */
    assert_int_equal(status_b(env).bytes_received % 960, 5000 % 960);
}

static void test_rst_inject(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "rst-inject", 0);
    order.count = 1;
    add(env, &order); /* at once: the connection is silent */
    run(env);
    assert_int_equal(env->notes[FAULT_HIT], 1);
    struct te_status status;
    assert_int_equal(te_status(env->a.stack, env->id, &status), TE_OK);
    assert_int_equal(status.error, TE_ERR_RESET);
    assert_int_equal(status_b(env).state, TE_ESTABLISHED); /* it knows of nothing */
}

static void test_rst_inject_outward(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "rst-inject", TE_FAULT_OUT);
    order.count = 1;
    add(env, &order);
    run(env);
    assert_int_equal(env->notes[FAULT_HIT], 0);
    send_a(env, 10);
    run(env);
    assert_int_equal(status_b(env).error, TE_ERR_RESET);
}

/* --- numbers ---------------------------------------------------------------------------------- */

static unsigned hits_with_seed(struct env *env, uint64_t seed)
{
    struct fault_order order;
    fault_layer_free(env->layer);
    env->options.seed = seed;
    env->layer = layer_new(env);
    establish(env);
    order = at_conn(env, "duplicate data", TE_FAULT_OUT);
    order.probability_millionths = 250000;
    add(env, &order);
    for (unsigned i = 0; i < 200; i++) {
        send_a(env, 10);
        run(env);
        advance(env, 300 * MS);
    }
    unsigned hits = (unsigned)fault_layer_from(env->layer, 0)->hits;
    te_abort(env->a.stack, env->id, env->now_us);
    run(env);
    te_close(env->b.stack, env->peer_id, env->now_us);
    return hits;
}

static void test_probability_is_of_the_seed(void **state)
{
    struct env *env = *state;
    unsigned hits = hits_with_seed(env, 7);
    assert_in_range(hits, 30, 70); /* of 200, 50 expected; 6 is one standard deviation */
    assert_int_equal(hits_with_seed(env, 7), hits);
}

static void test_events_of_one_fault_are_bounded(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "zero-window", TE_FAULT_OUT);
    add(env, &order);
    for (unsigned i = 0; i < FAULT_HIT_EVENTS_MAX + 20; i++) {
        send_a(env, 10);
        run(env);
        advance(env, 300 * MS);
    }
    assert_int_equal(env->notes[FAULT_HIT], FAULT_HIT_EVENTS_MAX);
    struct fault_stats stats = stats_of(env);
    assert_int_equal(stats.counters.hits - stats.counters.events_omitted, FAULT_HIT_EVENTS_MAX);
    assert_true(stats.counters.events_omitted >= 20);
}

static void test_limits(void **state)
{
    struct env *env = *state;
    uint64_t id = 0;
    struct fault_order order = order_of("drop rst", 0);
    order.is_admin = false;
    order.uid = UID;
    add(env, &order);
    add(env, &order);
    assert_int_equal(fault_layer_add(env->layer, &order, &id, 0), FAULT_TOO_MANY_OF_UID);
    order.is_admin = true; /* the share is for others */
    add(env, &order);
    add(env, &order);
    assert_int_equal(fault_layer_add(env->layer, &order, &id, 0), FAULT_TOO_MANY);
    assert_int_equal(id, 0);
    struct fault_stats stats = stats_of(env);
    assert_int_equal(stats.faults, 4);
    assert_int_equal(stats.faults_max, 4);
    assert_int_equal(stats.counters.refused, 2);
}

static void test_held_bytes_are_bounded(void **state)
{
    struct env *env = *state;
    fault_layer_free(env->layer);
    env->options.held_max = 4000;
    env->layer = layer_new(env);
    establish(env);
    struct fault_order order = at_conn(env, "delay data", TE_FAULT_OUT);
    order.delay_us = 10 * MS;
    uint64_t id = add(env, &order);
    send_a(env, 8000);
    run(env);
    struct fault_stats stats = stats_of(env);
    assert_true(stats.held_bytes > 0 && stats.held_bytes <= 4000);
    assert_true(stats.counters.overflows > 0);
    assert_int_equal(stats.counters.held, 2);
    fault_layer_remove(env->layer, id, env->now_us);
    assert_true(fault_layer_is_active(env->layer)); /* what is held still comes */
    advance(env, 10 * SECOND);
    assert_int_equal(stats_of(env).held_bytes, 0);
    assert_int_equal(status_b(env).bytes_received, 8000);
}

/* The pieces of a frame that a full link does not take wait for it, in order. */
static void test_full_link(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "drop rst", 0);
    add(env, &order);
    env->link_room = 2;
    send_a(env, 10000);
    run(env);
    assert_true(status_b(env).bytes_received <= 2 * 1448);
    assert_int_equal(fault_layer_next_us(env->layer), TE_NEVER); /* time does not help */
    env->link_room = UINT32_MAX;
    run(env);
    assert_int_equal(status_b(env).bytes_received, 10000);
    assert_int_equal(status_a(env).retransmits, 0);
}

/* --- whom it concerns ------------------------------------------------------------------------- */

static void test_others_connections_are_spared(void **state)
{
    struct env *env = *state;
    struct fault_order order = order_of("blackhole", 0);
    order.is_admin = false;
    order.uid = UID + 1;
    add(env, &order);
    establish(env);
    assert_int_equal(status_a(env).state, TE_ESTABLISHED);
    assert_int_equal(stats_of(env).counters.hits, 0);
    order.uid = UID;
    add(env, &order);
    send_a(env, 10);
    run(env);
    assert_int_equal(status_b(env).bytes_received, 0);
}

static void test_goes_with_its_connection(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "drop fin", TE_FAULT_IN);
    add(env, &order);
    assert_int_equal(te_abort(env->a.stack, env->id, env->now_us), TE_OK);
    run(env);
    assert_null(fault_layer_from(env->layer, 0));
    assert_int_equal(env->notes[FAULT_ENDED], 1);
}

/* The RST of ABORT leaves when the connection is gone already. */
static void test_last_reset_is_met(void **state)
{
    struct env *env = *state;
    establish(env);
    struct fault_order order = at_conn(env, "drop rst", TE_FAULT_OUT);
    order.is_admin = false;
    order.uid = UID;
    add(env, &order);
    te_abort(env->a.stack, env->id, env->now_us);
    run(env);
    assert_int_equal(env->notes[FAULT_HIT], 1);
    assert_int_equal(status_b(env).state, TE_ESTABLISHED);
}

static void test_listener_with_its_connections(void **state)
{
    struct env *env = *state;
    uint64_t listener_id, id;
    struct te_listen listen = {.local.port = 7, .backlog = 4, .uid = UID};
    assert_int_equal(te_open_passive(env->a.stack, &listen, &listener_id, 0), TE_OK);
    struct fault_order order = order_of("drop syn", TE_FAULT_IN);
    order.target =
        (struct fault_target){.id = listener_id, .is_listener = true, .local = {.port = 7}};
    order.count = 1;
    order.is_admin = false;
    order.uid = UID;
    add(env, &order);
    establish(env); /* another port: not concerned */
    assert_int_equal(env->notes[FAULT_HIT], 0);
    struct te_open open = {.remote = {env->a.config.addresses[0].addr, 7}};
    assert_int_equal(te_open_active(env->b.stack, &open, &id, env->now_us), TE_OK);
    run(env);
    assert_int_equal(env->notes[FAULT_HIT], 1);
    advance(env, 2 * SECOND);
    assert_int_equal(te_accept(env->a.stack, listener_id, UID, &id, env->now_us), TE_OK);
}

static bool is_valid(const struct fault_target *target)
{
    return filter_find_bad(&target->filter, CONN_FILTER_FIELDS) == target->filter.count;
}

static void test_filter(void **state)
{
    struct env *env = *state;
    struct fault_order order = order_of("drop data", TE_FAULT_OUT);
    struct filter_node *nodes = order.target.filter.nodes;
    nodes[0] = (struct filter_node){.kind = FILTER_NUMBER, .field = FILTER_REMOTE, .number = PORT};
    nodes[1] = (struct filter_node){.kind = FILTER_HOST,
                                    .field = FILTER_REMOTE,
                                    .address = env->b.config.addresses[0].addr,
                                    .prefix_bits = 120};
    nodes[2] = (struct filter_node){.kind = FILTER_AND, .left = 0, .right = 1};
    nodes[3] = (struct filter_node){.kind = FILTER_STATES, .number = 1u << TE_ESTABLISHED};
    nodes[4] = (struct filter_node){.kind = FILTER_AND, .left = 2, .right = 3};
    order.target.filter.count = 5;
    assert_true(is_valid(&order.target));
    add(env, &order);
    establish(env);
    send_a(env, 10);
    run(env);
    assert_int_equal(status_b(env).bytes_received, 0);
    assert_int_equal(env->notes[FAULT_HIT], 1);
    assert_int_equal(env->last.conn_id, env->id);
    assert_int_equal(env->last.uid, UID);
    assert_int_equal(env->last.segment.len_bytes, 10);
}

static void test_bad_filters(void **state)
{
    struct fault_target target = {.filter.count = 1};
    (void)state;
    target.filter.nodes[0].kind = FILTER_NOT; /* of itself */
    assert_false(is_valid(&target));
    target.filter.nodes[0].kind = FILTER_HOST + 1; /* a text */
    assert_false(is_valid(&target));
    target.filter.nodes[0] =
        (struct filter_node){.kind = FILTER_NUMBER, .field = FILTER_FIELD_COUNT};
    assert_false(is_valid(&target));
    target.filter.nodes[0] = (struct filter_node){.kind = FILTER_HOST, .prefix_bits = 129};
    assert_false(is_valid(&target));
    target.filter.nodes[0] = (struct filter_node){.kind = FILTER_NUMBER, .op = 6};
    assert_false(is_valid(&target));
}

/* Bytes that are no segment pass as they are. */
static void test_no_segments_pass(void **state)
{
    struct env *env = *state;
    static const uint8_t arp[42] = {2,  0, 0, 0, 0, 1, 2, 0, 0, 0, 0,  9, 8, 6,
                                    0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 9,
                                    10, 0, 0, 9, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1};
    struct fault_order order = order_of("blackhole", 0);
    add(env, &order);
    fault_layer_input(env->layer, arp, sizeof(arp), &(const struct te_frame_meta){0}, 0);
    fault_layer_input(env->layer, arp, 5, &(const struct te_frame_meta){0}, 0);
    unsigned before = env->a.count;
    run(env);
    assert_true(env->a.count > before); /* its answer */
    assert_int_equal(stats_of(env).counters.hits, 0);
}

static struct fault_trace only_trace(const struct env *env, const struct te_status *status)
{
    struct fault_trace traces[4];
    assert_int_equal(fault_layer_traces(env->layer, status, traces, 4, env->now_us), 1);
    return traces[0];
}

static void test_leaves_traces(void **state)
{
    struct env *env = *state;
    struct te_note notes[TE_NOTES_MAX];
    uint64_t older;
    unsigned count, faults = 0;
    establish(env);
    struct fault_order order = at_conn(env, "drop data", TE_FAULT_OUT);
    order.count = 2;
    uint64_t id = add(env, &order);
    struct te_status status = status_a(env);
    assert_int_equal(only_trace(env, &status).fault_id, id); /* it waits */
    assert_int_equal(only_trace(env, &status).hit_at_us, TE_NEVER);
    send_a(env, 100);
    run(env);
    assert_int_equal(only_trace(env, &status).hits_here, 1);
    assert_int_equal(only_trace(env, &status).hit_at_us, env->now_us);
    assert_false(only_trace(env, &status).is_over);
    advance(env, 5 * SECOND);
    assert_int_equal(only_trace(env, &status).hits, 2);
    assert_true(only_trace(env, &status).is_over);
    assert_int_equal(te_notes(env->a.stack, env->id, notes, &count, &older), TE_OK);
    for (unsigned i = 0; i < count; i++)
        faults += notes[i].kind == TE_NOTE_FAULT && notes[i].value == (int64_t)id &&
                  notes[i].len_bytes == 100 && notes[i].state == TE_ESTABLISHED;
    assert_int_equal(faults, 2); /* what was sent again lies between them */
    te_abort(env->a.stack, env->id, env->now_us);
    run(env);
    const struct te_status gone = {.id = env->id, .state = TE_CLOSED};
    assert_int_equal(only_trace(env, &gone).hits_here, 2);
    assert_int_equal(fault_layer_traces(NULL, &gone, NULL, 0, env->now_us), 0);
}

static void test_traces_are_of_the_connection(void **state)
{
    struct env *env = *state;
    establish(env);
    struct te_status status = status_a(env);
    struct fault_order order = at_conn(env, "drop any", 0);
    order.target.remote.port++; /* of another connection */
    add(env, &order);
    order = order_of("drop syn", 0);
    order.is_admin = false;
    order.uid = UID + 1; /* of somebody else */
    add(env, &order);
    assert_int_equal(fault_layer_traces(env->layer, &status, NULL, 0, env->now_us), 0);
    order.uid = UID;
    uint64_t id = add(env, &order);
    assert_int_equal(only_trace(env, &status).fault_id, id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_GSO(name) cmocka_unit_test_setup_teardown(name, setup_gso, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_faults_the_gate_is_shut),
        TEST(test_lost_ack_of_fin),
        TEST(test_lost_ack_of_fin_inward),
        TEST(test_lost_handshake),
        TEST(test_lost_bytes),
        TEST_GSO(test_large_frame_is_cut),
        TEST_GSO(test_frames_of_others_are_not_cut),
        TEST(test_corrupt_is_dropped_and_sent_again),
        TEST_GSO(test_corrupt_is_dropped_and_sent_again),
        TEST(test_duplicate),
        TEST(test_late_duplicate),
        TEST(test_delay_both_ways),
        TEST(test_reorder),
        TEST(test_reorder_of_the_last),
        TEST(test_zero_window),
        TEST_GSO(test_zero_window),
        TEST(test_stop_reading),
        TEST(test_blackhole_ends_by_time),
        TEST(test_mtu_silent_and_with_icmp),
        TEST_GSO(test_mtu_silent_and_with_icmp),
        TEST(test_rst_inject),
        TEST(test_rst_inject_outward),
        TEST(test_probability_is_of_the_seed),
        TEST(test_events_of_one_fault_are_bounded),
        TEST(test_limits),
        TEST(test_held_bytes_are_bounded),
        TEST_GSO(test_full_link),
        TEST(test_others_connections_are_spared),
        TEST(test_goes_with_its_connection),
        TEST(test_last_reset_is_met),
        TEST(test_listener_with_its_connections),
        TEST(test_filter),
        TEST(test_bad_filters),
        TEST(test_no_segments_pass),
        TEST(test_leaves_traces),
        TEST(test_traces_are_of_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
