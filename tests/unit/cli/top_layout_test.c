/* Screens of tcpctl top: sizes, columns, names of all kinds. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "top_layout.h"
#include "top_text.h"
#include "units.h"

enum { LINE_BYTES = 2048, ROWS = 200 };

struct screen {
    struct top_view view;
    struct top_frame frame;
    struct top_row rows[ROWS];
    struct top_canvas canvas;
    char line[LINE_BYTES];
};

/* A busy daemon, seen on a screen of this size. */
static void begin(struct screen *screen, unsigned rows, unsigned columns)
{
    memset(screen, 0, sizeof(*screen));
    top_view_init(&screen->view);
    top_view_resize(&screen->view, rows, columns);
    screen->frame = (struct top_frame){.uptime_us = 3 * 86400 * SECOND,
                                       .sessions = 2,
                                       .memory_used_bytes = 12 << 20,
                                       .memory_max_bytes = 64 << 20,
                                       .has_rates = true,
                                       .rates = {.bytes_in = 12000000, .segments_out = 90123},
                                       .matched = 9812,
                                       .reachable = 9812,
                                       .rows = screen->rows,
                                       .count = ROWS};
    screen->frame.states[TCPC_ESTABLISHED] = 9812;
    screen->frame.states[TCPC_CLOSE_WAIT] = 5;
    screen->frame.states[TCPC_TIME_WAIT] = 2000;
    for (unsigned i = 0; i < ROWS; i++) {
        struct top_row *row = &screen->rows[i];
        *row = (struct top_row){.id = 1000 + i,
                                .state = TCPC_ESTABLISHED,
                                .local = "10.9.0.2:47948",
                                .peer = "203.0.113.7:443",
                                .program = "billing-worker",
                                .rate_in = 1000,
                                .rate_out = 2000000,
                                .srtt_us = 12345,
                                .cwnd_bytes = 14480,
                                .send_queue_bytes = 65536,
                                .retransmits = i};
    }
}

static void draw(struct screen *screen)
{
    top_canvas_done(&screen->canvas);
    top_canvas_init(&screen->canvas, screen->view.rows, screen->view.columns);
    top_layout(&screen->canvas, &screen->frame, &screen->view);
}

static void end(struct screen *screen)
{
    top_canvas_done(&screen->canvas);
}

static const char *line_of(struct screen *screen, unsigned row)
{
    return top_canvas_text(&screen->canvas, row, screen->line, sizeof(screen->line));
}

static void assert_in_line(struct screen *screen, unsigned row, const char *text)
{
    if (strstr(line_of(screen, row), text) == NULL)
        fail_msg("line %u is \"%s\", without \"%s\"", row, screen->line, text);
}

static unsigned style_at(const struct screen *screen, unsigned row, unsigned column)
{
    return top_canvas_row(&screen->canvas, row)[column].style;
}

/* --- sizes ------------------------------------------------------------------------------------ */

static void on_80x24_everything_is_there(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 24, 80);
    draw(&screen);
    assert_in_line(&screen, 0, "connections 9,817  sessions 2"); /* without those in TIME_WAIT */
    assert_in_line(&screen, 1, "Bytes/s in 11M out 0  Segments/s in 0 out 90,123");
    assert_in_line(&screen, 2, "Opens/s 0  Closes/s 0  Retransmits/s 0 (0.00 %)  Memory 12 MiB");
    assert_in_line(&screen, 4, "E ESTABLISHED 9,812  W CLOSE_WAIT 5  T TIME_WAIT 2,000");
    assert_string_equal(
        line_of(&screen, 6),
        "   Id State       Peer              Rate*   RTT  Cwnd RecvQ SendQ Retr Program");
    assert_string_equal(
        line_of(&screen, 9),
        " 1002 ESTABLISHED 203.0.113.7:443    1.9M  12ms   14K     0   64K    2 billing-+");
    assert_in_line(&screen, 23, "1-200 of 9,812");
    assert_in_line(&screen, 23, "h help  q quit");
    assert_int_equal(top_layout_page(&screen.view), 16);
    end(&screen);
}

static void ids_of_ten_digits_leave_room_for_all_columns(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 24, 80);
    screen.rows[0].id = 4294967296;
    draw(&screen);
    assert_in_line(&screen, 7, "4294967296 ESTABLISHED");
    static const enum top_column shown[] = {TOP_PEER,    TOP_RATE,          TOP_RTT,
                                            TOP_CWND,    TOP_RECEIVE_QUEUE, TOP_SEND_QUEUE,
                                            TOP_PROGRAM, TOP_RETRANSMITS};
    for (unsigned i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
        assert_true(screen.view.is_shown[shown[i]]);
    end(&screen);
}

static void a_narrow_screen_keeps_what_matters_and_the_order(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 10, 40);
    draw(&screen);
    assert_int_equal(top_layout_page(&screen.view), 5);
    assert_in_line(&screen, 1, "Bytes/s");
    assert_in_line(&screen, 2, "[");
    assert_string_equal(line_of(&screen, 3), "   Id State       Peer             Rate*");
    assert_in_line(&screen, 4, " 1000 ESTABLISHED 203.0.113.7:443   1.9M");
    screen.view.sort = TOP_RETRANSMITS;
    draw(&screen);
    assert_in_line(&screen, 3, "Ret*");
    assert_true(screen.view.is_shown[TOP_RETRANSMITS]);
    end(&screen);
}

static void a_wide_screen_has_all_columns(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 60, 200);
    draw(&screen);
    for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++)
        assert_true(screen.view.is_shown[i]);
    assert_in_line(&screen, 6, "10.9.0.2:47948");
    assert_in_line(&screen, 6, "billing-worker");
    assert_int_equal(top_layout_page(&screen.view), 60 - 7);
    end(&screen);
}

/* Nothing outside of the canvas is written: ASan says so. */
static void no_size_is_too_small(void **state)
{
    (void)state;
    for (unsigned rows = 1; rows < 20; rows++) {
        for (unsigned columns = 1; columns < 60; columns++) {
            struct screen screen;
            begin(&screen, rows, columns);
            for (unsigned mode = TOP_LIST; mode <= TOP_HELP; mode++) {
                screen.view.mode = (enum top_mode)mode;
                strcpy(screen.view.message, "\"stat\": expected state, exclude, sport, dport");
                draw(&screen);
            }
            end(&screen);
        }
    }
}

/* --- the bar ---------------------------------------------------------------------------------- */

static unsigned count_in(const char *text, char letter)
{
    unsigned count = 0;
    for (; *text != '\0'; text++)
        count += *text == letter;
    return count;
}

static void each_state_has_its_share_of_the_bar(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 24, 80);
    memset(screen.frame.states, 0, sizeof(screen.frame.states));
    screen.frame.states[TCPC_ESTABLISHED] = 500000;
    screen.frame.states[TCPC_TIME_WAIT] = 499999;
    screen.frame.states[TCPC_CLOSE_WAIT] = 1;
    draw(&screen);
    const char *bar = line_of(&screen, 3);
    assert_int_equal(strlen(bar), 80);
    assert_int_equal(count_in(bar, 'W'), 1);
    assert_int_equal(count_in(bar, 'T'), 38);
    assert_int_equal(count_in(bar, 'E'), 39);
    assert_int_equal(style_at(&screen, 3, 1), TOP_ON_GREEN);
    memset(screen.frame.states, 0, sizeof(screen.frame.states));
    draw(&screen);
    assert_int_equal(count_in(line_of(&screen, 3), ' '), 78); /* an empty one has brackets */
    end(&screen);
}

static void all_eleven_states_fit(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 24, 80);
    for (unsigned i = 0; i < TCPC_STATE_COUNT; i++)
        screen.frame.states[i] = 1;
    draw(&screen);
    assert_in_line(&screen, 4, "L LISTEN 1  S SYN_SENT 1  R SYN_RCVD 1");
    assert_in_line(&screen, 5, "T TIME_WAIT 1");
    assert_int_equal(strlen(line_of(&screen, 3)), 80);
    end(&screen);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void what_is_not_known_is_a_dash(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 24, 80);
    screen.rows[0].rate_in = -1;
    screen.rows[0].srtt_us = 0;
    screen.rows[0].program[0] = '\0';
    screen.frame.has_rates = false;
    draw(&screen);
    assert_string_equal(line_of(&screen, 7),
                        " 1000 ESTABLISHED 203.0.113.7:443       -     -   14K     0   64K    0 -");
    assert_in_line(&screen, 1, "Rates: with the next refresh");
    end(&screen);
}

static void the_cursor_is_painted_over_its_row(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 24, 80);
    screen.view.selected = 3;
    draw(&screen);
    assert_int_equal(style_at(&screen, 10, 0), TOP_REVERSE);
    assert_int_equal(style_at(&screen, 10, 79), TOP_REVERSE);
    assert_int_equal(style_at(&screen, 9, 6), TOP_GREEN);
    end(&screen);
}

static void names_of_wide_and_of_no_characters(void **state)
{
    struct screen screen;
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    begin(&screen, 24, 80);
    strcpy(screen.rows[0].program, "日本語サーバ");
    strcpy(screen.rows[1].program, "caf\xc3\xa9 \x1b[1m");
    strcpy(screen.rows[2].program, "\xff\xfe.");
    strcpy(screen.rows[3].program, "e\xcc\x81t\xc3\xa9"); /* a combining accent */
    draw(&screen);
    assert_in_line(&screen, 7, " 日本語サ+");
    assert_in_line(&screen, 8, " café ?[1m");
    assert_in_line(&screen, 9, " ??.");
    assert_in_line(&screen, 10, " eté");
    end(&screen);
}

static void a_plain_locale_shows_marks_for_other_characters(void **state)
{
    struct screen screen;
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C"));
    begin(&screen, 24, 80);
    strcpy(screen.rows[0].program, "caf\xc3\xa9!");
    draw(&screen);
    assert_in_line(&screen, 7, " caf?!");
    setlocale(LC_CTYPE, "C.UTF-8");
    end(&screen);
}

static void an_empty_list_says_so(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 24, 80);
    screen.frame.count = screen.frame.matched = 0;
    draw(&screen);
    assert_in_line(&screen, 7, "No connections.");
    strcpy(screen.view.expr, "dport = :80");
    draw(&screen);
    assert_in_line(&screen, 7, "No connection matches the filter.");
    assert_in_line(&screen, 23, "0-0 of 0: dport = :80");
    screen.view.mode = TOP_PROMPT; /* what is typed counts, not what was in force before */
    draw(&screen);
    assert_in_line(&screen, 7, "No connections.");
    strcpy(screen.view.expr, "");
    strcpy(screen.view.typed, "dport = :81");
    draw(&screen);
    assert_in_line(&screen, 7, "No connection matches the filter.");
    end(&screen);
}

/* --- texts ------------------------------------------------------------------------------------ */

static void a_problem_is_on_the_last_line(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 24, 80);
    strcpy(screen.frame.problem, "the daemon was restarted: trying again");
    draw(&screen);
    assert_string_equal(line_of(&screen, 23), "the daemon was restarted: trying again");
    assert_in_line(&screen, 7, " 1000 ESTABLISHED"); /* what was found last stays */
    end(&screen);
}

static void an_explanation_is_folded_and_scrolled(void **state)
{
    struct screen screen;
    char text[] = "summary    Idle: nothing is to be sent, and nothing has come for one minute.\n"
                  "peer       one\n";
    (void)state;
    begin(&screen, 5, 50);
    screen.view.mode = TOP_EXPLAIN;
    screen.view.explained_id = screen.frame.explained_id = 17;
    screen.frame.explanation = text;
    draw(&screen);
    assert_string_equal(line_of(&screen, 0), "tcpctl explain 17");
    assert_string_equal(line_of(&screen, 1), "summary    Idle: nothing is to be sent, and");
    assert_string_equal(line_of(&screen, 2), "           nothing has come for one minute.");
    assert_string_equal(line_of(&screen, 3), "peer       one");
    assert_string_equal(line_of(&screen, 4), "q or Esc: back");
    screen.view.rows = 4;
    screen.view.text_first = 99;
    draw(&screen);
    assert_int_equal(screen.view.text_first, 1);
    assert_string_equal(line_of(&screen, 2), "peer       one");
    screen.view.explained_id = 18; /* the answer about it has not come */
    draw(&screen);
    assert_string_equal(line_of(&screen, 1), "...");
    end(&screen);
}

static void why_a_filter_is_wrong_is_above_it(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 10, 40);
    screen.view.mode = TOP_PROMPT;
    strcpy(screen.view.typed, "stat foo");
    strcpy(screen.view.message, "\"stat\": expected state, exclude, sport, dport, src or dst");
    draw(&screen);
    assert_string_equal(line_of(&screen, 7), "\"stat\": expected state, exclude, sport,");
    assert_string_equal(line_of(&screen, 8), "dport, src or dst");
    assert_string_equal(line_of(&screen, 9), "Filter: stat foo");
    end(&screen);
}

static void what_is_typed_and_not_in_force_says_so(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 10, 40);
    screen.view.mode = TOP_PROMPT;
    screen.view.is_pending = true;
    strcpy(screen.view.typed, "dport = :8 and");
    draw(&screen);
    assert_string_equal(line_of(&screen, 9), "Filter: dport = :8 and");
    strcpy(screen.view.typed, "dport");
    draw(&screen);
    assert_string_equal(line_of(&screen, 9), "Filter: dport  (not in force yet)");
    screen.view.is_pending = false;
    draw(&screen);
    assert_string_equal(line_of(&screen, 9), "Filter: dport");
    end(&screen);
}

static void the_end_of_a_long_filter_is_seen(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen, 10, 40);
    screen.view.mode = TOP_PROMPT;
    strcpy(screen.view.typed, "state established and not dport = :12345");
    draw(&screen);
    assert_string_equal(line_of(&screen, 9), "Filter: ablished and not dport = :12345");
    end(&screen);
}

static void the_help_fits_80x24_and_names_every_letter(void **state)
{
    struct screen screen;
    char all[24 * LINE_BYTES] = "";
    (void)state;
    begin(&screen, 24, 80);
    screen.view.mode = TOP_HELP;
    draw(&screen);
    assert_string_equal(line_of(&screen, 23), "q or Esc: back"); /* nothing to scroll to */
    for (unsigned row = 1; row < 23; row++)
        strcat(all, line_of(&screen, row));
    for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++) {
        char letter = top_column_info((enum top_column)i)->letter;
        if (letter != '\0')
            assert_non_null(strchr(all, letter));
    }
    end(&screen);
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void numbers_take_few_columns(void **state)
{
    char text[TOP_TEXT_MAX];
    (void)state;
    assert_string_equal(top_text_bytes(0, text), "0");
    assert_string_equal(top_text_bytes(999, text), "999");
    assert_string_equal(top_text_bytes(1000, text), "0.9K");
    assert_string_equal(top_text_bytes(1536, text), "1.5K");
    assert_string_equal(top_text_bytes(14480, text), "14K");
    assert_string_equal(top_text_bytes(999 * 1024, text), "999K");
    assert_string_equal(top_text_bytes(1000 * 1024, text), "0.9M");
    assert_string_equal(top_text_bytes(UINT64_MAX, text), "15E");
    assert_string_equal(top_text_duration(0, text), "-");
    assert_string_equal(top_text_duration(-1, text), "-");
    assert_string_equal(top_text_duration(85, text), "85us");
    assert_string_equal(top_text_duration(1500, text), "1.5ms");
    assert_string_equal(top_text_duration(120 * MS, text), "120ms");
    assert_string_equal(top_text_duration(2500 * MS, text), "2.5s");
    assert_string_equal(top_text_duration(1800 * SECOND, text), "30min");
    assert_string_equal(top_text_count(0, text), "0");
    assert_string_equal(top_text_count(999, text), "999");
    assert_string_equal(top_text_count(10123, text), "10,123");
    assert_string_equal(top_text_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_80x24_everything_is_there),
        cmocka_unit_test(ids_of_ten_digits_leave_room_for_all_columns),
        cmocka_unit_test(a_narrow_screen_keeps_what_matters_and_the_order),
        cmocka_unit_test(a_wide_screen_has_all_columns),
        cmocka_unit_test(no_size_is_too_small),
        cmocka_unit_test(each_state_has_its_share_of_the_bar),
        cmocka_unit_test(all_eleven_states_fit),
        cmocka_unit_test(what_is_not_known_is_a_dash),
        cmocka_unit_test(the_cursor_is_painted_over_its_row),
        cmocka_unit_test(names_of_wide_and_of_no_characters),
        cmocka_unit_test(a_plain_locale_shows_marks_for_other_characters),
        cmocka_unit_test(an_empty_list_says_so),
        cmocka_unit_test(a_problem_is_on_the_last_line),
        cmocka_unit_test(an_explanation_is_folded_and_scrolled),
        cmocka_unit_test(why_a_filter_is_wrong_is_above_it),
        cmocka_unit_test(what_is_typed_and_not_in_force_says_so),
        cmocka_unit_test(the_end_of_a_long_filter_is_seen),
        cmocka_unit_test(the_help_fits_80x24_and_names_every_letter),
        cmocka_unit_test(numbers_take_few_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
