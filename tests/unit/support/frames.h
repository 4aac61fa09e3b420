/* Frames as a peer of the fixture's stack would send them, and what is in those that it sends.
 *
 * The peer is 10.0.0.2 and 2001:db8::2 with MAC 02:00:00:00:00:02; the stack has ...:01, and one
 * other station, which claims what is not its own, ...:77. */
#ifndef TESTS_SUPPORT_FRAMES_H
#define TESTS_SUPPORT_FRAMES_H

#include "support/fixture.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/nd.h"
#include "wire/protocol.h"

#define FRAME_MAX 65549

extern const uint8_t peer_mac[6], stack_mac[6], other_mac[6], broadcast_mac[6];

/* --- in: each is given to the stack at once --------------------------------------------------- */

/* An IP packet from source to destination; the family follows from destination. Unset fields get
 * what a peer on the link would use. */
struct ip_spec {
    const char *source, *destination;
    uint8_t protocol;
    uint8_t hop_limit; /* 0: 64 */
    uint8_t ecn;
    const uint8_t *mac;    /* source; NULL: peer_mac */
    const uint8_t *to_mac; /* NULL: stack_mac, or that of a group */
    bool is_fragment;      /* with id, offset, more */
    uint32_t id;
    uint16_t offset_bytes;
    bool more;
};
void input_ip(struct fixture *fixture, const struct ip_spec *spec, const void *payload, size_t len);
/* Builds the same frame in ret_frame (FRAME_MAX bytes) and returns its length. */
size_t build_ip(const struct ip_spec *spec, const void *payload, size_t len, uint8_t *ret_frame);
/* An ICMP or ICMPv6 message with its checksum, of 8 bytes of header and a body. */
void input_icmp(struct fixture *fixture, const struct ip_spec *spec, const struct te_icmp *icmp);

/* An ARP packet from mac (NULL: peer_mac) to the stack or, with a request, to all. */
void input_arp(struct fixture *fixture, uint16_t operation, const char *sender, const char *target,
               const uint8_t *mac);
/* A Neighbour Discovery message with hop limit 255. */
void input_nd(struct fixture *fixture, const char *source, const char *destination,
              const struct te_nd *nd);
/* An advertisement that nobody asked for: the address is the other station's. */
struct te_nd claim_of_other(const char *addr);
/* The peer's answer to a question of the stack: ARP reply or solicited advertisement. */
void input_answer(struct fixture *fixture, const char *addr, const uint8_t *mac);

/* --- out: each takes the next frame and fails the test when it is something else -------------- */

struct te_arp expect_arp(struct fixture *fixture, const uint8_t *to_mac);
struct te_nd expect_nd(struct fixture *fixture, const uint8_t *to_mac, const char *source,
                       const char *destination);

/* An IP packet that the stack sent; payload points into the fixture's frame. */
struct sent_ip {
    struct te_eth_header eth;
    struct te_addr source, destination;
    uint8_t protocol, hop_limit, ecn;
    const uint8_t *payload;
    size_t payload_len;
    bool is_fragment, dont_fragment, more;
    uint32_t id;
    uint16_t offset_bytes;
};
struct sent_ip expect_ip(struct fixture *fixture);
/* An ICMP message to that address, its checksum right. */
struct te_icmp expect_icmp(struct fixture *fixture, const char *destination, uint8_t type,
                           uint8_t code);

void assert_addr(const struct te_addr *addr, const char *text);
void assert_mac(const uint8_t *mac, const uint8_t *expected);

#endif
