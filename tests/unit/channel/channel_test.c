#include <channel.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static struct channel_set set;
static _Atomic uint32_t sleeps;

static int setup(void **state)
{
    (void)state;
    memset(&set, 0, sizeof(set));
    sleeps = 0;
    return 0;
}

static bool is_layout(uint32_t slots, uint32_t send, uint32_t receive)
{
    const struct channel_hello hello = {
        .slot_count = slots, .send_bytes = send, .receive_bytes = receive};
    struct channel_layout layout = {.total_bytes = 4711};
    bool is_right = channel_layout_init(&hello, &layout);
    assert_true(is_right == (layout.total_bytes != 4711));
    return is_right;
}

static void a_layout_that_cannot_be_is_refused(void **state)
{
    (void)state;
    assert_true(is_layout(1, CHANNEL_RING_MIN, CHANNEL_RING_MAX));
    assert_true(is_layout(CHANNEL_SLOTS_MAX, CHANNEL_RING_MAX, CHANNEL_RING_MAX));
    assert_false(is_layout(0, CHANNEL_RING_MIN, CHANNEL_RING_MIN));
    assert_false(is_layout(CHANNEL_SLOTS_MAX + 1, CHANNEL_RING_MIN, CHANNEL_RING_MIN));
    assert_false(is_layout(UINT32_MAX, CHANNEL_RING_MIN, CHANNEL_RING_MIN));
    assert_false(is_layout(1, CHANNEL_RING_MIN / 2, CHANNEL_RING_MIN));
    assert_false(is_layout(1, CHANNEL_RING_MIN, 2 * CHANNEL_RING_MAX));
    assert_false(is_layout(1, CHANNEL_RING_MIN + 4096, CHANNEL_RING_MIN));
    assert_false(is_layout(1, 0, CHANNEL_RING_MIN));
    assert_false(is_layout(1, CHANNEL_RING_MIN, UINT32_MAX));
}

static void parts_of_the_memory_do_not_overlap(void **state)
{
    (void)state;
    const struct channel_hello hello = {
        .slot_count = 17, .send_bytes = 65536, .receive_bytes = 131072};
    struct channel_layout layout;
    assert_true(channel_layout_init(&hello, &layout));
    uint8_t *memory = aligned_alloc(4096, (size_t)layout.total_bytes);
    uint8_t *slots_end = (uint8_t *)channel_slot_at(memory, 17);
    assert_true(sizeof(struct channel_head) <= CHANNEL_SLOTS_AT);
    assert_true(slots_end <= channel_send_ring(&layout, memory, 0));
    for (uint32_t i = 0; i < 17; i++) {
        assert_ptr_equal(channel_receive_ring(&layout, memory, i),
                         channel_send_ring(&layout, memory, i) + 65536);
        assert_ptr_equal(channel_send_ring(&layout, memory, i + 1),
                         channel_receive_ring(&layout, memory, i) + 131072);
        assert_int_equal((uintptr_t)channel_send_ring(&layout, memory, i) % 4096, 0);
    }
    assert_ptr_equal(channel_send_ring(&layout, memory, 17), memory + layout.total_bytes);
    free(memory);
}

static void what_is_added_is_taken_once(void **state)
{
    (void)state;
    uint64_t words[CHANNEL_WORDS] = {0};
    assert_true(channel_set_is_empty(&set));
    channel_set_add(&set, 0);
    channel_set_add(&set, 63);
    channel_set_add(&set, 63);
    channel_set_add(&set, 4095);
    assert_false(channel_set_is_empty(&set));
    assert_true(channel_set_take(&set, words) == (1 | UINT64_C(1) << 63));
    assert_true(words[0] == (1 | UINT64_C(1) << 63));
    assert_true(words[63] == UINT64_C(1) << 63);
    assert_true(channel_set_is_empty(&set));
    assert_true(channel_set_take(&set, words) == 0);
}

/* Bits without a summary, and a summary without bits, are what a hostile side can make. */
static void a_summary_that_lies_does_no_harm(void **state)
{
    (void)state;
    uint64_t words[CHANNEL_WORDS];
    atomic_store(&set.summary, UINT64_MAX);
    memset(words, 0xff, sizeof(words));
    assert_true(channel_set_take(&set, words) == UINT64_MAX);
    for (unsigned i = 0; i < CHANNEL_WORDS; i++)
        assert_true(words[i] == 0);
    atomic_store(&set.words[3], 1);
    assert_true(channel_set_is_empty(&set));
    assert_true(channel_set_take(&set, words) == 0);
}

static void a_bell_is_rung_once_for_who_sleeps(void **state)
{
    (void)state;
    assert_false(channel_should_ring(&sleeps));
    assert_true(channel_may_sleep(&sleeps, CHANNEL_SLEEPS, &set));
    channel_set_add(&set, 1);
    assert_true(channel_should_ring(&sleeps));
    assert_false(channel_should_ring(&sleeps));
    assert_false(channel_may_sleep(&sleeps, CHANNEL_SLEEPS, &set));
    assert_false(channel_should_ring(&sleeps)); /* it is awake */
}

static void *ring(void *unused)
{
    (void)unused;
    while (atomic_load(&sleeps) == CHANNEL_AWAKE)
        sched_yield();
    channel_set_add(&set, 1);
    assert_int_equal(channel_should_ring(&sleeps), CHANNEL_SLEEPS_ON_WORD);
    channel_word_wake(&sleeps);
    return NULL;
}

/* Each sleep ends by the bell, long before its time. */
static void who_sleeps_on_the_word_is_woken(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        pthread_t ringer;
        uint64_t words[CHANNEL_WORDS];
        assert_int_equal(pthread_create(&ringer, NULL, ring, NULL), 0);
        assert_true(channel_may_sleep(&sleeps, CHANNEL_SLEEPS_ON_WORD, &set));
        while (atomic_load(&sleeps) == CHANNEL_SLEEPS_ON_WORD)
            channel_word_sleep(&sleeps, 3600000);
        assert_int_equal(pthread_join(ringer, NULL), 0);
        assert_int_equal(channel_set_take(&set, words), 1);
    }
}

static void who_is_awake_does_not_sleep_on_the_word(void **state)
{
    (void)state;
    channel_word_sleep(&sleeps, 3600000);
    sleeps = CHANNEL_SLEEPS;
    channel_word_sleep(&sleeps, 3600000);
}

static void a_sleep_on_the_word_has_an_end(void **state)
{
    (void)state;
    sleeps = CHANNEL_SLEEPS_ON_WORD;
    channel_word_sleep(&sleeps, 1);
}

/* --- every interleaving ----------------------------------------------------------------------- */

/* One side adds a bit and rings if the other sleeps; the other goes to sleep. Each is a sequence of
 * steps on sequentially consistent words, as channel.c has them. In no order of the steps may the
 * second sleep with a bit in the set and no bell. */
struct model {
    bool bit, summary, sleeps, bell;
    bool seen_sleeps, is_asleep, is_awake;
};

static void producer_step(struct model *m, unsigned step)
{
    if (step == 0)
        m->bit = true;
    else if (step == 1)
        m->summary = true;
    else if (step == 2)
        m->seen_sleeps = m->sleeps;
    else if (m->seen_sleeps && m->sleeps) {
        m->sleeps = false;
        m->bell = true;
    }
}

static void consumer_step(struct model *m, unsigned step, bool is_flag_first)
{
    bool stores = (step == 0) == is_flag_first;
    if (step < 2 && stores)
        m->sleeps = true;
    else if (step < 2)
        m->is_awake = m->summary;
    else if (m->is_awake)
        m->sleeps = false;
    else
        m->is_asleep = true;
}

/* How many of the 35 orders of four and three steps lose the wake-up. */
static unsigned lost_wakeups(bool is_flag_first)
{
    unsigned lost = 0;
    for (unsigned order = 0; order < 128; order++) {
        struct model m = {0};
        unsigned producer = 0, consumer = 0;
        if (__builtin_popcount(order) != 4)
            continue;
        for (unsigned i = 0; i < 7; i++)
            if (order >> i & 1)
                producer_step(&m, producer++);
            else
                consumer_step(&m, consumer++, is_flag_first);
        lost += m.is_asleep && m.summary && !m.bell;
    }
    return lost;
}

static void no_order_of_steps_loses_a_wakeup(void **state)
{
    (void)state;
    assert_int_equal(lost_wakeups(true), 0);
    assert_true(lost_wakeups(false) > 0); /* so the model can tell */
}

/* --- two threads ------------------------------------------------------------------------------ */

#define ROUNDS 200000u

static _Atomic uint64_t positions[64];
static _Atomic uint32_t bells;

static void *produce(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        atomic_store_explicit(&positions[i % 64], i, memory_order_release);
        channel_set_add(&set, i % 64);
        if (channel_should_ring(&sleeps))
            atomic_store(&bells, 1);
    }
    return NULL;
}

/* Sleeps until the bell rings; a lost one would hold it for ever, and the test's time limit ends
 * it.
 */
static void sleep_until_bell(void)
{
    if (!channel_may_sleep(&sleeps, CHANNEL_SLEEPS, &set))
        return;
    while (atomic_exchange(&bells, 0) == 0)
        sched_yield();
}

static void nothing_is_lost_between_two_threads(void **state)
{
    (void)state;
    pthread_t producer;
    uint64_t words[CHANNEL_WORDS], seen[64] = {0}, last = 0;
    assert_int_equal(pthread_create(&producer, NULL, produce, NULL), 0);
    while (last != ROUNDS - 1) {
        if (channel_set_take(&set, words) == 0) {
            sleep_until_bell();
            continue;
        }
        for (uint64_t left = words[0]; left != 0; left &= left - 1) {
            unsigned slot = (unsigned)__builtin_ctzll(left);
            uint64_t at = atomic_load_explicit(&positions[slot], memory_order_acquire);
            assert_true(at >= seen[slot]);
            seen[slot] = at;
            last = at > last ? at : last;
        }
    }
    pthread_join(producer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_layout_that_cannot_be_is_refused),
        cmocka_unit_test(parts_of_the_memory_do_not_overlap),
        cmocka_unit_test_setup(what_is_added_is_taken_once, setup),
        cmocka_unit_test_setup(a_summary_that_lies_does_no_harm, setup),
        cmocka_unit_test_setup(a_bell_is_rung_once_for_who_sleeps, setup),
        cmocka_unit_test_setup(who_sleeps_on_the_word_is_woken, setup),
        cmocka_unit_test_setup(who_is_awake_does_not_sleep_on_the_word, setup),
        cmocka_unit_test_setup(a_sleep_on_the_word_has_an_end, setup),
        cmocka_unit_test(no_order_of_steps_loses_a_wakeup),
        cmocka_unit_test_setup(nothing_is_lost_between_two_threads, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
