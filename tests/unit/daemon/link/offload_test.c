#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "link/offload.h"
#include "support.h"

/* --- the driver's place ----------------------------------------------------------------------- */

static struct {
    unsigned long known; /* flags of TUNSETOFFLOAD */
    unsigned long set;   /* those of the last call that was granted */
    unsigned features;
    bool has_features;
    unsigned calls;
} driver;

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    assert_int_equal(fd, 77);
    va_start(arguments, request);
    unsigned long value = va_arg(arguments, unsigned long);
    va_end(arguments);
    if (request == TUNGETFEATURES && driver.has_features) {
        memcpy((void *)value, &driver.features, sizeof(driver.features));
        return 0;
    }
    driver.calls += request == TUNSETOFFLOAD;
    bool is_dependent = (value & (TUN_F_TSO4 | TUN_F_TSO6)) != 0 && (value & TUN_F_CSUM) == 0;
    bool is_alone = (value & TUN_F_TSO_ECN) != 0 && (value & (TUN_F_TSO4 | TUN_F_TSO6)) == 0;
    if (request != TUNSETOFFLOAD || (value & ~driver.known) != 0 || is_dependent || is_alone) {
        errno = EINVAL;
        return -1;
    }
    driver.set = value;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&driver, 0, sizeof(driver));
    driver.known = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    driver.set = TUN_F_CSUM; /* of the last user */
    return 0;
}

static const char *text_of(unsigned set)
{
    static char text[OFFLOAD_TEXT_MAX];
    offload_format(set, text);
    return text;
}

/* --- tests ------------------------------------------------------------------------------------ */

#define ALL " send_checksum send_gso receive_checksum receive_tso4 receive_tso6 receive_tso_ecn"

static void test_keys_ask_for_offloads(void **state)
{
    (void)state;
    assert_string_equal(text_of(offload_wanted(true, true, true)), ALL);
    assert_string_equal(text_of(offload_wanted(true, false, false)),
                        " send_checksum receive_checksum");
    assert_string_equal(text_of(offload_wanted(true, true, false)),
                        " send_checksum send_gso receive_checksum");
    assert_string_equal(text_of(offload_wanted(false, true, true)), "");
    assert_string_equal(offload_name(OFFLOAD_RECEIVE_TSO_ECN), "receive_tso_ecn");
    assert_null(offload_name(OFFLOAD_COUNT));
    assert_true(strlen(ALL) < OFFLOAD_TEXT_MAX);
}

static void test_all_is_granted_at_once(void **state)
{
    (void)state;
    struct offloads got = offload_negotiate(77, offload_wanted(true, true, true), true);
    assert_string_equal(text_of(got.in_use), ALL);
    assert_int_equal(offload_refused(&got), 0);
    assert_int_equal(driver.set, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN);
    assert_int_equal(driver.calls, 1);
    assert_true(offload_has(&got, OFFLOAD_SEND_GSO) && got.has_header);
}

/* Each flag that is unknown costs itself, and what needs it. */
static void test_each_refusal_stands_alone(void **state)
{
    static const struct {
        unsigned long unknown;
        const char *refused;
    } cases[] = {{TUN_F_TSO_ECN, " receive_tso_ecn"},
                 {TUN_F_TSO6, " receive_tso6"},
                 {TUN_F_TSO4, " receive_tso4"},
                 {TUN_F_TSO6 | TUN_F_TSO_ECN, " receive_tso6 receive_tso_ecn"},
                 {TUN_F_TSO4 | TUN_F_TSO6, " receive_tso4 receive_tso6 receive_tso_ecn"},
                 {TUN_F_CSUM, " receive_checksum receive_tso4 receive_tso6 receive_tso_ecn"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(state);
        driver.known &= ~cases[i].unknown;
        struct offloads got = offload_negotiate(77, offload_wanted(true, true, true), true);
        assert_string_equal(text_of(offload_refused(&got)), cases[i].refused);
        assert_true(offload_has(&got, OFFLOAD_SEND_CHECKSUM));
        assert_true(offload_has(&got, OFFLOAD_SEND_GSO));
    }
}

static void test_what_is_off_is_taken_back_from_the_last_user(void **state)
{
    (void)state;
    struct offloads got = offload_negotiate(77, 0, true);
    assert_int_equal(got.in_use, 0);
    assert_int_equal(offload_refused(&got), 0);
    assert_int_equal(driver.set, 0);
}

static void test_nothing_without_header(void **state)
{
    (void)state;
    struct offloads got = offload_negotiate(77, offload_wanted(true, true, true), false);
    assert_string_equal(text_of(offload_refused(&got)), ALL);
    assert_false(got.has_header);
    assert_int_equal(driver.set, 0);
}

static void test_header_is_asked_for(void **state)
{
    (void)state;
    assert_false(offload_has_header(77)); /* a driver older than the question */
    driver.has_features = true;
    driver.features = IFF_TAP | IFF_NO_PI;
    assert_false(offload_has_header(77));
    driver.features |= IFF_VNET_HDR;
    assert_true(offload_has_header(77));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keys_ask_for_offloads),
        TEST(test_all_is_granted_at_once),
        TEST(test_each_refusal_stands_alone),
        TEST(test_what_is_off_is_taken_back_from_the_last_user),
        TEST(test_nothing_without_header),
        TEST(test_header_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
