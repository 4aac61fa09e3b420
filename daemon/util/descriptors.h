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

/* Makes room for *links_max links, links_reserve more for root, and *refused_max that are told why
 * they are refused. If the limit does not allow them all, it lowers both (to at least 1), and the
 * log says so. */
void descriptors_plan(unsigned links_reserve, unsigned *links_max, unsigned *refused_max);

/* The pure part: lowers both to what a limit of descriptors allows beside the reserve. Of too few,
 * a quarter at most is for those that are refused. */
void descriptors_share(uint64_t limit, unsigned links_reserve, unsigned *links_max,
                       unsigned *refused_max);

/* Makes room for *channels_max channels of so many descriptors each, beside as many links; if the
 * limit does not allow them all, it lowers *channels_max, perhaps to 0, and the log says so. */
void descriptors_plan_channels(unsigned links, unsigned each, unsigned *channels_max);

/* The same for sockets, which take one each, and for connections with requests about them, which
 * take two: beside so many others. */
void descriptors_plan_sockets(unsigned others, unsigned *sockets_max, unsigned *links_max);
/* The pure part: lowers both to what is left. Of too few, a quarter at most is for requests. */
void descriptors_share_sockets(uint64_t left, unsigned *sockets_max, unsigned *links_max);
/* What one user may have of them, when there are to be fewer sockets than were wanted: as large a
 * part as before, so that something is left for the others. */
unsigned descriptors_part_of_one(unsigned per_uid_max, unsigned sockets_wanted,
                                 unsigned sockets_max);

#endif
