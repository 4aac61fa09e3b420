/* The one way to drop something: counts it by its reason, and keeps the last few to be asked for.
 *
 * The stack keeps a ring of the last TE_DROPS_MAX. Beside it a pool of config.drop_log_conn_max
 * logs keeps the last TE_CONN_DROPS_MAX of each connection: drops of others never push them out.
 * A connection takes a log at its first drop. When none is free it takes that of the connection
 * whose latest drop is the oldest; those of half-open connections first, and a half-open connection
 * takes no other: who forges SYNs gets no further than that. A log outlives its connection until it
 * is taken.
 *
 * All of it lies behind struct te_stack in the same block, so that a drop asks for no memory. A
 * drop costs O(1): nothing is formatted here. */
#ifndef TCPENGINE_DROP_INTERNAL_H
#define TCPENGINE_DROP_INTERNAL_H

#include <tcpengine/config.h>
#include <tcpengine/drop.h>

struct te_stack;

/* A drop, packed into 24 bytes. */
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
    uint32_t older, newer; /* in the list of its kind, by the latest drop */
    uint8_t next, count;   /* ring */
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
    struct te_drop_list lists[2]; /* half-open connections; all others */
    uint32_t capacity, used;      /* logs[used] is the first that nobody had yet */
    uint32_t bucket_count;
    uint32_t *by_id;
    struct te_drop_log logs[];
};

/* What te_drop_init needs. */
size_t te_drop_logs_bytes(const struct te_config *config);
/* block: zeroed, of te_drop_logs_bytes(config), as long as the stack. */
struct te_drop_logs *te_drop_logs_init(const struct te_config *config, void *block);

/* What is known about what is dropped; zero for what is not. */
struct te_drop_about {
    uint64_t id;                              /* whose it was */
    bool is_half_open;                        /* and nobody has shown yet that he is there */
    const struct te_endpoint *local, *remote; /* both or none */
    const struct te_segment_info *segment;
};

void te_drop(struct te_stack *stack, enum te_drop_reason reason, const struct te_drop_about *about);
/* No segment: a packet of which the addresses are known (ours, the other side's), or are NULL. */
void te_drop_packet(struct te_stack *stack, enum te_drop_reason reason, const struct te_addr *local,
                    const struct te_addr *remote);
/* So many packets that go together: one entry of the ring, and counted one by one. None: nothing.
 */
void te_drop_packets(struct te_stack *stack, enum te_drop_reason reason, uint32_t packet_count,
                     const struct te_drop_about *about);

/* The drops of id, or of all (0), oldest first; returns how many. */
unsigned te_drop_copy(const struct te_stack *stack, uint64_t id,
                      struct te_dropped ret_drops[TE_DROPS_MAX]);
/* NULL when lists, buckets and rings hold together, else a static sentence. */
const char *te_drop_check(const struct te_stack *stack);

#endif
