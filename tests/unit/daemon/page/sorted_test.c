#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/sorted.h"
#include "support/test.h"

#define ROWS 500

static struct sorted sorted;

static int teardown(void **state)
{
    (void)state;
    sorted_done(&sorted);
    return 0;
}

static void begin(const char *column, unsigned max)
{
    sorted_done(&sorted);
    assert_true(sorted_init(&sorted, column, max));
}

/* Rows 1 to ROWS, in an order that has nothing to do with their ids. */
static void add_rows(void)
{
    for (unsigned i = 0; i < ROWS; i++) {
        unsigned id = (i * 7) % ROWS + 1;
        char program[16];
        snprintf(program, sizeof(program), "p%u", id % 3);
        struct tcpc_connection_details details = {.srtt_us = (id * 11) % 50, .age_us = 1000 - id};
        struct tcpc_connection row = {.id = id,
                                      .state = (enum tcpc_state)(id % 4),
                                      .local = {"10.0.0.1", (uint16_t)(ROWS - id)},
                                      .remote = {"10.0.0.2", 80},
                                      .send_queue_bytes = id / 10,
                                      .owner = {.program = program, .pid = id},
                                      .details = id % 5 != 0 ? &details : NULL};
        sorted_add(&sorted, &row);
    }
}

static int64_t id_at(unsigned i)
{
    return (int64_t)sorted.rows[i].place.id;
}

static void test_the_first_rows(void **state)
{
    (void)state;
    begin("id", 3);
    add_rows();
    assert_int_equal(sorted.count, 3);
    assert_true(sorted.has_more);
    assert_int_equal(id_at(0), 1);
    assert_int_equal(id_at(2), 3);
    begin("-id", 3);
    add_rows();
    assert_int_equal(id_at(0), ROWS);
    begin("local", 2); /* ports as numbers, not as texts */
    add_rows();
    assert_int_equal(id_at(0), ROWS);
    assert_int_equal(id_at(1), ROWS - 1);
    begin("age", 1); /* the youngest has the largest id */
    add_rows();
    assert_int_equal(id_at(0), ROWS);
}

static void test_no_more_than_there_are(void **state)
{
    char next[100];
    struct tcpc_connection row = {.id = 1};
    (void)state;
    begin("id", 3);
    assert_false(sorted_next(&sorted, next, sizeof(next)));
    sorted_add(&sorted, &row);
    assert_int_equal(sorted.count, 1);
    assert_false(sorted_next(&sorted, next, sizeof(next)));
}

/* Page by page, each row comes once, and in the order of the whole. */
static void test_pages(void **state)
{
    static const char *const columns[] = {
        "id",       "-id",  "state",       "-state", "local",       "remote",
        "uid",      "pid",  "rtt",         "-rtt",   "age",         "program",
        "-program", "idle", "retransmits", "cwnd",   "-send_queue", "receive_queue"};
    (void)state;
    for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
        char next[200] = "";
        unsigned seen = 0;
        bool is_seen[ROWS + 1] = {false};
        struct sorted_place last = {.id = 0};
        do {
            begin(columns[c], 64);
            if (*next)
                assert_true(sorted_set_after(&sorted, next));
            add_rows();
            for (unsigned i = 0; i < sorted.count; i++, seen++) {
                assert_false(is_seen[id_at(i)]);
                is_seen[id_at(i)] = true;
                const struct sorted_place *place = &sorted.rows[i].place;
                if (seen > 0 && !sorted.is_falling)
                    assert_true(
                        place->number > last.number ||
                        (place->number == last.number && strcmp(place->text, last.text) >= 0));
                last = *place;
            }
        } while (sorted_next(&sorted, next, sizeof(next)));
        assert_int_equal(seen, ROWS);
    }
}

static void test_rows_have_the_keys_of_ls_and_more(void **state)
{
    struct tcpc_connection_details details = {.age_us = 5999, .srtt_us = 70, .retransmits = 2};
    struct tcpc_connection row = {.id = 1, .owner = {.program = "nc", .pid = 4711}};
    (void)state;
    begin("id", 3);
    row.details = &details;
    sorted_add(&sorted, &row);
    row.id = 2;
    details.srtt_us = 0;
    sorted_add(&sorted, &row);
    row.id = 3;
    row.details = NULL;
    row.owner.pid = 0;
    sorted_add(&sorted, &row);
    char *all[3];
    for (unsigned i = 0; i < 3; i++)
        all[i] = json_dumps(sorted.rows[i].row, JSON_COMPACT);
    assert_non_null(strstr(all[0], "\"program\":\"nc\",\"pid\":4711,\"age_ms\":5}"));
    assert_non_null(strstr(all[0], "\"srtt_us\":70,"));
    assert_non_null(strstr(all[1], "\"srtt_us\":null,"));
    assert_non_null(strstr(all[2], "\"pid\":null,\"age_ms\":null,\"srtt_us\":null"));
    for (unsigned i = 0; i < 3; i++)
        free(all[i]);
}

static void test_places_are_read(void **state)
{
    static const char *const wrong[] = {"", "x", "1x", "1:", "1:2", ":1:", "1:x:"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        begin("id", 1);
        assert_false(sorted_set_after(&sorted, wrong[i]));
    }
    begin("id", 1);
    assert_true(sorted_set_after(&sorted, "17"));
    assert_int_equal(sorted.after.id, 17);
    assert_true(sorted_set_after(&sorted, "17:-5:a:b"));
    assert_int_equal(sorted.after.number, -5);
    assert_string_equal(sorted.after.text, "a:b");
}

static void test_no_such_column(void **state)
{
    (void)state;
    assert_false(sorted_init(&sorted, "", 1));
    assert_false(sorted_init(&sorted, "-", 1));
    assert_false(sorted_init(&sorted, "--id", 1));
    assert_false(sorted_init(&sorted, "x", 1));
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_rows),  TEST(test_no_more_than_there_are),
        TEST(test_pages),           TEST(test_rows_have_the_keys_of_ls_and_more),
        TEST(test_places_are_read), TEST(test_no_such_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
