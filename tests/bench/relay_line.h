/* Frames under way, of both directions: kept in memory that is taken once, found by when they are
 * due. Of two that are due at once, the one that came first goes first. */
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
    uint32_t port; /* where it leaves */
    uint8_t bytes[LINE_FRAME_MAX];
};

struct line {
    struct line_frame *frames;
    uint32_t *heap; /* [0, count): by time; [count, LINE_FRAMES_MAX): unused frames */
    uint32_t count;
    uint64_t order;
};

/* False: no memory. */
bool line_init(struct line *line);
void line_done(struct line *line);

/* Room for a frame: fill in at_ns, len, port and bytes, then call line_push(). NULL when full. */
struct line_frame *line_room(struct line *line);
void line_push(struct line *line);

/* The one that is due first, NULL when there is none. */
struct line_frame *line_first(struct line *line);
void line_pop(struct line *line);

#endif
