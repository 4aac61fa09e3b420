/* A set of a channel's slots: as large as a channel can be, and cheap while few are in it. */
#ifndef TCPENGINED_CHANNEL_SLOTS_H
#define TCPENGINED_CHANNEL_SLOTS_H

#include <channel.h>
#include <stdbool.h>
#include <stdint.h>

/* All zero: empty. A word counts only while its bit in the summary is set. */
struct channel_slots {
    uint64_t summary;
    uint64_t words[CHANNEL_WORDS];
};

void channel_slots_add(struct channel_slots *slots, uint32_t slot);
/* Moves all of from to slots. False: from is empty. */
bool channel_slots_move(struct channel_slots *slots, struct channel_slots *from);
/* Takes the first out. CHANNEL_SLOTS_MAX: the set is empty. */
uint32_t channel_slots_take(struct channel_slots *slots);

#endif
