#include "health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "json.h"
#include "owner.h"

#define LEAK_US (60 * INT64_C(1000000)) /* as explain has it */
#define SILENT_BACKOFF 3

const char *health_verdict_name(enum health_verdict verdict)
{
    static const char *const names[] = {"ok", "slow", "stuck", "leaking"};
    return names[verdict];
}

/* --- gathering -------------------------------------------------------------------------------- */

static struct health_leak *leak_of(struct health *health, const struct tcpc_owner *owner)
{
    for (unsigned i = 0; i < health->leak_count; i++)
        if (health->leaks[i].pid == owner->pid && health->leaks[i].uid == owner->uid)
            return &health->leaks[i];
    if (health->leak_count == HEALTH_PROGRAMS_MAX)
        return NULL;
    struct health_leak *leak = &health->leaks[health->leak_count++];
    *leak = (struct health_leak){.pid = owner->pid, .uid = owner->uid};
    char text[OWNER_TEXT_MAX];
    if (*owner_name(owner, text))
        snprintf(leak->name, sizeof(leak->name), "%s", text);
    else
        snprintf(leak->name, sizeof(leak->name), "a program of uid %" PRIu32, owner->uid);
    return leak;
}

static void add_close_wait(struct health *health, const struct tcpc_connection *row)
{
    struct health_leak *leak = leak_of(health, &row->owner);
    if (leak == NULL) {
        health->leaks_more++;
        return;
    }
    leak->count++;
    if (row->details->state_age_us <= leak->oldest_us)
        return;
    leak->oldest_us = row->details->state_age_us;
    leak->oldest_id = row->id;
}

void health_add(struct health *health, const struct tcpc_connection *row)
{
    if (row->state == TCPC_LISTEN && row->receive_queue_bytes >= row->send_queue_bytes) {
        health->full_listeners++;
        health->full_listener_id = row->id;
    }
    if (row->details == NULL || row->state == TCPC_LISTEN)
        return;
    if (row->state == TCPC_CLOSE_WAIT && row->details->state_age_us >= LEAK_US)
        add_close_wait(health, row);
    if (row->details->backoff >= SILENT_BACKOFF) {
        health->silent++;
        health->silent_id = row->id;
    }
}

/* --- judging ---------------------------------------------------------------------------------- */

struct findings {
    struct health_finding *rows;
    unsigned count;
};

static struct health_finding *find(struct findings *findings, enum health_verdict verdict,
                                   uint64_t weight, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static struct health_finding *find(struct findings *findings, enum health_verdict verdict,
                                   uint64_t weight, const char *format, ...)
{
    struct health_finding *row = &findings->rows[findings->count++];
    *row = (struct health_finding){.verdict = verdict, .weight = weight};
    snprintf(row->next, sizeof(row->next), "tcpctl stats");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(row->summary, sizeof(row->summary), format, arguments);
    va_end(arguments);
    return row;
}

static void judge_leaks(const struct health *health, struct findings *findings)
{
    char text[FORMAT_MAX];
    for (unsigned i = 0; i < health->leak_count; i++) {
        const struct health_leak *leak = &health->leaks[i];
        struct health_finding *row = find(findings, HEALTH_LEAKING, leak->count,
                                          "%s has not called CLOSE on %" PRIu64
                                          " connection%s in CLOSE_WAIT, the oldest for %s.",
                                          leak->name, leak->count, leak->count == 1 ? "" : "s",
                                          format_duration(leak->oldest_us, text));
        snprintf(row->next, sizeof(row->next), "tcpctl explain %" PRIu64, leak->oldest_id);
    }
    if (health->leaks_more > 0)
        find(findings, HEALTH_LEAKING, 0, "Further programs leak %" PRIu64 " connections.",
             health->leaks_more);
}

static void judge_connections(const struct health *health, struct findings *findings)
{
    if (health->full_listeners > 0) {
        struct health_finding *row =
            find(findings, HEALTH_STUCK, health->full_listeners,
                 "%" PRIu64 " listener%s a full accept queue: the program does not accept.",
                 health->full_listeners, health->full_listeners == 1 ? " has" : "s have");
        snprintf(row->next, sizeof(row->next), "tcpctl explain %" PRIu64, health->full_listener_id);
    }
    if (health->silent > 0) {
        struct health_finding *row =
            find(findings, HEALTH_STUCK, health->silent,
                 "%" PRIu64 " connection%s to a peer that answers nothing.", health->silent,
                 health->silent == 1 ? " sends" : "s send");
        snprintf(row->next, sizeof(row->next), "tcpctl explain %" PRIu64, health->silent_id);
    }
}

static uint64_t counter(const struct tcpc_counters *counters, const char *name)
{
    for (size_t i = 0; i < counters->count; i++)
        if (strcmp(counters->rows[i].name, name) == 0)
            return counters->rows[i].value;
    return 0;
}

/* Limits that have bitten since the daemon's start. */
static void judge_limits(const struct tcpc_counters *counters, struct findings *findings)
{
    static const char *const limits[] = {
        "accept_queue_full",  "syn_queue_full",  "conn_limit",         "conn_uid_limit",
        "listener_limit",     "remote_limit",    "port_exhausted",     "port_uid_limit",
        "memory_share_limit", "memory_episodes", "time_wait_overflow",
    };
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        uint64_t count = counter(counters, limits[i]);
        if (count > 0)
            find(findings, HEALTH_SLOW, count,
                 "A limit was reached %" PRIu64 " time%s since the start: %s.", count,
                 count == 1 ? "" : "s", limits[i]);
    }
}

static void judge_retransmissions(const struct tcpc_counters *counters, struct findings *findings)
{
    uint64_t again = counter(counters, "segments_retransmitted");
    uint64_t all = counter(counters, "segments_out") + again;
    if (again >= 10 && again * 100 > all)
        find(findings, HEALTH_SLOW, again,
             "%" PRIu64 ".%" PRIu64 " %% of all segments were sent again.", again * 100 / all,
             again * 1000 / all % 10);
}

static int compare(const void *one, const void *other)
{
    const struct health_finding *a = one, *b = other;
    if (a->verdict != b->verdict)
        return a->verdict > b->verdict ? -1 : 1;
    return a->weight > b->weight ? -1 : a->weight < b->weight;
}

unsigned health_judge(const struct health *health, const struct tcpc_counters *counters,
                      const char *memory_level,
                      struct health_finding ret_findings[HEALTH_FINDINGS_MAX])
{
    struct findings findings = {.rows = ret_findings};
    judge_leaks(health, &findings);
    judge_connections(health, &findings);
    if (strcmp(memory_level, "pressure") == 0 || strcmp(memory_level, "limit") == 0)
        find(&findings, HEALTH_STUCK, 0, "Memory is short: its level is %s.", memory_level);
    judge_limits(counters, &findings);
    judge_retransmissions(counters, &findings);
    qsort(ret_findings, findings.count, sizeof(*ret_findings), compare);
    return findings.count;
}

json_t *health_json(const struct health_finding *findings, unsigned count)
{
    json_t *object = json_object(), *array = json_array();
    json_put(object, "verdict",
             json_text(health_verdict_name(count > 0 ? findings[0].verdict : HEALTH_OK)));
    for (unsigned i = 0; i < count; i++) {
        json_t *row = json_object();
        json_put(row, "verdict", json_text(health_verdict_name(findings[i].verdict)));
        json_put(row, "summary", json_text(findings[i].summary));
        json_put(row, "hint", json_text(findings[i].next));
        json_append(array, row);
    }
    json_put(object, "findings", array);
    return object;
}
