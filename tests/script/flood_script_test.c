/* A flood of segments that nobody owns, beyond config.rst_per_second: what is dropped unread, and
 * what must not be. */
#include "script.h"

#define ANSWERS_MAX 4
#define FLOOD 50
#define CLOSED_PORT 1000

static void input_stray(struct script *s, struct seg stray)
{
    struct script_conn ours = s->c;
    s->c.local_port = CLOSED_PORT;
    script_send(s, &stray);
    s->c = ours;
}

/* Enough that no answer is left for this second; none of their answers is looked at. */
static void flood(struct script *s)
{
    for (unsigned i = 0; i < FLOOD; i++)
        input_stray(s, (struct seg){.flags = TE_ACK, .seq = 1, .ack = 1});
    script_skip(s);
    script_mark(s);
}

static void limit_answers(struct script *s)
{
    s->f.config.rst_per_second = ANSWERS_MAX;
}

static void strays_beyond_the_limit_are_dropped_unread(void **state)
{
    struct script *s = *state;
    limit_answers(s);
    script_start(s);
    for (unsigned i = 0; i < FLOOD; i++)
        input_stray(s, (struct seg){.flags = TE_ACK, .seq = 1, .ack = 1});
    unsigned answers = s->out_count - s->out_next;
    script_skip(s);
    assert_in_range(answers, ANSWERS_MAX / 2, ANSWERS_MAX);
    T_COUNT(s, tcp_no_connection, answers);
    T_COUNT(s, tcp_flood, FLOOD - answers);
    T_COUNT(s, resets_limited, FLOOD - answers);
    T_COUNT(s, segments_in, FLOOD);
    T_DROPPED(s, 0, TE_DROP_TCP_FLOOD);
}

static void every_kind_of_stray_is_told(void **state)
{
    struct script *s = *state;
    limit_answers(s);
    script_start(s);
    flood(s);
    input_stray(s, (struct seg){.flags = TE_SYN});
    input_stray(s, (struct seg){.flags = TE_SYN | TE_ACK, .ack = 1});
    input_stray(s, (struct seg){.flags = TE_FIN | TE_ACK, .ack = 1, .len = 100});
    input_stray(s, (struct seg){.flags = TE_ACK, .ack = 1, .bad_checksum = true});
    T_COUNT(s, tcp_flood, 4);
    T_COUNT(s, resets_limited, 4);
    T_COUNT(s, tcp_bad_checksum, 0);
    input_stray(s, (struct seg){.flags = TE_RST}); /* would have got no answer */
    T_COUNT(s, tcp_flood, 5);
    T_COUNT(s, resets_limited, 4);
    T_EXPECT_NONE(s);
}

static void the_next_second_answers_again(void **state)
{
    struct script *s = *state;
    limit_answers(s);
    script_start(s);
    flood(s);
    script_advance(s, SECOND);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_EXPECT(s, .flags = TE_RST, .seq = 1);
    T_COUNT(s, tcp_flood, 0);
}

static void a_connection_goes_on(void **state)
{
    struct script *s = *state;
    limit_answers(s);
    conn_in_established(s);
    flood(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100, .bad_checksum = true);
    T_COUNT(s, tcp_bad_checksum, 1);
    T_SEND(s, .flags = TE_ACK | TE_FIN, .seq = 1, .ack = 1, .len = 100);
    T_EXPECT_ACK(s, 1, 102);
    T_STATE(s, TE_CLOSE_WAIT);
    T_SEND(s, .flags = TE_RST, .seq = 102);
    T_STATE(s, TE_CLOSED);
    T_COUNT(s, tcp_flood, 0);
}

static void an_entry_in_time_wait_answers(void **state)
{
    struct script *s = *state;
    limit_answers(s);
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    flood(s);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_COUNT(s, tcp_flood, 0);
}

static void a_listener_is_reached(void **state)
{
    struct script *s = *state;
    limit_answers(s);
    s->f.config.syn_queue_max = 1;
    script_start(s);
    T_ERR(script_user_listen(s, 4), TE_OK);
    for (uint16_t port = 7001; port <= 7002; port++) { /* the second gets a cookie */
        script_new_peer(s, port);
        flood(s);
        struct seg syn = script_syn(s, TE_SYN);
        script_send(s, &syn);
        const struct script_out *out = T_EXPECT_SYN_ACK(s);
        s->c.timestamps = out->header.options.has_timestamps;
    }
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_COUNT(s, syn_cookies_received, 1);
    T_ERR(script_user_accept(s), TE_OK);
    T_STATE(s, TE_ESTABLISHED);
    T_COUNT(s, tcp_flood, 0);
    script_new_peer(s, 7003); /* what no listener takes: */
    T_SEND(s, .flags = TE_RST, .seq = 1);
    T_SEND(s, .flags = TE_SYN | TE_ACK, .seq = 1, .ack = 1);
    T_COUNT(s, tcp_flood, 2);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1); /* this might have been a cookie */
    T_COUNT(s, syn_cookies_failed, 1);
    T_COUNT(s, tcp_flood, 2);
}

/* No cookie is out, so an ACK is nobody's. */
static void a_listener_without_cookies_takes_no_ack(void **state)
{
    struct script *s = *state;
    limit_answers(s);
    script_start(s);
    T_ERR(script_user_listen(s, 4), TE_OK);
    flood(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_COUNT(s, tcp_flood, 1);
    T_COUNT(s, listen_acks, 0);
    T_COUNT(s, resets_limited, 1);
    T_EXPECT_NONE(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(strays_beyond_the_limit_are_dropped_unread),
        SCRIPT_TEST(every_kind_of_stray_is_told),
        SCRIPT_TEST(the_next_second_answers_again),
        SCRIPT_TEST(a_connection_goes_on),
        SCRIPT_TEST(an_entry_in_time_wait_answers),
        SCRIPT_TEST(a_listener_is_reached),
        SCRIPT_TEST(a_listener_without_cookies_takes_no_ack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
