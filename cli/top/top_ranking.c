#include "top_ranking.h"

#include <stdlib.h>

#include "cli.h"

void top_ranking_init(struct top_ranking *ranking, size_t max, bool is_lowest_first)
{
    *ranking = (struct top_ranking){.items = calloc(max, sizeof(*ranking->items)),
                                    .max = max,
                                    .is_lowest_first = is_lowest_first};
    if (ranking->items == NULL)
        cli_no_memory();
}

void top_ranking_done(struct top_ranking *ranking)
{
    free(ranking->items);
    *ranking = (struct top_ranking){.items = NULL};
}

static int compare_values(struct tcpc_rank_value a, struct tcpc_rank_value b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

/* Whether a comes before b. */
static bool is_better(bool is_lowest_first, const struct top_ranked *a, const struct top_ranked *b)
{
    int order = compare_values(a->value, b->value);
    if (order == 0)
        return a->id < b->id;
    return (order < 0) == is_lowest_first;
}

static void swap(struct top_ranking *ranking, size_t a, size_t b)
{
    struct top_ranked item = ranking->items[a];
    ranking->items[a] = ranking->items[b];
    ranking->items[b] = item;
}

static bool is_worse_at(const struct top_ranking *ranking, size_t a, size_t b)
{
    return is_better(ranking->is_lowest_first, &ranking->items[b], &ranking->items[a]);
}

static void sift_up(struct top_ranking *ranking, size_t at)
{
    while (at > 0 && is_worse_at(ranking, at, (at - 1) / 2)) {
        swap(ranking, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct top_ranking *ranking)
{
    for (size_t at = 0;;) {
        size_t worst = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < ranking->count; child++)
            if (is_worse_at(ranking, child, worst))
                worst = child;
        if (worst == at)
            return;
        swap(ranking, at, worst);
        at = worst;
    }
}

void top_ranking_add(struct top_ranking *ranking, struct top_ranked ranked)
{
    if (ranking->count < ranking->max) {
        ranking->items[ranking->count++] = ranked;
        sift_up(ranking, ranking->count - 1);
    } else if (is_better(ranking->is_lowest_first, &ranked, &ranking->items[0])) {
        ranking->items[0] = ranked;
        sift_down(ranking);
    }
}

bool top_ranking_worst(const struct top_ranking *ranking, struct top_ranked *ret_worst)
{
    if (ranking->count < ranking->max)
        return false;
    *ret_worst = ranking->items[0];
    return true;
}

static int compare_lowest(const void *a, const void *b)
{
    return is_better(true, a, b) ? -1 : 1;
}

static int compare_highest(const void *a, const void *b)
{
    return is_better(false, a, b) ? -1 : 1;
}

void top_ranking_sort(struct top_ranking *ranking)
{
    qsort(ranking->items, ranking->count, sizeof(*ranking->items),
          ranking->is_lowest_first ? compare_lowest : compare_highest);
}
