/* One list of fields that works in both directions: the same calls write a struct's fields as
 * little-endian bytes, or read them back.
 *
 *     void endpoint_fields(struct te_codec *codec, struct te_endpoint *endpoint)
 *     {
 *         te_codec_bytes(codec, endpoint->addr.bytes, 16);
 *         te_codec_u16(codec, &endpoint->port);
 *     }
 *
 * Writing never changes the fields; with no buffer it only counts. Reading trusts nothing: the
 * first error sticks, and from then on every field reads as zero, every count as none, so that the
 * caller asks once, at the end. A section carries a tag and its length; who reads it must come out
 * exactly at its end. */
#ifndef TCPENGINE_UTIL_CODEC_H
#define TCPENGINE_UTIL_CODEC_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/types.h>

/* Times beyond are nobody's: sums and differences of two stay far from overflow. */
#define TE_CODEC_TIME_MAX_US (INT64_MAX / 4)

/* Sections with this bit may be skipped by readers that do not know them. */
#define TE_CODEC_OPTIONAL 0x8000u

struct te_codec {
    uint8_t *out; /* NULL: only counted */
    const uint8_t *in;
    size_t at;
    size_t end; /* reading: of the innermost section; writing: of the buffer */
    int64_t now_us;
    uint16_t version; /* of what is read; the current one when writing */
    bool is_reading;
    enum te_err err;
};

struct te_codec_section {
    size_t start, outer_end;
};

/* size_bytes may be less than what comes: codec->at tells how much it would have been. */
void te_codec_init_writer(struct te_codec *codec, uint8_t *out, size_t size_bytes);
void te_codec_init_reader(struct te_codec *codec, const uint8_t *in, size_t len);

bool te_codec_is_ok(const struct te_codec *codec);
void te_codec_fail(struct te_codec *codec, enum te_err err);
/* While reading: TE_ERR_INVALID when what was read is not so. */
void te_codec_require(struct te_codec *codec, bool is_so);

void te_codec_u8(struct te_codec *codec, uint8_t *value);
void te_codec_u16(struct te_codec *codec, uint16_t *value);
void te_codec_u32(struct te_codec *codec, uint32_t *value);
void te_codec_u64(struct te_codec *codec, uint64_t *value);
void te_codec_i8(struct te_codec *codec, int8_t *value);
void te_codec_i64(struct te_codec *codec, int64_t *value);
void te_codec_bool(struct te_codec *codec, bool *value);
void te_codec_bytes(struct te_codec *codec, void *bytes, size_t len);
/* A number that must be below limit. */
void te_codec_u8_below(struct te_codec *codec, uint8_t *value, unsigned limit);
void te_codec_u32_to(struct te_codec *codec, uint32_t *value, uint32_t max);
/* A point in time: in bounds that keep arithmetic safe; not after codec->now_us; a deadline, where
 * TE_NEVER is legal. */
void te_codec_time(struct te_codec *codec, int64_t *time_us);
void te_codec_past(struct te_codec *codec, int64_t *time_us);
void te_codec_deadline(struct te_codec *codec, int64_t *at_us);

/* A field that is not a plain object in memory: a bit, an enum. */
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

/* Stands beside the lists of fields. tests/lint's rule saved_fields finds every member of every
 * struct that struct te_stack is made of, bits included; each is handed to a codec, or named here:
 *
 * - what follows from something else, with the reason;
 * - what is written in another form than it has, and how;
 * - what leads to items (a list, a tree, a table of pointers), each written for itself. */
#define TE_NOT_SAVED(type, why, ...) static_assert(sizeof(type *) > 0, why)
#define TE_SAVED_BY_HAND(type, how, ...) static_assert(sizeof(type *) > 0, how)
#define TE_SAVED_ITEMS(type, member, item) static_assert(sizeof(item *) > 0, #type " " #member)

/* How many items follow, each of at least item_bytes. Reading: at most max (else
 * TE_ERR_RESOURCES), and not more than the bytes left can hold (else TE_ERR_INVALID); 0 after an
 * error. */
uint32_t te_codec_count(struct te_codec *codec, uint32_t count, uint32_t max, size_t item_bytes);
/* Reading: the next len bytes where they lie; NULL when there are not so many. */
const uint8_t *te_codec_view(struct te_codec *codec, size_t len);

/* Everything between belongs to the section. Reading: another tag than this one is an error, unless
 * it may be skipped. */
struct te_codec_section te_codec_begin(struct te_codec *codec, uint16_t tag);
void te_codec_end(struct te_codec *codec, struct te_codec_section section);
/* Reading: passes over sections that may be skipped, up to the end. */
void te_codec_skip_optional(struct te_codec *codec);

#endif
