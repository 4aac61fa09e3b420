#include "page/bar.h"

#include <string.h>

static unsigned part_of(int64_t left_us, int64_t msl_us)
{
    int64_t part = left_us <= 0 ? 0 : left_us * BAR_PARTS / (2 * msl_us);
    return part < BAR_PARTS ? (unsigned)part : BAR_PARTS - 1;
}

bool bar_step(struct bar *bar, const struct te_stack *stack, int64_t msl_us, int64_t now_us)
{
    struct te_status status;
    uint32_t places = BAR_STEP_PLACES;
    for (unsigned i = 0; i < BAR_STEP_ENTRIES; i++) {
        if (te_walk_some(stack, TE_WALK_TIME_WAIT, &bar->cursor, &places, &status)) {
            bar->counting[part_of(status.time_wait_ends_at_us - now_us, msl_us)]++;
            continue;
        }
        if (places == 0)
            return false;
        memcpy(bar->shown, bar->counting, sizeof(bar->shown));
        memset(bar->counting, 0, sizeof(bar->counting));
        bar->cursor = 0;
        return true;
    }
    return false;
}

json_t *bar_json(const struct bar *bar)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < BAR_PARTS; i++)
        json_array_append_new(array, json_integer(bar->shown[i]));
    return array;
}
