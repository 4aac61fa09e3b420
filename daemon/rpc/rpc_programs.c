#include "rpc/rpc_programs.h"

#include <stdlib.h>
#include <string.h>

#include "rpc/rpc_state.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct rpc_program *)a)->name, ((const struct rpc_program *)b)->name);
}

/* Equal ones by name, so that they do not take turns. */
static int by_connections(const void *a, const void *b)
{
    const struct rpc_program *first = a, *second = b;
    if (first->connections != second->connections)
        return first->connections > second->connections ? -1 : 1;
    return by_name(a, b);
}

/* Returns how many are left: one per name. */
static unsigned merge(struct rpc_program *rows, unsigned count)
{
    unsigned used = 0;
    qsort(rows, count, sizeof(*rows), by_name);
    for (unsigned i = 0; i < count; i++) {
        if (used > 0 && strcmp(rows[used - 1].name, rows[i].name) == 0)
            rows[used - 1].connections += rows[i].connections;
        else
            rows[used++] = rows[i];
    }
    return used;
}

static bool has_name(const struct rpc_program *row)
{
    return row->name[0] != '\0' && strcmp(row->name, RPC_PROGRAM_OTHER) != 0;
}

void rpc_programs_sum(struct rpc_program *rows, unsigned count, struct rpc_programs *ret_programs)
{
    *ret_programs = (struct rpc_programs){.count = 0};
    if (count == 0)
        return;
    count = merge(rows, count);
    qsort(rows, count, sizeof(*rows), by_connections);
    for (unsigned i = 0; i < count; i++) {
        if (has_name(&rows[i]) && ret_programs->count < RPC_PROGRAMS_MAX)
            ret_programs->rows[ret_programs->count++] = rows[i];
        else
            ret_programs->other += rows[i].connections;
    }
}

/* Without memory there are none. */
void rpc_programs_find(const struct rpc *rpc, struct rpc_programs *ret_programs)
{
    const struct owner *owner;
    unsigned count = 0;
    struct rpc_program *rows = calloc(rpc->owners->count + 1, sizeof(*rows));
    TAILQ_FOREACH(owner, &rpc->owners->all, in_all)
    {
        uint32_t connections = te_tag_connections(rpc_stack(rpc), owner->uid, owner->tag);
        if (rows == NULL || connections == 0)
            continue;
        memcpy(rows[count].name, owner->process.name, sizeof(rows[count].name));
        rows[count++].connections = connections;
    }
    rpc_programs_sum(rows, count, ret_programs);
    free(rows);
}
