/* The one way to drop something: counts it by its reason, and keeps the last few for te_drops().
 *
 * The stack keeps a ring of the last TE_DROPS_MAX. Beside it, a pool of config.drop_log_conn_max
 * logs keeps the last TE_CONN_DROPS_MAX of each connection, where drops of others never push them
 * out. A connection takes a log at its first drop. When none is free, it takes the one whose latest
 * drop is the oldest: from half-open connections first, and a half-open connection takes from those
 * alone, so that forged SYNs can displace no other log. A log outlives its connection until it is
 * taken.
 *
 * All of it lies behind struct te_stack in the same block, so that a drop allocates nothing, cannot
 * fail, and costs O(1). Nothing is formatted here. */
#ifndef TCPENGINE_DROP_INTERNAL_H
#define TCPENGINE_DROP_INTERNAL_H

#include <tcpengine/config.h>
#include <tcpengine/drop.h>

struct te_stack;

/* A te_dropped without its id and endpoints, packed into 24 bytes. */
struct te_drop_item {
    int64_t time_us;
    uint32_t seq, ack, wnd_bytes;
    uint16_t len_bytes;
    uint8_t flags;
    uint8_t reason; /* enum te_drop_reason, with TE_DROP_HAS_SEGMENT */
};
#define TE_DROP_HAS_SEGMENT 0x80u

struct te_drop_log {
    uint64_t id;
    uint32_t next_by_id;   /* these three: index, or UINT32_MAX */
    uint32_t older, newer; /* neighbours in the list of its kind, ordered by the latest drop */
    uint8_t next, count;   /* of the ring items */
    bool is_half_open;
    struct te_drop_item items[TE_CONN_DROPS_MAX];
};

struct te_drop_entry {
    struct te_drop_item item;
    uint64_t id;
    struct te_endpoint local, remote;
    bool has_endpoints;
};

struct te_drop_list {
    uint32_t oldest, newest; /* index, or UINT32_MAX */
};

struct te_drop_logs {
    struct te_drop_entry ring[TE_DROPS_MAX];
    unsigned next, count;
    uint64_t total; /* drops ever, and why the last was */
    enum te_drop_reason last;
    uint64_t by_reason[TE_DROP_COUNT];
    struct te_drop_list lists[2]; /* half-open connections; all others */
    uint32_t capacity, used;      /* logs[used] and beyond were never taken */
    uint32_t bucket_count;        /* a power of two */
    uint32_t *by_id;              /* first log of each bucket */
    struct te_drop_log logs[];
};

/* How much memory te_drop_logs_init needs. */
size_t te_drop_logs_bytes(const struct te_config *config);
/* block: zeroed, te_drop_logs_bytes(config) large; it lives as long as the stack. Returns block. */
struct te_drop_logs *te_drop_logs_init(const struct te_config *config, void *block);

/* What is known about what is dropped; zero for what is not. Borrowed until return. */
struct te_drop_about {
    uint64_t id;       /* of the connection, listener or TIME_WAIT entry; 0: none, no log */
    bool is_half_open; /* its peer has not shown yet that its address is its own */
    const struct te_endpoint *local, *remote; /* both or none */
    const struct te_segment_info *segment;
};

/* Counts and keeps one drop at stack->now_us. reason is not TE_DROP_NONE (asserted). */
void te_drop(struct te_stack *stack, enum te_drop_reason reason, const struct te_drop_about *about);
/* The same for a packet without a segment: local is ours, remote the other side's; both or NULL. */
void te_drop_packet(struct te_stack *stack, enum te_drop_reason reason, const struct te_addr *local,
                    const struct te_addr *remote);
/* The same for packet_count packets that go together: each is counted, and all are one entry. Does
 * nothing when packet_count is 0. */
void te_drop_packets(struct te_stack *stack, enum te_drop_reason reason, uint32_t packet_count,
                     const struct te_drop_about *about);

/* Copies the drops of id, or the stack's (0), oldest first; returns how many. 0 for an id without a
 * log. */
unsigned te_drop_copy(const struct te_stack *stack, uint64_t id,
                      struct te_dropped ret_drops[TE_DROPS_MAX]);
/* How many drops there have been, and why the last was; TE_DROP_NONE: none yet. */
uint64_t te_drop_last(const struct te_stack *stack, enum te_drop_reason *ret_reason);
/* NULL when lists, buckets and rings are consistent, else a static sentence. O(logs). */
const char *te_drop_check(const struct te_stack *stack);

#endif
