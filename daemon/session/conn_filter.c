#include "session/conn_filter.h"

static struct filter_number known(uint64_t value)
{
    return (struct filter_number){true, value};
}

static struct filter_number unknown(void)
{
    return (struct filter_number){.is_known = false};
}

static struct filter_number since(const struct conn_filter_subject *subject, int64_t moment_us)
{
    int64_t us = subject->now_us - moment_us;
    return (struct filter_number){moment_us != TE_NEVER, us > 0 ? (uint64_t)us : 0};
}

static const struct owner *owner_of(const struct conn_filter_subject *subject)
{
    return subject->owners != NULL && subject->status != NULL
               ? owner_find(subject->owners, subject->status->tag)
               : NULL;
}

static struct filter_number pid_of(const struct conn_filter_subject *subject)
{
    const struct owner *owner = owner_of(subject);
    if (owner == NULL || owner->process.pid == 0)
        return unknown();
    return known((uint64_t)owner->process.pid);
}

static struct filter_number number_of(void *ctx, enum filter_field field)
{
    const struct conn_filter_subject *subject = ctx;
    const struct te_status *status = subject->status;
    if (status == NULL)
        return unknown();
    switch (field) {
    case FILTER_ID:
        return known(status->id);
    case FILTER_UID:
        return known(status->uid);
    case FILTER_PID:
        return pid_of(subject);
    case FILTER_AGE:
        return since(subject, status->opened_at_us);
    case FILTER_IDLE:
        return since(subject, status->active_at_us);
    case FILTER_RTT:
        return (struct filter_number){status->srtt_us > 0, (uint64_t)status->srtt_us};
    case FILTER_RETRANSMITS:
        return known(status->retransmits);
    case FILTER_SEND_QUEUE:
        return known(status->send_queue_bytes);
    case FILTER_RECEIVE_QUEUE:
        return known(status->receive_queue_bytes);
    default:
        return unknown();
    }
}

static const char *text_of(void *ctx, enum filter_field field)
{
    const struct conn_filter_subject *subject = ctx;
    const struct te_status *status = subject->status;
    if (status == NULL)
        return NULL;
    if (field == FILTER_TIMER)
        return status->timer != TE_TIMER_NONE ? te_timer_name(status->timer) : "none";
    const struct owner *owner = owner_of(subject);
    if (owner == NULL)
        return NULL;
    return field == FILTER_PROGRAM ? owner->process.name : owner->session;
}

bool conn_filter_accepts(const struct filter *filter, const struct conn_filter_subject *subject)
{
    const struct filter_subject asked = {.local = subject->local,
                                         .remote = subject->remote,
                                         .states = subject->states,
                                         .number = number_of,
                                         .text = text_of,
                                         .ctx = (void *)(uintptr_t)subject};
    return filter_accepts(filter, &asked);
}

bool conn_filter_status_of_gone(const struct te_stack *stack, uint64_t id,
                                struct te_status *ret_status)
{
    struct te_history history;
    if (te_history(stack, id, &history) != TE_OK)
        return false;
    *ret_status = (struct te_status){.id = id,
                                     .local = history.local,
                                     .remote = history.remote,
                                     .uid = history.uid,
                                     .tag = history.tag,
                                     .opened_at_us = TE_NEVER,
                                     .active_at_us = TE_NEVER,
                                     .timer_at_us = TE_NEVER};
    if (history.count > 0)
        ret_status->opened_at_us = history.transitions[0].time_us;
    return true;
}
