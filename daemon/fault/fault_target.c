#include "fault/fault_target.h"

/* --- expressions ------------------------------------------------------------------------------ */

static bool is_selected(const struct filter *filter, const struct fault_subject *subject)
{
    unsigned state = subject->status != NULL ? (unsigned)subject->status->state : TE_CLOSED;
    const struct conn_filter_subject asked = {.local = subject->local,
                                              .remote = subject->remote,
                                              .states = UINT32_C(1) << state,
                                              .status = subject->status,
                                              .owners = subject->owners,
                                              .now_us = subject->now_us};
    return conn_filter_accepts(filter, &asked);
}

/* --- ids -------------------------------------------------------------------------------------- */

static bool same_endpoint(const struct te_endpoint *a, const struct te_endpoint *b)
{
    return a->port == b->port && te_addr_equal(&a->addr, &b->addr);
}

/* Whether a listener on that endpoint takes what is sent to this one. */
static bool is_served(const struct te_endpoint *listener, const struct te_endpoint *local)
{
    return listener->port == local->port && (te_addr_is_unspecified(&listener->addr) ||
                                             te_addr_equal(&listener->addr, &local->addr));
}

bool fault_target_matches(const struct fault_target *target, const struct fault_subject *subject)
{
    if (target->id == 0)
        return is_selected(&target->filter, subject);
    if (target->is_listener)
        return is_served(&target->local, subject->local);
    return same_endpoint(&target->local, subject->local) &&
           same_endpoint(&target->remote, subject->remote);
}
