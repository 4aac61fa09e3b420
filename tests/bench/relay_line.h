/* Frames in flight in both directions, in memory allocated once, ordered by when they are due. Of
 * two that are due at the same time, the one that arrived first goes first. */
#ifndef BENCH_RELAY_LINE_H
#define BENCH_RELAY_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_FRAME_MAX 2048u
#define LINE_FRAMES_MAX 32768u

struct line_frame {
    int64_t at_ns;
    uint64_t order;
    uint32_t len;
    uint32_t port; /* egress */
    uint8_t bytes[LINE_FRAME_MAX];
};

struct line {
    struct line_frame *frames;
    uint32_t *heap; /* [0, count): by time; [count, LINE_FRAMES_MAX): unused frames */
    uint32_t count;
    uint64_t order;
};

/* False if there is no memory. */
bool line_init(struct line *line);
void line_done(struct line *line);

/* Room for a frame: fill in at_ns, len, port and bytes, then call line_push(). NULL when full. */
struct line_frame *line_room(struct line *line);
void line_push(struct line *line);

/* The frame that is due first; NULL if there is none. */
struct line_frame *line_first(struct line *line);
void line_pop(struct line *line);

#endif
