/* Every counter of the stack, each with the sentence that documents it.
 *
 * One list serves the struct, `tcpctl stats`, tcpctl-stats(7) and the metrics, so that a counter
 * cannot exist in only one of them. Counters start at 0 and never go back; 64 bits do not wrap.
 *
 * To add one: a row here, and stack->counters.NAME++ where it happens. One that counts drops grows
 * through te_drop() alone, by a reason in drop.h. */
#ifndef TCPENGINE_COUNTERS_H
#define TCPENGINE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* Drops (drop.h) that no counter of the list below counts. */
#define TE_DROP_COUNTER_LIST(X)                                                                    \
    X(resets_unacceptable, "RSTs dropped: outside the receive window")                             \
    X(resets_challenged, "RSTs dropped: in the receive window, but not exact (RFC 5961 3.2)")      \
    X(syns_challenged, "SYNs dropped: the connection is synchronized (RFC 5961 4.2)")              \
    X(syns_repeated, "SYNs that came again in SYN_RCVD")                                           \
    X(syn_sent_ignored, "Segments dropped in SYN_SENT: RST without the ACK of our SYN, or no SYN") \
    X(listen_ignored, "Segments to a listener dropped: RST, no SYN, or SYN with FIN")              \
    X(listen_acks, "Segments to a listener with an ACK, answered by a RST")                        \
    X(conn_no_memory, "SYNs dropped: no memory for a connection")                                  \
    X(conn_no_route, "SYNs dropped: no route back")                                                \
    X(window_closed, "Segments whose text found the receive window closed")                        \
    X(after_fin, "Segments with text or a FIN at or beyond the FIN that the peer had sent")        \
    X(time_wait_unacceptable,                                                                      \
      "Other segments dropped in TIME_WAIT: not acceptable, or no ACK flag")                       \
    X(arp_ignored, "ARP packets ignored: our own came back, or about another address")             \
    X(nd_ignored, "Neighbour solicitations ignored: not about an address of ours that is ready")   \
    X(neighbour_frames_dropped, "Packets dropped on output: the next hop does not answer")         \
    X(mld_ignored, "MLD messages ignored: they call for no report of ours")                        \
    X(ip6_no_next_header, "IPv6 packets that say they carry nothing")                              \
    X(ip_too_long, "Packets dropped on output: longer than an IP packet can be")                   \
    X(reassembly_duplicate, "Fragments dropped: received before")                                  \
    X(icmp_echo_group, "Echo requests ignored: sent to a group")                                   \
    X(control_no_memory, "Packets dropped on output: no memory")

#define TE_COUNTER_LIST(X)                                                                         \
    /* TCP, in the sense of RFC 4022 */                                                            \
    X(active_opens, "Connections that went from CLOSED to SYN_SENT")                               \
    X(passive_opens, "Connections that went from LISTEN to SYN_RCVD")                              \
    X(attempt_fails, "Openings that failed: SYN_SENT or SYN_RCVD to CLOSED or LISTEN")             \
    X(established_resets, "ESTABLISHED or CLOSE_WAIT connections that went to CLOSED at once")     \
    X(segments_in, "Segments received, those in error included")                                   \
    X(segments_out, "Segments sent, those that carry only retransmitted bytes excluded")           \
    X(segments_retransmitted, "Segments sent that carry retransmitted bytes")                      \
    X(segments_in_errors, "Segments dropped for a bad header or checksum")                         \
    X(resets_out, "Segments sent with RST")                                                        \
    X(resets_in, "Acceptable RSTs that ended a connection")                                        \
    X(bytes_in, "Payload bytes accepted into receive buffers")                                     \
    X(bytes_out, "Payload bytes sent for the first time")                                          \
    X(bytes_retransmitted, "Payload bytes sent again")                                             \
    X(tcp_bad_checksum, "Segments dropped: checksum")                                              \
    X(tcp_bad_header, "Segments dropped: data offset or length")                                   \
    X(tcp_bad_options, "Malformed options ignored")                                                \
    X(tcp_no_connection, "Segments for which no connection and no listener exists")                \
    X(tcp_flood, "Segments of nobody dropped unread: rst_per_second was reached")                  \
    X(tcp_unacceptable, "Segments outside the receive window, answered by an ACK")                 \
    X(tcp_bad_ack, "Segments with an ACK of something never sent, or too old (RFC 5961 5.2)")      \
    X(tcp_land, "Segments dropped: source equals destination")                                     \
    X(tcp_broadcast, "Segments dropped: from or to a broadcast or multicast address")              \
    X(tcp_no_ack, "Segments dropped in a synchronized state: no ACK flag")                         \
    X(paws_rejected, "Segments dropped by PAWS (RFC 7323 5)")                                      \
    X(timestamp_missing, "Segments dropped: timestamps were negotiated and are missing")           \
    X(challenge_acks, "Challenge ACKs sent (RFC 5961)")                                            \
    X(challenge_acks_limited, "Challenge ACKs not sent because of a limit")                        \
    X(resets_limited, "RSTs without a connection not sent because of a limit")                     \
    X(syn_queue_full, "SYNs dropped: the listener's SYN queue is full")                            \
    X(syn_cookies_sent, "SYNs answered by a SYN cookie (RFC 4987 3.6)")                            \
    X(syn_cookies_received, "ACKs that brought a good SYN cookie")                                 \
    X(syn_cookies_failed, "ACKs to a listener that gives SYN cookies, without a good one")         \
    X(fast_open_active, "Openings whose data on the SYN was taken (RFC 7413)")                     \
    X(fast_open_active_failed, "Openings whose data on the SYN was refused, or never answered")    \
    X(fast_open_active_avoided, "Openings without Fast Open because it failed there lately")       \
    X(fast_open_passive, "Connections opened by a SYN with a good Fast Open cookie")               \
    X(fast_open_passive_failed, "SYNs with a Fast Open cookie that is not good")                   \
    X(fast_open_pending_full, "SYNs with a good cookie, and too many such connections pending")    \
    X(fast_open_cookies_given, "Fast Open cookies asked for and given")                            \
    X(fast_open_cache_evicted, "Fast Open cookies of servers forgotten: the cache was full")       \
    X(accept_queue_full, "Handshakes held back: the listener's accept queue is full")              \
    X(conn_uid_limit, "Openings refused: the user has its share of connections")                   \
    X(listener_limit, "Passive openings refused: too many listeners, in all or of one user")       \
    X(limit_yields,                                                                                \
      "Connections and listeners ended for others: a table was full, and no program "              \
      "of their user was left")                                                                    \
    X(conn_limit, "Openings refused: the table of connections is full")                            \
    X(remote_limit, "Handshakes held back: the remote address has too many connections")           \
    X(port_exhausted, "Active opens refused: no free ephemeral port")                              \
    X(port_uid_limit, "Active opens refused: the user has its share of ports toward the remote")   \
    X(simultaneous_opens, "Connections that went from SYN_SENT to SYN_RCVD")                       \
    X(simultaneous_closes, "Connections that went from FIN_WAIT_1 to CLOSING")                     \
    X(retransmit_timeouts, "Retransmission timer expiries")                                        \
    X(fast_retransmits, "Fast retransmissions")                                                    \
    X(limited_transmits, "New segments sent on a duplicate ACK (RFC 3042)")                        \
    X(recoveries, "Loss recoveries entered")                                                       \
    X(undone_by_timestamp, "Recoveries found needless by timestamps (RFC 3522)")                   \
    X(undone_by_dsack, "Recoveries found needless by D-SACK (RFC 3708)")                           \
    X(spurious_timeouts, "Retransmission timeouts found needless by F-RTO (RFC 5682)")             \
    X(loss_probes, "Tail loss probes sent (RFC 8985 7)")                                           \
    X(loss_probe_recoveries, "Losses that a tail loss probe repaired (RFC 8985 7.4)")              \
    X(sack_reneging, "Peers that took back what they had SACKed (RFC 2018 8)")                     \
    X(dsack_in, "Segments that reported a duplicate by D-SACK (RFC 2883)")                         \
    X(sender_no_memory, "Segments delayed: no memory to remember them")                            \
    X(pacing_waits, "Times that pacing made a connection wait")                                    \
    X(duplicate_acks_in, "Duplicate ACKs received (RFC 5681 2)")                                   \
    X(ecn_handshakes, "Connections that use ECN (RFC 3168)")                                       \
    X(ecn_syn_fallbacks, "SYNs that offered ECN and were sent again without (RFC 3168 6.1.1.1)")   \
    X(ecn_ce_in, "Data segments received with CE, of connections that use ECN")                    \
    X(ecn_ece_in, "ACKs received with ECE, of connections that use ECN")                           \
    X(ecn_reductions, "Congestion windows reduced for ECE")                                        \
    X(zero_window_probes, "Zero-window probes sent")                                               \
    X(memory_episodes, "Times that memory ran short (memory_pressure_percent)")                    \
    X(memory_pruned, "Connections whose data beyond a hole was dropped: memory was short")         \
    X(memory_pruned_bytes, "Bytes beyond holes dropped: memory was short")                         \
    X(memory_yields, "Connections reset or forgotten: memory was at its limit")                    \
    X(memory_share_limit, "Openings refused: the share of memory of a user or remote is used up")  \
    X(persist_dropped, "Connections reset before a window of 0, since memory is short (RFC 6429)") \
    X(keepalive_probes, "Keepalive probes sent")                                                   \
    X(keepalive_drops, "Connections ended: no keepalive probe was answered")                       \
    X(delayed_acks, "ACKs sent by the delayed-ACK timer")                                          \
    X(out_of_order_segments, "Segments queued out of order")                                       \
    X(out_of_order_dropped, "Out-of-order segments dropped: too many holes or no memory")          \
    X(duplicate_segments, "Segments whose bytes had all been received before")                     \
    X(dsack_sent, "D-SACK blocks sent (RFC 2883)")                                                 \
    X(receive_no_memory, "Segments dropped: no memory for the receive buffer")                     \
    X(data_after_close, "Connections reset: data came after the user closed")                      \
    X(timeouts_user, "Connections ended by the user timeout or R2")                                \
    X(timeouts_fin_wait_2, "Orphans ended in FIN_WAIT_2: time is up")                              \
    X(orphans_dropped, "Orphans reset: too many or too slow")                                      \
    X(icmp_bad_quote, "ICMP errors ignored: the quoted segment is not in flight (RFC 5927)")       \
    X(icmp_soft_errors, "ICMP errors noted by a connection that continues")                        \
    X(path_mtu_changes, "Path MTU lowered by ICMP")                                                \
    X(path_mtu_expired, "Narrow paths forgotten: larger packets are tried again (RFC 1191 6.3)")   \
    X(path_mtu_evicted, "Narrow paths forgotten: the table is full")                               \
    X(mtu_black_holes, "Paths that drop large packets silently (RFC 4821 7.7)")                    \
    X(mtu_probes, "Probes of a larger path MTU sent (RFC 4821)")                                   \
    X(mtu_probes_arrived, "Probes of a larger path MTU that arrived")                              \
    X(mtu_probes_lost, "Probes of a larger path MTU that were lost, without a sign of congestion") \
    X(too_big_ignored, "Packet Too Big ignored: nothing that large was sent (RFC 5927 7.2)")       \
    X(too_big_held, "Packet Too Big held back until a timeout confirms it (RFC 5927 7.2)")         \
    X(time_wait_entered, "Connections that entered TIME_WAIT")                                     \
    X(time_wait_expired, "TIME_WAIT entries that ended after 2MSL")                                \
    X(time_wait_fin_again, "FINs that came again in TIME_WAIT and started 2MSL anew")              \
    X(time_wait_rst_ignored, "RSTs ignored in TIME_WAIT (RFC 1337)")                               \
    X(time_wait_reused, "TIME_WAIT entries ended by an acceptable new SYN")                        \
    X(time_wait_syn_rejected, "SYNs in TIME_WAIT answered by an ACK")                              \
    X(time_wait_overflow, "Times the TIME_WAIT table was full")                                    \
    X(events_lost, "Events overwritten before the host took them")                                 \
    X(note_events_lost, "Notes that were no events: the queue was half full")                      \
    X(state_transitions, "State changes of all connections")                                       \
    /* link and network layers */                                                                  \
    X(frames_in, "Frames received")                                                                \
    X(frames_out, "Frames sent")                                                                   \
    X(frame_bytes_in, "Bytes of frames received")                                                  \
    X(frame_bytes_out, "Bytes of frames sent")                                                     \
    X(eth_malformed, "Frames dropped: shorter than an Ethernet header")                            \
    X(eth_bad_source, "Frames dropped: source is ours, a group or zero")                           \
    X(eth_not_for_us, "Frames dropped: another station's address")                                 \
    X(eth_vlan, "Frames of VLANs dropped: their 802.1Q tag has a VID other than 0")                \
    X(eth_unknown_type, "Frames dropped: unknown EtherType")                                       \
    X(arp_malformed, "ARP packets dropped: malformed")                                             \
    X(arp_in, "ARP packets received")                                                              \
    X(arp_unsolicited, "ARP or ND answers ignored: unsolicited")                                   \
    X(arp_out, "ARP packets sent")                                                                 \
    X(nd_in, "Neighbour Discovery messages received")                                              \
    X(mld_in, "MLD queries and version 1 reports received (RFC 3810)")                             \
    X(mld_out, "MLD reports sent")                                                                 \
    X(mld_malformed, "MLD messages dropped: malformed, or not from a router of this link")         \
    X(nd_malformed, "Neighbour Discovery messages dropped: malformed or hop limit under 255")      \
    X(nd_out, "Neighbour Discovery messages sent")                                                 \
    X(neighbour_failed, "Neighbours that did not answer")                                          \
    X(neighbour_evicted, "Neighbour entries evicted: the cache is full")                           \
    X(neighbour_incomplete_full, "Resolutions refused: too many at once")                          \
    X(neighbour_unused_full, "Neighbours that asked for us and were not noted: the cache is full") \
    X(neighbour_moved, "Neighbours that said they have another MAC, and were believed")            \
    X(neighbour_claims_refuted, "Such claims undone: the former MAC answered")                     \
    X(dad_conflicts, "Addresses that another station holds")                                       \
    X(ip_malformed, "IP packets dropped: header, length or header checksum")                       \
    X(ip_not_for_us, "IP packets dropped: not our address")                                        \
    X(ip_bad_source, "IP packets dropped: source is ours, broadcast, multicast or loopback")       \
    X(ip_unknown_protocol, "IP packets for a protocol that we do not speak")                       \
    X(ip6_extension_limit, "IPv6 packets dropped: too many extension headers or options")          \
    X(ip_no_route, "Packets dropped on output: no route")                                          \
    X(reassembly_in, "Fragments received")                                                         \
    X(reassembly_ok, "Datagrams reassembled")                                                      \
    X(reassembly_timeout, "Reassemblies given up: time is up")                                     \
    X(reassembly_overlap, "Reassemblies given up: overlapping fragments (RFC 5722)")               \
    X(reassembly_bad_ecn, "Reassemblies given up: CE beside Not-ECT (RFC 3168 5.3)")               \
    X(reassembly_dead, "Fragments dropped: of a datagram given up before its time")                \
    X(reassembly_limit, "Fragments dropped: a limit")                                              \
    X(reassembly_malformed, "Fragments dropped: offset or length")                                 \
    X(fragments_out, "Fragments sent")                                                             \
    X(icmp_in, "ICMP messages received")                                                           \
    X(icmp_malformed, "ICMP messages dropped: malformed or bad checksum")                          \
    X(icmp_ignored, "ICMP messages ignored: redirects, and unsolicited answers")                   \
    X(icmp_out, "ICMP messages sent")                                                              \
    X(icmp_echo_limited, "Echo replies not sent because of the limit")                             \
    X(icmp_limited, "ICMP errors not sent because of a limit")                                     \
    X(icmp_echo, "Echo requests answered")                                                         \
    X(udp_malformed, "UDP datagrams dropped: length or checksum")                                  \
    X(udp_in, "UDP datagrams received, answered by port unreachable")                              \
    TE_DROP_COUNTER_LIST(X)                                                                        \
    X(control_queue_full, "Packets dropped: the control queue is full")

struct te_counters {
#define TE_COUNTER_FIELD(name, help) uint64_t name;
    TE_COUNTER_LIST(TE_COUNTER_FIELD)
#undef TE_COUNTER_FIELD
};

/* One row per counter. */
struct te_counter_info {
    const char *name;
    const char *help;
    size_t offset; /* of the uint64_t in struct te_counters */
};
/* The counters as a table, in the order of the list: *ret_count rows, static. Callable from
 * anywhere. */
const struct te_counter_info *te_counter_table(size_t *ret_count);

#endif
