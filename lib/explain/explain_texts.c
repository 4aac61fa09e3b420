#include "explain_texts.h"

#include <assert.h>

#define HISTORY "tcpctl history {id}"
#define SHOW "tcpctl show {id}"
#define ABORT "tcpctl abort {id}"
#define CLOSE "tcpctl close {id}"

static const struct explain_text texts[] = {
    [TE_SITUATION_GONE] =
        {.verdict = EXPLAIN_DEAD,
         .summary = "Over for {ended_ago}: {cause}.",
         .reason = "{ended} Only its history is left.",
         .waits_for = "",
         .then =
             "Nothing happens any more; the history is forgotten when newer ones need its place.",
         .peer = "For the peer the connection is over as well, unless it has not heard of the end.",
         .hints = {HISTORY}},
    [TE_SITUATION_DEAD] =
        {.verdict = EXPLAIN_DEAD,
         .summary = "Dead for {ended_ago}: {cause}.",
         .reason = "{ended}{icmp} What is left is kept so that {owner} can ask for the cause.",
         .waits_for = "CLOSE, by {owner}",
         .then = "{timer_then}",
         .peer = "For the peer the connection is over as well, unless it has not heard of the end.",
         .hints = {HISTORY, CLOSE}},
    [TE_SITUATION_NEIGHBOUR_SILENT] =
        {.verdict = EXPLAIN_STUCK,
         .summary = "Nothing can be sent: {next_hop}, the next hop to {remote}, does not answer "
                    "{resolver}.",
         .reason =
             "{entered} The station on our link that the segments have to go to does not tell "
             "its MAC address: it is down, on another network, or the address is wrong.",
         .waits_for = "an answer of {next_hop} to {resolver}",
         .then = "It is asked again; an opening fails when it does not answer, and an established "
                 "connection goes on with its retransmissions.",
         .peer = "Nothing of this reaches the peer.",
         .hints = {"tcpctl status", HISTORY}},
    [TE_SITUATION_SYN_ANSWERED_WRONGLY] =
        {.verdict = EXPLAIN_STUCK,
         .summary = "Our SYN to {remote} is answered by segments that belong to something else.",
         .reason = "{entered} Something came back {drop_ago} ago and was dropped: {dropped}. The "
                   "peer seems to hold an older connection of this port pair, or a device on the "
                   "way answers in its place.",
         .waits_for = "a SYN,ACK that acknowledges our SYN",
         .then = "{again_syn}",
         .peer =
             "The peer has another connection with our port {local_port} in mind; our RST tells "
             "it to forget that one.",
         .hints = {HISTORY, ABORT}},
    [TE_SITUATION_SYN_UNANSWERED] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "No answer from {remote} to our SYN, sent {times_sent} in {in_state}.",
         .reason = "{entered} The peer answers nothing: its host is down, a firewall drops the SYN "
                   "or the answer, or its accept queue is full.{icmp}",
         .waits_for = "the peer's SYN,ACK, or its RST if nothing listens on port {remote_port}",
         .then = "{again_syn}",
         .peer = "If the SYN has arrived, the peer is in SYN_RCVD and its SYN,ACK is lost on the "
                 "way; else it knows nothing of us.",
         .hints = {HISTORY, ABORT}},
    [TE_SITUATION_ACCEPT_QUEUE_FULL] =
        {.verdict = EXPLAIN_STUCK,
         .summary = "The accept queue of {listener} is full: {listener_owner} does not accept.",
         .reason = "{entered} The handshake cannot be completed as long as {accept_count} that the "
                   "queue has room for wait to be accepted.",
         .waits_for = "ACCEPT, by {listener_owner}",
         .then = "{again_syn_ack}",
         .peer = "The peer takes the connection for established and may have sent data already, "
                 "which it has to send again.",
         .hints = {"tcpctl explain {listener_id}", "tcpctl accept {listener_id}"}},
    [TE_SITUATION_SYN_ACK_UNANSWERED] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "Our SYN,ACK, sent {times_sent} in {in_state}, has no answer from {remote}.",
         .reason = "{entered} {handshake}{icmp}",
         .waits_for = "the peer's ACK of our SYN",
         .then = "{again_syn_ack}",
         .peer = "The peer is in {handshake_peer}.",
         .hints = {HISTORY}},
    [TE_SITUATION_BLACK_HOLE] =
        {.verdict = EXPLAIN_STUCK,
         .summary = "Large packets seem to vanish on the way to {remote}: a path MTU black hole is "
                    "suspected after {retries} retransmissions.",
         .reason =
             "{entered} Small packets have arrived, larger ones have no answer, and no router "
             "has said why: one on the way drops them, or its ICMP messages are filtered. "
             "Packets are at most {path_mtu} long now.{icmp}{unread_too}",
         .waits_for = "the ACK of {unacked_numbers}, sent in smaller packets",
         .then = "{again_data}",
         .peer = "The peer waits for data, and has no sign that any was sent.",
         .hints = {SHOW, HISTORY, "tcpctl stats"}},
    [TE_SITUATION_RETRANSMITTING] =
        {.verdict = EXPLAIN_SLOW,
         .summary = "Retransmitting {silence}, {nth} "
                    "retransmission, next in {next}, {gives_up}.",
         .reason =
             "{entered} {unacked} ({unacked_range}) {unacked_be} not acknowledged{fin_behind}: "
             "{silence_why}.{icmp}{unread_too}",
         .waits_for = "the peer's ACK of {unacked_numbers}",
         .then = "{again_data}",
         .peer = "If the peer is up it waits for data that does not arrive, or its ACKs are lost.",
         .hints = {SHOW, HISTORY, ABORT}},
    [TE_SITUATION_ZERO_WINDOW] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "The peer's application does not read: its window is 0, probe {probe} in "
                    "{next}.",
         .reason = "{entered} The peer's receive buffer is full, so that {waiting} here"
                   "{fin_behind}. The peer was last heard {heard_for} ago{probes_unanswered}."
                   "{unread_too}",
         .waits_for = "a window update, which comes when the peer's application reads",
         .then = "In {next} one byte probes the window, and so on at growing intervals for as long "
                 "as the peer answers; without an answer it {gives_up}.",
         .peer = "The peer answers probes if it is up, but its application has not taken what it "
                 "received.",
         .hints = {SHOW, HISTORY, ABORT}},
    [TE_SITUATION_RECOVERING] =
        {.verdict = EXPLAIN_SLOW,
         .summary = "Repairing a loss: of {unacked} in flight {repair}.",
         .reason = "{entered} The peer's ACKs show that segments are missing there, so {algorithm} "
                   "has reduced the congestion window to {cwnd}.{unread_too}",
         .waits_for = "the ACK of everything that was in flight when the loss was found",
         .then = "{timer_then}",
         .peer = "The peer has received data beyond a hole and keeps it until the hole is filled.",
         .hints = {SHOW, "tcpctl stats"}},
    [TE_SITUATION_FIN_QUEUED] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "Our FIN waits behind {unsent} of data, {why_held}.",
         .reason = "{entered} The connection is closed on our side, and what was queued before is "
                   "still sent; {unacked} {unacked_be} in flight.",
         .waits_for = "ACKs of the peer, which let the rest and then the FIN leave",
         .then = "{timer_then}",
         .peer = "The peer does not know yet that we have closed.",
         .hints = {SHOW, HISTORY, ABORT}},
    [TE_SITUATION_FIN_UNANSWERED] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "Our FIN, sent {times_sent} in {in_state}, is not acknowledged yet.",
         .reason = "{entered} The FIN or its ACK is on the way or lost; nothing was heard for "
                   "{heard_for}.{icmp}",
         .waits_for = "the peer's ACK of our FIN",
         .then = "{again_fin}",
         .peer = "If the FIN has arrived, the peer is in CLOSE_WAIT and its ACK is lost; else it "
                 "takes the connection for established.",
         .hints = {HISTORY, ABORT}},
    [TE_SITUATION_CLOSING] =
        {.verdict = EXPLAIN_WAITING,
         .summary =
             "Both sides closed at once; our FIN, sent {times_sent}, is not acknowledged yet.",
         .reason =
             "{entered} Two FINs have crossed: the peer's is here and acknowledged, while the "
             "ACK of ours is missing.",
         .waits_for = "the peer's ACK of our FIN",
         .then = "{again_fin} With the ACK it goes on to TIME_WAIT.",
         .peer = "The peer is in CLOSING as well if our ACK is lost, and else in TIME_WAIT.",
         .hints = {HISTORY}},
    [TE_SITUATION_LAST_ACK] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "Both sides have closed; our FIN, sent {times_sent}, waits for the last ACK.",
         .reason =
             "{entered} The peer closed first, we closed after it, and only its ACK of our FIN "
             "is missing.",
         .waits_for = "the peer's ACK of our FIN",
         .then = "{again_fin} With the ACK the connection is CLOSED at once.",
         .peer =
             "The peer is in TIME_WAIT if our FIN has arrived, and in FIN_WAIT_2 if it has not.",
         .hints = {HISTORY}},
    [TE_SITUATION_NOT_ACCEPTED] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "{established}, but {listener_owner} has not accepted it for {in_queue}.",
         .reason =
             "{entered} It is in the accept queue of {listener}, which has room for {backlog} "
             "and holds {accept_count}.{unread_too}",
         .waits_for = "ACCEPT, by {listener_owner}",
         .then = "{timer_then}",
         .peer = "{established_peer}",
         .hints = {"tcpctl accept {listener_id}", "tcpctl explain {listener_id}"}},
    [TE_SITUATION_RECEIVE_WINDOW_SHUT] =
        {.verdict = EXPLAIN_STUCK,
         .summary = "Our receive window is shut: {owner} has not read {unread}.",
         .reason = "{entered} The receive buffer is full, so that the peer may not send.",
         .waits_for = "RECEIVE, by {owner}",
         .then = "{timer_then}",
         .peer = "The peer sees a window of 0 and probes it; its data waits there.",
         .hints = {"tcpctl receive {id}", SHOW, ABORT}},
    [TE_SITUATION_HOLE] =
        {.verdict = EXPLAIN_SLOW,
         .summary = "A hole: {hole_size} {hole_be} missing ({hole_range}), and {beyond_wait}.",
         .reason = "{entered} Segments of the peer were lost or overtaken.{holes_more} What lies "
                   "beyond cannot be read before the hole is filled.{unread_too}",
         .waits_for = "{hole_numbers}, sent again by the peer",
         .then = "{timer_then}",
         .peer = "The peer learns of the hole from our ACKs, and should send it again at once, or "
                 "after its retransmission timeout.",
         .hints = {SHOW, HISTORY}},
    [TE_SITUATION_FIN_WAIT_2_ORPHAN] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "Closed on our side, and without a program; the peer has not closed for "
                    "{in_state}.",
         .reason = "{entered} {owner_first} has called CLOSE, and only the peer's FIN is missing.",
         .waits_for = "the peer's FIN: its application has to close",
         .then = "In {next} the connection is CLOSED, whether the FIN has come or not.",
         .peer = "The peer is in CLOSE_WAIT: it knows that we have closed, and its application has "
                 "not called CLOSE.",
         .hints = {HISTORY, ABORT}},
    [TE_SITUATION_FIN_WAIT_2] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "Half closed: we have sent our FIN, and the peer may send on, for {in_state} "
                    "now.",
         .reason = "{entered} {owner_first} has closed its sending side only and still reads."
                   "{unread_too}",
         .waits_for = "the peer's data and its FIN: its application has to close",
         .then = "{timer_then}",
         .peer = "The peer is in CLOSE_WAIT and may take as long as it likes.",
         .hints = {HISTORY, CLOSE}},
    [TE_SITUATION_LIMITED_BY_CWND] =
        {.verdict = EXPLAIN_OK,
         .summary = "Sending as fast as the path allows: the congestion window of {cwnd} is full, "
                    "and {unsent_wait}.",
         .reason = "{entered} {algorithm} has found that the path takes {cwnd} per round trip of "
                   "{srtt}; cwnd has held it for {held} of {busy} in which it was busy."
                   "{unread_too}",
         .waits_for = "the peer's ACKs of {unacked}, each of which makes room",
         .then = "{timer_then}",
         .peer = "The peer receives; its window of {peer_window} has room for more.",
         .hints = {SHOW}},
    [TE_SITUATION_LIMITED_BY_PEER_WINDOW] =
        {.verdict = EXPLAIN_SLOW,
         .summary = "Limited by the peer's window of {peer_window}, {window_full}; {unsent_wait}.",
         .reason = "{entered} The congestion window would allow {cwnd}, but the peer offers only "
                   "{peer_window}: its application reads slowly, or its buffer is small. That has "
                   "held us for {held} of {busy} in which we were busy.{unread_too}",
         .waits_for = "ACKs and window updates of the peer",
         .then = "{timer_then}",
         .peer = "The peer has as much as it has room for, and its application has to read.",
         .hints = {SHOW}},
    [TE_SITUATION_LIMITED_BY_PACING] =
        {.verdict = EXPLAIN_OK,
         .summary = "Sending at its pace: the next segment leaves in {next}, and {unsent_wait}.",
         .reason =
             "{entered} {algorithm} spreads segments over the round trip of {srtt} so that no "
             "queue builds up; pacing has held it for {held} of {busy} in which it was busy."
             "{unread_too}",
         .waits_for = "the next segment's moment",
         .then = "{timer_then}",
         .peer = "The peer receives, and knows nothing of the pace.",
         .hints = {SHOW}},
    [TE_SITUATION_LIMITED_BY_NAGLE] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "Nagle's algorithm holds {unsent} back until {unacked} in flight {unacked_be} "
                    "acknowledged.",
         .reason =
             "{entered} A small segment is still on its way, and the rest is too little for a "
             "whole one: it waits for the ACK, so that the network does not fill with small "
             "segments (RFC 9293 3.7.4). That has cost {held} so far.{unread_too}",
         .waits_for = "the peer's ACK, which a peer that delays ACKs sends 40 to 500 ms later",
         .then = "{timer_then}",
         .peer = "The peer has received the small segment, and waits with its ACK for an answer or "
                 "a timer.",
         .hints = {"tcpctl set {id} nagle off", SHOW}},
    [TE_SITUATION_CLOSE_WAIT] =
        {.verdict = EXPLAIN_WAITING,
         .summary = "{owner_first} has not called CLOSE for {in_state}, since the peer closed.",
         .reason = "{entered} The peer will send nothing more. It is our turn: {owner} can still "
                   "send, and has to call CLOSE.{unread_too}",
         .waits_for = "CLOSE, by {owner}",
         .then = "{timer_then} TCP never ends this state by itself.",
         .peer = "The peer is in FIN_WAIT_2 and waits for our FIN; its system may have given up by "
                 "now, and then answers by a RST.",
         .hints = {CLOSE, HISTORY, "tcpctl ls state close-wait"}},
    [TE_SITUATION_LIMITED_BY_SEND_BUFFER] =
        {.verdict = EXPLAIN_OK,
         .summary = "Limited by the send buffer: all of it is in flight, and {owner} has more.",
         .reason =
             "{entered} The last SEND found no room for all it had, and {unacked} {unacked_be} "
             "in flight; the send buffer has held it for {held} of {busy} in which it was "
             "busy.{unread_too}",
         .waits_for = "the peer's ACKs, which make room in the buffer",
         .then = "{timer_then}",
         .peer = "The peer receives; its window of {peer_window} has room for more.",
         .hints = {SHOW}},
    [TE_SITUATION_LIMITED_BY_APPLICATION] =
        {.verdict = EXPLAIN_OK,
         .summary = "Limited by the application: {owner} has given nothing more to send.",
         .reason =
             "{entered} All that was given is sent, {unacked} of it {unacked_be} on the way, and "
             "the congestion window of {cwnd} and the peer's of {peer_window} have room for "
             "more.{unread_too}",
         .waits_for = "SEND, by {owner}",
         .then = "{timer_then}",
         .peer = "The peer receives what comes.",
         .hints = {SHOW}},
    [TE_SITUATION_SENDING] =
        {.verdict = EXPLAIN_OK,
         .summary =
             "Sending freely: {unacked} {unacked_be} on the way, and nothing holds more back.",
         .reason = "{entered} All that was given to us is sent; the peer's ACKs take about {srtt}."
                   "{unread_too}",
         .waits_for = "the peer's ACK of {unacked}",
         .then = "{timer_then}",
         .peer = "The peer receives what comes.",
         .hints = {SHOW}},
    [TE_SITUATION_KEEPALIVE] =
        {.verdict = EXPLAIN_OK,
         .summary = "Idle, with keepalive: {keepalive}.",
         .reason = "{entered} Nothing is to be sent, and the peer was last heard {heard_for} ago."
                   "{unread_too}",
         .waits_for = "data, from either side",
         .then = "In {next} a keepalive probe asks whether the peer is still there; if nothing "
                 "answers, it {gives_up}.",
         .peer = "The peer may be idle as well; it answers a probe by an ACK if it is up.",
         .hints = {SHOW, HISTORY}},
    [TE_SITUATION_IDLE] =
        {.verdict = EXPLAIN_OK,
         .summary = "Idle: nothing is to be sent, and nothing has come for {heard_for}.",
         .reason = "{entered} All that was sent is acknowledged.{unread_too}",
         .waits_for = "data, from either side",
         .then = "{timer_then}",
         .peer = "The peer may be idle as well, or gone: without keepalive nobody would notice.",
         .hints = {SHOW, "tcpctl set {id} keepalive on"}},
    [TE_SITUATION_TIME_WAIT] =
        {.verdict = EXPLAIN_OK,
         .summary =
             "Closed in order, and remembered for another {ends_in} in case our last ACK was "
             "lost.",
         .reason =
             "{who_closed}: the way was {path}. It still protects against a FIN that comes "
             "again, which it answers, and old duplicates, which a new connection of the same "
             "port pair could mistake for its own. {fins_again}",
         .waits_for = "",
         .then = "In {ends_in}, 2MSL ({two_msl}) after it began, the entry goes. {reopen}",
         .peer = "The peer is {time_wait_peer} and sends its FIN again.",
         .hints = {"tcpctl tw", HISTORY}},
    [TE_SITUATION_LISTENER_ACCEPT_QUEUE_FULL] =
        {.verdict = EXPLAIN_STUCK,
         .summary = "The accept queue is full: {listener_owner} does not accept the "
                    "{accept_count_that_wait}.",
         .reason = "{entered} The queue has room for {backlog}. {listener_drops}.",
         .waits_for = "ACCEPT, by {listener_owner}",
         .then = "No timer runs: new handshakes are held back until a place is free.",
         .peer = "Peers that connect now get no answer to their SYN, and send it again.",
         .hints = {"tcpctl accept {id}", "tcpctl ls state syn-recv",
                   "tcpctl history --drops {id}"}},
    [TE_SITUATION_LISTENER_SYN_QUEUE_FULL] =
        {.verdict = EXPLAIN_SLOW,
         .summary = "The SYN queue is full ({syn_count} of {syn_max}); {cookies}.",
         .reason = "{entered} That many handshakes are half open: a flood of SYNs, or peers whose "
                   "ACKs are lost. {listener_drops}.",
         .waits_for = "ACKs of the half-open handshakes",
         .then = "Each half-open connection goes when its SYN,ACK was sent often enough.",
         .peer = "{cookies_peer}",
         .hints = {"tcpctl stats", "tcpctl history --drops {id}"}},
    [TE_SITUATION_LISTENING] =
        {.verdict = EXPLAIN_OK,
         .summary =
             "Listening: {accept_count} of at most {backlog} to be accepted, {syn_count} half "
             "open.",
         .reason = "{entered} {listener_drops}.",
         .waits_for = "a SYN of a peer, and ACCEPT by {listener_owner}",
         .then = "No timer runs: it listens until it is closed.",
         .peer = "Peers that connect are answered at once.",
         .hints = {"tcpctl accept {id}", "tcpctl history {id}"}},
};

static_assert(sizeof(texts) / sizeof(*texts) == TE_SITUATION_COUNT, "a row per situation");

const struct explain_text *explain_text_of(enum te_situation situation)
{
    assert(situation < TE_SITUATION_COUNT);
    return &texts[situation];
}

const char *explain_cause(enum te_cause cause)
{
    static const char *const causes[TE_CAUSE_COUNT] = {
        [TE_CAUSE_NONE] = "nobody knows why",
        [TE_CAUSE_ACTIVE_OPEN] = "the program called OPEN",
        [TE_CAUSE_PASSIVE_OPEN] = "the program called a passive OPEN",
        [TE_CAUSE_SEND] = "the program called SEND",
        [TE_CAUSE_CLOSE] = "the program called CLOSE",
        [TE_CAUSE_SHUTDOWN] = "the program closed its sending side",
        [TE_CAUSE_ABORT] = "the program called ABORT",
        [TE_CAUSE_RECV_SYN] = "the peer's SYN came",
        [TE_CAUSE_RECV_SYN_ACK] = "the peer's SYN,ACK answered our SYN",
        [TE_CAUSE_RECV_ACK_OF_SYN] = "the peer's ACK completed the handshake",
        [TE_CAUSE_RECV_FIN] = "the peer's FIN came",
        [TE_CAUSE_RECV_ACK_OF_FIN] = "the peer's ACK of our FIN came",
        [TE_CAUSE_RECV_FIN_ACK_OF_FIN] = "the peer's FIN came with its ACK of ours",
        [TE_CAUSE_RECV_RST] = "the peer sent a RST",
        [TE_CAUSE_RECV_DATA_AFTER_CLOSE] = "data came after CLOSE, and was answered by a RST",
        [TE_CAUSE_TIMEOUT_2MSL] = "2MSL were over",
        [TE_CAUSE_TIMEOUT_RETRANSMIT] = "the last of all retransmissions had no answer",
        [TE_CAUSE_TIMEOUT_USER] = "the user timeout was over",
        [TE_CAUSE_TIMEOUT_KEEPALIVE] = "no keepalive probe was answered",
        [TE_CAUSE_TIMEOUT_FIN_WAIT_2] = "the peer's FIN did not come in time",
        [TE_CAUSE_TIMEOUT_ORPHAN] = "it had no program, and did not finish in time",
        [TE_CAUSE_ICMP] = "an ICMP error refused the opening",
        [TE_CAUSE_NEIGHBOUR] = "the next hop did not answer ARP or Neighbour Discovery",
        [TE_CAUSE_NEW_SYN] = "a new SYN of the peer opened the port pair anew",
        [TE_CAUSE_LIMIT] = "a table was full, or memory was short",
        [TE_CAUSE_LISTENER_CLOSED] = "its listener was closed before it was accepted",
        [TE_CAUSE_RECV_SYN_COOKIE] = "an ACK brought a good SYN cookie",
        [TE_CAUSE_MEMORY] = "memory was short, and others had more use for it",
    };
    return cause < TE_CAUSE_COUNT ? causes[cause] : "?";
}
