/* Many short texts, one after another in one piece of memory: rows that cannot be printed yet, as
 * their order or the widths of their columns are not known. Without memory (view_memory.h) texts
 * are not whole. */
#ifndef VIEW_TEXTS_H
#define VIEW_TEXTS_H

#include <stddef.h>
#include <stdint.h>

struct texts_place {
    uint64_t key;
    size_t at, end;
};

/* All zero: none. */
struct texts {
    char *bytes;
    size_t len, room;
    struct texts_place *places;
    size_t count, place_room;
};

/* Begins a text. */
void texts_begin(struct texts *texts, uint64_t key);
/* Each adds to the text that was begun last. */
void texts_add(struct texts *texts, const char *bytes, size_t len);
void texts_add_text(struct texts *texts, const char *text);
void texts_add_number(struct texts *texts, uint64_t number);
/* In the order of their keys. Of several with one key only the first that was begun stays. */
void texts_sort(struct texts *texts);
/* Frees all of them. */
void texts_done(struct texts *texts);

#endif
