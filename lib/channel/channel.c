#include "channel.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES 4096u

static bool is_ring_size(uint32_t bytes)
{
    return bytes >= CHANNEL_RING_MIN && bytes <= CHANNEL_RING_MAX && (bytes & (bytes - 1)) == 0;
}

bool channel_layout_init(const struct channel_hello *hello, struct channel_layout *ret_layout)
{
    if (hello->slot_count == 0 || hello->slot_count > CHANNEL_SLOTS_MAX ||
        !is_ring_size(hello->send_bytes) || !is_ring_size(hello->receive_bytes))
        return false;
    uint64_t slots = (uint64_t)hello->slot_count * sizeof(struct channel_slot);
    uint64_t rings = (uint64_t)hello->send_bytes + hello->receive_bytes;
    uint64_t rings_at = CHANNEL_SLOTS_AT + (slots + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    *ret_layout = (struct channel_layout){
        .slot_count = hello->slot_count,
        .send_bytes = hello->send_bytes,
        .receive_bytes = hello->receive_bytes,
        .rings_at = rings_at,
        .total_bytes = rings_at + hello->slot_count * rings,
    };
    return true;
}

struct channel_slot *channel_slot_at(void *memory, uint32_t slot)
{
    return (struct channel_slot *)(void *)((uint8_t *)memory + CHANNEL_SLOTS_AT) + slot;
}

uint8_t *channel_send_ring(const struct channel_layout *layout, void *memory, uint32_t slot)
{
    uint64_t rings = (uint64_t)layout->send_bytes + layout->receive_bytes;
    return (uint8_t *)memory + layout->rings_at + slot * rings;
}

uint8_t *channel_receive_ring(const struct channel_layout *layout, void *memory, uint32_t slot)
{
    return channel_send_ring(layout, memory, slot) + layout->send_bytes;
}

/* The word first: whoever finds the summary's bit finds it there. */
void channel_set_add(struct channel_set *set, uint32_t slot)
{
    uint32_t word = slot / 64;
    atomic_fetch_or(&set->words[word], UINT64_C(1) << slot % 64);
    atomic_fetch_or(&set->summary, UINT64_C(1) << word);
}

uint64_t channel_set_take(struct channel_set *set, uint64_t ret_words[CHANNEL_WORDS])
{
    uint64_t summary = atomic_exchange(&set->summary, 0);
    for (uint64_t left = summary; left != 0; left &= left - 1) {
        unsigned word = (unsigned)__builtin_ctzll(left);
        ret_words[word] = atomic_exchange(&set->words[word], 0);
    }
    return summary;
}

bool channel_set_is_empty(const struct channel_set *set)
{
    return atomic_load(&set->summary) == 0;
}

uint32_t channel_should_ring(_Atomic uint32_t *sleeps)
{
    return atomic_load(sleeps) != CHANNEL_AWAKE ? atomic_exchange(sleeps, CHANNEL_AWAKE)
                                                : CHANNEL_AWAKE;
}

bool channel_may_sleep(_Atomic uint32_t *sleeps, enum channel_sleep how,
                       const struct channel_set *set)
{
    atomic_store(sleeps, how);
    if (channel_set_is_empty(set))
        return true;
    atomic_store(sleeps, CHANNEL_AWAKE);
    return false;
}

void channel_word_wake(_Atomic uint32_t *sleeps)
{
    syscall(SYS_futex, sleeps, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void channel_word_sleep(_Atomic uint32_t *sleeps, unsigned ms)
{
    const struct timespec most = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    syscall(SYS_futex, sleeps, FUTEX_WAIT, CHANNEL_SLEEPS_ON_WORD, &most, NULL, 0);
}
