#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link/addresses.h"
#include "support.h"
#include "util/log.h"

#define SECOND INT64_C(1000000)

static struct te_stack *stack;
static struct addresses addresses;
static int64_t now_us;
static FILE *log_file;

static int setup(void **state)
{
    struct te_config config;
    (void)state;
    te_config_init(&config);
    config.allocator = t_heap;
    config.mac[0] = 2;
    assert_true(te_addr_parse("10.0.0.1", &config.addresses[0].addr));
    config.addresses[0].prefix_bits = 24;
    assert_true(te_addr_parse("2001:db8::1", &config.addresses[1].addr));
    config.addresses[1].prefix_bits = 64;
    config.address_count = 2;
    now_us = SECOND;
    addresses = (struct addresses){.conflicts = 0};
    assert_int_equal(te_stack_new(&config, now_us, &stack), TE_OK);
    log_file = tmpfile();
    assert_non_null(log_file);
    log_init(fileno(log_file), LOG_LEVEL_INFO);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_stack_free(stack);
    log_init(2, LOG_LEVEL_INFO);
    fclose(log_file);
    return 0;
}

/* Lets time pass, throws away what is sent, and hands over the events. */
static void pass(int64_t us)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    struct te_event event;
    for (int64_t end_us = now_us + us; now_us < end_us; now_us += SECOND / 10) {
        te_stack_handle_timeout(stack, now_us);
        while (te_stack_poll_output(stack, header, &output, now_us))
            continue;
        while (te_stack_next_event(stack, &event))
            addresses_on_event(&addresses, stack, &event);
    }
}

/* 02:00:00:00:00:77 says that it has 10.0.0.1. */
static void claim(void)
{
    static const uint8_t frame[42] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,  0, 0, 0, 0x77, 8, 6, 0, 1, 8, 0,  6, 4, 0,
        2,    2,    0,    0,    0,    0,    0x77, 10, 0, 0, 1, 0,    0, 0, 0, 0, 0, 10, 0, 0, 1};
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    te_stack_input(stack, frame, sizeof(frame), &meta, now_us);
    pass(SECOND / 10);
}

static unsigned logged(const char *words)
{
    static char text[65536];
    size_t len = (size_t)pread(fileno(log_file), text, sizeof(text) - 1, 0);
    unsigned count = 0;
    text[len] = '\0';
    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

static bool finds(const char *addr_text, const char *family_text)
{
    struct te_addr addr = {{0}}, family = {{0}};
    struct te_address_info info;
    assert_true(*addr_text == '\0' || te_addr_parse(addr_text, &addr));
    assert_true(*family_text == '\0' || te_addr_parse(family_text, &family));
    return addresses_find_conflict(stack, &addr, *family_text == '\0' ? NULL : &family, &info);
}

static void a_conflict_is_told_and_found(void **state)
{
    (void)state;
    pass(SECOND);
    assert_null(addresses_trouble(&addresses, stack));
    claim();
    assert_string_equal(addresses_trouble(&addresses, stack),
                        "degraded: address conflict: 10.0.0.1 is in use by 02:00:00:00:00:77");
    assert_true(finds("10.0.0.1", "192.0.2.1"));
    assert_true(finds("", "192.0.2.1")); /* from any of ours to there */
    assert_true(finds("", ""));
    assert_false(finds("", "2001:db8::9")); /* the other family has no trouble */
    assert_false(finds("2001:db8::1", "2001:db8::9"));
    assert_false(finds("10.0.0.9", "192.0.2.1")); /* not ours at all */
}

/* The other family's address is in use after its own second: a restart would help nobody. */
static void one_address_in_use_is_enough(void **state)
{
    (void)state;
    claim();
    assert_non_null(addresses_trouble(&addresses, stack)); /* none is ready yet */
    assert_null(addresses_degradation(&addresses, stack));
    pass(3 * SECOND);
    assert_true(finds("10.0.0.1", ""));
    assert_null(addresses_trouble(&addresses, stack));
    assert_string_equal(addresses_degradation(&addresses, stack),
                        "address conflict: 10.0.0.1 is in use by 02:00:00:00:00:77");
    pass(30 * SECOND);
    assert_null(addresses_degradation(&addresses, stack));
}

/* Every few seconds it is tried again: that is one episode, and one line at each end. */
static void an_episode_is_two_lines(void **state)
{
    (void)state;
    pass(SECOND);
    for (unsigned i = 0; i < 40; i++) {
        claim();
        pass(SECOND / 2);
    }
    assert_int_equal(logged("address conflict: 10.0.0.1 is in use by 02:00:00:00:00:77; it is not"),
                     1);
    assert_int_equal(logged("address conflict over"), 0);
    pass(30 * SECOND);
    assert_int_equal(logged("address conflict over: 10.0.0.1 is used"), 1);
    assert_null(addresses_trouble(&addresses, stack));
}

/* An address in use stays ours, and /healthz is content. */
static void a_defence_is_told(void **state)
{
    (void)state;
    pass(20 * SECOND);
    claim();
    assert_int_equal(logged("10.0.0.1 is in use by 02:00:00:00:00:77 as well; the address is "
                            "defended"),
                     1);
    assert_null(addresses_trouble(&addresses, stack));
    assert_false(finds("10.0.0.1", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_conflict_is_told_and_found, setup, teardown),
        cmocka_unit_test_setup_teardown(one_address_in_use_is_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(an_episode_is_two_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(a_defence_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
