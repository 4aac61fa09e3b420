#include <string.h>
#include <unistd.h>

#include "session/owner.h"
#include "support/test.h"

static struct owner_table *table;
static const struct process vi = {.pid = 4711, .started = 99, .name = "vi"};

static int setup(void **state)
{
    (void)state;
    table = owner_table_new();
    return table == NULL;
}

static int teardown(void **state)
{
    (void)state;
    owner_table_free(table);
    return 0;
}

static void test_one_per_process_and_session(void **state)
{
    (void)state;
    struct owner *owner = owner_get(table, 1000, &vi, "");
    assert_non_null(owner);
    assert_int_not_equal(owner->tag, 0);
    assert_string_equal(owner->process.name, "vi");
    assert_ptr_equal(owner_get(table, 1000, &vi, ""), owner);
    assert_int_equal(owner->refs, 2);
    assert_ptr_equal(owner_find(table, owner->tag), owner);
    assert_ptr_not_equal(owner_get(table, 1000, &vi, "backup"), owner);
    assert_string_equal(owner_get(table, 1000, &vi, "backup")->session, "backup");
    assert_ptr_not_equal(owner_get(table, 1001, &vi, ""), owner);
    assert_int_equal(table->count, 3);
}

/* The same pid is another process after its start has changed; another program after exec(2). */
static void test_a_recycled_pid_is_somebody_else(void **state)
{
    struct process recycled = vi, executed = vi;
    (void)state;
    recycled.started = 100;
    strcpy(executed.name, "sh");
    struct owner *owner = owner_get(table, 1000, &vi, "");
    assert_ptr_not_equal(owner_get(table, 1000, &recycled, ""), owner);
    assert_ptr_not_equal(owner_get(table, 1000, &executed, ""), owner);
}

static void test_tags_wrap_around_and_skip_what_is_in_use(void **state)
{
    (void)state;
    struct owner *first = owner_get(table, 1000, &vi, "");
    table->last_tag = UINT32_MAX;
    struct owner *second = owner_get(table, 1000, &vi, "2");
    assert_int_equal(first->tag, 1);
    assert_int_equal(second->tag, 2);
}

/* --- sweeping --------------------------------------------------------------------------------- */

static bool is_tag(void *ctx, const struct owner *owner)
{
    return owner->tag == *(uint32_t *)ctx;
}

static void test_stays_while_it_is_referred_to_or_used(void **state)
{
    (void)state;
    struct owner *referred = owner_get(table, 1000, &vi, "");
    struct owner *used = owner_get(table, 1000, &vi, "used");
    struct owner *idle = owner_get(table, 1000, &vi, "idle");
    uint32_t tag = used->tag, idle_tag = idle->tag;
    owner_unref(used);
    owner_unref(idle);
    owner_sweep(table, 2, is_tag, &tag); /* has not come to the third yet */
    assert_int_equal(table->count, 3);
    owner_sweep(table, 1, is_tag, &tag);
    assert_int_equal(table->count, 2);
    assert_null(owner_find(table, idle_tag));
    assert_ptr_equal(owner_find(table, tag), used);
    tag = 0;
    owner_sweep(table, 10, is_tag, &tag);
    assert_int_equal(table->count, 1);
    assert_ptr_equal(owner_find(table, referred->tag), referred);
}

/* --- gone ------------------------------------------------------------------------------------- */

static void test_gone_is_noticed_at_another_time_and_for_good(void **state)
{
    (void)state;
    struct process here = process_find(getpid());
    struct owner *owner = owner_get(table, 1000, &here, "");
    assert_false(owner_is_gone(owner, 1));
    owner->process.started++; /* as if the pid were another process's by now */
    assert_false(owner_is_gone(owner, 1));
    assert_true(owner_is_gone(owner, 2));
    owner->process.started--;
    assert_true(owner_is_gone(owner, 3));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_per_process_and_session),
        TEST(test_a_recycled_pid_is_somebody_else),
        TEST(test_tags_wrap_around_and_skip_what_is_in_use),
        TEST(test_stays_while_it_is_referred_to_or_used),
        TEST(test_gone_is_noticed_at_another_time_and_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
