/* Two moments with the same fingerprint have the same future.
 *
 * In it: of each end, oldest first, every connection, listener and TIME_WAIT entry with all that
 * STATUS says, and what STATUS does not say but segments depend on (every timer, TS.Recent, what
 * was offered and acknowledged last, when a challenge ACK was sent, the marks of a connection); the
 * frames on their way as a set (in orderly scenarios: in their order); the users' places in their
 * programs; what is left of the budget. Sequence numbers are relative to the sender's latest ISS,
 * times to the end's clock.
 *
 * Left out, because no reaction depends on it: ids, counters, histories, birthdays, the age of ARP
 * entries (ARP is answered at once), addresses of memory, and the order of frames.
 *
 * The claim is checked, not believed: see search.h, audit. */
#ifndef EXPLORE_FINGERPRINT_H
#define EXPLORE_FINGERPRINT_H

#include "world.h"

/* Never 0. */
struct fingerprints {
    uint64_t future; /* all that can happen */
    uint64_t peace;  /* what happens when nobody chooses any more: programs and budget are left out
                      */
};

struct fingerprints fingerprint_of(const struct world *world);
/* Of one frame on its way; equal for frames that nobody can tell apart. */
uint64_t fingerprint_of_frame(const struct world *world, const struct frame *frame);
uint64_t fingerprint_mix(uint64_t hash, uint64_t value);

#endif
