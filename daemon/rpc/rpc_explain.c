/* Explain: what a connection or listener waits for. The facts are the engine's, the words those of
 * lib/explain. */
#include <explain_numbers.h>
#include <explain_words.h>

#include "rpc/rpc_convert.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_owner.h"
#include "rpc/rpc_status.h"

static struct explain_owner words_of(const struct rpc_owner *owner)
{
    return (struct explain_owner){.uid = owner->uid,
                                  .pid = (uint32_t)owner->pid,
                                  .program = owner->program,
                                  .is_gone = owner->is_gone};
}

static void fill_limits(struct rpc *rpc, const struct te_explanation *facts,
                        pb_explain_result *result)
{
    result->limit = (char *)(uintptr_t)te_hold_name(facts->hold);
    result->limits = rpc_pointers(rpc, TE_HOLD_COUNT);
    for (unsigned i = 0; result->limits != NULL && i < TE_HOLD_COUNT; i++) {
        pb_limit *limit = arena_alloc(&rpc->answer_arena, sizeof(*limit));
        if (limit == NULL)
            return;
        tcpengine__v1__limit__init(limit);
        limit->name = (char *)(uintptr_t)te_hold_name((enum te_hold)i);
        limit->us = facts->held_us[i];
        result->limits[result->n_limits++] = limit;
    }
}

static void fill_facts(struct rpc *rpc, const struct te_explanation *facts,
                       pb_explain_result *result)
{
    struct explain_number numbers[EXPLAIN_NUMBER_COUNT];
    explain_numbers(facts, numbers);
    result->facts = rpc_pointers(rpc, EXPLAIN_NUMBER_COUNT);
    for (unsigned i = 0; result->facts != NULL && i < EXPLAIN_NUMBER_COUNT; i++) {
        pb_fact *fact = arena_alloc(&rpc->answer_arena, sizeof(*fact));
        if (fact == NULL)
            return;
        tcpengine__v1__fact__init(fact);
        fact->name = (char *)(uintptr_t)numbers[i].name;
        fact->value = numbers[i].value;
        result->facts[result->n_facts++] = fact;
    }
}

/* --- faults ----------------------------------------------------------------------------------- */

#define FAULTS_MAX 8

static struct explain_fault fault_words(const struct rpc *rpc, const struct fault_trace *trace)
{
    return (struct explain_fault){.id = trace->fault_id,
                                  .spec = trace->spec,
                                  .probability_millionths = trace->probability_millionths,
                                  .count = trace->count,
                                  .hits = trace->hits,
                                  .hits_here = trace->hits_here,
                                  .hit_us_ago = rpc_now_us(rpc) - trace->hit_at_us,
                                  .is_over = trace->is_over};
}

static pb_explain_fault *fault_message(struct rpc *rpc, const struct fault_trace *trace)
{
    char what[TE_FAULT_WORDS_MAX], aim[TE_FAULT_WORDS_MAX];
    pb_explain_fault *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__explain_fault__init(message);
    te_fault_format_kind(&trace->spec, what);
    te_fault_format_aim(&trace->spec, aim);
    message->id = trace->fault_id;
    message->what = rpc_text(rpc, what);
    message->aim = rpc_text(rpc, aim);
    message->count = trace->count;
    message->hits = trace->hits;
    message->hits_here = trace->hits_here;
    message->hit_ms_ago =
        trace->hit_at_us != TE_NEVER ? (rpc_now_us(rpc) - trace->hit_at_us) / TE_MS : -1;
    message->is_over = trace->is_over;
    return message;
}

struct concerned {
    struct fault_trace traces[FAULTS_MAX];
    struct explain_fault words[FAULTS_MAX];
    unsigned count; /* of all that there are */
};

static unsigned told(const struct concerned *faults)
{
    return faults->count < FAULTS_MAX ? faults->count : FAULTS_MAX;
}

static void find_faults(const struct rpc *rpc, const struct te_status *status,
                        struct concerned *ret_faults)
{
    ret_faults->count = fault_layer_traces(rpc->host.faults, status, ret_faults->traces, FAULTS_MAX,
                                           rpc_now_us(rpc));
    for (unsigned i = 0; i < told(ret_faults); i++)
        ret_faults->words[i] = fault_words(rpc, &ret_faults->traces[i]);
}

static void fill_faults(struct rpc *rpc, const struct concerned *faults, pb_explain_result *result)
{
    result->faults = rpc_pointers(rpc, FAULTS_MAX);
    for (unsigned i = 0; result->faults != NULL && i < told(faults); i++) {
        pb_explain_fault *message = fault_message(rpc, &faults->traces[i]);
        if (message == NULL)
            return;
        result->faults[result->n_faults++] = message;
    }
}

/* --- all of it -------------------------------------------------------------------------------- */

static void fill_words(struct rpc *rpc, const struct explain_subject *subject,
                       pb_explain_result *result)
{
    struct explain_words words;
    explain_say(subject, &words);
    result->verdict = (char *)(uintptr_t)explain_verdict_name(words.verdict);
    result->summary = rpc_text(rpc, words.summary);
    result->reason = rpc_text(rpc, words.reason);
    result->waits_for = rpc_text(rpc, words.waits_for);
    result->then = rpc_text(rpc, words.then);
    result->peer = rpc_text(rpc, words.peer);
    result->hints = rpc_pointers(rpc, words.hint_count);
    for (unsigned i = 0; result->hints != NULL && i < words.hint_count; i++)
        result->hints[result->n_hints++] = rpc_text(rpc, words.hints[i]);
}

static void fill_head(struct rpc *rpc, const struct te_explanation *facts,
                      pb_explain_result *result)
{
    result->id = facts->status.id;
    result->state = rpc_state(facts->status.state);
    result->local = rpc_endpoint(rpc, &facts->status.local);
    result->remote = rpc_endpoint(rpc, &facts->status.remote);
    result->situation = (char *)(uintptr_t)te_situation_name(facts->situation);
    result->timer = (char *)(uintptr_t)te_timer_name(facts->timer);
    result->timer_ms = rpc_ms_until(rpc, facts->timer_at_us);
}

enum rpc_outcome rpc_verb_explain(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    struct te_explanation facts;
    enum te_err err = te_explain(rpc_stack(rpc), call->op.explain.id, rpc_now_us(rpc), &facts);
    if (err != TE_OK)
        return rpc_fail_engine(call, err, call->op.explain.id);
    struct rpc_owner owner = rpc_owner_of_tag(rpc, facts.status.uid, facts.status.tag);
    struct rpc_owner of_listener = rpc_owner_of_tag(rpc, facts.listener.uid, facts.listener.tag);
    struct concerned faults;
    find_faults(rpc, &facts.status, &faults);
    struct explain_subject subject = {.facts = &facts,
                                      .owner = words_of(&owner),
                                      .listener_owner = words_of(&of_listener),
                                      .faults = faults.words,
                                      .fault_count = faults.count};
    pb_explain_result *result = &rpc_result(call)->explain;
    fill_head(rpc, &facts, result);
    fill_words(rpc, &subject, result);
    if (!facts.status.is_listener && facts.situation != TE_SITUATION_GONE)
        fill_limits(rpc, &facts, result);
    fill_facts(rpc, &facts, result);
    fill_faults(rpc, &faults, result);
    result->owner = rpc_owner_message(rpc, &owner);
    return RPC_ANSWER;
}
