/* What each key of tcpctl top does. */
#include <string.h>

#include "support/test.h"
#include "top_layout.h"
#include "top_view.h"

enum { MATCHED = 1000 };

/* A frame for what the view asks for, as the daemon would answer. */
struct screen {
    struct top_view view;
    struct top_frame frame;
    struct top_row rows[100];
};

/* Place n has id 1000 + n. */
static void refresh(struct screen *screen)
{
    struct top_frame *frame = &screen->frame;
    unsigned page = top_layout_page(&screen->view);
    *frame = (struct top_frame){.matched = MATCHED,
                                .reachable = MATCHED,
                                .first = screen->view.first,
                                .selected = screen->view.selected,
                                .rows = screen->rows,
                                .count = page};
    for (unsigned i = 0; i < page; i++)
        screen->rows[i] = (struct top_row){.id = 1000 + frame->first + i};
    memset(screen->view.is_shown, true, sizeof(screen->view.is_shown));
}

static void begin(struct screen *screen)
{
    memset(screen, 0, sizeof(*screen));
    top_view_init(&screen->view);
    refresh(screen);
}

static unsigned press(struct screen *screen, int key)
{
    unsigned effects = top_view_key(&screen->view, &screen->frame, key);
    refresh(screen);
    return effects;
}

static void type(struct screen *screen, const char *text)
{
    for (; *text != '\0'; text++)
        press(screen, *text);
}

static void the_cursor_moves_and_scrolls(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    uint64_t page = top_layout_page(&screen.view);
    assert_int_equal(page, 16);
    assert_int_equal(press(&screen, TOP_KEY_UP), TOP_DRAW);
    assert_int_equal(screen.view.selected, 0);
    for (uint64_t i = 1; i < page; i++)
        assert_int_equal(press(&screen, TOP_KEY_DOWN), TOP_DRAW);
    assert_int_equal(screen.view.first, 0);
    assert_int_equal(press(&screen, 'j'), TOP_DRAW | TOP_ASK_ROWS);
    assert_int_equal(screen.view.first, 1);
    assert_int_equal(screen.view.selected, page);
    assert_int_equal(press(&screen, TOP_KEY_PAGE_DOWN), TOP_DRAW | TOP_ASK_ROWS);
    assert_int_equal(screen.view.first, 1 + page);
    assert_int_equal(screen.view.selected, 2 * page);
    press(&screen, TOP_KEY_PAGE_UP);
    assert_int_equal(screen.view.first, 1);
    press(&screen, TOP_KEY_END);
    assert_int_equal(screen.view.selected, MATCHED - 1);
    assert_int_equal(screen.view.first, MATCHED - page);
    press(&screen, TOP_KEY_DOWN);
    assert_int_equal(screen.view.selected, MATCHED - 1);
    press(&screen, TOP_KEY_HOME);
    assert_int_equal(screen.view.selected, 0);
    assert_int_equal(screen.view.first, 0);
}

/* The first place is not a connection: what is best shall be there. */
static void the_cursor_stays_on_its_connection_but_at_the_top(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    press(&screen, TOP_KEY_DOWN);
    assert_int_equal(screen.view.followed_id, 1001);
    press(&screen, TOP_KEY_HOME);
    assert_int_equal(screen.view.followed_id, 0);
    press(&screen, TOP_KEY_DOWN);
    press(&screen, TOP_KEY_ESCAPE);
    assert_int_equal(screen.view.followed_id, 0);
}

static void the_order_is_chosen(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    assert_int_equal(screen.view.sort, TOP_RATE);
    press(&screen, TOP_KEY_END);
    assert_int_equal(press(&screen, 'T'), TOP_DRAW | TOP_ASK);
    assert_int_equal(screen.view.sort, TOP_RTT);
    assert_int_equal(screen.view.first, 0); /* another order: from its start */
    press(&screen, '>');
    assert_int_equal(screen.view.sort, TOP_CWND);
    press(&screen, '<');
    press(&screen, TOP_KEY_LEFT);
    assert_int_equal(screen.view.sort, TOP_RATE_OUT);
    press(&screen, 'A');
    press(&screen, '<'); /* over LOCAL, which the daemon does not rank by */
    assert_int_equal(screen.view.sort, TOP_STATE);
    press(&screen, 'I');
    press(&screen, '<');
    assert_int_equal(screen.view.sort, TOP_ID);
    press(&screen, 'P');
    assert_int_equal(press(&screen, '>'), TOP_DRAW);
    assert_int_equal(screen.view.sort, TOP_PROGRAM);
    assert_int_equal(press(&screen, 'r'), TOP_DRAW | TOP_ASK);
    assert_true(screen.view.is_reversed);
    press(&screen, 'X');
    assert_false(screen.view.is_reversed);
}

static void columns_that_are_not_shown_are_stepped_over(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    screen.view.is_shown[TOP_RATE_IN] = screen.view.is_shown[TOP_RATE_OUT] = false;
    top_view_key(&screen.view, &screen.frame, '>');
    assert_int_equal(screen.view.sort, TOP_RTT);
}

static void a_filter_is_in_force_while_it_is_typed(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    press(&screen, '/');
    assert_int_equal(screen.view.mode, TOP_PROMPT);
    assert_false(screen.view.is_pending);
    type(&screen, "dport = :");
    assert_true(screen.view.is_pending);
    press(&screen, '8');
    assert_int_equal(press(&screen, '0'), TOP_DRAW | TOP_ASK);
    assert_false(screen.view.is_pending);
    assert_int_equal(screen.view.filter.nodes[0].number, 80);
    assert_int_equal(press(&screen, TOP_KEY_ENTER), TOP_DRAW | TOP_ASK);
    assert_int_equal(screen.view.mode, TOP_LIST);
    assert_string_equal(screen.view.expr, "dport = :80");
}

static void a_wrong_filter_says_why_and_keeps_the_old_one(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    press(&screen, '/');
    type(&screen, "dport = :80");
    press(&screen, TOP_KEY_ENTER);
    press(&screen, '/');
    assert_string_equal(screen.view.typed, "dport = :80");
    press(&screen, TOP_KEY_CLEAR);
    assert_int_equal(screen.view.filter.count, 0); /* an empty one shows all */
    type(&screen, "stat established");
    press(&screen, TOP_KEY_ENTER);
    assert_int_equal(screen.view.mode, TOP_PROMPT);
    assert_non_null(strstr(screen.view.message, "stat"));
    assert_true(screen.view.is_pending);
    assert_string_equal(screen.view.expr, "dport = :80");
    assert_int_equal(screen.view.filter.nodes[0].number, 80);
    press(&screen, TOP_KEY_BACKSPACE);
    assert_string_equal(screen.view.message, "");
    assert_string_equal(screen.view.typed, "stat establishe");
    press(&screen, TOP_KEY_ESCAPE);
    assert_int_equal(screen.view.mode, TOP_LIST);
    assert_int_equal(screen.view.filter.nodes[0].number, 80);
    assert_string_equal(screen.view.expr, "dport = :80");
}

/* They are looked up, which may take seconds: only once, with Enter. */
static void a_filter_with_names_waits_for_enter(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    press(&screen, '/');
    type(&screen, "dst 10.0.0.");
    assert_int_equal(press(&screen, '2'), TOP_DRAW | TOP_ASK);
    assert_int_equal(screen.view.filter.count, 1);
    press(&screen, TOP_KEY_CLEAR);
    type(&screen, "dst localhos");
    assert_int_equal(press(&screen, 't'), TOP_DRAW);
    assert_int_equal(screen.view.filter.count, 0);
    press(&screen, TOP_KEY_ENTER);
    assert_int_equal(screen.view.filter.count, 1);
}

static void what_is_typed_has_an_end(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    press(&screen, '/');
    for (unsigned i = 0; i < 1000; i++)
        press(&screen, 'x');
    assert_int_equal(strlen(screen.view.typed), TOP_EXPR_MAX - 1);
    press(&screen, 0x1f600); /* nor is it for other characters */
    assert_int_equal(strlen(screen.view.typed), TOP_EXPR_MAX - 1);
}

static void enter_explains_the_selected_one(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    press(&screen, TOP_KEY_DOWN);
    press(&screen, TOP_KEY_DOWN);
    assert_int_equal(press(&screen, TOP_KEY_ENTER), TOP_DRAW | TOP_ASK);
    assert_int_equal(screen.view.mode, TOP_EXPLAIN);
    assert_int_equal(screen.view.explained_id, 1002);
    press(&screen, TOP_KEY_DOWN);
    assert_int_equal(screen.view.text_first, 1);
    press(&screen, TOP_KEY_UP);
    press(&screen, TOP_KEY_UP);
    assert_int_equal(screen.view.text_first, 0);
    assert_int_equal(press(&screen, 'q'), TOP_DRAW | TOP_ASK);
    assert_int_equal(screen.view.mode, TOP_LIST);
    assert_int_equal(screen.view.selected, 2);
    press(&screen, TOP_KEY_ENTER);
    press(&screen, TOP_KEY_ESCAPE);
    assert_int_equal(screen.view.mode, TOP_LIST);
    assert_int_equal(press(&screen, 'q'), TOP_QUIT);
}

static void with_no_connection_there_is_nothing_to_explain(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    screen.frame.count = screen.frame.matched = screen.frame.reachable = 0;
    assert_int_equal(top_view_key(&screen.view, &screen.frame, TOP_KEY_ENTER), TOP_DRAW);
    assert_int_equal(top_view_key(&screen.view, &screen.frame, TOP_KEY_END), TOP_DRAW);
    assert_int_equal(top_view_key(&screen.view, &screen.frame, TOP_KEY_PAGE_DOWN), TOP_DRAW);
    assert_int_equal(screen.view.mode, TOP_LIST);
    assert_int_equal(screen.view.selected, 0);
}

static void space_pauses_and_goes_on(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    assert_int_equal(press(&screen, ' '), TOP_DRAW);
    assert_true(screen.view.is_paused);
    assert_int_equal(press(&screen, ' '), TOP_DRAW | TOP_ASK);
    assert_false(screen.view.is_paused);
    press(&screen, 'h');
    assert_int_equal(screen.view.mode, TOP_HELP);
    press(&screen, 'h');
    assert_int_equal(screen.view.mode, TOP_LIST);
    assert_int_equal(press(&screen, TOP_KEY_REDRAW), TOP_DRAW | TOP_REDRAW);
}

static void on_a_smaller_screen_the_cursor_is_still_there(void **state)
{
    struct screen screen;
    (void)state;
    begin(&screen);
    for (unsigned i = 0; i < 15; i++)
        press(&screen, TOP_KEY_DOWN);
    top_view_resize(&screen.view, 10, 40);
    assert_int_equal(top_layout_page(&screen.view), 5);
    assert_int_equal(screen.view.selected, 15);
    assert_int_equal(screen.view.first, 11);
    top_view_resize(&screen.view, 1, 1);
    assert_int_equal(top_layout_page(&screen.view), 1);
    assert_int_equal(screen.view.first, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cursor_moves_and_scrolls),
        cmocka_unit_test(the_cursor_stays_on_its_connection_but_at_the_top),
        cmocka_unit_test(the_order_is_chosen),
        cmocka_unit_test(columns_that_are_not_shown_are_stepped_over),
        cmocka_unit_test(a_filter_is_in_force_while_it_is_typed),
        cmocka_unit_test(a_wrong_filter_says_why_and_keeps_the_old_one),
        cmocka_unit_test(a_filter_with_names_waits_for_enter),
        cmocka_unit_test(what_is_typed_has_an_end),
        cmocka_unit_test(enter_explains_the_selected_one),
        cmocka_unit_test(with_no_connection_there_is_nothing_to_explain),
        cmocka_unit_test(space_pauses_and_goes_on),
        cmocka_unit_test(on_a_smaller_screen_the_cursor_is_still_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
