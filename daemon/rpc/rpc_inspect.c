/* Status, List, TimeWaitList, History and Counters: the read-only verbs. */
#include <assert.h>
#include <string.h>
#include <tcpengine/drop.h>

#include "rpc/rpc_convert.h"
#include "rpc/rpc_cursor.h"
#include "rpc/rpc_filter.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_owner.h"
#include "rpc/rpc_status.h"

/* --- Status ----------------------------------------------------------------------------------- */

/* The type of a field in the message, by the kind of its row in TE_STATUS_LIST. */
#define PB_TYPE_FLAG protobuf_c_boolean
#define PB_TYPE_NUMBER uint32_t
#define PB_TYPE_BYTES uint32_t
#define PB_TYPE_TOTAL uint64_t
#define PB_TYPE_TOTAL_BYTES uint64_t
#define PB_TYPE_DURATION_US int64_t
#define PB_TYPE_WORD char *

#define HAS_TYPE(value, type) _Generic((value), type : true, default : false)
/* C would convert between integers silently. */
#define ASSERT_TYPE(name, type)                                                                    \
    static_assert(HAS_TYPE(((pb_connection_status_result *)NULL)->name, type),                     \
                  "tcpengine.proto has another type than TE_STATUS_LIST for " #name);

/* From the engine's field to the message's. Words are constants: the message points to them. */
#define TO_PB_FLAG(value) (value)
#define TO_PB_NUMBER(value) (value)
#define TO_PB_BYTES(value) (value)
#define TO_PB_TOTAL(value) (value)
#define TO_PB_TOTAL_BYTES(value) (value)
#define TO_PB_DURATION_US(value) (value)
#define TO_PB_WORD(value) (char *)(uintptr_t)(value)

static int64_t age_us(int64_t now_us, int64_t moment_us)
{
    return moment_us == TE_NEVER ? -1 : now_us - moment_us;
}

void rpc_fill_status(const struct te_status *status, int64_t now_us,
                     pb_connection_status_result *result)
{
#define FILL_FIELD(kind, name, ...)                                                                \
    ASSERT_TYPE(name, PB_TYPE_##kind)                                                              \
    result->name = TO_PB_##kind(status->name);
#define FILL_AGE(name, moment_us, ...)                                                             \
    ASSERT_TYPE(name, PB_TYPE_DURATION_US)                                                         \
    result->name = age_us(now_us, status->moment_us);
    TE_STATUS_LIST(FILL_FIELD)
    TE_STATUS_AGE_LIST(FILL_AGE)
#undef FILL_FIELD
#undef FILL_AGE
}

static pb_congestion_variable *congestion_variable(struct rpc *rpc,
                                                   const struct te_cc_variable *variable)
{
    pb_congestion_variable *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__congestion_variable__init(message);
    message->name = (char *)(uintptr_t)variable->name;
    message->value = variable->value;
    if (variable->text != NULL)
        message->text = (char *)(uintptr_t)variable->text;
    return message;
}

static void fill_congestion_variables(struct rpc *rpc, const struct te_status *status,
                                      pb_connection_status_result *result)
{
    struct te_cc_variable variables[TE_CC_VARIABLES_MAX];
    unsigned count = 0;
    if (te_cc_variables(rpc_stack(rpc), status->id, variables, &count) != TE_OK || count == 0)
        return;
    result->congestion_variables = rpc_pointers(rpc, count);
    if (result->congestion_variables == NULL)
        return;
    for (unsigned i = 0; i < count; i++) {
        pb_congestion_variable *message = congestion_variable(rpc, &variables[i]);
        if (message == NULL)
            return;
        result->congestion_variables[result->n_congestion_variables++] = message;
    }
}

static void fill_socket(struct rpc *rpc, uint64_t id, pb_connection_status_result *result)
{
    const char *name =
        rpc->host.socket_name != NULL ? rpc->host.socket_name(rpc->host.ctx, id) : NULL;
    if (name != NULL)
        result->socket = rpc_text(rpc, name);
}

static void fill_others(struct rpc_call *call, const struct te_status *status,
                        pb_connection_status_result *result)
{
    struct rpc *rpc = call->rpc;
    result->connection = rpc_connection(rpc, status);
    if (status->error != TE_OK)
        result->error = rpc_status_message(call, status->error, status);
    if (status->soft_error != TE_OK)
        result->soft_error = rpc_status_message(call, status->soft_error, status);
    if (status->state == TE_TIME_WAIT)
        result->time_wait = rpc_time_wait(rpc, status);
    fill_congestion_variables(rpc, status, result);
    fill_socket(rpc, status->id, result);
}

enum rpc_outcome rpc_verb_connection_status(struct rpc_call *call)
{
    if (call->subject_err != TE_OK)
        return rpc_fail_engine(call, call->subject_err, call->op.connection_status.id);
    pb_connection_status_result *result = &rpc_result(call)->connection;
    rpc_fill_status(call->status, rpc_now_us(call->rpc), result);
    fill_others(call, call->status, result);
    return RPC_ANSWER;
}

/* --- lists ------------------------------------------------------------------------------------ */

/* A walk over one kind of object, page by page. */
struct page {
    enum te_walk_kind kind;
    uint64_t cursor; /* of te_walk() */
    bool is_done;
    unsigned objects_left;
    uint32_t steps_left;
    size_t count, max;
    void **entries;
    struct filter filter;
    bool has_details;
};

static bool page_init(struct rpc_call *call, struct page *page, uint32_t max)
{
    *page = (struct page){.objects_left = RPC_PAGE_OBJECTS_MAX,
                          .steps_left = RPC_PAGE_STEPS_MAX,
                          .max = max == 0 || max > RPC_PAGE_MAX ? RPC_PAGE_MAX : max};
    page->entries = rpc_pointers(call->rpc, page->max);
    return page->entries != NULL;
}

static bool is_visible(struct rpc_call *call, const struct page *page,
                       const struct te_status *status)
{
    bool is_allowed = call->link->is_admin || status->uid == call->link->account->uid;
    return is_allowed && rpc_filter_accepts(call->rpc, &page->filter, status);
}

static void *entry_of(struct rpc *rpc, const struct page *page, const struct te_status *status)
{
    if (page->kind == TE_WALK_TIME_WAIT)
        return rpc_time_wait(rpc, status);
    pb_connection *row = rpc_connection(rpc, status);
    if (row != NULL && page->has_details)
        row->details = rpc_connection_details(rpc, status);
    return row;
}

/* Continues the walk until the page is full, the walk has ended, or a bound is reached. */
static void page_fill(struct rpc_call *call, struct page *page)
{
    struct rpc *rpc = call->rpc;
    struct te_status *status = &rpc->status;
    while (page->count < page->max && page->objects_left > 0) {
        page->objects_left--;
        if (!te_walk_some(rpc_stack(rpc), page->kind, &page->cursor, &page->steps_left, status)) {
            page->is_done = page->steps_left > 0;
            return;
        }
        if (!is_visible(call, page, status))
            continue;
        void *entry = entry_of(rpc, page, status);
        if (entry == NULL)
            return; /* cannot happen: a page's entries fit into the arena */
        page->entries[page->count++] = entry;
    }
}

/* Those that the request names. */
static enum rpc_outcome list_ids(struct rpc_call *call, struct page *page)
{
    const pb_list *op = &call->op.list;
    struct te_status *status = &call->rpc->status;
    if (op->n_ids > RPC_PAGE_MAX)
        return RPC_FAIL(call, INVALID_ARGUMENT, "E2BIG", NONE, "List: more than %d ids",
                        RPC_PAGE_MAX);
    page->kind = TE_WALK_CONNECTIONS;
    for (size_t i = 0; i < op->n_ids; i++) {
        if (te_status(rpc_stack(call->rpc), op->ids[i], status) != TE_OK ||
            !is_visible(call, page, status))
            continue;
        void *entry = entry_of(call->rpc, page, status);
        if (entry != NULL)
            page->entries[page->count++] = entry;
    }
    pb_list_result *result = &rpc_result(call)->list;
    result->connections = (pb_connection **)page->entries;
    result->n_connections = page->count;
    result->done = true;
    result->as_of_seq = event_log_last_seq(call->rpc->host.events);
    return RPC_ANSWER;
}

enum rpc_outcome rpc_verb_list(struct rpc_call *call)
{
    const pb_list *op = &call->op.list;
    struct page page;
    if (!page_init(call, &page, op->max))
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "List: no memory");
    page.has_details = op->details;
    if (!rpc_filter_read_or_fail(call, op->filter, op->n_filter, &page.filter))
        return RPC_ANSWER;
    if (op->n_ids > 0)
        return list_ids(call, &page);
    if (!rpc_cursor_read(call, op->cursor, &page.kind, &page.cursor))
        return RPC_ANSWER;
    bool is_first = page.kind == TE_WALK_LISTENERS;
    page_fill(call, &page);
    if (is_first && page.is_done) {
        page.kind = TE_WALK_CONNECTIONS;
        page.cursor = 0;
        page.is_done = false;
        page_fill(call, &page);
    }
    pb_list_result *result = &rpc_result(call)->list;
    result->connections = (pb_connection **)page.entries;
    result->n_connections = page.count;
    result->done = page.is_done;
    result->cursor = rpc_cursor_make(call->rpc, page.kind, page.cursor);
    result->as_of_seq = event_log_last_seq(call->rpc->host.events);
    return RPC_ANSWER;
}

enum rpc_outcome rpc_verb_time_wait_list(struct rpc_call *call)
{
    const pb_time_wait_list *op = &call->op.time_wait_list;
    struct page page;
    if (!page_init(call, &page, op->max))
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "TimeWaitList: no memory");
    if (!rpc_filter_read_or_fail(call, op->filter, op->n_filter, &page.filter) ||
        !rpc_cursor_read(call, op->cursor, &page.kind, &page.cursor))
        return RPC_ANSWER;
    page.kind = TE_WALK_TIME_WAIT;
    page_fill(call, &page);
    pb_time_wait_list_result *result = &rpc_result(call)->time_wait_list;
    result->entries = (pb_time_wait_entry **)page.entries;
    result->n_entries = page.count;
    result->done = page.is_done;
    result->cursor = rpc_cursor_make(call->rpc, page.kind, page.cursor);
    result->as_of_seq = event_log_last_seq(call->rpc->host.events);
    return RPC_ANSWER;
}

/* --- History ---------------------------------------------------------------------------------- */

static pb_transition *transition_message(struct rpc *rpc, const struct te_transition *transition)
{
    pb_transition *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__transition__init(message);
    message->time_us = transition->time_us;
    message->from = rpc_state(transition->from);
    message->to = rpc_state(transition->to);
    message->cause = (char *)(uintptr_t)te_cause_text(transition->cause);
    if (transition->has_segment)
        message->segment = rpc_segment(rpc, &transition->segment);
    return message;
}

static pb_drop *drop_message(struct rpc *rpc, const struct te_dropped *dropped)
{
    pb_drop *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__drop__init(message);
    message->time_us = dropped->time_us;
    message->reason = (char *)(uintptr_t)te_drop_name(dropped->reason);
    message->text = (char *)(uintptr_t)te_drop_text(dropped->reason);
    message->counter = (char *)(uintptr_t)te_drop_counter_name(dropped->reason);
    message->id = dropped->id;
    if (dropped->has_segment)
        message->segment = rpc_segment(rpc, &dropped->segment);
    if (dropped->has_endpoints) {
        message->local = rpc_endpoint(rpc, &dropped->local);
        message->remote = rpc_endpoint(rpc, &dropped->remote);
    }
    return message;
}

/* id 0: of the whole stack. A log that is gone counts as empty. */
static void fill_drops(struct rpc *rpc, uint64_t id, pb_history_result *result)
{
    struct te_dropped drops[TE_DROPS_MAX];
    unsigned count = 0;
    if (te_drops(rpc_stack(rpc), id, drops, &count) != TE_OK || count == 0)
        return;
    result->drops = rpc_pointers(rpc, count);
    for (unsigned i = 0; result->drops != NULL && i < count; i++) {
        pb_drop *message = drop_message(rpc, &drops[i]);
        if (message == NULL)
            return;
        result->drops[result->n_drops++] = message;
    }
}

static void fill_notes(struct rpc *rpc, uint64_t id, pb_history_result *result)
{
    struct te_note notes[TE_NOTES_MAX];
    unsigned count = 0;
    if (te_notes(rpc_stack(rpc), id, notes, &count, &result->notes_older) != TE_OK || count == 0)
        return;
    result->notes = rpc_pointers(rpc, count);
    for (unsigned i = 0; result->notes != NULL && i < count; i++) {
        pb_note *message = rpc_note(rpc, &notes[i]);
        if (message == NULL)
            return;
        result->notes[result->n_notes++] = message;
    }
}

static enum rpc_outcome history_of_stack(struct rpc_call *call)
{
    if (!call->link->is_admin) {
        call->rpc->counters.requests_denied++;
        return RPC_FAIL(call, PERMISSION, "EPERM", OWN_CONNECTION,
                        "History: the drops of all are for root and the admin group");
    }
    fill_drops(call->rpc, 0, &rpc_result(call)->history);
    return RPC_ANSWER;
}

enum rpc_outcome rpc_verb_history(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    uint64_t id = call->op.history.id;
    struct te_history history;
    if (id == 0)
        return history_of_stack(call);
    enum te_err err = te_history(rpc_stack(rpc), id, &history);
    if (err != TE_OK)
        return rpc_fail_engine(call, err, id);
    pb_history_result *result = &rpc_result(call)->history;
    fill_drops(rpc, id, result);
    fill_notes(rpc, id, result);
    result->id = history.id;
    result->local = rpc_endpoint(rpc, &history.local);
    result->remote = rpc_endpoint(rpc, &history.remote);
    result->is_gone = history.is_gone;
    struct rpc_owner owner = rpc_owner_of_tag(rpc, history.uid, history.tag);
    result->owner = rpc_owner_message(rpc, &owner);
    result->transitions = rpc_pointers(rpc, history.count);
    for (unsigned i = 0; result->transitions != NULL && i < history.count; i++)
        result->transitions[result->n_transitions++] =
            transition_message(rpc, &history.transitions[i]);
    return RPC_ANSWER;
}

/* --- Counters --------------------------------------------------------------------------------- */

/* Adds one row to the answer. */
static void add_counter(struct rpc *rpc, pb_counters_result *result, const char *name,
                        const char *help, uint64_t value)
{
    pb_counter *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return;
    tcpengine__v1__counter__init(message);
    message->name = (char *)(uintptr_t)name;
    message->help = (char *)(uintptr_t)help;
    message->value = value;
    result->counters[result->n_counters++] = message;
}

/* The daemon's own counters come after the engine's, with a prefix. */
static void add_own_counters(struct rpc *rpc, pb_counters_result *result)
{
    struct rpc_stats stats;
    rpc_fill_stats(rpc, &stats);
#define ADD_SP_COUNTER(name, help) add_counter(rpc, result, "ipc_" #name, help, stats.control.name);
#define ADD_RPC_COUNTER(name, help)                                                                \
    add_counter(rpc, result, "ipc_" #name, help, stats.counters.name);
#define ADD_FAULT_COUNTER(name, help)                                                              \
    add_counter(rpc, result, "fault_" #name, help, stats.faults.counters.name);
    SP_COUNTER_LIST(ADD_SP_COUNTER)
    RPC_COUNTER_LIST(ADD_RPC_COUNTER)
    FAULT_COUNTER_LIST(ADD_FAULT_COUNTER)
#undef ADD_SP_COUNTER
#undef ADD_RPC_COUNTER
#undef ADD_FAULT_COUNTER
}

enum rpc_outcome rpc_verb_counters(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    const char *counters = (const char *)te_stack_counters(rpc_stack(rpc));
    size_t count, own = (sizeof(struct sp_counters) + sizeof(struct rpc_counters) +
                         sizeof(struct fault_counters)) /
                        sizeof(uint64_t);
    const struct te_counter_info *table = te_counter_table(&count);
    pb_counters_result *result = &rpc_result(call)->counters;
    result->counters = rpc_pointers(rpc, count + own);
    if (result->counters == NULL)
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Counters: no memory");
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        memcpy(&value, counters + table[i].offset, sizeof(value));
        add_counter(rpc, result, table[i].name, table[i].help, value);
    }
    add_own_counters(rpc, result);
    return RPC_ANSWER;
}
