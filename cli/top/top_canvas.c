#include "top_canvas.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { UTF8_CONTINUATION_MASK = 0xc0, UTF8_CONTINUATION = 0x80 };

void top_canvas_init(struct top_canvas *canvas, unsigned rows, unsigned columns)
{
    size_t count = (size_t)rows * columns;
    canvas->rows = rows;
    canvas->columns = columns;
    canvas->cells = calloc(count > 0 ? count : 1, sizeof(*canvas->cells));
    if (canvas->cells == NULL)
        cli_no_memory();
    for (size_t i = 0; i < count; i++)
        canvas->cells[i].character = L' ';
}

void top_canvas_done(struct top_canvas *canvas)
{
    free(canvas->cells);
    canvas->cells = NULL;
}

const struct top_cell *top_canvas_row(const struct top_canvas *canvas, unsigned row)
{
    return &canvas->cells[(size_t)row * canvas->columns];
}

/* The next character of *text, and how many columns it takes: 1 or 2. L'\0': the end. */
static wchar_t next_character(const char **text, unsigned *ret_width)
{
    mbstate_t state = {0};
    wchar_t character = L'\0';
    for (;;) {
        size_t len = mbrtowc(&character, *text, MB_CUR_MAX, &state);
        if (len == 0)
            return L'\0';
        if (len > MB_CUR_MAX) { /* no character of this locale: one '?' for all its bytes */
            (*text)++;
            while (((unsigned char)**text & UTF8_CONTINUATION_MASK) == UTF8_CONTINUATION)
                (*text)++;
            *ret_width = 1;
            return L'?';
        }
        *text += len;
        int width = wcwidth(character);
        *ret_width = width == 2 ? 2 : 1;
        if (width != 0) /* a mark on the character before is left out */
            return width > 0 ? character : L'?';
    }
}

unsigned top_canvas_width(const char *text)
{
    unsigned total = 0, width;
    while (next_character(&text, &width) != L'\0')
        total += width;
    return total;
}

static void set_cell(struct top_canvas *canvas, unsigned row, unsigned column, wchar_t character,
                     enum top_style style)
{
    canvas->cells[(size_t)row * canvas->columns + column] =
        (struct top_cell){character, (uint8_t)style};
}

unsigned top_canvas_put(struct top_canvas *canvas, unsigned row, unsigned column, unsigned width,
                        enum top_style style, const char *text)
{
    if (row >= canvas->rows || column >= canvas->columns || width == 0)
        return 0;
    if (width > canvas->columns - column)
        width = canvas->columns - column;
    bool is_cut = top_canvas_width(text) > width;
    unsigned room = is_cut ? width - 1 : width, used = 0, columns;
    for (wchar_t character; (character = next_character(&text, &columns)) != L'\0';) {
        if (used + columns > room)
            break;
        set_cell(canvas, row, column + used, character, style);
        if (columns == 2)
            set_cell(canvas, row, column + used + 1, L'\0', style);
        used += columns;
    }
    if (is_cut)
        set_cell(canvas, row, column + used++, L'+', style);
    return used;
}

void top_canvas_put_right(struct top_canvas *canvas, unsigned row, unsigned column, unsigned width,
                          enum top_style style, const char *text)
{
    unsigned needed = top_canvas_width(text);
    unsigned gap = needed < width ? width - needed : 0;
    top_canvas_put(canvas, row, column + gap, width - gap, style, text);
}

void top_canvas_paint(struct top_canvas *canvas, unsigned row, unsigned column, unsigned width,
                      enum top_style style)
{
    for (unsigned i = column; row < canvas->rows && i < canvas->columns && i - column < width; i++)
        canvas->cells[(size_t)row * canvas->columns + i].style = (uint8_t)style;
}

const char *top_canvas_text(const struct top_canvas *canvas, unsigned row, char *ret_text,
                            size_t size)
{
    const struct top_cell *cells = top_canvas_row(canvas, row);
    unsigned end = canvas->columns;
    mbstate_t state = {0};
    size_t used = 0;
    while (end > 0 && cells[end - 1].character == L' ')
        end--;
    for (unsigned i = 0; i < end && used + MB_CUR_MAX < size; i++) {
        if (cells[i].character == L'\0')
            continue;
        size_t len = wcrtomb(ret_text + used, cells[i].character, &state);
        if (len == (size_t)-1) {
            ret_text[used] = '?';
            len = 1;
            memset(&state, 0, sizeof(state));
        }
        used += len;
    }
    ret_text[used] = '\0';
    return ret_text;
}
