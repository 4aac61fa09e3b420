#include "watch/http_accept.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define QUALITY_MAX 1000 /* of 1: a quality has three digits */
#define UNSAID (-1)

/* A piece of the header, without the white space around it. */
struct piece {
    const char *text;
    size_t len;
};

/* One element of the list. */
struct range {
    struct piece type;
    struct piece version; /* empty: not said */
    int quality;
};

void http_accept_add(char accept[HTTP_ACCEPT_MAX], const char *line)
{
    size_t len = strlen(accept);
    snprintf(accept + len, HTTP_ACCEPT_MAX - len, "%s%s", len > 0 ? "," : "", line);
}

/* --- pieces ----------------------------------------------------------------------------------- */

static struct piece trim(struct piece piece)
{
    while (piece.len > 0 && strchr(" \t", piece.text[0]) != NULL)
        piece.text++, piece.len--;
    while (piece.len > 0 && strchr(" \t", piece.text[piece.len - 1]) != NULL)
        piece.len--;
    return piece;
}

/* Takes the piece before the separator, quoted strings aside, off *rest. False: none is left. */
static bool take(struct piece *rest, char separator, struct piece *ret_piece)
{
    bool is_quoted = false;
    size_t len = 0;
    if (rest->text == NULL)
        return false;
    for (; len < rest->len && (is_quoted || rest->text[len] != separator); len++)
        is_quoted ^= rest->text[len] == '"';
    *ret_piece = trim((struct piece){rest->text, len});
    *rest = len < rest->len ? (struct piece){rest->text + len + 1, rest->len - len - 1}
                            : (struct piece){NULL, 0};
    return true;
}

static bool is(struct piece piece, const char *word)
{
    return piece.len == strlen(word) && strncasecmp(piece.text, word, piece.len) == 0;
}

static struct piece unquote(struct piece piece)
{
    if (piece.len >= 2 && piece.text[0] == '"' && piece.text[piece.len - 1] == '"')
        return (struct piece){piece.text + 1, piece.len - 2};
    return piece;
}

/* "0.5" is 500; what is no quality is 0. */
static int quality_of(struct piece piece)
{
    int value = 0, unit = QUALITY_MAX;
    if (piece.len == 0 || piece.len > 5 || (piece.text[0] != '0' && piece.text[0] != '1') ||
        (piece.len > 1 && piece.text[1] != '.'))
        return 0;
    for (size_t i = 0; i < piece.len; i++) {
        if (i == 1)
            continue;
        if (piece.text[i] < '0' || piece.text[i] > '9')
            return 0;
        value += (piece.text[i] - '0') * unit;
        unit /= 10;
    }
    return value <= QUALITY_MAX ? value : 0;
}

/* --- ranges ----------------------------------------------------------------------------------- */

static struct range range_of(struct piece element)
{
    struct range range = {.quality = QUALITY_MAX};
    struct piece parameter, name;
    take(&element, ';', &range.type);
    while (take(&element, ';', &parameter)) {
        struct piece value = parameter;
        take(&value, '=', &name);
        value = value.text == NULL ? (struct piece){"", 0} : unquote(trim(value));
        if (is(name, "q"))
            range.quality = quality_of(value);
        else if (is(name, "version"))
            range.version = value;
    }
    return range;
}

static bool is_version(const struct range *range, const char *version)
{
    return range->version.len == 0 || is(range->version, version);
}

/* How well a range fits text: 0, not at all; the most specific one counts. */
static unsigned fit_of_text(const struct range *range)
{
    if (is(range->type, "text/plain"))
        return is_version(range, "0.0.4") ? 3 : 0;
    return is(range->type, "text/*") ? 2 : is(range->type, "*/*");
}

bool http_accept_is_open_metrics(const char *accept)
{
    struct piece rest = {accept, strlen(accept)}, element;
    int open_metrics = UNSAID, text = 0;
    unsigned best_fit = 0;
    while (take(&rest, ',', &element)) {
        struct range range = range_of(element);
        unsigned fit = fit_of_text(&range);
        if (is(range.type, "application/openmetrics-text") && is_version(&range, "1.0.0") &&
            range.quality > open_metrics)
            open_metrics = range.quality;
        if (fit > best_fit || (fit > 0 && fit == best_fit && range.quality > text)) {
            best_fit = fit;
            text = range.quality;
        }
    }
    return open_metrics > 0 && open_metrics >= text;
}
