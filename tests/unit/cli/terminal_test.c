/* Text and tables on a narrow terminal. */
#include <stdlib.h>
#include <string.h>

#include "captured_output.h"
#include "fold.h"
#include "support/test.h"
#include "terminal.h"

static struct captured_output captured;

static const char *folded(const char *text, size_t indent, size_t width)
{
    capture_begin(&captured, 1);
    terminal_print_folded(text, indent, width);
    return capture_end(&captured);
}

static void text_is_broken_at_spaces(void **state)
{
    (void)state;
    assert_string_equal(folded("one two three four five six", 0, 0), "one two three four five six");
    assert_string_equal(folded("one two three four five six seven", 2, 24),
                        "one two three four\n  five six seven");
    assert_string_equal(folded("", 2, 24), "");
    assert_string_equal(folded("<SEQ=1029179061><ACK=1787680303><CTL=SYN,ACK>", 2, 40),
                        "<SEQ=1029179061><ACK=1787680303>\n  <CTL=SYN,ACK>");
    assert_string_equal(folded("abcdefghijklmnopqrstuvwxyz", 0, 21),
                        "abcdefghijklmnopqrstu\nvwxyz");
    /* Too narrow for anything: the terminal breaks it. */
    assert_string_equal(folded("one two three four five six", 2, 15),
                        "one two three four five six");
}

static void a_line_starts_at_the_left(void **state)
{
    (void)state;
    capture_begin(&captured, 1);
    terminal_print_line("options      MSS 1448, path MTU 1500, SACK, timestamps", 13, 40);
    terminal_print_line("short", 13, 40);
    terminal_print_line("", 13, 40);
    assert_string_equal(capture_end(&captured), "options      MSS 1448, path MTU 1500,\n"
                                                "             SACK, timestamps\n"
                                                "short\n"
                                                "\n");
}

static void stdout_is_no_terminal_here(void **state)
{
    (void)state;
    capture_begin(&captured, 1);
    assert_int_equal(terminal_width(), 0);
    setenv("TERM", "xterm", 1);
    assert_false(terminal_has_colors());
    capture_end(&captured);
}

static const char *const header[4] = {"Id", "State", "Peer", "Why"};
static const char *const rows[2][4] = {
    {"12", "ESTABLISHED", "[2001:db8::1]:40000", "why it is so, in a sentence that is long"},
    {"3", "LISTEN", "*:80", "-"}};
static const struct fold_columns columns = {
    .count = 4, .widths = {2, 11, 19, 40}, .is_right = {true}};

static void print_row(const char *const *texts, size_t width)
{
    struct fold_cell cells[4];
    for (unsigned i = 0; i < 4; i++)
        cells[i] = (struct fold_cell){.text = texts[i], .len = strlen(texts[i])};
    fold_print(&columns, cells, width);
}

static const char *printed(size_t width)
{
    capture_begin(&captured, 1);
    print_row(header, width);
    print_row(rows[0], width);
    print_row(rows[1], width);
    return capture_end(&captured);
}

static void rows_go_on_below(void **state)
{
    (void)state;
    assert_string_equal(printed(30), "Id State      \n"
                                     "   Peer               \n"
                                     "   Why\n"
                                     "12 ESTABLISHED\n"
                                     "   [2001:db8::1]:40000\n"
                                     "   why it is so, in a sentence\n"
                                     "   that is long\n"
                                     " 3 LISTEN     \n"
                                     "   *:80               \n"
                                     "   -\n");
    assert_string_equal(printed(40), "Id State       Peer               \n"
                                     "   Why\n"
                                     "12 ESTABLISHED [2001:db8::1]:40000\n"
                                     "   why it is so, in a sentence that is\n"
                                     "   long\n"
                                     " 3 LISTEN      *:80               \n"
                                     "   -\n");
}

static void a_table_that_fits_is_left_alone(void **state)
{
    (void)state; /* 2 + 11 + 19 + 40 and three gaps */
    assert_false(fold_is_wanted(&columns, 75));
    assert_true(fold_is_wanted(&columns, 74));
    assert_false(fold_is_wanted(&columns, 0));
}

static void a_color_is_around_its_cell(void **state)
{
    const struct fold_columns two = {.count = 2, .widths = {4, 1}};
    const struct fold_cell cells[2] = {{"\033[32m", "up", 2}, {NULL, "x", 1}};
    (void)state;
    capture_begin(&captured, 1);
    fold_print(&two, cells, 6);
    assert_string_equal(capture_end(&captured), "\033[32mup  \033[0m x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_broken_at_spaces),
        cmocka_unit_test(a_line_starts_at_the_left),
        cmocka_unit_test(stdout_is_no_terminal_here),
        cmocka_unit_test(rows_go_on_below),
        cmocka_unit_test(a_table_that_fits_is_left_alone),
        cmocka_unit_test(a_color_is_around_its_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
