#include "config/config_keys.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_custom.h"
#include "config/config_value.h"

#define MILLISECOND INT64_C(1000)
#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define KIB INT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)

/* A number of the engine's config, one of the daemon's own, and a value with its own parser. */
#define ENGINE(section_, name_, field_, kind_, min_, max_, help_)                                  \
    {                                                                                              \
        .section = section_, .name = #name_, .field = #field_, .kind = kind_,                      \
        .offset = offsetof(struct config, engine.field_),                                          \
        .width = sizeof(((struct config *)NULL)->engine.field_), .min = min_, .max = max_,         \
        .help = help_                                                                              \
    }
#define FEATURE(name_, feature_, help_)                                                            \
    {                                                                                              \
        .section = "tcp", .name = #name_, .field = "features", .kind = CONFIG_BOOL,                \
        .mask = TE_FEATURE_##feature_, .offset = offsetof(struct config, engine.features),         \
        .width = sizeof(uint32_t), .max = 1, .help = help_                                         \
    }
#define DAEMON(section_, name_, field_, kind_, min_, max_, help_)                                  \
    {                                                                                              \
        .section = section_, .name = #name_, .kind = kind_,                                        \
        .offset = offsetof(struct config, field_),                                                 \
        .width = sizeof(((struct config *)NULL)->field_), .min = min_, .max = max_, .help = help_  \
    }
#define CUSTOM(section_, name_, values_, help_)                                                    \
    {                                                                                              \
        .section = section_, .name = #name_, .kind = CONFIG_CUSTOM, .parse = config_parse_##name_, \
        .format = config_format_##name_, .values = values_, .help = help_                          \
    }
#define LIST(section_, name_, values_, help_)                                                      \
    {                                                                                              \
        .section = section_, .name = #name_, .kind = CONFIG_CUSTOM, .parse = config_parse_##name_, \
        .format = config_format_##name_, .clear = config_clear_##name_, .values = values_,         \
        .help = help_                                                                              \
    }

/* A TAP refuses an MTU that, with the Ethernet header, does not fit into 16 bits. */
#define TAP_MTU_MAX 65521
#define TABLE_MAX 4194304
#define QUEUE_MAX 65536
#define BUFFER_MAX GIB
#define RATE_MAX 10000000

static const struct config_key keys[] = {
    /* --- [daemon] --- */
    CUSTOM("daemon", control, "`ipc:///PATH`", "Control socket, an absolute path."),
    CUSTOM("daemon", control_group, "a group's name or number, or empty",
           "Group that the control socket belongs to, whose members may use it. Empty: the "
           "daemon's own group."),
    CUSTOM("daemon", admin_group, "a group's name or number, or empty",
           "Group whose members see and touch everybody's connections, as root does. Empty: none."),
    CUSTOM("daemon", http, "`ADDRESS:PORT` or `off`",
           "Where metrics, health and the live page are served. Keep it on loopback: it asks for "
           "no password."),
    CUSTOM("daemon", log_level, "error, warning, notice, info, debug",
           "Least important messages that are logged. SIGHUP reads it anew."),
    DAEMON("daemon", event_log_max, event_log_max, CONFIG_COUNT, 16, 1048576,
           "State changes kept for clients that watch events."),
    DAEMON("daemon", session_grace, rpc.session_grace_us, CONFIG_DURATION, 0, HOUR,
           "How long a session outlives its last link before its policy applies."),
    DAEMON("daemon", session_keep_max, rpc.session_keep_max_us, CONFIG_DURATION, 0, 30 * DAY,
           "The longest time that a client may ask to be kept for re-attachment."),
    DAEMON("daemon", wait_max, rpc.wait_max_us, CONFIG_DURATION, SECOND, DAY,
           "The longest time that a request may wait for something to happen."),
    DAEMON("daemon", shutdown_timeout, shutdown_timeout_us, CONFIG_DURATION, 0, HOUR,
           "How long connections may take to close after SIGTERM before they are reset."),
    DAEMON("daemon", watchdog, watchdog, CONFIG_BOOL, 0, 1,
           "Answer systemd's watchdog after a check of the daemon's own state."),
    DAEMON("daemon", memory_max, memory_max_bytes, CONFIG_BYTES, 16 * MIB, 1024 * GIB,
           "Memory of the engine, stream buffers included; beyond it requests are refused."),

    /* --- [link] --- */
    CUSTOM("link", tap, "an interface name, at most 15 bytes",
           "TAP interface. Made when it is missing, and then gone with the daemon."),
    DAEMON("link", tap_queue_len, tap_queue_len, CONFIG_COUNT, 16, QUEUE_MAX,
           "Frames that the kernel queues toward the daemon (txqueuelen)."),
    ENGINE("link", mtu, mtu_bytes, CONFIG_BYTES, 576, TAP_MTU_MAX,
           "Size of IP packets, also set on the interface."),
    CUSTOM("link", mac, "`XX:XX:XX:XX:XX:XX` or `auto`",
           "Ethernet address of the engine's station. auto: made of the host's and the TAP's name, "
           "so it stays the same."),
    LIST("link", address, "`ADDRESS/PREFIX`, IPv4 or IPv6; repeated",
         "Address of the engine on the link."),
    LIST("link", gateway, "`ADDRESS`; repeated, one a family",
         "Default gateway; it must lie in the network of an address."),
    LIST("link", route, "`NETWORK/PREFIX via ADDRESS`, or `NETWORK/PREFIX` for on-link; repeated",
         "Further route."),
    DAEMON("link", large_receive, large_receive, CONFIG_BOOL, 0, 1,
           "Let the kernel hand over segments of up to 64 KiB in one frame."),
    ENGINE("link", gso, gso, CONFIG_BOOL, 0, 1,
           "Send segments of up to 64 KiB in one frame, which the kernel cuts; needs "
           "checksum_offload."),
    ENGINE("link", checksum_offload, checksum_offload, CONFIG_BOOL, 0, 1,
           "Leave TCP checksums of sent frames to the kernel."),
    ENGINE("link", dad, dad, CONFIG_BOOL, 0, 1,
           "Probe our addresses at start for another station that holds them (RFC 4862 5.4, RFC "
           "5227)."),
    ENGINE("link", optimistic_dad, optimistic_dad, CONFIG_BOOL, 0, 1,
           "Use addresses while they are probed (RFC 4429); without it the first seconds refuse "
           "every connection."),

    /* --- [tcp] --- */
    ENGINE("tcp", msl, msl_us, CONFIG_DURATION, MILLISECOND, HOUR,
           "Maximum segment lifetime; TIME_WAIT lasts twice as long (RFC 9293 3.4.2)."),
    ENGINE("tcp", rto_initial, rto_initial_us, CONFIG_DURATION, MILLISECOND, 60 * SECOND,
           "Retransmission timeout before the first RTT sample (RFC 6298 (2.1))."),
    ENGINE("tcp", rto_min, rto_min_us, CONFIG_DURATION, MILLISECOND, 60 * SECOND,
           "Lower bound of the retransmission timeout (RFC 6298 (2.4) says 1 s)."),
    ENGINE("tcp", rto_max, rto_max_us, CONFIG_DURATION, 60 * SECOND, HOUR,
           "Upper bound of the retransmission timeout (RFC 6298 (2.5))."),
    ENGINE("tcp", delayed_ack, delayed_ack_us, CONFIG_DURATION, 0, 499 * MILLISECOND,
           "How long an ACK may wait for company (RFC 9293 3.8.6.3)."),
    ENGINE("tcp", fin_wait_2, fin_wait_2_us, CONFIG_DURATION, MILLISECOND, DAY,
           "How long a connection that its user has closed stays in FIN_WAIT_2."),
    ENGINE("tcp", orphan, orphan_us, CONFIG_DURATION, MILLISECOND, DAY,
           "How long a connection that its user has closed may take to send the rest."),
    ENGINE("tcp", remains, remains_us, CONFIG_DURATION, 0, DAY,
           "How long a failed connection waits for its user to see why."),
    ENGINE("tcp", user_timeout, user_timeout_us, CONFIG_DURATION, 0, 30 * DAY,
           "Give up when sent data stays unacknowledged this long; 0: after r2_retries alone."),
    ENGINE("tcp", keepalive_idle, keepalive_idle_us, CONFIG_DURATION, MILLISECOND, 30 * DAY,
           "Silence before the first keepalive probe, where keepalive is on (RFC 9293 3.8.4)."),
    ENGINE("tcp", keepalive_interval, keepalive_interval_us, CONFIG_DURATION, MILLISECOND, DAY,
           "Time between keepalive probes."),
    ENGINE("tcp", keepalive_probes_max, keepalive_probes_max, CONFIG_COUNT, 1, 255,
           "Unanswered keepalive probes that end a connection."),
    ENGINE("tcp", syn_retries_max, syn_retries_max, CONFIG_COUNT, 0, 255,
           "Retransmissions of a SYN before an opening fails."),
    ENGINE("tcp", syn_ack_retries_max, syn_ack_retries_max, CONFIG_COUNT, 0, 255,
           "Retransmissions of a SYN,ACK before it is forgotten."),
    ENGINE("tcp", r1_retries, r1_retries, CONFIG_COUNT, 1, 255,
           "Retransmissions after which the route is doubted (RFC 9293 3.8.3)."),
    ENGINE("tcp", r2_retries, r2_retries, CONFIG_COUNT, 1, 255,
           "Retransmissions after which a connection fails (RFC 9293 3.8.3)."),
    CUSTOM("tcp", mtu_probing, "off, black_hole, always",
           "Search for the largest packets that a path takes without help of its routers (RFC "
           "4821): never, when large packets vanish, or on every connection."),
    ENGINE("tcp", mtu_probe_base, mtu_probe_base_bytes, CONFIG_BYTES, 552, TAP_MTU_MAX,
           "Packet size that such a search starts from; with IPv6 at least 1280."),
    ENGINE("tcp", path_mtu_age, path_mtu_age_us, CONFIG_DURATION, 300 * SECOND, 400 * DAY,
           "A path that was found to be narrower than the link is forgotten after this time, and "
           "larger packets are tried again (RFC 1191 6.3, RFC 8201 4)."),
    ENGINE("tcp", idle_release, idle_release_us, CONFIG_DURATION, 0, HOUR,
           "An empty buffer gives its memory back after this time."),
    ENGINE("tcp", send_buffer_initial, send_buffer_initial_bytes, CONFIG_BYTES, 1024, BUFFER_MAX,
           "First size of a connection's send buffer."),
    ENGINE("tcp", send_buffer_max, send_buffer_max_bytes, CONFIG_BYTES, 1024, BUFFER_MAX,
           "Largest send buffer of a connection."),
    ENGINE("tcp", receive_buffer_initial, receive_buffer_initial_bytes, CONFIG_BYTES, 1024,
           BUFFER_MAX, "First size of a connection's receive buffer, and its first window."),
    ENGINE("tcp", receive_buffer_max, receive_buffer_max_bytes, CONFIG_BYTES, 1024, BUFFER_MAX,
           "Largest receive buffer of a connection."),
    ENGINE("tcp", out_of_order_ranges_max, out_of_order_ranges_max, CONFIG_COUNT, 0, 16384,
           "Holes that one connection's reassembly keeps."),
    ENGINE("tcp", initial_window_segments, initial_window_segments, CONFIG_COUNT, 1, 64,
           "Initial congestion window (RFC 6928)."),
    ENGINE("tcp", mss_min, mss_min_bytes, CONFIG_BYTES, 48, 536,
           "Floor for the peer's MSS option."),
    ENGINE("tcp", timestamps, timestamps, CONFIG_BOOL, 0, 1,
           "Offer and accept timestamps (RFC 7323)."),
    ENGINE("tcp", window_scale, window_scale, CONFIG_BOOL, 0, 1,
           "Offer and accept window scaling (RFC 7323)."),
    ENGINE("tcp", sack, sack, CONFIG_BOOL, 0, 1,
           "Offer and accept selective acknowledgments (RFC 2018)."),
    CUSTOM("tcp", ecn, "off, passive, on",
           "Explicit Congestion Notification (RFC 3168): never, when the peer offers it, or also "
           "offered to the peer."),
    CUSTOM("tcp", congestion_control, "cubic, reno, bbr",
           "Congestion control (RFC 9438, RFC 5681, draft-ietf-ccwg-bbr)."),
    FEATURE(hystart, HYSTART, "Leave slow start before it loses (HyStart++, RFC 9406)."),
    FEATURE(pacing, PACING, "Spread frames over the round trip. BBR does so always."),
    FEATURE(cwnd_validation, CWND_VALIDATION,
            "A congestion window that is not used is not trusted (RFC 7661)."),
    FEATURE(sack_recovery, SACK_RECOVERY,
            "Find losses by what was SACKed above them (RFC 6675). No, and no RACK: NewReno."),
    FEATURE(rack, RACK, "Find losses by time (RFC 8985)."),
    FEATURE(loss_probe, LOSS_PROBE, "Tail loss probe (RFC 8985 7)."),
    FEATURE(prr, PRR, "Proportional rate reduction (RFC 6937)."),
    FEATURE(frto, FRTO, "Recognize spurious timeouts (RFC 5682)."),
    FEATURE(eifel, EIFEL, "Recognize spurious retransmissions by timestamps (RFC 3522)."),
    FEATURE(dsack_undo, DSACK_UNDO, "Recognize spurious retransmissions by D-SACK (RFC 3708)."),
    FEATURE(limited_transmit, LIMITED_TRANSMIT,
            "New data on the first two duplicate ACKs (RFC 3042)."),
    FEATURE(rto_restart, RTO_RESTART,
            "With little in flight, count the timeout from its sending (RFC 7765)."),
    CUSTOM(
        "tcp", tcp_fast_open, "off, client, server, both",
        "Allow TCP Fast Open (RFC 7413) to connections and listeners that ask for it: data on the "
        "SYN, which may then be delivered twice."),
    ENGINE("tcp", nagle, nagle, CONFIG_BOOL, 0, 1,
           "Nagle's algorithm, where a connection does not say otherwise (RFC 9293 3.7.4)."),
    ENGINE("tcp", port_first, port_first, CONFIG_COUNT, 1, 65535,
           "First ephemeral port (RFC 6056)."),
    ENGINE("tcp", port_last, port_last, CONFIG_COUNT, 1, 65535, "Last ephemeral port."),

    /* --- [limits] --- */
    DAEMON("limits", links_per_uid_max, rpc.control.links_per_uid_max, CONFIG_COUNT, 1, 1024,
           "Links to the control socket that one user may hold."),
    DAEMON("limits", links_max, rpc.control.links_max, CONFIG_COUNT, 1, 1024,
           "Links to the control socket in all; a few more are kept for root."),
    DAEMON("limits", sessions_per_uid_max, rpc.sessions_per_uid_max, CONFIG_COUNT, 1, TABLE_MAX,
           "Sessions of one user."),
    DAEMON("limits", sessions_max, rpc.sessions_max, CONFIG_COUNT, 1, TABLE_MAX,
           "Sessions in all."),
    DAEMON("limits", objects_per_uid_max, rpc.objects_per_uid_max, CONFIG_COUNT, 1, TABLE_MAX,
           "Connections and listeners that one user may hold."),
    DAEMON("limits", waits_per_link_max, rpc.waits_per_link_max, CONFIG_COUNT, 1, 1024,
           "Waiting requests of one link to the control socket."),
    DAEMON("limits", held_per_uid_max, rpc.held_per_uid_max, CONFIG_BYTES, 256 * KIB, GIB,
           "Data that waits for room in send buffers, of one user."),
    DAEMON("limits", held_max, rpc.held_max, CONFIG_BYTES, 256 * KIB, GIB,
           "Data that waits for room in send buffers, in all."),
    DAEMON("limits", answers_max, rpc.recent_max, CONFIG_COUNT, 16, TABLE_MAX,
           "Answers remembered, for requests that arrive twice."),
    ENGINE("limits", conn_max, conn_max, CONFIG_COUNT, 1, TABLE_MAX, "Connections."),
    ENGINE("limits", time_wait_max, time_wait_max, CONFIG_COUNT, 1, TABLE_MAX,
           "Entries of the TIME_WAIT table."),
    CUSTOM("limits", time_wait_policy, "evict_oldest, skip",
           "What happens when the TIME_WAIT table is full: the entry nearest to its end makes "
           "room, or the new connection goes to CLOSED at once."),
    ENGINE("limits", orphan_max, orphan_max, CONFIG_COUNT, 0, TABLE_MAX,
           "Connections that nobody owns any more."),
    ENGINE("limits", connections_per_remote_max, connections_per_remote_max, CONFIG_COUNT, 0,
           TABLE_MAX,
           "Connections that one remote address (with IPv6 its /64) may have opened to us; further "
           "SYNs are dropped. 0: no limit. Raise it behind a proxy or NAT with more."),
    ENGINE("limits", syn_queue_max, syn_queue_max, CONFIG_COUNT, 1, QUEUE_MAX,
           "SYN_RCVD connections of one listener."),
    CUSTOM(
        "limits", syn_cookies, "off, on_full, always",
        "When a SYN is answered by a SYN cookie, which costs no memory (RFC 4987 3.6): never, when "
        "the listener's SYN queue is full, or always."),
    ENGINE("limits", fast_open_pending_max, fast_open_pending_max, CONFIG_COUNT, 0, QUEUE_MAX,
           "SYN_RCVD connections of one listener that were opened by Fast Open."),
    ENGINE("limits", fast_open_cache_max, fast_open_cache_max, CONFIG_COUNT, 0, QUEUE_MAX,
           "Servers whose Fast Open cookie is kept."),
    ENGINE("limits", backlog_max, backlog_max, CONFIG_COUNT, 1, QUEUE_MAX,
           "Upper bound of a listener's backlog."),
    ENGINE("limits", neighbour_max, neighbour_max, CONFIG_COUNT, 16, QUEUE_MAX,
           "Entries of the neighbour cache (ARP and ND)."),
    ENGINE("limits", neighbour_incomplete_max, neighbour_incomplete_max, CONFIG_COUNT, 1, QUEUE_MAX,
           "Neighbours being resolved at once."),
    ENGINE("limits", reassembly_max, reassembly_max, CONFIG_COUNT, 1, QUEUE_MAX,
           "IP datagrams being reassembled."),
    ENGINE("limits", reassembly_bytes_max, reassembly_bytes_max, CONFIG_BYTES, 64 * KIB, GIB,
           "Memory of IP reassembly."),
    ENGINE("limits", reassembly_source_max, reassembly_source_max, CONFIG_COUNT, 1, QUEUE_MAX,
           "IP datagrams being reassembled from one source."),
    ENGINE("limits", path_mtu_max, path_mtu_max, CONFIG_COUNT, 1, QUEUE_MAX,
           "Destinations whose path is remembered to be narrower than the link."),
    ENGINE("limits", control_queue_max, control_queue_max, CONFIG_COUNT, 16, QUEUE_MAX,
           "Packets waiting to be sent that no connection owns."),
    ENGINE("limits", event_max, event_max, CONFIG_COUNT, 64, 1048576,
           "Events that wait inside the engine."),
    ENGINE("limits", history_conn_max, history_conn_max, CONFIG_COUNT, 0, TABLE_MAX,
           "Dead connections whose history is kept."),
    ENGINE("limits", drop_log_conn_max, drop_log_conn_max, CONFIG_COUNT, 0, QUEUE_MAX,
           "Connections whose last dropped segments are kept."),
    ENGINE("limits", challenge_ack_per_second, challenge_ack_per_second, CONFIG_COUNT, 1, RATE_MAX,
           "Challenge ACKs of all connections (RFC 5961 7), and as many of all TIME_WAIT entries."),
    ENGINE("limits", challenge_ack_interval, challenge_ack_interval_us, CONFIG_DURATION, 0,
           60 * SECOND, "Least time between two challenge ACKs of one connection."),
    ENGINE("limits", rst_per_second, rst_per_second, CONFIG_COUNT, 0, RATE_MAX,
           "RSTs for segments without a connection."),
    ENGINE("limits", icmp_per_second, icmp_per_second, CONFIG_COUNT, 0, RATE_MAX,
           "ICMP errors sent."),
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

const struct config_key *config_key_table(size_t *ret_count)
{
    *ret_count = KEY_COUNT;
    return keys;
}

static const struct config_key *find_exact(const char *name, size_t len)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strlen(keys[i].name) == len && memcmp(keys[i].name, name, len) == 0)
            return &keys[i];
    return NULL;
}

static int64_t default_scale(const struct config_key *key)
{
    return key->kind == CONFIG_DURATION ? SECOND : 1;
}

const struct config_key *config_key_find(const char *name, int64_t *ret_scale)
{
    static const struct {
        const char *suffix;
        enum config_kind kind;
        int64_t scale;
    } units[] = {{"_s", CONFIG_DURATION, SECOND},
                 {"_ms", CONFIG_DURATION, MILLISECOND},
                 {"_us", CONFIG_DURATION, 1},
                 {"_bytes", CONFIG_BYTES, 1}};
    const struct config_key *key = find_exact(name, strlen(name));
    if (key != NULL) {
        *ret_scale = default_scale(key);
        return key;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(name), suffix_len = strlen(units[i].suffix);
        if (len <= suffix_len || strcmp(name + len - suffix_len, units[i].suffix) != 0)
            continue;
        key = find_exact(name, len - suffix_len);
        if (key != NULL && key->kind == units[i].kind) {
            *ret_scale = units[i].scale;
            return key;
        }
    }
    return NULL;
}

/* More edits than this, and the name meant is anybody's guess. */
static unsigned suggestion_distance_max(const char *name)
{
    size_t len = strlen(name);
    return len < 4 ? 1 : len < 8 ? 2 : 4;
}

static const char *name_of(const struct config_key *key)
{
    return key->name;
}

static const char *section_of(const struct config_key *key)
{
    return key->section;
}

static const char *suggest(const char *name, const char *(*candidate)(const struct config_key *))
{
    const char *best = NULL;
    unsigned best_distance = suggestion_distance_max(name) + 1;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        unsigned distance = value_name_distance(name, candidate(&keys[i]));
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate(&keys[i]);
        }
    }
    return best;
}

const char *config_key_suggest(const char *name)
{
    return suggest(name, name_of);
}

const char *config_section_suggest(const char *name)
{
    return suggest(name, section_of);
}

bool config_section_exists(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].section, name) == 0)
            return true;
    return false;
}
