/* The nodes of a filter (FilterNode of the protocol): how they are numbered, and what their tests
 * mean. lib/view makes filters of expressions and asks them of events; the daemon asks them of
 * connections and packets. */
#ifndef FILTER_NODE_H
#define FILTER_NODE_H

#include <stdbool.h>
#include <stdint.h>

/* Of a text, in bytes. */
#define FILTER_TEXT_MAX 64

/* These three are numbered as in the protocol. */
enum filter_kind {
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT,
    FILTER_STATES,
    FILTER_NUMBER,
    FILTER_HOST,
    FILTER_TEXT
};
enum filter_field {
    FILTER_LOCAL,
    FILTER_REMOTE,
    FILTER_UID,
    FILTER_PID,
    FILTER_AGE,
    FILTER_IDLE,
    FILTER_RTT,
    FILTER_RETRANSMITS,
    FILTER_SEND_QUEUE,
    FILTER_RECEIVE_QUEUE,
    FILTER_TIMER,
    FILTER_PROGRAM,
    FILTER_SESSION,
    FILTER_ID,
    FILTER_FIELD_COUNT
};
enum filter_operator {
    FILTER_EQUAL,
    FILTER_NOT_EQUAL,
    FILTER_GREATER,
    FILTER_LESS,
    FILTER_GREATER_EQUAL,
    FILTER_LESS_EQUAL
};

/* Whether value OP bound. op: an enum filter_operator. */
bool filter_number_is(uint64_t value, uint32_t op, uint64_t bound);
/* Whether text is wanted as a whole or, with * at its end, begins with what stands before that. */
bool filter_text_is(const char *text, const char *wanted);

#endif
