/* How much time the entries of TIME_WAIT have left, by parts of 2MSL. The table is walked in steps
 * of bounded time; what is shown is the last whole walk. */
#ifndef TCPENGINED_BAR_H
#define TCPENGINED_BAR_H

#include <jansson.h>
#include <tcpengine/conn.h>

#define BAR_PARTS 20
#define BAR_STEP_ENTRIES 128
#define BAR_STEP_PLACES 4096

struct bar {
    uint32_t shown[BAR_PARTS]; /* the first has the least time left */
    uint32_t counting[BAR_PARTS];
    uint64_t cursor;
};

/* Goes on with the walk. True: it is over, and the bar is new. */
bool bar_step(struct bar *bar, const struct te_stack *stack, int64_t msl_us, int64_t now_us);
/* [n, ...]: BAR_PARTS numbers. */
json_t *bar_json(const struct bar *bar);

#endif
