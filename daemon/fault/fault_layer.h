/* Faults on live connections: a layer between the pump and the stack, which sees every frame in
 * both directions while there is a fault, and none otherwise.
 *
 * Theory of operation: a frame whose connection some fault concerns is cut, if it holds several
 * segments (GSO), into those that a link would carry; each is then judged by itself, by all faults
 * in the order of their ids, and passed on as they decide. What comes in is judged before the stack
 * has seen it, what goes out after the stack has made it (tcpengine/fault.h). Frames that are held
 * back are copies in two bounded queues.
 *
 * The layer has no clock, no descriptor and no part in the engine: the same calls run it in virtual
 * time. It calls its host back from within its own calls. */
#ifndef TCPENGINED_FAULT_LAYER_H
#define TCPENGINED_FAULT_LAYER_H

#include <sys/queue.h>
#include <tcpengine/fault.h>

#include "fault/fault_stats.h"
#include "fault/fault_target.h"
#include "fault/fault_trace.h"

#define FAULT_MAX_DEFAULT 64
#define FAULT_PER_UID_MAX_DEFAULT 16
#define FAULT_HELD_MAX_DEFAULT (4 * 1024 * 1024)
/* Hits of one fault that are events of their own; more would push other events out of the log. */
#define FAULT_HIT_EVENTS_MAX 256
/* Connections whose window stop-reading can freeze at a time. */
#define FAULT_EDGES_MAX 1024
/* What --delay is, unless given. */
#define FAULT_DELAY_DEFAULT_US 100000
#define FAULT_DELAY_MAX_US INT64_C(60000000)
#define FAULT_PROBABILITY_ALWAYS 1000000 /* in millionths */

/* What a user asks for. */
struct fault_order {
    struct te_fault_spec spec;
    struct fault_target target;
    uint64_t count; /* hits until it is over; 0: no limit */
    uint32_t probability_millionths;
    int64_t delay_us;
    int64_t lasts_us; /* 0: no limit */
    uint32_t uid;     /* of its user */
    bool is_admin;    /* else it concerns uid's own connections alone */
};

struct fault {
    TAILQ_ENTRY(fault) link;
    uint64_t id; /* from 1, never used again */
    struct fault_order order;
    uint64_t hits;
    int64_t expires_at_us; /* TE_NEVER: never */
    bool is_over;
};

enum fault_phase { FAULT_ADDED, FAULT_HIT, FAULT_ENDED };

/* Something that people will want to know of. */
struct fault_note {
    enum fault_phase phase;
    const struct fault *fault;
    int64_t time_us;
    uint64_t conn_id; /* 0: none, or none yet */
    uint32_t uid;     /* of the connection, or of the fault's user */
    struct te_endpoint local, remote;
    bool has_segment;
    struct te_segment_info segment;
};

struct fault_layer_options {
    unsigned faults_max, per_uid_max;
    size_t held_max;                                           /* bytes, each way */
    uint8_t mac[6];                                            /* the stack's */
    uint64_t seed;                                             /* of probabilities */
    void (*on_note)(void *ctx, const struct fault_note *note); /* may be NULL */
    void *ctx;
};

/* Where frames go. */
struct fault_ports {
    struct te_stack *stack;
    void (*deliver)(void *ctx, const uint8_t *frame, size_t len, const struct te_frame_meta *meta,
                    int64_t now_us);
    /* False: the link takes nothing now, and the frame was not sent. */
    bool (*transmit)(void *ctx, const struct te_output *output);
    void *ctx;
};

struct fault_layer;

/* NULL: no memory. Options are copied. */
struct fault_layer *fault_layer_new(const struct fault_layer_options *options);
/* NULL is legal. */
void fault_layer_free(struct fault_layer *layer);
/* Before the first frame; the ports are copied, and their stack outlives the frames. */
void fault_layer_connect(struct fault_layer *layer, const struct fault_ports *ports);

/* Who the programs and sessions are that targets name; NULL: not known, as at the start. */
void fault_layer_set_owners(struct fault_layer *layer, const struct owner_table *owners);

/* --- faults ----------------------------------------------------------------------------------- */

enum fault_refusal { FAULT_TAKEN, FAULT_TOO_MANY, FAULT_TOO_MANY_OF_UID, FAULT_NO_MEMORY };

/* order is copied; its target is valid (fault_target.h). *ret_id is set if it was taken. The caller
 * then lets the pump run, for the time of its end, and for a RST that is sent at once. */
enum fault_refusal fault_layer_add(struct fault_layer *layer, const struct fault_order *order,
                                   uint64_t *ret_id, int64_t now_us);
/* The fault with the lowest id from id on; NULL: none. Valid until the next call with the layer
 * that is not const. */
const struct fault *fault_layer_from(const struct fault_layer *layer, uint64_t id);
/* What it holds back is due at once: the caller lets the pump run. A fault that ends by itself
 * leaves it until its time. False: there is none with that id. */
bool fault_layer_remove(struct fault_layer *layer, uint64_t id, int64_t now_us);
/* With each event of the stack: faults go with their connection. */
void fault_layer_on_event(struct fault_layer *layer, const struct te_event *event);

/* --- frames ----------------------------------------------------------------------------------- */

struct fault_gate {
    bool is_open; /* there are faults, or held frames */
};
/* True: every frame has to go through the layer. */
static inline bool fault_layer_is_active(const struct fault_layer *layer)
{
    return layer != NULL && ((const struct fault_gate *)layer)->is_open;
}

/* In place of te_stack_input(). */
void fault_layer_input(struct fault_layer *layer, const uint8_t *frame, size_t len,
                       const struct te_frame_meta *meta, int64_t now_us);
/* In place of writing to the link. The output is not used after the first call back. */
void fault_layer_output(struct fault_layer *layer, const struct te_output *output, int64_t now_us);
/* Releases what is due, and ends faults whose time is over. */
void fault_layer_run(struct fault_layer *layer, int64_t now_us);
/* When fault_layer_run() is due; TE_NEVER: not by time. A frame that waits for the link alone does
 * not count. */
int64_t fault_layer_next_us(const struct fault_layer *layer);

/* --- questions -------------------------------------------------------------------------------- */

struct fault_stats {
    struct fault_counters counters;
    uint64_t hits_by_kind[TE_FAULT_KIND_COUNT];
    unsigned faults, faults_max;
    size_t held_bytes, held_max; /* both ways together */
};
/* The faults that have hit that connection, and those which wait for a segment of it, in this
 * order: up to max rows; returns how many there are. status is that of a connection, listener or
 * TIME_WAIT entry, or only the id of what has gone (CLOSED). None for a layer that is NULL. */
unsigned fault_layer_traces(const struct fault_layer *layer, const struct te_status *status,
                            struct fault_trace *ret_traces, unsigned max, int64_t now_us);
/* What a fault that hit something lately does; NULL: not known (any more). */
const struct te_fault_spec *fault_layer_spec(const struct fault_layer *layer, uint64_t fault_id);

/* All zero for NULL. */
void fault_layer_fill_stats(const struct fault_layer *layer, struct fault_stats *ret_stats);

#endif
