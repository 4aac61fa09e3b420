#include "explain_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/units.h>

#include "explain_format.h"
#include "explain_texts.h"
#include "explain_verdict.h"

/* By then a peer whose FIN had no answer has sent it again, unless its path is very slow. */
#define FIN_AGAIN_USUALLY_US (3 * TE_SECOND)

/* One fact: writes it to out. */
struct out {
    char *text;
    size_t size, len;
};

static void put(struct out *out, const char *text)
{
    size_t len = strlen(text);
    if (len >= out->size - out->len)
        len = out->size - out->len - 1;
    memcpy(out->text + out->len, text, len);
    out->len += len;
    out->text[out->len] = '\0';
}

static void put_number(struct out *out, uint64_t number)
{
    char text[EXPLAIN_NUMBER_MAX];
    snprintf(text, sizeof(text), "%" PRIu64, number);
    put(out, text);
}

static void put_duration(struct out *out, int64_t us)
{
    char text[EXPLAIN_NUMBER_MAX];
    put(out, explain_duration(us, text));
}

static void put_bytes(struct out *out, uint64_t bytes)
{
    char text[EXPLAIN_NUMBER_MAX];
    put(out, explain_bytes(bytes, text));
}

static void put_endpoint(struct out *out, const struct te_endpoint *endpoint)
{
    char text[TE_ADDR_TEXT_MAX];
    te_endpoint_format(endpoint, text);
    put(out, text);
}

static void put_since(struct out *out, const struct te_explanation *facts, int64_t moment_us)
{
    put_duration(out, moment_us == TE_NEVER ? 0 : facts->now_us - moment_us);
}

static void put_until(struct out *out, const struct te_explanation *facts, int64_t moment_us)
{
    put_duration(out, moment_us == TE_NEVER ? 0 : moment_us - facts->now_us);
}

/* "17", "17 to 20" */
static void put_range(struct out *out, const struct te_seq_span *span)
{
    put_number(out, span->start);
    if (span->end - span->start < 2)
        return;
    put(out, " to ");
    put_number(out, span->end - 1);
}

static void put_range_size(struct out *out, const struct te_seq_span *span)
{
    put_bytes(out, span->end - span->start);
}

/* --- who -------------------------------------------------------------------------------------- */

static void put_owner(struct out *out, const struct explain_owner *owner, const char *fallback)
{
    if (owner->program != NULL && *owner->program) {
        put(out, owner->program);
        if (owner->pid != 0) {
            put(out, " (pid ");
            put_number(out, owner->pid);
            put(out, owner->is_gone ? ", gone)" : ")");
        }
        return;
    }
    put(out, fallback);
    put_number(out, owner->uid);
}

static void owner(struct out *out, const struct explain_subject *subject)
{
    put_owner(out, &subject->owner, "the program of uid ");
}

static void owner_first(struct out *out, const struct explain_subject *subject)
{
    put_owner(out, &subject->owner, "The program of uid ");
}

static void listener_owner(struct out *out, const struct explain_subject *subject)
{
    put_owner(out, &subject->listener_owner, "the program of uid ");
}

static void id(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->status.id);
}

static void remote(struct out *out, const struct explain_subject *subject)
{
    put_endpoint(out, &subject->facts->status.remote);
}

static void local_port(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->status.local.port);
}

static void remote_port(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->status.remote.port);
}

static void next_hop(struct out *out, const struct explain_subject *subject)
{
    char text[TE_ADDR_TEXT_MAX];
    te_addr_format(&subject->facts->next_hop, text);
    put(out, text);
}

static void resolver(struct out *out, const struct explain_subject *subject)
{
    put(out, te_addr_is_v4(&subject->facts->next_hop) ? "ARP" : "Neighbour Discovery");
}

static void listener_id(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->listener.id);
}

static void listener(struct out *out, const struct explain_subject *subject)
{
    put(out, "listener ");
    put_number(out, subject->facts->listener.id);
    put(out, " (");
    put_endpoint(out, &subject->facts->listener.local);
    put(out, ")");
}

/* --- how it came here ------------------------------------------------------------------------- */

static const struct te_transition *last_transition(const struct te_explanation *facts)
{
    unsigned count = facts->history.count;
    return count > 0 ? &facts->history.transitions[count - 1] : NULL;
}

static void in_state(struct out *out, const struct explain_subject *subject)
{
    put_since(out, subject->facts, subject->facts->status.state_since_us);
}

static void put_segment(struct out *out, const struct te_segment_info *segment)
{
    char flags[40];
    te_tcp_flags_format(segment->flags, flags);
    put(out, " (segment ");
    put(out, *flags ? flags : "without flags");
    put(out, ", seq ");
    put_number(out, segment->seq);
    if (segment->flags & TE_ACK) {
        put(out, ", ack ");
        put_number(out, segment->ack);
    }
    put(out, ")");
}

/* "In ESTABLISHED for 12.4 s, since the peer's SYN,ACK came (segment ...)." */
static void entered(struct out *out, const struct explain_subject *subject)
{
    const struct te_transition *last = last_transition(subject->facts);
    put(out, "In ");
    put(out, te_state_name(subject->facts->status.state));
    put(out, " for ");
    in_state(out, subject);
    if (last != NULL && last->to == subject->facts->status.state) {
        put(out, ", since ");
        put(out, explain_cause(last->cause));
        if (last->has_segment)
            put_segment(out, &last->segment);
    }
    put(out, ".");
}

/* The same for what has ended. */
static void ended(struct out *out, const struct explain_subject *subject)
{
    const struct te_transition *last = last_transition(subject->facts);
    if (last == NULL) {
        put(out, "How it ended is no longer known.");
        return;
    }
    put(out, "It went from ");
    put(out, te_state_name(last->from));
    put(out, " to ");
    put(out, te_state_name(last->to));
    put(out, " because ");
    put(out, explain_cause(last->cause));
    if (last->has_segment)
        put_segment(out, &last->segment);
    put(out, ".");
}

static void ended_ago(struct out *out, const struct explain_subject *subject)
{
    const struct te_transition *last = last_transition(subject->facts);
    put_since(out, subject->facts, last != NULL ? last->time_us : TE_NEVER);
}

static void cause(struct out *out, const struct explain_subject *subject)
{
    const struct te_transition *last = last_transition(subject->facts);
    put(out, last != NULL ? explain_cause(last->cause) : "its history is forgotten");
}

/* "FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT" */
static void path(struct out *out, const struct explain_subject *subject)
{
    const struct te_explanation *facts = subject->facts;
    bool has_begun = false;
    for (unsigned i = 0; i < facts->history.count; i++) {
        enum te_state to = facts->history.transitions[i].to;
        if (to < TE_FIN_WAIT_1)
            continue;
        put(out, has_begun ? ", " : "");
        put(out, te_state_name(to));
        has_begun = true;
    }
    if (has_begun)
        return;
    put(out, te_state_name(facts->status.time_wait_from));
    put(out, ", TIME_WAIT");
}

/* --- again and again -------------------------------------------------------------------------- */

static void heard_for(struct out *out, const struct explain_subject *subject)
{
    const struct te_explanation *facts = subject->facts;
    put_since(out, facts,
              facts->last_heard_at_us != TE_NEVER ? facts->last_heard_at_us
                                                  : facts->status.opened_at_us);
}

/* Something came since the first of the unanswered transmissions. Each timeout is twice as long as
 * the one before it, and the first begins with the last ACK that told something new. */
static bool was_heard_since(const struct te_explanation *facts)
{
    unsigned shift = facts->retries < 31 ? facts->retries : 31;
    int64_t rto_us = (int64_t)facts->status.rto_us, first_rto_us = rto_us >> shift;
    int64_t first_sent_at_us = facts->last_sent_at_us - rto_us + first_rto_us;
    return facts->last_heard_at_us != TE_NEVER &&
           facts->last_heard_at_us > first_sent_at_us + first_rto_us / 2;
}

static void silence(struct out *out, const struct explain_subject *subject)
{
    bool is_heard = was_heard_since(subject->facts);
    put(out, is_heard ? "although the peer was heard " : "into silence: nothing heard for ");
    heard_for(out, subject);
    if (is_heard)
        put(out, " ago: it does not acknowledge what we send");
}

static void silence_why(struct out *out, const struct explain_subject *subject)
{
    put(out, was_heard_since(subject->facts)
                 ? "its segments reach us, and ours do not reach it, so that the path to it is "
                   "broken in this direction or lets only some of them through"
                 : "the peer is down, or the path to it or back is broken");
}

static void times_sent(struct out *out, const struct explain_subject *subject)
{
    char text[EXPLAIN_NUMBER_MAX];
    put(out, explain_times(subject->facts->retries + 1u, text));
}

static void nth(struct out *out, const struct explain_subject *subject)
{
    char text[EXPLAIN_NUMBER_MAX];
    put(out, explain_ordinal(subject->facts->retries, text));
}

static void nth_next(struct out *out, const struct explain_subject *subject)
{
    char text[EXPLAIN_NUMBER_MAX];
    put(out, explain_ordinal(subject->facts->retries + 1u, text));
}

static void retries(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->retries);
}

static void retries_max(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->retries_max);
}

static void next(struct out *out, const struct explain_subject *subject)
{
    put_until(out, subject->facts, subject->facts->timer_at_us);
}

/* "4" of "probe 4 in 12 s" */
static void probe(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->probes_sent + 1u);
}

/* ", and has not answered the last 3 probes" */
static void probes_unanswered(struct out *out, const struct explain_subject *subject)
{
    if (subject->facts->retries < 2)
        return;
    put(out, ", and has not answered the last ");
    put_number(out, subject->facts->retries);
    put(out, " probes");
}

static void keepalive(struct out *out, const struct explain_subject *subject)
{
    const struct te_explanation *facts = subject->facts;
    if (facts->retries == 0) {
        put(out, "the first probe leaves in ");
        next(out, subject);
        return;
    }
    put_number(out, facts->retries);
    put(out, facts->retries == 1 ? " probe has no answer" : " probes have no answer");
    put(out, ", the next one leaves in ");
    next(out, subject);
    put(out, ", ");
    put(out, "and it gives up in ");
    put_until(out, facts, facts->gives_up_at_us);
}

static void gives_up(struct out *out, const struct explain_subject *subject)
{
    if (subject->facts->gives_up_at_us == TE_NEVER) {
        put(out, "never gives up");
        return;
    }
    put(out, "gives up in ");
    put_until(out, subject->facts, subject->facts->gives_up_at_us);
}

/* "In 6.4 s the FIN is sent again (6th of 15 retransmissions); ...". */
static void put_again(struct out *out, const struct explain_subject *subject, const char *what)
{
    const struct te_explanation *facts = subject->facts;
    if (facts->timer == TE_TIMER_NONE) {
        put(out, "No timer runs for it.");
        return;
    }
    put(out, "In ");
    next(out, subject);
    bool is_last = facts->timer == TE_TIMER_RETRANSMIT && facts->retries >= facts->retries_max;
    if (is_last || facts->timer == TE_TIMER_ORPHAN) {
        put(out, " it is given up, and the connection is CLOSED.");
        return;
    }
    put(out, " ");
    put(out, what);
    put(out, " is sent again (");
    nth_next(out, subject);
    put(out, " of ");
    retries_max(out, subject);
    put(out, " retransmissions)");
    if (facts->gives_up_at_us != TE_NEVER) {
        put(out, "; without an answer the connection is given up in ");
        put_until(out, facts, facts->gives_up_at_us);
    }
    put(out, ".");
}

static void again_syn(struct out *out, const struct explain_subject *subject)
{
    put_again(out, subject, "the SYN");
}

static void again_syn_ack(struct out *out, const struct explain_subject *subject)
{
    put_again(out, subject, "the SYN,ACK");
}

static void again_data(struct out *out, const struct explain_subject *subject)
{
    put_again(out, subject, "the oldest of it");
}

static void again_fin(struct out *out, const struct explain_subject *subject)
{
    put_again(out, subject, "the FIN");
}

/* What the next timer does, where the situation has none of its own. */
static void timer_then(struct out *out, const struct explain_subject *subject)
{
    static const char *const texts[] = {
        [TE_TIMER_LOSS_PROBE] = "a tail loss probe asks the peer what it has",
        [TE_TIMER_REORDER] = "what is late counts as lost, and is sent again",
        [TE_TIMER_PACING] = "the next segment leaves",
        [TE_TIMER_RETRANSMIT] = "the oldest unacknowledged bytes are sent again",
        [TE_TIMER_PERSIST] = "the peer's window is probed",
        [TE_TIMER_DELAYED_ACK] = "the ACK that the peer is owed leaves",
        [TE_TIMER_KEEPALIVE] = "a keepalive probe asks whether the peer is still there",
        [TE_TIMER_FIN_WAIT_2] = "the connection is CLOSED, whether the peer's FIN has come or not",
        [TE_TIMER_TIME_WAIT] = "the entry goes",
        [TE_TIMER_ORPHAN] = "the connection is reset, as it has no program any more",
        [TE_TIMER_USER_TIMEOUT] = "the user timeout resets the connection",
        [TE_TIMER_REMAINS] = "what is kept of it is freed",
    };
    const struct te_explanation *facts = subject->facts;
    if (facts->timer == TE_TIMER_NONE || texts[facts->timer] == NULL) {
        put(out, "No timer runs: without an event it stays like this.");
        return;
    }
    put(out, "In ");
    next(out, subject);
    put(out, " ");
    put(out, texts[facts->timer]);
    put(out, ".");
}

/* " A router reported: ..." */
static void icmp(struct out *out, const struct explain_subject *subject)
{
    enum te_err err = subject->facts->status.soft_error;
    if (err == TE_OK)
        return;
    put(out, " The last ICMP error about it said: ");
    put(out, te_err_text(err));
    put(out, ".");
}

/* --- sending ---------------------------------------------------------------------------------- */

static void unsent(struct out *out, const struct explain_subject *subject)
{
    put_bytes(out, subject->facts->unsent_bytes);
}

static void unacked(struct out *out, const struct explain_subject *subject)
{
    put_range_size(out, &subject->facts->unacked);
}

static void put_sequence_numbers(struct out *out, const struct te_seq_span *span)
{
    put(out, span->end - span->start == 1 ? "sequence number " : "sequence numbers ");
    put_range(out, span);
}

static void put_be(struct out *out, uint64_t count)
{
    put(out, count == 1 ? "is" : "are");
}

static void put_wait(struct out *out, uint64_t bytes)
{
    put_bytes(out, bytes);
    put(out, bytes == 1 ? " waits" : " wait");
}

static void unacked_range(struct out *out, const struct explain_subject *subject)
{
    put_range(out, &subject->facts->unacked);
}

static void unacked_numbers(struct out *out, const struct explain_subject *subject)
{
    put_sequence_numbers(out, &subject->facts->unacked);
}

static void unacked_be(struct out *out, const struct explain_subject *subject)
{
    put_be(out, subject->facts->unacked.end - subject->facts->unacked.start);
}

static void unsent_wait(struct out *out, const struct explain_subject *subject)
{
    put_wait(out, subject->facts->unsent_bytes);
}

/* What was sent into the window when it was open waits as well. */
static void waiting(struct out *out, const struct explain_subject *subject)
{
    put_wait(out, subject->facts->status.send_queue_bytes);
}

static void cwnd(struct out *out, const struct explain_subject *subject)
{
    put_bytes(out, subject->facts->status.cwnd_bytes);
}

static void peer_window(struct out *out, const struct explain_subject *subject)
{
    put_bytes(out, subject->facts->status.snd_wnd);
}

static void srtt(struct out *out, const struct explain_subject *subject)
{
    put_duration(out, subject->facts->status.srtt_us);
}

static void algorithm(struct out *out, const struct explain_subject *subject)
{
    put(out, subject->facts->status.congestion_control);
}

/* "... the peer has 7,300 bytes beyond a gap, and what was lost is sent again" */
static void repair(struct out *out, const struct explain_subject *subject)
{
    const struct te_status *status = &subject->facts->status;
    if (status->sacked_bytes > 0) {
        put(out, "the peer has ");
        put_bytes(out, status->sacked_bytes);
        put(out, " beyond a gap, and ");
    } else {
        put(out, "a part is lost, and ");
    }
    if (status->lost_bytes == 0) {
        put(out, "all that was lost has been sent again");
        return;
    }
    put_bytes(out, status->lost_bytes);
    put(out, " of what was lost ");
    put_be(out, status->lost_bytes);
    put(out, " still to be sent again");
}

static void window_full(struct out *out, const struct explain_subject *subject)
{
    const struct te_seq_span *unacked = &subject->facts->unacked;
    put(out,
        unacked->start != unacked->end ? "which is full" : "which has no room for a whole segment");
}

static void held(struct out *out, const struct explain_subject *subject)
{
    put_duration(out, subject->facts->held_us[subject->facts->hold]);
}

static void busy(struct out *out, const struct explain_subject *subject)
{
    int64_t us = 0;
    for (unsigned i = TE_HOLD_IDLE + 1; i < TE_HOLD_COUNT; i++)
        us += subject->facts->held_us[i];
    put_duration(out, us);
}

static void path_mtu(struct out *out, const struct explain_subject *subject)
{
    put_bytes(out, subject->facts->status.path_mtu_bytes);
}

static void fin_behind(struct out *out, const struct explain_subject *subject)
{
    if (subject->facts->status.fin_queued)
        put(out, ", and the FIN behind it");
}

static void why_held(struct out *out, const struct explain_subject *subject)
{
    static const char *const texts[TE_HOLD_COUNT] = {
        [TE_HOLD_CWND] = " for the congestion window",
        [TE_HOLD_PEER_WINDOW] = " for the peer's window",
        [TE_HOLD_PACING] = " for its pace",
        [TE_HOLD_NAGLE] = " for an ACK, as Nagle's algorithm says",
    };
    const char *text = texts[subject->facts->hold];
    bool is_one = subject->facts->unsent_bytes == 1;
    if (text == NULL) {
        put(out, is_one ? "which is about to leave" : "which are about to leave");
        return;
    }
    put(out, is_one ? "which waits" : "which wait");
    put(out, text);
}

/* --- receiving -------------------------------------------------------------------------------- */

static void unread(struct out *out, const struct explain_subject *subject)
{
    put_bytes(out, subject->facts->status.receive_queue_bytes);
}

/* " Another 3 bytes that it has received wait to be read." */
static void unread_too(struct out *out, const struct explain_subject *subject)
{
    if (subject->facts->status.receive_queue_bytes == 0)
        return;
    put(out, " Received and not read yet: ");
    unread(out, subject);
    if (subject->facts->is_receive_window_shut) {
        put(out, ", so that our window is shut as well until ");
        owner(out, subject);
        put(out, " reads");
    }
    put(out, ".");
}

static void hole_size(struct out *out, const struct explain_subject *subject)
{
    put_range_size(out, &subject->facts->hole);
}

static void hole_range(struct out *out, const struct explain_subject *subject)
{
    put_range(out, &subject->facts->hole);
}

static void hole_numbers(struct out *out, const struct explain_subject *subject)
{
    put_sequence_numbers(out, &subject->facts->hole);
}

static void hole_be(struct out *out, const struct explain_subject *subject)
{
    put_be(out, subject->facts->hole.end - subject->facts->hole.start);
}

/* "250 bytes behind them wait" */
static void beyond_wait(struct out *out, const struct explain_subject *subject)
{
    const struct te_explanation *facts = subject->facts;
    put_bytes(out, facts->beyond_bytes);
    put(out, facts->hole.end - facts->hole.start == 1 ? " behind it" : " behind them");
    put(out, facts->beyond_bytes == 1 ? " waits" : " wait");
}

static void holes_more(struct out *out, const struct explain_subject *subject)
{
    uint32_t more = subject->facts->hole_count > 0 ? subject->facts->hole_count - 1 : 0;
    if (more == 0)
        return;
    put(out, " There ");
    put(out, more == 1 ? "is " : "are ");
    put_number(out, more);
    put(out, more == 1 ? " more hole behind it." : " more holes behind it.");
}

static void dropped(struct out *out, const struct explain_subject *subject)
{
    const struct te_explanation *facts = subject->facts;
    if (facts->drop_count == 0) {
        put(out, "nothing");
        return;
    }
    put(out, te_drop_text(facts->last_drop.reason));
    if (facts->last_drop.has_segment)
        put_segment(out, &facts->last_drop.segment);
}

static void drop_ago(struct out *out, const struct explain_subject *subject)
{
    put_since(out, subject->facts, subject->facts->last_drop.time_us);
}

/* --- listeners -------------------------------------------------------------------------------- */

static void backlog(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->listener.backlog);
}

static void put_connections(struct out *out, uint32_t count)
{
    put_number(out, count);
    put(out, count == 1 ? " connection" : " connections");
}

static void accept_count(struct out *out, const struct explain_subject *subject)
{
    put_connections(out, subject->facts->listener.accept_count);
}

static void accept_count_that_wait(struct out *out, const struct explain_subject *subject)
{
    accept_count(out, subject);
    put(out, subject->facts->listener.accept_count == 1 ? " that waits" : " that wait");
}

static void syn_count(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->listener.syn_count);
}

static void syn_max(struct out *out, const struct explain_subject *subject)
{
    put_number(out, subject->facts->listener.syn_max);
}

static void cookies(struct out *out, const struct explain_subject *subject)
{
    put(out, subject->facts->listener.gives_cookies
                 ? "SYN cookies are on, so that new peers still get in"
                 : "SYN cookies are off, so that new peers are turned away");
}

static void cookies_peer(struct out *out, const struct explain_subject *subject)
{
    put(out, subject->facts->listener.gives_cookies
                 ? "Peers that connect now do so without our memory of them: some of their "
                   "options may be lost."
                 : "Peers that connect now get no answer to their SYN, and send it again.");
}

/* "; of the last 12, 10.0.0.9 sent 10 and 10.0.0.7 2". */
static void put_dropped_by(struct out *out, const struct te_listener_facts *facts)
{
    char text[TE_ADDR_TEXT_MAX];
    if (facts->dropped_lately < 2)
        return;
    put(out, "; of the last ");
    put_number(out, facts->dropped_lately);
    for (unsigned i = 0; i < facts->dropped_by_count && i < TE_DROPPED_BY_MAX; i++) {
        te_addr_format(&facts->dropped_by[i].addr, text);
        put(out, i == 0 ? ", " : i + 1 == facts->dropped_by_count ? " and " : ", ");
        put(out, text);
        put(out, i == 0 ? " sent " : " ");
        put_number(out, facts->dropped_by[i].count);
    }
}

static void listener_drops(struct out *out, const struct explain_subject *subject)
{
    const struct te_listener_facts *facts = &subject->facts->listener;
    uint64_t count = facts->accept_drops + facts->syn_drops;
    if (count == 0) {
        put(out, "None was held back so far");
        return;
    }
    put_number(out, count);
    put(out,
        count == 1 ? " handshake was held back so far (" : " handshakes were held back so far (");
    put_number(out, facts->accept_drops);
    put(out, " by the accept queue, ");
    put_number(out, facts->syn_drops);
    put(out, " by the SYN queue)");
    if (!facts->has_dropped)
        return;
    put(out, ", the last one of ");
    put_endpoint(out, &facts->dropped_remote);
    put(out, " ");
    put_since(out, subject->facts, facts->dropped_at_us);
    put(out, " ago");
    put_dropped_by(out, facts);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void handshake(struct out *out, const struct explain_subject *subject)
{
    put(out, subject->facts->was_passive
                 ? "The peer's SYN was answered, and its ACK is missing: the SYN,ACK or the ACK is "
                   "lost, or the SYN's source address is forged."
                 : "Both sides have opened at once: their SYNs have crossed, we have answered the "
                   "peer's, and its answer to ours is missing.");
}

static void handshake_peer(struct out *out, const struct explain_subject *subject)
{
    put(out, subject->facts->was_passive
                 ? "SYN_SENT if our SYN,ACK is lost, and in ESTABLISHED if its ACK is"
                 : "SYN_SENT if nothing of ours has arrived, and else in SYN_RCVD or ESTABLISHED");
}

static bool has_peer_closed(const struct te_explanation *facts)
{
    return facts->status.state == TE_CLOSE_WAIT;
}

static void established(struct out *out, const struct explain_subject *subject)
{
    put(out, has_peer_closed(subject->facts) ? "Established, and closed by the peer already"
                                             : "Established");
}

static void established_peer(struct out *out, const struct explain_subject *subject)
{
    put(out, has_peer_closed(subject->facts)
                 ? "The peer has sent its FIN and is in FIN_WAIT_2: it can still receive, and gets "
                   "no answer."
                 : "For the peer the connection is established: it can send, and gets no answer.");
}

static void in_queue(struct out *out, const struct explain_subject *subject)
{
    put_since(out, subject->facts, explain_queued_at_us(subject->facts));
}

/* --- TIME_WAIT -------------------------------------------------------------------------------- */

static void who_closed(struct out *out, const struct explain_subject *subject)
{
    put(out, subject->facts->status.time_wait_from == TE_CLOSING ? "Both sides closed at once"
                                                                 : "We closed first");
}

static void ends_in(struct out *out, const struct explain_subject *subject)
{
    put_until(out, subject->facts, subject->facts->status.time_wait_ends_at_us);
}

static void time_wait_peer(struct out *out, const struct explain_subject *subject)
{
    put(out, subject->facts->status.time_wait_from == TE_CLOSING
                 ? "in TIME_WAIT as well if our last ACK has arrived; else it is in CLOSING"
                 : "CLOSED if our last ACK has arrived; else it is in LAST_ACK");
}

static void two_msl(struct out *out, const struct explain_subject *subject)
{
    const struct te_status *status = &subject->facts->status;
    put_duration(out, status->time_wait_ends_at_us - status->time_wait_started_at_us);
}

static void fins_again(struct out *out, const struct explain_subject *subject)
{
    char text[EXPLAIN_NUMBER_MAX];
    const struct te_explanation *facts = subject->facts;
    uint32_t count = facts->status.fin_reacked;
    if (count == 0) {
        bool is_young =
            facts->now_us - facts->status.time_wait_started_at_us < FIN_AGAIN_USUALLY_US;
        put(out, is_young
                     ? "The peer's FIN has not come again so far."
                     : "The peer's FIN has not come again, so our last ACK seems to have arrived.");
        return;
    }
    put(out, "The peer's FIN came again ");
    put(out, explain_times(count, text));
    put(out, ": our ACK of it was lost, was sent again, and the time began anew.");
}

static void reopen(struct out *out, const struct explain_subject *subject)
{
    const struct te_explanation *facts = subject->facts;
    if (!facts->has_listener)
        put(out, "Nobody listens there, so that the peer cannot open this port pair anew before.");
    else if (facts->reopens_by_timestamp)
        put(out, "The peer can open this port pair anew before that, by a SYN with a later "
                 "timestamp (RFC 6191).");
    else
        put(out, "The peer can open this port pair anew before that, by a SYN whose number lies "
                 "beyond the old ones (RFC 1122 4.2.2.13).");
    put(out, " From this side, OPEN takes another port.");
}

/* --- the table -------------------------------------------------------------------------------- */

#define FACT_LIST(X)                                                                               \
    X(owner)                                                                                       \
    X(owner_first)                                                                                 \
    X(listener_owner)                                                                              \
    X(id)                                                                                          \
    X(remote)                                                                                      \
    X(local_port)                                                                                  \
    X(remote_port)                                                                                 \
    X(next_hop)                                                                                    \
    X(resolver)                                                                                    \
    X(listener_id)                                                                                 \
    X(listener)                                                                                    \
    X(in_state)                                                                                    \
    X(entered)                                                                                     \
    X(ended)                                                                                       \
    X(ended_ago)                                                                                   \
    X(cause)                                                                                       \
    X(path)                                                                                        \
    X(heard_for)                                                                                   \
    X(silence)                                                                                     \
    X(silence_why)                                                                                 \
    X(times_sent)                                                                                  \
    X(nth)                                                                                         \
    X(retries)                                                                                     \
    X(probe)                                                                                       \
    X(probes_unanswered)                                                                           \
    X(keepalive)                                                                                   \
    X(next)                                                                                        \
    X(gives_up)                                                                                    \
    X(again_syn)                                                                                   \
    X(again_syn_ack)                                                                               \
    X(again_data)                                                                                  \
    X(again_fin)                                                                                   \
    X(timer_then)                                                                                  \
    X(icmp)                                                                                        \
    X(unsent)                                                                                      \
    X(unsent_wait)                                                                                 \
    X(waiting)                                                                                     \
    X(unacked)                                                                                     \
    X(unacked_range)                                                                               \
    X(unacked_numbers)                                                                             \
    X(unacked_be)                                                                                  \
    X(cwnd)                                                                                        \
    X(peer_window)                                                                                 \
    X(srtt)                                                                                        \
    X(algorithm)                                                                                   \
    X(repair)                                                                                      \
    X(window_full)                                                                                 \
    X(held)                                                                                        \
    X(busy)                                                                                        \
    X(path_mtu)                                                                                    \
    X(fin_behind)                                                                                  \
    X(why_held)                                                                                    \
    X(unread)                                                                                      \
    X(unread_too)                                                                                  \
    X(hole_size)                                                                                   \
    X(hole_range)                                                                                  \
    X(hole_numbers)                                                                                \
    X(hole_be)                                                                                     \
    X(beyond_wait)                                                                                 \
    X(holes_more)                                                                                  \
    X(dropped)                                                                                     \
    X(drop_ago)                                                                                    \
    X(backlog)                                                                                     \
    X(accept_count)                                                                                \
    X(accept_count_that_wait)                                                                      \
    X(syn_count)                                                                                   \
    X(syn_max)                                                                                     \
    X(cookies)                                                                                     \
    X(cookies_peer)                                                                                \
    X(listener_drops)                                                                              \
    X(handshake)                                                                                   \
    X(handshake_peer)                                                                              \
    X(established)                                                                                 \
    X(established_peer)                                                                            \
    X(in_queue)                                                                                    \
    X(who_closed)                                                                                  \
    X(time_wait_peer)                                                                              \
    X(ends_in)                                                                                     \
    X(two_msl)                                                                                     \
    X(fins_again)                                                                                  \
    X(reopen)

typedef void fact_fn(struct out *out, const struct explain_subject *subject);

static const struct fact {
    const char *name;
    fact_fn *write;
} facts_by_name[] = {
#define FACT(name) {#name, name},
    FACT_LIST(FACT)
#undef FACT
};

static const struct fact *find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(facts_by_name) / sizeof(*facts_by_name); i++)
        if (strlen(facts_by_name[i].name) == len && memcmp(facts_by_name[i].name, name, len) == 0)
            return &facts_by_name[i];
    return NULL;
}

bool explain_is_fact(const char *name, size_t len)
{
    return find(name, len) != NULL;
}

void explain_fill(const char *text, const struct explain_subject *subject, char *ret_text,
                  size_t size)
{
    struct out out = {.text = ret_text, .size = size};
    ret_text[0] = '\0';
    while (*text != '\0') {
        const char *end = *text == '{' ? strchr(text, '}') : NULL;
        const struct fact *fact = end != NULL ? find(text + 1, (size_t)(end - text - 1)) : NULL;
        if (fact != NULL) {
            fact->write(&out, subject);
            text = end + 1;
        } else {
            char one[2] = {*text++, '\0'};
            put(&out, one);
        }
    }
}
