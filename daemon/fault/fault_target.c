#include "fault/fault_target.h"

/* --- expressions ------------------------------------------------------------------------------ */

/* The uid: ports have an end of their own. */
static struct filter_number number_of(void *ctx, enum filter_field field)
{
    const struct te_status *status = ctx;
    (void)field;
    if (status == NULL)
        return (struct filter_number){.is_known = false};
    return (struct filter_number){true, status->uid};
}

static bool is_selected(const struct filter *filter, const struct fault_subject *subject)
{
    unsigned state = subject->status != NULL ? (unsigned)subject->status->state : TE_CLOSED;
    const struct filter_subject asked = {.local = subject->local,
                                         .remote = subject->remote,
                                         .states = UINT32_C(1) << state,
                                         .number = number_of,
                                         .ctx = (void *)(uintptr_t)subject->status};
    return filter_accepts(filter, &asked);
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
