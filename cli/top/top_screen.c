#define NCURSES_WIDECHAR 1
#include "top_screen.h"

#include <curses.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "top_ending.h"
#include "top_view.h"

enum { ESCAPE_WAIT_MS = 25, CONTROL_L = 'L' & 0x1f, CONTROL_U = 'U' & 0x1f };

static SCREEN *screen;
static FILE *output; /* stdio's own stdout of tcpctl has no descriptor */

/* --- colors ----------------------------------------------------------------------------------- */

struct look {
    attr_t attributes;
    short color, background; /* -1: the terminal's own */
};

static const struct look looks[TOP_STYLE_COUNT] = {
    [TOP_NORMAL] = {A_NORMAL, -1, -1},
    [TOP_BOLD] = {A_BOLD, -1, -1},
    [TOP_DIM] = {A_DIM, -1, -1},
    [TOP_REVERSE] = {A_REVERSE, -1, -1},
    [TOP_REVERSE_BOLD] = {A_REVERSE | A_BOLD, -1, -1},
    [TOP_GREEN] = {A_NORMAL, COLOR_GREEN, -1},
    [TOP_YELLOW] = {A_NORMAL, COLOR_YELLOW, -1},
    [TOP_RED] = {A_BOLD, COLOR_RED, -1},
    [TOP_CYAN] = {A_NORMAL, COLOR_CYAN, -1},
    [TOP_ON_GREEN] = {A_NORMAL, COLOR_BLACK, COLOR_GREEN},
    [TOP_ON_YELLOW] = {A_NORMAL, COLOR_BLACK, COLOR_YELLOW},
    [TOP_ON_RED] = {A_NORMAL, COLOR_WHITE, COLOR_RED},
    [TOP_ON_CYAN] = {A_NORMAL, COLOR_BLACK, COLOR_CYAN},
    [TOP_ON_GRAY] = {A_NORMAL, COLOR_BLACK, COLOR_WHITE},
};

static bool shows_colors;

static void init_colors(bool has_colors_wanted)
{
    shows_colors = has_colors_wanted && has_colors();
    if (!shows_colors)
        return;
    start_color();
    use_default_colors();
    for (short i = 0; i < TOP_STYLE_COUNT; i++)
        if (looks[i].color >= 0)
            init_pair((short)(i + 1), looks[i].color, looks[i].background);
}

/* ---------------------------------------------------------------------------------------------- */

const char *top_screen_obstacle(void)
{
    const char *kind = getenv("TERM");
    if (!isatty(STDOUT_FILENO))
        return "stdout is no terminal";
    if (!isatty(STDIN_FILENO))
        return "stdin is no terminal";
    if (kind == NULL || *kind == '\0')
        return "TERM is not set";
    return strcmp(kind, "dumb") == 0 ? "TERM=dumb" : NULL;
}

bool top_screen_open(bool has_colors_wanted)
{
    top_ending_remember();
    output = fdopen(STDOUT_FILENO, "w");
    screen = output != NULL ? newterm(NULL, output, stdin) : NULL;
    if (screen == NULL)
        return false;
    top_ending_prepare(); /* after curses, whose handlers end without the signal */
    set_escdelay(ESCAPE_WAIT_MS);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    init_colors(has_colors_wanted);
    return true;
}

void top_screen_close(void)
{
    if (screen == NULL)
        return;
    move(LINES - 1, 0); /* where there is no other screen to go back to, the shell goes on here */
    clrtoeol();
    refresh();
    endwin();
    fflush(output);
    delscreen(screen);
    screen = NULL;
}

void top_screen_size(unsigned *ret_rows, unsigned *ret_columns)
{
    int rows, columns;
    getmaxyx(stdscr, rows, columns);
    *ret_rows = rows > 0 ? (unsigned)rows : 1;
    *ret_columns = columns > 0 ? (unsigned)columns : 1;
}

static void draw_cell(int row, int column, const struct top_cell *cell)
{
    cchar_t character;
    const wchar_t text[] = {cell->character, L'\0'};
    const struct look *look = &looks[cell->style];
    short pair = shows_colors && look->color >= 0 ? (short)(cell->style + 1) : 0;
    if (setcchar(&character, text, look->attributes, pair, NULL) == OK)
        mvadd_wch(row, column, &character);
}

void top_screen_draw(const struct top_canvas *canvas, bool is_anew)
{
    if (is_anew)
        clearok(stdscr, TRUE);
    erase();
    for (unsigned row = 0; row < canvas->rows; row++) {
        const struct top_cell *cells = top_canvas_row(canvas, row);
        for (unsigned column = 0; column < canvas->columns; column++)
            if (cells[column].character != L'\0')
                draw_cell((int)row, (int)column, &cells[column]);
    }
    refresh();
}

/* --- keys ------------------------------------------------------------------------------------- */

static int function_key(wint_t key)
{
    static const struct {
        int curses, key;
    } keys[] = {{KEY_UP, TOP_KEY_UP},
                {KEY_DOWN, TOP_KEY_DOWN},
                {KEY_PPAGE, TOP_KEY_PAGE_UP},
                {KEY_NPAGE, TOP_KEY_PAGE_DOWN},
                {KEY_HOME, TOP_KEY_HOME},
                {KEY_END, TOP_KEY_END},
                {KEY_LEFT, TOP_KEY_LEFT},
                {KEY_RIGHT, TOP_KEY_RIGHT},
                {KEY_ENTER, TOP_KEY_ENTER},
                {KEY_BACKSPACE, TOP_KEY_BACKSPACE},
                {KEY_F(1), '?'},
                {KEY_F(3), '/'},
                {KEY_F(4), '/'},
                {KEY_F(10), 'q'},
                {KEY_DC, TOP_KEY_BACKSPACE},
                {KEY_RESIZE, TOP_SCREEN_RESIZED}};
    for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if ((wint_t)keys[i].curses == key)
            return keys[i].key;
    return 0;
}

static int control_key(wint_t key)
{
    switch (key) {
    case '\r':
    case '\n':
        return TOP_KEY_ENTER;
    case 0x1b:
        return TOP_KEY_ESCAPE;
    case '\b':
    case 0x7f:
        return TOP_KEY_BACKSPACE;
    case CONTROL_L:
        return TOP_KEY_REDRAW;
    case CONTROL_U:
        return TOP_KEY_CLEAR;
    default:
        return (int)key;
    }
}

/* Readable, and nothing to read: the other end of the terminal has gone. */
static bool has_terminal_gone(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

int top_screen_key(void)
{
    wint_t key;
    int kind = get_wch(&key);
    if (kind == ERR)
        return has_terminal_gone() ? TOP_SCREEN_GONE : TOP_SCREEN_NONE;
    return kind == KEY_CODE_YES ? function_key(key) : control_key(key);
}
