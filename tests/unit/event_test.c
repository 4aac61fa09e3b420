#include <stdlib.h>
#include <string.h>
#include <tcpengine/event.h>

#include "support/test.h"

static void test_cause_texts(void **state)
{
    (void)state;
    assert_string_equal(te_cause_text(TE_CAUSE_NONE), "");
    assert_string_equal(te_cause_text(TE_CAUSE_ACTIVE_OPEN), "active OPEN");
    assert_string_equal(te_cause_text(TE_CAUSE_RECV_SYN_ACK), "recv SYN,ACK");
    assert_string_equal(te_cause_text(TE_CAUSE_RECV_FIN_ACK_OF_FIN), "recv FIN,ACK of FIN");
    assert_string_equal(te_cause_text(TE_CAUSE_TIMEOUT_2MSL), "timeout=2MSL");
    assert_string_equal(te_cause_text(TE_CAUSE_LISTENER_CLOSED), "listener closed");
    assert_string_equal(te_cause_text(TE_CAUSE_COUNT), "?");
    assert_string_equal(te_cause_text((enum te_cause)1000), "?");
}

static void test_every_cause_has_its_own_text(void **state)
{
    (void)state;
    for (int i = TE_CAUSE_NONE + 1; i < TE_CAUSE_COUNT; i++) {
        assert_non_null(te_cause_text((enum te_cause)i));
        for (int k = TE_CAUSE_NONE; k < i; k++)
            assert_string_not_equal(te_cause_text((enum te_cause)i),
                                    te_cause_text((enum te_cause)k));
    }
}

static void assert_flags(unsigned flags, const char *expected)
{
    char text[40];
    memset(text, 'x', sizeof(text));
    te_tcp_flags_format((uint8_t)flags, text);
    assert_string_equal(text, expected);
}

static void test_flags(void **state)
{
    (void)state;
    assert_flags(0, "");
    assert_flags(TE_SYN, "SYN");
    assert_flags(TE_ACK | TE_SYN, "SYN,ACK");
    assert_flags(TE_ACK | TE_FIN, "FIN,ACK");
    assert_flags(TE_ACK | TE_RST, "RST,ACK");
    assert_flags(TE_ACK | TE_PSH | TE_FIN, "FIN,PSH,ACK");
    assert_flags(TE_SYN | TE_ECE | TE_CWR, "SYN,ECE,CWR");
    assert_flags(0xff, "SYN,FIN,RST,PSH,ACK,URG,ECE,CWR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cause_texts),
        cmocka_unit_test(test_every_cause_has_its_own_text),
        cmocka_unit_test(test_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
