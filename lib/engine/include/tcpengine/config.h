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

#define TE_LOCAL_ADDRESSES_MAX 16
#define TE_ROUTES_MAX 32

struct te_cidr {
    struct te_addr addr;
    uint8_t prefix_bits; /* of the address's own family */
};

struct te_route {
    struct te_cidr destination; /* prefix 0 = the default route of the family of gateway */
    struct te_addr gateway;     /* unspecified: on the link */
};

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
    uint32_t orphan_max;               /* connections that nobody owns any more; default 65,536 */
    uint32_t syn_queue_max;            /* SYN_RCVD connections of one listener; default 1,024 */
    uint32_t backlog_max;              /* upper bound of a listener's backlog; default 4,096 */
    uint32_t neighbour_max;            /* default 1,024 */
    uint32_t neighbour_incomplete_max; /* default 128 */
    uint32_t reassembly_max;           /* datagrams being reassembled; default 64 */
    uint32_t reassembly_bytes_max;     /* default 1 MiB */
    uint32_t reassembly_source_max;    /* of these, from one source; default 16 */
    uint32_t control_queue_max;        /* packets waiting that no connection owns; default 256 */
    uint32_t event_max;                /* events kept for te_stack_next_event; default 4,096 */
    uint32_t history_conn_max;         /* dead connections whose history is kept; default 4,096 */

    /* Timers, microseconds. */
    int64_t msl_us;         /* default 30 s; TIME_WAIT lasts twice that */
    int64_t rto_initial_us; /* default 1 s (RFC 6298 (2.1)) */
    int64_t rto_min_us;     /* default 200 ms, as Linux; DEVIATION from RFC 6298 (2.4) */
    int64_t rto_max_us;     /* default 120 s; at least 60 s (RFC 6298 (2.5)) */
    int64_t delayed_ack_us; /* default 40 ms */
    int64_t fin_wait_2_us;  /* for connections that the user has closed; default 60 s */
    int64_t orphan_us;  /* how long a closed connection may take to send its rest; default 120 s */
    int64_t remains_us; /* how long a failed connection waits for its user; default 60 s */
    int64_t keepalive_idle_us;     /* default 7,200 s */
    int64_t keepalive_interval_us; /* default 75 s */
    uint8_t keepalive_probes_max;  /* default 9 */
    uint8_t syn_retries_max;       /* default 7: 255 s (RFC 9293 3.8.3, MUST-23) */
    uint8_t syn_ack_retries_max;   /* default 5 */
    uint8_t r1_retries;            /* negative advice to the route (RFC 9293 3.8.3); default 3 */
    uint8_t r2_retries;            /* give up; default 15 */
    int64_t user_timeout_us;       /* default 0: only R2 */
    int64_t idle_release_us; /* an empty buffer's memory is given back after this; default 1 s */

    /* Streams. */
    uint32_t send_buffer_initial_bytes;    /* default 16 KiB */
    uint32_t send_buffer_max_bytes;        /* default 4 MiB */
    uint32_t receive_buffer_initial_bytes; /* first window; default 64 KiB */
    uint32_t receive_buffer_max_bytes;     /* default 6 MiB */
    uint32_t out_of_order_ranges_max;      /* holes kept for one connection; default 64 */
    uint8_t initial_window_segments;       /* default 10 (RFC 6928) */
    uint16_t mss_min_bytes;                /* floor for the peer's MSS option; default 88 */
    bool timestamps;                       /* offer and accept; default true */
    bool window_scale;
    bool sack;
    bool nagle;                        /* default true */
    uint32_t challenge_ack_per_second; /* of the whole stack (RFC 5961 7); default 1,000 */
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
