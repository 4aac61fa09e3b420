#include "health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
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

static void name_of(const struct tcpc_owner *owner, char ret_name[64])
{
    char text[OWNER_TEXT_MAX];
    if (*owner_name(owner, text))
        snprintf(ret_name, 64, "%s", text);
    else
        snprintf(ret_name, 64, "a program of uid %" PRIu32, owner->uid);
}

static struct health_leak *leak_of(struct health *health, const struct tcpc_owner *owner)
{
    for (unsigned i = 0; i < health->leak_count; i++)
        if (health->leaks[i].pid == owner->pid && health->leaks[i].uid == owner->uid)
            return &health->leaks[i];
    if (health->leak_count == HEALTH_PROGRAMS_MAX)
        return NULL;
    struct health_leak *leak = &health->leaks[health->leak_count++];
    *leak = (struct health_leak){.pid = owner->pid, .uid = owner->uid};
    name_of(owner, leak->name);
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

static void add_full_listener(struct health *health, const struct tcpc_connection *row)
{
    if (health->listener_count == HEALTH_LISTENERS_MAX) {
        health->listeners_more++;
        return;
    }
    struct health_listener *listener = &health->listeners[health->listener_count++];
    *listener = (struct health_listener){
        .local = row->local, .id = row->id, .backlog = row->send_queue_bytes};
    name_of(&row->owner, listener->name);
}

static void add_silent(struct health *health, const struct tcpc_connection *row)
{
    unsigned i = 0;
    while (i < health->peer_count && strcmp(health->peers[i].address, row->remote.address) != 0)
        i++;
    if (i == HEALTH_PEERS_MAX) {
        health->peers_more++;
        return;
    }
    struct health_peer *peer = &health->peers[i];
    if (i == health->peer_count) {
        health->peer_count++;
        snprintf(peer->address, sizeof(peer->address), "%s", row->remote.address);
        peer->id = row->id;
    }
    peer->count++;
}

void health_add(struct health *health, const struct tcpc_connection *row)
{
    if (row->state == TCPC_LISTEN && row->receive_queue_bytes >= row->send_queue_bytes)
        add_full_listener(health, row);
    if (row->details == NULL || row->state == TCPC_LISTEN)
        return;
    if (row->state == TCPC_CLOSE_WAIT && row->details->state_age_us >= LEAK_US)
        add_close_wait(health, row);
    if (row->details->backoff >= SILENT_BACKOFF)
        add_silent(health, row);
}

/* --- judging ---------------------------------------------------------------------------------- */

struct findings {
    struct health_finding *rows;
    unsigned count;
};

static void set_next(struct health_finding *row, const char *command)
{
    snprintf(row->next, sizeof(row->next), "%s", command);
}

static void set_explain(struct health_finding *row, uint64_t id)
{
    snprintf(row->next, sizeof(row->next), "tcpctl explain %" PRIu64, id);
}

static struct health_finding *find(struct findings *findings, enum health_verdict verdict,
                                   uint64_t weight, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static struct health_finding *find(struct findings *findings, enum health_verdict verdict,
                                   uint64_t weight, const char *format, ...)
{
    struct health_finding *row = &findings->rows[findings->count++];
    *row = (struct health_finding){.verdict = verdict, .weight = weight};
    set_next(row, "tcpctl stats");
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
        set_explain(row, leak->oldest_id);
    }
    if (health->leaks_more > 0)
        set_next(find(findings, HEALTH_LEAKING, 0, "Further programs leak %" PRIu64 " connections.",
                      health->leaks_more),
                 "tcpctl ls -p state close-wait");
}

static void judge_listeners(const struct health *health, struct findings *findings)
{
    char local[TCPC_ENDPOINT_TEXT_MAX];
    for (unsigned i = 0; i < health->listener_count; i++) {
        const struct health_listener *listener = &health->listeners[i];
        struct health_finding *row =
            find(findings, HEALTH_STUCK, listener->backlog,
                 "Listener %" PRIu64 " (%s) has a full accept queue, of %" PRIu64
                 ": %s does not accept.",
                 listener->id, tcpc_endpoint_format(&listener->local, local), listener->backlog,
                 listener->name);
        set_explain(row, listener->id);
    }
    if (health->listeners_more == 0)
        return;
    struct health_finding *row =
        find(findings, HEALTH_STUCK, 0, "%" PRIu64 " more listener%s a full accept queue.",
             health->listeners_more, health->listeners_more == 1 ? " has" : "s have");
    set_next(row, "tcpctl ls -p state listening");
}

static void judge_peers(const struct health *health, struct findings *findings)
{
    for (unsigned i = 0; i < health->peer_count; i++) {
        const struct health_peer *peer = &health->peers[i];
        struct health_finding *row =
            find(findings, HEALTH_STUCK, peer->count,
                 "%s answers nothing: %" PRIu64 " connection%s the same to it again and again.",
                 peer->address, peer->count, peer->count == 1 ? " sends" : "s send");
        set_explain(row, peer->id);
    }
    if (health->peers_more == 0)
        return;
    struct health_finding *row =
        find(findings, HEALTH_STUCK, 0, "%" PRIu64 " more connection%s no answer from other peers.",
             health->peers_more, health->peers_more == 1 ? " has" : "s have");
    set_next(row, "tcpctl ls -p 'retransmits > 2'");
}

/* --- limits ----------------------------------------------------------------------------------- */

/* What a use is called, what happens when there is no more room, and where to look. */
static const struct use_text {
    const char *name, *noun, *beyond, *next;
} use_texts[] = {
    {"connections", "connections", "openings are refused", "tcpctl ls -p"},
    {"listeners", "listeners", "no port can be listened on any more",
     "tcpctl ls -p state listening"},
    {"orphans", "closed connections that still send", "the next ones are reset",
     "tcpctl ls state fin-wait-1"},
    {"time_wait", "entries in TIME_WAIT", "some end before their time", "tcpctl tw"},
    {"neighbours", "neighbours", "others have to make room", "tcpctl status"},
    {"memory_bytes", "bytes of memory", "connections are reset", "tcpctl status"},
    {"sessions", "sessions", "programs find no session", "tcpctl sessions"},
    {"links", "links of programs", "programs are turned away", "tcpctl sessions"},
    {"channels", "channels of programs", "programs go on without one", "tcpctl sessions"},
    {"sockets", "descriptors of programs", "programs get no more", "tcpctl ls -p"},
    {"faults", "faults", "no more can be added", "tcpctl fault ls"},
};

static const struct use_text *text_of_use(const char *name)
{
    for (size_t i = 0; i < sizeof(use_texts) / sizeof(*use_texts); i++)
        if (strcmp(use_texts[i].name, name) == 0)
            return &use_texts[i];
    return NULL;
}

static void judge_use(const struct tcpc_use *use, struct findings *findings)
{
    const struct use_text *text = text_of_use(use->name);
    uint64_t percent = use->max > 0 ? (uint64_t)((double)use->used * 100 / (double)use->max) : 0;
    if (text == NULL || percent < HEALTH_NEAR_PERCENT)
        return;
    bool is_full = use->used >= use->max;
    struct health_finding *row = find(
        findings, is_full ? HEALTH_STUCK : HEALTH_SLOW, percent,
        "%" PRIu64 " of %" PRIu64 " %s are in use (%" PRIu64 " %%); %s %s.", use->used, use->max,
        text->noun, percent, is_full ? "now" : "when there are no more,", text->beyond);
    set_next(row, text->next);
}

static bool is_short(const char *memory_level)
{
    return strcmp(memory_level, "pressure") == 0 || strcmp(memory_level, "limit") == 0;
}

static void judge_uses(const struct tcpc_daemon_status *daemon, struct findings *findings)
{
    for (size_t i = 0; i < daemon->use_count; i++) {
        const struct tcpc_use *use = &daemon->uses[i];
        bool is_told = strcmp(use->name, "memory_bytes") == 0 && is_short(daemon->memory_level);
        if (!is_told)
            judge_use(use, findings);
        if (strcmp(use->name, "faults") != 0 || use->used == 0)
            continue;
        struct health_finding *row =
            find(findings, HEALTH_SLOW, 0, "%" PRIu64 " fault%s injected into live connections.",
                 use->used, use->used == 1 ? " is" : "s are");
        set_next(row, "tcpctl fault ls");
    }
}

#define LISTENERS "tcpctl ls -p state listening"

/* Counters of limits that bit, what sets each, and where to look. */
static const struct limit_text {
    const char *name, *set_by, *next;
} limit_texts[] = {
    {"accept_queue_full", "the backlog of a listener", LISTENERS},
    {"syn_queue_full", "syn_queue_max", "tcpctl ls state syn-recv"},
    {"conn_limit", "conn_max", "tcpctl ls -p"},
    {"conn_uid_limit", "connections_per_uid_percent", "tcpctl ls -p"},
    {"listener_limit", "listeners_max, listeners_per_uid_percent", LISTENERS},
    {"remote_limit", "connections_per_remote_max, connections_per_remote_percent", "tcpctl ls -p"},
    {"port_exhausted", "port_first, port_last", "tcpctl tw"},
    {"port_uid_limit", "connections_per_uid_percent", "tcpctl tw"},
    {"memory_share_limit", "memory_per_uid_percent, memory_per_remote_percent", "tcpctl ls -p"},
    {"memory_episodes", "memory_max", "tcpctl status"},
    {"receive_no_memory", "memory_max, memory_per_uid_percent", "tcpctl status"},
    {"time_wait_overflow", "time_wait_max", "tcpctl tw"},
};

/* Limits that have bitten since the daemon's start. */
static void judge_limits(const struct tcpc_counters *counters, struct findings *findings)
{
    for (size_t i = 0; i < sizeof(limit_texts) / sizeof(*limit_texts); i++) {
        const struct limit_text *text = &limit_texts[i];
        uint64_t count = counter_value(counters, text->name);
        if (count > 0)
            set_next(find(findings, HEALTH_SLOW, count,
                          "A limit was reached %" PRIu64 " time%s since the start: %s (%s).", count,
                          count == 1 ? "" : "s", text->name, text->set_by),
                     text->next);
    }
}

static void judge_retransmissions(const struct tcpc_counters *counters, struct findings *findings)
{
    uint64_t again = counter_value(counters, "segments_retransmitted");
    uint64_t all = counter_value(counters, "segments_out") + again;
    if (again >= 10 && again * 100 > all)
        set_next(find(findings, HEALTH_SLOW, again,
                      "%" PRIu64 ".%" PRIu64 " %% of all segments were sent again.",
                      again * 100 / all, again * 1000 / all % 10),
                 "tcpctl ls -p 'retransmits > 0'");
}

static int compare(const void *one, const void *other)
{
    const struct health_finding *a = one, *b = other;
    if (a->verdict != b->verdict)
        return a->verdict > b->verdict ? -1 : 1;
    return a->weight > b->weight ? -1 : a->weight < b->weight;
}

unsigned health_judge(const struct health *health, const struct tcpc_counters *counters,
                      const struct tcpc_daemon_status *daemon,
                      struct health_finding ret_findings[HEALTH_FINDINGS_MAX])
{
    struct findings findings = {.rows = ret_findings};
    judge_leaks(health, &findings);
    judge_listeners(health, &findings);
    judge_peers(health, &findings);
    if (is_short(daemon->memory_level)) {
        struct health_finding *row = find(
            &findings, HEALTH_STUCK, 0, "Memory is short: its level is %s.", daemon->memory_level);
        set_next(row, "tcpctl status");
    }
    judge_uses(daemon, &findings);
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
