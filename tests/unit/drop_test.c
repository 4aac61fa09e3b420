/* drop.h: reasons, the ring of the stack, and the pool of the connections' logs. */
#include <string.h>

#include "drop.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/random.h"
#include "support/test.h"

#define LOGS 4

static void start(struct fixture *f, uint32_t log_max)
{
    fixture_init(f);
    f->config.drop_log_conn_max = log_max;
    f->config.time_wait_max = f->config.history_conn_max = 16;
    fixture_start(f);
    f->stack->next_id = 1000000; /* the ids of the tests are some that were given out */
}

static void stop(struct fixture *f)
{
    assert_null(te_drop_check(f->stack));
    fixture_stop(f);
}

/* seq tells the drops of one connection apart. */
static void drop_of(struct fixture *f, uint64_t id, uint32_t seq, bool is_half_open)
{
    struct te_segment_info info = {
        .seq = seq, .ack = 2, .wnd_bytes = 3, .len_bytes = 4, .flags = 5};
    struct te_drop_about about = {.id = id, .is_half_open = is_half_open, .segment = &info};
    te_drop(f->stack, TE_DROP_UNACCEPTABLE, &about);
    assert_null(te_drop_check(f->stack));
}

static unsigned copy(const struct fixture *f, uint64_t id, struct te_dropped *ret_drops)
{
    return te_drop_copy(f->stack, id, ret_drops);
}

static unsigned count_of(const struct fixture *f, uint64_t id)
{
    struct te_dropped drops[TE_DROPS_MAX];
    return copy(f, id, drops);
}

/* --- reasons ---------------------------------------------------------------------------------- */

static bool is_counter(const char *name)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return true;
    return false;
}

static void each_reason_has_a_name_a_counter_and_a_sentence(void **state)
{
    (void)state;
    for (unsigned i = 1; i < TE_DROP_COUNT; i++) {
        enum te_drop_reason reason = (enum te_drop_reason)i;
        size_t len = strlen(te_drop_name(reason));
        assert_true(len > 3);
        assert_int_equal(strspn(te_drop_name(reason), "abcdefghijklmnopqrstuvwxyz0123456789_"),
                         len);
        assert_true(strlen(te_drop_text(reason)) > 5);
        assert_true(is_counter(te_drop_counter_name(reason)));
        for (unsigned k = 1; k < i; k++)
            assert_string_not_equal(te_drop_name(reason), te_drop_name((enum te_drop_reason)k));
    }
    assert_string_equal(te_drop_name(TE_DROP_PAWS), "paws");
    assert_string_equal(te_drop_counter_name(TE_DROP_PAWS), "paws_rejected");
    assert_string_equal(te_drop_name(TE_DROP_NONE), "");
    assert_string_equal(te_drop_text((enum te_drop_reason)TE_DROP_COUNT), "?");
}

static void each_reason_counts_its_counter_and_no_other(void **state)
{
    struct fixture f;
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    (void)state;
    start(&f, LOGS);
    for (unsigned i = 1; i < TE_DROP_COUNT; i++) {
        enum te_drop_reason reason = (enum te_drop_reason)i;
        struct te_counters before = *fixture_counters(&f);
        te_drop_packet(f.stack, reason, NULL, NULL);
        for (size_t k = 0; k < count; k++) {
            uint64_t was, is;
            memcpy(&was, (const char *)&before + table[k].offset, sizeof(was));
            memcpy(&is, (const char *)fixture_counters(&f) + table[k].offset, sizeof(is));
            assert_int_equal(is - was,
                             strcmp(table[k].name, te_drop_counter_name(reason)) == 0 ? 1 : 0);
        }
    }
    stop(&f);
}

static void packets_that_go_together_are_one_entry(void **state)
{
    struct fixture f;
    struct te_drop_about about = {.id = 0};
    (void)state;
    start(&f, LOGS);
    te_drop_packets(f.stack, TE_DROP_REASSEMBLY_LIMIT, 5, &about);
    te_drop_packets(f.stack, TE_DROP_REASSEMBLY_LIMIT, 0, &about);
    assert_int_equal(fixture_counters(&f)->reassembly_limit, 5);
    assert_int_equal(count_of(&f, 0), 1);
    stop(&f);
}

/* --- the stack's ring ------------------------------------------------------------------------- */

static void an_entry_has_time_segment_and_both_ends(void **state)
{
    struct fixture f;
    struct te_dropped drops[TE_DROPS_MAX];
    struct te_segment_info info = {.seq = 1, .ack = 2, .wnd_bytes = 3, .len_bytes = 4, .flags = 5};
    struct te_endpoint local = {fixture_addr("10.0.0.1"), 80};
    struct te_endpoint remote = {fixture_addr("10.0.0.2"), 4000};
    struct te_drop_about about = {.id = 7, .local = &local, .remote = &remote, .segment = &info};
    (void)state;
    start(&f, LOGS);
    fixture_advance(&f, 5 * SECOND);
    te_drop(f.stack, TE_DROP_PAWS, &about);
    assert_int_equal(copy(&f, 0, drops), 1);
    assert_int_equal(drops[0].time_us, f.now_us);
    assert_int_equal(drops[0].reason, TE_DROP_PAWS);
    assert_int_equal(drops[0].id, 7);
    assert_true(drops[0].has_segment && drops[0].has_endpoints);
    assert_memory_equal(&drops[0].segment, &info, offsetof(struct te_segment_info, flags) + 1);
    assert_true(te_addr_equal(&drops[0].local.addr, &local.addr));
    assert_int_equal(drops[0].remote.port, 4000);
    assert_int_equal(copy(&f, 7, drops), 1);
    assert_true(drops[0].has_segment);
    assert_int_equal(drops[0].segment.wnd_bytes, 3);
    assert_int_equal(drops[0].id, 7);
    te_drop_packet(f.stack, TE_DROP_ETH_MALFORMED, NULL, NULL);
    assert_int_equal(copy(&f, 0, drops), 2);
    assert_false(drops[1].has_segment || drops[1].has_endpoints);
    te_drop_packet(f.stack, TE_DROP_IP_MALFORMED, &local.addr, &remote.addr);
    assert_int_equal(copy(&f, 0, drops), 3);
    assert_true(drops[2].has_endpoints);
    assert_int_equal(drops[2].remote.port, 0);
    stop(&f);
}

static void the_ring_keeps_the_last_64_in_order(void **state)
{
    struct fixture f;
    struct te_dropped drops[TE_DROPS_MAX];
    (void)state;
    start(&f, LOGS);
    for (uint32_t i = 1; i <= 200; i++) {
        drop_of(&f, i, i, false);
        unsigned want = i < TE_DROPS_MAX ? i : TE_DROPS_MAX;
        assert_int_equal(copy(&f, 0, drops), want);
        for (unsigned k = 0; k < want; k++)
            assert_int_equal(drops[k].segment.seq, i - want + 1 + k);
    }
    stop(&f);
}

/* What a busy LAN is full of has one place per reason, the latest, among the others in order. */
static void noise_leaves_the_ring_to_the_others(void **state)
{
    static const enum te_drop_reason noises[] = {TE_DROP_ETH_NOT_FOR_US,   TE_DROP_ETH_VLAN,
                                                 TE_DROP_ETH_UNKNOWN_TYPE, TE_DROP_ARP_NOT_FOR_US,
                                                 TE_DROP_ND_NOT_FOR_US,    TE_DROP_TCP_FLOOD};
    struct fixture f;
    struct te_dropped drops[TE_DROPS_MAX];
    (void)state;
    start(&f, LOGS);
    for (uint32_t i = 1; i <= 50; i++) {
        drop_of(&f, i, i, false);
        for (unsigned k = 0; k < 120; k++)
            te_drop_packet(f.stack, noises[k % 6], NULL, NULL);
        unsigned count = copy(&f, 0, drops);
        assert_int_equal(count, i + 6);
        for (unsigned k = 0; k < i; k++)
            assert_int_equal(drops[k].segment.seq, k + 1);
        for (unsigned k = 0; k < 6; k++)
            assert_int_equal(drops[i + k].reason, noises[k]);
    }
    assert_int_equal(fixture_counters(&f)->eth_not_for_us, 1000);
    for (uint32_t i = 51; i <= 200; i++) {
        te_drop_packet(f.stack, TE_DROP_ETH_NOT_FOR_US, NULL, NULL);
        drop_of(&f, i, i, false);
        unsigned count = copy(&f, 0, drops);
        assert_true(count <= TE_DROPS_MAX);
        assert_int_equal(drops[count - 1].segment.seq, i);
        assert_int_equal(drops[count - 2].reason, TE_DROP_ETH_NOT_FOR_US);
    }
    assert_int_equal(copy(&f, 0, drops), TE_DROPS_MAX);
    unsigned noise_count = 0;
    for (unsigned i = 0; i < TE_DROPS_MAX; i++)
        noise_count += drops[i].reason == TE_DROP_ETH_NOT_FOR_US;
    assert_int_equal(noise_count, 1);
    stop(&f);
}

/* --- the logs of connections ------------------------------------------------------------------ */

static void a_log_keeps_the_last_8_in_order(void **state)
{
    struct fixture f;
    struct te_dropped drops[TE_DROPS_MAX];
    (void)state;
    start(&f, LOGS);
    assert_int_equal(count_of(&f, 1), 0);
    for (uint32_t i = 1; i <= 20; i++) {
        drop_of(&f, 1, i, false);
        unsigned want = i < TE_CONN_DROPS_MAX ? i : TE_CONN_DROPS_MAX;
        assert_int_equal(copy(&f, 1, drops), want);
        for (unsigned k = 0; k < want; k++)
            assert_int_equal(drops[k].segment.seq, i - want + 1 + k);
    }
    stop(&f);
}

static void drops_of_others_push_nothing_out(void **state)
{
    struct fixture f;
    struct te_dropped drops[TE_DROPS_MAX];
    (void)state;
    start(&f, LOGS);
    for (uint32_t i = 1; i <= TE_CONN_DROPS_MAX; i++)
        drop_of(&f, 1, i, false);
    for (uint32_t i = 0; i < 100000; i++) {
        struct te_drop_about nobody = {.id = 0};
        te_drop(f.stack, TE_DROP_TCP_NO_CONNECTION, &nobody);
        nobody.id = 2 + i % (LOGS - 1);
        te_drop(f.stack, TE_DROP_BAD_ACK, &nobody);
    }
    assert_int_equal(copy(&f, 1, drops), TE_CONN_DROPS_MAX);
    for (uint32_t i = 0; i < TE_CONN_DROPS_MAX; i++)
        assert_int_equal(drops[i].segment.seq, i + 1);
    stop(&f);
}

static void the_log_whose_latest_drop_is_oldest_makes_room(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, LOGS);
    for (uint64_t id = 1; id <= LOGS; id++)
        drop_of(&f, id, 1, false);
    drop_of(&f, 1, 2, false);
    drop_of(&f, 9, 1, false);
    assert_int_equal(count_of(&f, 1), 2);
    assert_int_equal(count_of(&f, 2), 0);
    assert_int_equal(count_of(&f, 3), 1);
    assert_int_equal(count_of(&f, 9), 1);
    stop(&f);
}

static void half_open_connections_take_no_log_of_others(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, LOGS);
    drop_of(&f, 1, 1, false);
    for (uint64_t id = 100; id < 200; id++) { /* they have three of the four, and then their own */
        drop_of(&f, id, 1, true);
        assert_int_equal(count_of(&f, id), 1);
    }
    assert_int_equal(count_of(&f, 1), 1);
    assert_int_equal(count_of(&f, 196), 0);
    for (uint64_t id = 2; id <= LOGS; id++) { /* whoever is there takes theirs first */
        drop_of(&f, id, 1, false);
        assert_int_equal(count_of(&f, 1), 1);
    }
    drop_of(&f, 200, 1, true);
    assert_int_equal(count_of(&f, 200), 0);
    for (uint64_t id = 1; id <= LOGS; id++)
        assert_int_equal(count_of(&f, id), 1);
    stop(&f);
}

static void a_connection_that_was_half_open_keeps_its_log(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 2);
    drop_of(&f, 1, 1, true);
    drop_of(&f, 1, 2, false);
    drop_of(&f, 2, 1, false);
    drop_of(&f, 3, 1, true);
    assert_int_equal(count_of(&f, 1), 2);
    assert_int_equal(count_of(&f, 3), 0);
    stop(&f);
}

static void without_logs_the_ring_alone_remembers(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 0);
    drop_of(&f, 1, 1, false);
    drop_of(&f, 2, 1, true);
    assert_int_equal(count_of(&f, 1), 0);
    assert_int_equal(count_of(&f, 0), 2);
    assert_int_equal(fixture_counters(&f)->tcp_unacceptable, 2);
    stop(&f);
}

/* --- against a model: the last drop of each id decides who has a log -------------------------- */

#define IDS 40
#define STEPS 20000

struct model {
    uint32_t drops[IDS]; /* that its log has seen; 0: it has none */
    uint64_t last[IDS];
    bool is_half_open[IDS];
};

/* Whose log id takes: one of the half-open first, the oldest of its kind. IDS: none. */
static unsigned model_victim(const struct model *model, bool is_half_open)
{
    unsigned victim = IDS, logs = 0;
    bool any_half_open = false;
    for (unsigned i = 0; i < IDS; i++)
        any_half_open |= model->drops[i] > 0 && model->is_half_open[i];
    for (unsigned i = 0; i < IDS; i++) {
        logs += model->drops[i] > 0;
        if (model->drops[i] > 0 && model->is_half_open[i] == any_half_open &&
            (victim == IDS || model->last[i] < model->last[victim]))
            victim = i;
    }
    assert_true(logs == LOGS);
    return is_half_open && !any_half_open ? IDS : victim;
}

static void model_drop(struct model *model, unsigned i, uint64_t now, bool is_half_open)
{
    unsigned logs = 0;
    for (unsigned k = 0; k < IDS; k++)
        logs += model->drops[k] > 0;
    if (model->drops[i] == 0 && logs == LOGS) {
        unsigned victim = model_victim(model, is_half_open);
        if (victim == IDS)
            return;
        model->drops[victim] = 0;
    }
    model->drops[i]++;
    model->last[i] = now;
    model->is_half_open[i] = is_half_open;
}

static void the_pool_does_what_a_simple_model_does(void **state)
{
    struct fixture f;
    struct model model = {.drops = {0}};
    uint64_t seed = 1;
    (void)state;
    start(&f, LOGS);
    for (uint64_t step = 1; step <= STEPS; step++) {
        unsigned i = (unsigned)(random_next(&seed) % IDS);
        bool is_half_open = random_next(&seed) % 3 == 0;
        drop_of(&f, i + 1, 1, is_half_open);
        model_drop(&model, i, step, is_half_open);
        for (unsigned k = 0; k < IDS; k++) {
            uint32_t want = model.drops[k] < TE_CONN_DROPS_MAX ? model.drops[k] : TE_CONN_DROPS_MAX;
            assert_int_equal(count_of(&f, k + 1), want);
        }
    }
    stop(&f);
}

/* --- memory, and the user's call -------------------------------------------------------------- */

static void drops_ask_for_no_memory_and_the_default_is_modest(void **state)
{
    struct fixture f;
    struct te_config config;
    (void)state;
    te_config_init(&config);
    assert_in_range(te_drop_logs_bytes(&config), 1, 128 << 10);
    start(&f, LOGS);
    int64_t held = f.heap.held_bytes;
    f.heap.allocations_left = 0;
    for (uint64_t id = 0; id < 1000; id++)
        drop_of(&f, id, 1, false);
    assert_int_equal(f.heap.held_bytes, held);
    f.heap.allocations_left = -1;
    stop(&f);
}

static void te_drops_knows_who_was_there(void **state)
{
    struct fixture f;
    struct te_dropped drops[TE_DROPS_MAX];
    struct te_listen listen = {.local = {fixture_addr("10.0.0.1"), 80}};
    unsigned count = 77;
    uint64_t id;
    (void)state;
    start(&f, LOGS);
    drop_of(&f, 5, 1, false); /* nobody has that id */
    assert_int_equal(te_drops(f.stack, 5, drops, &count), TE_ERR_NO_CONNECTION);
    assert_int_equal(count, 77);
    assert_int_equal(te_open_passive(f.stack, &listen, &id, f.now_us), TE_OK);
    assert_int_equal(te_drops(f.stack, id, drops, &count), TE_OK);
    assert_int_equal(count, 0);
    drop_of(&f, id, 1, false);
    assert_int_equal(te_close(f.stack, id, f.now_us), TE_OK);
    assert_int_equal(te_drops(f.stack, id, drops, &count), TE_OK); /* gone, and still known */
    assert_int_equal(count, 1);
    assert_int_equal(te_drops(f.stack, 0, drops, &count), TE_OK);
    assert_int_equal(count, 2);
    stop(&f);
}

static void a_restored_stack_has_counters_and_no_logs(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, LOGS);
    drop_of(&f, 1, 1, false);
    te_drop_packet(f.stack, TE_DROP_ARP_LOOPED, NULL, NULL);
    fixture_rebear(&f);
    assert_int_equal(count_of(&f, 0), 0);
    assert_int_equal(count_of(&f, 1), 0);
    assert_int_equal(fixture_counters(&f)->tcp_unacceptable, 1);
    assert_int_equal(fixture_counters(&f)->arp_ignored, 1);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_a_name_a_counter_and_a_sentence),
        cmocka_unit_test(each_reason_counts_its_counter_and_no_other),
        cmocka_unit_test(packets_that_go_together_are_one_entry),
        cmocka_unit_test(an_entry_has_time_segment_and_both_ends),
        cmocka_unit_test(the_ring_keeps_the_last_64_in_order),
        cmocka_unit_test(noise_leaves_the_ring_to_the_others),
        cmocka_unit_test(a_log_keeps_the_last_8_in_order),
        cmocka_unit_test(drops_of_others_push_nothing_out),
        cmocka_unit_test(the_log_whose_latest_drop_is_oldest_makes_room),
        cmocka_unit_test(half_open_connections_take_no_log_of_others),
        cmocka_unit_test(a_connection_that_was_half_open_keeps_its_log),
        cmocka_unit_test(without_logs_the_ring_alone_remembers),
        cmocka_unit_test(the_pool_does_what_a_simple_model_does),
        cmocka_unit_test(drops_ask_for_no_memory_and_the_default_is_modest),
        cmocka_unit_test(te_drops_knows_who_was_there),
        cmocka_unit_test(a_restored_stack_has_counters_and_no_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
