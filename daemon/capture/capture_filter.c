#include "capture/capture_filter.h"

static struct filter_number number_of(void *ctx, enum filter_field field)
{
    const struct capture_subject *subject = ctx;
    return (struct filter_number){true, field == FILTER_UID ? subject->uid : subject->id};
}

bool capture_filter_matches(const struct filter *filter, const struct capture_subject *subject)
{
    const struct filter_subject asked = {.local = subject->local,
                                         .remote = subject->remote,
                                         .states = UINT32_C(1) << subject->before |
                                                   UINT32_C(1) << subject->after,
                                         .number = number_of,
                                         .ctx = (void *)(uintptr_t)subject};
    return filter_accepts(filter, &asked);
}
