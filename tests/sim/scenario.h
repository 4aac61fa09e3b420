/* Everything that a seed decides in advance: the hosts, the link's faults, the connections and what
 * their applications do. Each seed turns on its own subset of faults, with its own rates ("swarm"),
 * so that two faults that mask each other do not always occur together. */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <tcpengine/config.h>

#include "rng.h"

/* Hosts A and C are at the left end of the link and B at the right end: what A and C send to B
 * shares one bottleneck. "side" is a host's number everywhere, "end" its end of the link. Without
 * C, side and end are the same. */
#define HOSTS_MAX 3
#define ENDS 2
#define SIDE_B 1u
#define SCENARIO_CONNECTIONS_MAX 6
#define SCENARIO_PORT 80 /* the listeners' port */
#define SCENARIO_PARTITIONS_MAX 3
#define SCENARIO_PATHS_MAX 3
#define SCENARIO_UPHEAVALS_MAX 2

/* One direction of the link. Probabilities are per 10,000 frames. */
struct link_plan {
    uint32_t drop, duplicate, reorder, corrupt, truncate, pad, mark, bleach, split;
    uint32_t drop_syn_data; /* a middlebox that drops SYNs with data (RFC 7413 4.1.3.1) */
    uint32_t late_syn_data; /* another copy of a SYN with data arrives much later (2.1) */
    int64_t delay_us, jitter_us, reorder_us;
    uint64_t bytes_per_s; /* 0: no limit */
    uint64_t queue_bytes; /* with a limit: what does not fit is dropped */
    uint64_t mark_bytes;  /* ECN-capable packets are marked beyond this (RFC 3168 5); 0: never */
    bool finishes_checksums;
    bool merges_segments; /* segments that arrive together become one large frame */
    bool cuts_segments;   /* large frames are cut first */
};

struct partition {
    int64_t start_us, end_us;
    unsigned directions; /* bit of the sending end */
    bool holds;          /* frames are held until the end instead of being lost */
};

/* From some time on a router on the path passes packets only up to a size, and reports it by
 * ICMP. */
struct path_mtu {
    int64_t at_us;
    uint32_t mtu_bytes;
    bool is_silent; /* it does not report it: a black hole (RFC 2923 2.1) */
};

enum upheaval_kind {
    UPHEAVAL_REBOOT, /* the host forgets everything */
    UPHEAVAL_LEAP,   /* its clock leaps forward */
    UPHEAVAL_FREEZE  /* it does not run for a while, and handles frames and timers late */
};

struct upheaval {
    enum upheaval_kind kind;
    unsigned sides; /* bit of each host */
    int64_t at_us, amount_us;
};

enum open_kind {
    OPEN_TO_LISTENER,
    OPEN_SIMULTANEOUS,  /* both sides, to each other's port */
    OPEN_FROM_LISTENER, /* a passive OPEN that turns active, to a listener */
    OPEN_REFUSED        /* nobody listens there */
};

enum ending {
    ENDING_CLOSE,          /* CLOSE when everything is sent, unread data or not */
    ENDING_SHUTDOWN,       /* half close when everything is sent, CLOSE after the peer's end */
    ENDING_SHUTDOWN_CLOSE, /* half close when everything is sent, CLOSE soon after, regardless of
                              the peer */
    ENDING_AFTER_PEER,     /* CLOSE after the peer's end, when everything is sent */
    ENDING_CLOSE_EARLY,    /* CLOSE at a given time */
    ENDING_ABORT,          /* ABORT at a given time */
    ENDING_NONE,           /* stays open until everything has to close */
    ENDING_COUNT
};

/* One application at one end of one connection. */
struct behaviour {
    uint64_t bytes; /* to send */
    uint32_t write_max, read_max;
    int64_t write_gap_us, read_gap_us;
    uint64_t read_stop; /* stops reading after that many bytes */
    enum ending ending;
    int64_t ending_after_us; /* since its opening */
    bool without_nagle, without_delayed_ack, with_keepalive;
    bool meddles;            /* also makes wrong calls */
    int64_t user_timeout_us; /* 0: as configured */
};

struct connection_plan {
    enum open_kind kind;
    unsigned opener, peer;            /* sides, at different ends */
    int64_t at_us, peer_at_us;        /* peer_at_us: of the other active OPEN */
    uint16_t local_port, remote_port; /* of the opener; local 0: ephemeral */
    bool fast_open;                   /* the opener's first SEND is part of its OPEN (RFC 7413) */
    struct behaviour behaviour[ENDS];
};

struct listener_plan {
    uint16_t port;
    uint32_t backlog;
    int64_t accept_gap_us;
    int64_t close_at_us; /* or TE_NEVER */
    bool fast_open;      /* its applications accept data on SYNs, perhaps twice */
};

struct host_plan {
    struct te_config config; /* without its allocator */
    bool near_isn_wrap;      /* the first connection's ISS is within 2^16 of wrapping */
    bool near_ts_wrap;       /* or its timestamps, in other runs */
    int64_t clock_us;        /* its clock at the start, if neither is set */
    int64_t poll_delay_us;   /* from an event until the host polls for output */
    int64_t late_us;         /* timers run up to that late */
    uint64_t refuse_from;    /* first allocation refused; with a count */
    uint64_t refuse_count;   /* 0: none */
    uint32_t rebirth; /* probability, after each turn, that its stack is saved and restored */
};

struct scenario {
    uint64_t seed;
    bool is_v6;
    unsigned host_count;    /* 2 or 3 */
    bool is_bulk;           /* large buffers and much data */
    bool is_cold;           /* no warm-up: no MAC address is known */
    bool is_cut_short;      /* everything is torn down in the middle of the faults */
    uint64_t strip_options; /* set of TCP option kinds that a middlebox strips from SYNs */
    struct host_plan hosts[HOSTS_MAX];
    struct link_plan link[ENDS]; /* by the sending end */
    unsigned partition_count;
    struct partition partitions[SCENARIO_PARTITIONS_MAX];
    unsigned path_count;
    struct path_mtu paths[SCENARIO_PATHS_MAX]; /* by time */
    unsigned upheaval_count;
    struct upheaval upheavals[SCENARIO_UPHEAVALS_MAX]; /* by time */
    int64_t faults_us;                                 /* how long the faults last */
    struct listener_plan listeners[HOSTS_MAX];
    unsigned connection_count;
    struct connection_plan connections[SCENARIO_CONNECTIONS_MAX];
};

/* Whether any host may use Fast Open. */
bool scenario_has_fast_open(const struct scenario *scenario);
unsigned scenario_end(unsigned side);
/* The host at the other end of a plan's connection. */
unsigned scenario_other(const struct connection_plan *plan, unsigned side);
/* "A", "B" or "C". */
const char *scenario_host_name(unsigned side);
/* The host with an address; HOSTS_MAX if none. */
unsigned scenario_find_host(const struct scenario *scenario, const struct te_addr *addr);

void scenario_draw(struct scenario *scenario, uint64_t seed);
/* A network, two hosts and one connection, without faults. */
void scenario_plain(struct scenario *scenario, bool is_v6);

#endif
