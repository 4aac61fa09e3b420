/* What the host gives the stack at birth: memory, a secret, and every limit.
 *
 * te_config_init() fills in the defaults named here; the host changes what it wants and hands the
 * struct to te_stack_new(), which copies it. */
#ifndef TCPENGINE_CONFIG_H
#define TCPENGINE_CONFIG_H

#include <tcpengine/types.h>

/* The host's allocator for everything but stream buffers. alloc returns NULL when it refuses;
 * free gets back the size that was asked for. Both may be called from any te_ function. */
struct te_allocator {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size_bytes);
    void (*free)(void *ctx, void *block, size_t size_bytes);
};

/* Where the bytes of a connection's streams live. Regions are rings of a power-of-two size. The
 * engine calls reserve for the first byte, grow for a larger region (it copies the ring over by
 * itself, and releases the old region after that), release when a buffer runs empty or dies.
 * reserve and grow return NULL to refuse: the engine then keeps what it has and lets the window,
 * or the user call, feel it. */
struct te_buffer_memory {
    void *ctx;
    uint8_t *(*reserve)(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes);
    uint8_t *(*grow)(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes, size_t new_bytes);
    void (*release)(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes);
};

/* What happens to a connection that should enter TIME_WAIT when the table is full. */
enum te_time_wait_policy {
    TE_TIME_WAIT_EVICT_OLDEST = 0, /* the entry nearest to its end makes room */
    TE_TIME_WAIT_SKIP              /* the connection goes to CLOSED at once */
};

/* Explicit Congestion Notification (RFC 3168). */
enum te_ecn_mode {
    TE_ECN_OFF = 0, /* neither offered nor accepted */
    TE_ECN_PASSIVE, /* accepted when the peer offers it */
    TE_ECN_ON       /* also offered in our SYNs */
};

/* TCP Fast Open (RFC 7413), for connections and listeners that ask for it. A set. */
enum te_fast_open {
    TE_FAST_OPEN_OFF = 0,
    TE_FAST_OPEN_CLIENT = 1,
    TE_FAST_OPEN_SERVER = 2,
    TE_FAST_OPEN_BOTH = 3
};

/* When a SYN is answered by a SYN cookie (RFC 4987 3.6) in place of a half-open connection. */
enum te_syn_cookies {
    TE_SYN_COOKIES_OFF = 0, /* never: what finds the SYN queue full is dropped */
    TE_SYN_COOKIES_ON_FULL, /* when the listener's SYN queue is full */
    TE_SYN_COOKIES_ALWAYS   /* always, but for a 4-tuple in TIME_WAIT */
};

/* Packetization layer path MTU discovery (RFC 4821). */
enum te_mtu_probing {
    TE_MTU_PROBING_OFF = 0,    /* routers' messages alone (RFC 1191, RFC 8201) */
    TE_MTU_PROBING_BLACK_HOLE, /* when packets vanish without one */
    TE_MTU_PROBING_ALWAYS      /* every connection starts at the base size and searches upwards */
};

#define TE_LOCAL_ADDRESSES_MAX 16
#define TE_CC_NAME_MAX 16 /* with its 0 */
#define TE_ROUTES_MAX 32

struct te_cidr {
    struct te_addr addr;
    uint8_t prefix_bits; /* of the address's own family */
};

struct te_route {
    struct te_cidr destination; /* prefix 0 = the default route of the family of gateway */
    struct te_addr gateway;     /* unspecified: on the link */
};

/* What a sender does about loss and its window, each on or off: te_config.features for all,
 * TE_OPTION_FEATURES for one connection. */
enum te_feature {
    TE_FEATURE_SACK_RECOVERY = 1 << 0,    /* RFC 6675; off, and RACK off: NewReno (RFC 6582) */
    TE_FEATURE_RACK = 1 << 1,             /* RFC 8985: losses by time; needs SACK */
    TE_FEATURE_LOSS_PROBE = 1 << 2,       /* RFC 8985 7: tail loss probe; needs SACK */
    TE_FEATURE_PRR = 1 << 3,              /* RFC 6937 */
    TE_FEATURE_FRTO = 1 << 4,             /* RFC 5682 */
    TE_FEATURE_EIFEL = 1 << 5,            /* RFC 3522, 4015: undo by timestamps */
    TE_FEATURE_DSACK_UNDO = 1 << 6,       /* RFC 3708 */
    TE_FEATURE_LIMITED_TRANSMIT = 1 << 7, /* RFC 3042 */
    TE_FEATURE_RTO_RESTART = 1 << 8,      /* RFC 7765 */
    TE_FEATURE_HYSTART = 1 << 9,          /* RFC 9406 */
    TE_FEATURE_CWND_VALIDATION = 1 << 10, /* RFC 7661 */
    TE_FEATURE_PACING = 1 << 11           /* off by default; BBR paces always */
};
#define TE_FEATURES_ALL 0xfffu
#define TE_FEATURES_DEFAULT (TE_FEATURES_ALL & ~(unsigned)TE_FEATURE_PACING)

struct te_config {
    struct te_allocator allocator;         /* required */
    struct te_buffer_memory buffer_memory; /* all NULL: taken from allocator */
    uint8_t secret[16]; /* random key of this boot: ISNs, ports, hashes, offsets */

    /* The link. */
    uint8_t mac[6];
    uint32_t mtu_bytes;    /* IP packet size: 576..65535; default 1500 */
    bool checksum_offload; /* leave TCP checksums partial on output; default false */
    bool gso;              /* send segments beyond the MTU as GSO frames; needs checksum_offload;
                            * default false */
    bool dad;            /* probe our addresses before use (RFC 4862 5.4, RFC 5227); default true */
    bool optimistic_dad; /* use them while they are probed (RFC 4429); default true */
    struct te_cidr addresses[TE_LOCAL_ADDRESSES_MAX];
    unsigned address_count;
    struct te_route routes[TE_ROUTES_MAX]; /* beside the on-link ones that the addresses imply */
    unsigned route_count;

    /* Table limits. */
    uint32_t conn_max;      /* full control blocks; default 1,048,576 */
    uint32_t time_wait_max; /* default 262,144 */
    enum te_time_wait_policy time_wait_policy;
    uint32_t orphan_max; /* connections that nobody owns any more; default 65,536 */
    /* Connections that one remote address (IPv6: one /64) has opened to us and that are not over;
     * its further SYNs are dropped. 0: no limit. Default 16,384: no single host can take more than
     * a 64th of the table, and those behind one NAT's address do not come near; a proxy in front of
     * a server may. */
    uint32_t connections_per_remote_max;
    uint32_t syn_queue_max;            /* SYN_RCVD connections of one listener; default 1,024 */
    enum te_syn_cookies syn_cookies;   /* default on_full */
    uint32_t fast_open_pending_max;    /* Fast Open connections of a listener in SYN_RCVD;
                                        * default 256 */
    uint32_t fast_open_cache_max;      /* servers whose cookie is kept; default 1,024 */
    uint32_t backlog_max;              /* upper bound of a listener's backlog; default 4,096 */
    uint32_t neighbour_max;            /* default 1,024 */
    uint32_t neighbour_incomplete_max; /* default 128 */
    uint32_t reassembly_max;           /* datagrams being reassembled; default 64 */
    uint32_t reassembly_bytes_max;     /* default 1 MiB */
    uint32_t reassembly_source_max;    /* of these, from one source; default 16 */
    uint32_t path_mtu_max;             /* destinations behind a narrow path; default 1,024 */
    uint32_t control_queue_max;        /* packets waiting that no connection owns; default 256 */
    uint32_t event_max;                /* events kept for te_stack_next_event; default 4,096 */
    uint32_t history_conn_max;         /* dead connections whose history is kept; default 4,096 */
    uint32_t drop_log_conn_max;        /* connections whose last drops are kept (drop.h), of 220
                                        * bytes each; default 512 */

    /* Timers, microseconds. */
    int64_t msl_us;         /* default 30 s; TIME_WAIT lasts twice that */
    int64_t rto_initial_us; /* default 1 s (RFC 6298 (2.1)) */
    int64_t rto_min_us;     /* default 200 ms, as Linux; DEVIATION from RFC 6298 (2.4) */
    int64_t rto_max_us;     /* default 120 s; at least 60 s (RFC 6298 (2.5)) */
    int64_t delayed_ack_us; /* default 40 ms */
    int64_t fin_wait_2_us;  /* for connections that the user has closed; default 60 s */
    int64_t orphan_us;  /* how long a closed connection may take to send its rest; default 120 s */
    int64_t remains_us; /* how long a failed connection waits for its user; default 60 s */
    int64_t keepalive_idle_us;       /* default 7,200 s */
    int64_t keepalive_interval_us;   /* default 75 s */
    uint8_t keepalive_probes_max;    /* default 9 */
    uint8_t syn_retries_max;         /* default 7: 255 s (RFC 9293 3.8.3, MUST-23) */
    uint8_t syn_ack_retries_max;     /* default 5 */
    uint8_t r1_retries;              /* negative advice to the route (RFC 9293 3.8.3); default 3 */
    uint8_t r2_retries;              /* give up; default 15 */
    int64_t user_timeout_us;         /* default 0: only R2 */
    enum te_mtu_probing mtu_probing; /* default TE_MTU_PROBING_BLACK_HOLE */
    uint32_t mtu_probe_base_bytes; /* packet size that works anywhere; default 1,024 (RFC 4821 7.2);
                                    * with IPv6 at least 1,280 */
    int64_t path_mtu_age_us;       /* a narrow path is forgotten; default 10 min (RFC 1191 6.3) */
    int64_t idle_release_us; /* an empty buffer's memory is given back after this; default 1 s */

    /* Streams. */
    uint32_t send_buffer_initial_bytes;      /* default 16 KiB */
    uint32_t send_buffer_max_bytes;          /* default 32 MiB: twice 1 Gbit/s x 100 ms, and more */
    uint32_t receive_buffer_initial_bytes;   /* first window; default 64 KiB */
    uint32_t receive_buffer_max_bytes;       /* default 32 MiB */
    uint32_t out_of_order_ranges_max;        /* holes kept for one connection; default 4,096 */
    uint8_t initial_window_segments;         /* default 10 (RFC 6928) */
    char congestion_control[TE_CC_NAME_MAX]; /* "cubic" (default), "reno", "bbr" */
    uint32_t features;                       /* enum te_feature; default TE_FEATURES_DEFAULT */
    uint16_t mss_min_bytes;                  /* floor for the peer's MSS option; default 88 */
    bool timestamps;                         /* offer and accept; default true */
    bool window_scale;
    bool sack;
    enum te_ecn_mode ecn;        /* default TE_ECN_PASSIVE */
    enum te_fast_open fast_open; /* default off */
    bool nagle;                  /* default true */
    /* Of all connections, and as many of all TIME_WAIT entries (RFC 5961 7); default 1,000. */
    uint32_t challenge_ack_per_second;
    uint32_t
        challenge_ack_interval_us;  /* least time between two of one connection; default 500 ms */
    uint32_t rst_per_second;        /* answers to segments without a connection; default 10,000 */
    uint32_t icmp_per_second;       /* ICMP errors that we send; default 1,000 */
    uint16_t port_first, port_last; /* ephemeral range (RFC 6056); default 32768..60999 */
};

/* Sets every field to its default. allocator, secret, mac and addresses stay zero. */
void te_config_init(struct te_config *config);

/* Checks ranges. Returns TE_OK, or TE_ERR_INVALID with *ret_field set to the static name of the
 * first field that is wrong. */
enum te_err te_config_check(const struct te_config *config, const char **ret_field);

#endif
