/* What is in flight: one record per frame sent and not yet acknowledged, in sequence order without
 * gaps, from SND.UNA to SND.NXT (a SYN and a window probe have none). Retransmission, SACK, RACK,
 * PRR and RTT sampling all read it; nothing else remembers what was sent.
 *
 * A record is in one of three states:
 *   IN_FLIGHT  on the list by time of last transmission, oldest first (RFC 8985 5.1);
 *   LOST       in the tree of what is to be sent again, lowest number first (RFC 6675 NextSeg (1));
 *   SACKED     in neither; adjacent SACKed records are merged into one.
 * RFC 6675's pipe is the sum of the IN_FLIGHT ones: a record that was sent again is IN_FLIGHT
 * again.
 *
 * Cost: finding a record is O(log n). A SACK block costs O(log n) plus what it marks for the first
 * time, since what was marked before has been merged. A record of more than one segment (GSO) is
 * split when a SACK block covers part of it, but only at multiples of the MSS: what a peer can make
 * us split is bounded by what it made us send (CVE-2019-11477, -11478).
 *
 * Records belong to the map; a pointer to one is valid until a call acknowledges, merges, truncates
 * or clears it. Sequence numbers passed in are within half the number space of the map's. */
#ifndef TCPENGINE_TCP_LOSS_SENT_MAP_H
#define TCPENGINE_TCP_LOSS_SENT_MAP_H

#include <stdint.h>
#include <tcpengine/config.h>

#include "util/list.h"
#include "util/tree.h"

enum te_sent_state { TE_SENT_IN_FLIGHT = 0, TE_SENT_LOST, TE_SENT_SACKED };

/* What delivery rate estimation records at the moment of sending (delivery.h). */
struct te_sent_mark {
    uint64_t delivered_bytes;
    uint64_t lost_bytes;
    int64_t delivered_at_us;
    int64_t first_sent_at_us;
    uint32_t tx_in_flight_bytes;
    bool is_app_limited;
};

struct te_sent {
    struct te_tree_node by_seq;
    struct te_list by_time;      /* IN_FLIGHT */
    struct te_tree_node by_loss; /* LOST */
    uint32_t start, end;         /* end: FIN included */
    uint16_t segments;           /* of at most one MSS each */
    uint8_t state;               /* enum te_sent_state */
    uint8_t transmissions;       /* saturating */
    int64_t sent_at_us;          /* the last transmission */
    struct te_sent_mark mark;    /* of the last transmission */
};

struct te_sent_map {
    struct te_tree by_seq, by_loss;
    struct te_list by_time;
    struct te_sent *spare; /* the next record: sending must not fail halfway */
    uint32_t count;
    uint32_t in_flight_bytes, lost_bytes, sacked_bytes;
    uint32_t sacked_segments;
    uint32_t highest_sacked; /* end of the highest SACKed record; valid with sacked_bytes > 0 */
};

/* Called for bytes that were delivered for the first time: cumulatively acknowledged or SACKed. The
 * record still says how and when they were sent; it is borrowed for the call, which must not change
 * the map. */
typedef void te_sent_fn(void *ctx, const struct te_sent *sent, uint32_t bytes);

struct te_sent_visitor {
    te_sent_fn *on_delivered;
    void *ctx;
};

/* Empty, without memory. The same allocator goes with every later call. */
void te_sent_map_init(struct te_sent_map *map);
/* Frees every record, the spare one included. */
void te_sent_map_done(struct te_sent_map *map, const struct te_allocator *allocator);
/* Removes every record; one of them may be kept as the spare. */
void te_sent_map_clear(struct te_sent_map *map, const struct te_allocator *allocator);

/* Ensures that there is a spare record, which append, put and split use up. False when the
 * allocator refuses: the caller must not send or split now, and tries again later. */
bool te_sent_map_reserve(struct te_sent_map *map, const struct te_allocator *allocator);

/* [start, end), not empty, was sent for the first time (by this map), right behind what is there.
 * now_us is not before that of any earlier transmission. Uses the spare record. */
struct te_sent *te_sent_map_append(struct te_sent_map *map, uint32_t start, uint32_t end,
                                   uint16_t segments, int64_t now_us);
/* For a restored map: copies the fields of a record, state included; an IN_FLIGHT one goes to the
 * end of the time order. Uses the spare record. */
void te_sent_map_put(struct te_sent_map *map, const struct te_sent *like);
/* A record was sent again: IN_FLIGHT, at the end of the time order. */
void te_sent_map_resent(struct te_sent_map *map, struct te_sent *sent, int64_t now_us);
/* Cuts a record in two at seq, which is inside it; sent keeps the lower part, and both keep its
 * state and times. Uses the spare record; returns the upper part. */
struct te_sent *te_sent_map_split(struct te_sent_map *map, struct te_sent *sent, uint32_t seq,
                                  uint32_t mss_bytes);

/* Everything below una is acknowledged: whole records are removed, the last one is trimmed. Visits
 * what was not SACKed before, lowest number first. */
void te_sent_map_ack(struct te_sent_map *map, uint32_t una, const struct te_allocator *allocator,
                     const struct te_sent_visitor *visitor);
struct te_sent_sack {
    uint32_t start, end;
    uint32_t mss_bytes; /* not 0 */
};
/* [start, end) is SACKed. Visits what was not before; ignores what is not in the map. When there is
 * no memory for a split, the record stays unmarked: the peer will report it again. */
void te_sent_map_sack(struct te_sent_map *map, const struct te_sent_sack *sack,
                      const struct te_allocator *allocator, const struct te_sent_visitor *visitor);

/* An IN_FLIGHT record becomes LOST. */
void te_sent_map_mark_lost(struct te_sent_map *map, struct te_sent *sent);
/* What was marked lost was not (an undo): IN_FLIGHT again, in the order of transmission. */
void te_sent_map_unmark_lost(struct te_sent_map *map);
struct te_sent_joint {
    uint32_t mss_bytes;
    uint32_t fin_end; /* where a FIN that was sent ends, which takes no room in a segment; SND.UNA
                       * when there is none */
};
/* Joins the first LOST record with the LOST ones behind it, as long as they fit into one segment:
 * data first sent as small segments is sent again in one. */
void te_sent_map_join_lost(struct te_sent_map *map, const struct te_sent_joint *joint,
                           const struct te_allocator *allocator);
/* The peer has discarded what it SACKed (RFC 2018 8): LOST, and no longer good for a round trip. */
void te_sent_map_renege(struct te_sent_map *map);
/* Removes everything from seq on, which will be sent anew. */
void te_sent_map_truncate(struct te_sent_map *map, uint32_t seq,
                          const struct te_allocator *allocator);

/* NULL: none. */
struct te_sent *te_sent_map_first(const struct te_sent_map *map);
struct te_sent *te_sent_map_last(const struct te_sent_map *map);
struct te_sent *te_sent_map_next(const struct te_sent *sent);
struct te_sent *te_sent_map_previous(const struct te_sent *sent);
struct te_sent *te_sent_map_find(const struct te_sent_map *map, uint32_t seq); /* holding seq */
struct te_sent *te_sent_map_first_lost(const struct te_sent_map *map);
struct te_sent *te_sent_map_oldest(const struct te_sent_map *map); /* by time, IN_FLIGHT */
struct te_sent *te_sent_map_younger(const struct te_sent_map *map, const struct te_sent *sent);

struct te_codec;
struct te_sent_bounds {
    uint32_t start, end; /* SND.UNA and SND.NXT */
};
/* Writes the map, or reads one into an empty map. Reading fails with TE_ERR_INVALID unless the map
 * is empty or covers the bounds exactly, and with TE_ERR_NOMEM; the caller then frees the map. */
void te_sent_map_save(struct te_codec *codec, struct te_sent_map *map,
                      const struct te_sent_bounds *bounds, const struct te_allocator *allocator);

static inline uint32_t te_sent_len(const struct te_sent *sent)
{
    return sent->end - sent->start;
}

/* For te_stack_check_invariants: contiguous over [start, end), and every sum right. NULL, or a
 * static text that says what is wrong. */
const char *te_sent_map_check(const struct te_sent_map *map, uint32_t start, uint32_t end);

#endif
