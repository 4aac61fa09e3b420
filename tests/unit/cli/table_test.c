/* Tables on stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captured_output.h"
#include "support/test.h"
#include "table.h"

static const struct column columns[] = {
    {"Id", false}, {"Bytes", true}, {"Peer", false}, {NULL, false}};

static struct captured_output captured;

static void add(struct table *table, unsigned id, unsigned bytes, const char *peer)
{
    table_row(table);
    table_cell(table, "%u", id);
    table_cell(table, "%u", bytes);
    table_cell(table, "%s", peer);
}

static void columns_are_as_wide_as_their_cells(void **state)
{
    const struct cli cli = {.is_headerless = false};
    struct table *table = table_new(&cli, columns);
    (void)state;
    add(table, 1, 5, "a");
    add(table, 12345, 1234567, "10.0.0.1:80");
    capture_begin(&captured, 1);
    table_print(table);
    assert_string_equal(capture_end(&captured), "Id      Bytes Peer\n"
                                                "1           5 a\n"
                                                "12345 1234567 10.0.0.1:80\n");
}

/* Long enough to notice if the time grew with the square of the rows. */
static void a_long_table_has_all_its_rows(void **state)
{
    const struct cli cli = {.is_headerless = true};
    struct table *table = table_new(&cli, columns);
    (void)state;
    for (unsigned i = 0; i < 20000; i++)
        add(table, 10000 + i, 5, "a");
    capture_begin(&captured, 1);
    table_print(table);
    const char *text = capture_end(&captured);
    for (unsigned i = 0; i < 20000; i++) {
        char line[32];
        int len = snprintf(line, sizeof(line), "%u %5u a\n", 10000 + i, 5U);
        assert_memory_equal(text, line, (size_t)len);
        text += len;
    }
    assert_string_equal(text, "");
}

static void headers_can_be_left_out(void **state)
{
    const struct cli cli = {.is_headerless = true};
    struct table *table = table_new(&cli, columns);
    (void)state;
    add(table, 1, 5, "a");
    capture_begin(&captured, 1);
    table_print(table);
    const char *text = capture_end(&captured);
    assert_null(strstr(text, "Id"));
    assert_string_equal(strrchr(text, ' '), " a\n");
}

static void an_empty_table_is_its_header(void **state)
{
    struct cli cli = {.is_headerless = false};
    (void)state;
    capture_begin(&captured, 1);
    table_print(table_new(&cli, columns));
    assert_string_equal(capture_end(&captured), "Id Bytes Peer\n");
    cli.is_headerless = true;
    capture_begin(&captured, 1);
    table_print(table_new(&cli, columns));
    assert_string_equal(capture_end(&captured), "");
}

/* Whatever the terminal: a cut address is a wrong one. */
static void wide_cells_are_not_cut(void **state)
{
    const struct cli cli = {.is_headerless = false};
    struct table *table = table_new(&cli, columns);
    char peer[400];
    (void)state;
    memset(peer, 'x', sizeof(peer) - 1);
    peer[sizeof(peer) - 1] = '\0';
    add(table, 1, 5, peer);
    capture_begin(&captured, 1);
    table_print(table);
    assert_non_null(strstr(capture_end(&captured), peer));
}

static void add_of(struct table *table, uint64_t id, const char *peer)
{
    table_row_of(table, id);
    table_number(table, id);
    table_number(table, UINT64_MAX);
    table_text(table, peer);
}

static void rows_of_ids_are_in_their_order(void **state)
{
    const struct cli cli = {.is_headerless = true};
    struct table *table = table_new(&cli, columns);
    (void)state;
    add_of(table, 10, "third");
    add_of(table, 0, "first");
    add_of(table, 9, "second");
    add_of(table, 9, "again");
    add_of(table, 0, "again");
    capture_begin(&captured, 1);
    table_print(table);
    assert_string_equal(capture_end(&captured), "0  18446744073709551615 first\n"
                                                "9  18446744073709551615 second\n"
                                                "10 18446744073709551615 third\n");
}

/* Other rows stay as they came, the same or not. */
static void rows_without_ids_are_not_sorted(void **state)
{
    const struct cli cli = {.is_headerless = true};
    struct table *table = table_new(&cli, columns);
    (void)state;
    add(table, 2, 5, "a");
    add(table, 1, 5, "");
    add(table, 2, 5, "a");
    capture_begin(&captured, 1);
    table_print(table);
    assert_string_equal(capture_end(&captured), "2      5 a\n"
                                                "1      5 \n"
                                                "2      5 a\n");
}

static void colors_are_for_terminals(void **state)
{
    const struct cli cli = {.is_headerless = true};
    (void)state;
    setenv("TERM", "xterm", 1);
    capture_begin(&captured, 1);
    struct table *table = table_new(&cli, columns);
    table_row(table);
    table_color(table, "green");
    table_text(table, "1");
    table_text(table, "2");
    table_text(table, "3");
    table_print(table);
    assert_string_equal(capture_end(&captured), "1      2 3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_cells),
        cmocka_unit_test(a_long_table_has_all_its_rows),
        cmocka_unit_test(headers_can_be_left_out),
        cmocka_unit_test(an_empty_table_is_its_header),
        cmocka_unit_test(wide_cells_are_not_cut),
        cmocka_unit_test(rows_of_ids_are_in_their_order),
        cmocka_unit_test(rows_without_ids_are_not_sorted),
        cmocka_unit_test(colors_are_for_terminals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
