#include "util/text.h"

#include <stdint.h>
#include <string.h>

/* Bytes of the sequence that this one starts; 0: none can start so. */
static size_t sequence_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2) /* a continuation, or an overlong form */
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* The code point at text; *ret_len is 0 if the bytes are no UTF-8. */
static uint32_t decode(const unsigned char *text, size_t left, size_t *ret_len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = sequence_len(text[0]);
    uint32_t point = len <= 1 ? text[0] : text[0] & (0x7fu >> len);
    *ret_len = 0;
    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (text[i] & 0x3fu);
    }
    if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return 0;
    *ret_len = len;
    return point;
}

static bool is_printable(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0, 0x1f},          {0x7f, 0x9f},     /* C0, DEL, C1 */
        {0xad, 0xad},       {0x61c, 0x61c},   /* soft hyphen; Arabic letter mark */
        {0x180e, 0x180e},   {0x200b, 0x200f}, /* zero width, marks of direction */
        {0x2028, 0x202e},   {0x2060, 0x206f}, /* separators of lines, embeddings, overrides */
        {0xfe00, 0xfe0f},   {0xfeff, 0xfeff}, /* variants; the byte order mark */
        {0xfff9, 0xfffb},   {0xfffe, 0xffff}, {0xe0000, 0xe0fff}, /* annotations; none; tags */
        {0xf0000, 0x10ffff}                                       /* private use */
    };
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (point >= hidden[i].first && point <= hidden[i].last)
            return false;
    return true;
}

void text_make_printable(char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t taken;
        uint32_t point = decode((const unsigned char *)text + at, len - at, &taken);
        size_t bytes = taken > 0 ? taken : 1;
        if (taken == 0 || !is_printable(point))
            memset(text + at, '?', bytes);
        at += bytes;
    }
}
