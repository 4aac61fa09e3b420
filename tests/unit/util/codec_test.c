#include <string.h>

#include "support/exact.h"
#include "support/test.h"
#include "units.h"
#include "util/codec.h"

#define NOW (1000 * SECOND)

/* One of each kind of field. */
struct record {
    uint8_t u8, below;
    uint16_t u16;
    uint32_t u32, to;
    uint64_t u64;
    int8_t i8;
    int64_t i64, time_us, past_us, deadline_us;
    bool is_so;
    bool bit : 1;
    enum te_state state;
    uint8_t bytes[3];
};

#define RECORD_BYTES (1 + 1 + 2 + 4 + 4 + 8 + 1 + 8 + 8 + 8 + 9 + 1 + 1 + 1 + 3)

static void record_fields(struct te_codec *codec, struct record *record)
{
    te_codec_u8(codec, &record->u8);
    te_codec_u8_below(codec, &record->below, 7);
    te_codec_u16(codec, &record->u16);
    te_codec_u32(codec, &record->u32);
    te_codec_u32_to(codec, &record->to, 1000);
    te_codec_u64(codec, &record->u64);
    te_codec_i8(codec, &record->i8);
    te_codec_i64(codec, &record->i64);
    te_codec_time(codec, &record->time_us);
    te_codec_past(codec, &record->past_us);
    te_codec_deadline(codec, &record->deadline_us);
    te_codec_bool(codec, &record->is_so);
    TE_CODEC_BIT(codec, record->bit);
    TE_CODEC_ENUM(codec, record->state, enum te_state, TE_STATE_COUNT);
    te_codec_bytes(codec, record->bytes, sizeof(record->bytes));
}

static struct record sample(void)
{
    return (struct record){
        .u8 = 0xfe,
        .below = 6,
        .u16 = 0x1234,
        .u32 = 0xdeadbeef,
        .to = 1000,
        .u64 = UINT64_C(0x0123456789abcdef),
        .i8 = INT8_MIN,
        .i64 = INT64_MIN,
        .time_us = -TE_CODEC_TIME_MAX_US,
        .past_us = NOW,
        .deadline_us = NOW + SECOND,
        .is_so = true,
        .bit = true,
        .state = TE_TIME_WAIT,
        .bytes = {7, 8, 9},
    };
}

static struct te_codec reader(const uint8_t *bytes, size_t len)
{
    struct te_codec codec;
    te_codec_init_reader(&codec, bytes, len);
    codec.now_us = NOW;
    return codec;
}

static size_t write_record(struct record record, uint8_t *out, size_t size)
{
    struct te_codec codec;
    te_codec_init_writer(&codec, out, size);
    codec.now_us = NOW;
    record_fields(&codec, &record);
    assert_true(te_codec_is_ok(&codec));
    return codec.at;
}

static void assert_same(const struct record *a, const struct record *b)
{
    assert_int_equal(a->u8, b->u8);
    assert_int_equal(a->below, b->below);
    assert_int_equal(a->u16, b->u16);
    assert_int_equal(a->u32, b->u32);
    assert_int_equal(a->to, b->to);
    assert_true(a->u64 == b->u64);
    assert_int_equal(a->i8, b->i8);
    assert_true(a->i64 == b->i64);
    assert_true(a->time_us == b->time_us);
    assert_true(a->past_us == b->past_us);
    assert_true(a->deadline_us == b->deadline_us);
    assert_int_equal(a->is_so, b->is_so);
    assert_int_equal(a->bit, b->bit);
    assert_int_equal(a->state, b->state);
    assert_memory_equal(a->bytes, b->bytes, sizeof(a->bytes));
}

/* What a failed read leaves: zero, but for a deadline, which is never. */
static void assert_zero(const struct record *record)
{
    const struct record zero = {.deadline_us = TE_NEVER};
    assert_same(record, &zero);
}

/* --- both ways -------------------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
    (void)state;
    uint8_t bytes[RECORD_BYTES];
    const struct record want = sample();
    assert_int_equal(write_record(want, bytes, sizeof(bytes)), RECORD_BYTES);
    struct record got;
    memset(&got, 1, sizeof(got)); /* other values, and legal ones of bool */
    struct te_codec codec = reader(bytes, sizeof(bytes));
    record_fields(&codec, &got);
    assert_true(te_codec_is_ok(&codec));
    assert_int_equal(codec.at, RECORD_BYTES);
    assert_same(&got, &want);
}

static void test_little_endian(void **state)
{
    (void)state;
    static const uint8_t want[] = {0x34, 0x12, 0xef, 0xbe, 0xad, 0xde, 0xfe, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xfd, 0x01, 0x00};
    uint8_t bytes[sizeof(want)];
    uint16_t u16 = 0x1234;
    uint32_t u32 = 0xdeadbeef;
    int64_t minus_two = -2;
    int8_t minus_three = -3;
    bool yes = true, no = false;
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    te_codec_u16(&codec, &u16);
    te_codec_u32(&codec, &u32);
    te_codec_i64(&codec, &minus_two);
    te_codec_i8(&codec, &minus_three);
    te_codec_bool(&codec, &yes);
    te_codec_bool(&codec, &no);
    assert_int_equal(codec.at, sizeof(want));
    assert_memory_equal(bytes, want, sizeof(want));
}

/* Without a buffer, or with a short one, the size comes out and nothing else is touched. */
static void test_counting(void **state)
{
    (void)state;
    assert_int_equal(write_record(sample(), NULL, 0), RECORD_BYTES);
    assert_int_equal(write_record(sample(), NULL, 1000), RECORD_BYTES);
    for (size_t size = 0; size < RECORD_BYTES; size++) {
        uint8_t bytes[RECORD_BYTES];
        memset(bytes, 0xa5, sizeof(bytes));
        assert_int_equal(write_record(sample(), bytes, size), RECORD_BYTES);
        for (size_t i = size; i < sizeof(bytes); i++)
            assert_int_equal(bytes[i], 0xa5);
    }
}

/* However short the input: an error, and every field from there on zero. */
static void test_short_input(void **state)
{
    (void)state;
    uint8_t bytes[RECORD_BYTES];
    write_record(sample(), bytes, sizeof(bytes));
    for (size_t len = 0; len < RECORD_BYTES; len++) {
        uint8_t *copy = exact_copy(bytes, len);
        struct record got;
        memset(&got, 1, sizeof(got));
        struct te_codec codec = reader(copy, len);
        record_fields(&codec, &got);
        assert_int_equal(codec.err, TE_ERR_INVALID);
        assert_memory_equal(got.bytes, "\0\0\0", 3);
        if (len == 0)
            assert_zero(&got);
        free(copy);
    }
}

/* --- errors ----------------------------------------------------------------------------------- */

static void test_first_error_sticks(void **state)
{
    (void)state;
    uint8_t bytes[RECORD_BYTES];
    write_record(sample(), bytes, sizeof(bytes));
    struct te_codec codec = reader(bytes, sizeof(bytes));
    te_codec_fail(&codec, TE_ERR_NOMEM);
    te_codec_fail(&codec, TE_ERR_RESOURCES);
    te_codec_require(&codec, false);
    struct record got;
    memset(&got, 1, sizeof(got));
    record_fields(&codec, &got);
    assert_zero(&got);
    assert_int_equal(codec.err, TE_ERR_NOMEM);
    assert_int_equal(codec.at, 0);
    assert_int_equal(te_codec_count(&codec, 3, 10, 1), 0);
    assert_null(te_codec_view(&codec, 0));
}

static void test_require(void **state)
{
    (void)state;
    struct te_codec codec = reader(NULL, 0);
    te_codec_require(&codec, true);
    assert_true(te_codec_is_ok(&codec));
    te_codec_require(&codec, false);
    assert_int_equal(codec.err, TE_ERR_INVALID);
    te_codec_init_writer(&codec, NULL, 0);
    te_codec_require(&codec, false); /* what is written is right */
    assert_true(te_codec_is_ok(&codec));
}

typedef void field_fn(struct te_codec *codec, struct record *record);

static void field_bool(struct te_codec *codec, struct record *record)
{
    te_codec_bool(codec, &record->is_so);
}

static void field_bit(struct te_codec *codec, struct record *record)
{
    TE_CODEC_BIT(codec, record->bit);
}

static void field_enum(struct te_codec *codec, struct record *record)
{
    TE_CODEC_ENUM(codec, record->state, enum te_state, TE_STATE_COUNT);
}

static void field_below(struct te_codec *codec, struct record *record)
{
    te_codec_u8_below(codec, &record->below, 7);
}

static void field_to(struct te_codec *codec, struct record *record)
{
    te_codec_u32_to(codec, &record->to, 1000);
}

static void field_time(struct te_codec *codec, struct record *record)
{
    te_codec_time(codec, &record->time_us);
}

static void field_past(struct te_codec *codec, struct record *record)
{
    te_codec_past(codec, &record->past_us);
}

static void field_deadline(struct te_codec *codec, struct record *record)
{
    te_codec_deadline(codec, &record->deadline_us);
}

/* The value as an input of eight bytes; the deadline's flag comes first where there is one. */
static enum te_err read_value(field_fn *field, int64_t value, struct record *ret_record)
{
    uint8_t bytes[9] = {1};
    size_t flag = field == field_deadline ? 1 : 0;
    for (unsigned i = 0; i < 8; i++)
        bytes[flag + i] = (uint8_t)((uint64_t)value >> (8 * i));
    struct te_codec codec = reader(bytes, 8 + flag);
    memset(ret_record, 1, sizeof(*ret_record));
    field(&codec, ret_record);
    return codec.err;
}

static void test_bounds(void **state)
{
    static const struct {
        field_fn *field;
        int64_t last_good, first_bad;
    } rows[] = {
        {field_bool, 1, 2},
        {field_bit, 1, 2},
        {field_enum, TE_TIME_WAIT, TE_STATE_COUNT},
        {field_below, 6, 7},
        {field_to, 1000, 1001},
        {field_time, TE_CODEC_TIME_MAX_US, TE_CODEC_TIME_MAX_US + 1},
        {field_time, -TE_CODEC_TIME_MAX_US, -TE_CODEC_TIME_MAX_US - 1},
        {field_time, 0, INT64_MAX},
        {field_past, NOW, NOW + 1},
        {field_past, -TE_CODEC_TIME_MAX_US, INT64_MIN},
        {field_deadline, TE_CODEC_TIME_MAX_US, TE_CODEC_TIME_MAX_US + 1},
        {field_deadline, NOW, TE_NEVER}, /* never has a form of its own */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct record record;
        assert_int_equal(read_value(rows[i].field, rows[i].last_good, &record), TE_OK);
        assert_int_equal(read_value(rows[i].field, rows[i].first_bad, &record), TE_ERR_INVALID);
    }
}

/* A value out of range is not left in the field for somebody to trip over. */
static void test_bad_values_read_as_zero(void **state)
{
    (void)state;
    struct record record;
    read_value(field_bool, 2, &record);
    assert_false(record.is_so);
    read_value(field_below, 200, &record);
    assert_int_equal(record.below, 0);
    read_value(field_to, 70000, &record);
    assert_int_equal(record.to, 0);
    read_value(field_time, INT64_MIN, &record);
    assert_int_equal(record.time_us, 0);
    read_value(field_enum, 255, &record);
    assert_int_equal(record.state, TE_CLOSED);
}

static void test_never_is_one_byte(void **state)
{
    (void)state;
    uint8_t bytes[9];
    int64_t at_us = TE_NEVER;
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    te_codec_deadline(&codec, &at_us);
    assert_int_equal(codec.at, 1);
    at_us = 5;
    codec = reader(bytes, 1);
    te_codec_deadline(&codec, &at_us);
    assert_true(te_codec_is_ok(&codec));
    assert_true(at_us == TE_NEVER);
}

/* --- counts and views ------------------------------------------------------------------------- */

static uint32_t read_count(uint32_t count, uint32_t max, size_t item_bytes, size_t rest,
                           enum te_err *ret_err)
{
    uint8_t bytes[64] = {0};
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    assert_int_equal(te_codec_count(&codec, count, max, item_bytes), count);
    codec = reader(bytes, 4 + rest);
    uint32_t got = te_codec_count(&codec, 77, max, item_bytes);
    *ret_err = codec.err;
    return got;
}

static void test_count(void **state)
{
    enum te_err err;
    (void)state;
    assert_int_equal(read_count(0, 5, 8, 0, &err), 0);
    assert_int_equal(err, TE_OK);
    assert_int_equal(read_count(3, 5, 8, 24, &err), 3);
    assert_int_equal(err, TE_OK);
    assert_int_equal(read_count(3, 5, 8, 23, &err), 0); /* the third is cut off */
    assert_int_equal(err, TE_ERR_INVALID);
    assert_int_equal(read_count(5, 5, 8, 40, &err), 5);
    assert_int_equal(err, TE_OK);
    assert_int_equal(read_count(6, 5, 8, 48, &err), 0);
    assert_int_equal(err, TE_ERR_RESOURCES);
    assert_int_equal(read_count(UINT32_MAX, UINT32_MAX, 60, 40, &err), 0);
    assert_int_equal(err, TE_ERR_INVALID);
}

static void test_view(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4, 5};
    struct te_codec codec = reader(bytes, sizeof(bytes));
    assert_ptr_equal(te_codec_view(&codec, 2), bytes);
    assert_ptr_equal(te_codec_view(&codec, 0), bytes + 2);
    assert_ptr_equal(te_codec_view(&codec, 3), bytes + 2);
    assert_int_equal(codec.at, 5);
    assert_null(te_codec_view(&codec, 1));
    assert_int_equal(codec.err, TE_ERR_INVALID);
    codec = reader(bytes, sizeof(bytes));
    assert_null(te_codec_view(&codec, SIZE_MAX));
}

/* --- sections --------------------------------------------------------------------------------- */

#define TAG 7
#define HEADER 10 /* tag, length */

/* A section of that tag with len bytes of value in it. */
static void put_section(struct te_codec *codec, uint16_t tag, uint8_t value, size_t len)
{
    struct te_codec_section section = te_codec_begin(codec, tag);
    for (size_t i = 0; i < len; i++)
        te_codec_u8(codec, &value);
    te_codec_end(codec, section);
}

static void test_section_bytes(void **state)
{
    (void)state;
    static const uint8_t want[] = {TAG, 0, 3, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9};
    uint8_t bytes[sizeof(want)];
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    put_section(&codec, TAG, 9, 3);
    assert_int_equal(codec.at, sizeof(want));
    assert_memory_equal(bytes, want, sizeof(want));
}

/* A section is read to exactly its end: neither less nor more of it. */
static void test_section_must_be_read_whole(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    put_section(&codec, TAG, 9, 3);
    put_section(&codec, TAG + 1, 8, 1);
    size_t len = codec.at;
    for (size_t take = 0; take <= 4; take++) {
        codec = reader(bytes, len);
        struct te_codec_section section = te_codec_begin(&codec, TAG);
        uint8_t value = 0;
        for (size_t i = 0; i < take; i++)
            te_codec_u8(&codec, &value);
        te_codec_end(&codec, section);
        assert_int_equal(codec.err, take == 3 ? TE_OK : TE_ERR_INVALID);
    }
}

static void test_section_tag(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    put_section(&codec, TAG, 9, 0);
    size_t len = codec.at;
    codec = reader(bytes, len);
    te_codec_begin(&codec, TAG + 1);
    assert_int_equal(codec.err, TE_ERR_INVALID);
    codec = reader(bytes, len - 1);
    te_codec_begin(&codec, TAG);
    assert_int_equal(codec.err, TE_ERR_INVALID);
}

/* A length beyond the enclosing section is an error, however large. */
static void test_section_length(void **state)
{
    (void)state;
    static const uint64_t lens[] = {4, 255, UINT64_C(1) << 40, UINT64_MAX};
    for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        uint8_t bytes[64];
        struct te_codec codec;
        te_codec_init_writer(&codec, bytes, sizeof(bytes));
        put_section(&codec, TAG, 9, 3);
        for (unsigned k = 0; k < 8; k++)
            bytes[2 + k] = (uint8_t)(lens[i] >> (8 * k));
        codec = reader(bytes, HEADER + 3);
        te_codec_begin(&codec, TAG);
        assert_int_equal(codec.err, TE_ERR_INVALID);
    }
}

static void nested_fields(struct te_codec *codec, uint8_t values[4])
{
    struct te_codec_section outer = te_codec_begin(codec, TAG);
    te_codec_u8(codec, &values[0]);
    struct te_codec_section inner = te_codec_begin(codec, TAG + 1);
    te_codec_u8(codec, &values[1]);
    te_codec_end(codec, inner);
    te_codec_u8(codec, &values[2]);
    te_codec_end(codec, outer);
    te_codec_u8(codec, &values[3]);
}

static void test_sections_nest(void **state)
{
    (void)state;
    uint8_t bytes[64];
    uint8_t want[4] = {1, 2, 3, 4}, got[4] = {0};
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    nested_fields(&codec, want);
    size_t len = codec.at;
    assert_int_equal(len, 2 * HEADER + 4);
    codec = reader(bytes, len);
    nested_fields(&codec, got);
    assert_true(te_codec_is_ok(&codec));
    assert_memory_equal(got, want, 4);

    bytes[HEADER + 1 + 2] = 3; /* the inner one claims bytes of the outer one's outside */
    codec = reader(bytes, len);
    nested_fields(&codec, got);
    assert_int_equal(codec.err, TE_ERR_INVALID);
}

/* Optional sections may come before any other and at the end; readers that do not know them pass.
 */
static void test_optional_sections_are_skipped(void **state)
{
    (void)state;
    uint8_t bytes[128];
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    put_section(&codec, TE_CODEC_OPTIONAL | 1, 1, 5);
    put_section(&codec, TE_CODEC_OPTIONAL | 2, 2, 0);
    put_section(&codec, TAG, 9, 1);
    put_section(&codec, TE_CODEC_OPTIONAL | 3, 3, 7);
    size_t len = codec.at;
    codec = reader(bytes, len);
    struct te_codec_section section = te_codec_begin(&codec, TAG);
    uint8_t value = 0;
    te_codec_u8(&codec, &value);
    te_codec_end(&codec, section);
    assert_int_equal(value, 9);
    assert_true(codec.at < len);
    te_codec_skip_optional(&codec);
    assert_true(te_codec_is_ok(&codec));
    assert_int_equal(codec.at, len);
}

/* One that is not optional stops the skipping; so does one that does not fit. */
static void test_skipping_stops(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    put_section(&codec, TE_CODEC_OPTIONAL | 1, 1, 5);
    size_t first = codec.at;
    put_section(&codec, TAG, 9, 1);
    size_t len = codec.at;
    codec = reader(bytes, len);
    te_codec_skip_optional(&codec);
    assert_int_equal(codec.at, first);
    codec = reader(bytes, first - 1);
    te_codec_skip_optional(&codec);
    assert_int_equal(codec.at, 0);
}

/* A writer whose buffer ends within a section writes no length beyond it. */
static void test_section_in_a_short_buffer(void **state)
{
    (void)state;
    for (size_t size = 0; size < HEADER + 3; size++) {
        uint8_t bytes[32];
        memset(bytes, 0xa5, sizeof(bytes));
        struct te_codec codec;
        te_codec_init_writer(&codec, bytes, size);
        put_section(&codec, TAG, 9, 3);
        assert_int_equal(codec.at, HEADER + 3);
        for (size_t i = size; i < sizeof(bytes); i++)
            assert_int_equal(bytes[i], 0xa5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_little_endian),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_short_input),
        cmocka_unit_test(test_first_error_sticks),
        cmocka_unit_test(test_require),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_bad_values_read_as_zero),
        cmocka_unit_test(test_never_is_one_byte),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_section_bytes),
        cmocka_unit_test(test_section_must_be_read_whole),
        cmocka_unit_test(test_section_tag),
        cmocka_unit_test(test_section_length),
        cmocka_unit_test(test_sections_nest),
        cmocka_unit_test(test_optional_sections_are_skipped),
        cmocka_unit_test(test_skipping_stops),
        cmocka_unit_test(test_section_in_a_short_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
