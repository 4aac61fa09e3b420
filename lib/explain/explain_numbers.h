/* The numbers behind the words, for programs. */
#ifndef TCPENGINE_EXPLAIN_NUMBERS_H
#define TCPENGINE_EXPLAIN_NUMBERS_H

#include <tcpengine/explain.h>

/* X(name, expression, help): the expression's facts are f, -1 stands for never, or not known. */
#define EXPLAIN_NUMBER_LIST(X)                                                                     \
    X(state_age_ms, since_ms(f, f->status.state_since_us), "Time in the present state")            \
    X(last_heard_ms, since_ms(f, f->last_heard_at_us), "Time since anything acceptable came")      \
    X(last_sent_ms, since_ms(f, f->last_sent_at_us), "Time since a SYN, data or a FIN was sent")   \
    X(retries, f->retries, "Retransmissions or probes in a row, not answered")                     \
    X(retries_max, f->retries_max, "How many there may be")                                        \
    X(gives_up_ms, until_ms(f, f->gives_up_at_us), "Until the connection ends if nothing comes")   \
    X(unsent_bytes, (int64_t)f->unsent_bytes, "Accepted, and never sent")                          \
    X(unacked_start, f->unacked.start, "First sequence number not acknowledged")                   \
    X(unacked_bytes, (uint32_t)(f->unacked.end - f->unacked.start), "Sent, not acknowledged")      \
    X(unread_bytes, f->status.receive_queue_bytes, "Received, and not read")                       \
    X(hole_start, f->hole.start, "First sequence number that is missing; 0 without a hole")        \
    X(hole_bytes, (uint32_t)(f->hole.end - f->hole.start), "Size of the first hole")               \
    X(hole_count, f->hole_count, "Holes in what was received")                                     \
    X(beyond_bytes, (int64_t)f->beyond_bytes, "Received beyond holes")                             \
    X(drops, f->drop_count, "Dropped segments of it that are remembered")                          \
    X(listener_id, (int64_t)f->listener.id, "The listener, or that of its queue; 0: none")         \
    X(backlog, f->listener.backlog, "Room of the accept queue")                                    \
    X(accept_queue, f->listener.accept_count, "Connections that wait to be accepted")              \
    X(syn_queue_max, f->listener.syn_max, "Room of the SYN queue")                                 \
    X(syn_queue, f->listener.syn_count, "Half-open connections")                                   \
    X(accept_queue_drops, (int64_t)f->listener.accept_drops, "Handshakes held back by the first")  \
    X(syn_queue_drops, (int64_t)f->listener.syn_drops, "SYNs dropped by the second")               \
    X(fin_reacked, f->status.fin_reacked, "In TIME_WAIT: how often the FIN came again")

enum {
#define EXPLAIN_NUMBER_CONSTANT(name, expression, help) EXPLAIN_NUMBER_##name,
    EXPLAIN_NUMBER_LIST(EXPLAIN_NUMBER_CONSTANT)
#undef EXPLAIN_NUMBER_CONSTANT
        EXPLAIN_NUMBER_COUNT
};

struct explain_number {
    const char *name; /* static */
    int64_t value;
};

/* All of the list, in its order. */
void explain_numbers(const struct te_explanation *facts,
                     struct explain_number ret_numbers[EXPLAIN_NUMBER_COUNT]);

#endif
