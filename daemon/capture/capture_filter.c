#include "capture/capture_filter.h"

bool capture_filter_matches(const struct filter *filter, const struct capture_subject *subject)
{
    const struct conn_filter_subject asked = {.local = subject->local,
                                              .remote = subject->remote,
                                              .states = UINT32_C(1) << subject->before |
                                                        UINT32_C(1) << subject->after,
                                              .status = subject->status,
                                              .owners = subject->owners,
                                              .now_us = subject->now_us};
    return conn_filter_accepts(filter, &asked);
}

bool capture_filter_asks_status(const struct filter *filter)
{
    return filter_asks(filter, CONN_FILTER_FIELDS &
                                   ~(FILTER_BIT(FILTER_LOCAL) | FILTER_BIT(FILTER_REMOTE)));
}
