/* How many bytes connections had received and sent when they were last looked at, and what that
 * makes per second. The memory is that of the connections that moved during the last minute. */
#ifndef TCPCTL_TOP_SAMPLES_H
#define TCPCTL_TOP_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct top_bytes {
    uint64_t in, out;
};

struct top_speed {
    int64_t in, out; /* bytes per second; -1: not known */
};

struct top_sample; /* of one connection */

/* All zero: none. */
struct top_samples {
    struct top_sample *slots; /* open addressing */
    size_t room, count;
    uint64_t highest_id;                /* that there was when the refresh before ended; */
    uint64_t highest_now;               /* ... by now */
    int64_t refreshed_at_us, before_us; /* the beginning of this refresh, and of the one before */
    bool sees_all;                      /* each refresh looks at all that have moved */
};

/* A refresh begins; one that comes soon after another belongs to it. sees_all: it will look at all
 * connections that have moved since the one before; what is not looked at has not moved. */
void top_samples_begin(struct top_samples *samples, int64_t now_us, bool sees_all);
/* The refreshes before looked at others: what they did not look at may have moved. */
void top_samples_restart(struct top_samples *samples);
/* Notes what a connection has by now. Without memory the program ends. Returns its speed since the
 * refresh before. */
struct top_speed top_samples_note(struct top_samples *samples, uint64_t id, struct top_bytes bytes,
                                  int64_t now_us);
/* Of one that this refresh has not looked at. */
struct top_speed top_samples_still(const struct top_samples *samples, uint64_t id);
/* There is a connection of this number: those with higher ones are younger. */
void top_samples_note_id(struct top_samples *samples, uint64_t id);
/* Forgets who has not been looked at for a minute. */
void top_samples_end(struct top_samples *samples);
void top_samples_done(struct top_samples *samples);

#endif
