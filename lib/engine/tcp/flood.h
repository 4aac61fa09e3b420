/* A flood of segments that nobody owns: they belong to no connection and can begin none, and each
 * asks for a RST. RSTs are limited (config.rst_per_second). While the limit is reached, such
 * segments are told by their addresses, ports and flags alone and dropped before the rest of the
 * header is parsed and their text is summed, which is most of what they cost.
 *
 * What arrives damaged meanwhile counts as part of the flood: nobody has looked. */
#ifndef TCPENGINE_TCP_FLOOD_H
#define TCPENGINE_TCP_FLOOD_H

#include <stdbool.h>

struct te_listener;
struct te_packet;
struct te_stack;

/* For a packet of no connection, and of no entry in TIME_WAIT. listener is the one of its port, or
 * NULL; what it could open a connection by is never part of a flood. True if the packet was
 * dropped, as "tcp_flood". Everything is borrowed. */
bool te_flood_drops(struct te_stack *stack, const struct te_packet *packet,
                    const struct te_listener *listener);

#endif
