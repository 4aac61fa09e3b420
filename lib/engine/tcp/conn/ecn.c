#include "tcp/conn/ecn.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn_note.h"
#include "util/seq.h"

#define SETUP_SYN (TE_ECE | TE_CWR)
#define SETUP_SYN_ACK TE_ECE

/* --- the opening ------------------------------------------------------------------------------ */

static bool is_setup(uint8_t flags)
{
    return (flags & (TE_ECE | TE_CWR)) == ((flags & TE_ACK) ? SETUP_SYN_ACK : SETUP_SYN);
}

/* "If a host has received an ECN-setup SYN packet, then it MAY send an ECN-setup SYN-ACK packet.
 * Otherwise, it MUST NOT" (6.1.1). */
static bool may_accept(const struct te_stack *stack, const struct te_conn *conn)
{
    const struct te_ecn *ecn = &conn->ecn;
    if (!ecn->setup_received || ecn->plain_received || ecn->plain_sent)
        return false;
    return conn->was_passive ? stack->config.ecn != TE_ECN_OFF : ecn->setup_sent;
}

uint8_t te_ecn_syn_flags(const struct te_stack *stack, const struct te_conn *conn, uint8_t flags)
{
    assert(flags & TE_SYN);
    if (flags & TE_ACK)
        return may_accept(stack, conn) ? SETUP_SYN_ACK : 0;
    bool offers = stack->config.ecn == TE_ECN_ON && !conn->syn_was_lost && !conn->ecn.plain_sent;
    return offers ? SETUP_SYN : 0;
}

void te_ecn_on_syn_sent(struct te_stack *stack, struct te_conn *conn, uint8_t flags)
{
    assert(flags & TE_SYN);
    if (is_setup(flags)) {
        conn->ecn.setup_sent = true;
        return;
    }
    if (!(flags & TE_ACK) && conn->ecn.setup_sent && !conn->ecn.plain_sent)
        stack->counters.ecn_syn_fallbacks++;
    conn->ecn.plain_sent = true;
}

/* "A host MUST NOT set ECT on SYN or SYN-ACK packets" (6.1.1): if one has it, something rewrites
 * the field, and marks mean nothing. */
bool te_ecn_is_offer(const struct te_segment *segment)
{
    return is_setup(segment->header.flags) && segment->ecn == TE_ECN_NOT_ECT;
}

void te_ecn_negotiate(struct te_conn *conn, const struct te_segment *segment)
{
    if (te_ecn_is_offer(segment))
        conn->ecn.setup_received = true;
    else
        conn->ecn.plain_received = true;
}

bool te_ecn_is_on(const struct te_conn *conn)
{
    const struct te_ecn *ecn = &conn->ecn;
    return ecn->setup_sent && ecn->setup_received && !ecn->plain_sent && !ecn->plain_received;
}

/* Our second SYN, without the offer, keeps us from setting ECT, but does not take back the promise
 * to echo (6.1.1, third and sixth rule). */
static bool has_promised_to_echo(const struct te_conn *conn)
{
    return conn->ecn.setup_sent && conn->ecn.setup_received && !conn->ecn.plain_received;
}

/* --- the receiver ----------------------------------------------------------------------------- */

bool te_ecn_on_segment(struct te_stack *stack, struct te_conn *conn,
                       const struct te_segment *segment)
{
    if (!has_promised_to_echo(conn))
        return false;
    bool is_reduced = conn->ecn.echoes && (segment->header.flags & TE_CWR) != 0;
    if (segment->header.flags & TE_CWR)
        conn->ecn.echoes = false;
    if (segment->ecn != TE_ECN_CE)
        return is_reduced;
    bool is_first = !conn->ecn.echoes;
    conn->ecn.echoes = true;
    conn->ecn.ce_in++;
    stack->counters.ecn_ce_in++;
    if (is_first)
        te_note(stack, conn, TE_NOTE_ECN_MARK, 0);
    return is_first;
}

/* --- the sender ------------------------------------------------------------------------------- */

bool te_ecn_sender_wants_ect(const struct te_conn *conn, bool is_new_data)
{
    return is_new_data && te_ecn_is_on(conn);
}

uint8_t te_ecn_flags(const struct te_conn *conn, bool is_new_data)
{
    uint8_t flags = conn->ecn.echoes ? TE_ECE : 0;
    if (is_new_data && conn->ecn.cwr_due)
        flags |= TE_CWR;
    return flags;
}

void te_ecn_on_data_sent(struct te_conn *conn)
{
    conn->ecn.cwr_due = false;
}

void te_ecn_on_reduction(struct te_conn *conn)
{
    if (!te_ecn_is_on(conn))
        return;
    conn->ecn.cwr_due = true;
    conn->ecn.is_reducing = true;
    conn->ecn.recover = conn->snd_max;
}

/* CWR is on the data after ecn.recover: an ACK of just recover still carries the old ECE. */
bool te_ecn_on_ece(struct te_stack *stack, struct te_conn *conn, const struct te_segment *segment)
{
    assert(seq_geq(segment->ack, conn->snd_una));
    if (conn->ecn.is_reducing && seq_gt(segment->ack, conn->ecn.recover))
        conn->ecn.is_reducing = false;
    if (!(segment->header.flags & TE_ECE) || !te_ecn_is_on(conn))
        return false;
    conn->ecn.ece_in++;
    stack->counters.ecn_ece_in++;
    if (conn->ecn.is_reducing)
        return false;
    stack->counters.ecn_reductions++;
    te_ecn_on_reduction(conn);
    return true;
}
