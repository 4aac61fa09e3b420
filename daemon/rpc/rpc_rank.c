/* Rank: who comes first by one number. The client sorts; this looks, and leaves out what cannot be
 * among the first. Nothing is kept between two pages. */
#include <string.h>

#include "rpc/rpc_cursor.h"
#include "rpc/rpc_filter.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_status.h"

/* A number of 16 bytes. */
struct value {
    uint64_t high, low;
};

struct ranking {
    struct rpc_call *call;
    const pb_rank *op;
    pb_rank_result *result;
    struct filter filter;
    enum te_walk_kind kind;
    uint64_t place;
    bool has_more; /* values have low halves */
};

/* --- values ----------------------------------------------------------------------------------- */

static uint64_t read_be64(const uint8_t bytes[8])
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static struct value value_of_bytes(const uint8_t bytes[16])
{
    return (struct value){read_be64(bytes), read_be64(bytes + 8)};
}

static struct value value_of_program(const struct rpc *rpc, const struct te_status *status)
{
    uint8_t bytes[16] = {0};
    const struct owner *owner = owner_find(rpc->owners, status->tag);
    if (owner != NULL)
        memcpy(bytes, owner->process.name, strnlen(owner->process.name, sizeof(bytes)));
    return value_of_bytes(bytes);
}

static struct value value_of(const struct ranking *ranking, const struct te_status *status)
{
    switch (ranking->op->key) {
    case TCPENGINE__V1__RANK_KEY__RANK_STATE:
        return (struct value){status->state, 0};
    case TCPENGINE__V1__RANK_KEY__RANK_BYTES:
        return (struct value){status->bytes_received, status->bytes_acked};
    case TCPENGINE__V1__RANK_KEY__RANK_RTT:
        return (struct value){(uint64_t)status->srtt_us, 0};
    case TCPENGINE__V1__RANK_KEY__RANK_CWND:
        return (struct value){status->cwnd_bytes, 0};
    case TCPENGINE__V1__RANK_KEY__RANK_RECEIVE_QUEUE:
        return (struct value){status->receive_queue_bytes, 0};
    case TCPENGINE__V1__RANK_KEY__RANK_SEND_QUEUE:
        return (struct value){status->send_queue_bytes, 0};
    case TCPENGINE__V1__RANK_KEY__RANK_RETRANSMITS:
        return (struct value){status->retransmits, 0};
    case TCPENGINE__V1__RANK_KEY__RANK_PEER:
        return value_of_bytes(status->remote.addr.bytes);
    case TCPENGINE__V1__RANK_KEY__RANK_PROGRAM:
        return value_of_program(ranking->call->rpc, status);
    default:
        return (struct value){status->id, 0};
    }
}

static bool has_more(int key)
{
    return key == (int)TCPENGINE__V1__RANK_KEY__RANK_BYTES ||
           key == (int)TCPENGINE__V1__RANK_KEY__RANK_PEER ||
           key == (int)TCPENGINE__V1__RANK_KEY__RANK_PROGRAM;
}

/* Whether it comes before the last of those that the client has already. */
static bool is_beyond(const pb_rank *op, struct value value, uint64_t id)
{
    if (!op->has_beyond)
        return true;
    bool is_lower =
        value.high < op->beyond || (value.high == op->beyond && value.low < op->beyond_more);
    bool is_equal = value.high == op->beyond && value.low == op->beyond_more;
    return is_equal ? id < op->beyond_id : is_lower == (op->lowest != 0);
}

/* --- the walk --------------------------------------------------------------------------------- */

static bool is_selected(const struct ranking *ranking, const struct te_status *status)
{
    const struct rpc_call *call = ranking->call;
    if (ranking->op->states != 0 && (ranking->op->states >> status->state & 1) == 0)
        return false;
    bool is_allowed = call->link->is_admin || status->uid == call->link->account->uid;
    return is_allowed && rpc_filter_accepts(call->rpc, &ranking->filter, status);
}

static bool has_moved(const struct ranking *ranking, const struct te_status *status)
{
    const pb_rank *op = ranking->op;
    if (op->moved_within_us <= 0)
        return true;
    return status->active_at_us != TE_NEVER &&
           rpc_now_us(ranking->call->rpc) - status->active_at_us <= op->moved_within_us;
}

static void consider(struct ranking *ranking, const struct te_status *status)
{
    pb_rank_result *result = ranking->result;
    if (!is_selected(ranking, status))
        return;
    result->matched++;
    if (status->id > result->highest_id)
        result->highest_id = status->id;
    struct value value = value_of(ranking, status);
    if (!is_beyond(ranking->op, value, status->id) ||
        (status->id >= ranking->op->still_below_id && !has_moved(ranking, status)))
        return;
    result->ids[result->n_ids++] = status->id;
    result->values[result->n_values++] = value.high;
    if (ranking->has_more)
        result->more[result->n_more++] = value.low;
}

/* Whether any state that is wanted is in the table of this kind. */
static bool is_kind_wanted(const struct ranking *ranking)
{
    static const uint32_t others = ~(UINT32_C(1) << TE_LISTEN | UINT32_C(1) << TE_TIME_WAIT);
    uint32_t states = ranking->op->states != 0 ? ranking->op->states : UINT32_MAX;
    switch (ranking->kind) {
    case TE_WALK_LISTENERS:
        return (states >> TE_LISTEN & 1) != 0;
    case TE_WALK_TIME_WAIT:
        return (states >> TE_TIME_WAIT & 1) != 0;
    default:
        return (states & others) != 0;
    }
}

/* Listeners, connections, TIME_WAIT. False: that was the last. */
static bool go_to_next_kind(struct ranking *ranking)
{
    ranking->place = 0;
    if (ranking->kind == TE_WALK_TIME_WAIT)
        return false;
    ranking->kind = ranking->kind == TE_WALK_LISTENERS ? TE_WALK_CONNECTIONS : TE_WALK_TIME_WAIT;
    return true;
}

/* Looks at as many as one page may. True: there are no more. */
static bool walk(struct ranking *ranking)
{
    struct rpc *rpc = ranking->call->rpc;
    uint32_t steps_left = RPC_PAGE_STEPS_MAX;
    unsigned objects_left = RPC_PAGE_OBJECTS_MAX;
    while (objects_left > 0) {
        bool is_found =
            is_kind_wanted(ranking) &&
            te_walk_some(rpc_stack(rpc), ranking->kind, &ranking->place, &steps_left, &rpc->status);
        if (!is_found && steps_left == 0)
            return false;
        if (!is_found && !go_to_next_kind(ranking))
            return true;
        if (!is_found)
            continue;
        objects_left--;
        consider(ranking, &rpc->status);
    }
    return false;
}

static bool make_room(struct ranking *ranking)
{
    size_t bytes = RPC_PAGE_OBJECTS_MAX * sizeof(uint64_t);
    pb_rank_result *result = ranking->result;
    struct arena *arena = &ranking->call->rpc->answer_arena;
    result->ids = arena_alloc(arena, bytes);
    result->values = arena_alloc(arena, bytes);
    result->more = arena_alloc(arena, bytes);
    return result->ids != NULL && result->values != NULL && result->more != NULL;
}

enum rpc_outcome rpc_verb_rank(struct rpc_call *call)
{
    const pb_rank *op = &call->op.rank;
    struct ranking ranking = {.call = call, .op = op, .has_more = has_more((int)op->key)};
    if ((unsigned)op->key > TCPENGINE__V1__RANK_KEY__RANK_PROGRAM)
        return RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", NONE, "Rank: there is no key %u",
                        (unsigned)op->key);
    if (!rpc_filter_read_or_fail(call, op->filter, op->n_filter, &ranking.filter) ||
        !rpc_cursor_read(call, op->cursor, &ranking.kind, &ranking.place))
        return RPC_ANSWER;
    ranking.result = &rpc_result(call)->rank;
    if (!make_room(&ranking))
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Rank: no memory");
    ranking.result->done = walk(&ranking);
    ranking.result->cursor = rpc_cursor_make(call->rpc, ranking.kind, ranking.place);
    return RPC_ANSWER;
}
