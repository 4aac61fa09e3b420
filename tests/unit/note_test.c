/* note.h: kinds, and the pool of the connections' logs. */
#include <string.h>

#include "note.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"

#define LOGS 4

static void start(struct fixture *f, uint32_t log_max)
{
    fixture_init(f);
    f->config.note_log_conn_max = log_max;
    f->config.history_conn_max = 16;
    fixture_start(f);
}

static void stop(struct fixture *f)
{
    assert_null(te_notes_check(f->stack));
    fixture_stop(f);
}

/* value tells the notes of one connection apart. */
static void note_of(struct fixture *f, uint64_t id, int64_t value, bool is_half_open)
{
    static const struct te_endpoint local = {.port = 80}, remote = {.port = 1234};
    struct te_note_subject subject = {
        .id = id, .uid = 7, .local = &local, .remote = &remote, .is_half_open = is_half_open};
    te_note_add(f->stack, &subject,
                &(struct te_note){.kind = TE_NOTE_CHALLENGE_ACK, .value = value});
    assert_null(te_notes_check(f->stack));
}

static unsigned count_of(const struct fixture *f, uint64_t id)
{
    struct te_note notes[TE_NOTES_MAX];
    uint64_t older;
    return te_note_copy(f->stack, id, notes, &older);
}

/* --- kinds ------------------------------------------------------------------------------------ */

static void each_kind_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    for (unsigned i = 1; i < TE_NOTE_COUNT; i++) {
        const struct te_note_info *info = te_note_info((enum te_note_kind)i);
        size_t len = strlen(info->name);
        assert_true(len > 2);
        assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz_"), len);
        assert_true(strlen(info->text) > 5);
        for (unsigned k = 1; k < i; k++)
            assert_string_not_equal(info->name, te_note_info((enum te_note_kind)k)->name);
    }
    assert_string_equal(te_note_info(TE_NOTE_RTO)->name, "rto");
    assert_int_equal(te_note_info(TE_NOTE_RTO)->unit, TE_NOTE_US);
    assert_string_equal(te_note_info(TE_NOTE_NONE)->name, "");
    assert_string_equal(te_note_info(TE_NOTE_COUNT)->name, "?");
}

/* --- one log ---------------------------------------------------------------------------------- */

static void the_last_are_kept_in_order_with_their_times(void **state)
{
    (void)state;
    struct fixture f;
    struct te_note notes[TE_NOTES_MAX];
    uint64_t older = 0;
    start(&f, LOGS);
    for (unsigned i = 0; i < TE_NOTES_MAX + 3; i++) {
        fixture_advance(&f, 10);
        note_of(&f, 5, i, false);
    }
    assert_int_equal(te_note_copy(f.stack, 5, notes, &older), TE_NOTES_MAX);
    assert_int_equal(older, 3);
    for (unsigned i = 0; i < TE_NOTES_MAX; i++) {
        assert_int_equal(notes[i].value, i + 3);
        assert_int_equal(notes[i].time_us, f.now_us - 10 * (int64_t)(TE_NOTES_MAX - 1 - i));
    }
    assert_int_equal(te_note_copy(f.stack, 6, notes, &older), 0);
    assert_int_equal(older, 0);
    stop(&f);
}

/* --- faults ----------------------------------------------------------------------------------- */

/* Hits in a row are one note; another note, or another fault, begins a new one. */
static void hits_of_one_fault_in_a_row_are_one_note(void **state)
{
    (void)state;
    struct fixture f;
    struct te_note notes[TE_NOTES_MAX];
    struct te_event event;
    uint64_t older, id;
    start(&f, LOGS);
    te_note_events(f.stack, true);
    struct te_open open = {
        .remote = {.addr = te_addr_from_v4((const uint8_t[]){10, 0, 0, 2}), .port = 80}};
    assert_int_equal(te_open_active(f.stack, &open, &id, f.now_us), TE_OK);
    while (te_stack_next_event(f.stack, &event))
        ;
    for (unsigned i = 0; i < 3; i++)
        te_note_fault(f.stack, id, 7, 100 + i, 10, f.now_us + i);
    te_note_fault(f.stack, id, 8, 5, 0, f.now_us + 3);
    note_of(&f, id, 0, false);
    te_note_fault(f.stack, id, 8, 5, 0, f.now_us + 4);
    assert_int_equal(te_note_copy(f.stack, id, notes, &older), 4);
    assert_int_equal(notes[0].kind, TE_NOTE_FAULT);
    assert_int_equal(notes[0].value, 7);
    assert_int_equal(notes[0].count, 3);
    assert_int_equal(notes[0].seq, 102);
    assert_int_equal(notes[0].len_bytes, 10);
    assert_int_equal(notes[0].time_us, f.now_us + 2);
    assert_int_equal(notes[0].state, TE_SYN_SENT);
    assert_int_equal(notes[1].value, 8);
    assert_int_equal(notes[1].count, 1);
    assert_int_equal(notes[3].count, 1);
    assert_true(te_stack_next_event(f.stack, &event)); /* of the other note alone */
    assert_int_equal(event.note.kind, TE_NOTE_CHALLENGE_ACK);
    assert_false(te_stack_next_event(f.stack, &event));
    te_note_fault(f.stack, 999, 7, 0, 0, f.now_us);
    assert_int_equal(count_of(&f, 999), 0);
    stop(&f);
}

/* --- many ------------------------------------------------------------------------------------- */

static void the_log_noted_in_least_lately_makes_room(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LOGS);
    for (uint64_t id = 1; id <= LOGS; id++)
        note_of(&f, id, 0, false);
    note_of(&f, 1, 1, false); /* now 2 is the oldest */
    note_of(&f, 99, 0, false);
    assert_int_equal(count_of(&f, 1), 2);
    assert_int_equal(count_of(&f, 2), 0);
    assert_int_equal(count_of(&f, 3), 1);
    assert_int_equal(count_of(&f, 99), 1);
    assert_int_equal(f.stack->notes.count, LOGS);
    stop(&f);
}

static void forged_openings_displace_no_other(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LOGS);
    note_of(&f, 1, 0, false);
    for (uint64_t id = 100; id < 200; id++)
        note_of(&f, id, 0, true);
    assert_int_equal(count_of(&f, 1), 1);
    assert_int_equal(f.stack->notes.half_open_count, LOGS / 2);
    note_of(&f, 199, 0, false); /* its handshake was answered */
    assert_int_equal(f.stack->notes.half_open_count, LOGS / 2 - 1);
    for (uint64_t id = 2; id <= LOGS; id++) /* the forged ones go first */
        note_of(&f, id, 0, false);
    assert_int_equal(f.stack->notes.half_open_count, 0);
    assert_int_equal(count_of(&f, 1), 0);
    assert_int_equal(count_of(&f, 199), 2);
    stop(&f);
}

static void without_a_pool_nothing_is_kept(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, 0);
    note_of(&f, 1, 0, false);
    note_of(&f, 2, 0, true);
    assert_int_equal(count_of(&f, 1), 0);
    assert_null(f.stack->notes.by_id);
    stop(&f);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void a_refused_allocation_is_harmless(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LOGS);
    f.heap.allocations_left = 0;
    note_of(&f, 1, 0, false); /* neither table nor log */
    assert_int_equal(count_of(&f, 1), 0);
    f.heap.allocations_left = 1;
    note_of(&f, 1, 0, false); /* the table alone */
    assert_int_equal(count_of(&f, 1), 0);
    f.heap.allocations_left = 1;
    note_of(&f, 1, 0, false);
    assert_int_equal(count_of(&f, 1), 1);
    note_of(&f, 2, 0, false); /* takes over the only one */
    assert_int_equal(count_of(&f, 1), 0);
    assert_int_equal(count_of(&f, 2), 1);
    f.heap.allocations_left = -1;
    stop(&f);
}

static void under_pressure_none_is_allocated_and_all_go_back(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LOGS);
    note_of(&f, 1, 0, false);
    note_of(&f, 2, 0, false);
    uint64_t used_bytes = f.stack->memory.used_bytes;
    f.stack->charges.is_pressed = true;
    note_of(&f, 3, 0, false);
    assert_int_equal(f.stack->notes.count, 2);
    assert_int_equal(count_of(&f, 1), 0); /* the oldest was taken over */
    te_notes_release(f.stack, 1);
    assert_int_equal(count_of(&f, 2), 0);
    assert_int_equal(count_of(&f, 3), 1);
    te_notes_release(f.stack, 100);
    assert_int_equal(f.stack->notes.count, 0);
    assert_int_equal(used_bytes - f.stack->memory.used_bytes, 2 * sizeof(struct te_note_log));
    f.stack->charges.is_pressed = false;
    stop(&f);
}

/* --- events ----------------------------------------------------------------------------------- */

static void events_leave_half_of_the_queue_to_changes_of_state(void **state)
{
    (void)state;
    struct fixture f;
    struct te_event event;
    fixture_init(&f);
    f.config.event_max = 64;
    fixture_start(&f);
    te_note_events(f.stack, true);
    for (unsigned i = 0; i < 100; i++)
        note_of(&f, 1, i, false);
    assert_int_equal(fixture_counters(&f)->note_events_lost, 100 - 32);
    assert_int_equal(fixture_counters(&f)->events_lost, 0);
    for (unsigned i = 0; i < 32; i++) {
        assert_true(te_stack_next_event(f.stack, &event));
        assert_int_equal(event.kind, TE_EVENT_NOTE);
        assert_int_equal(event.note.value, i);
        assert_int_equal(event.uid, 7);
        assert_int_equal(event.remote.port, 1234);
    }
    assert_false(te_stack_next_event(f.stack, &event));
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_a_name_and_a_sentence),
        cmocka_unit_test(the_last_are_kept_in_order_with_their_times),
        cmocka_unit_test(hits_of_one_fault_in_a_row_are_one_note),
        cmocka_unit_test(the_log_noted_in_least_lately_makes_room),
        cmocka_unit_test(forged_openings_displace_no_other),
        cmocka_unit_test(without_a_pool_nothing_is_kept),
        cmocka_unit_test(a_refused_allocation_is_harmless),
        cmocka_unit_test(under_pressure_none_is_allocated_and_all_go_back),
        cmocka_unit_test(events_leave_half_of_the_queue_to_changes_of_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
