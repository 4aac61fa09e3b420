/* The frame of a saved state: header, sections in their order, checksum (docs/state-format.md).
 *
 * One function per section serves both directions (save_sections.h). Restoring makes an empty stack
 * from the configuration and lets each section fill its part. The first error sticks in the codec,
 * later sections read nothing, and the half-filled stack is freed: every table is valid after each
 * item that was added, so that te_stack_free() needs to know nothing of it. At the end the
 * invariants are checked, since the parts may be valid one by one and not together. */
#include <string.h>

#include "save/save_sections.h"
#include "stack_internal.h"

#define CHECKSUM_BYTES 8

/* Deadlines are computed from now: they must lie where a saved time may (util/codec.h). */
#define NOW_MAX_US (TE_CODEC_TIME_MAX_US / 2)

static const uint8_t magic[8] = {'T', 'C', 'P', 'E', 'S', 'A', 'V', 'E'};

/* Detects corruption, not tampering: whoever can write these bytes owns the stack anyway. */
static const struct te_siphash_key checksum_key = {"tcpengine state"};

TE_SAVED_BY_HAND(struct te_stack_birth, "as the header's time", now_us);

struct section {
    enum te_save_tag tag;
    te_save_fn *fields;
};

static const struct section sections[] = {
    {TE_SAVE_COUNTERS, te_save_counters},
    {TE_SAVE_STACK, te_save_stack},
    {TE_SAVE_LOCALS, te_save_locals},
    {TE_SAVE_CONTROL, te_save_control},
    {TE_SAVE_REASSEMBLIES, te_save_reassemblies},
    {TE_SAVE_GRAVEYARD, te_save_graveyard},
    {TE_SAVE_CONNS, te_save_conns},
    {TE_SAVE_LISTENERS, te_save_listeners},
    {TE_SAVE_TIME_WAIT, te_save_time_wait},
    {TE_SAVE_NEIGHBOURS, te_save_neighbours},
    {TE_SAVE_OUTPUT, te_save_output},
    {TE_SAVE_EVENTS, te_save_events},
    {TE_SAVE_READY, te_save_ready},
    {TE_SAVE_FAST_OPEN, te_save_fast_open},
    {TE_SAVE_PMTUS, te_save_pmtus},
    {TE_SAVE_WHEEL, te_save_wheel},
};

/* --- the parts -------------------------------------------------------------------------------- */

static void header_fields(struct te_codec *codec, int64_t *now_us)
{
    uint8_t begin[sizeof(magic)];
    memcpy(begin, magic, sizeof(magic));
    te_codec_bytes(codec, begin, sizeof(begin));
    te_codec_require(codec, memcmp(begin, magic, sizeof(magic)) == 0);
    uint16_t version = TE_SAVE_VERSION;
    te_codec_u16(codec, &version);
    te_codec_require(codec, version >= 1 && version <= TE_SAVE_VERSION);
    codec->version = version;
    te_codec_time(codec, now_us);
    te_codec_require(codec, *now_us >= -NOW_MAX_US && *now_us <= NOW_MAX_US);
    codec->now_us = *now_us;
}

static void birth_fields(struct te_codec *codec, struct te_stack_birth *birth)
{
    struct te_codec_section section = te_codec_begin(codec, TE_SAVE_BIRTH);
    te_codec_bytes(codec, birth->key.bytes, sizeof(birth->key.bytes));
    te_codec_past(codec, &birth->born_at_us);
    te_codec_past(codec, &birth->wheel_now_us);
    te_codec_end(codec, section);
}

static void section_fields(struct te_codec *codec, struct te_stack *stack)
{
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && te_codec_is_ok(codec); i++) {
        struct te_codec_section section = te_codec_begin(codec, (uint16_t)sections[i].tag);
        sections[i].fields(codec, stack);
        te_codec_end(codec, section);
    }
}

/* --- out -------------------------------------------------------------------------------------- */

size_t te_stack_save(const struct te_stack *stack, uint8_t *bytes, size_t size_bytes)
{
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, size_bytes);
    struct te_stack_birth birth = {stack->key, stack->now_us, stack->born_at_us,
                                   stack->wheel.now_us};
    header_fields(&codec, &birth.now_us);
    birth_fields(&codec, &birth);
    section_fields(&codec, (struct te_stack *)stack); /* a writer changes nothing */
    size_t len = codec.at;
    uint64_t checksum = len <= codec.end ? te_siphash(&checksum_key, bytes, len) : 0;
    te_codec_u64(&codec, &checksum);
    return codec.at;
}

/* --- in --------------------------------------------------------------------------------------- */

static bool is_whole(const uint8_t *bytes, size_t len)
{
    if (len < CHECKSUM_BYTES)
        return false;
    struct te_codec tail;
    uint64_t checksum = 0;
    te_codec_init_reader(&tail, bytes + len - CHECKSUM_BYTES, CHECKSUM_BYTES);
    te_codec_u64(&tail, &checksum);
    return checksum == te_siphash(&checksum_key, bytes, len - CHECKSUM_BYTES);
}

static enum te_err fill(struct te_codec *codec, struct te_stack *stack)
{
    uint64_t id;
    section_fields(codec, stack);
    te_codec_skip_optional(codec);
    te_codec_require(codec, codec->at == codec->end);
    if (te_codec_is_ok(codec))
        te_codec_require(codec, te_stack_check_invariants(stack, &id) == NULL);
    return codec->err;
}

static enum te_err read_birth(struct te_codec *codec, struct te_stack_birth *birth)
{
    header_fields(codec, &birth->now_us);
    birth_fields(codec, birth);
    return codec->err;
}

enum te_err te_stack_restore(const struct te_config *config, const uint8_t *bytes, size_t len,
                             int64_t now_us, struct te_stack **ret_stack)
{
    const char *field;
    if (te_config_check(config, &field) != TE_OK || !is_whole(bytes, len))
        return TE_ERR_INVALID;
    struct te_codec codec;
    struct te_stack_birth birth = {.now_us = 0};
    struct te_stack *stack = NULL;
    te_codec_init_reader(&codec, bytes, len - CHECKSUM_BYTES);
    enum te_err err = read_birth(&codec, &birth);
    if (err == TE_OK)
        err = te_stack_make(config, &birth, &stack);
    if (err == TE_OK)
        err = fill(&codec, stack);
    if (err != TE_OK) {
        te_stack_free(stack);
        return err;
    }
    te_stack_set_now(stack, now_us);
    *ret_stack = stack;
    return TE_OK;
}

enum te_err te_save_time(const uint8_t *bytes, size_t len, int64_t *ret_now_us)
{
    struct te_codec codec;
    int64_t now_us = 0;
    te_codec_init_reader(&codec, bytes, len);
    header_fields(&codec, &now_us);
    if (te_codec_is_ok(&codec))
        *ret_now_us = now_us;
    return codec.err;
}
