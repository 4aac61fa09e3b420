/* A channel as the client has it. */
#ifndef TCPCLIENT_SHARED_H
#define TCPCLIENT_SHARED_H

#include <channel.h>
#include <slots.h>
#include <tcpclient/stream.h>

#define SHARED_ACCEPTORS_MAX 16

/* One slot. */
struct tcpc_stream {
    struct tcpc_channel *channel;
    void *user;
    uint32_t slot;
    uint32_t asked;
    uint32_t next_free;
    bool is_used;
    bool is_finished;
    uint32_t end_op; /* CLOSE or ABORT: asked for, or to be asked when the last answer has come */
    bool is_end_asked;
    uint64_t written, released, released_told;
    struct tcpc_client *client;   /* which it was borrowed from; NULL: none */
    struct tcpc_stream *listener; /* whose acceptor it is, not handed out yet */
    struct tcpc_stream *acceptors[SHARED_ACCEPTORS_MAX]; /* a listener's, the oldest first */
    unsigned acceptor_count;
};

struct tcpc_channel {
    char *url;
    int fd;
    int bell_fd; /* the daemon's */
    uint32_t spin_us;
    bool is_dead;
    bool is_armed;    /* we have said that we sleep, to be rung over the socket */
    bool is_bell_due; /* somebody has rung, or is about to */
    struct channel_layout layout;
    struct channel_head *head;
    struct tcpc_stream *streams;
    uint32_t first_free;    /* streams that were never used, or are free again; slot_count: none */
    uint32_t ending_count;  /* given up, and not free yet */
    uint32_t unasked_count; /* of these: the last answer has not come, so that they wait to ask */
    struct channel_slots news; /* taken, and not looked at yet */
};

struct channel_slot *tcpci_shared_slot(const struct tcpc_stream *stream);
/* A stream that is in no use; waits for one that is being closed. NULL: all are. */
struct tcpc_stream *tcpci_shared_take_stream(struct tcpc_channel *channel);
/* Its slot is FREE. */
void tcpci_shared_put(struct tcpc_stream *stream);
/* Gives the stream up by op, CLOSE or ABORT, as soon as the last answer has come. */
void tcpci_shared_end(struct tcpc_stream *stream, uint32_t op);
/* Asks the daemon for op, whose arguments are in the slot. */
void tcpci_shared_ask(struct tcpc_stream *stream, uint32_t op);
bool tcpci_shared_is_answered(const struct tcpc_stream *stream);
/* From now on the send ring may be written: the daemon drops none of its pages. */
void tcpci_shared_claim(const struct tcpc_stream *stream);
/* Tells the daemon that the slot has changed. */
void tcpci_shared_kick(struct tcpc_stream *stream);
/* Waits for news of any stream, until until_ms (TCPC_MS_NEVER: without limit); what is less than
 * least need not end it. False: there was none, or the channel is dead. */
bool tcpci_shared_wait(struct tcpc_channel *channel, enum channel_news least, int64_t until_ms);

#endif
