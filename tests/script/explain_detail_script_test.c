/* te_explain's words where several things are so at once, and at their edges: one byte, one moment,
 * the rarer way into a state. */
#include <stdio.h>
#include <string.h>

#include "script_said.h"

#define MSS 1460

/* Our sequence number of the stream's first byte. */
static unsigned first_byte(struct script *s)
{
    return (unsigned)(s->c.our_iss + 1);
}

static const char *peer_of(struct script *s, uint64_t id, struct explain_words *words)
{
    said_words(s, id, words);
    return words->peer;
}

/* --- opening ---------------------------------------------------------------------------------- */

static void the_peer_closed_before_anybody_accepted(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    conn_in_syn_rcvd(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    script_advance(s, 9 * SECOND);
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
    script_skip(s);
    script_advance(s, 1 * SECOND - 1);
    T_SAYS(s, TE_SITUATION_NOT_ACCEPTED, EXPLAIN_WAITING, TE_TIMER_NONE,
           "Established, and closed by the peer already, but billing-worker (pid 4711) has not "
           "accepted it for 9.9 s.",
           "ACCEPT, by billing-worker (pid 4711)", NULL);
    T_CONTAINS(peer_of(s, s->c.id, &words), "The peer has sent its FIN and is in FIN_WAIT_2");
    script_advance(s, 1);
    said_words(s, s->c.id, &words);
    T_EQUAL(words.verdict, EXPLAIN_STUCK); /* by its time in the queue, not in CLOSE_WAIT */
}

static void both_opened_at_once(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    conn_in_syn_rcvd_simultaneous(s);
    T_CONTAINS(said_reason(s, &words), "Both sides have opened at once: their SYNs have crossed");
    T_CONTAINS(words.peer, "The peer is in SYN_SENT if nothing of ours has arrived, and else in "
                           "SYN_RCVD or ESTABLISHED.");
}

static void cookies_decide_what_peers_see(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    s->f.config.syn_queue_max = 1;
    s->f.config.syn_cookies = TE_SYN_COOKIES_OFF;
    conn_in_syn_rcvd(s);
    T_CONTAINS(peer_of(s, s->listener_id, &words),
               "Peers that connect now get no answer to their SYN, and send it again.");
}

static void a_syn_has_no_data(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    struct te_explanation facts = said_facts(s, s->c.id);
    T_EQUAL(facts.unacked.end - facts.unacked.start, 0);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* One direction is broken: what the peer sends arrives. */
static void retransmissions_without_silence(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    char text[EXPLAIN_TEXT_MAX];
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 1);
    script_advance(s, 4 * SECOND);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 100);
    script_advance(s, 200 * MS);
    script_skip(s);
    snprintf(text, sizeof(text), "the peer's ACK of sequence number %u", first_byte(s));
    T_SAYS(s, TE_SITUATION_RETRANSMITTING, EXPLAIN_STUCK, TE_TIMER_RETRANSMIT,
           "Retransmitting although the peer was heard 200 ms ago: it does not acknowledge what we "
           "send, 3rd retransmission, next in 300 ms, gives up in 16 min 29 s.",
           text, NULL);
    snprintf(text, sizeof(text),
             "1 byte (%u) is not acknowledged: its segments reach us, and ours do not reach it, so "
             "that the path to it is broken in this direction or lets only some of them through. "
             "Received and not read yet: 100 bytes.",
             first_byte(s));
    T_CONTAINS(said_reason(s, &words), text);
}

/* What came just before the first timeout began is no sign of life. */
static void silence_begins_with_the_last_ack(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 2 * MSS);
    script_skip(s);
    script_advance(s, 100 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    for (unsigned i = 0; i < 12; i++) {
        script_advance(s, 700 * MS);
        script_skip(s);
        if (said_facts(s, s->c.id).situation == TE_SITUATION_RETRANSMITTING) {
            said_words(s, s->c.id, &words);
            T_CONTAINS(words.summary, "Retransmitting into silence: nothing heard for ");
        }
    }
    T_EQUAL(said_facts(s, s->c.id).situation, TE_SITUATION_RETRANSMITTING);
}

static void a_fin_is_no_byte(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    char text[EXPLAIN_TEXT_MAX];
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 5);
    T_ERR(script_user_shutdown(s), TE_OK);
    script_advance(s, 4 * SECOND);
    script_skip(s);
    snprintf(text, sizeof(text),
             "5 bytes (%u to %u) are not acknowledged, and the FIN behind it: ", first_byte(s),
             first_byte(s) + 4);
    T_CONTAINS(said_reason(s, &words), text);
}

static void a_window_that_is_too_small_for_a_segment(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    s->peer_window = 10;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    script_user_send(s, 5000);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_LIMITED_BY_PEER_WINDOW, EXPLAIN_SLOW, TE_TIMER_PERSIST,
           "Limited by the peer's window of 10 bytes, which has no room for a whole segment; 5,000 "
           "bytes wait.",
           NULL, NULL);
}

/* The peer takes back what it had offered (RFC 9293 3.8.6): nothing is unsent, and yet it waits. */
static void a_window_shut_over_what_is_in_flight(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 5000);
    script_skip(s);
    s->peer_window = 0;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_ZERO_WINDOW, EXPLAIN_WAITING, TE_TIMER_RETRANSMIT,
           "The peer's application does not read: its window is 0, probe 1 in 337 ms.", NULL, NULL);
    T_CONTAINS(said_reason(s, &words), "so that 3,540 bytes wait here. The peer was last heard 0 s "
                                       "ago.");
    script_advance(s, 1 * SECOND);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + MSS);
    script_skip(s);
    T_EQUAL(said_facts(s, s->c.id).situation, TE_SITUATION_ZERO_WINDOW);
}

/* Two programs that both send and do not read. */
static void both_windows_are_shut(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    s->f.config.receive_buffer_initial_bytes = s->f.config.receive_buffer_max_bytes = 4096;
    conn_in_established_with_rtt(s, 100 * MS);
    s->peer_window = 0;
    for (uint32_t i = 0; i < 4; i++)
        T_SEND(s, .flags = TE_ACK, .seq = 1 + i * 1000, .ack = 1, .len = 1000);
    script_user_send(s, 50);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_ZERO_WINDOW, EXPLAIN_WAITING, TE_TIMER_PERSIST,
           "The peer's application does not read: its window is 0, probe 1 in 300 ms.", NULL, NULL);
    T_CONTAINS(said_reason(s, &words),
               "so that 50 bytes wait here. The peer was last heard 0 s ago. Received and not read "
               "yet: 4,000 bytes, so that our window is shut as well until billing-worker (pid "
               "4711) reads.");
}

/* What was dropped lately is said, for a minute. */
static void a_segment_that_was_dropped(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 500);
    script_skip(s);
    if (s->f.reborn)
        return; /* drops are not saved */
    script_advance(s, 2 * SECOND);
    T_CONTAINS(said_reason(s, &words),
               "All that was sent is acknowledged. A segment of the peer was dropped 2.0 s ago: It "
               "acknowledges what was never sent, or is too old (segment ACK, seq ");
    script_advance(s, 58 * SECOND);
    said_words(s, s->c.id, &words);
    assert_null(strstr(words.reason, "dropped"));
}

static void one_byte_is_singular(void **state)
{
    struct script *s = *state;
    char text[EXPLAIN_TEXT_MAX], number[64];
    unsigned missing = PEER_ISS + 2;
    s->options = SPEAKS_SACK;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 1);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_SENDING, EXPLAIN_OK, TE_TIMER_LOSS_PROBE,
           "Sending freely: 1 byte is on the way, and nothing holds more back.", NULL, NULL);
    script_user_send(s, 1);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_LIMITED_BY_NAGLE, EXPLAIN_WAITING, TE_TIMER_LOSS_PROBE,
           "Nagle's algorithm holds 1 byte back until 1 byte in flight is acknowledged.", NULL,
           NULL);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 2, .len = 1);
    T_SEND(s, .flags = TE_ACK, .seq = 3, .ack = 3, .len = 1);
    script_skip(s);
    snprintf(text, sizeof(text), "A hole: 1 byte is missing (%u), and 1 byte behind it waits.",
             missing);
    snprintf(number, sizeof(number), "sequence number %u, sent again by the peer", missing);
    T_SAYS(s, TE_SITUATION_HOLE, EXPLAIN_SLOW, TE_TIMER_NONE, text, number, NULL);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void a_fin_behind_one_byte(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    s->peer_window = 1000;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 1001);
    T_ERR(script_user_shutdown(s), TE_OK);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_FIN_QUEUED, EXPLAIN_WAITING, TE_TIMER_RETRANSMIT,
           "Our FIN waits behind 1 byte of data, which waits for the peer's window.", NULL, NULL);
    s->peer_window = 0;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1001);
    script_skip(s);
    T_CONTAINS(said_reason(s, &words), "so that 1 byte waits here, and the FIN behind it.");
}

static void close_wait_for_hours(void **state)
{
    struct script *s = *state;
    conn_in_close_wait(s);
    script_advance(s, 5 * 3600 * SECOND + 61 * SECOND);
    T_SAYS(s, TE_SITUATION_CLOSE_WAIT, EXPLAIN_LEAKING, TE_TIMER_NONE,
           "billing-worker (pid 4711) has not called CLOSE for 5 h 1 min, since the peer closed.",
           "CLOSE, by billing-worker (pid 4711)", NULL);
}

static void time_wait_by_simultaneous_close(void **state)
{
    struct script *s = *state;
    struct explain_words words;
    conn_in_time_wait(s, TE_CLOSING);
    T_CONTAINS(said_reason(s, &words), "The peer's FIN has not come again so far.");
    T_CONTAINS(words.peer, "The peer is in TIME_WAIT as well if our last ACK has arrived; else it "
                           "is in CLOSING and sends its FIN again.");
    script_advance(s, 3 * SECOND);
    T_CONTAINS(said_reason(s, &words), "The peer's FIN has not come again, so our last ACK seems "
                                       "to have arrived.");
}

static void by_ipv6_as_well(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    conn_in_syn_sent(s);
    T_SAYS(s, TE_SITUATION_SYN_UNANSWERED, EXPLAIN_WAITING, TE_TIMER_RETRANSMIT,
           "No answer from [2001:db8::2]:8080 to our SYN, sent once in 0 s.", NULL, NULL);
}

static void a_neighbour_of_ipv6(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_IPV6;
    script_start(s);
    s->mute_neighbour = true;
    T_ERR(script_user_open(s), TE_OK);
    T_SAYS(s, TE_SITUATION_NEIGHBOUR_SILENT, EXPLAIN_STUCK, TE_TIMER_NONE,
           "Nothing can be sent: 2001:db8::2, the next hop to [2001:db8::2]:8080, does not answer "
           "Neighbour Discovery.",
           "an answer of 2001:db8::2 to Neighbour Discovery", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(the_peer_closed_before_anybody_accepted),
        SCRIPT_TEST(both_opened_at_once),
        SCRIPT_TEST(cookies_decide_what_peers_see),
        SCRIPT_TEST(a_syn_has_no_data),
        SCRIPT_TEST(retransmissions_without_silence),
        SCRIPT_TEST(silence_begins_with_the_last_ack),
        SCRIPT_TEST(a_fin_is_no_byte),
        SCRIPT_TEST(a_window_that_is_too_small_for_a_segment),
        SCRIPT_TEST(a_window_shut_over_what_is_in_flight),
        SCRIPT_TEST(both_windows_are_shut),
        SCRIPT_TEST(a_segment_that_was_dropped),
        SCRIPT_TEST(one_byte_is_singular),
        SCRIPT_TEST(a_fin_behind_one_byte),
        SCRIPT_TEST(close_wait_for_hours),
        SCRIPT_TEST(time_wait_by_simultaneous_close),
        SCRIPT_TEST(by_ipv6_as_well),
        SCRIPT_TEST(a_neighbour_of_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
