/* A set of a channel's slots in the memory of one side: as large as a channel can be, and cheap
 * while few are in it. */
#ifndef TCPENGINE_SLOTS_H
#define TCPENGINE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"

/* All zero: empty. A word counts only while its bit in the summary is set. */
struct channel_slots {
    uint64_t summary;
    uint64_t words[CHANNEL_WORDS];
};

void channel_slots_add(struct channel_slots *slots, uint32_t slot);
/* Moves all of from to slots. False: from is empty. */
bool channel_slots_move(struct channel_slots *slots, struct channel_slots *from);
/* False: it is not in the set. */
bool channel_slots_remove(struct channel_slots *slots, uint32_t slot);
/* Takes the first out. CHANNEL_SLOTS_MAX: the set is empty. */
uint32_t channel_slots_take(struct channel_slots *slots);

#endif
