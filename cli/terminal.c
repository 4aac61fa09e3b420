#include "terminal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TEXT_MIN = 20 }; /* narrower text is hard to read: then rather let the terminal break it */

size_t terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

bool terminal_has_colors(void)
{
    const char *forbidden = getenv("NO_COLOR"), *kind = getenv("TERM");
    if (forbidden != NULL && *forbidden)
        return false;
    return kind != NULL && strcmp(kind, "dumb") != 0 && isatty(STDOUT_FILENO);
}

/* How much of text goes on a line of room columns: up to a space, or after a '>' (segments are
 * written that way). */
static size_t line_len(const char *text, size_t room)
{
    size_t len = strlen(text);
    if (len <= room)
        return len;
    for (size_t at = room; at > 0; at--) {
        if (text[at] == ' ' || text[at - 1] == '>')
            return at;
    }
    return room;
}

void terminal_print_folded(const char *text, size_t indent, size_t width)
{
    size_t room = width > indent + TEXT_MIN ? width - indent : SIZE_MAX;
    while (*text) {
        size_t len = line_len(text, room);
        printf("%.*s", (int)len, text);
        text += len;
        text += strspn(text, " ");
        if (*text)
            printf("\n%*s", (int)indent, "");
    }
}

void terminal_print_wrapped(const char *text, size_t indent, size_t width)
{
    terminal_print_folded(text, indent, width);
    putchar('\n');
}

void terminal_print_line(const char *text, size_t indent, size_t width)
{
    size_t len = line_len(text, width > indent + TEXT_MIN ? width : SIZE_MAX);
    const char *rest = text + len + strspn(text + len, " ");
    printf("%.*s", (int)len, text);
    if (*rest)
        printf("\n%*s", (int)indent, "");
    terminal_print_wrapped(rest, indent, width);
}

void terminal_lines_begin(struct terminal_lines *lines)
{
    *lines = (struct terminal_lines){.text = NULL};
    FILE *stream = terminal_width() > 0 ? open_memstream(&lines->text, &lines->len) : NULL;
    if (stream == NULL)
        return;
    lines->stdout_before = stdout;
    stdout = stream;
}

void terminal_lines_end(struct terminal_lines *lines, size_t indent)
{
    char *rest = NULL;
    if (lines->stdout_before == NULL)
        return;
    fclose(stdout);
    stdout = lines->stdout_before;
    for (char *line = strtok_r(lines->text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        terminal_print_line(line, indent, terminal_width());
    free(lines->text);
}
