#include <stdlib.h>
#include <string.h>

#include <tcpengine/units.h>

#include "rpc/event_log.h"
#include "support/test.h"

#define MAX 8

static int setup(void **state)
{
    *state = event_log_new(MAX);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    event_log_free(*state);
    return 0;
}

static void push(struct event_log *log, uint64_t id, uint32_t uid)
{
    const struct te_event event = {
        .kind = TE_EVENT_STATE,
        .id = id,
        .time_us = (int64_t)id * 10,
        .uid = uid,
        .local = {.port = 80},
        .remote = {.port = 1234},
        .transition = {.from = TE_SYN_SENT, .to = TE_ESTABLISHED, .cause = TE_CAUSE_RECV_SYN_ACK}};
    event_log_push(log, &event);
}

static const struct event_log_entry *next(const struct event_log *log,
                                          struct event_log_reader *reader)
{
    uint32_t uid;
    return event_log_next(log, reader, &uid);
}

static void test_empty(void **state)
{
    struct event_log_reader reader = {.sees_all = true};
    assert_true(event_log_last_seq(*state) == 0);
    assert_null(next(*state, &reader));
    assert_true(reader.seq == 0 && reader.lost == 0);
}

static void test_numbered_from_one(void **state)
{
    struct event_log_reader reader = {.sees_all = true};
    uint32_t uid;
    push(*state, 5, 1000);
    push(*state, 6, 1001);
    assert_true(event_log_last_seq(*state) == 2);
    const struct event_log_entry *entry = event_log_next(*state, &reader, &uid);
    assert_true(entry->seq == 1 && entry->id == 5 && entry->time_us == 50);
    assert_int_equal(uid, 1000);
    assert_int_equal(entry->to, TE_ESTABLISHED);
    assert_int_equal(entry->cause, TE_CAUSE_RECV_SYN_ACK);
    assert_int_equal(entry->local.port, 80);
    assert_true(next(*state, &reader)->seq == 2);
    assert_null(next(*state, &reader));
    assert_true(reader.seq == 2);
}

static void test_readiness_is_not_kept(void **state)
{
    const struct te_event event = {.kind = TE_EVENT_READY, .id = 1, .ready = TE_READY_RECEIVE};
    event_log_push(*state, &event);
    assert_true(event_log_last_seq(*state) == 0);
}

static void test_only_ones_own_are_seen(void **state)
{
    struct event_log_reader reader = {.uid = 1001};
    for (uint64_t id = 1; id <= 6; id++)
        push(*state, id, id % 2 == 0 ? 1001 : 1000);
    assert_true(next(*state, &reader)->id == 2);
    assert_true(next(*state, &reader)->id == 4);
    assert_true(next(*state, &reader)->id == 6);
    assert_null(next(*state, &reader));
    push(*state, 7, 1000);
    assert_null(next(*state, &reader));
    assert_true(reader.seq == 7); /* passed over */
}

/* Whose they were is known of as many as are kept, and is told to those who may see them. */
static void test_losses_are_told_by_connection(void **state)
{
    struct event_log *log = *state;
    struct event_log_loss losses[EVENT_LOG_LOSSES_MAX];
    const struct event_log_reader all = {.sees_all = true}, poor = {.uid = 1001};
    for (unsigned i = 0; i < 4; i++)
        push(log, 17, 1000);
    push(log, 18, 1001);
    assert_int_equal(event_log_losses(log, &all, 0, losses), 0); /* all are kept */
    for (unsigned i = 0; i < MAX; i++)
        push(log, 20, 1000);
    assert_int_equal(event_log_losses(log, &all, 0, losses), 2);
    assert_true(losses[0].id == 17 && losses[0].count == 4);
    assert_true(losses[1].id == 18 && losses[1].count == 1);
    assert_int_equal(event_log_losses(log, &all, 3, losses), 2);
    assert_int_equal(losses[0].count, 1);
    assert_int_equal(event_log_losses(log, &poor, 0, losses), 1);
    assert_int_equal(losses[0].id, 18);
    for (unsigned i = 0; i < MAX - 2; i++)
        push(log, 21, 1000);
    assert_int_equal(event_log_losses(log, &all, 0, losses), 3);
    assert_true(losses[0].id == 17 && losses[0].count == 1); /* the others are forgotten */
    assert_true(losses[2].id == 20 && losses[2].count == 6);
    event_log_skip(log, 1000);
    push(log, 22, 1000);
    assert_int_equal(event_log_losses(log, &all, 0, losses), 0); /* lost before they got here */
}

static void test_many_connections_lose(void **state)
{
    struct event_log *log = event_log_new(64);
    struct event_log_loss losses[EVENT_LOG_LOSSES_MAX];
    const struct event_log_reader all = {.sees_all = true};
    (void)state;
    for (unsigned i = 0; i < 128; i++)
        push(log, 100 + i % 32, 1000);
    assert_int_equal(event_log_losses(log, &all, 0, losses), EVENT_LOG_LOSSES_MAX);
    for (unsigned i = 0; i < EVENT_LOG_LOSSES_MAX; i++)
        assert_true(losses[i].id == 100 + i && losses[i].count == 2);
    event_log_free(log);
}

static void test_overwritten_are_counted(void **state)
{
    struct event_log_reader reader = {.sees_all = true, .seq = 2};
    for (uint64_t id = 1; id <= MAX + 5; id++)
        push(*state, id, 1000);
    assert_true(next(*state, &reader)->seq == 6); /* 1..5 are gone; 3..5 were not read */
    assert_true(reader.lost == 3);
}

static void test_others_losses_are_not_told(void **state)
{
    struct event_log_reader reader = {.uid = 1001}, poor = {.uid = 1000};
    for (uint64_t id = 1; id <= 3 * MAX; id++)
        push(*state, id, 1000);
    assert_null(next(*state, &reader));
    assert_true(reader.lost == 0);
    assert_true(next(*state, &poor)->seq == 2 * MAX + 1);
    assert_true(poor.lost == 2 * MAX);
}

static void test_gap_before_the_log(void **state)
{
    struct event_log_reader reader = {.sees_all = true};
    push(*state, 1, 1000);
    event_log_skip(*state, 2);
    push(*state, 2, 1000);
    assert_true(next(*state, &reader)->seq == 1);
    assert_true(next(*state, &reader)->seq == 4);
    assert_true(reader.lost == 2);
    event_log_skip(*state, 1000000); /* more than fits */
    push(*state, 3, 1000);
    assert_true(next(*state, &reader)->id == 3);
    assert_true(reader.lost == 1000002);
}

static void test_number_of_another_boot(void **state)
{
    struct event_log_reader reader = {.sees_all = true, .seq = UINT64_MAX};
    push(*state, 1, 1000);
    assert_null(next(*state, &reader));
    assert_true(reader.seq == 1 && reader.lost == 0);
}

/* Others' events cost steps as well; who goes on from there finds what is his. */
static void test_a_search_is_bounded(void **state)
{
    struct event_log_reader reader = {.uid = 1001};
    uint32_t steps = 3, uid;
    for (uint64_t id = 1; id < MAX; id++)
        push(*state, id, 1000);
    push(*state, MAX, 1001);
    assert_null(event_log_next_some(*state, &reader, &steps, &uid));
    assert_true(steps == 0 && reader.seq == 3 && reader.lost == 0);
    steps = MAX;
    const struct event_log_entry *entry = event_log_next_some(*state, &reader, &steps, &uid);
    assert_non_null(entry);
    assert_true(entry->id == MAX && uid == 1001 && steps == 3);
    assert_null(event_log_next_some(*state, &reader, &steps, &uid));
    assert_true(steps == 3 && reader.seq == MAX);
}

/* Events that were lost on the way push out those that were kept, too. */
static void test_lost_ones_of_a_user(void **state)
{
    struct event_log_reader poor = {.uid = 1001, .seq = 1}, other = {.uid = 1002, .seq = 1};
    push(*state, 1, 1000);
    push(*state, 2, 1001);
    event_log_skip(*state, MAX);
    assert_null(next(*state, &poor));
    assert_true(poor.lost > 0);
    push(*state, 3, 1002);
    assert_int_equal(next(*state, &other)->id, 3);
    assert_int_equal(other.lost, 0);
}

/* --- what is kept of each --------------------------------------------------------------------- */

struct env_random {
    uint64_t seed;
};

static uint64_t next_random(struct env_random *random)
{
    random->seed = random->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return random->seed >> 33;
}

/* Each number of bits as often. */
static uint64_t any_size(struct env_random *random)
{
    uint64_t number = next_random(random) << 33 ^ next_random(random) << 11 ^ next_random(random);
    return number >> next_random(random) % 64;
}

static struct te_endpoint endpoint(const char *text, uint16_t port)
{
    struct te_endpoint endpoint = {.port = port};
    assert_true(te_addr_parse(text, &endpoint.addr));
    return endpoint;
}

static void expect_transition(const struct event_log_entry *entry, const struct te_event *event)
{
    const struct te_transition *transition = &event->transition;
    assert_int_equal(entry->from, transition->from);
    assert_int_equal(entry->to, transition->to);
    assert_int_equal(entry->cause, transition->cause);
    assert_int_equal(entry->has_segment, transition->has_segment);
    if (entry->has_segment) {
        assert_int_equal(entry->segment.seq, transition->segment.seq);
        assert_int_equal(entry->segment.ack, transition->segment.ack);
        assert_int_equal(entry->segment.wnd_bytes, transition->segment.wnd_bytes);
        assert_int_equal(entry->segment.len_bytes, transition->segment.len_bytes);
        assert_int_equal(entry->segment.flags, transition->segment.flags);
    }
}

static void expect_kept(const struct event_log_entry *entry, const struct te_event *event)
{
    assert_int_equal(entry->kind, event->kind);
    assert_int_equal(entry->id, event->id);
    assert_int_equal(entry->time_us, event->time_us);
    assert_int_equal(entry->tag, event->tag);
    assert_true(te_addr_equal(&entry->local.addr, &event->local.addr));
    assert_true(te_addr_equal(&entry->remote.addr, &event->remote.addr));
    assert_int_equal(entry->local.port, event->local.port);
    assert_int_equal(entry->remote.port, event->remote.port);
    if (event->kind == TE_EVENT_STATE)
        expect_transition(entry, event);
    else
        assert_int_equal(entry->has_segment, 0);
    if (event->kind == TE_EVENT_NOTE)
        assert_memory_equal(&entry->note, &event->note, sizeof(event->note));
}

/* One of each kind, with values of every size. Numbers go up and down between them. */
static struct te_event event_of(struct env_random *random)
{
    static const char *const addresses[][2] = {{"10.0.0.1", "10.0.0.2"},
                                               {"fe80::1", "2001:db8::7"},
                                               {"::", "1.2.3.4"},
                                               {"0.0.0.0", "::1"}};
    const char *const *pair = addresses[next_random(random) % 4];
    struct te_event event = {.kind = next_random(random) % 8 == 0 ? TE_EVENT_NOTE : TE_EVENT_STATE,
                             .id = any_size(random),
                             .time_us = (int64_t)(any_size(random) >> 2),
                             .uid = (uint32_t)any_size(random),
                             .tag = (uint32_t)any_size(random),
                             .local = endpoint(pair[0], (uint16_t)any_size(random)),
                             .remote = endpoint(pair[1], (uint16_t)any_size(random))};
    if (event.kind == TE_EVENT_NOTE) {
        memset(&event.note, (int)next_random(random), sizeof(event.note));
        return event;
    }
    event.transition.from = next_random(random) % TE_STATE_COUNT;
    event.transition.to = next_random(random) % TE_STATE_COUNT;
    event.transition.cause = next_random(random) % TE_CAUSE_COUNT;
    event.transition.has_segment = next_random(random) % 2 == 0;
    if (event.transition.has_segment)
        event.transition.segment = (struct te_segment_info){.seq = (uint32_t)any_size(random),
                                                            .ack = (uint32_t)any_size(random),
                                                            .wnd_bytes = (uint32_t)any_size(random),
                                                            .len_bytes = (uint16_t)any_size(random),
                                                            .flags = (uint8_t)any_size(random)};
    return event;
}

/* Through many times what it keeps: whatever is still there is as it came. */
static void test_what_is_kept_is_what_came(void **state)
{
    (void)state;
    enum { KEPT = 1000, PUSHED = 20000 };
    static struct te_event events[KEPT];
    struct env_random random = {.seed = 20260101};
    struct event_log *log = event_log_new(KEPT);
    uint32_t uid;
    for (unsigned i = 1; i <= PUSHED; i++) {
        /* Notes of the same second, of which few are kept, are another test's: these are the
         * newest of all, and each in a second of its own. */
        struct te_event event = event_of(&random);
        if (event.kind == TE_EVENT_NOTE)
            event.time_us = (INT64_C(1) << 62) + (int64_t)i * 10 * TE_SECOND;
        uint64_t before = event_log_last_seq(log);
        event_log_push(log, &event);
        assert_int_equal(event_log_last_seq(log), before + 1);
        events[i % KEPT] = event;
        if (i % 97 != 0)
            continue;
        struct event_log_reader reader = {.sees_all = true};
        for (unsigned j = i < KEPT ? 1 : i - KEPT + 1; j <= i; j++) {
            const struct event_log_entry *entry = event_log_next(log, &reader, &uid);
            assert_int_equal(entry->seq, j);
            assert_int_equal(uid, events[j % KEPT].uid);
            expect_kept(entry, &events[j % KEPT]);
        }
        assert_null(event_log_next(log, &reader, &uid));
    }
    event_log_free(log);
}

/* --- notes ------------------------------------------------------------------------------------ */

static void push_notes(struct event_log *log, uint64_t id, unsigned count, int64_t time_us)
{
    for (unsigned i = 0; i < count; i++) {
        const struct te_event event = {.kind = TE_EVENT_NOTE,
                                       .id = id,
                                       .uid = (uint32_t)id,
                                       .time_us = time_us,
                                       .note = {.kind = TE_NOTE_RTO, .count = i}};
        event_log_push(log, &event);
    }
}

static void test_a_flood_of_notes_is_counted_by_connection(void **state)
{
    (void)state;
    struct event_log *log = event_log_new(1024);
    struct event_log_reader reader = {.sees_all = true};
    uint32_t uid;
    push_notes(log, 1, EVENT_LOG_NOTES_PER_SECOND, 0);
    push_notes(log, 1, 30, 10);
    push_notes(log, 2, 5, 20);
    for (uint64_t id = 3; id < 100; id++)
        push_notes(log, id, 1, 999999);
    assert_int_equal(event_log_last_seq(log), EVENT_LOG_NOTES_PER_SECOND);
    push_notes(log, 1, 1, 1000000);
    for (unsigned i = 0; i < EVENT_LOG_NOTES_PER_SECOND; i++) {
        const struct event_log_entry *entry = next(log, &reader);
        assert_int_equal(entry->kind, TE_EVENT_NOTE);
        assert_int_equal(entry->note.count, i);
    }
    uint64_t lost = 0, entries = 0;
    const struct event_log_entry *entry;
    while ((entry = event_log_next(log, &reader, &uid))->kind == EVENT_LOG_NOTES_LOST) {
        assert_int_equal(uid, entry->id);
        assert_int_equal(entry->time_us, 1000000);
        if (entry->id == 1)
            assert_int_equal(entry->note.value, 30);
        if (entry->id == 2)
            assert_int_equal(entry->note.value, 5);
        lost += (uint64_t)entry->note.value;
        entries++;
    }
    assert_int_equal(lost, 30 + 5 + 97);
    assert_int_equal(entries, 17); /* 16 by their connections, the others together */
    assert_int_equal(entry->kind, TE_EVENT_NOTE);
    assert_int_equal(reader.lost, 0);
    event_log_free(log);
}

static void test_changes_of_state_are_kept_in_a_flood(void **state)
{
    (void)state;
    struct event_log *log = event_log_new(1024);
    struct event_log_reader reader = {.sees_all = true};
    push(log, 1, 0);
    push_notes(log, 2, 5000, 100);
    push(log, 20, 0);
    assert_int_equal(next(log, &reader)->id, 1);
    for (unsigned i = 0; i < EVENT_LOG_NOTES_PER_SECOND; i++)
        assert_int_equal(next(log, &reader)->kind, TE_EVENT_NOTE);
    assert_int_equal(next(log, &reader)->kind, TE_EVENT_STATE);
    assert_null(next(log, &reader));
    event_log_free(log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void test_faults(void **state)
{
    struct event_log_reader reader = {.sees_all = false, .uid = 1000};
    const struct fault fault = {
        .id = 9,
        .order.spec = {.kind = TE_FAULT_DELAY, .aim = TE_FAULT_AIM_FIN, .ways = TE_FAULT_IN}};
    struct fault_note note = {.phase = FAULT_HIT,
                              .fault = &fault,
                              .time_us = 70,
                              .conn_id = 5,
                              .uid = 1000,
                              .remote = {.port = 1234},
                              .has_segment = true,
                              .segment = {.seq = 42}};
    uint32_t uid;
    event_log_push_fault(*state, &note);
    note.uid = 1001; /* of somebody else's connection */
    event_log_push_fault(*state, &note);
    const struct event_log_entry *entry = event_log_next(*state, &reader, &uid);
    assert_true(entry->seq == 1 && entry->id == 5 && entry->time_us == 70 && uid == 1000);
    assert_int_equal(entry->kind, EVENT_LOG_FAULT + FAULT_HIT);
    assert_int_equal(entry->fault_id, 9);
    assert_int_equal(entry->fault_kind, TE_FAULT_DELAY);
    assert_int_equal(entry->fault_aim, TE_FAULT_AIM_FIN);
    assert_int_equal(entry->fault_ways, TE_FAULT_IN);
    assert_true(entry->has_segment && entry->segment.seq == 42);
    assert_int_equal(entry->remote.port, 1234);
    assert_null(next(*state, &reader));
    assert_true(event_log_last_seq(*state) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_a_search_is_bounded),
        TEST(test_numbered_from_one),
        TEST(test_readiness_is_not_kept),
        TEST(test_only_ones_own_are_seen),
        TEST(test_overwritten_are_counted),
        TEST(test_losses_are_told_by_connection),
        TEST(test_many_connections_lose),
        TEST(test_others_losses_are_not_told),
        TEST(test_gap_before_the_log),
        TEST(test_number_of_another_boot),
        TEST(test_what_is_kept_is_what_came),
        TEST(test_lost_ones_of_a_user),
        TEST(test_a_flood_of_notes_is_counted_by_connection),
        TEST(test_changes_of_state_are_kept_in_a_flood),
        TEST(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
