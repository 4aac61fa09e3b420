/* What routers and switches are told of the groups that we listen to (RFC 3810, RFC 2710). */
#include <string.h>

#include "ip/mld.h"
#include "stack_internal.h"
#include "support/captured.h"
#include "support/frames.h"
#include "support/test.h"
#include "units.h"
#include "util/bytes.h"
#include "wire/checksum.h"
#include "wire/mld.h"

/* fixture.h's addresses: 2001:db8::1 and the link-local one of its MAC share their group. */
#define GROUP "ff02::1:ff00:1"
#define LINK_LOCAL "fe80::ff:fe00:1"
#define SECOND_GROUP "ff02::1:ff00:99"
#define ROUTER "fe80::9"

static struct fixture f;

static void init(void)
{
    fixture_init(&f);
    f.config.mld = true;
}

static int setup(void **state)
{
    (void)state;
    init();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

/* --- what is sent ----------------------------------------------------------------------------- */

struct sent_mld {
    uint8_t type;
    unsigned record_count;
    uint8_t record_types[8];
    char groups[8][TE_ADDR_TEXT_MAX];
    char source[TE_ADDR_TEXT_MAX], destination[TE_ADDR_TEXT_MAX];
    int64_t time_us;
};

static bool is_mld(const struct fixture_frame *frame)
{
    return frame->len > 62 && frame->bytes[12] == 0x86 && frame->bytes[13] == 0xdd &&
           frame->bytes[20] == 0;
}

static void read_records(const uint8_t *message, size_t len, struct sent_mld *ret_sent)
{
    ret_sent->record_count = te_load_be16(message + 6);
    assert_true(ret_sent->record_count <= 8);
    assert_int_equal(len, 8 + 20 * ret_sent->record_count);
    for (unsigned i = 0; i < ret_sent->record_count; i++) {
        const uint8_t *record = message + 8 + 20 * i;
        struct te_addr group = te_addr_from_v6(record + 4);
        ret_sent->record_types[i] = record[0];
        assert_memory_equal(record + 1, "\0\0\0", 3); /* no auxiliary data, no sources */
        te_addr_format(&group, ret_sent->groups[i]);
    }
}

/* RFC 3810 5, RFC 2710 3: hop limit 1, a router alert, a right checksum, the group's MAC. */
static struct sent_mld read_mld(const struct fixture_frame *frame)
{
    static const uint8_t alert[8] = {58, 0, 5, 2, 0, 0, 1, 0};
    struct sent_mld sent = {.time_us = frame->time_us};
    const uint8_t *ip = frame->bytes + 14, *message = ip + 48;
    struct te_addr source = te_addr_from_v6(ip + 8), destination = te_addr_from_v6(ip + 24);
    uint8_t mac[6];
    size_t len = frame->len - 14 - 48;
    assert_int_equal(te_load_be16(ip + 4), len + 8);
    assert_int_equal(ip[7], 1);
    assert_memory_equal(ip + 40, alert, 8);
    te_mac_of_group(&destination, mac);
    assert_mac(frame->bytes, mac);
    uint64_t sum = te_checksum_pseudo(&source, &destination, 58, (uint32_t)len);
    assert_int_equal(te_checksum_finish(te_checksum_add(sum, message, len)), 0);
    te_addr_format(&source, sent.source);
    te_addr_format(&destination, sent.destination);
    sent.type = message[0];
    if (sent.type == TE_MLD_REPORT) {
        read_records(message, len, &sent);
        return sent;
    }
    assert_int_equal(len, TE_MLD_V1_LEN);
    struct te_addr group = te_addr_from_v6(message + 8);
    te_addr_format(&group, sent.groups[0]);
    return sent;
}

static const struct fixture_frame *next_mld(void)
{
    const struct fixture_frame *frame;
    while ((frame = fixture_next(&f)) != NULL && !is_mld(frame))
        continue;
    return frame;
}

static void expect_no_mld(void)
{
    assert_null(next_mld());
}

/* A version 2 report of one group. */
static struct sent_mld expect_report(const char *source, enum te_mld_record_type type,
                                     const char *group)
{
    const struct fixture_frame *frame = next_mld();
    assert_non_null(frame);
    struct sent_mld sent = read_mld(frame);
    assert_int_equal(sent.type, TE_MLD_REPORT);
    assert_string_equal(sent.source, source);
    assert_string_equal(sent.destination, "ff02::16");
    assert_int_equal(sent.record_count, 1);
    assert_int_equal(sent.record_types[0], type);
    assert_string_equal(sent.groups[0], group);
    return sent;
}

static struct sent_mld expect_v1(uint8_t type, const char *destination, const char *group)
{
    const struct fixture_frame *frame = next_mld();
    assert_non_null(frame);
    struct sent_mld sent = read_mld(frame);
    assert_int_equal(sent.type, type);
    assert_string_equal(sent.source, LINK_LOCAL);
    assert_string_equal(sent.destination, destination);
    assert_string_equal(sent.groups[0], group);
    return sent;
}

/* --- what comes in ---------------------------------------------------------------------------- */

struct query {
    const char *group; /* NULL: general */
    uint16_t code;
    bool is_v1;
    uint8_t robustness;
    const char *source; /* NULL: ROUTER */
    uint8_t hop_limit;  /* 0: 1 */
    bool is_bare;       /* without the router alert */
    const char *to;     /* NULL: the group, or all nodes */
};

static void input_message(const char *source, const char *destination, const uint8_t *message,
                          size_t len, const struct query *like)
{
    static const uint8_t alert[8] = {58, 0, 5, 2, 0, 0, 1, 0};
    uint8_t payload[128];
    size_t alert_len = like->is_bare ? 0 : sizeof(alert);
    struct te_addr from = fixture_addr(source), to = fixture_addr(destination);
    struct ip_spec spec = {.source = source,
                           .destination = destination,
                           .hop_limit = like->hop_limit != 0 ? like->hop_limit : 1,
                           .protocol = like->is_bare ? 58 : 0};
    memcpy(payload, alert, alert_len);
    memcpy(payload + alert_len, message, len);
    uint64_t sum = te_checksum_pseudo(&from, &to, 58, (uint32_t)len);
    te_store_be16(payload + alert_len + 2, te_checksum_finish(te_checksum_add(sum, message, len)));
    input_ip(&f, &spec, payload, alert_len + len);
}

static void input_query(const struct query *query)
{
    uint8_t message[28] = {TE_MLD_QUERY, [24] = query->robustness, [25] = 125};
    const char *to = query->to != NULL ? query->to : query->group;
    te_store_be16(message + 4, query->code);
    if (query->group != NULL) {
        struct te_addr group = fixture_addr(query->group);
        memcpy(message + 8, group.bytes, 16);
    }
    input_message(query->source != NULL ? query->source : ROUTER, to != NULL ? to : "ff02::1",
                  message, query->is_v1 ? 24 : 28, query);
}

static void input_report_v1(const char *group_text)
{
    uint8_t message[TE_MLD_V1_LEN];
    struct te_addr group = fixture_addr(group_text);
    te_mld_emit_v1(TE_MLD_REPORT_V1, &group, message);
    input_message("fe80::7", group_text, message, sizeof(message), &(struct query){0});
}

/* --- at start --------------------------------------------------------------------------------- */

/* Without DAD: at once, before the announcements, and once more within a second (robustness 2). */
static void groups_are_reported_at_start(void **state)
{
    (void)state;
    fixture_start_listening(&f);
    assert_true(is_mld(&f.frames[0]));
    struct sent_mld first = expect_report(LINK_LOCAL, TE_MLD_TO_EXCLUDE, GROUP);
    assert_int_equal(first.time_us, f.now_us);
    expect_no_mld();
    fixture_advance(&f, SECOND);
    struct sent_mld second = expect_report(LINK_LOCAL, TE_MLD_TO_EXCLUDE, GROUP);
    assert_in_range(second.time_us - first.time_us, 1, SECOND);
    fixture_advance(&f, 3600 * SECOND);
    expect_no_mld();
    assert_int_equal(fixture_counters(&f)->mld_out, 2);
}

static void each_group_once(void **state)
{
    (void)state;
    f.config.addresses[2] = fixture_cidr("2001:db8::99/64");
    f.config.addresses[3] = fixture_cidr("2001:db8:1::99/64");
    f.config.address_count = 4;
    fixture_start_listening(&f);
    struct sent_mld sent = read_mld(next_mld());
    assert_int_equal(sent.record_count, 2);
    assert_string_equal(sent.groups[0], GROUP);
    assert_string_equal(sent.groups[1], SECOND_GROUP);
    expect_no_mld();
}

static void the_key_turns_it_off(void **state)
{
    (void)state;
    f.config.mld = false;
    fixture_start_listening(&f);
    input_query(&(struct query){.code = 1000});
    fixture_advance(&f, 10 * SECOND);
    expect_no_mld();
    assert_int_equal(fixture_counters(&f)->mld_in, 1);
}

static void a_stack_without_ipv6_reports_nothing(void **state)
{
    (void)state;
    f.config.address_count = 1;
    fixture_start_listening(&f);
    fixture_advance(&f, 10 * SECOND);
    expect_no_mld();
}

/* RFC 4862 5.4.2: the group is joined before its address is probed. RFC 3590: from :: while the
 * link-local address is probed, and then from it. */
static void with_dad_the_report_comes_before_the_probe(void **state)
{
    struct te_nd nd;
    bool was_reported = false;
    unsigned unspecified = 0, link_local = 0, probes = 0;
    (void)state;
    f.config.dad = true;
    fixture_start_listening(&f);
    assert_int_equal(f.frame_count, 0);
    fixture_advance(&f, 10 * SECOND);
    for (unsigned i = 0; i < f.frame_count; i++) {
        const struct fixture_frame *frame = &f.frames[i];
        if (is_mld(frame)) {
            struct sent_mld sent = read_mld(frame);
            assert_int_equal(sent.record_types[0], TE_MLD_TO_EXCLUDE);
            was_reported = true;
            unspecified += strcmp(sent.source, "::") == 0;
            link_local += strcmp(sent.source, LINK_LOCAL) == 0;
        } else if (frame->bytes[20] == 58 && te_nd_parse(frame->bytes + 54, frame->len - 54, &nd) &&
                   nd.type == TE_ND_SOLICIT) {
            assert_true(was_reported);
            assert_int_equal(link_local, 0);
            probes++;
        }
    }
    assert_int_equal(probes, 2);
    assert_true(unspecified >= 1);
    assert_int_equal(link_local, 2);
}

/* An address that another station has is not listened for: it is left, and joined for the next try.
 */
static void a_conflict_leaves_the_group(void **state)
{
    struct te_nd claim = claim_of_other("2001:db8::99");
    (void)state;
    f.config.dad = true;
    f.config.addresses[2] = fixture_cidr("2001:db8::99/64");
    f.config.address_count = 3;
    fixture_start(&f);
    struct te_addr addr = fixture_addr("2001:db8::99");
    while (te_local_find(f.stack, &addr)->step == 0)
        fixture_advance(&f, SECOND / 100);
    fixture_discard(&f);
    input_nd(&f, "2001:db8::99", "ff02::1", &claim);
    struct sent_mld sent = read_mld(next_mld());
    unsigned left = 0;
    for (unsigned i = 0; i < sent.record_count; i++)
        left +=
            sent.record_types[i] == TE_MLD_TO_INCLUDE && strcmp(sent.groups[i], SECOND_GROUP) == 0;
    assert_int_equal(left, 1);
    /* And the group that others share stays: the conflict of one address is not theirs. */
    for (unsigned i = 0; i < sent.record_count; i++)
        assert_true(strcmp(sent.groups[i], GROUP) != 0 ||
                    sent.record_types[i] == TE_MLD_TO_EXCLUDE);
    fixture_advance(&f, 3 * SECOND);
    fixture_discard(&f);
    int64_t retry_us = te_local_find(f.stack, &addr)->step_at_us;
    fixture_advance(&f, retry_us - f.now_us);
    (void)expect_report(LINK_LOCAL, TE_MLD_TO_EXCLUDE, SECOND_GROUP);
}

/* --- queries ---------------------------------------------------------------------------------- */

static void start_settled(void)
{
    fixture_start(&f);
    fixture_advance(&f, 20 * SECOND);
    fixture_discard(&f);
}

/* RFC 3810 6.2, 6.3: once, after a random time of at most what the query says. */
static void a_general_query_is_answered(void **state)
{
    int64_t least_us = TE_NEVER, most_us = 0;
    (void)state;
    start_settled();
    for (unsigned i = 0; i < 50; i++) {
        int64_t asked_us = f.now_us;
        input_query(&(struct query){.code = 10000});
        fixture_advance(&f, 10 * SECOND);
        int64_t took_us = expect_report(LINK_LOCAL, TE_MLD_IS_EXCLUDE, GROUP).time_us - asked_us;
        expect_no_mld();
        fixture_discard(&f);
        least_us = took_us < least_us ? took_us : least_us;
        most_us = took_us > most_us ? took_us : most_us;
        fixture_advance(&f, SECOND);
    }
    assert_true(least_us < 2 * SECOND && most_us > 8 * SECOND && most_us <= 10 * SECOND);
}

static void a_query_about_a_group_is_answered(void **state)
{
    (void)state;
    f.config.addresses[2] = fixture_cidr("2001:db8::99/64");
    f.config.address_count = 3;
    start_settled();
    input_query(&(struct query){.group = SECOND_GROUP, .code = 1000});
    fixture_advance(&f, SECOND);
    (void)expect_report(LINK_LOCAL, TE_MLD_IS_EXCLUDE, SECOND_GROUP);
    expect_no_mld();
    input_query(&(struct query){.group = "ff02::1:ff00:77", .code = 1000, .to = "ff02::1"});
    fixture_advance(&f, SECOND);
    expect_no_mld();
    /* A general one covers both, in one report. */
    fixture_discard(&f);
    input_query(&(struct query){.group = SECOND_GROUP, .code = 30000});
    input_query(&(struct query){.code = 1000});
    fixture_advance(&f, SECOND);
    struct sent_mld sent = read_mld(next_mld());
    assert_int_equal(sent.record_count, 2);
    fixture_advance(&f, 30 * SECOND);
    expect_no_mld();
}

static void a_query_to_our_own_address_counts(void **state)
{
    (void)state;
    start_settled();
    input_query(&(struct query){.code = 1000, .to = LINK_LOCAL});
    fixture_advance(&f, SECOND);
    (void)expect_report(LINK_LOCAL, TE_MLD_IS_EXCLUDE, GROUP);
}

/* RFC 3810 6.2, RFC 2710 4: nothing from beyond the link, and nothing without its router alert. */
static void forged_queries(void **state)
{
    static const struct query rows[] = {
        {.code = 1000, .source = "2001:db8::9"},
        {.code = 1000, .source = "::"},
        {.code = 1000, .hop_limit = 64},
        {.code = 1000, .hop_limit = 255},
        {.code = 1000, .is_bare = true},
        {.code = 1000, .group = "ff02::1:ff00:1", .source = "2001:db8::9"},
    };
    (void)state;
    start_settled();
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        input_query(&rows[i]);
        assert_int_equal(fixture_counters(&f)->mld_malformed, i + 1);
    }
    fixture_advance(&f, 10 * SECOND);
    expect_no_mld();
}

/* A thousand queries per second that want an answer at once get ten per second. */
static void a_flood_of_queries(void **state)
{
    (void)state;
    start_settled();
    for (unsigned i = 0; i < 5000; i++) {
        input_query(&(struct query){.code = 0});
        input_query(&(struct query){.group = GROUP, .code = 0});
        fixture_advance(&f, SECOND / 1000);
    }
    assert_in_range(f.frame_count, 45, 51);
}

/* RFC 3810 9.1: the querier's robustness is ours. */
static void reports_are_repeated_as_the_querier_says(void **state)
{
    struct te_nd claim = claim_of_other("2001:db8::99");
    struct te_addr addr = fixture_addr("2001:db8::99");
    (void)state;
    f.config.dad = true;
    f.config.addresses[2] = fixture_cidr("2001:db8::99/64");
    f.config.address_count = 3;
    fixture_start(&f);
    input_query(&(struct query){.code = 1, .robustness = 5});
    while (te_local_find(f.stack, &addr)->step == 0)
        fixture_advance(&f, SECOND / 100);
    input_nd(&f, "2001:db8::99", "ff02::1", &claim);
    fixture_advance(&f, 10 * SECOND);
    unsigned left = 0;
    for (const struct fixture_frame *frame; (frame = next_mld()) != NULL;) {
        struct sent_mld sent = read_mld(frame);
        for (unsigned i = 0; i < sent.record_count; i++)
            left += sent.record_types[i] == TE_MLD_TO_INCLUDE;
    }
    assert_int_equal(left, 5);
    input_query(&(struct query){.code = 1, .robustness = 1});
    assert_int_equal(f.stack->mld.robustness, 2);
}

/* --- version 1 -------------------------------------------------------------------------------- */

static void a_querier_of_version_1(void **state)
{
    (void)state;
    start_settled();
    input_query(&(struct query){.code = 5000, .is_v1 = true});
    fixture_advance(&f, 5 * SECOND);
    (void)expect_v1(TE_MLD_REPORT_V1, GROUP, GROUP);
    expect_no_mld();
    /* A version 2 query meanwhile does not change that (RFC 3810 8.2.1). */
    input_query(&(struct query){.code = 5000});
    input_query(&(struct query){.group = GROUP, .code = 5000});
    fixture_advance(&f, 5 * SECOND);
    (void)expect_v1(TE_MLD_REPORT_V1, GROUP, GROUP);
    expect_no_mld();
    /* 260 s after its last query version 2 is back. */
    fixture_advance(&f, 249 * SECOND);
    input_query(&(struct query){.code = 500});
    fixture_advance(&f, 999 * SECOND / 1000);
    (void)expect_v1(TE_MLD_REPORT_V1, GROUP, GROUP);
    fixture_advance(&f, SECOND);
    input_query(&(struct query){.code = 500});
    fixture_advance(&f, SECOND);
    (void)expect_report(LINK_LOCAL, TE_MLD_IS_EXCLUDE, GROUP);
}

/* RFC 2710 4: one answer of all listeners will do. */
static void another_listener_answers_first(void **state)
{
    (void)state;
    start_settled();
    input_query(&(struct query){.group = GROUP, .code = 60000, .is_v1 = true});
    input_report_v1("ff02::1:ff00:77"); /* about another group */
    input_report_v1(GROUP);
    fixture_advance(&f, 60 * SECOND);
    expect_no_mld();
    /* In version 2 everybody answers. */
    fixture_advance(&f, 300 * SECOND);
    input_query(&(struct query){.group = GROUP, .code = 5000});
    input_report_v1(GROUP);
    fixture_advance(&f, 5 * SECOND);
    (void)expect_report(LINK_LOCAL, TE_MLD_IS_EXCLUDE, GROUP);
}

/* What version 2 had still to say is dropped when a version 1 querier shows (RFC 3810 8.2.1). */
static void version_1_cancels_what_was_due(void **state)
{
    (void)state;
    fixture_start(&f);
    input_query(&(struct query){.code = 10000});
    input_query(&(struct query){.code = 0, .is_v1 = true});
    fixture_advance(&f, 20 * SECOND);
    (void)expect_v1(TE_MLD_REPORT_V1, GROUP, GROUP);
    expect_no_mld();
}

#define MLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MLD_TEST(groups_are_reported_at_start),
        MLD_TEST(each_group_once),
        MLD_TEST(the_key_turns_it_off),
        MLD_TEST(a_stack_without_ipv6_reports_nothing),
        MLD_TEST(with_dad_the_report_comes_before_the_probe),
        MLD_TEST(a_conflict_leaves_the_group),
        MLD_TEST(a_general_query_is_answered),
        MLD_TEST(a_query_about_a_group_is_answered),
        MLD_TEST(a_query_to_our_own_address_counts),
        MLD_TEST(forged_queries),
        MLD_TEST(a_flood_of_queries),
        MLD_TEST(reports_are_repeated_as_the_querier_says),
        MLD_TEST(a_querier_of_version_1),
        MLD_TEST(another_listener_answers_first),
        MLD_TEST(version_1_cancels_what_was_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
