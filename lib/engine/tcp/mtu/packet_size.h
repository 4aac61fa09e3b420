/* How large the packets of one connection are: what path_mtu.h and mtu_probe.h both set. */
#ifndef TCPENGINE_TCP_MTU_PACKET_SIZE_H
#define TCPENGINE_TCP_MTU_PACKET_SIZE_H

#include <stdint.h>

struct te_conn;
struct te_stack;

/* The size of its largest packets from now on; MSS and, when it must, cwnd follow. */
void te_path_mtu_set(struct te_conn *conn, uint32_t mtu_bytes);
/* The largest packet that the link and the peer's MSS allow. */
uint32_t te_path_mtu_limit(const struct te_stack *stack, const struct te_conn *conn);

#endif
