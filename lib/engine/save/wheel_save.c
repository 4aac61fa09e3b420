/* Owners arm their nodes again; what is saved is the lower bound of each slot, so that the host is
 * woken at the same times, even where a cancelled timer has left an early one. */
#include "util/codec.h"
#include "util/wheel.h"

#define SLOT_BYTES 10

TE_SAVED_BY_HAND(struct te_wheel, "as struct te_stack_birth", now_us);
TE_SAVED_BY_HAND(struct te_wheel, "by which slots are written", occupied);
TE_NOT_SAVED(struct te_wheel, "the owners arm their nodes again", slots, armed_count);
TE_NOT_SAVED(struct te_wheel, "empty between two calls", due);

struct slot {
    uint8_t level, number;
    int64_t bound_us;
};

static void slot_fields(struct te_codec *codec, struct slot *slot)
{
    te_codec_u8_below(codec, &slot->level, TE_WHEEL_LEVELS);
    te_codec_u8_below(codec, &slot->number, TE_WHEEL_SLOTS);
    te_codec_time(codec, &slot->bound_us);
}

static uint32_t occupied_count(const struct te_wheel *wheel)
{
    uint32_t count = 0;
    for (unsigned level = 0; level < TE_WHEEL_LEVELS; level++)
        count += (uint32_t)__builtin_popcountll(wheel->occupied[level]);
    return count;
}

static void write_slots(struct te_codec *codec, const struct te_wheel *wheel)
{
    for (unsigned level = 0; level < TE_WHEEL_LEVELS; level++) {
        for (uint64_t bits = wheel->occupied[level]; bits != 0; bits &= bits - 1) {
            unsigned number = (unsigned)__builtin_ctzll(bits);
            struct slot slot = {(uint8_t)level, (uint8_t)number,
                                wheel->lower_bound_us[level][number]};
            slot_fields(codec, &slot);
        }
    }
}

static void read_slot(struct te_codec *codec, struct te_wheel *wheel)
{
    struct slot slot = {0};
    slot_fields(codec, &slot);
    if (te_codec_is_ok(codec))
        te_wheel_lower_bound(wheel, slot.level, slot.number, slot.bound_us);
}

void te_wheel_save(struct te_codec *codec, struct te_wheel *wheel)
{
    uint32_t count =
        te_codec_count(codec, occupied_count(wheel), TE_WHEEL_LEVELS * TE_WHEEL_SLOTS, SLOT_BYTES);
    if (!codec->is_reading)
        write_slots(codec, wheel);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_slot(codec, wheel);
}
