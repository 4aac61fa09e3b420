/* One list of fields that works in both directions: the same calls write a struct's fields as
 * little-endian bytes, or read them back.
 *
 *     void endpoint_fields(struct te_codec *codec, struct te_endpoint *endpoint)
 *     {
 *         te_codec_bytes(codec, endpoint->addr.bytes, 16);
 *         te_codec_u16(codec, &endpoint->port);
 *     }
 *
 * Writing never changes the fields; without a buffer it only counts. Reading trusts nothing: the
 * first error sticks, and from then on every field reads as zero (a deadline as TE_NEVER) and every
 * count as 0, so that the caller checks once, at the end. A section carries a tag and its length;
 * reading must come out exactly at its end. Buffers are borrowed for as long as the codec is used.
 *
 * The errors, all found while reading: TE_ERR_INVALID when the input is too short, or a value is
 * out of its range; TE_ERR_RESOURCES when a count is above its limit. The caller discards what it
 * has read. */
#ifndef TCPENGINE_UTIL_CODEC_H
#define TCPENGINE_UTIL_CODEC_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/types.h>

/* No valid time lies beyond this, so that sums and differences of two stay far from overflow. */
#define TE_CODEC_TIME_MAX_US (INT64_MAX / 4)

/* A section whose tag has this bit may be skipped by readers that do not know it. */
#define TE_CODEC_OPTIONAL 0x8000u

struct te_codec {
    uint8_t *out; /* NULL: only counts */
    const uint8_t *in;
    size_t at;        /* bytes read or written so far */
    size_t end;       /* reading: of the innermost section; writing: of the buffer */
    int64_t now_us;   /* set by the caller before te_codec_past() */
    uint16_t version; /* of what is read, or the current one when writing; set by the caller */
    bool is_reading;
    enum te_err err;
};

/* Between begin and end; the fields are the codec's. */
struct te_codec_section {
    size_t start, outer_end;
};

/* out may be NULL, or too small: nothing is written beyond size_bytes, and at the end codec->at is
 * the size needed. When it is more than size_bytes, what was written is useless. */
void te_codec_init_writer(struct te_codec *codec, uint8_t *out, size_t size_bytes);
void te_codec_init_reader(struct te_codec *codec, const uint8_t *in, size_t len);

/* No error so far. */
bool te_codec_is_ok(const struct te_codec *codec);
/* Sets the error unless there is one already. */
void te_codec_fail(struct te_codec *codec, enum te_err err);
/* Reading: fails with TE_ERR_INVALID unless is_so. Writing: nothing. */
void te_codec_require(struct te_codec *codec, bool is_so);

/* Fixed-width little-endian integers. */
void te_codec_u8(struct te_codec *codec, uint8_t *value);
void te_codec_u16(struct te_codec *codec, uint16_t *value);
void te_codec_u32(struct te_codec *codec, uint32_t *value);
void te_codec_u64(struct te_codec *codec, uint64_t *value);
void te_codec_i8(struct te_codec *codec, int8_t *value);
void te_codec_i64(struct te_codec *codec, int64_t *value);
/* One byte: 0 or 1, anything else is an error. */
void te_codec_bool(struct te_codec *codec, bool *value);
/* len bytes as they are. */
void te_codec_bytes(struct te_codec *codec, void *bytes, size_t len);
/* Numbers that must be below limit, or at most max. */
void te_codec_u8_below(struct te_codec *codec, uint8_t *value, unsigned limit);
void te_codec_u32_to(struct te_codec *codec, uint32_t *value, uint32_t max);
/* A time within TE_CODEC_TIME_MAX_US of 0, either way. */
void te_codec_time(struct te_codec *codec, int64_t *time_us);
/* A time that must not be after codec->now_us. */
void te_codec_past(struct te_codec *codec, int64_t *time_us);
/* A time, or TE_NEVER. */
void te_codec_deadline(struct te_codec *codec, int64_t *at_us);

/* For fields whose address cannot be passed: a bit, an enum. */
#define TE_CODEC_BIT(codec, field)                                                                 \
    do {                                                                                           \
        bool bit_of_field = (field);                                                               \
        te_codec_bool(codec, &bit_of_field);                                                       \
        if ((codec)->is_reading)                                                                   \
            (field) = bit_of_field;                                                                \
    } while (0)
#define TE_CODEC_ENUM(codec, field, type, limit)                                                   \
    do {                                                                                           \
        uint8_t code_of_field = (uint8_t)(field);                                                  \
        te_codec_u8_below(codec, &code_of_field, limit);                                           \
        if ((codec)->is_reading)                                                                   \
            (field) = (type)code_of_field;                                                         \
    } while (0)

/* These go beside the lists of fields. The lint rule saved_fields (tests/lint) finds every member
 * of every struct that struct te_stack is made of, bits included; each is handed to a codec, or
 * named in one of these:
 *
 * - TE_NOT_SAVED: it follows from something else; with the reason;
 * - TE_SAVED_BY_HAND: it is written in another form than it has; with how;
 * - TE_SAVED_ITEMS: it leads to items (a list, a tree, a table of pointers) that are written one by
 *   one. */
#define TE_NOT_SAVED(type, why, ...) static_assert(sizeof(type *) > 0, why)
#define TE_SAVED_BY_HAND(type, how, ...) static_assert(sizeof(type *) > 0, how)
#define TE_SAVED_ITEMS(type, member, item) static_assert(sizeof(item *) > 0, #type " " #member)

/* How many items follow, each of at least item_bytes (not 0). Writing: writes and returns count.
 * Reading: returns what was written, which must not be more than the remaining bytes can hold (else
 * TE_ERR_INVALID) nor more than max (else TE_ERR_RESOURCES); 0 after an error. */
uint32_t te_codec_count(struct te_codec *codec, uint32_t count, uint32_t max, size_t item_bytes);
/* Reading only: the next len bytes in place, valid as long as the input; NULL and TE_ERR_INVALID
 * when there are fewer. */
const uint8_t *te_codec_view(struct te_codec *codec, size_t len);

/* Begins a section; everything up to te_codec_end() belongs to it. Sections nest. Reading: passes
 * over optional sections, then fails with TE_ERR_INVALID unless a section with this tag comes next,
 * and lies within the enclosing one. */
struct te_codec_section te_codec_begin(struct te_codec *codec, uint16_t tag);
/* Reading: fails with TE_ERR_INVALID unless all of the section was read. */
void te_codec_end(struct te_codec *codec, struct te_codec_section section);
/* Reading: passes over optional sections, up to the first that is not, or the end. */
void te_codec_skip_optional(struct te_codec *codec);

#endif
