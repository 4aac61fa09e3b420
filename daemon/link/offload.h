/* Offloads of a TAP: work that the kernel does for us, or leaves to us, so that one frame can carry
 * many segments. What is wanted and what the kernel grants are sets of enum offload, one bit each.
 *
 * Theory of operation: sending needs only the header in front of each frame (IFF_VNET_HDR), in
 * which the kernel then finds what is left to do. What it may hand to us is asked for with
 * TUNSETOFFLOAD; a kernel that knows one of the flags not refuses them all, so they are then tried
 * one after the other. */
#ifndef TCPENGINED_OFFLOAD_H
#define TCPENGINED_OFFLOAD_H

#include <linux/if_tun.h>
#include <stdbool.h>
#include <stddef.h>

/* Name, text, and the flag of TUNSETOFFLOAD; those of receiving in the order in which one needs
 * the other. */
#define OFFLOAD_LIST(X)                                                                            \
    X(SEND_CHECKSUM, "send_checksum", 0)                                                           \
    X(SEND_GSO, "send_gso", 0)                                                                     \
    X(RECEIVE_CHECKSUM, "receive_checksum", TUN_F_CSUM)                                            \
    X(RECEIVE_TSO4, "receive_tso4", TUN_F_TSO4)                                                    \
    X(RECEIVE_TSO6, "receive_tso6", TUN_F_TSO6)                                                    \
    X(RECEIVE_TSO_ECN, "receive_tso_ecn", TUN_F_TSO_ECN)

#define OFFLOAD_NUMBER(name, ...) OFFLOAD_##name,
enum offload { OFFLOAD_LIST(OFFLOAD_NUMBER) OFFLOAD_COUNT };
#undef OFFLOAD_NUMBER

/* All names, with separators. */
#define OFFLOAD_TEXT_MAX 128

struct offloads {
    unsigned wanted; /* by the configuration */
    unsigned in_use; /* the rest of wanted was refused */
    bool has_header; /* a virtio_net_hdr is in front of each frame */
};

/* What the configuration's keys ask for: without checksums, nothing. */
unsigned offload_wanted(bool checksum_offload, bool gso, bool large_receive);
bool offload_has(const struct offloads *offloads, enum offload offload);
unsigned offload_refused(const struct offloads *offloads);
/* "receive_tso4"; static. NULL: there are no more. */
const char *offload_name(unsigned offload);
/* The names in a set, each after a space. */
void offload_format(unsigned set, char ret_text[OFFLOAD_TEXT_MAX]);

/* Whether the driver behind fd, which need not be attached, knows the header. */
bool offload_has_header(int fd);
/* Asks the kernel for what is wanted on an attached descriptor. has_header: frames have one. */
struct offloads offload_negotiate(int fd, unsigned wanted, bool has_header);

#endif
