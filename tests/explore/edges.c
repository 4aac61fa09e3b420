#include "edges.h"

static const struct known_edge known_edges[] = {
    /* Figure 5. */
    {TE_CLOSED, TE_LISTEN, TE_CAUSE_PASSIVE_OPEN, PATH_PASSIVE, "figure 5"},
    {TE_CLOSED, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, PATH_ACTIVE, "figure 5"},
    {TE_LISTEN, TE_CLOSED, TE_CAUSE_CLOSE, PATH_PASSIVE, "figure 5"},
    {TE_LISTEN, TE_SYN_RCVD, TE_CAUSE_RECV_SYN, PATH_PASSIVE, "figure 5"},
    {TE_LISTEN, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, PATH_ACTIVE, "figure 5 (by SEND), 3.10.1"},
    {TE_SYN_SENT, TE_CLOSED, TE_CAUSE_CLOSE, PATH_ACTIVE, "figure 5"},
    {TE_SYN_SENT, TE_SYN_RCVD, TE_CAUSE_RECV_SYN, PATH_SIMULTANEOUS, "figure 5"},
    {TE_SYN_SENT, TE_ESTABLISHED, TE_CAUSE_RECV_SYN_ACK, PATH_ACTIVE, "figure 5"},
    {TE_SYN_RCVD, TE_LISTEN, TE_CAUSE_RECV_RST, PATH_PASSIVE, "figure 5, note 1"},
    {TE_SYN_RCVD, TE_ESTABLISHED, TE_CAUSE_RECV_ACK_OF_SYN, PATH_PASSIVE, "figure 5"},
    {TE_SYN_RCVD, TE_FIN_WAIT_1, TE_CAUSE_CLOSE, PATH_ACTIVE, "figure 5"},
    {TE_ESTABLISHED, TE_FIN_WAIT_1, TE_CAUSE_CLOSE, PATH_ACTIVE, "figure 5"},
    {TE_ESTABLISHED, TE_CLOSE_WAIT, TE_CAUSE_RECV_FIN, PATH_PASSIVE, "figure 5"},
    {TE_FIN_WAIT_1, TE_FIN_WAIT_2, TE_CAUSE_RECV_ACK_OF_FIN, PATH_ACTIVE, "figure 5"},
    {TE_FIN_WAIT_1, TE_CLOSING, TE_CAUSE_RECV_FIN, PATH_SIMULTANEOUS, "figure 5"},
    {TE_FIN_WAIT_1, TE_TIME_WAIT, TE_CAUSE_RECV_FIN_ACK_OF_FIN, PATH_ACTIVE, "figure 5, note 2"},
    {TE_FIN_WAIT_2, TE_TIME_WAIT, TE_CAUSE_RECV_FIN, PATH_ACTIVE, "figure 5"},
    {TE_CLOSE_WAIT, TE_LAST_ACK, TE_CAUSE_CLOSE, PATH_PASSIVE, "figure 5"},
    {TE_CLOSING, TE_TIME_WAIT, TE_CAUSE_RECV_ACK_OF_FIN, PATH_SIMULTANEOUS, "figure 5"},
    {TE_LAST_ACK, TE_CLOSED, TE_CAUSE_RECV_ACK_OF_FIN, PATH_PASSIVE, "figure 5"},
    {TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_TIMEOUT_2MSL, PATH_ACTIVE, "figure 5"},

    /* A half close is the FIN of CLOSE, and the user stays to receive. */
    {TE_SYN_RCVD, TE_FIN_WAIT_1, TE_CAUSE_SHUTDOWN, PATH_OTHER, "3.6: CLOSE means no more to send"},
    {TE_ESTABLISHED, TE_FIN_WAIT_1, TE_CAUSE_SHUTDOWN, PATH_OTHER, "3.6"},
    {TE_CLOSE_WAIT, TE_LAST_ACK, TE_CAUSE_SHUTDOWN, PATH_OTHER, "3.6"},

    /* RST. */
    {TE_SYN_SENT, TE_CLOSED, TE_CAUSE_RECV_RST, PATH_OTHER, "3.10.7.3, second"},
    {TE_SYN_RCVD, TE_CLOSED, TE_CAUSE_RECV_RST, PATH_OTHER, "3.10.7.4, second: an active OPEN"},
    {TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_RECV_RST, PATH_OTHER, "3.10.7.4, second"},
    {TE_FIN_WAIT_1, TE_CLOSED, TE_CAUSE_RECV_RST, PATH_OTHER, "3.10.7.4, second"},
    {TE_FIN_WAIT_2, TE_CLOSED, TE_CAUSE_RECV_RST, PATH_OTHER, "3.10.7.4, second"},
    {TE_CLOSE_WAIT, TE_CLOSED, TE_CAUSE_RECV_RST, PATH_OTHER, "3.10.7.4, second"},
    {TE_CLOSING, TE_CLOSED, TE_CAUSE_RECV_RST, PATH_OTHER, "3.10.7.4, second"},
    {TE_LAST_ACK, TE_CLOSED, TE_CAUSE_RECV_RST, PATH_OTHER, "3.10.7.4, second"},

    /* A SYN in the window of a passive opening that is under way. */
    {TE_SYN_RCVD, TE_LISTEN, TE_CAUSE_RECV_SYN, PATH_OTHER, "3.10.7.4, fourth"},

    /* ABORT. */
    {TE_LISTEN, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_SYN_SENT, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_SYN_RCVD, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_FIN_WAIT_1, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_FIN_WAIT_2, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_CLOSE_WAIT, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_CLOSING, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_LAST_ACK, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},
    {TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_ABORT, PATH_OTHER, "3.10.5"},

    /* CLOSE while received bytes are unread. */
    {TE_SYN_RCVD, TE_CLOSED, TE_CAUSE_CLOSE, PATH_OTHER, "3.6.1, RFC 2525 2.17"},
    {TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_CLOSE, PATH_OTHER, "3.6.1, RFC 2525 2.17"},
    {TE_CLOSE_WAIT, TE_CLOSED, TE_CAUSE_CLOSE, PATH_OTHER, "3.6.1, RFC 2525 2.17"},
    {TE_FIN_WAIT_1, TE_CLOSED, TE_CAUSE_CLOSE, PATH_OTHER, "3.6.1, after a half close"},
    {TE_FIN_WAIT_2, TE_CLOSED, TE_CAUSE_CLOSE, PATH_OTHER, "3.6.1, after a half close"},
    {TE_CLOSING, TE_CLOSED, TE_CAUSE_CLOSE, PATH_OTHER, "3.6.1, after a half close"},
    {TE_LAST_ACK, TE_CLOSED, TE_CAUSE_CLOSE, PATH_OTHER, "3.6.1, after a half close"},
    {TE_FIN_WAIT_1, TE_CLOSED, TE_CAUSE_RECV_DATA_AFTER_CLOSE, PATH_OTHER, "3.6.1"},
    {TE_FIN_WAIT_2, TE_CLOSED, TE_CAUSE_RECV_DATA_AFTER_CLOSE, PATH_OTHER, "3.6.1"},

    /* CLOSE of a listener resets connections that nobody has accepted. */
    {TE_SYN_RCVD, TE_CLOSED, TE_CAUSE_LISTENER_CLOSED, PATH_OTHER, "3.10.4: the passive OPEN ends"},
    {TE_ESTABLISHED, TE_CLOSED, TE_CAUSE_LISTENER_CLOSED, PATH_OTHER, "3.10.4"},
    {TE_CLOSE_WAIT, TE_CLOSED, TE_CAUSE_LISTENER_CLOSED, PATH_OTHER, "3.10.4"},

    /* The peer no longer answers. */
    {TE_SYN_SENT, TE_CLOSED, TE_CAUSE_TIMEOUT_RETRANSMIT, PATH_OTHER, "3.8.3, R2"},
    {TE_SYN_RCVD, TE_CLOSED, TE_CAUSE_TIMEOUT_RETRANSMIT, PATH_OTHER, "3.8.3, R2"},
    {TE_FIN_WAIT_2, TE_CLOSED, TE_CAUSE_TIMEOUT_FIN_WAIT_2, PATH_OTHER,
     "RFC 1122 4.2.2.13 leaves it open: the user is gone and the peer is silent"},
    {TE_TIME_WAIT, TE_CLOSED, TE_CAUSE_NEW_SYN, PATH_OTHER, "3.10.7.4, fourth; RFC 6191"},
    {.where = NULL},
};

const struct known_edge *edges_table(void)
{
    return known_edges;
}

static bool is_known(enum te_state from, enum te_state to, enum te_cause cause)
{
    for (const struct known_edge *edge = known_edges; edge->where != NULL; edge++)
        if (edge->from == from && edge->to == to && edge->cause == cause)
            return true;
    return false;
}

static unsigned find_unknown(const struct reached *reached, enum te_state from, FILE *file)
{
    unsigned found = 0;
    for (enum te_state to = TE_CLOSED; to < TE_STATE_COUNT; to++) {
        for (enum te_cause cause = TE_CAUSE_NONE; cause < TE_CAUSE_COUNT; cause++) {
            if (reached->edges[from][to][cause].count == 0 || is_known(from, to, cause))
                continue;
            found++;
            fprintf(file, "FAILED: RFC 9293 does not know %s -> %s (%s)\n", te_state_name(from),
                    te_state_name(to), te_cause_text(cause));
        }
    }
    return found;
}

bool edges_check(const struct reached *reached, FILE *file)
{
    unsigned found = 0;
    for (const struct known_edge *edge = known_edges; edge->where != NULL; edge++) {
        if (edge->kind == PATH_OTHER || reached->edges[edge->from][edge->to][edge->cause].count > 0)
            continue;
        found++;
        fprintf(file, "FAILED: figure 5's %s -> %s (%s) is not reached\n",
                te_state_name(edge->from), te_state_name(edge->to), te_cause_text(edge->cause));
    }
    for (enum te_state from = TE_CLOSED; from < TE_STATE_COUNT; from++)
        found += find_unknown(reached, from, file);
    if (reached->fins_again == 0) {
        found++;
        fprintf(file, "FAILED: no FIN was repeated in TIME_WAIT\n");
    }
    if (reached->with_sack == 0 || reached->in_recovery == 0 || reached->after_timeout == 0 ||
        reached->delivered == 0) {
        found++;
        fprintf(file, "FAILED: a way of loss recovery is not reached\n");
    }
    return found == 0;
}
