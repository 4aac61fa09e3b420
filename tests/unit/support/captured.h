/* Frames as Linux 6 sent them over a virtual link between 10.0.0.2, 2001:db8::2
 * (MAC 02:00:00:00:00:02) and 10.0.0.3, 2001:db8::3 (MAC 02:00:00:00:00:03). */
#ifndef TESTS_SUPPORT_CAPTURED_H
#define TESTS_SUPPORT_CAPTURED_H

#include <stddef.h>
#include <stdint.h>

struct captured {
    const uint8_t *bytes;
    size_t len;
};

/* 10.0.0.2 asks everybody for 10.0.0.3 */
extern const struct captured linux_arp_request;
/* 10.0.0.3 answers */
extern const struct captured linux_arp_reply;
/* 10.0.0.3 verifies 10.0.0.2 */
extern const struct captured linux_arp_unicast_request;
/* ping -p 5a 10.0.0.3 */
extern const struct captured linux_echo_request4;
/* its answer */
extern const struct captured linux_echo_reply4;
/* ping -R 10.0.0.3: 40 bytes of IP options */
extern const struct captured linux_echo_request4_options;
/* 3 bytes to port 9 of 10.0.0.3 */
extern const struct captured linux_udp4;
/* its answer */
extern const struct captured linux_port_unreachable4;
/* SYN to port 99 of 10.0.0.3, checksum left partial */
extern const struct captured linux_syn4;
/* a router about a SYN to 10.0.9.1, port 80 */
extern const struct captured linux_host_unreachable4;
/* a router about a segment to 10.0.1.4, port 81: MTU 1300 */
extern const struct captured linux_too_big4;
/* 2001:db8::2 is probed, with a nonce option */
extern const struct captured linux_nd_probe;
/* 2001:db8::2 asks the group of 2001:db8::3 */
extern const struct captured linux_nd_solicit;
/* 2001:db8::3 answers */
extern const struct captured linux_nd_advertise;
/* fe80::ff:fe00:3 verifies 2001:db8::2 */
extern const struct captured linux_nd_solicit_unicast;
/* 2001:db8::2 answers without its MAC */
extern const struct captured linux_nd_advertise_short;
/* behind a hop-by-hop header with a router alert */
extern const struct captured linux_mld_report;
extern const struct captured linux_router_solicit;
/* ping 2001:db8::3 */
extern const struct captured linux_echo_request6;
/* its answer */
extern const struct captured linux_echo_reply6;
/* 3 bytes to port 9 of 2001:db8::3 */
extern const struct captured linux_udp6;
/* its answer */
extern const struct captured linux_port_unreachable6;
/* a router about a SYN to 2001:db8:9::1, port 80 */
extern const struct captured linux_prohibited6;
/* a router about a segment to 2001:db8:1::4, port 81: MTU 1300 */
extern const struct captured linux_too_big6;
/* ping -s 1100 10.0.0.3 with MTU 576 */
extern const struct captured linux_fragment4_1;
extern const struct captured linux_fragment4_2;
/* ping -s 1240 2001:db8::3 with MTU 1280 */
extern const struct captured linux_fragment6_1;
extern const struct captured linux_fragment6_2;

#endif
