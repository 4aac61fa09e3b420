#include "util/codec.h"

#include <string.h>

#define SECTION_HEADER_BYTES 10 /* tag, length */

void te_codec_init_writer(struct te_codec *codec, uint8_t *out, size_t size_bytes)
{
    *codec = (struct te_codec){.out = out, .end = out != NULL ? size_bytes : 0};
}

void te_codec_init_reader(struct te_codec *codec, const uint8_t *in, size_t len)
{
    *codec = (struct te_codec){.in = in, .end = len, .is_reading = true};
}

bool te_codec_is_ok(const struct te_codec *codec)
{
    return codec->err == TE_OK;
}

void te_codec_fail(struct te_codec *codec, enum te_err err)
{
    if (codec->err == TE_OK)
        codec->err = err;
}

void te_codec_require(struct te_codec *codec, bool is_so)
{
    if (codec->is_reading && !is_so)
        te_codec_fail(codec, TE_ERR_INVALID);
}

const uint8_t *te_codec_view(struct te_codec *codec, size_t len)
{
    if (codec->err != TE_OK)
        return NULL;
    if (len > codec->end - codec->at) {
        te_codec_fail(codec, TE_ERR_INVALID);
        return NULL;
    }
    const uint8_t *at = codec->in + codec->at;
    codec->at += len;
    return at;
}

static uint64_t load(const uint8_t *bytes, size_t len)
{
    uint64_t value = 0;
    for (size_t i = len; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static void store(uint8_t *bytes, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++, value >>= 8)
        bytes[i] = (uint8_t)value;
}

static bool has_room(const struct te_codec *codec, size_t len)
{
    return codec->at <= codec->end && len <= codec->end - codec->at;
}

void te_codec_bytes(struct te_codec *codec, void *bytes, size_t len)
{
    if (codec->is_reading) {
        const uint8_t *from = te_codec_view(codec, len);
        if (from != NULL && len > 0)
            memcpy(bytes, from, len);
        else if (len > 0)
            memset(bytes, 0, len);
        return;
    }
    if (len > 0 && has_room(codec, len))
        memcpy(codec->out + codec->at, bytes, len);
    codec->at += len;
}

/* Returns the value: as given when writing, else as read. */
static inline uint64_t number(struct te_codec *codec, uint64_t value, size_t len)
{
    if (codec->is_reading) {
        const uint8_t *bytes = te_codec_view(codec, len);
        return bytes != NULL ? load(bytes, len) : 0;
    }
    if (has_room(codec, len))
        store(codec->out + codec->at, value, len);
    codec->at += len;
    return value;
}

void te_codec_u8(struct te_codec *codec, uint8_t *value)
{
    uint8_t now = (uint8_t)number(codec, *value, 1);
    if (codec->is_reading)
        *value = now;
}

void te_codec_u16(struct te_codec *codec, uint16_t *value)
{
    uint16_t now = (uint16_t)number(codec, *value, 2);
    if (codec->is_reading)
        *value = now;
}

void te_codec_u32(struct te_codec *codec, uint32_t *value)
{
    uint32_t now = (uint32_t)number(codec, *value, 4);
    if (codec->is_reading)
        *value = now;
}

void te_codec_u64(struct te_codec *codec, uint64_t *value)
{
    uint64_t now = number(codec, *value, 8);
    if (codec->is_reading)
        *value = now;
}

void te_codec_i8(struct te_codec *codec, int8_t *value)
{
    uint8_t bits = (uint8_t)*value;
    te_codec_u8(codec, &bits);
    if (codec->is_reading)
        *value = (int8_t)bits;
}

void te_codec_i64(struct te_codec *codec, int64_t *value)
{
    uint64_t bits = (uint64_t)*value;
    te_codec_u64(codec, &bits);
    if (codec->is_reading)
        *value = (int64_t)bits;
}

void te_codec_bool(struct te_codec *codec, bool *value)
{
    uint8_t bits = *value;
    te_codec_u8_below(codec, &bits, 2);
    if (codec->is_reading)
        *value = bits == 1;
}

void te_codec_u8_below(struct te_codec *codec, uint8_t *value, unsigned limit)
{
    te_codec_u8(codec, value);
    if (codec->is_reading && *value >= limit) {
        te_codec_fail(codec, TE_ERR_INVALID);
        *value = 0;
    }
}

void te_codec_u32_to(struct te_codec *codec, uint32_t *value, uint32_t max)
{
    te_codec_u32(codec, value);
    if (codec->is_reading && *value > max) {
        te_codec_fail(codec, TE_ERR_INVALID);
        *value = 0;
    }
}

void te_codec_time(struct te_codec *codec, int64_t *time_us)
{
    te_codec_i64(codec, time_us);
    bool is_sane = *time_us >= -TE_CODEC_TIME_MAX_US && *time_us <= TE_CODEC_TIME_MAX_US;
    if (codec->is_reading && !is_sane) {
        te_codec_fail(codec, TE_ERR_INVALID);
        *time_us = 0;
    }
}

void te_codec_past(struct te_codec *codec, int64_t *time_us)
{
    te_codec_time(codec, time_us);
    te_codec_require(codec, *time_us <= codec->now_us);
}

void te_codec_deadline(struct te_codec *codec, int64_t *at_us)
{
    bool is_set = *at_us != TE_NEVER;
    te_codec_bool(codec, &is_set);
    if (is_set)
        te_codec_time(codec, at_us);
    else if (codec->is_reading)
        *at_us = TE_NEVER;
}

uint32_t te_codec_count(struct te_codec *codec, uint32_t count, uint32_t max, size_t item_bytes)
{
    te_codec_u32(codec, &count);
    if (!codec->is_reading)
        return count;
    te_codec_require(codec, count <= (codec->end - codec->at) / item_bytes);
    if (count > max)
        te_codec_fail(codec, TE_ERR_RESOURCES);
    return te_codec_is_ok(codec) ? count : 0;
}

/* --- sections --------------------------------------------------------------------------------- */

/* The tag that comes next, if its length fits; 0: there is none. */
static uint16_t peek_tag(const struct te_codec *codec, uint64_t *ret_len)
{
    if (codec->err != TE_OK || codec->end - codec->at < SECTION_HEADER_BYTES)
        return 0;
    *ret_len = load(codec->in + codec->at + 2, 8);
    if (*ret_len > codec->end - codec->at - SECTION_HEADER_BYTES)
        return 0;
    return (uint16_t)load(codec->in + codec->at, 2);
}

void te_codec_skip_optional(struct te_codec *codec)
{
    uint64_t len = 0;
    while (peek_tag(codec, &len) & TE_CODEC_OPTIONAL)
        codec->at += SECTION_HEADER_BYTES + (size_t)len;
}

struct te_codec_section te_codec_begin(struct te_codec *codec, uint16_t tag)
{
    uint64_t len = 0;
    if (codec->is_reading) {
        te_codec_skip_optional(codec);
        te_codec_require(codec, peek_tag(codec, &len) == tag);
    }
    struct te_codec_section section = {codec->at, codec->end};
    te_codec_u16(codec, &tag);
    te_codec_u64(codec, &len);
    if (codec->is_reading && te_codec_is_ok(codec))
        codec->end = codec->at + (size_t)len;
    return section;
}

void te_codec_end(struct te_codec *codec, struct te_codec_section section)
{
    if (codec->is_reading) {
        te_codec_require(codec, codec->at == codec->end);
        codec->end = section.outer_end;
        return;
    }
    if (codec->at <= codec->end)
        store(codec->out + section.start + 2, codec->at - section.start - SECTION_HEADER_BYTES, 8);
}
