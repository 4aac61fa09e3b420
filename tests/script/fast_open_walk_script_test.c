/* TCP Fast Open (RFC 7413) in both roles: anything at any time. */
#include "script_fast_open.h"
#include "support/random.h"

static void random_user_call(struct script *s, uint64_t *seed)
{
    size_t accepted;
    uint8_t bytes[3000] = {0};
    struct te_received received;
    switch (random_below(seed, 12)) {
    case 0:
        script_user_close(s);
        break;
    case 1:
        script_user_shutdown(s);
        break;
    case 2:
        script_user_abort(s);
        break;
    case 3:
    case 4:
        if (te_receive_peek(s->f.stack, s->c.id, script_status(s).receive_released, SIZE_MAX,
                            &received) == TE_OK)
            te_receive_release(s->f.stack, s->c.id,
                               script_status(s).receive_released + received.total_bytes,
                               s->f.now_us);
        break;
    case 5: {
        uint64_t id = s->c.id; /* another one may be waiting */
        if (te_accept(s->f.stack, s->listener_id, USER, &s->c.id, s->f.now_us) != TE_OK)
            s->c.id = id;
        break;
    }
    default:
        te_send(s->f.stack, s->c.id, bytes, random_below(seed, sizeof(bytes)), &accepted,
                s->f.now_us);
        break;
    }
    script_pump(s);
}

static void random_segment(struct script *s, uint64_t *seed)
{
    static const uint8_t flags[] = {TE_ACK, TE_ACK,          TE_ACK,
                                    TE_ACK, TE_ACK | TE_FIN, TE_SYN | TE_ACK,
                                    TE_SYN, TE_RST,          TE_RST | TE_ACK};
    struct te_status status = script_status(s);
    struct seg seg = {
        .flags = flags[random_below(seed, sizeof(flags))], .win = 1000, .has_win = true};
    uint32_t sent = status.snd_max - s->c.our_iss;
    uint32_t next = status.rcv_nxt - s->c.peer_iss;
    seg.ack = random_below(seed, 3) == 0 ? random_below(seed, sent < 5000 ? sent + 2 : 5000) : sent;
    seg.seq = random_below(seed, 4) == 0 ? random_below(seed, 500) : next < 100000 ? next : 1;
    if (seg.flags & TE_SYN)
        seg.seq = random_below(seed, 3) == 0 ? random_below(seed, 500) : 0;
    if (!(seg.flags & TE_RST))
        seg.len = random_below(seed, 2) * random_below(seed, 400);
    if (random_below(seed, 4) == 0)
        seg.win = 0;
    script_send(s, &seg);
}

static void walk(struct script *s, uint64_t *seed)
{
    for (unsigned step = 0; step < 30; step++) {
        uint32_t what = random_below(seed, 10);
        if (what < 3)
            random_user_call(s, seed);
        else if (what < 8)
            random_segment(s, seed);
        else
            script_advance(s, random_below(seed, 3 * 1000) * MS);
        script_skip(s);
    }
}

/* The invariants are checked after every step, and the asserts of the engine are on where
 * sanitizers are. At the end nothing is left: no queue slot, nothing pending. */
static void random_walks_keep_the_invariants(void **state)
{
    struct script *s = *state;
    uint8_t cookie[COOKIE_BYTES];
    uint64_t transitions = 0, resent = 0, taken = 0;
    const uint64_t walks = s->f.reborn ? 1000 : 3000; /* each step then takes ten times as long */
    for (uint64_t i = 1; i <= walks; i++) {
        uint64_t seed = i;
        script_start_over(s);
        s->f.config.fast_open = TE_FAST_OPEN_BOTH;
        s->f.config.fast_open_pending_max = 1 + random_below(&seed, 3);
        s->f.config.remains_us = 0;
        if (i % 2 == 0) {
            fast_open_listen(s, true, 0);
            fast_open_get_cookie(s, cookie);
            fast_open_send_syn(s, 5001, cookie, random_below(&seed, 500));
            if (random_below(&seed, 4) > 0)
                script_user_accept(s);
        } else {
            fast_open_learn_cookie(s);
            fast_open_user_open(s, FAST_OPEN_PORT + 1, random_below(&seed, 3000));
            s->c.our_iss = script_status(s).iss;
        }
        walk(s, &seed);
        s->f.heap.allocations_left =
            random_below(&seed, 8) == 0 ? (int64_t)random_below(&seed, 10) : -1;
        walk(s, &seed);
        s->f.heap.allocations_left = -1;
        script_user_abort(s);
        script_advance(s, 600 * SECOND);
        script_skip(s);
        struct te_totals totals;
        te_totals(s->f.stack, &totals);
        T_EQUAL(totals.by_state[TE_SYN_RCVD] + totals.by_state[TE_SYN_SENT], 0);
        transitions += fixture_counters(&s->f)->state_transitions;
        resent += fixture_counters(&s->f)->bytes_retransmitted;
        taken += fixture_counters(&s->f)->bytes_in;
    }
    assert_true(transitions > 4 * walks && resent > 33 * walks && taken > 33 * walks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(random_walks_keep_the_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
