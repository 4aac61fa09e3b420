/* One constructor per state. */
#include "script.h"
#include "wire/protocol.h"

struct seg script_syn(const struct script *s, uint8_t flags)
{
    return (struct seg){.flags = flags,
                        .seq = 0,
                        .ack = 1,
                        .has_mss = (s->options & SPEAKS_NO_MSS) == 0,
                        .mss = s->peer_mss,
                        .has_wscale = (s->options & SPEAKS_WSCALE) != 0,
                        .wscale = s->peer_wscale,
                        .sack_permitted = (s->options & SPEAKS_SACK) != 0,
                        .has_ts = (s->options & SPEAKS_TIMESTAMPS) != 0,
                        .ts = (uint32_t)((s->f.now_us - SECOND) / MS) + 1};
}

const struct script_out *script_expect_syn(struct script *s, uint8_t flags, struct script_at at)
{
    char why[SCRIPT_WHY_MAX];
    const struct script_out *out = script_next(s);
    if (out != NULL)
        s->c.our_iss = out->header.seq;
    struct seg want = {.flags = flags, .seq = 0, .ack = 1};
    if (!script_matches(s, out, &want, why)) {
        print_error("%s\n", why);
        _fail(at.file, at.line);
    }
    return out;
}

#define ISN_TICK_US 4 /* RFC 9293 3.4.1 */

void script_wait_for_iss(struct script *s, uint32_t iss)
{
    T_ERR(script_user_open(s), TE_OK);
    uint32_t ticks = iss - T_EXPECT_SYN(s)->header.seq;
    T_ERR(script_user_close(s), TE_OK);
    s->c.id = 0;
    s->c.our_iss = 0;
    script_advance(s, (int64_t)ticks * ISN_TICK_US);
    T_EXPECT_NONE(s);
    script_mark(s);
}

static void note_options(struct script *s)
{
    s->c.timestamps = script_status(s).timestamps;
}

static void finish(struct script *s, enum te_state state)
{
    T_STATE(s, state);
    T_EXPECT_NONE(s);
    script_pump(s);
    script_mark(s);
}

void conn_in_listen(struct script *s)
{
    script_start(s);
    if (s->listener_id == 0)
        T_ERR(script_user_listen(s, 0), TE_OK);
    T_EXPECT_NONE(s);
    script_mark(s);
}

void conn_in_syn_sent(struct script *s)
{
    T_ERR(script_user_open(s), TE_OK);
    T_EXPECT_SYN(s);
    finish(s, TE_SYN_SENT);
}

/* The id of the newest connection, from its birth event. */
static uint64_t newest_id(const struct script *s)
{
    for (unsigned i = s->event_count; i-- > 0;)
        if (s->events[i].kind == TE_EVENT_STATE && s->events[i].transition.from == TE_LISTEN)
            return s->events[i].id;
    return 0;
}

void conn_in_syn_rcvd(struct script *s)
{
    conn_in_listen(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EXPECT_SYN_ACK(s);
    s->c.id = newest_id(s);
    note_options(s);
    finish(s, TE_SYN_RCVD);
}

void conn_in_syn_rcvd_simultaneous(struct script *s)
{
    conn_in_syn_sent(s);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_EXPECT_SYN_ACK(s);
    note_options(s);
    finish(s, TE_SYN_RCVD);
}

static void establish_passive(struct script *s)
{
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_ERR(script_user_accept(s), TE_OK);
}

static void establish_active(struct script *s, int64_t rtt_us)
{
    conn_in_syn_sent(s);
    script_advance(s, rtt_us);
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    script_send(s, &syn_ack);
    note_options(s);
    T_EXPECT_ACK(s, 1, 1);
}

static void establish_simultaneous(struct script *s)
{
    conn_in_syn_rcvd_simultaneous(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
}

void conn_in_established(struct script *s)
{
    if (s->way == BY_PASSIVE)
        establish_passive(s);
    else if (s->way == BY_ACTIVE)
        establish_active(s, 0);
    else
        establish_simultaneous(s);
    finish(s, TE_ESTABLISHED);
}

void conn_in_established_with_rtt(struct script *s, int64_t rtt_us)
{
    s->way = BY_ACTIVE;
    establish_active(s, rtt_us);
    finish(s, TE_ESTABLISHED);
}

static void half_close(struct script *s, uint32_t their)
{
    T_ERR(s->closes_fully ? script_user_close(s) : script_user_shutdown(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = their);
}

void conn_in_fin_wait_1(struct script *s)
{
    conn_in_established(s);
    half_close(s, 1);
    finish(s, TE_FIN_WAIT_1);
}

void conn_in_fin_wait_2(struct script *s)
{
    conn_in_fin_wait_1(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2);
    finish(s, TE_FIN_WAIT_2);
}

void conn_in_close_wait(struct script *s)
{
    conn_in_established(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT_ACK(s, 1, 2);
    finish(s, TE_CLOSE_WAIT);
}

void conn_in_closing(struct script *s)
{
    conn_in_fin_wait_1(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT_ACK(s, 2, 2);
    finish(s, TE_CLOSING);
}

void conn_in_last_ack(struct script *s)
{
    conn_in_close_wait(s);
    half_close(s, 2);
    finish(s, TE_LAST_ACK);
}

void conn_in_time_wait(struct script *s, enum te_state from)
{
    if (from == TE_FIN_WAIT_1) {
        conn_in_fin_wait_1(s);
        T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
        T_EXPECT_ACK(s, 2, 2);
    } else if (from == TE_FIN_WAIT_2) {
        conn_in_fin_wait_2(s);
        T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
        T_EXPECT_ACK(s, 2, 2);
    } else {
        conn_in_closing(s);
        T_SEND(s, .flags = TE_ACK, .seq = 2, .ack = 2);
    }
    T_EQUAL(script_status(s).time_wait_from, from);
    finish(s, TE_TIME_WAIT);
}

void conn_in_state(struct script *s, enum te_state state)
{
    static void (*const constructors[TE_STATE_COUNT])(struct script *) = {
        [TE_CLOSED] = script_start,
        [TE_LISTEN] = conn_in_listen,
        [TE_SYN_SENT] = conn_in_syn_sent,
        [TE_SYN_RCVD] = conn_in_syn_rcvd,
        [TE_ESTABLISHED] = conn_in_established,
        [TE_FIN_WAIT_1] = conn_in_fin_wait_1,
        [TE_FIN_WAIT_2] = conn_in_fin_wait_2,
        [TE_CLOSE_WAIT] = conn_in_close_wait,
        [TE_CLOSING] = conn_in_closing,
        [TE_LAST_ACK] = conn_in_last_ack,
    };
    if (state == TE_TIME_WAIT)
        conn_in_time_wait(s, TE_FIN_WAIT_2);
    else
        constructors[state](s);
}
