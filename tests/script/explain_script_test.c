/* te_explain and its words: each situation, by a peer that brings it about. */
#include <stdio.h>
#include <string.h>

#include "script_said.h"

#define MSS 1460

/* --- opening ---------------------------------------------------------------------------------- */

static void a_syn_without_an_answer(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_SAYS(s, TE_SITUATION_SYN_UNANSWERED, EXPLAIN_WAITING, TE_TIMER_RETRANSMIT,
           "No answer from 10.0.0.2:8080 to our SYN, sent once in 0 s.",
           "the peer's SYN,ACK, or its RST if nothing listens on port 8080",
           "In 1.0 s the SYN is sent again (1st of 7 retransmissions); without an answer the "
           "connection is given up in 4 min 7 s.");
    script_advance(s, 8500 * MS); /* again after 1 s, 3 s and 7 s */
    script_skip(s);
    T_SAYS(s, TE_SITUATION_SYN_UNANSWERED, EXPLAIN_STUCK, TE_TIMER_RETRANSMIT,
           "No answer from 10.0.0.2:8080 to our SYN, sent 4 times in 8.5 s.", NULL,
           "In 6.5 s the SYN is sent again (4th of 7 retransmissions); without an answer the "
           "connection is given up in 3 min 58 s.");
}

/* What it says of the end is what happens. */
static void the_end_comes_when_it_says(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    script_advance(s, 5 * SECOND);
    struct te_explanation facts = said_facts(s, s->c.id);
    script_advance(s, facts.gives_up_at_us - s->f.now_us - 1);
    T_STATE(s, TE_SYN_SENT);
    script_advance(s, 1);
    T_STATE(s, TE_CLOSED);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_DEAD, EXPLAIN_DEAD, TE_TIMER_REMAINS,
           "Dead for 0 s: the last of all retransmissions had no answer.",
           "CLOSE, by billing-worker (pid 4711)", "In 1 min what is kept of it is freed.");
}

static void a_syn_answered_by_an_old_connection(void **state)
{
    struct script *s = *state;
    conn_in_syn_sent(s);
    T_SEND(s, .flags = TE_ACK, .seq = 500, .ack = 77);
    T_EXPECT(s, .flags = TE_RST, .seq = 77);
    if (s->f.reborn)
        return; /* drops are not saved */
    T_SAYS(s, TE_SITUATION_SYN_ANSWERED_WRONGLY, EXPLAIN_STUCK, TE_TIMER_RETRANSMIT,
           "Our SYN to 10.0.0.2:8080 is answered by segments that belong to something else.",
           "a SYN,ACK that acknowledges our SYN", NULL);
    struct explain_words words;
    T_CONTAINS(said_reason(s, &words), "It does not acknowledge our SYN");
}

static void a_neighbour_that_is_silent(void **state)
{
    struct script *s = *state;
    script_start(s);
    s->mute_neighbour = true;
    T_ERR(script_user_open(s), TE_OK);
    T_SAYS(s, TE_SITUATION_NEIGHBOUR_SILENT, EXPLAIN_STUCK, TE_TIMER_NONE,
           "Nothing can be sent: 10.0.0.2, the next hop to 10.0.0.2:8080, does not answer ARP.",
           "an answer of 10.0.0.2 to ARP", NULL);
    script_advance(s, 5 * SECOND);
    T_STATE(s, TE_CLOSED);
    T_SAYS(s, TE_SITUATION_DEAD, EXPLAIN_DEAD, TE_TIMER_REMAINS,
           "Dead for 2.0 s: the next hop did not answer ARP or Neighbour Discovery.", NULL, NULL);
}

static void a_syn_ack_without_an_answer(void **state)
{
    struct script *s = *state;
    conn_in_syn_rcvd(s);
    script_advance(s, 3500 * MS);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_SYN_ACK_UNANSWERED, EXPLAIN_SLOW, TE_TIMER_RETRANSMIT,
           "Our SYN,ACK, sent 3 times in 3.5 s, has no answer from 10.0.0.2:8080.",
           "the peer's ACK of our SYN",
           "In 3.5 s the SYN,ACK is sent again (3rd of 5 retransmissions); without an answer the "
           "connection is given up in 59.5 s.");
}

/* One connection fills a queue of one; the next one's handshake is held back. */
static void an_accept_queue_that_is_full(void **state)
{
    struct script *s = *state;
    T_ERR(script_user_listen(s, 1), TE_OK);
    conn_in_syn_rcvd(s);
    struct script_conn first = s->c;
    script_new_peer(s, 9000);
    conn_in_syn_rcvd(s);
    struct script_conn second = s->c;
    s->c = first;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_SAYS(s, TE_SITUATION_NOT_ACCEPTED, EXPLAIN_WAITING, TE_TIMER_NONE,
           "Established, but billing-worker (pid 4711) has not accepted it for 0 s.",
           "ACCEPT, by billing-worker (pid 4711)", NULL);
    s->c = second;
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1);
    T_STATE(s, TE_SYN_RCVD);
    T_SAYS(s, TE_SITUATION_ACCEPT_QUEUE_FULL, EXPLAIN_STUCK, TE_TIMER_RETRANSMIT,
           "The accept queue of listener 1 (10.0.0.1:80) is full: billing-worker (pid 4711) does "
           "not accept.",
           "ACCEPT, by billing-worker (pid 4711)", NULL);
    script_advance(s, 12 * SECOND);
    script_skip(s);
    s->c = first;
    T_SAYS(s, TE_SITUATION_NOT_ACCEPTED, EXPLAIN_STUCK, TE_TIMER_NONE,
           "Established, but billing-worker (pid 4711) has not accepted it for 12.0 s.", NULL,
           "No timer runs: without an event it stays like this.");
    T_SAYS_OF(s, s->listener_id, TE_SITUATION_LISTENER_ACCEPT_QUEUE_FULL, EXPLAIN_STUCK,
              TE_TIMER_NONE,
              "The accept queue is full: billing-worker (pid 4711) does not accept the 1 "
              "connection that waits.",
              "ACCEPT, by billing-worker (pid 4711)", NULL);
    struct explain_words words;
    said_words(s, s->listener_id, &words);
    if (!s->f.reborn)
        T_CONTAINS(words.reason, "The queue has room for 1. 1 handshake was held back so far (1 by "
                                 "the accept queue, 0 by the SYN queue), the last one of "
                                 "10.0.0.2:9000 12.0 s ago.");
}

static void a_syn_queue_that_is_full(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = 2;
    conn_in_listen(s);
    T_SAYS_OF(s, s->listener_id, TE_SITUATION_LISTENING, EXPLAIN_OK, TE_TIMER_NONE,
              "Listening: 0 connections of at most 128 to be accepted, 0 half open.",
              "a SYN of a peer, and ACCEPT by billing-worker (pid 4711)", NULL);
    for (uint16_t port = 9000; port < 9002; port++) {
        script_new_peer(s, port);
        conn_in_syn_rcvd(s);
    }
    T_SAYS_OF(s, s->listener_id, TE_SITUATION_LISTENER_SYN_QUEUE_FULL, EXPLAIN_SLOW, TE_TIMER_NONE,
              "The SYN queue is full (2 of 2); SYN cookies are on, so that new peers still get in.",
              "ACKs of the half-open handshakes", NULL);
}

/* Which remotes it were: those with the most first. */
static void a_listener_that_drops_says_whose(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = 1;
    s->f.config.syn_cookies = TE_SYN_COOKIES_OFF;
    conn_in_syn_rcvd(s);
    for (uint16_t port = 9000; port < 9003; port++) {
        script_new_peer(s, port);
        struct seg syn = script_syn(s, TE_SYN);
        script_send(s, &syn);
    }
    struct te_explanation facts = said_facts(s, s->listener_id);
    if (s->f.reborn)
        return; /* drops are not saved */
    T_EQUAL(facts.listener.dropped_lately, 3);
    T_EQUAL(facts.listener.dropped_by_count, 1);
    T_EQUAL(facts.listener.dropped_by[0].count, 3);
    struct explain_words words;
    said_words(s, s->listener_id, &words);
    T_CONTAINS(words.reason, "the last one of 10.0.0.2:9002 0 s ago; of the last 3, 10.0.0.2 sent "
                             "3.");
    facts.listener.dropped_by_count = 3;
    facts.listener.dropped_lately = 9;
    facts.listener.dropped_by[1] = facts.listener.dropped_by[2] = facts.listener.dropped_by[0];
    facts.listener.dropped_by[1].addr.bytes[15] = 7;
    facts.listener.dropped_by[1].count = facts.listener.dropped_by[2].count = 2;
    struct explain_subject subject = {.facts = &facts};
    explain_say(&subject, &words);
    T_CONTAINS(words.reason, "of the last 9, 10.0.0.2 sent 3, 10.0.0.7 2 and 10.0.0.2 2.");
}

static void a_syn_queue_that_is_full_without_cookies(void **state)
{
    struct script *s = *state;
    s->f.config.syn_queue_max = 1;
    s->f.config.syn_cookies = TE_SYN_COOKIES_OFF;
    conn_in_syn_rcvd(s);
    script_new_peer(s, 9000);
    struct seg syn = script_syn(s, TE_SYN);
    script_send(s, &syn);
    T_SAYS_OF(s, s->listener_id, TE_SITUATION_LISTENER_SYN_QUEUE_FULL, EXPLAIN_STUCK, TE_TIMER_NONE,
              "The SYN queue is full (1 of 1); SYN cookies are off, so that new peers are turned "
              "away.",
              NULL, NULL);
    if (!s->f.reborn)
        T_EQUAL(said_facts(s, s->listener_id).listener.syn_drops, 1);
}

/* --- established ------------------------------------------------------------------------------ */

static void nothing_to_do(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    script_advance(s, 185 * SECOND);
    T_SAYS(s, TE_SITUATION_IDLE, EXPLAIN_OK, TE_TIMER_NONE,
           "Idle: nothing is to be sent, and nothing has come for 3 min 5 s.",
           "data, from either side", "No timer runs: without an event it stays like this.");
}

static void bytes_that_wait_to_be_read(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, .len = 1);
    T_SAYS(s, TE_SITUATION_IDLE, EXPLAIN_OK, TE_TIMER_DELAYED_ACK,
           "Idle: nothing is to be sent, and nothing has come for 0 s.", NULL,
           "In 40 ms the ACK that the peer is owed leaves.");
    struct explain_words words;
    T_CONTAINS(said_reason(s, &words), "Received and not read yet: 1 byte.");
    T_CONTAINS(words.reason, "In ESTABLISHED for 0 s, since the peer's ACK completed the handshake "
                             "(segment ACK, seq ");
    script_advance(s, DELAYED_ACK);
    script_skip(s);
}

static void keepalive_that_runs(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE_IDLE_US, 60 * SECOND), TE_OK);
    T_ERR(script_user_option(s, TE_OPTION_KEEPALIVE, 1), TE_OK);
    script_advance(s, 10 * SECOND);
    T_SAYS(s, TE_SITUATION_KEEPALIVE, EXPLAIN_OK, TE_TIMER_KEEPALIVE,
           "Idle, with keepalive: the first probe leaves in 50.0 s.", "data, from either side",
           "In 50.0 s a keepalive probe asks whether the peer is still there; if nothing answers, "
           "it gives up in 12 min 5 s.");
    script_advance(s, 50 * SECOND + 3 * 75 * SECOND);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_KEEPALIVE, EXPLAIN_STUCK, TE_TIMER_KEEPALIVE,
           "Idle, with keepalive: 4 probes have no answer, the next one leaves in 1 min 15 s, and "
           "it gives up in 7 min 30 s.",
           NULL, NULL);
    struct te_explanation facts = said_facts(s, s->c.id);
    script_advance(s, facts.gives_up_at_us - s->f.now_us - 1);
    T_STATE(s, TE_ESTABLISHED);
    script_advance(s, 1);
    T_STATE(s, TE_CLOSED);
    script_skip(s);
}

static void sending_freely(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 2000);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_SENDING, EXPLAIN_OK, TE_TIMER_RETRANSMIT,
           "Sending freely: 2,000 bytes are on the way, and nothing holds more back.",
           "the peer's ACK of 2,000 bytes", NULL);
}

/* 200 ms of pause after each round trip. */
static void an_application_that_is_slow(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    for (uint32_t i = 0; i < 5; i++) {
        script_user_send(s, 100);
        script_advance(s, 100 * MS);
        script_skip(s);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101 + i * 100);
        script_advance(s, 200 * MS);
    }
    script_user_send(s, 100);
    script_skip(s);
    struct te_explanation facts = said_facts(s, s->c.id);
    if (s->f.reborn)
        return; /* the times begin anew */
    T_EQUAL(facts.held_us[TE_HOLD_APPLICATION], 500 * MS);
    T_EQUAL(facts.held_us[TE_HOLD_IDLE], 1000 * MS);
    T_SAYS(s, TE_SITUATION_LIMITED_BY_APPLICATION, EXPLAIN_OK, TE_TIMER_RETRANSMIT,
           "Limited by the application: billing-worker (pid 4711) has given nothing more to send.",
           "SEND, by billing-worker (pid 4711)", NULL);
}

static void a_congestion_window_that_is_full(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 20 * MSS);
    script_advance(s, 30 * MS);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_LIMITED_BY_CWND, EXPLAIN_OK, TE_TIMER_RETRANSMIT,
           "Sending as fast as the path allows: the congestion window of 14.2 KiB is full, and "
           "14.2 KiB wait.",
           "the peer's ACKs of 14.2 KiB, each of which makes room", NULL);
    if (!s->f.reborn)
        T_EQUAL(said_facts(s, s->c.id).held_us[TE_HOLD_CWND], 30 * MS);
}

static void a_peer_window_that_is_full(void **state)
{
    struct script *s = *state;
    s->peer_window = 4 * MSS;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 6 * MSS);
    script_advance(s, 50 * MS);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_LIMITED_BY_PEER_WINDOW, EXPLAIN_SLOW, TE_TIMER_RETRANSMIT,
           "Limited by the peer's window of 5,840 bytes, which is full; 2,920 bytes wait.",
           "ACKs and window updates of the peer", NULL);
    if (!s->f.reborn)
        T_EQUAL(said_facts(s, s->c.id).held_us[TE_HOLD_PEER_WINDOW], 50 * MS);
}

static void a_send_buffer_that_is_too_small(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    T_ERR(script_user_option(s, TE_OPTION_SEND_BUFFER_MAX, 4096), TE_OK);
    script_user_send(s, 20000);
    T_ERR(script_user_option(s, TE_OPTION_NAGLE, 0), TE_OK);
    script_pump(s);
    script_skip(s);
    struct te_explanation facts = said_facts(s, s->c.id);
    T_EQUAL(facts.unsent_bytes, 0);
    T_SAYS(s, TE_SITUATION_LIMITED_BY_SEND_BUFFER, EXPLAIN_OK, TE_TIMER_RETRANSMIT,
           "Limited by the send buffer: all of it is in flight, and billing-worker (pid 4711) has "
           "more.",
           "the peer's ACKs, which make room in the buffer", NULL);
}

static void the_pace_of_the_path(void **state)
{
    struct script *s = *state;
    s->f.config.features |= TE_FEATURE_PACING;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 40 * MSS);
    script_skip(s);
    script_advance(s, 100 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1 + 10 * MSS);
    script_skip(s);
    struct explain_words words;
    T_SAYS(s, TE_SITUATION_LIMITED_BY_PACING, EXPLAIN_OK, TE_TIMER_PACING,
           "Sending at its pace: the next segment leaves in 2 ms, and 9.9 KiB wait.",
           "the next segment's moment", "In 2 ms the next segment leaves.");
    T_CONTAINS(said_reason(s, &words), "cubic spreads segments over the round trip of 100 ms so "
                                       "that no queue builds up; pacing has held it for 0 s of ");
}

static void nagle_waits_for_an_ack(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 10);
    script_user_send(s, 20);
    script_advance(s, 40 * MS);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_LIMITED_BY_NAGLE, EXPLAIN_WAITING, TE_TIMER_RETRANSMIT,
           "Nagle's algorithm holds 20 bytes back until 10 bytes in flight are acknowledged.",
           "the peer's ACK, which a peer that delays ACKs sends 40 to 500 ms later", NULL);
    struct explain_words words;
    if (!s->f.reborn)
        T_CONTAINS(said_reason(s, &words), "That has cost 40 ms so far.");
}

static void retransmissions_into_silence(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 100);
    script_advance(s, 13 * SECOND);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_RETRANSMITTING, EXPLAIN_STUCK, TE_TIMER_RETRANSMIT,
           "Retransmitting into silence: nothing heard for 13.0 s, 5th retransmission, next in "
           "5.9 s, gives up in 16 min 20 s.",
           NULL, NULL);
    struct te_explanation facts = said_facts(s, s->c.id);
    script_advance(s, facts.gives_up_at_us - s->f.now_us - 1);
    T_STATE(s, TE_ESTABLISHED);
    script_advance(s, 1);
    T_STATE(s, TE_CLOSED);
    script_skip(s);
}

static void a_user_timeout_ends_it_earlier(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    T_ERR(script_user_option(s, TE_OPTION_USER_TIMEOUT_US, 20 * SECOND), TE_OK);
    script_user_send(s, 100);
    script_advance(s, SECOND);
    script_skip(s);
    T_EQUAL(said_facts(s, s->c.id).gives_up_at_us - s->f.now_us, 19 * SECOND);
}

static void a_window_of_zero(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    script_user_send(s, 3000);
    T_SAYS(s, TE_SITUATION_ZERO_WINDOW, EXPLAIN_WAITING, TE_TIMER_PERSIST,
           "The peer's application does not read: its window is 0, probe 1 in 300 ms.",
           "a window update, which comes when the peer's application reads", NULL);
    script_advance(s, 3 * SECOND);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_ZERO_WINDOW, EXPLAIN_STUCK, TE_TIMER_PERSIST,
           "The peer's application does not read: its window is 0, probe 4 in 1.5 s.", NULL, NULL);
    struct explain_words words;
    T_CONTAINS(said_reason(s, &words),
               "3,000 bytes wait here. The peer was last heard 3.0 s ago, and "
               "has not answered the last 3 probes.");
}

/* Probes that are answered are counted all the same. */
static void a_window_of_zero_with_answers(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    script_user_send(s, 3000);
    for (unsigned i = 0; i < 3; i++) {
        script_advance(s, (300 * MS) << i);
        script_skip(s);
        T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, WIN(0));
    }
    T_SAYS(s, TE_SITUATION_ZERO_WINDOW, EXPLAIN_STUCK, TE_TIMER_PERSIST,
           "The peer's application does not read: its window is 0, probe 4 in 2.4 s.", NULL, NULL);
    struct explain_words words;
    T_CONTAINS(said_reason(s, &words), "3,000 bytes wait here. The peer was last heard 0 s ago.");
}

/* The peer sends until the window is shut; nobody reads. */
static void our_application_does_not_read(void **state)
{
    struct script *s = *state;
    s->f.config.receive_buffer_initial_bytes = s->f.config.receive_buffer_max_bytes = 8192;
    conn_in_established(s);
    for (uint32_t at = 0; at < 8192; at += 1024)
        T_SEND(s, .flags = TE_ACK, .seq = 1 + at, .ack = 1, .len = 1024);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_RECEIVE_WINDOW_SHUT, EXPLAIN_STUCK, TE_TIMER_NONE,
           "Our receive window is shut: billing-worker (pid 4711) has not read 8,192 bytes.",
           "RECEIVE, by billing-worker (pid 4711)", NULL);
    script_user_take(s, NULL);
    script_skip(s);
    T_EQUAL(said_facts(s, s->c.id).situation, TE_SITUATION_IDLE);
}

static void a_hole(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    conn_in_established(s);
    T_SEND(s, .flags = TE_ACK, .seq = 101, .ack = 1, .len = 200);
    T_SEND(s, .flags = TE_ACK, .seq = 401, .ack = 1, .len = 50);
    script_skip(s);
    struct explain_words words;
    char summary[EXPLAIN_TEXT_MAX];
    uint32_t start = PEER_ISS + 1;
    snprintf(summary, sizeof(summary),
             "A hole: 100 bytes are missing (%u to %u), and 250 bytes behind them wait.",
             (unsigned)start, (unsigned)(start + 99));
    T_SAYS(s, TE_SITUATION_HOLE, EXPLAIN_SLOW, TE_TIMER_NONE, summary, NULL, NULL);
    T_CONTAINS(said_reason(s, &words), "There is 1 more hole behind it.");
}

static void a_loss_that_is_repaired(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_SACK;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 8 * MSS);
    script_skip(s);
    script_advance(s, 100 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 1, SACK1(BLOCK(1 + MSS, 1 + 6 * MSS)));
    script_skip(s);
    struct explain_words words;
    T_SAYS(s, TE_SITUATION_RECOVERING, EXPLAIN_SLOW, TE_TIMER_RETRANSMIT,
           "Repairing a loss: of 11.4 KiB in flight the peer has 7,300 bytes beyond a gap, and all "
           "that was lost has been sent again.",
           "the ACK of everything that was in flight when the loss was found",
           "In 250 ms the oldest unacknowledged bytes are sent again.");
    T_CONTAINS(said_reason(s, &words), "The peer's ACKs show that segments are missing there, so "
                                       "cubic has reduced the congestion window to 9.9 KiB.");
}

static void large_packets_that_vanish(void **state)
{
    struct script *s = *state;
    s->f.config.mtu_probing = TE_MTU_PROBING_BLACK_HOLE;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 4 * MSS);
    script_advance(s, 4 * SECOND);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_BLACK_HOLE, EXPLAIN_STUCK, TE_TIMER_RETRANSMIT,
           "Large packets seem to vanish on the way to 10.0.0.2:8080: a path MTU black hole is "
           "suspected after 3 retransmissions.",
           NULL, NULL);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void a_fin_behind_data(void **state)
{
    struct script *s = *state;
    s->peer_window = 1000;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 3000);
    T_ERR(script_user_shutdown(s), TE_OK);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_FIN_QUEUED, EXPLAIN_WAITING, TE_TIMER_RETRANSMIT,
           "Our FIN waits behind 2,000 bytes of data, which wait for the peer's window.", NULL,
           NULL);
}

static void a_fin_without_an_answer(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_1(s);
    T_SAYS(s, TE_SITUATION_FIN_UNANSWERED, EXPLAIN_WAITING, TE_TIMER_RETRANSMIT,
           "Our FIN, sent once in 0 s, is not acknowledged yet.", "the peer's ACK of our FIN",
           NULL);
    script_advance(s, 3500 * MS);
    script_skip(s);
    struct explain_words words;
    said_words(s, s->c.id, &words);
    T_EQUAL(words.verdict, EXPLAIN_STUCK);
    T_CONTAINS(words.then, "the FIN is sent again (");
}

static void half_closed_with_an_owner(void **state)
{
    struct script *s = *state;
    conn_in_fin_wait_2(s);
    script_advance(s, 90 * SECOND);
    T_SAYS(s, TE_SITUATION_FIN_WAIT_2, EXPLAIN_WAITING, TE_TIMER_NONE,
           "Half closed: we have sent our FIN, and the peer may send on, for 1 min 30 s now.",
           "the peer's data and its FIN: its application has to close",
           "No timer runs: without an event it stays like this.");
}

static void closed_and_without_an_owner(void **state)
{
    struct script *s = *state;
    s->closes_fully = true;
    conn_in_fin_wait_2(s);
    script_advance(s, 20 * SECOND);
    T_SAYS(s, TE_SITUATION_FIN_WAIT_2_ORPHAN, EXPLAIN_WAITING, TE_TIMER_FIN_WAIT_2,
           "Closed on our side, and without a program; the peer has not closed for 20.0 s.",
           "the peer's FIN: its application has to close",
           "In 40.0 s the connection is CLOSED, whether the FIN has come or not.");
}

static void whose_turn_it_is(void **state)
{
    struct script *s = *state;
    conn_in_close_wait(s);
    script_advance(s, 12 * SECOND);
    T_SAYS(s, TE_SITUATION_CLOSE_WAIT, EXPLAIN_WAITING, TE_TIMER_NONE,
           "billing-worker (pid 4711) has not called CLOSE for 12.0 s, since the peer closed.",
           "CLOSE, by billing-worker (pid 4711)", NULL);
    script_advance(s, 168 * SECOND);
    T_SAYS(s, TE_SITUATION_CLOSE_WAIT, EXPLAIN_LEAKING, TE_TIMER_NONE,
           "billing-worker (pid 4711) has not called CLOSE for 3 min, since the peer closed.", NULL,
           "No timer runs: without an event it stays like this. TCP never ends this state by "
           "itself.");
    struct explain_words words;
    T_CONTAINS(said_reason(s, &words),
               "In CLOSE_WAIT for 3 min, since the peer's FIN came (segment "
               "FIN,ACK, seq ");
    T_CONTAINS(words.peer, "FIN_WAIT_2");
    T_EQUAL(words.hint_count, 3);
    T_CONTAINS(words.hints[0], "tcpctl close ");
}

/* A program of which nothing is known but its uid. */
static void a_program_without_a_name(void **state)
{
    struct script *s = *state;
    conn_in_close_wait(s);
    struct te_explanation facts = said_facts(s, s->c.id);
    struct explain_subject subject = {.facts = &facts, .owner = {.uid = USER}};
    struct explain_words words;
    explain_say(&subject, &words);
    said_compare(words.summary,
                 "The program of uid 1000 has not called CLOSE for 0 s, since the peer closed.",
                 "summary", T_HERE);
    said_compare(words.waits_for, "CLOSE, by the program of uid 1000", "waits_for", T_HERE);
}

static void both_closed_at_once(void **state)
{
    struct script *s = *state;
    conn_in_closing(s);
    T_SAYS(s, TE_SITUATION_CLOSING, EXPLAIN_WAITING, TE_TIMER_RETRANSMIT,
           "Both sides closed at once; our FIN, sent once, is not acknowledged yet.",
           "the peer's ACK of our FIN", NULL);
}

static void the_last_ack(void **state)
{
    struct script *s = *state;
    conn_in_last_ack(s);
    script_advance(s, 300 * MS);
    script_skip(s);
    T_SAYS(s, TE_SITUATION_LAST_ACK, EXPLAIN_SLOW, TE_TIMER_RETRANSMIT,
           "Both sides have closed; our FIN, sent twice, waits for the last ACK.",
           "the peer's ACK of our FIN", NULL);
}

/* --- after the end ---------------------------------------------------------------------------- */

static void time_wait_and_what_for(void **state)
{
    struct script *s = *state;
    s->options = SPEAKS_TIMESTAMPS;
    conn_in_time_wait(s, TE_FIN_WAIT_2);
    script_advance(s, 20 * SECOND);
    T_SAYS(
        s, TE_SITUATION_TIME_WAIT, EXPLAIN_OK, TE_TIMER_TIME_WAIT,
        "Closed in order, and remembered for another 40.0 s in case our last ACK was lost.", "",
        "In 40.0 s, 2MSL (1 min) after it began, the entry goes. The peer can open this port "
        "pair anew before that, by a SYN with a later timestamp (RFC 6191). From this side, OPEN "
        "takes another port.");
    struct explain_words words;
    T_CONTAINS(said_reason(s, &words),
               "We closed first: the way was FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT. It still protects "
               "against a FIN that comes again");
    T_CONTAINS(words.reason, "The peer's FIN has not come again");
    T_SEND(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 2);
    T_EXPECT_ACK(s, 2, 2);
    T_SAYS(s, TE_SITUATION_TIME_WAIT, EXPLAIN_OK, TE_TIMER_TIME_WAIT,
           "Closed in order, and remembered for another 1 min in case our last ACK was lost.", NULL,
           NULL);
    T_CONTAINS(said_reason(s, &words), "The peer's FIN came again once: ");
}

static void time_wait_without_timestamps_or_a_listener(void **state)
{
    struct script *s = *state;
    s->way = BY_ACTIVE;
    conn_in_time_wait(s, TE_CLOSING);
    struct explain_words words;
    T_CONTAINS(said_reason(s, &words),
               "Both sides closed at once: the way was FIN_WAIT_1, CLOSING, TIME_WAIT.");
    T_CONTAINS(words.then, "Nobody listens there");
    T_ERR(script_user_listen(s, 0), TE_OK);
    said_words(s, s->c.id, &words);
    T_CONTAINS(words.then, "by a SYN whose number lies beyond the old ones (RFC 1122 4.2.2.13)");
}

static void a_reset_that_the_user_has_not_seen(void **state)
{
    struct script *s = *state;
    conn_in_established(s);
    T_SEND(s, .flags = TE_RST, .seq = 1);
    script_advance(s, 5 * SECOND);
    T_SAYS(s, TE_SITUATION_DEAD, EXPLAIN_DEAD, TE_TIMER_REMAINS,
           "Dead for 5.0 s: the peer sent a RST.", "CLOSE, by billing-worker (pid 4711)", NULL);
    T_ERR(script_user_close(s), TE_OK);
    script_advance(s, 5 * SECOND);
    T_SAYS(s, TE_SITUATION_GONE, EXPLAIN_DEAD, TE_TIMER_NONE,
           "Over for 10.0 s: the peer sent a RST.", "", NULL);
    struct explain_words words;
    T_CONTAINS(said_reason(s, &words),
               "It went from ESTABLISHED to CLOSED because the peer sent a RST (segment RST, seq ");
}

static void an_id_that_never_was(void **state)
{
    struct script *s = *state;
    struct te_explanation facts;
    script_start(s);
    T_ERR(te_explain(s->f.stack, 4711, s->f.now_us, &facts), TE_ERR_NO_CONNECTION);
}

/* --- times ------------------------------------------------------------------------------------ */

/* When the sender goes, its times stay with the connection. */
static void the_times_of_a_sender_outlive_it(void **state)
{
    struct script *s = *state;
    conn_in_established_with_rtt(s, 100 * MS);
    script_user_send(s, 100);
    script_skip(s);
    script_advance(s, 150 * MS);
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = 101);
    script_advance(s, 60 * SECOND);
    if (s->f.reborn)
        return; /* the times begin anew */
    T_EQUAL(said_facts(s, s->c.id).held_us[TE_HOLD_APPLICATION], 150 * MS);
    script_user_send(s, 100);
    script_skip(s);
    script_advance(s, 50 * MS);
    T_EQUAL(said_facts(s, s->c.id).held_us[TE_HOLD_APPLICATION], 200 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_syn_without_an_answer),
        SCRIPT_TEST(the_end_comes_when_it_says),
        SCRIPT_TEST(a_syn_answered_by_an_old_connection),
        SCRIPT_TEST(a_neighbour_that_is_silent),
        SCRIPT_TEST(a_syn_ack_without_an_answer),
        SCRIPT_TEST(an_accept_queue_that_is_full),
        SCRIPT_TEST(a_syn_queue_that_is_full),
        SCRIPT_TEST(a_listener_that_drops_says_whose),
        SCRIPT_TEST(a_syn_queue_that_is_full_without_cookies),
        SCRIPT_TEST(nothing_to_do),
        SCRIPT_TEST(bytes_that_wait_to_be_read),
        SCRIPT_TEST(keepalive_that_runs),
        SCRIPT_TEST(sending_freely),
        SCRIPT_TEST(an_application_that_is_slow),
        SCRIPT_TEST(a_congestion_window_that_is_full),
        SCRIPT_TEST(a_peer_window_that_is_full),
        SCRIPT_TEST(a_send_buffer_that_is_too_small),
        SCRIPT_TEST(the_pace_of_the_path),
        SCRIPT_TEST(nagle_waits_for_an_ack),
        SCRIPT_TEST(retransmissions_into_silence),
        SCRIPT_TEST(a_user_timeout_ends_it_earlier),
        SCRIPT_TEST(a_window_of_zero),
        SCRIPT_TEST(a_window_of_zero_with_answers),
        SCRIPT_TEST(our_application_does_not_read),
        SCRIPT_TEST(a_hole),
        SCRIPT_TEST(a_loss_that_is_repaired),
        SCRIPT_TEST(large_packets_that_vanish),
        SCRIPT_TEST(a_fin_behind_data),
        SCRIPT_TEST(a_fin_without_an_answer),
        SCRIPT_TEST(half_closed_with_an_owner),
        SCRIPT_TEST(closed_and_without_an_owner),
        SCRIPT_TEST(whose_turn_it_is),
        SCRIPT_TEST(a_program_without_a_name),
        SCRIPT_TEST(both_closed_at_once),
        SCRIPT_TEST(the_last_ack),
        SCRIPT_TEST(time_wait_and_what_for),
        SCRIPT_TEST(time_wait_without_timestamps_or_a_listener),
        SCRIPT_TEST(a_reset_that_the_user_has_not_seen),
        SCRIPT_TEST(an_id_that_never_was),
        SCRIPT_TEST(the_times_of_a_sender_outlive_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
