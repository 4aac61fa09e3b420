/* Expressions that select connections, in the syntax of ss(8).
 *
 *     EXPR    := AND { or AND }                AND := NOT { [and] NOT }
 *     NOT     := not NOT | ( EXPR ) | STATES | sport OP PORT | dport OP PORT
 *              | src [=|!=] HOST | dst [=|!=] HOST | id [OP] N | uid [OP] N | pid [OP] N
 *              | age [OP] TIME | idle [OP] TIME | rtt [OP] TIME | retransmits [OP] N
 *              | send-queue [OP] BYTES | receive-queue [OP] BYTES
 *              | timer [=|!=] NAME | program [=|!=] NAME | session [=|!=] NAME
 *     STATES  := { state NAME | exclude NAME }   as in ss: those named except those excluded
 *     OP      := = == != > < >= <=, or eq ne gt lt ge le;   PORT := [:]N or [:]SERVICE
 *     HOST    := ADDR[/PREFIX][:PORT], [ADDR6][/PREFIX][:PORT], :PORT; ADDR may be a name, * or
 * any, PORT may be * (see address.h)
 *     TIME    := N[us|ms|s|min|h|d], s without a unit;   BYTES := N[k|m|g], of 1024
 *     NAME    := word, or "words"; with * at its end: what begins so
 *
 * ! is not; & and && are and; | and || are or. A parsed filter is a value without pointers: copy it
 * freely, there is nothing to free. The daemon evaluates it for lists (filter_nodes()); for events
 * this does, which knows no more of their connections than the event says. */
#ifndef VIEW_FILTER_H
#define VIEW_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpclient/tcpclient.h>
#include <tcpengine/types.h>

#include "filter_node.h"

/* What EXPR is, in the help; a verb adds an example of its own. */
#define FILTER_DETAILS                                                                             \
    "EXPR is written as for ss(8): tests, joined by and, or, not and parentheses.\n"               \
    "  state NAME, exclude NAME        established, syn-sent, fin-wait-1, time-wait,\n"            \
    "                                  listening, ..., all, connected\n"                           \
    "  sport OP PORT, dport OP PORT    OP is = != > < >= or <=\n"                                  \
    "  src HOST, dst HOST              ADDR, ADDR/PREFIX, ADDR:PORT, [ADDR6]:PORT, :PORT,\n"       \
    "                                  any; ADDR may be a name, PORT a service or *\n"             \
    "  id N, uid N, pid N              the connection, its owner\n"                                \
    "  program NAME, session NAME      NAME* is what begins so\n"                                  \
    "  age TIME, idle TIME, rtt TIME   OP N[us|ms|s|min|h|d]\n"                                    \
    "  retransmits N, timer NAME       none: no timer\n"                                           \
    "  send-queue N, receive-queue N   OP N[k|m|g] bytes\n"                                        \
    "A test of what is not known is false: of the rtt of a SYN, of the program of a port\n"        \
    "that nobody has. Quote what the shell would interpret: "

/* One less than the daemon takes: filter_nodes() adds two at most. */
enum { FILTER_NODES_MAX = TCPC_FILTER_NODES_MAX - 2, FILTER_ERROR_MAX = 300 };

struct filter_node {
    enum filter_kind kind;
    uint8_t left, right; /* AND, OR: both; NOT: left */
    enum filter_field field;
    enum filter_operator op;
    uint64_t number;        /* STATES: one bit per state; NUMBER; HOST: port, 0: any */
    struct te_addr address; /* HOST */
    uint8_t prefix_bits;    /* of its 16 bytes; 0: any address */
    char text[FILTER_TEXT_MAX + 1];
};

struct filter {
    struct filter_node nodes[FILTER_NODES_MAX];
    uint8_t count, root; /* count 0: everything matches */
    uint32_t asked;      /* states named by `state`, one bit each */
};

struct filter_subject {
    uint64_t id;
    enum tcpc_state state;
    const struct tcpc_endpoint *local, *remote;
    uint32_t uid;
    const struct tcpc_owner *owner; /* NULL: not known */
};

/* Parses text; empty text matches everything. False: ret_error, FILTER_ERROR_MAX bytes, names the
 * word and what was expected, and *ret_filter is of no use. */
bool filter_parse(const char *text, struct filter *ret_filter, char *ret_error);
/* The same without asking the system for names of hosts and services, which takes time and files.
 */
bool filter_parse_numeric(const char *text, struct filter *ret_filter, char *ret_error);
/* The same for the words of a command line, joined by spaces. */
bool filter_parse_words(int count, char **words, struct filter *ret_filter, char *ret_error);
/* What is not known of the subject is not true, whatever the operator. */
bool filter_matches(const struct filter *filter, const struct filter_subject *subject);
/* The name of the first test that an event cannot answer, having no connection at hand; NULL: it
 * can answer all. */
const char *filter_unknown_of_event(const struct filter *filter);
/* False: what the filter accepts is only ever in states (one bit each) that cannot answer one of
 * its tests, as nothing in TIME_WAIT has a rtt; ret_error, FILTER_ERROR_MAX bytes, names test and
 * states, and what may be asked for there. states: all that are looked at. */
bool filter_is_answerable(const struct filter *filter, uint32_t states, char *ret_error);
/* The filter for a list: nodes, room for TCPC_FILTER_NODES_MAX, returns how many there are. It
 * takes only states (one bit each) as well, unless that is 0 or the filter names states itself; and
 * CLOSED only if it is asked for. Borrows the filter. */
size_t filter_nodes(const struct filter *filter, uint32_t states, struct tcpc_filter_node *nodes);
/* The same of the filter alone. */
size_t filter_own_nodes(const struct filter *filter, struct tcpc_filter_node *nodes);
/* Whether a `state` in the expression names this state, by itself or in a group. */
bool filter_asks_for(const struct filter *filter, enum tcpc_state state);

#endif
