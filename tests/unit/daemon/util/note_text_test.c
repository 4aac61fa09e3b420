/* Notes in words. */
#include <string.h>
#include <tcpengine/config.h>
#include <tcpengine/conn.h>

#include "support/test.h"
#include "util/note_text.h"

static void check(const struct te_note *note, const char *want)
{
    char text[NOTE_TEXT_MAX];
    assert_string_equal(note_text_format(note, text), want);
}
#define CHECK(want, ...) check(&(struct te_note){__VA_ARGS__}, (want))

static void what_was_sent_again(void **state)
{
    (void)state;
    CHECK("RTO retransmission 3: 1460 bytes from 17001", .kind = TE_NOTE_RTO_RETRANSMIT, .count = 3,
          .seq = 17001, .len_bytes = 1460);
    CHECK("SYN retransmission 1: 1 byte from 0", .kind = TE_NOTE_SYN_RETRANSMIT, .count = 1,
          .len_bytes = 1);
}

static void values_with_their_units(void **state)
{
    (void)state;
    CHECK("Retransmission timeout 2, next after 6.4 s", .kind = TE_NOTE_RTO, .count = 2,
          .value = 6400000);
    CHECK("Retransmission timeout 1, next after 200 ms", .kind = TE_NOTE_RTO, .count = 1,
          .value = 200999);
    CHECK("Path MTU changed, now 1400 bytes", .kind = TE_NOTE_PATH_MTU, .value = 1400);
    CHECK("Challenge ACK (RFC 5961)", .kind = TE_NOTE_CHALLENGE_ACK);
}

static void faults_with_and_without_their_words(void **state)
{
    (void)state;
    char text[NOTE_TEXT_MAX];
    struct te_fault_spec spec;
    const char *expected;
    CHECK("Fault injected, number 3", .kind = TE_NOTE_FAULT, .value = 3, .count = 1);
    CHECK("Fault injected, number 3, 4 hits in a row, the last: 10 bytes from 700",
          .kind = TE_NOTE_FAULT, .value = 3, .count = 4, .seq = 700, .len_bytes = 10);
    assert_true(te_fault_parse("drop ack-of-fin", 0, &spec, &expected));
    const struct te_note twice = {.kind = TE_NOTE_FAULT, .value = 3, .count = 2};
    assert_string_equal(note_text_format_fault(&twice, &spec, text),
                        "Fault 3: drop ack-of-fin (out), 2 hits in a row");
    assert_true(te_fault_parse("mtu 1280 icmp", TE_FAULT_IN, &spec, &expected));
    const struct te_note once = {
        .kind = TE_NOTE_FAULT, .value = 12, .count = 1, .seq = 5, .len_bytes = 1400};
    assert_string_equal(note_text_format_fault(&once, &spec, text),
                        "Fault 12: mtu 1280 icmp (in): 1400 bytes from 5");
}

static void options_by_their_names(void **state)
{
    (void)state;
    CHECK("Option set: nagle = off", .kind = TE_NOTE_OPTION_SET, .count = TE_OPTION_NAGLE);
    CHECK("Option set: keepalive_idle_ms = 5000", .kind = TE_NOTE_OPTION_SET,
          .count = TE_OPTION_KEEPALIVE_IDLE_US, .value = 5000000);
    CHECK("Option set: features as before", .kind = TE_NOTE_OPTION_SET,
          .count = TE_OPTION_FEATURES);
    CHECK("Option set: rack = off, frto = on", .kind = TE_NOTE_OPTION_SET,
          .count = TE_OPTION_FEATURES, .value = TE_FEATURE_FRTO,
          .seq = TE_FEATURE_RACK | TE_FEATURE_FRTO);
}

/* Every option and every feature at once is cut, not written beyond the end. */
static void the_longest_fits(void **state)
{
    (void)state;
    char text[NOTE_TEXT_MAX];
    struct te_note note = {
        .kind = TE_NOTE_OPTION_SET, .count = TE_OPTION_FEATURES, .seq = UINT32_MAX};
    note_text_format(&note, text);
    assert_true(strlen(text) < NOTE_TEXT_MAX && strlen(text) > NOTE_TEXT_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sent_again),
        cmocka_unit_test(values_with_their_units),
        cmocka_unit_test(faults_with_and_without_their_words),
        cmocka_unit_test(options_by_their_names),
        cmocka_unit_test(the_longest_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
