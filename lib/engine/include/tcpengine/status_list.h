/* Every scalar of a connection's status, each with the sentence that documents it.
 *
 * The fields of te_status, the daemon's answer, the client library's tcpc_status and its decoder,
 * `tcpctl show` as text and as JSON, and the table of fields in tcpctl(1) are all generated from
 * this list. A field has the same name in all of them, and in tcpengine.proto.
 *
 * To add a field, touch three files:
 *   1. this one: a row, at its place among the JSON keys;
 *   2. tcpengine.proto: the same name in ConnectionStatusResult, under a new number, with the type
 *      that the table of kinds gives (else the daemon does not compile);
 *   3. user_status.c: its value (the lint status_computed finds a field without one).
 * Names and kinds of existing rows stay: clients rely on them. */
#ifndef TCPENGINE_STATUS_LIST_H
#define TCPENGINE_STATUS_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* KIND         C              .proto  JSON             text
 * FLAG         bool           bool    true or false    the phrase, when true
 * NUMBER       uint32_t       uint32  number           4711
 * BYTES        uint32_t       uint32  number           1.5 KiB; "none yet" for UINT32_MAX
 * TOTAL        uint64_t       uint64  number           4711
 * TOTAL_BYTES  uint64_t       uint64  number           1.5 KiB
 * DURATION_US  int64_t        int64   number           1.5 ms
 * WORD         const char *   string  text, or null    the word; nothing when it is empty
 *
 * A word of the engine is a string constant, never NULL. */
#define TE_STATUS_TYPE_FLAG bool
#define TE_STATUS_TYPE_NUMBER uint32_t
#define TE_STATUS_TYPE_BYTES uint32_t
#define TE_STATUS_TYPE_TOTAL uint64_t
#define TE_STATUS_TYPE_TOTAL_BYTES uint64_t
#define TE_STATUS_TYPE_DURATION_US int64_t
#define TE_STATUS_TYPE_WORD const char *

/* The lines of `tcpctl show`, from top to bottom: X(LINE, label). */
#define TE_STATUS_LINE_LIST(X)                                                                     \
    X(STATE, "state")                                                                              \
    X(SENT, "sent")                                                                                \
    X(SEND_QUEUE, "Send-Q")                                                                        \
    X(RECEIVED, "received")                                                                        \
    X(RECEIVE_QUEUE, "Recv-Q")                                                                     \
    X(SND, "SND")                                                                                  \
    X(RCV, "RCV")                                                                                  \
    X(OPTIONS, "options")                                                                          \
    X(ECN, "ECN")                                                                                  \
    X(CONGESTION, "congestion")                                                                    \
    X(ALGORITHM, "algorithm")                                                                      \
    X(ROUND_TRIP, "round trip")                                                                    \
    X(RACK, "RACK")                                                                                \
    X(FLIGHT, "flight")                                                                            \
    X(RESENT, "sent again")                                                                        \
    X(JSON_ONLY, "") /* not in the text */

/* X(KIND, name, LINE, phrase, help). LINE and phrase are for the text, where # is replaced by the
 * value; help is a sentence without its full stop. */
#define TE_STATUS_LIST(X)                                                                          \
    X(NUMBER, snd_una, SND, "una #", "Oldest sequence number not acknowledged")                    \
    X(NUMBER, snd_nxt, SND, "nxt #", "Next sequence number to send")                               \
    X(NUMBER, snd_wnd, SND, "wnd #", "Window that the peer offers, in bytes")                      \
    X(NUMBER, rcv_nxt, RCV, "nxt #", "Next sequence number expected")                              \
    X(NUMBER, rcv_wnd, RCV, "wnd #", "Window offered to the peer, in bytes")                       \
    X(NUMBER, iss, SND, "iss #", "Initial send sequence number")                                   \
    X(NUMBER, irs, RCV, "irs #", "Initial receive sequence number")                                \
    X(NUMBER, mss, OPTIONS, "MSS #", "Most payload bytes in one segment sent")                     \
    X(NUMBER, path_mtu_bytes, OPTIONS, "path MTU #",                                               \
      "Size of the largest packets sent, IP header included")                                      \
    X(WORD, mtu_probing, OPTIONS, "MTU probing #",                                                 \
      "Search for a larger path MTU (RFC 8899): disabled, base, error, searching or complete")     \
    X(NUMBER, snd_wscale, SND, "scale #", "Shift of the peer's windows (RFC 7323)")                \
    X(NUMBER, rcv_wscale, RCV, "scale #", "Shift of our windows (RFC 7323)")                       \
    X(FLAG, sack_permitted, OPTIONS, "SACK", "SACK was negotiated (RFC 2018)")                     \
    X(FLAG, timestamps, OPTIONS, "timestamps", "Timestamps were negotiated (RFC 7323)")            \
    X(FLAG, ecn, OPTIONS, "ECN", "ECN was negotiated (RFC 3168)")                                  \
    X(NUMBER, ecn_ce_in, ECN, "# marks received", "Data segments received with CE")                \
    X(NUMBER, ecn_ece_in, ECN, "# echoes from the peer", "ACKs received with ECE")                 \
    X(BYTES, cwnd_bytes, CONGESTION, "cwnd #", "Congestion window")                                \
    X(BYTES, ssthresh_bytes, CONGESTION, "ssthresh #",                                             \
      "Slow start threshold; 4294967295 while there is none")                                      \
    X(BYTES, pipe_bytes, FLIGHT, "# in the network", "Bytes in the network (RFC 6675, pipe)")      \
    X(BYTES, sacked_bytes, FLIGHT, "# SACKed", "Bytes in flight that the peer has SACKed")         \
    X(BYTES, lost_bytes, FLIGHT, "# lost", "Bytes in flight that are considered lost")             \
    X(DURATION_US, min_rtt_us, RACK, "least round trip #",                                         \
      "Least recent round-trip time; 0 before the first sample")                                   \
    X(DURATION_US, reordering_window_us, RACK, "reordering window #",                              \
      "How late a segment may be before it counts as lost (RFC 8985 6.2)")                         \
    X(DURATION_US, srtt_us, ROUND_TRIP, "smoothed #", "Smoothed round-trip time (RFC 6298)")       \
    X(DURATION_US, rttvar_us, ROUND_TRIP, "+- #", "Round-trip time variation (RFC 6298)")          \
    X(DURATION_US, rto_us, ROUND_TRIP, "RTO #", "Retransmission timeout (RFC 6298)")               \
    X(TOTAL, retransmits, RESENT, "# segments", "Segments sent again since the opening")           \
    X(NUMBER, backoff, RESENT, "# timeouts in a row", "Retransmissions in a row at present")       \
    X(TOTAL_BYTES, bytes_sent, SENT, "#", "Payload bytes sent, each counted once")                 \
    X(TOTAL_BYTES, bytes_acked, SENT, "# acknowledged", "Payload bytes acknowledged")              \
    X(TOTAL_BYTES, bytes_received, RECEIVED, "#", "Payload bytes received in order")               \
    X(TOTAL, segments_in, RECEIVED, "# segments", "Segments received")                             \
    X(TOTAL, segments_out, SENT, "# segments", "Segments sent")                                    \
    X(WORD, congestion_control, ALGORITHM, "#", "Congestion control algorithm")                    \
    X(WORD, recovery, ALGORITHM, "state #", "Loss recovery: open, cwr, recovery or loss")          \
    X(FLAG, is_listener, STATE, "listener", "A listener, not a connection")                        \
    X(FLAG, is_orphan, STATE, "orphan", "CLOSE was called, or it is not accepted yet")             \
    X(FLAG, nagle, OPTIONS, "Nagle", "Small segments wait for an ACK (RFC 9293 3.7.4)")            \
    X(FLAG, keepalive, OPTIONS, "keepalive", "An idle peer is probed (RFC 9293 3.8.4)")            \
    X(BYTES, send_buffer_bytes, SEND_QUEUE, "buffer #", "Memory that the send buffer has now")     \
    X(BYTES, receive_buffer_bytes, RECEIVE_QUEUE, "buffer #",                                      \
      "Memory that the receive buffer has now")                                                    \
    X(TOTAL, send_accepted, JSON_ONLY, "",                                                         \
      "Stream offset up to which bytes to send were accepted")                                     \
    X(TOTAL, receive_released, JSON_ONLY, "",                                                      \
      "Stream offset up to which received bytes were taken and freed")                             \
    X(TOTAL, receive_next, JSON_ONLY, "", "Stream offset of the next byte expected")               \
    X(FLAG, fin_received, RECEIVE_QUEUE, "then the peer's FIN", "The peer's FIN has arrived")      \
    X(FLAG, fin_queued, SEND_QUEUE, "then FIN", "Our FIN follows the bytes to send")

/* Ages, of the kind DURATION_US: te_status has the moment, as moment_us (TE_NEVER: not known); all
 * others have the time since then, as name (-1: not known). X(name, moment_us, LINE, phrase, help).
 */
#define TE_STATUS_AGE_LIST(X)                                                                      \
    X(age_us, opened_at_us, STATE, "# old", "Time since the opening")                              \
    X(state_age_us, state_since_us, STATE, "# in this state", "Time in the current state")

#endif
