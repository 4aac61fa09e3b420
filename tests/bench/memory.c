/* Memory of idle connections and of TIME_WAIT entries: two engines back to back in virtual time,
 * one line of JSON.
 *
 *   memory [CONNECTIONS]     default 100,000
 *
 * Counts what the active side's engine took from its allocator beyond what the empty stack had
 * taken: control blocks, grown tables, buffers, everything. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine_pair.h"
#include "units.h"

int main(int argc, char **argv)
{
    size_t connections = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    struct pair pair;
    struct pair_side *client = &pair.client;
    struct te_totals totals;
    double count = (double)connections;

    pair_start(&pair, connections, NULL);
    uint64_t empty = client->bytes;

    pair_open_many(&pair, connections);
    pair_pass(&pair, 5 * SECOND);
    te_totals(client->stack, &totals);
    pair_expect("ESTABLISHED", totals.by_state[TE_ESTABLISHED], connections);
    double established = (double)(client->bytes - empty) / count;
    double conn_blocks = (double)totals.conn_memory_bytes / count;

    pair_close_all(&pair);
    te_totals(client->stack, &totals);
    pair_expect("TIME_WAIT", totals.time_wait, connections);
    pair_expect("control blocks", totals.connections, 0);
    double time_wait = (double)(client->bytes - empty) / count;
    double time_wait_table = (double)totals.time_wait_memory_bytes / count;

    pair_pass(&pair, 120 * SECOND);
    te_totals(client->stack, &totals);
    pair_expect("TIME_WAIT in the end", totals.time_wait, 0);
    printf("{\"bench\": \"memory\", \"connections\": %zu, \"established_bytes\": %.1f, "
           "\"established_block_bytes\": %.1f, \"time_wait_bytes\": %.1f, "
           "\"time_wait_table_bytes\": %.1f, \"empty_stack_bytes\": %" PRIu64
           ", \"left_bytes\": %" PRId64 "}\n",
           connections, established, conn_blocks, time_wait, time_wait_table, empty,
           (int64_t)(client->bytes - empty));
    pair_stop(&pair);
    return 0;
}
