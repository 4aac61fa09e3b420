/* Each field by itself: it gets another value, the state is saved and restored, and all fields are
 * compared. A line in a list of fields that saves the wrong thing is found so; that no field lacks
 * its line is tests/lint's business (saved_fields).
 *
 * Most values are refused for some field: a connection has to be one that the engine could have
 * made. Of a few values near the old one the first that is accepted counts. Where none is, because
 * others would have to change with it, the field has to come back as it is, and not as nothing. */
#include <stdlib.h>
#include <string.h>

#include "saved_fields_conn.h"
#include "saved_fields_link.h"
#include "saved_fields_stack.h"
#include "stack_internal.h"
#include "support/pair.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/dsack.h"
#include "tcp/conn/sender.h"
#include "tcp/mtu/mtu_probe.h"

#define STATE_BYTES_MAX 262144
#define STEP_US 20000
#define STEPS 60

/* --- the fields ------------------------------------------------------------------------------- */

enum may {
    MAY_CHANGE,
    MAY_BE_CUT, /* a restore brings it forward, or puts it in order */
    MAY_NOT     /* what is written with it would not fit */
};

struct field {
    const char *name;
    enum may may;
    /* Sets it, unless set is NULL; returns it. */
    uint64_t (*access)(void *object, const uint64_t *set);
};

#define DEFINE(may, type, owner, member)                                                           \
    static uint64_t owner##__##member(void *object, const uint64_t *set)                           \
    {                                                                                              \
        struct owner *it = object;                                                                 \
        if (set != NULL)                                                                           \
            it->member = (type)*set;                                                               \
        return (uint64_t)it->member;                                                               \
    }
#define ROW(may, type, owner, member) {#owner "." #member, may, owner##__##member},
#define DEFINE_ITEM(may, type, owner, member, index)                                               \
    static uint64_t owner##__##member##_##index(void *object, const uint64_t *set)                 \
    {                                                                                              \
        struct owner *it = object;                                                                 \
        if (set != NULL)                                                                           \
            it->member[index] = (type)*set;                                                        \
        return (uint64_t)it->member[index];                                                        \
    }
#define ROW_ITEM(may, type, owner, member, index)                                                  \
    {#owner "." #member "[" #index "]", may, owner##__##member##_##index},

/* F: a field; I: one item of an array. The lists are in saved_fields_*.h. */
#define STRUCTS(S)                                                                                 \
    S(te_conn)                                                                                     \
    S(te_paws)                                                                                     \
    S(te_rtt)                                                                                      \
    S(te_congestion)                                                                               \
    S(te_recovery)                                                                                 \
    S(te_ack_state)                                                                                \
    S(te_sack_block)                                                                               \
    S(te_ecn)                                                                                      \
    S(te_mtu_search)                                                                               \
    S(te_sender)                                                                                   \
    S(te_sent)                                                                                     \
    S(te_sent_mark)                                                                                \
    S(te_sent_map)                                                                                 \
    S(te_delivery)                                                                                 \
    S(te_rack)                                                                                     \
    S(te_prr)                                                                                      \
    S(te_undo)                                                                                     \
    S(te_validation)                                                                               \
    S(te_pacer)                                                                                    \
    S(te_path_mtu)                                                                                 \
    S(te_hystart)                                                                                  \
    S(te_cc_reno_state)                                                                            \
    S(te_cc_cubic_state)                                                                           \
    S(te_cc_bbr_state)                                                                             \
    S(te_range)                                                                                    \
    S(te_history_item)                                                                             \
    S(te_endpoint)                                                                                 \
    S(te_addr)                                                                                     \
    S(te_stack)                                                                                    \
    S(te_siphash_key)                                                                              \
    S(te_counters)                                                                                 \
    S(te_limiter)                                                                                  \
    S(te_listener)                                                                                 \
    S(te_grave)                                                                                    \
    S(te_local)                                                                                    \
    S(te_mld_group)                                                                                \
    S(te_mld)                                                                                      \
    S(te_neighbour)                                                                                \
    S(te_pmtu)                                                                                     \
    S(te_pmtus)                                                                                    \
    S(te_datagram)                                                                                 \
    S(te_fragment_part)                                                                            \
    S(te_fast_open_entry)                                                                          \
    S(te_event)                                                                                    \
    S(te_transition)

#define DEFINE_ALL(owner)                                                                          \
    FIELDS_OF_##owner(DEFINE, DEFINE_ITEM) static const struct field fields_of_##owner[] = {       \
        FIELDS_OF_##owner(ROW, ROW_ITEM)};
STRUCTS(DEFINE_ALL)

/* --- where they are --------------------------------------------------------------------------- */

/* One that is lost or SACKed, if there is one. */
static struct te_sent *record_of(struct te_conn *conn)
{
    struct te_sent *sent = conn->sender != NULL ? te_sent_map_first(&conn->sender->map) : NULL;
    struct te_sent *first = sent;
    while (sent != NULL && sent->state == TE_SENT_IN_FLIGHT)
        sent = te_sent_map_next(sent);
    return sent != NULL ? sent : first;
}

static void *variables_of(struct te_conn *conn, const struct te_cc_ops *ops)
{
    return conn->sender != NULL && conn->cc.ops == ops ? &conn->sender->cc_state : NULL;
}

static void *before_of(struct te_conn *conn, const struct te_cc_ops *ops)
{
    bool has = conn->sender != NULL && conn->sender->undo.is_armed && conn->cc.ops == ops;
    return has ? &conn->sender->undo.state_before : NULL;
}

static void *first_of(struct te_list *list, size_t offset)
{
    return te_list_is_empty(list) ? NULL : (uint8_t *)list->next - offset;
}

static struct te_grave *first_grave(struct te_graveyard *yard)
{
    for (uint32_t i = 0; i < yard->capacity; i++) {
        struct te_grave *grave = &yard->ring[(yard->next + i) % yard->capacity];
        if (grave->id != 0)
            return grave;
    }
    return NULL;
}

static struct te_fragment_part *part_of(struct te_stack *stack)
{
    struct te_list *queue = &stack->reassemblies.queues[0];
    if (te_list_is_empty(queue))
        return NULL;
    struct te_datagram *latest = TE_CONTAINER(queue->prev, struct te_datagram, link);
    return first_of(&latest->parts, offsetof(struct te_fragment_part, link));
}

static struct te_listener *first_listener(struct te_stack *stack)
{
    uint64_t cursor = 0;
    return te_listener_walk(&stack->listeners, &cursor);
}

static struct te_event *first_event(struct te_stack *stack)
{
    struct te_event_queue *queue = &stack->events;
    return queue->count > 0 ? &queue->ring[queue->head] : NULL;
}

#define OF_SENDER(expression) (conn->sender != NULL ? (void *)(expression) : NULL)
#define OF_VARIABLES(ops) variables_of(conn, ops)
#define OF_EVENT(member) (first_event(stack) != NULL ? &first_event(stack)->member : NULL)
#define OF_GRAVE(member)                                                                           \
    (first_grave(&stack->graveyard) != NULL ? &first_grave(&stack->graveyard)->member : NULL)
#define HYSTART(ops, name) (OF_VARIABLES(ops) != NULL ? &conn->sender->cc_state.name.hystart : NULL)
#define FIRST(list, type, link) first_of(list, offsetof(struct type, link))

/* O: what it is, the struct, and where it is; of stack, or of conn. */
#define OBJECTS(O)                                                                                 \
    O(conn, te_conn, conn)                                                                         \
    O(local_end, te_endpoint, &conn->local)                                                        \
    O(remote_end, te_endpoint, &conn->remote)                                                      \
    O(local_addr, te_addr, &conn->local.addr)                                                      \
    O(remote_addr, te_addr, &conn->remote.addr)                                                    \
    O(next_hop, te_addr, &conn->next_hop)                                                          \
    O(paws, te_paws, &conn->paws)                                                                  \
    O(rtt, te_rtt, &conn->rtt)                                                                     \
    O(cc, te_congestion, &conn->cc)                                                                \
    O(recovery, te_recovery, &conn->recovery)                                                      \
    O(ack, te_ack_state, &conn->ack)                                                               \
    O(dsack, te_sack_block, (void *)te_dsacks_first(conn->ack.dsacks))                             \
    O(ecn, te_ecn, &conn->ecn)                                                                     \
    O(mtu_search, te_mtu_search, conn->mtu_search)                                                 \
    O(out_of_order, te_range, conn->out_of_order.items)                                            \
    O(history, te_history_item, &conn->history.first[0])                                           \
    O(sender, te_sender, conn->sender)                                                             \
    O(sent_map, te_sent_map, OF_SENDER(&conn->sender->map))                                        \
    O(sent, te_sent, record_of(conn))                                                              \
    O(mark, te_sent_mark, record_of(conn) != NULL ? &record_of(conn)->mark : NULL)                 \
    O(delivery, te_delivery, OF_SENDER(&conn->sender->delivery))                                   \
    O(rack, te_rack, OF_SENDER(&conn->sender->rack))                                               \
    O(prr, te_prr, OF_SENDER(&conn->sender->prr))                                                  \
    O(undo, te_undo, OF_SENDER(&conn->sender->undo))                                               \
    O(undo_cc, te_congestion, OF_SENDER(&conn->sender->undo.before))                               \
    O(undo_reno, te_cc_reno_state, before_of(conn, &te_cc_reno))                                   \
    O(undo_cubic, te_cc_cubic_state, before_of(conn, &te_cc_cubic))                                \
    O(undo_bbr, te_cc_bbr_state, before_of(conn, &te_cc_bbr))                                      \
    O(validation, te_validation, OF_SENDER(&conn->sender->validation))                             \
    O(pacer, te_pacer, OF_SENDER(&conn->sender->pacer))                                            \
    O(path_mtu, te_path_mtu, OF_SENDER(&conn->sender->mtu))                                        \
    O(reno, te_cc_reno_state, OF_VARIABLES(&te_cc_reno))                                           \
    O(cubic, te_cc_cubic_state, OF_VARIABLES(&te_cc_cubic))                                        \
    O(bbr, te_cc_bbr_state, OF_VARIABLES(&te_cc_bbr))                                              \
    O(hystart_of_reno, te_hystart, HYSTART(&te_cc_reno, reno))                                     \
    O(hystart_of_cubic, te_hystart, HYSTART(&te_cc_cubic, cubic))                                  \
    O(stack, te_stack, stack)                                                                      \
    O(key, te_siphash_key, &stack->key)                                                            \
    O(counters, te_counters, &stack->counters)                                                     \
    O(challenge_limiter, te_limiter, &stack->challenge_limiter)                                    \
    O(rst_limiter, te_limiter, &stack->rst_limiter)                                                \
    O(icmp_limiter, te_limiter, &stack->icmp_limiter)                                              \
    O(time_wait_limiter, te_limiter, &stack->time_wait_limiter)                                    \
    O(echo_limiter, te_limiter, &stack->echo_limiter)                                              \
    O(listener, te_listener, first_listener(stack))                                                \
    O(listener_end, te_endpoint, &first_listener(stack)->local)                                    \
    O(listener_remote, te_endpoint, &first_listener(stack)->remote)                                \
    O(listener_history, te_history_item, &first_listener(stack)->history.first[0])                 \
    O(grave, te_grave, first_grave(&stack->graveyard))                                             \
    O(grave_local, te_endpoint, OF_GRAVE(local))                                                   \
    O(grave_remote, te_endpoint, OF_GRAVE(remote))                                                 \
    O(grave_history, te_history_item, OF_GRAVE(history.first[0]))                                  \
    O(event_local, te_endpoint, OF_EVENT(local))                                                   \
    O(event_remote, te_endpoint, OF_EVENT(remote))                                                 \
    O(part, te_fragment_part, part_of(stack))                                                      \
    O(local, te_local, &stack->locals.items[0])                                                    \
    O(mld_group, te_mld_group, &stack->mld.groups[0])                                              \
    O(mld, te_mld, &stack->mld)                                                                    \
    O(neighbour, te_neighbour, neighbour_of(stack))                                                \
    O(pmtu, te_pmtu, FIRST(&stack->pmtus.used, te_pmtu, use_link))                                 \
    O(pmtus, te_pmtus, &stack->pmtus)                                                              \
    O(datagram, te_datagram, FIRST(&stack->reassemblies.queues[0], te_datagram, link))             \
    O(fast_open, te_fast_open_entry, FIRST(&stack->fast_open.used, te_fast_open_entry, use_link))  \
    O(event, te_event, first_event(stack))                                                         \
    O(transition, te_transition, OF_EVENT(transition))

/* One in use, and in every other trial one that only asked for us. */
static struct te_neighbour *neighbour_of(struct te_stack *stack)
{
    struct te_list *unused = &stack->neighbours.unused;
    return FIRST(te_list_is_empty(unused) ? &stack->neighbours.used : unused, te_neighbour,
                 use_link);
}

#define DEFINE_FIND(name, owner, where)                                                            \
    static void *find_##name(struct te_stack *stack, struct te_conn *conn)                         \
    {                                                                                              \
        (void)stack;                                                                               \
        (void)conn;                                                                                \
        return where;                                                                              \
    }
OBJECTS(DEFINE_FIND)

struct object {
    const char *name;
    const struct field *fields;
    unsigned count;
    void *(*find)(struct te_stack *stack, struct te_conn *conn);
};

#define OBJECT_ROW(name, owner, where)                                                             \
    {#name, fields_of_##owner, sizeof(fields_of_##owner) / sizeof(fields_of_##owner[0]),           \
     find_##name},
static const struct object objects[] = {OBJECTS(OBJECT_ROW)};

#define OBJECT_COUNT (sizeof(objects) / sizeof(objects[0]))
#define FIELDS_MAX 128

/* --- a state with something of everything ----------------------------------------------------- */

struct trial {
    const struct te_config *config;
    struct te_stack *stack;
    struct te_conn *conn;
    int64_t now_us;
    bool is_proved[OBJECT_COUNT][FIELDS_MAX];
};

static struct te_stack *reborn(const struct te_config *config, const struct te_stack *stack,
                               int64_t now_us)
{
    static uint8_t bytes[STATE_BYTES_MAX];
    struct te_stack *ret_stack = NULL;
    size_t len = te_stack_save(stack, bytes, sizeof(bytes));
    assert_true(len <= sizeof(bytes));
    return te_stack_restore(config, bytes, len, now_us, &ret_stack) == TE_OK ? ret_stack : NULL;
}

/* What chance would bring about too seldom. */
static void add_to_conn(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->is_remains)
        return;
    struct te_sack_block block = {conn->rcv_nxt - 20, conn->rcv_nxt - 10};
    te_dsacks_add(&conn->ack.dsacks, block, &stack->config.allocator);
    if (conn->mtu_search == NULL)
        conn->mtu_search = te_stack_alloc(stack, sizeof(*conn->mtu_search));
    assert_non_null(conn->mtu_search);
    *conn->mtu_search = (struct te_mtu_search){
        .phase = TE_MTU_BASE, .low = 900, .high = 1400, .probe_bytes = 1200, .failures = 1};
    if (conn->sender == NULL)
        return;
    conn->sender->undo.is_armed = true;
    conn->sender->undo.before = conn->cc;
    conn->sender->undo.state_before = *conn->cc.state;
}

static void add_to_stack(struct te_stack *stack, int64_t now_us)
{
    const uint8_t far[4] = {192, 0, 2, 9};
    struct te_endpoint remote = {te_addr_from_v4(far), 443};
    struct te_addr local = stack->config.addresses[0].addr;
    struct te_listen listen = {.local.port = 81, .uid = 3, .backlog = 4};
    struct te_packet packet = {.source = remote.addr, .destination = local, .protocol = 6};
    struct te_pmtu pmtu = {
        .destination = remote.addr, .mtu_bytes = 1300, .expires_at_us = now_us + 1000};
    uint64_t id;
    const uint8_t asker[4] = {10, 0, 0, 200}, asker_mac[6] = {2, 2, 2, 2, 2, 2};
    struct te_addr asker_addr = te_addr_from_v4(asker);
    if (now_us / STEP_US % 2 == 0)
        te_neighbour_on_question(stack, &asker_addr, asker_mac);
    assert_int_equal(te_open_passive(stack, &listen, &id, now_us), TE_OK);
    assert_non_null(te_datagram_new(stack, &packet, 76));
    struct te_datagram *datagram = te_datagram_new(stack, &packet, 77);
    assert_non_null(datagram);
    struct te_fragment_part *part = te_datagram_add_part(stack, datagram, &datagram->parts, 4);
    assert_non_null(part);
    part->start = 8;
    part->end = 12;
    memset(part->bytes, 0x5a, 4);
    assert_true(te_pmtu_put(stack, &pmtu));
    struct te_fast_open_entry *entry = te_fast_open_make(stack, &local, &remote);
    assert_non_null(entry);
    entry->mss_bytes = 1000;
    entry->cookie_len = 8;
}

/* --- one field after the other ---------------------------------------------------------------- */

static void assert_same(const struct trial *trial, struct te_stack *again, const char *changed)
{
    struct te_conn *conn = te_conn_table_find_id(again, trial->conn->id);
    assert_non_null(conn);
    for (unsigned i = 0; i < OBJECT_COUNT; i++) {
        void *object = objects[i].find(trial->stack, trial->conn);
        void *again_object = objects[i].find(again, conn);
        if ((object == NULL) != (again_object == NULL))
            fail_msg("%s did not come back (after a change of %s)", objects[i].name, changed);
        for (unsigned k = 0; k < objects[i].count && object != NULL; k++) {
            const struct field *field = &objects[i].fields[k];
            uint64_t value = field->access(object, NULL);
            uint64_t again_value = field->access(again_object, NULL);
            if (value != again_value && field->may != MAY_BE_CUT)
                fail_msg("%s of %s: %llu was saved, %llu came back (after a change of %s)",
                         field->name, objects[i].name, (unsigned long long)value,
                         (unsigned long long)again_value, changed);
        }
    }
}

/* Whether the state with this value is accepted, and the value comes back. */
static bool try_value(const struct trial *trial, const struct object *object,
                      const struct field *field)
{
    void *at = object->find(trial->stack, trial->conn);
    struct te_stack *again = at != NULL ? reborn(trial->config, trial->stack, trial->now_us) : NULL;
    if (again == NULL)
        return false;
    struct te_conn *conn = te_conn_table_find_id(again, trial->conn->id);
    uint64_t value = field->access(at, NULL);
    assert_same(trial, again, field->name);
    void *back = object->find(again, conn);
    bool is_back = back != NULL && field->access(back, NULL) == value;
    te_stack_free(again);
    return is_back;
}

static bool prove(const struct trial *trial, const struct object *object, const struct field *field)
{
    void *at = object->find(trial->stack, trial->conn);
    uint64_t old = field->access(at, NULL);
    const uint64_t values[] = {old ^ 1, old + 1, old - 1, old + 1000, old - 1000, 1, 2, 3, 5, 200};
    bool is_proved = false;
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]) && !is_proved; i++) {
        if (field->may == MAY_NOT || field->access(at, &values[i]) == old)
            continue;
        is_proved = try_value(trial, object, field);
    }
    field->access(at, &old);
    return is_proved || (old != 0 && try_value(trial, object, field));
}

static void prove_fields(struct trial *trial)
{
    for (unsigned i = 0; i < OBJECT_COUNT; i++) {
        const struct object *object = &objects[i];
        assert_true(object->count <= FIELDS_MAX);
        for (unsigned k = 0; k < object->count; k++)
            if (!trial->is_proved[i][k] && object->find(trial->stack, trial->conn) != NULL)
                trial->is_proved[i][k] = prove(trial, object, &object->fields[k]);
    }
}

static void assert_comes_back(const struct trial *trial)
{
    struct te_stack *again = reborn(trial->config, trial->stack, trial->now_us);
    assert_non_null(again);
    assert_same(trial, again, "nothing");
    te_stack_free(again);
}

static void prove_with_each_conn(struct trial *trial, struct pair *pair, unsigned side)
{
    uint64_t cursor = 0;
    trial->now_us = pair_now_us(pair);
    trial->config = pair_config(pair, side);
    trial->stack = reborn(trial->config, pair_stack(pair, side), trial->now_us);
    assert_non_null(trial->stack);
    add_to_stack(trial->stack, trial->now_us);
    while ((trial->conn = te_conn_table_walk(&trial->stack->conns, &cursor)) != NULL) {
        add_to_conn(trial->stack, trial->conn);
        assert_comes_back(trial);
        prove_fields(trial);
    }
    te_stack_free(trial->stack);
}

static void assert_all_proved(const struct trial *trial)
{
    unsigned open = 0;
    for (unsigned i = 0; i < OBJECT_COUNT; i++) {
        for (unsigned k = 0; k < objects[i].count; k++) {
            if (trial->is_proved[i][k])
                continue;
            print_error("%s of %s: never came back\n", objects[i].fields[k].name, objects[i].name);
            open++;
        }
    }
    assert_int_equal(open, 0);
}

static void prove_with_pair(struct trial *trial, const struct pair_setup *setup)
{
    struct pair *pair = pair_new(setup);
    for (unsigned i = 0; i < STEPS; i++) {
        pair_run(pair, STEP_US);
        for (unsigned side = 0; side < PAIR_SIDES; side++)
            prove_with_each_conn(trial, pair, side);
    }
    pair_free(pair);
}

static void test_each_field_comes_back(void **state)
{
    static const char *const algorithms[] = {"cubic", "reno", "bbr"};
    static struct trial trial;
    (void)state;
    for (uint32_t seed = 1; seed <= 6; seed++)
        prove_with_pair(&trial, &(struct pair_setup){.connections = 4,
                                                     .send_bytes = {12000, 9000},
                                                     .loss_percent = 10,
                                                     .reorder_percent = 20,
                                                     .dad = seed % 2 == 0,
                                                     .aborts = seed == 4,
                                                     .congestion_control = algorithms[seed % 3],
                                                     .seed = seed});
    assert_all_proved(&trial);
}

/* --- TIME_WAIT, whose entries are time_wait.c's alone ----------------------------------------- */

static struct te_time_wait_view view_of(const struct te_stack *stack, uint64_t id)
{
    struct te_time_wait_view view;
    uint32_t handle = te_time_wait_find_id(stack, id);
    assert_true(handle != TE_TIME_WAIT_NONE);
    te_time_wait_view(stack, handle, &view);
    return view;
}

static void assert_same_view(const struct te_time_wait_view *a, const struct te_time_wait_view *b)
{
    assert_int_equal(a->id, b->id);
    assert_memory_equal(&a->local.addr, &b->local.addr, sizeof(a->local.addr));
    assert_memory_equal(&a->remote.addr, &b->remote.addr, sizeof(a->remote.addr));
    assert_int_equal(a->local.port, b->local.port);
    assert_int_equal(a->remote.port, b->remote.port);
    assert_int_equal(a->uid, b->uid);
    assert_int_equal(a->snd_nxt, b->snd_nxt);
    assert_int_equal(a->rcv_nxt, b->rcv_nxt);
    assert_int_equal(a->ts_recent, b->ts_recent);
    assert_int_equal(a->window, b->window);
    assert_int_equal(a->ts_ok, b->ts_ok);
    assert_int_equal(a->from, b->from);
    assert_int_equal(a->fin_reacked, b->fin_reacked);
    assert_int_equal(a->started_at_us, b->started_at_us);
    assert_int_equal(a->ends_at_us, b->ends_at_us);
}

static void test_time_wait_entry_comes_back(void **state)
{
    (void)state;
    struct pair *pair = pair_new(&(struct pair_setup){.connections = 1, .seed = 1});
    struct te_stack *stack = pair_stack(pair, 0);
    int64_t now_us = pair_now_us(pair);
    struct te_time_wait_view view = {
        .id = stack->next_id++,
        .local = {stack->config.addresses[1].addr, 4321},
        .remote = {stack->config.addresses[1].addr, 80},
        .uid = 11,
        .snd_nxt = 12,
        .rcv_nxt = 13,
        .ts_recent = 14,
        .window = 15,
        .ts_ok = true,
        .from = TE_CLOSING,
        .fin_reacked = 16,
        .started_at_us = now_us,
        .ends_at_us = now_us + 2 * stack->config.msl_us - 1000000,
    };
    view.remote.addr.bytes[14] = 17;
    assert_true(te_time_wait_put(stack, &view));
    struct te_stack *again = reborn(pair_config(pair, 0), stack, now_us);
    assert_non_null(again);
    struct te_time_wait_view before = view_of(stack, view.id), after = view_of(again, view.id);
    view.started_at_us = before.started_at_us; /* in the entry's units */
    view.ends_at_us = before.ends_at_us;
    assert_same_view(&before, &view);
    assert_same_view(&after, &view);
    te_stack_free(again);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_field_comes_back),
        cmocka_unit_test(test_time_wait_entry_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
