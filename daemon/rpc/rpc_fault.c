/* Fault: faults on live connections (fault/fault_layer.h), added, listed and removed. */
#include <inttypes.h>
#include <string.h>

#include "rpc/rpc_convert.h"
#include "rpc/rpc_filter.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_recall.h"
#include "rpc/rpc_status.h"

static enum rpc_outcome invalid(struct rpc_call *call, const char *field, const char *expected)
{
    return RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", NONE, "Fault: %s: expected %s", field,
                    expected);
}

/* --- FAULT_ADD -------------------------------------------------------------------------------- */

/* call->status is that of target_id, which the caller may name. */
static void target_of_id(const struct rpc_call *call, struct fault_target *target)
{
    target->id = call->op.fault.target_id;
    target->is_listener = call->status->is_listener;
    target->local = call->status->local;
    target->remote = call->status->remote;
}

static void target_text(const pb_fault *op, struct fault_target *target)
{
    if (op->target_id != 0)
        snprintf(target->text, sizeof(target->text), "%" PRIu64, op->target_id);
    else
        snprintf(target->text, sizeof(target->text), "%s", op->target[0] ? op->target : "all");
    for (char *at = target->text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

static int64_t delay_of(const pb_fault *op, enum te_fault_kind kind)
{
    bool needs_one = kind == TE_FAULT_DELAY || kind == TE_FAULT_REORDER;
    if (op->delay_ms == 0)
        return needs_one ? FAULT_DELAY_DEFAULT_US : 0;
    return (int64_t)op->delay_ms * TE_MS;
}

static void order_fill(const struct rpc_call *call, struct fault_order *order)
{
    const pb_fault *op = &call->op.fault;
    bool is_once = op->count == 0 && order->spec.kind == TE_FAULT_RST_INJECT;
    order->count = is_once ? 1 : op->count;
    order->probability_millionths =
        op->probability_millionths == 0 ? FAULT_PROBABILITY_ALWAYS : op->probability_millionths;
    order->delay_us = delay_of(op, order->spec.kind);
    order->lasts_us = (int64_t)op->lasts_ms * TE_MS;
    order->uid = call->link->account->uid;
    order->is_admin = call->link->is_admin;
    if (op->target_id != 0)
        target_of_id(call, &order->target);
    target_text(op, &order->target);
}

/* A fault that could never hit is a mistake. NULL: it can. */
static const char *can_match(const struct te_fault_spec *spec, const struct filter *filter)
{
    if ((spec->aim == TE_FAULT_AIM_SYN || spec->aim == TE_FAULT_AIM_SYN_ACK) &&
        filter_asks(filter, FILTER_BIT(FILTER_RTT)))
        return "no rtt, which is not known of a SYN that has no connection yet";
    return NULL;
}

/* NULL, or what is wrong; *ret_field names the field. */
static const char *order_read(const pb_fault *op, struct fault_order *order, const char **ret_field)
{
    const char *expected;
    *ret_field = "what";
    if ((unsigned)op->direction > TE_FAULT_BOTH)
        return "a direction that exists";
    if (!te_fault_parse(op->what, (unsigned)op->direction, &order->spec, &expected))
        return expected;
    *ret_field = "probability_millionths";
    if (op->probability_millionths > FAULT_PROBABILITY_ALWAYS)
        return "at most 1000000";
    *ret_field = "delay_ms";
    if ((int64_t)op->delay_ms * TE_MS > FAULT_DELAY_MAX_US)
        return "at most 60000";
    *ret_field = "filter";
    if (op->target_id != 0)
        return NULL;
    if (!rpc_filter_read(op->filter, op->n_filter, &order->target.filter))
        return "at most 64 nodes, each after those that it refers to";
    return can_match(&order->spec, &order->target.filter);
}

static enum rpc_outcome refuse(struct rpc_call *call, enum fault_refusal refusal)
{
    switch (refusal) {
    case FAULT_TOO_MANY:
        return RPC_FAIL(call, RESOURCES, "EAGAIN", FAULTS, "Fault: there are faults_max faults");
    case FAULT_TOO_MANY_OF_UID:
        return RPC_FAIL(call, RESOURCES, "EAGAIN", FAULTS,
                        "Fault: uid %" PRIu32 " has faults_per_uid_max faults",
                        call->link->account->uid);
    default:
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Fault: no memory");
    }
}

static enum rpc_outcome add(struct rpc_call *call)
{
    const pb_fault *op = &call->op.fault;
    struct rpc *rpc = call->rpc;
    struct fault_order order = {.count = 0};
    struct recent_answer answer;
    const char *field;
    if (rpc_recall(call, op->token, 0, &answer)) {
        rpc_result(call)->fault.id = answer.id;
        return RPC_ANSWER;
    }
    if (op->target_id != 0 && call->subject_err != TE_OK)
        return rpc_fail_engine(call, call->subject_err, op->target_id);
    const char *expected = order_read(op, &order, &field);
    if (expected != NULL)
        return invalid(call, field, expected);
    order_fill(call, &order);
    answer = (struct recent_answer){.id = 0};
    enum fault_refusal refusal =
        fault_layer_add(rpc->host.faults, &order, &answer.id, rpc_now_us(rpc));
    if (refusal != FAULT_TAKEN)
        return refuse(call, refusal);
    rpc_remember(call, op->token, 0, &answer);
    pump_wake(rpc->host.pump);
    rpc_result(call)->fault.id = answer.id;
    return RPC_ANSWER;
}

/* --- FAULT_LIST and FAULT_REMOVE -------------------------------------------------------------- */

/* An admin sees all faults, others their own. */
static bool is_visible(const struct rpc_call *call, const struct fault *fault)
{
    return call->link->is_admin || fault->order.uid == call->link->account->uid;
}

static void entry_fill(struct rpc *rpc, const struct fault *fault, pb_fault_entry *entry)
{
    const struct fault_order *order = &fault->order;
    char what[TE_FAULT_WORDS_MAX], aim[TE_FAULT_WORDS_MAX];
    te_fault_format_kind(&order->spec, what);
    te_fault_format_aim(&order->spec, aim);
    entry->id = fault->id;
    entry->target = rpc_text(rpc, order->target.text);
    entry->target_id = order->target.id;
    entry->what = rpc_text(rpc, what);
    entry->aim = rpc_text(rpc, aim);
    entry->count = order->count;
    entry->hits = fault->hits;
    entry->expires_ms = -1;
    if (fault->expires_at_us != TE_NEVER)
        entry->expires_ms = (fault->expires_at_us - rpc_now_us(rpc)) / TE_MS;
    if (fault->expires_at_us != TE_NEVER && entry->expires_ms < 0)
        entry->expires_ms = 0;
    entry->direction = (Tcpengine__V1__FaultDirection)order->spec.ways;
    entry->probability_millionths = order->probability_millionths;
    entry->delay_ms = (uint32_t)(order->delay_us / TE_MS);
    entry->uid = order->uid;
}

static enum rpc_outcome list(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    pb_fault_result *result = &rpc_result(call)->fault;
    const struct fault *fault = fault_layer_from(rpc->host.faults, call->op.fault.id);
    result->faults = rpc_pointers(rpc, RPC_PAGE_MAX);
    if (result->faults == NULL)
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Fault: no memory");
    for (; fault != NULL && result->n_faults < RPC_PAGE_MAX; fault = TAILQ_NEXT(fault, link)) {
        pb_fault_entry *entry =
            is_visible(call, fault) ? arena_alloc(&rpc->answer_arena, sizeof(*entry)) : NULL;
        if (entry == NULL)
            continue;
        tcpengine__v1__fault_entry__init(entry);
        entry_fill(rpc, fault, entry);
        result->faults[result->n_faults++] = entry;
    }
    result->next_id = fault != NULL ? fault->id : 0;
    return RPC_ANSWER;
}

static enum rpc_outcome take_away(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    uint64_t id = call->op.fault.id;
    const struct fault *fault = fault_layer_from(rpc->host.faults, id);
    if (id == 0 || fault == NULL || fault->id != id || !is_visible(call, fault))
        return RPC_FAIL(call, NOT_FOUND, "ENOENT", FAULT_IDS,
                        "Fault: there is no fault %" PRIu64 " (any more)", id);
    fault_layer_remove(rpc->host.faults, id, rpc_now_us(rpc));
    pump_wake(rpc->host.pump);
    rpc_result(call);
    return RPC_ANSWER;
}

enum rpc_outcome rpc_verb_fault(struct rpc_call *call)
{
    if (call->rpc->host.faults == NULL) {
        call->rpc->counters.requests_denied++;
        return RPC_FAIL(call, PERMISSION, "EPERM", ALLOW_FAULTS,
                        "Fault: this daemon's configuration does not allow faults");
    }
    switch (call->op.fault.verb) {
    case TCPENGINE__V1__FAULT_VERB__FAULT_ADD:
        return add(call);
    case TCPENGINE__V1__FAULT_VERB__FAULT_LIST:
        return list(call);
    case TCPENGINE__V1__FAULT_VERB__FAULT_REMOVE:
        return take_away(call);
    default:
        return invalid(call, "verb", "FAULT_ADD, FAULT_LIST or FAULT_REMOVE");
    }
}
