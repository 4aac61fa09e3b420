/* Two moments with the same fingerprint have the same future.
 *
 * Included: for each end, oldest first, every connection, listener and TIME_WAIT entry with
 * everything STATUS shows, and what it does not show but segments depend on (every timer,
 * TS.Recent, what was last offered and acknowledged, when a challenge ACK was sent, a connection's
 * flags); the frames in flight as a set (in orderly scenarios: in their order); the users' places
 * in their programs; the remaining budget. Sequence numbers are relative to the sender's latest
 * ISS, times to the end's clock.
 *
 * Left out, because no reaction depends on them: ids, counters, histories, birthdays, the age of
 * ARP entries (ARP is answered at once), addresses of memory, and the order of frames.
 *
 * The claim is checked, not believed: see search.h, audit. */
#ifndef EXPLORE_FINGERPRINT_H
#define EXPLORE_FINGERPRINT_H

#include "world.h"

/* Never 0. */
struct fingerprints {
    uint64_t future; /* everything that can happen */
    uint64_t peace;  /* what happens without further choices: excludes programs and budget */
};

struct fingerprints fingerprint_of(const struct world *world);
/* Of one frame in flight; equal for indistinguishable frames. */
uint64_t fingerprint_of_frame(const struct world *world, const struct frame *frame);
uint64_t fingerprint_mix(uint64_t hash, uint64_t value);

#endif
