/* Faults in TCP's own words: what happens to which segments. Here is what they are called, and
 * which segment is meant; a program between a stack and its link does the rest (the stack has no
 * part in it). No function keeps state. */
#ifndef TCPENGINE_FAULT_H
#define TCPENGINE_FAULT_H

#include <tcpengine/conn.h>
#include <tcpengine/segment.h>

enum te_fault_way { TE_FAULT_IN = 1, TE_FAULT_OUT = 2, TE_FAULT_BOTH = 3 };

/* X(constant, word, ways that it may have, its ways unless said otherwise, has an aim, help) */
#define TE_FAULT_KIND_LIST(X)                                                                      \
    X(DROP, "drop", BOTH, BOTH, true, "lose the segment")                                          \
    X(DELAY, "delay", BOTH, BOTH, true, "hold it back for --delay")                                \
    X(DUPLICATE, "duplicate", BOTH, BOTH, true, "deliver it twice")                                \
    X(REORDER, "reorder", BOTH, BOTH, true, "let the next one overtake it")                        \
    X(CORRUPT, "corrupt", BOTH, BOTH, true, "make its checksum wrong")                             \
    X(ZERO_WINDOW, "zero-window", BOTH, BOTH, false, "every window on the way is 0")               \
    X(STOP_READING, "stop-reading", OUT, OUT, false,                                               \
      "our window closes as if our program did not read")                                          \
    X(BLACKHOLE, "blackhole", BOTH, BOTH, false, "lose everything")                                \
    X(MTU, "mtu", BOTH, BOTH, false, "lose packets larger than N bytes")                           \
    X(RST_INJECT, "rst-inject", BOTH, IN, false, "forge a RST of the other side")

/* X(constant, word, ways unless said otherwise, help). Of the ACKs of a FIN there is one in each
 * direction, of which the interesting one is ours: TIME_WAIT exists because it may be lost. */
#define TE_FAULT_AIM_LIST(X)                                                                       \
    X(ANY, "any", BOTH, "every segment")                                                           \
    X(SYN, "syn", BOTH, "a SYN without an ACK")                                                    \
    X(SYN_ACK, "syn-ack", BOTH, "a SYN with an ACK")                                               \
    X(ACK_OF_SYN, "ack-of-syn", BOTH, "the ACK that ends the handshake")                           \
    X(FIN, "fin", BOTH, "a FIN")                                                                   \
    X(ACK_OF_FIN, "ack-of-fin", OUT, "what acknowledges a FIN; ours, unless --in")                 \
    X(DATA, "data", BOTH, "bytes of the stream; with N..M, any of bytes N to M")                   \
    X(PURE_ACK, "pure-ack", BOTH, "an ACK without data, SYN or FIN")                               \
    X(RETRANSMISSION, "retransmission", BOTH, "what was sent before")                              \
    X(RST, "rst", BOTH, "a RST")

#define TE_FAULT_KIND_CONSTANT(constant, ...) TE_FAULT_##constant,
#define TE_FAULT_AIM_CONSTANT(constant, ...) TE_FAULT_AIM_##constant,
enum te_fault_kind { TE_FAULT_KIND_LIST(TE_FAULT_KIND_CONSTANT) TE_FAULT_KIND_COUNT };
enum te_fault_aim { TE_FAULT_AIM_LIST(TE_FAULT_AIM_CONSTANT) TE_FAULT_AIM_COUNT };
#undef TE_FAULT_KIND_CONSTANT
#undef TE_FAULT_AIM_CONSTANT

struct te_fault_spec {
    enum te_fault_kind kind;
    enum te_fault_aim aim; /* TE_FAULT_AIM_ANY for a kind without one */
    unsigned ways;         /* set of enum te_fault_way */
    bool has_range;        /* TE_FAULT_AIM_DATA: */
    uint64_t first_byte;   /* of the stream, from 0 */
    uint64_t last_byte;    /* included */
    uint32_t mtu_bytes;    /* TE_FAULT_MTU: of a packet, IP header included */
    bool answers_icmp;     /* TE_FAULT_MTU: as a router does; else it is silent */
};

/* Least and most of mtu N (RFC 791: every link takes 68 bytes). */
#define TE_FAULT_MTU_MIN 68
#define TE_FAULT_MTU_MAX 65535

/* Reads "drop ack-of-fin", "corrupt data 0..1459", "mtu 1280 icmp". ways is a set of enum
 * te_fault_way, 0 for what kind and aim have by themselves. False, with *ret_spec untouched:
 * *ret_expected is what should stand there, a static text. */
bool te_fault_parse(const char *text, unsigned ways, struct te_fault_spec *ret_spec,
                    const char **ret_expected);
/* The same as text again: kind ("drop", "mtu 1280 icmp") and aim ("data 0..1459"). At most
 * TE_FAULT_WORDS_MAX bytes each. */
#define TE_FAULT_WORDS_MAX 64
void te_fault_format_kind(const struct te_fault_spec *spec, char *ret_text);
void te_fault_format_aim(const struct te_fault_spec *spec, char *ret_text);
/* "drop", "ack-of-fin"; "?" for a number out of range. Static. */
const char *te_fault_kind_name(unsigned kind);
const char *te_fault_aim_name(unsigned aim);
/* "in", "out", "both". Static. */
const char *te_fault_ways_name(unsigned ways);

/* What is known when a segment passes. */
struct te_fault_sight {
    const struct te_segment_view *segment; /* of one packet, not of a frame with GSO */
    /* Of the connection, its TIME_WAIT entry or, without either, the listener; for what comes in,
     * before the stack has seen it. NULL: there is none of these. */
    const struct te_status *status;
    enum te_fault_way way; /* IN or OUT */
    bool is_again;         /* te_output.is_again; for OUT alone */
};

/* Whether the fault is aimed at that segment: its way, and its aim. */
bool te_fault_is_aimed(const struct te_fault_spec *spec, const struct te_fault_sight *sight);

#endif
