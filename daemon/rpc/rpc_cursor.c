#include "rpc/rpc_cursor.h"

#include "rpc/rpc_status.h"

/* The top two bits say which table the walk is in, the low bits where in that table; those between
 * are of the boot id, because the place is another one in the next run. */
#define CURSOR_CONNECTIONS (UINT64_C(1) << 63)
#define CURSOR_TIME_WAIT (UINT64_C(1) << 62)
#define CURSOR_KIND (CURSOR_CONNECTIONS | CURSOR_TIME_WAIT)
#define CURSOR_BOOT_SHIFT 46
#define CURSOR_PLACE ((UINT64_C(1) << CURSOR_BOOT_SHIFT) - 1)

/* Never 0, so that a cursor with it is not the start. */
static uint64_t boot_of(const struct rpc *rpc)
{
    return (rpc->boot_id | UINT64_C(1) << CURSOR_BOOT_SHIFT) & ~(CURSOR_KIND | CURSOR_PLACE);
}

bool rpc_cursor_read(struct rpc_call *call, uint64_t cursor, enum te_walk_kind *ret_kind,
                     uint64_t *ret_place)
{
    uint64_t boot = cursor & ~(CURSOR_KIND | CURSOR_PLACE);
    if (cursor != 0 && boot != boot_of(call->rpc)) {
        rpc_fail_restarted(call, "%s: the cursor belongs to an earlier run of the daemon",
                           call->verb->name);
        return false;
    }
    *ret_place = cursor & CURSOR_PLACE;
    *ret_kind = (cursor & CURSOR_CONNECTIONS) != 0 ? TE_WALK_CONNECTIONS
                : (cursor & CURSOR_TIME_WAIT) != 0 ? TE_WALK_TIME_WAIT
                                                   : TE_WALK_LISTENERS;
    return true;
}

uint64_t rpc_cursor_make(const struct rpc *rpc, enum te_walk_kind kind, uint64_t place)
{
    uint64_t kind_bit = kind == TE_WALK_CONNECTIONS ? CURSOR_CONNECTIONS
                        : kind == TE_WALK_TIME_WAIT ? CURSOR_TIME_WAIT
                                                    : 0;
    return place | boot_of(rpc) | kind_bit;
}
