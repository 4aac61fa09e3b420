/* How large the packets of one connection are: set by both path_mtu.h and mtu_probe.h. Sizes count
 * from the IP header on. */
#ifndef TCPENGINE_TCP_MTU_PACKET_SIZE_H
#define TCPENGINE_TCP_MTU_PACKET_SIZE_H

#include <stdint.h>

struct te_conn;
struct te_stack;

/* Sets the size of its largest packets from now on, at most 65,535; MSS follows, and cwnd is raised
 * to one segment if it is less. */
void te_path_mtu_set(struct te_conn *conn, uint32_t mtu_bytes);
/* The largest packet that the link's MTU and the peer's MSS option allow. */
uint32_t te_path_mtu_limit(const struct te_stack *stack, const struct te_conn *conn);

#endif
