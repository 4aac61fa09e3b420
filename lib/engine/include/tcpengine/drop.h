/* Why a frame, packet or segment was dropped, and the last of them that were.
 *
 * A drop is input of which the stack takes nothing, answered or not (RFC 9293 3.10.7.4, "drop the
 * segment and return"): a segment outside the window is one, although an ACK answers it; one that
 * ends a connection, or is merely cut to the window, is not. Text that is dropped although the
 * segment's ACK counted (window closed, no memory, received before) is one as well, and so is a
 * packet of ours that cannot be sent.
 *
 * Each drop increments one counter (counters.h) and is kept twice, bounded: among the last
 * TE_DROPS_MAX of the stack, and among the last TE_CONN_DROPS_MAX of its connection. What any LAN
 * is full of, what is not for us at all, and floods (TE_DROP_NOISE_LIST), have one place among
 * those of the stack for each reason: the latest. */
#ifndef TCPENGINE_DROP_H
#define TCPENGINE_DROP_H

#include <tcpengine/event.h>

/* X(constant, name, counter, sentence): the name is what users see, the counter the one of
 * counters.h that grows by each such drop; several reasons may share one.
 *
 * To add a reason: a row here, its counter in TE_DROP_COUNTER_LIST unless there is one, and
 * te_drop() where it happens (the lint drops_have_reasons finds a reason that nothing gives). */
#define TE_DROP_LIST(X)                                                                            \
    /* Ethernet, ARP, Neighbour Discovery */                                                       \
    X(ETH_MALFORMED, eth_malformed, eth_malformed, "Shorter than an Ethernet header")              \
    X(ETH_BAD_SOURCE, eth_bad_source, eth_bad_source, "The frame's source is ours, a group or 0")  \
    X(ETH_NOT_FOR_US, eth_not_for_us, eth_not_for_us, "The frame is for another station")          \
    X(ETH_VLAN, eth_vlan, eth_vlan, "The frame's 802.1Q tag names a VLAN (its VID is not 0)")      \
    X(ETH_UNKNOWN_TYPE, eth_unknown_type, eth_unknown_type, "Neither IPv4, IPv6 nor ARP")          \
    X(ARP_MALFORMED, arp_malformed, arp_malformed, "The ARP packet is malformed")                  \
    X(ARP_LOOPED, arp_looped, arp_ignored, "Our own ARP packet came back")                         \
    X(ARP_NOT_FOR_US, arp_not_for_us, arp_ignored, "The ARP request asks for another address")     \
    X(ARP_UNSOLICITED, arp_unsolicited, arp_unsolicited, "An ARP or ND answer without a question") \
    X(ND_MALFORMED, nd_malformed, nd_malformed, "ND malformed, or its hop limit is under 255")     \
    X(ND_NOT_FOR_US, nd_not_for_us, nd_ignored, "The ND question is about another address")        \
    X(ND_NOT_READY, nd_not_ready, nd_ignored, "The ND question is about an address not ready yet") \
    X(MLD_MALFORMED, mld_malformed, mld_malformed,                                                 \
      "MLD malformed, or not from a router of this link")                                          \
    X(MLD_IGNORED, mld_ignored, mld_ignored, "An MLD message that calls for no report of ours")    \
    /* IP input */                                                                                 \
    X(IP_MALFORMED, ip_malformed, ip_malformed, "IP header, length or header checksum is wrong")   \
    X(IP_NOT_FOR_US, ip_not_for_us, ip_not_for_us, "The destination is not our address")           \
    X(IP_BAD_SOURCE, ip_bad_source, ip_bad_source, "No station can have sent from that source")    \
    X(IP_UNKNOWN_PROTOCOL, ip_unknown_protocol, ip_unknown_protocol,                               \
      "A protocol that we do not speak")                                                           \
    X(IP6_EXTENSION_LIMIT, ip6_extension_limit, ip6_extension_limit,                               \
      "Too many IPv6 extension headers or options")                                                \
    X(IP6_NO_NEXT_HEADER, ip6_no_next_header, ip6_no_next_header,                                  \
      "The IPv6 packet says that it carries nothing")                                              \
    X(UDP_MALFORMED, udp_malformed, udp_malformed, "UDP length or checksum is wrong")              \
    X(UDP_NO_PORT, udp_no_port, udp_in, "UDP: no port is open; answered by ICMP")                  \
    X(REASSEMBLY_MALFORMED, reassembly_malformed, reassembly_malformed,                            \
      "The fragment's offset or length is wrong")                                                  \
    X(REASSEMBLY_DUPLICATE, reassembly_duplicate, reassembly_duplicate,                            \
      "The fragment was received before")                                                          \
    X(REASSEMBLY_OVERLAP, reassembly_overlap, reassembly_overlap,                                  \
      "Fragments overlap: the whole datagram is given up")                                         \
    X(REASSEMBLY_BAD_ECN, reassembly_bad_ecn, reassembly_bad_ecn,                                  \
      "Fragments disagree about ECN: the whole datagram is given up")                              \
    X(REASSEMBLY_DEAD, reassembly_dead, reassembly_dead, "A fragment of a datagram given up")      \
    X(REASSEMBLY_LIMIT, reassembly_limit, reassembly_limit,                                        \
      "Fragments without room: a limit, or no memory")                                             \
    X(REASSEMBLY_TIMEOUT, reassembly_timeout, reassembly_timeout,                                  \
      "The datagram's other fragments did not come in time")                                       \
    /* ICMP input */                                                                               \
    X(ICMP_MALFORMED, icmp_malformed, icmp_malformed, "ICMP malformed, or its checksum is wrong")  \
    X(ICMP_UNKNOWN, icmp_unknown, icmp_ignored, "An ICMP message without a question")              \
    X(ICMP_MEANINGLESS, icmp_meaningless, icmp_ignored, "An ICMP error without a meaning for TCP") \
    X(ICMP_BAD_QUOTE, icmp_bad_quote, icmp_bad_quote, "The segment it quotes is not in flight")    \
    X(ICMP_ECHO_GROUP, icmp_echo_group, icmp_echo_group, "An echo request to a group")             \
    X(ICMP_LIMITED, icmp_limited, icmp_limited, "The ICMP error is over the rate limit")           \
    X(ICMP_ECHO_LIMITED, icmp_echo_limited, icmp_echo_limited,                                     \
      "The echo reply is over the rate limit")                                                     \
    X(TOO_BIG_IGNORED, too_big_ignored, too_big_ignored,                                           \
      "Packet Too Big, and nothing that large was sent")                                           \
    /* IP output */                                                                                \
    X(IP_NO_ROUTE, ip_no_route, ip_no_route, "Output: no route to the destination")                \
    X(IP_TOO_LONG, ip_too_long, ip_too_long, "Output: longer than an IP packet can be")            \
    X(CONTROL_QUEUE_FULL, control_queue_full, control_queue_full,                                  \
      "Output: the control queue is full")                                                         \
    X(CONTROL_NO_MEMORY, control_no_memory, control_no_memory, "Output: no memory for the packet") \
    X(NEIGHBOUR_QUEUE_FULL, neighbour_queue_full, control_queue_full,                              \
      "Output: too many packets wait for the next hop's MAC")                                      \
    X(NEIGHBOUR_FAILED, neighbour_failed, neighbour_frames_dropped,                                \
      "Output: the next hop does not answer, or cannot be asked")                                  \
    /* TCP, before a connection is found */                                                        \
    X(TCP_BROADCAST, tcp_broadcast, tcp_broadcast, "From or to a group (RFC 9293 3.9.2.3)")        \
    X(TCP_BAD_HEADER, tcp_bad_header, tcp_bad_header, "Data offset or length is wrong")            \
    X(TCP_BAD_CHECKSUM, tcp_bad_checksum, tcp_bad_checksum, "The TCP checksum is wrong")           \
    X(TCP_LAND, tcp_land, tcp_land, "Source equals destination")                                   \
    X(TCP_NO_CONNECTION, no_connection, tcp_no_connection,                                         \
      "No connection and no listener: answered by a RST, unless it is one")                        \
    X(TCP_FLOOD, tcp_flood, tcp_flood,                                                             \
      "Nobody's, and more such come than rst_per_second answers: not read any further")            \
    /* LISTEN (RFC 9293 3.10.7.2) */                                                               \
    X(LISTEN_RST, listen_rst, listen_ignored, "A RST to a listener")                               \
    X(LISTEN_ACK, listen_ack, listen_acks, "An ACK to a listener: answered by a RST")              \
    X(LISTEN_NO_SYN, listen_no_syn, listen_ignored, "No SYN, to a listener")                       \
    X(LISTEN_SYN_FIN, listen_syn_fin, listen_ignored, "SYN with FIN, to a listener")               \
    X(SYN_COOKIE_BAD, syn_cookie_bad, syn_cookies_failed,                                          \
      "An ACK without a good SYN cookie: answered by a RST")                                       \
    X(SYN_QUEUE_FULL, syn_queue_full, syn_queue_full, "The listener's SYN queue is full")          \
    X(ACCEPT_QUEUE_FULL, accept_queue_full, accept_queue_full,                                     \
      "The listener's accept queue is full: its program does not accept")                          \
    X(REMOTE_LIMIT, remote_limit, remote_limit, "The remote address has too many connections")     \
    X(MEMORY_SHARE, memory_share, memory_share_limit,                                              \
      "The remote, or the listener's user, holds its share of the memory")                         \
    X(UID_LIMIT, uid_limit, conn_uid_limit, "The listener's user has its share of connections")    \
    X(CONN_LIMIT, conn_limit, conn_limit, "The table of connections is full")                      \
    X(CONN_NO_MEMORY, conn_no_memory, conn_no_memory, "No memory for a connection")                \
    X(CONN_NO_ROUTE, conn_no_route, conn_no_route, "No route back to the peer")                    \
    /* SYN_SENT (RFC 9293 3.10.7.3) */                                                             \
    X(SYN_SENT_BAD_ACK, syn_sent_bad_ack, tcp_bad_ack,                                             \
      "It does not acknowledge our SYN: answered by a RST")                                        \
    X(SYN_SENT_RST, syn_sent_rst, syn_sent_ignored, "A RST that does not acknowledge our SYN")     \
    X(SYN_SENT_NO_SYN, syn_sent_no_syn, syn_sent_ignored, "No SYN in answer to ours")              \
    X(SYN_SENT_SYN_FIN, syn_sent_syn_fin, syn_sent_ignored, "SYN with FIN, without an ACK")        \
    /* All other states (RFC 9293 3.10.7.4), in the order of its checks */                         \
    X(TIMESTAMP_MISSING, timestamp_missing, timestamp_missing,                                     \
      "Timestamps were negotiated and are missing (RFC 7323 3.2)")                                 \
    X(SYN_REPEATED, syn_repeated, syns_repeated, "The SYN again: our SYN,ACK is sent once more")   \
    X(PAWS, paws, paws_rejected, "Its timestamp is too old (RFC 7323 5): answered by an ACK")      \
    X(UNACCEPTABLE, unacceptable, tcp_unacceptable,                                                \
      "Outside of the receive window: answered by an ACK")                                         \
    X(RST_UNACCEPTABLE, rst_unacceptable, resets_unacceptable,                                     \
      "A RST outside of the receive window")                                                       \
    X(RST_INEXACT, rst_inexact, resets_challenged,                                                 \
      "A RST in the window but not at RCV.NXT: answered by a challenge ACK (RFC 5961 3.2)")        \
    X(SYN_CHALLENGED, syn_challenged, syns_challenged,                                             \
      "A SYN on a live connection: answered by a challenge ACK (RFC 5961 4.2)")                    \
    X(NO_ACK, no_ack, tcp_no_ack, "No ACK flag")                                                   \
    X(BAD_ACK, bad_ack, tcp_bad_ack, "It acknowledges what was never sent, or is too old")         \
    X(WINDOW_CLOSED, window_closed, window_closed, "Text, and the receive window is closed")       \
    X(AFTER_FIN, after_fin, after_fin, "Text or a FIN at or beyond the peer's FIN")                \
    X(DATA_AFTER_CLOSE, data_after_close, data_after_close,                                        \
      "Text, and the user has closed: the connection is reset")                                    \
    X(DUPLICATE, duplicate, duplicate_segments, "All of its text was received before")             \
    X(RECEIVE_NO_MEMORY, receive_no_memory, receive_no_memory, "No memory for the receive buffer") \
    X(OUT_OF_ORDER, out_of_order, out_of_order_dropped,                                            \
      "Out of order: too many holes, or no memory to note one more")                               \
    /* TIME_WAIT */                                                                                \
    X(TIME_WAIT_RST, time_wait_rst, time_wait_rst_ignored, "A RST in TIME_WAIT (RFC 1337)")        \
    X(TIME_WAIT_SYN, time_wait_syn, time_wait_syn_rejected,                                        \
      "A SYN in TIME_WAIT that opens nothing: answered by an ACK")                                 \
    X(TIME_WAIT_NO_ACK, time_wait_no_ack, time_wait_unacceptable, "No ACK flag, in TIME_WAIT")     \
    X(TIME_WAIT_UNACCEPTABLE, time_wait_unacceptable, time_wait_unacceptable,                      \
      "Not acceptable in TIME_WAIT: answered by an ACK")

/* X(constant): reasons that a busy link gives all the time, whoever is on it, or a flood. */
#define TE_DROP_NOISE_LIST(X)                                                                      \
    X(ETH_NOT_FOR_US)                                                                              \
    X(ETH_VLAN)                                                                                    \
    X(ETH_UNKNOWN_TYPE)                                                                            \
    X(ARP_NOT_FOR_US)                                                                              \
    X(ND_NOT_FOR_US)                                                                               \
    X(TCP_FLOOD)

enum te_drop_reason {
    TE_DROP_NONE = 0,
#define TE_DROP_CONSTANT(constant, name, counter, text) TE_DROP_##constant,
    TE_DROP_LIST(TE_DROP_CONSTANT)
#undef TE_DROP_CONSTANT
        TE_DROP_COUNT
};

/* "unacceptable", "paws", ...; "" for TE_DROP_NONE, "?" for a number out of range. Static, as are
 * the other two. */
const char *te_drop_name(enum te_drop_reason reason);
/* The sentence, without its full stop; "" and "?" as above. */
const char *te_drop_text(enum te_drop_reason reason);
/* The counter's name, as in te_counter_table(); "" and "?" as above. */
const char *te_drop_counter_name(enum te_drop_reason reason);

/* Drops kept for the stack, and per connection. */
#define TE_DROPS_MAX 64u
#define TE_CONN_DROPS_MAX 8u

/* One drop, as it was noted. */
struct te_dropped {
    int64_t time_us; /* of the stack's clock */
    enum te_drop_reason reason;
    uint64_t id;      /* of the connection, listener or TIME_WAIT entry that it was for; 0: none */
    bool has_segment; /* false: no TCP segment, or not known */
    struct te_segment_info segment;
    bool has_endpoints;               /* false for drops asked for by id: they are its own */
    struct te_endpoint local, remote; /* ours, and the other side's; ports are 0 where unknown */
};

struct te_stack;

/* The last drops, oldest first: those of id (a connection, a listener, a TIME_WAIT entry, or one
 * gone lately, as te_history) or, with id 0, those of the whole stack. ret_drops has room for
 * TE_DROPS_MAX; an id has at most TE_CONN_DROPS_MAX. Both results are the caller's own copies, and
 * untouched on failure.
 *
 * At most config.drop_log_conn_max ids have a log at a time. When one more is needed, the log whose
 * latest drop is the oldest goes, and its id answers with *ret_count 0 as if nothing had been
 * dropped; those of half-open connections (SYN_RCVD, the handshake not answered yet) go first, so
 * that forged SYNs cost no other connection its log. All drops are counted all the same.
 *
 * The logs are not part of the saved state: a restored stack has none.
 *
 * TE_ERR_NO_CONNECTION: no object has that id, and none had it lately. Ask with 0: the drop may
 *     still be among the stack's. */
enum te_err te_drops(const struct te_stack *stack, uint64_t id,
                     struct te_dropped ret_drops[TE_DROPS_MAX], unsigned *ret_count);

#endif
