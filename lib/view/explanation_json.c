/* An explanation, with the keys of tcpctl explain. */
#include <stdio.h>

#include "json.h"
#include "owner.h"

/* {"now": "cwnd", "idle_ms": 0, ...}; null for what sends nothing. */
static json_t *json_limits(const struct tcpc_explanation *explanation)
{
    if (explanation->limit_count == 0)
        return json_null();
    json_t *object = json_object();
    json_put(object, "now", json_text(explanation->limit));
    for (size_t i = 0; i < explanation->limit_count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s_ms", explanation->limits[i].name);
        json_put(object, name, json_integer(explanation->limits[i].us / 1000));
    }
    return object;
}

static json_t *json_hints(const struct tcpc_explanation *explanation)
{
    json_t *array = json_array();
    for (size_t i = 0; i < explanation->hint_count; i++)
        json_append(array, json_text(explanation->hints[i]));
    return array;
}

static json_t *json_facts(const struct tcpc_explanation *explanation)
{
    json_t *object = json_object();
    for (size_t i = 0; i < explanation->fact_count; i++)
        json_put(object, explanation->facts[i].name, json_integer(explanation->facts[i].value));
    return object;
}

static json_t *json_faults(const struct tcpc_explanation *explanation)
{
    json_t *array = json_array();
    for (size_t i = 0; i < explanation->fault_count; i++) {
        const struct tcpc_explain_fault *fault = &explanation->faults[i];
        json_t *row = json_object();
        json_put(row, "id", json_number(fault->id));
        json_put(row, "what", json_text(fault->what));
        json_put(row, "aim", json_text(fault->aim));
        json_put(row, "count", fault->count != 0 ? json_number(fault->count) : json_null());
        json_put(row, "hits", json_number(fault->hits));
        json_put(row, "hits_here", json_number(fault->hits_here));
        json_put(row, "hit_ms_ago",
                 fault->hit_ms_ago >= 0 ? json_integer(fault->hit_ms_ago) : json_null());
        json_put(row, "is_over", json_boolean(fault->is_over));
        json_append(array, row);
    }
    return array;
}

json_t *json_explanation(const struct tcpc_explanation *explanation)
{
    json_t *object = json_object();
    bool has_timer = *explanation->timer != '\0';
    json_put(object, "id", json_number(explanation->id));
    json_put(object, "state", json_state(explanation->state));
    json_put(object, "local", json_endpoint(&explanation->local));
    json_put(object, "remote", json_endpoint(&explanation->remote));
    json_put(object, "verdict", json_text(explanation->verdict));
    json_put(object, "situation", json_text(explanation->situation));
    json_put(object, "summary", json_text(explanation->summary));
    json_put(object, "reason", json_text(explanation->reason));
    json_put(object, "waits_for", json_text(explanation->waits_for));
    json_put(object, "timer", json_text(explanation->timer));
    json_put(object, "timer_ms", has_timer ? json_integer(explanation->timer_ms) : json_null());
    json_put(object, "then", json_text(explanation->then));
    json_put(object, "peer", json_text(explanation->peer));
    json_put(object, "limits", json_limits(explanation));
    json_put(object, "owner", owner_json(&explanation->owner));
    json_put(object, "hints", json_hints(explanation));
    json_put(object, "facts", json_facts(explanation));
    json_put(object, "faults", json_faults(explanation));
    return object;
}
