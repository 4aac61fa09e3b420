/* The channel: memory that one client process and the daemon share, and what each writes in it.
 *
 * A channel has slots. A slot is one connection or listener, or nothing yet; it has a ring of bytes
 * for each direction. The daemon's send buffer is the send ring: what the client writes there
 * leaves from there. What is received is copied into the receive ring, once, and read there.
 *
 *     client                          shared memory                          daemon
 *     writes bytes, then written  --> slot, send ring
 *     sets the slot's bit         --> work      --> takes the bits, looks at these slots
 *     rings if the daemon sleeps
 *                                     slot, receive ring  <-- received, acked, what happened
 *     takes the bits, looks       <-- ready     <-- sets the slot's bit, rings if the client sleeps
 *
 * There is no queue of messages: a bit says that a slot has changed, and the slot says how it is.
 * So nothing can overflow or be lost, a hundred changes cost one look, and there is no index of a
 * queue that a hostile side could bend.
 *
 * Set-up. The client connects to the socket beside the control socket, of type SOCK_SEQPACKET, and
 * sends one channel_hello. The answer is one channel_welcome; if its code is 0, two descriptors
 * come along: the memory, a memfd that is sealed against any change of its size, and the daemon's
 * bell, an eventfd. (One who is refused before the greeting was read may get ECONNRESET first: read
 * again.) The channel lives as long as the socket. Whose it is, the kernel says (SO_PEERCRED): what
 * uid may do, it may do here.
 *
 * Bells. The daemon is rung by adding 1 to its eventfd. (Its flags are common to all who have it:
 * the daemon only reads it, and so that this cannot block whatever they are.) The client says in
 * client_sleeps how it wants to be rung: by a message of one byte and without meaning over the
 * socket, which can be polled for, or by FUTEX_WAKE on client_sleeps, which costs both sides less,
 * but tells nobody that the daemon has died: whoever waits so looks at the socket at times.
 * (Neither an eventfd nor a pipe: a hostile client could make the daemon block in writing to one.)
 * A message over the socket rings the daemon as well.
 *
 * Trust. The daemon keeps a copy of everything that it decides by, and reads each word of the
 * client once. A position that cannot be resets that connection; whatever else cannot be refuses
 * that request. Bytes of the rings are never looked at. A client that rewrites bytes between
 * written and acked sends whatever is there at the moment when a segment leaves, each time that it
 * leaves: the checksum fits the bytes sent, and a retransmission may differ from the first. Pages
 * cost those who touch them first.
 *
 * Order. Words are atomic. Whoever writes bytes stores the position behind them with release, and
 * whoever reads them has loaded it with acquire. Bits and "sleeps" are sequentially consistent:
 * each side says that it sleeps, and only then looks for bits a last time; the other sets the bit,
 * and only then looks whether it must ring. So one of them sees the other.
 *
 * Pages. When a send ring has been empty for a while, all of it acknowledged, the daemon drops its
 * pages: what lies there turns to zero. Each side says what it is about to do, sequentially
 * consistent, and only then looks at what the other says: so never do both. A client that writes
 * without a word may send zeros.
 *
 * Numbers are in the machine's byte order; both sides run on it. */
#ifndef TCPENGINE_CHANNEL_H
#define TCPENGINE_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_MAGIC 0x314e4843u /* "CHN1" */
#define CHANNEL_VERSION 4u
/* The channel's socket is the control socket's path with this behind it. */
#define CHANNEL_PATH_SUFFIX ".channel"

#define CHANNEL_SLOTS_MAX 4096u
#define CHANNEL_RING_MIN (64u * 1024)
#define CHANNEL_RING_MAX (4u * 1024 * 1024)

/* --- set-up ----------------------------------------------------------------------------------- */

/* Client to daemon, one message. */
struct channel_hello {
    uint32_t magic, version;
    uint32_t slot_count;                /* 1 to CHANNEL_SLOTS_MAX */
    uint32_t send_bytes, receive_bytes; /* powers of two, CHANNEL_RING_MIN to CHANNEL_RING_MAX */
    uint32_t aborts;                    /* 1: at its end connections are reset; 0: closed */
};
_Static_assert(sizeof(struct channel_hello) == 24, "channel_hello");

/* Daemon to client, one message. */
struct channel_welcome {
    uint32_t magic, version;
    uint32_t code; /* 0, or the protocol's enum Code */
    uint32_t unused;
    uint64_t total_bytes; /* of the memory */
    char errno_name[24], message[256], hint[128];
};
_Static_assert(sizeof(struct channel_welcome) == 432, "channel_welcome");
/* What comes along, in this order: the memory, the daemon's bell. */
#define CHANNEL_WELCOME_FDS 2

/* --- the memory ------------------------------------------------------------------------------- */

/* A set of slots. summary has a bit for each word that may not be zero. */
#define CHANNEL_WORDS (CHANNEL_SLOTS_MAX / 64)
struct channel_set {
    _Atomic uint64_t summary;
    uint64_t unused[7];
    _Atomic uint64_t words[CHANNEL_WORDS];
};
_Static_assert(sizeof(struct channel_set) == 576, "channel_set");

/* Whether a side is awake, and if not, how it is rung. The daemon takes any other value for
 * CHANNEL_SLEEPS. */
enum channel_sleep {
    CHANNEL_AWAKE,
    CHANNEL_SLEEPS,         /* the daemon: its eventfd; the client: a message over the socket */
    CHANNEL_SLEEPS_ON_WORD, /* the client: FUTEX_WAKE */
};

/* The news of a slot, by what it is worth. The daemon rings a client that sleeps for what is no
 * less than client_wants. What is less sets its bit all the same: whoever wakes up finds it. */
enum channel_news {
    CHANNEL_NEWS_ANSWER, /* a request was taken: the slot is OPENING, ACCEPTING, or FREE */
    CHANNEL_NEWS_OPENED, /* what was OPENING is OPEN */
    CHANNEL_NEWS_MATTER, /* anything else: bytes, room, an end, something accepted */
};

/* At offset 0; the slots follow at CHANNEL_SLOTS_AT, the rings at channel_layout.rings_at. */
struct channel_head {
    /* 0: the daemon, before anybody else sees it. */
    uint32_t magic, version, slot_count, send_bytes, receive_bytes, unused[11];
    /* 64: set by whoever it is about, cleared by whoever rings for it. */
    _Atomic uint32_t daemon_sleeps;
    uint32_t unused_1[15];
    /* 128 */
    _Atomic uint32_t client_sleeps; /* enum channel_sleep */
    _Atomic uint32_t client_wants;  /* enum channel_news, set before client_sleeps */
    uint32_t unused_2[14];
    /* 192: set by the client, taken by the daemon. */
    struct channel_set work;
    /* 768: set by the daemon, taken by the client. */
    struct channel_set ready;
};
_Static_assert(offsetof(struct channel_head, daemon_sleeps) == 64, "daemon_sleeps");
_Static_assert(offsetof(struct channel_head, client_sleeps) == 128, "client_sleeps");
_Static_assert(offsetof(struct channel_head, client_wants) == 132, "client_wants");
_Static_assert(offsetof(struct channel_head, work) == 192, "work");
_Static_assert(offsetof(struct channel_head, ready) == 768, "ready");
_Static_assert(sizeof(struct channel_head) == 1344, "channel_head");
#define CHANNEL_SLOTS_AT 4096u

/* An address as the kernel's sockets have it; IPv4 as ::ffff:a.b.c.d, unspecified as all zero. */
struct channel_endpoint {
    uint8_t addr[16];
    uint16_t port; /* 0: unspecified */
    uint16_t unused;
};
_Static_assert(sizeof(struct channel_endpoint) == 20, "channel_endpoint");

/* What a client asks for in a slot. */
enum channel_op {
    CHANNEL_OP_NONE,
    CHANNEL_OP_OPEN,   /* to remote, from local (unspecified: chosen); id: CHANNEL_OPEN_ bits */
    CHANNEL_OP_LISTEN, /* at local, for remote or anybody; argument: backlog, 0: 128; id: as above
                        */
    CHANNEL_OP_ACCEPT, /* the next connection of the listener in slot argument */
    CHANNEL_OP_MOVE,   /* the connection with that id, opened over the control socket; written and
                        * released say how much it has accepted, and what was read of it.
                        * argument: enum channel_way */
    CHANNEL_OP_CLOSE,  /* gives the slot up: FIN behind what was written */
    CHANNEL_OP_ABORT,  /* gives the slot up: reset */
    CHANNEL_OP_SET, /* an option of the connection in the slot, as the protocol's SetOption has it:
                     * option is its name, id its value, text that of congestion_control. The
                     * answer is in argument, an enum Code of the protocol; nothing else changes */
    CHANNEL_OP_RETURN, /* what was moved in goes back to requests, behind what was written and
                        * released: the slot is FREE. If it is not, argument says why: AGAIN, part
                        * of what was written is not taken yet; RESOURCES, no memory for what the
                        * rings hold now; or why what was written does not leave */
    CHANNEL_OP_COUNT
};

/* Which direction of what is moved in goes through the slot. The other one stays with requests, of
 * whichever program, and the client leaves its words as they are. */
enum channel_way { CHANNEL_BOTH_WAYS, CHANNEL_SENDS, CHANNEL_RECEIVES, CHANNEL_WAY_COUNT };

/* RFC 7413: what was written before OPEN was asked for goes with the SYN; of a LISTEN, the peers'
 * data may. Where the daemon's tcp_fast_open does not allow it, nothing is different. */
#define CHANNEL_OPEN_FAST UINT64_C(1)

/* What a slot is, as the daemon tells it. */
enum channel_state {
    CHANNEL_FREE,      /* nothing; also after CLOSE and ABORT */
    CHANNEL_ACCEPTING, /* waits for a connection to accept */
    CHANNEL_LISTENING,
    CHANNEL_OPENING, /* handshake; written bytes follow it */
    CHANNEL_OPEN,
    CHANNEL_ENDED, /* code says why; what was received can still be read. CLOSE it */
    CHANNEL_STATE_COUNT
};

/* Two cache lines, each with the words of one side. What says which connection it is has room in
 * both: a request says what is asked for, and the answer, in its place, what has come of it. */
struct channel_slot {
    /* 0: the client, as it reads and writes. Positions count bytes from the connection's birth. */
    _Atomic uint64_t written;  /* end of what is in the send ring; at most acked + send_bytes */
    _Atomic uint64_t released; /* below that the receive ring is free; at most received. The daemon
                                * looks at it when more comes, and twice per second: a bit is worth
                                * setting only for much at once */
    _Atomic uint32_t finished; /* 1: FIN behind written, which moves no more */
    _Atomic uint32_t wants_room; /* 1: tell me when half of the send ring is free */
    _Atomic uint32_t asked;      /* counted up behind what follows: look at it */
    _Atomic uint32_t writes;     /* 1: it may write to the send ring. Set it before the first byte,
                                  * then wait until drops is 0; reset it behind written */
    /* The client, only while asked equals answered. */
    _Atomic uint32_t op;
    _Atomic uint32_t argument;
    /* 40: the client with a request; the daemon, like remote and id below, before state leaves
     * OPENING or ACCEPTING. A SET does not bring back what it has overwritten. */
    union {
        struct {
            struct channel_endpoint local;
            uint32_t unused;
        };
        char option[24]; /* zero bytes behind it, if there is room */
    };

    /* 64: the daemon. */
    _Atomic uint64_t acked;    /* below that the send ring is free */
    _Atomic uint64_t received; /* end of what is in the receive ring */
    _Atomic uint32_t
        answered;           /* the last value of asked that was looked at, stored behind the rest */
    _Atomic uint32_t state; /* enum channel_state */
    _Atomic uint32_t is_end; /* 1: the peer's FIN follows the byte before received */
    _Atomic uint32_t code;   /* the protocol's enum Code: of the last answer, why it ended, or
                              * while it is OPEN, why what is written does not leave */
    _Atomic uint32_t drops;  /* 1: it drops the pages of the send ring, unless writes is set */
    /* 100: as local. */
    union {
        struct channel_endpoint remote;
        char text[20]; /* as option */
    };
    _Atomic uint64_t id; /* or, of what did not begin for lack of RESOURCES, the protocol's Hint:
                          * which limit bit; 0: none that has a name */
};
_Static_assert(offsetof(struct channel_slot, writes) == 28, "writes");
_Static_assert(offsetof(struct channel_slot, op) == 32, "op");
_Static_assert(offsetof(struct channel_slot, local) == 40, "local");
_Static_assert(offsetof(struct channel_slot, option) == 40, "option");
_Static_assert(offsetof(struct channel_slot, acked) == 64, "acked");
_Static_assert(offsetof(struct channel_slot, drops) == 96, "drops");
_Static_assert(offsetof(struct channel_slot, remote) == 100, "remote");
_Static_assert(offsetof(struct channel_slot, text) == 100, "text");
_Static_assert(offsetof(struct channel_slot, id) == 120, "id");
_Static_assert(sizeof(struct channel_slot) == 128, "channel_slot");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "not across processes");

/* --- where is what ---------------------------------------------------------------------------- */

struct channel_layout {
    uint32_t slot_count, send_bytes, receive_bytes;
    uint64_t rings_at, total_bytes;
};
/* False, *ret_layout untouched: hello asks for what cannot be. */
bool channel_layout_init(const struct channel_hello *hello, struct channel_layout *ret_layout);
struct channel_slot *channel_slot_at(void *memory, uint32_t slot);
/* The slot's rings; slot is below slot_count. */
uint8_t *channel_send_ring(const struct channel_layout *layout, void *memory, uint32_t slot);
uint8_t *channel_receive_ring(const struct channel_layout *layout, void *memory, uint32_t slot);

/* --- bits and bells --------------------------------------------------------------------------- */

/* Adds slot, which is below CHANNEL_SLOTS_MAX. */
void channel_set_add(struct channel_set *set, uint32_t slot);
/* Takes out the words that may have members, at once: ret_summary has a bit for each word of
 * ret_words that was written. */
uint64_t channel_set_take(struct channel_set *set, uint64_t ret_words[CHANNEL_WORDS]);
bool channel_set_is_empty(const struct channel_set *set);

/* How the other side sleeps, if this call is the one that has to ring for it; else CHANNEL_AWAKE.
 * Call after channel_set_add. */
uint32_t channel_should_ring(_Atomic uint32_t *sleeps);
/* Says that this side sleeps, and how. True: it may. False: there is something in set, and it is
 * awake. */
bool channel_may_sleep(_Atomic uint32_t *sleeps, enum channel_sleep how,
                       const struct channel_set *set);
/* Wakes the client that sleeps on its word. Never blocks, whatever the other side does. */
void channel_word_wake(_Atomic uint32_t *sleeps);
/* Sleeps until the word is no longer CHANNEL_SLEEPS_ON_WORD, for ms at most; in vain at times. */
void channel_word_sleep(_Atomic uint32_t *sleeps, unsigned ms);

/* --- positions -------------------------------------------------------------------------------- */

/* Whether a position that the other side has given lies in [low, high]. */
static inline bool channel_is_within(uint64_t position, uint64_t low, uint64_t high)
{
    return position >= low && position <= high;
}

#endif
