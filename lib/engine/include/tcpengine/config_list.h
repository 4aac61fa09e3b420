/* Every configuration key of the stack, in one place.
 *
 * A row of TE_CONFIG_LIST is a field of struct te_config, its default, what te_config_check()
 * accepts, and what a user of the daemon may write under which name. The struct, te_config_init(),
 * te_config_table(), the daemon's keys, docs/configuration.md, `tcpengined --help-keys` and the
 * shipped tcpengined.conf all come from it.
 *
 * To add a key: a row here, and the place that uses it; then
 * `build/daemon/tcpengined --list-config > docs/configuration.md` brings the page up to date. */
#ifndef TCPENGINE_CONFIG_LIST_H
#define TCPENGINE_CONFIG_LIST_H

#include <tcpengine/units.h>

/* Values with a name: X(constant, name), counted from 0. */

/* What happens to a connection that should enter TIME_WAIT when the table is full. */
#define TE_TIME_WAIT_POLICY_LIST(X)                                                                \
    X(TE_TIME_WAIT_EVICT_OLDEST, "evict_oldest") /* the entry that would end first makes room */   \
    X(TE_TIME_WAIT_SKIP, "skip")                 /* the connection goes to CLOSED at once */

/* Explicit Congestion Notification (RFC 3168). */
#define TE_ECN_MODE_LIST(X)                                                                        \
    X(TE_ECN_OFF, "off")         /* neither offered nor accepted */                                \
    X(TE_ECN_PASSIVE, "passive") /* accepted when the peer offers it */                            \
    X(TE_ECN_ON, "on")           /* also offered in our SYNs */

/* TCP Fast Open (RFC 7413), for connections and listeners that ask for it. A set of two bits. */
#define TE_FAST_OPEN_LIST(X)                                                                       \
    X(TE_FAST_OPEN_OFF, "off")                                                                     \
    X(TE_FAST_OPEN_CLIENT, "client")                                                               \
    X(TE_FAST_OPEN_SERVER, "server")                                                               \
    X(TE_FAST_OPEN_BOTH, "both")

/* When a SYN is answered by a SYN cookie (RFC 4987 3.6) in place of a half-open connection. */
#define TE_SYN_COOKIES_LIST(X)                                                                     \
    X(TE_SYN_COOKIES_OFF, "off")         /* never: a SYN that finds the queue full is dropped */   \
    X(TE_SYN_COOKIES_ON_FULL, "on_full") /* when the listener's SYN queue is full */               \
    X(TE_SYN_COOKIES_ALWAYS, "always")   /* always, except for a 4-tuple in TIME_WAIT */

/* Packetization layer path MTU discovery (RFC 4821). */
#define TE_MTU_PROBING_LIST(X)                                                                     \
    X(TE_MTU_PROBING_OFF, "off")               /* routers' messages alone (RFC 1191, RFC 8201) */  \
    X(TE_MTU_PROBING_BLACK_HOLE, "black_hole") /* when packets vanish without one */               \
    X(TE_MTU_PROBING_ALWAYS, "always") /* each connection searches upwards from the base size */

/* Congestion control algorithms, the default first: NAME is implemented by te_cc_NAME. */
#define TE_CC_LIST(X)                                                                              \
    X(cubic)                                                                                       \
    X(reno)                                                                                        \
    X(bbr)

/* What a sender does about loss and about its window, each on or off: te_config.features for all
 * connections, TE_OPTION_FEATURES for one. X(bit, NAME, name, is_on, help). Saved states hold the
 * bits: they keep their meaning. */
#define TE_FEATURE_LIST(X)                                                                         \
    X(0, SACK_RECOVERY, sack_recovery, true,                                                       \
      "Find losses by what was SACKed above them (RFC 6675). Without it and RACK: NewReno.")       \
    X(1, RACK, rack, true, "Find losses by time (RFC 8985).")                                      \
    X(2, LOSS_PROBE, loss_probe, true, "Tail loss probe (RFC 8985 7).")                            \
    X(3, PRR, prr, true, "Proportional rate reduction (RFC 6937).")                                \
    X(4, FRTO, frto, true, "Recognize spurious timeouts (RFC 5682).")                              \
    X(5, EIFEL, eifel, true, "Recognize spurious retransmissions by timestamps (RFC 3522).")       \
    X(6, DSACK_UNDO, dsack_undo, true, "Recognize spurious retransmissions by D-SACK (RFC 3708).") \
    X(7, LIMITED_TRANSMIT, limited_transmit, true,                                                 \
      "New data on the first two duplicate ACKs (RFC 3042).")                                      \
    X(8, RTO_RESTART, rto_restart, true,                                                           \
      "With little in flight, count the timeout from when it was sent (RFC 7765).")                \
    X(9, HYSTART, hystart, true, "Leave slow start before it causes loss (HyStart++, RFC 9406).")  \
    X(10, CWND_VALIDATION, cwnd_validation, true,                                                  \
      "Do not trust a congestion window that is not used (RFC 7661).")                             \
    X(11, PACING, pacing, false, "Spread frames over the round trip. BBR always does.")

/* Bounds that only keep sums and sizes far from overflow; a TAP takes no larger packet. */
#define TE_CONFIG_TIMER_MAX (400 * TE_DAY)
#define TE_CONFIG_TABLE_MAX (1 << 24)
#define TE_CONFIG_TAP_MTU_MAX 65521

/* X(section, name, type, field, KIND, default, (min, max), (user_min, user_max), help)
 *
 * section and name are what a configuration file says; the name has no unit, since the value brings
 * its own. KIND is one of enum te_config_kind, CHOICE with its list of names. min and max are what
 * the engine works with (else te_config_check() answers TE_ERR_INVALID); user_min and user_max are
 * what a configuration file may ask for: the range that makes sense outside of tests. */
#define TE_CONFIG_LIST(X)                                                                          \
    /* [link] */                                                                                   \
    /* 576 is what every host can receive (RFC 9293 3.7.1). */                                     \
    /* A TAP takes no more than 65,521: with the Ethernet header it must fit into 16 bits. */      \
    X("link", mtu, uint32_t, mtu_bytes, BYTES, 1500, (576, 65535), (576, TE_CONFIG_TAP_MTU_MAX),   \
      "Size of IP packets, also set on the interface.")                                            \
    X("link", gso, bool, gso, SWITCH, false, (0, 1), (0, 1),                                       \
      "Send segments of up to 64 KiB in one frame, which the kernel cuts; needs "                  \
      "checksum_offload.")                                                                         \
    X("link", checksum_offload, bool, checksum_offload, SWITCH, false, (0, 1), (0, 1),             \
      "Leave TCP checksums to the kernel, both ways. Off: no offloads at all, so gso is off "      \
      "unless "                                                                                    \
      "set, large_receive does nothing, and captures show finished frames.")                       \
    X("link", dad, bool, dad, SWITCH, true, (0, 1), (0, 1),                                        \
      "At start, probe whether another station holds our addresses (RFC 4862 5.4, RFC "            \
      "5227).")                                                                                    \
    X("link", optimistic_dad, bool, optimistic_dad, SWITCH, true, (0, 1), (0, 1),                  \
      "Use addresses while they are probed (RFC 4429); without it the first seconds refuse every " \
      "connection.")                                                                               \
    X("link", mld, bool, mld, SWITCH, true, (0, 1), (0, 1),                                        \
      "Tell routers and switches which IPv6 multicast groups are listened to (RFC 3810). Without " \
      "it IPv6 fails behind switches that snoop.")                                                 \
    /* [tcp] */                                                                                    \
    /* TIME_WAIT counts its milliseconds in 32 bits. */                                            \
    X("tcp", msl, int64_t, msl_us, DURATION, 30 * TE_SECOND, (1, TE_DAY), (TE_MS, TE_HOUR),        \
      "Maximum segment lifetime; TIME_WAIT lasts twice as long (RFC 9293 3.4.2).")                 \
    X("tcp", rto_initial, int64_t, rto_initial_us, DURATION, TE_SECOND, (1, TE_CONFIG_TIMER_MAX),  \
      (TE_MS, TE_MINUTE), "Retransmission timeout before the first RTT sample (RFC 6298 (2.1)).")  \
    /* DEVIATION from RFC 6298 (2.4): 200 ms, as Linux has it. */                                  \
    X("tcp", rto_min, int64_t, rto_min_us, DURATION, 200 * TE_MS, (1, TE_CONFIG_TIMER_MAX),        \
      (TE_MS, TE_MINUTE), "Lower bound of the retransmission timeout (RFC 6298 (2.4) says 1 s).")  \
    /* At least 60 s (RFC 6298 (2.5)). */                                                          \
    X("tcp", rto_max, int64_t, rto_max_us, DURATION, 2 * TE_MINUTE,                                \
      (TE_MINUTE, TE_CONFIG_TIMER_MAX), (TE_MINUTE, TE_HOUR),                                      \
      "Upper bound of the retransmission timeout (RFC 6298 (2.5)).")                               \
    /* Under 0.5 s (RFC 9293 3.8.6.3, MUST-40). */                                                 \
    X("tcp", delayed_ack, int64_t, delayed_ack_us, DURATION, 40 * TE_MS, (0, 500 * TE_MS - 1),     \
      (0, 499 * TE_MS), "How long an ACK may wait for data to go with (RFC 9293 3.8.6.3).")        \
    X("tcp", fin_wait_2, int64_t, fin_wait_2_us, DURATION, TE_MINUTE, (1, TE_CONFIG_TIMER_MAX),    \
      (TE_MS, TE_DAY), "How long a connection that its user has closed stays in FIN_WAIT_2.")      \
    X("tcp", orphan, int64_t, orphan_us, DURATION, 2 * TE_MINUTE, (1, TE_CONFIG_TIMER_MAX),        \
      (TE_MS, TE_DAY),                                                                             \
      "How long a connection that its user has closed may take to send the rest.")                 \
    X("tcp", remains, int64_t, remains_us, DURATION, TE_MINUTE, (0, TE_CONFIG_TIMER_MAX),          \
      (0, TE_DAY), "How long a failed connection is kept for its user to ask why.")                \
    X("tcp", user_timeout, int64_t, user_timeout_us, DURATION, 0, (0, TE_CONFIG_TIMER_MAX),        \
      (0, 30 * TE_DAY),                                                                            \
      "Give up when sent data stays unacknowledged this long; 0: after r2_retries alone.")         \
    X("tcp", keepalive_idle, int64_t, keepalive_idle_us, DURATION, 2 * TE_HOUR,                    \
      (1, TE_CONFIG_TIMER_MAX), (TE_MS, 30 * TE_DAY),                                              \
      "Silence before the first keepalive probe, where keepalive is on (RFC 9293 3.8.4).")         \
    X("tcp", keepalive_interval, int64_t, keepalive_interval_us, DURATION, 75 * TE_SECOND,         \
      (1, TE_CONFIG_TIMER_MAX), (TE_MS, TE_DAY), "Time between keepalive probes.")                 \
    X("tcp", keepalive_probes_max, uint8_t, keepalive_probes_max, COUNT, 9, (1, UINT8_MAX),        \
      (1, UINT8_MAX), "Unanswered keepalive probes that end a connection.")                        \
    /* 7 make 255 s (RFC 9293 3.8.3, MUST-23). */                                                  \
    X("tcp", syn_retries_max, uint8_t, syn_retries_max, COUNT, 7, (0, UINT8_MAX), (0, UINT8_MAX),  \
      "Retransmissions of a SYN before an opening fails.")                                         \
    X("tcp", syn_ack_retries_max, uint8_t, syn_ack_retries_max, COUNT, 5, (0, UINT8_MAX),          \
      (0, UINT8_MAX), "Retransmissions of a SYN,ACK before the half-open connection is dropped.")  \
    X("tcp", r1_retries, uint8_t, r1_retries, COUNT, 3, (0, UINT8_MAX), (1, UINT8_MAX),            \
      "Retransmissions after which the next hop is probed (RFC 9293 3.8.3, R1).")                  \
    X("tcp", r2_retries, uint8_t, r2_retries, COUNT, 15, (1, UINT8_MAX), (1, UINT8_MAX),           \
      "Retransmissions after which a connection fails (RFC 9293 3.8.3, R2).")                      \
    X("tcp", mtu_probing, enum te_mtu_probing, mtu_probing, CHOICE(te_mtu_probing),                \
      TE_MTU_PROBING_BLACK_HOLE, (TE_MTU_PROBING_OFF, TE_MTU_PROBING_ALWAYS),                      \
      (TE_MTU_PROBING_OFF, TE_MTU_PROBING_ALWAYS),                                                 \
      "Search for the largest packets that a path takes, without its routers' help (RFC 4821): "   \
      "never, when large packets vanish, or on every connection.")                                 \
    /* 552 is the floor of IPv4 (RFC 5927 7); 1,024 works anywhere (RFC 4821 7.2). */              \
    X("tcp", mtu_probe_base, uint32_t, mtu_probe_base_bytes, BYTES, 1024, (552, UINT16_MAX),       \
      (552, TE_CONFIG_TAP_MTU_MAX),                                                                \
      "Packet size from which such a search starts; with IPv6 at least 1280.")                     \
    /* RFC 8201 4: at least 5 minutes. */                                                          \
    X("tcp", path_mtu_age, int64_t, path_mtu_age_us, DURATION, 10 * TE_MINUTE,                     \
      (5 * TE_MINUTE, TE_CONFIG_TIMER_MAX), (5 * TE_MINUTE, 400 * TE_DAY),                         \
      "How long a path is remembered to be narrower than the link, before larger packets are "     \
      "tried again (RFC 1191 6.3, RFC 8201 4).")                                                   \
    X("tcp", idle_release, int64_t, idle_release_us, DURATION, TE_SECOND,                          \
      (0, TE_CONFIG_TIMER_MAX), (0, TE_HOUR), "How long an empty buffer keeps its memory.")        \
    /* Up to the largest window (RFC 7323 2.2). 32 MiB is over twice 1 Gbit/s x 100 ms. */         \
    X("tcp", send_buffer_initial, uint32_t, send_buffer_initial_bytes, BYTES, 16 * TE_KIB,         \
      (1, TE_GIB), (TE_KIB, TE_GIB), "First size of a connection's send buffer.")                  \
    X("tcp", send_buffer_max, uint32_t, send_buffer_max_bytes, BYTES, 32 * TE_MIB, (1, TE_GIB),    \
      (TE_KIB, TE_GIB), "Largest send buffer of a connection.")                                    \
    X("tcp", unsent_max, uint32_t, unsent_max_bytes, BYTES, 1 * TE_MIB, (0, TE_GIB), (0, TE_GIB),  \
      "Bytes that programs have sent and that have not left yet, of all connections together; "    \
      "each may have 128K all the same. The rings of channels do not count.")                      \
    X("tcp", receive_buffer_initial, uint32_t, receive_buffer_initial_bytes, BYTES, 64 * TE_KIB,   \
      (1, TE_GIB), (TE_KIB, TE_GIB),                                                               \
      "First size of a connection's receive buffer, and its first window.")                        \
    X("tcp", receive_buffer_max, uint32_t, receive_buffer_max_bytes, BYTES, 32 * TE_MIB,           \
      (1, TE_GIB), (TE_KIB, TE_GIB), "Largest receive buffer of a connection.")                    \
    X("tcp", out_of_order_ranges_max, uint32_t, out_of_order_ranges_max, COUNT, 4096, (0, 16384),  \
      (0, 16384), "Holes that one connection's receive buffer may have.")                          \
    X("tcp", initial_window_segments, uint8_t, initial_window_segments, COUNT, 10, (1, UINT8_MAX), \
      (1, 64), "Initial congestion window (RFC 6928).")                                            \
    /* Above the 40 bytes of options that an MSS does not count (RFC 9293 3.7.1), so that each */  \
    /* segment carries something; at most the MSS of a peer that names none. */                    \
    X("tcp", mss_min, uint16_t, mss_min_bytes, BYTES, 88, (48, 536), (48, 536),                    \
      "Floor for the peer's MSS option.")                                                          \
    X("tcp", timestamps, bool, timestamps, SWITCH, true, (0, 1), (0, 1),                           \
      "Offer and accept timestamps (RFC 7323).")                                                   \
    X("tcp", window_scale, bool, window_scale, SWITCH, true, (0, 1), (0, 1),                       \
      "Offer and accept window scaling (RFC 7323).")                                               \
    X("tcp", sack, bool, sack, SWITCH, true, (0, 1), (0, 1),                                       \
      "Offer and accept selective acknowledgments (RFC 2018).")                                    \
    X("tcp", ecn, enum te_ecn_mode, ecn, CHOICE(te_ecn_mode), TE_ECN_PASSIVE,                      \
      (TE_ECN_OFF, TE_ECN_ON), (TE_ECN_OFF, TE_ECN_ON),                                            \
      "Explicit Congestion Notification (RFC 3168): never, when the peer offers it, or always "    \
      "offered to the peer.")                                                                      \
    X("tcp", congestion_control, te_cc_name_text, congestion_control, ALGORITHM, 0,                \
      (0, TE_CC_COUNT - 1), (0, TE_CC_COUNT - 1),                                                  \
      "Congestion control (RFC 9438, RFC 5681, draft-ietf-ccwg-bbr).")                             \
    X("tcp", tcp_fast_open, enum te_fast_open, fast_open, CHOICE(te_fast_open), TE_FAST_OPEN_OFF,  \
      (TE_FAST_OPEN_OFF, TE_FAST_OPEN_BOTH), (TE_FAST_OPEN_OFF, TE_FAST_OPEN_BOTH),                \
      "Allow TCP Fast Open (RFC 7413) to connections and listeners that ask for it: data on the "  \
      "SYN, which may then be delivered twice.")                                                   \
    X("tcp", nagle, bool, nagle, SWITCH, true, (0, 1), (0, 1),                                     \
      "Nagle's algorithm, unless a connection says otherwise (RFC 9293 3.7.4).")                   \
    /* Below 1024 are the ports of services, which nobody is to get by chance. */                  \
    X("tcp", port_first, uint16_t, port_first, COUNT, 32768, (1, UINT16_MAX), (1024, UINT16_MAX),  \
      "First ephemeral port (RFC 6056).")                                                          \
    X("tcp", port_last, uint16_t, port_last, COUNT, 60999, (1, UINT16_MAX), (1024, UINT16_MAX),    \
      "Last ephemeral port.")                                                                      \
    /* [limits] */                                                                                 \
    X("limits", conn_max, uint32_t, conn_max, COUNT, 1048576, (1, TE_CONFIG_TABLE_MAX),            \
      (1, 4194304), "Connections.")                                                                \
    X("limits", time_wait_max, uint32_t, time_wait_max, COUNT, 262144, (1, TE_CONFIG_TABLE_MAX),   \
      (1, 4194304), "Entries of the TIME_WAIT table.")                                             \
    X("limits", time_wait_policy, enum te_time_wait_policy, time_wait_policy,                      \
      CHOICE(te_time_wait_policy), TE_TIME_WAIT_EVICT_OLDEST,                                      \
      (TE_TIME_WAIT_EVICT_OLDEST, TE_TIME_WAIT_SKIP),                                              \
      (TE_TIME_WAIT_EVICT_OLDEST, TE_TIME_WAIT_SKIP),                                              \
      "What happens when the TIME_WAIT table is full: the entry that would end first makes room, " \
      "or the new connection goes to CLOSED at once.")                                             \
    X("limits", orphan_max, uint32_t, orphan_max, COUNT, 65536, (0, TE_CONFIG_TABLE_MAX),          \
      (0, 4194304),                                                                                \
      "Connections that their users have closed and that still have something to send.")           \
    /* 16,384: no single host can take more than a 64th of the table, and the hosts behind one */  \
    /* NAT do not come near. */                                                                    \
    X("limits", connections_per_remote_max, uint32_t, connections_per_remote_max, COUNT, 16384,    \
      (0, TE_CONFIG_TABLE_MAX), (0, 4194304),                                                      \
      "Connections that one remote address (with IPv6 its /64) may have opened to us; further "    \
      "SYNs are dropped. 0: no limit. Raise it behind a proxy or NAT with more.")                  \
    X("limits", connections_per_remote_percent, uint8_t, connections_per_remote_percent, COUNT,    \
      25, (1, 100), (1, 100),                                                                      \
      "The same as a part of conn_max, for when that is small: the lower of the two counts.")      \
    X("limits", connections_per_uid_percent, uint8_t, connections_per_uid_percent, COUNT, 50,      \
      (1, 100), (1, 100),                                                                          \
      "Part of conn_max that one user's connections may be, with those to its listeners, and of "  \
      "the ephemeral ports that it may use toward one remote address and port. What root opens "   \
      "itself is not counted.")                                                                    \
    X("limits", listeners_max, uint32_t, listeners_max, COUNT, 4096, (1, 4096), (16, 4096),        \
      "Listeners.")                                                                                \
    X("limits", listeners_per_uid_percent, uint8_t, listeners_per_uid_percent, COUNT, 25,          \
      (1, 100), (1, 100),                                                                          \
      "Part of listeners_max that one user's listeners may be, root excepted.")                    \
    X("limits", root_reserve_percent, uint8_t, root_reserve_percent, COUNT, 2, (0, 50), (0, 50),   \
      "Part of conn_max and listeners_max that is kept for what root opens.")                      \
    X("limits", orphans_per_uid_percent, uint8_t, orphans_per_uid_percent, COUNT, 50, (1, 100),    \
      (1, 100), "Part of orphan_max that one user's closed connections may be.")                   \
    /* A quarter of the budget is free for growth and for the reserves of all connections. */      \
    X("limits", memory_pressure_percent, uint8_t, memory_pressure_percent, COUNT, 70, (1, 100),    \
      (10, 95),                                                                                    \
      "Part of memory_max in use from which memory is short: shares are a quarter, windows grow "  \
      "no further, what waits beyond a hole in the stream may be dropped (RFC 2018 8).")           \
    X("limits", memory_limit_percent, uint8_t, memory_limit_percent, COUNT, 90, (1, 100),          \
      (10, 99),                                                                                    \
      "Part of memory_max in use from which connections are reset to free memory, the largest "    \
      "and least useful first.")                                                                   \
    X("limits", memory_per_uid_percent, uint8_t, memory_per_uid_percent, COUNT, 50, (1, 100),      \
      (1, 100),                                                                                    \
      "Part of memory_max that the connections of one user may hold. Beyond it its openings are "  \
      "refused and its buffers do not grow.")                                                      \
    X("limits", memory_per_remote_percent, uint8_t, memory_per_remote_percent, COUNT, 25,          \
      (1, 100), (1, 100),                                                                          \
      "Part of memory_max that connections may hold which one remote address (with IPv6 its /64) " \
      "has opened to us. Raise it behind a proxy or NAT.")                                         \
    X("limits", memory_reserve, uint32_t, memory_reserve_bytes, BYTES, 4 * TE_KIB, (1, TE_MIB),    \
      (TE_KIB, TE_MIB),                                                                            \
      "Buffer that each direction of each connection gets even when memory is short.")             \
    X("limits", syn_queue_max, uint32_t, syn_queue_max, COUNT, 1024, (1, TE_CONFIG_TABLE_MAX),     \
      (1, 65536), "SYN_RCVD connections of one listener.")                                         \
    X("limits", syn_cookies, enum te_syn_cookies, syn_cookies, CHOICE(te_syn_cookies),             \
      TE_SYN_COOKIES_ON_FULL, (TE_SYN_COOKIES_OFF, TE_SYN_COOKIES_ALWAYS),                         \
      (TE_SYN_COOKIES_OFF, TE_SYN_COOKIES_ALWAYS),                                                 \
      "When a SYN is answered by a SYN cookie, which costs no memory (RFC 4987 3.6): never, when " \
      "the listener's SYN queue is full, or always.")                                              \
    X("limits", fast_open_pending_max, uint32_t, fast_open_pending_max, COUNT, 256,                \
      (0, TE_CONFIG_TABLE_MAX), (0, 65536),                                                        \
      "SYN_RCVD connections of one listener that were opened by Fast Open.")                       \
    X("limits", fast_open_cache_max, uint32_t, fast_open_cache_max, COUNT, 1024,                   \
      (0, TE_CONFIG_TABLE_MAX), (0, 65536), "Servers whose Fast Open cookies are kept.")           \
    X("limits", backlog_max, uint32_t, backlog_max, COUNT, 4096, (1, TE_CONFIG_TABLE_MAX),         \
      (1, 65536), "Upper bound of a listener's backlog.")                                          \
    X("limits", neighbour_max, uint32_t, neighbour_max, COUNT, 1024, (1, TE_CONFIG_TABLE_MAX),     \
      (16, 65536), "Entries of the neighbour cache (ARP and ND).")                                 \
    X("limits", neighbour_incomplete_max, uint32_t, neighbour_incomplete_max, COUNT, 256,          \
      (1, TE_CONFIG_TABLE_MAX), (1, 65536), "Neighbours being resolved at once.")                  \
    X("limits", reassembly_max, uint32_t, reassembly_max, COUNT, 64, (1, TE_CONFIG_TABLE_MAX),     \
      (1, 65536), "IP datagrams being reassembled.")                                               \
    X("limits", reassembly_bytes_max, uint32_t, reassembly_bytes_max, BYTES, TE_MIB, (1, TE_GIB),  \
      (64 * TE_KIB, TE_GIB), "Memory of IP reassembly.")                                           \
    X("limits", reassembly_source_max, uint32_t, reassembly_source_max, COUNT, 16,                 \
      (1, TE_CONFIG_TABLE_MAX), (1, 65536), "IP datagrams being reassembled from one source.")     \
    X("limits", path_mtu_max, uint32_t, path_mtu_max, COUNT, 1024, (1, TE_CONFIG_TABLE_MAX),       \
      (1, 65536), "Destinations whose paths are remembered to be narrower than the link.")         \
    X("limits", control_queue_max, uint32_t, control_queue_max, COUNT, 256,                        \
      (1, TE_CONFIG_TABLE_MAX), (16, 65536),                                                       \
      "Packets of no connection that wait to be sent: ARP, ND, ICMP, RST. The RST of a "           \
      "connection that ends waits beside them, whatever their number.")                            \
    X("limits", event_max, uint32_t, event_max, COUNT, 4096, (1, TE_CONFIG_TABLE_MAX),             \
      (64, 1048576), "Events that wait inside the engine to be taken.")                            \
    X("limits", history_conn_max, uint32_t, history_conn_max, COUNT, 4096,                         \
      (0, TE_CONFIG_TABLE_MAX), (0, 4194304), "Dead connections whose history is kept.")           \
    X("limits", drop_log_conn_max, uint32_t, drop_log_conn_max, COUNT, 512, (0, 65536),            \
      (0, 65536), "Connections whose last dropped segments are kept; 220 bytes each.")             \
    X("limits", note_log_conn_max, uint32_t, note_log_conn_max, COUNT, 1024, (0, 65536),           \
      (0, 65536),                                                                                  \
      "Connections whose retransmissions, timeouts and the like are kept; 1.1 KiB each, taken "    \
      "when something happens.")                                                                   \
    X("limits", challenge_ack_per_second, uint32_t, challenge_ack_per_second, COUNT, 1000,         \
      (0, UINT32_MAX), (1, 10000000),                                                              \
      "Challenge ACKs per second of all connections (RFC 5961 7), and as many of all TIME_WAIT "   \
      "entries.")                                                                                  \
    X("limits", challenge_ack_interval, uint32_t, challenge_ack_interval_us, DURATION,             \
      500 * TE_MS, (0, UINT32_MAX), (0, TE_MINUTE),                                                \
      "Least time between two challenge ACKs of one connection (RFC 5961 7).")                     \
    X("limits", rst_per_second, uint32_t, rst_per_second, COUNT, 10000, (0, UINT32_MAX),           \
      (0, 10000000), "RSTs per second for segments without a connection.")                         \
    X("limits", icmp_per_second, uint32_t, icmp_per_second, COUNT, 1000, (0, UINT32_MAX),          \
      (0, 10000000), "ICMP errors sent per second (RFC 4443 2.4).")                                \
    X("limits", icmp_echo_per_second, uint32_t, icmp_echo_per_second, COUNT, 1000,                 \
      (0, UINT32_MAX), (0, 10000000), "Echo requests (pings) answered per second; 0: none.")

/* Pairs of fields: the first must not be above the second. te_config_check() names the first. */
#define TE_CONFIG_ORDER_LIST(X)                                                                    \
    X(neighbour_incomplete_max, neighbour_max)                                                     \
    X(rto_min_us, rto_max_us)                                                                      \
    X(rto_initial_us, rto_max_us)                                                                  \
    X(r1_retries, r2_retries) /* RFC 9293 3.8.3: R2 is the later threshold */                      \
    X(send_buffer_initial_bytes, send_buffer_max_bytes)                                            \
    X(memory_pressure_percent, memory_limit_percent)                                               \
    X(receive_buffer_initial_bytes, receive_buffer_max_bytes)                                      \
    X(port_first, port_last)

#endif
