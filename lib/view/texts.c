#include "texts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "view_memory.h"

enum { ROOM_MIN = 4096, DIGITS_MAX = 20 };

/* Doubles, so that long lists are copied a few times only. False: no memory, and nothing is
 * changed. */
static bool grow(void *array, size_t *room, size_t needed, size_t size)
{
    void *old, *grown;
    if (needed <= *room)
        return true;
    size_t more = needed > ROOM_MIN ? 2 * needed : ROOM_MIN;
    memcpy(&old, array, sizeof(old));
    grown = view_memory_grow(old, more, size);
    if (grown == NULL)
        return false;
    memcpy(array, &grown, sizeof(grown));
    *room = more;
    return true;
}

void texts_begin(struct texts *texts, uint64_t key)
{
    if (!grow(&texts->places, &texts->place_room, texts->count + 1, sizeof(*texts->places)))
        return;
    texts->places[texts->count++] =
        (struct texts_place){.key = key, .at = texts->len, .end = texts->len};
}

void texts_add(struct texts *texts, const char *bytes, size_t len)
{
    if (!grow(&texts->bytes, &texts->room, texts->len + len, 1) || texts->count == 0)
        return;
    memcpy(texts->bytes + texts->len, bytes, len);
    texts->len += len;
    texts->places[texts->count - 1].end = texts->len;
}

void texts_add_text(struct texts *texts, const char *text)
{
    texts_add(texts, text, strlen(text));
}

void texts_add_number(struct texts *texts, uint64_t number)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    texts_add(texts, digits + at, sizeof(digits) - at);
}

/* What was begun first comes first. */
static int by_key(const void *left, const void *right)
{
    const struct texts_place *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

void texts_sort(struct texts *texts)
{
    size_t kept = 0;
    if (texts->count == 0)
        return;
    qsort(texts->places, texts->count, sizeof(*texts->places), by_key);
    for (size_t i = 1; i < texts->count; i++) {
        if (texts->places[i].key != texts->places[kept].key)
            texts->places[++kept] = texts->places[i];
    }
    texts->count = kept + 1;
}

void texts_done(struct texts *texts)
{
    free(texts->bytes);
    free(texts->places);
    *texts = (struct texts){.bytes = NULL};
}
