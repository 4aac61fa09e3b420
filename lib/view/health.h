/* The health of the whole daemon: what is worth a look, worst first. Facts are gathered from pages
 * of the list, the counters and the daemon's status; what to make of them is computed without I/O.
 */
#ifndef VIEW_HEALTH_H
#define VIEW_HEALTH_H

#include <jansson.h>
#include <tcpclient/tcpclient.h>

enum {
    HEALTH_PROGRAMS_MAX = 16,
    HEALTH_LISTENERS_MAX = 8,
    HEALTH_PEERS_MAX = 8,
    HEALTH_FINDINGS_MAX = 64,
    HEALTH_TEXT_MAX = 256
};

/* How full a table may be before it is worth a look. */
enum { HEALTH_NEAR_PERCENT = 80 };

/* A program's connections that have been in CLOSE_WAIT for over a minute. */
struct health_leak {
    char name[64];
    uint32_t pid, uid;
    uint64_t count, oldest_id;
    int64_t oldest_us;
};

/* A listener whose accept queue is full. */
struct health_listener {
    char name[64]; /* its program's */
    struct tcpc_endpoint local;
    uint64_t id, backlog;
};

/* A peer that answers nothing. */
struct health_peer {
    char address[TCPC_ENDPOINT_TEXT_MAX];
    uint64_t count, id; /* of its connections; one of them */
};

struct health {
    struct health_leak leaks[HEALTH_PROGRAMS_MAX];
    unsigned leak_count;
    uint64_t leaks_more; /* connections of further programs */
    struct health_listener listeners[HEALTH_LISTENERS_MAX];
    unsigned listener_count;
    uint64_t listeners_more;
    struct health_peer peers[HEALTH_PEERS_MAX];
    unsigned peer_count;
    uint64_t peers_more; /* connections to further peers */
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
                      const struct tcpc_daemon_status *daemon,
                      struct health_finding ret_findings[HEALTH_FINDINGS_MAX]);
/* As tcpctl explain has them: {"verdict","findings":[{"verdict","summary","hint"}]}. */
json_t *health_json(const struct health_finding *findings, unsigned count);

#endif
