/* The best of many connections, by a number: a heap of bounded size. */
#ifndef TCPCTL_TOP_RANKING_H
#define TCPCTL_TOP_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpclient/tcpclient.h>

struct top_ranked {
    uint64_t id;
    struct tcpc_rank_value value;
};

struct top_ranking {
    struct top_ranked *items; /* items[0] is the worst of them, until top_ranking_sort() */
    size_t count, max;
    bool is_lowest_first;
};

/* Without memory the program ends. max is at least 1. */
void top_ranking_init(struct top_ranking *ranking, size_t max, bool is_lowest_first);
void top_ranking_done(struct top_ranking *ranking);
/* Adds one, if it is among the best max; equals are in the order of their ids. */
void top_ranking_add(struct top_ranking *ranking, struct top_ranked ranked);
/* The one that others have to beat. False: there is still room. */
bool top_ranking_worst(const struct top_ranking *ranking, struct top_ranked *ret_worst);
/* Into the order of the list, best first. */
void top_ranking_sort(struct top_ranking *ranking);

#endif
