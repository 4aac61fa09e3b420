/* The health of the whole daemon: what is worth a look, worst first. Facts are gathered from pages
 * of the list, the counters and the daemon's status; what to make of them is computed without I/O.
 */
#ifndef VIEW_HEALTH_H
#define VIEW_HEALTH_H

#include <jansson.h>
#include <tcpclient/tcpclient.h>

enum { HEALTH_PROGRAMS_MAX = 16, HEALTH_FINDINGS_MAX = 32, HEALTH_TEXT_MAX = 256 };

/* A program's connections that have been in CLOSE_WAIT for over a minute. */
struct health_leak {
    char name[64];
    uint32_t pid, uid;
    uint64_t count, oldest_id;
    int64_t oldest_us;
};

struct health {
    struct health_leak leaks[HEALTH_PROGRAMS_MAX];
    unsigned leak_count;
    uint64_t leaks_more; /* connections of further programs */
    uint64_t full_listeners, full_listener_id;
    uint64_t silent, silent_id; /* connections that send the same again and again */
};

enum health_verdict { HEALTH_OK, HEALTH_SLOW, HEALTH_STUCK, HEALTH_LEAKING };

struct health_finding {
    enum health_verdict verdict;
    uint64_t weight; /* among findings of the same verdict */
    char summary[HEALTH_TEXT_MAX];
    char next[64]; /* the command to type */
};

/* "ok", "slow", "stuck", "leaking". Static. */
const char *health_verdict_name(enum health_verdict verdict);
/* One row of the list, with details. */
void health_add(struct health *health, const struct tcpc_connection *row);
/* Worst first; returns how many. None: all is well. */
unsigned health_judge(const struct health *health, const struct tcpc_counters *counters,
                      const char *memory_level,
                      struct health_finding ret_findings[HEALTH_FINDINGS_MAX]);
/* As tcpctl explain has them: {"verdict","findings":[{"verdict","summary","hint"}]}. */
json_t *health_json(const struct health_finding *findings, unsigned count);

#endif
