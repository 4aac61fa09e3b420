/* The counts behind <tcpengine/limits.h>: whether one more connection or listener may be. */
#ifndef TCPENGINE_TCP_LISTEN_SHARE_H
#define TCPENGINE_TCP_LISTEN_SHARE_H

#include <tcpengine/limits.h>

/* For a connection that a peer opens to a listener of uid. Nobody's peers use the reserve. */
enum te_limit te_share_of_peer(const struct te_stack *stack, uint32_t uid);
/* Part of a table of max entries, in percent: at least TE_SHARE_MIN, at most all. */
uint32_t te_share(uint32_t max, uint8_t percent);

#endif
