#include "slots.h"

static void add_word(struct channel_slots *slots, unsigned word, uint64_t bits)
{
    uint64_t word_bit = UINT64_C(1) << word;
    slots->words[word] = (slots->summary & word_bit) != 0 ? slots->words[word] | bits : bits;
    slots->summary |= word_bit;
}

void channel_slots_add(struct channel_slots *slots, uint32_t slot)
{
    add_word(slots, slot / 64, UINT64_C(1) << slot % 64);
}

bool channel_slots_move(struct channel_slots *slots, struct channel_slots *from)
{
    bool has_some = from->summary != 0;
    for (; from->summary != 0; from->summary &= from->summary - 1) {
        unsigned word = (unsigned)__builtin_ctzll(from->summary);
        add_word(slots, word, from->words[word]);
    }
    return has_some;
}

bool channel_slots_remove(struct channel_slots *slots, uint32_t slot)
{
    uint64_t bit = UINT64_C(1) << slot % 64;
    if ((slots->summary >> slot / 64 & 1) == 0 || (slots->words[slot / 64] & bit) == 0)
        return false;
    slots->words[slot / 64] &= ~bit;
    return true;
}

uint32_t channel_slots_take(struct channel_slots *slots)
{
    for (; slots->summary != 0; slots->summary &= slots->summary - 1) {
        unsigned word = (unsigned)__builtin_ctzll(slots->summary);
        uint64_t bits = slots->words[word];
        if (bits == 0)
            continue;
        slots->words[word] = bits & (bits - 1);
        return word * 64 + (unsigned)__builtin_ctzll(bits);
    }
    return CHANNEL_SLOTS_MAX;
}
