/* One stack in virtual time on a link of our own, and the judge of everything it sends.
 *
 * After every call (rig_settle): output is pulled and read by the engine's own parsers, checksums
 * included; neighbour solicitations are answered; all of the stack's own invariants must hold;
 * SND.UNA and RCV.NXT must not have gone back.
 *
 * A payload byte is a function of its sequence number, in both directions (rig_byte): so whatever
 * is delivered or sent can be judged by itself, without a record of what came before. */
#ifndef FUZZ_RIG_H
#define FUZZ_RIG_H

#include "fuzz.h"
#include "wire/tcp.h"

#define RIG_SLOTS 4
#define RIG_WATCHES 64
#define RIG_LISTENERS 3
#define RIG_FRAME_MAX (14 + 65535)
#define RIG_SERVER_PORT 80
#define RIG_SECOND_US INT64_C(1000000)

/* A pair of endpoints the program refers to, and the stack's end of it, if there is one. */
struct rig_slot {
    struct te_endpoint local, remote; /* local: the stack's */
    uint64_t id;                      /* latest connection of the pair; 0: none yet */
    bool is_there;                    /* status is current; otherwise it is the last one known */
    struct te_status status;
    uint32_t peer_iss;
    uint32_t their_ts; /* latest TSval that the stack sent */
    uint64_t edge_id;  /* connection that offered edge; 0: none yet */
    uint32_t edge;     /* latest right window edge it offered */
};

/* A connection as it was last seen. */
struct rig_watch {
    uint64_t id;
    enum te_state state;
    uint32_t iss, irs, snd_una, rcv_nxt;
    uint64_t send_acked, receive_next;
};

struct rig {
    struct fuzz_memory memory;
    struct te_config config;
    struct te_stack *stack;
    int64_t now_us;
    struct rig_slot slots[RIG_SLOTS];
    uint64_t listeners[RIG_LISTENERS];
    struct rig_watch watches[RIG_WATCHES];
    bool is_mute; /* nobody answers ARP and ND */
    unsigned question_count;
    struct te_addr questions[8];      /* addresses the stack is resolving */
    uint8_t frame[RIG_FRAME_MAX + 1]; /* the latest one we sent */
    size_t frame_len;
};

/* Properties of a stack that vary between runs. */
enum rig_trait {
    RIG_NO_TIMESTAMPS = 0x01,
    RIG_NO_SACK = 0x02,
    RIG_NO_WSCALE = 0x04,
    RIG_OFFLOAD = 0x08, /* GSO and partial checksums */
    RIG_DAD = 0x10,
    RIG_SMALL = 0x20,   /* small tables and buffers */
    RIG_SKIP_TW = 0x40, /* policy for a full TIME_WAIT table */
    RIG_SMALL_MTU = 0x80
};
struct rig_options {
    uint8_t traits; /* set of enum rig_trait */
    uint8_t secret;
    uint16_t features; /* set of enum te_feature that differ from the default */
    uint8_t algorithm; /* of congestion control, and ECN's mode */
};
void rig_start(struct rig *rig, const struct rig_options *options);
/* Frees the stack; no memory may be left. */
void rig_stop(struct rig *rig);

/* The byte at a sequence number, in either direction. */
uint8_t rig_byte(uint32_t seq);
struct te_addr rig_stack_addr(bool is_v6);

/* Gives the stack the first len bytes of rig->frame. */
void rig_input(struct rig *rig, const struct te_frame_meta *meta);
/* Call after every other call that may have changed the stack. */
void rig_settle(struct rig *rig);
/* Lets time pass, deadline by deadline, unless there are too many of them. */
void rig_advance(struct rig *rig, int64_t us);
/* Saves, frees and restores the stack, as if nothing had happened. */
void rig_rebear(struct rig *rig);
/* Writes the stack's state to a new file in a folder, as an input for the target "saved". */
void rig_keep(const struct rig *rig, const char *folder);
/* Checks that a connection received what the peer sent; releases the first bytes of it. */
void rig_receive(struct rig *rig, uint64_t id, size_t release);

#endif
