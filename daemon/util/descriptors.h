/* How many descriptors there are, and who may have them.
 *
 * Links to the control socket are the only thing that clients can open without end. The daemon
 * raises its limit as far as it may, and if that is not enough for all links, it allows fewer: so
 * the last descriptor is never a client's. */
#ifndef TCPENGINED_DESCRIPTORS_H
#define TCPENGINED_DESCRIPTORS_H

#include <stdint.h>

/* For everything but links: the TAP, the loop, the sockets that listen, HTTP, the log, files that
 * are read for a moment, and what the process was started with. */
#define DESCRIPTORS_OWN 64

/* Makes room for links_max links and links_reserve for root. Returns how many the limit allows
 * beside the reserve: links_max, or fewer (at least 1), which the log says. */
unsigned descriptors_plan(unsigned links_max, unsigned links_reserve);

/* The pure part: of so many links wanted beside a reserve, how many a limit of descriptors allows.
 */
unsigned descriptors_links(uint64_t limit, unsigned links_max, unsigned links_reserve);

#endif
