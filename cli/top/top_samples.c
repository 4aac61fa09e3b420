#include "top_samples.h"

#include <stdlib.h>
#include <string.h>
#include <tcpengine/units.h>

#include "cli.h"

#define FORGET_AFTER_US TE_MINUTE
#define TOO_SOON_US (300 * TE_MS) /* for a speed that means anything */
enum { ROOM_MIN = 256 };

struct top_sample {
    uint64_t id; /* 0: a free slot */
    struct top_bytes bytes;
    struct top_speed speed;
    int64_t looked_at_us;
};

/* --- the table -------------------------------------------------------------------------------- */

static struct top_sample *find(const struct top_samples *samples, uint64_t id)
{
    size_t at = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (samples->room - 1);
    while (samples->slots[at].id != 0 && samples->slots[at].id != id)
        at = (at + 1) & (samples->room - 1);
    return &samples->slots[at];
}

/* Into a table of another size, without those that were not looked at since. */
static void rebuild(struct top_samples *samples, size_t room, int64_t since_us)
{
    struct top_samples rebuilt = *samples;
    rebuilt.slots = calloc(room, sizeof(*rebuilt.slots));
    rebuilt.room = room;
    rebuilt.count = 0;
    if (rebuilt.slots == NULL)
        cli_no_memory();
    for (size_t i = 0; i < samples->room; i++) {
        const struct top_sample *sample = &samples->slots[i];
        if (sample->id == 0 || sample->looked_at_us < since_us)
            continue;
        *find(&rebuilt, sample->id) = *sample;
        rebuilt.count++;
    }
    free(samples->slots);
    *samples = rebuilt;
}

static struct top_sample *find_or_add(struct top_samples *samples, uint64_t id)
{
    if (2 * (samples->count + 1) > samples->room)
        rebuild(samples, samples->room > 0 ? 2 * samples->room : ROOM_MIN, INT64_MIN);
    struct top_sample *sample = find(samples, id);
    if (sample->id == 0) {
        *sample = (struct top_sample){.id = id, .looked_at_us = -1, .speed = {-1, -1}};
        samples->count++;
    }
    return sample;
}

/* ---------------------------------------------------------------------------------------------- */

void top_samples_begin(struct top_samples *samples, int64_t now_us, bool sees_all)
{
    bool is_same = sees_all == samples->sees_all && samples->refreshed_at_us > 0;
    if (is_same && now_us - samples->refreshed_at_us < TOO_SOON_US)
        return;
    samples->before_us = is_same && sees_all ? samples->refreshed_at_us : 0;
    samples->refreshed_at_us = now_us;
    samples->sees_all = sees_all;
    samples->highest_id = samples->highest_now;
}

void top_samples_restart(struct top_samples *samples)
{
    samples->refreshed_at_us = 0;
}

static int64_t per_second(uint64_t now, uint64_t before, int64_t us)
{
    return now > before ? (int64_t)((double)(now - before) * TE_SECOND / (double)us) : 0;
}

/* What moved did so since the refresh before, if that looked at all: so its numbers were the same
 * then as when it was last looked at. One that is new had none. */
static struct top_speed speed_of(const struct top_samples *samples, const struct top_sample *sample,
                                 struct top_bytes bytes, int64_t now_us)
{
    bool is_new = samples->before_us > 0 && sample->id > samples->highest_id;
    int64_t since_us = sample->looked_at_us;
    if (samples->before_us > since_us && (since_us >= 0 || is_new))
        since_us = samples->before_us;
    if (since_us < 0)
        return (struct top_speed){-1, -1};
    if (now_us - since_us < TOO_SOON_US)
        return sample->speed;
    return (struct top_speed){per_second(bytes.in, sample->bytes.in, now_us - since_us),
                              per_second(bytes.out, sample->bytes.out, now_us - since_us)};
}

struct top_speed top_samples_note(struct top_samples *samples, uint64_t id, struct top_bytes bytes,
                                  int64_t now_us)
{
    struct top_sample *sample = find_or_add(samples, id);
    struct top_speed speed = speed_of(samples, sample, bytes, now_us);
    top_samples_note_id(samples, id);
    if (sample->looked_at_us >= 0 && now_us - sample->looked_at_us < TOO_SOON_US)
        return speed;
    sample->bytes = bytes;
    sample->speed = speed;
    sample->looked_at_us = now_us;
    return speed;
}

void top_samples_note_id(struct top_samples *samples, uint64_t id)
{
    if (id > samples->highest_now)
        samples->highest_now = id;
}

struct top_speed top_samples_still(const struct top_samples *samples, uint64_t id)
{
    if (samples->room > 0) {
        const struct top_sample *sample = find(samples, id);
        if (sample->id != 0 && sample->looked_at_us >= samples->refreshed_at_us)
            return sample->speed;
    }
    bool was_there = samples->sees_all && samples->before_us > 0;
    return was_there ? (struct top_speed){0, 0} : (struct top_speed){-1, -1};
}

void top_samples_end(struct top_samples *samples)
{
    size_t room = samples->room;
    if (samples->count > ROOM_MIN)
        rebuild(samples, room, samples->refreshed_at_us - FORGET_AFTER_US);
    while (room > ROOM_MIN && 8 * samples->count < room)
        room /= 2;
    if (room < samples->room)
        rebuild(samples, room, INT64_MIN);
}

void top_samples_done(struct top_samples *samples)
{
    free(samples->slots);
    *samples = (struct top_samples){.slots = NULL};
}
