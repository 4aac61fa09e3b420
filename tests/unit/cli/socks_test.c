/* The server's side of SOCKS 5 (RFC 1928), byte by byte. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "socks.h"
#include "support/test.h"

/* Gives the bytes one at a time: all steps but the last must be SOCKS_MORE, and no byte may be
 * refused before. */
static enum socks_step feed(struct socks *socks, const void *bytes, size_t len)
{
    enum socks_step step = SOCKS_MORE;
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(step, SOCKS_MORE);
        assert_true(socks_wants(socks) > 0);
        assert_true(socks->len + socks_wants(socks) <= SOCKS_MESSAGE_MAX);
        socks->message[socks->len] = ((const uint8_t *)bytes)[i];
        step = socks_take(socks, 1);
    }
    return step;
}

static struct socks greeted(void)
{
    struct socks socks = {.len = 0};
    assert_int_equal(feed(&socks, "\5\1\0", 3), SOCKS_GREETED);
    assert_int_equal(socks.answer_len, 2);
    assert_memory_equal(socks.answer, "\5\0", 2);
    return socks;
}

static void the_method_without_authentication_is_chosen(void **state)
{
    struct socks socks = {.len = 0};
    (void)state;
    greeted();
    assert_int_equal(feed(&socks, "\5\3\2\1\0", 5), SOCKS_GREETED);
    socks = (struct socks){.len = 0};
    assert_int_equal(feed(&socks, "\5\2\1\2", 4), SOCKS_REFUSED_ALL);
    assert_memory_equal(socks.answer, "\5\377", 2);
    socks = (struct socks){.len = 0};
    assert_int_equal(feed(&socks, "\5\0", 2), SOCKS_REFUSED_ALL);
    socks = (struct socks){.len = 0};
    assert_int_equal(feed(&socks, "\4", 1), SOCKS_NONSENSE);
}

static void the_longest_greeting_fits(void **state)
{
    uint8_t greeting[2 + 255] = {5, 255};
    struct socks socks = {.len = 0};
    (void)state;
    memset(greeting + 2, 0x80, 254);
    assert_int_equal(feed(&socks, greeting, sizeof(greeting)), SOCKS_GREETED);
}

static void each_type_of_address_is_read(void **state)
{
    uint8_t longest[4 + 1 + 255 + 2] = {5, 1, 0, 3, 255};
    struct socks socks = greeted();
    (void)state;
    assert_int_equal(feed(&socks, "\5\1\0\1\12\0\0\1\0\120", 10), SOCKS_CONNECT);
    assert_string_equal(socks.host, "10.0.0.1");
    assert_int_equal(socks.port, 80);
    socks = greeted();
    assert_int_equal(feed(&socks, "\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\377\376", 22),
                     SOCKS_CONNECT);
    assert_string_equal(socks.host, "2001:db8::1");
    assert_int_equal(socks.port, 65534);
    socks = greeted();
    assert_int_equal(feed(&socks, "\5\1\0\3\4peer\0\7", 11), SOCKS_CONNECT);
    assert_string_equal(socks.host, "peer");
    assert_int_equal(socks.port, 7);
    socks = greeted();
    memset(longest + 5, 'x', 255);
    assert_int_equal(feed(&socks, longest, sizeof(longest)), SOCKS_CONNECT);
    assert_int_equal(strlen(socks.host), 255);
}

static void names_that_no_host_has_are_unreachable(void **state)
{
    struct socks socks = greeted();
    (void)state;
    assert_int_equal(feed(&socks, "\5\1\0\3\0\0\7", 7), SOCKS_REFUSED_ALL);
    assert_int_equal(socks.answer[1], SOCKS_HOST_UNREACHABLE);
    socks = greeted();
    assert_int_equal(feed(&socks, "\5\1\0\3\3a\0b\0\7", 10), SOCKS_REFUSED_ALL);
    assert_int_equal(socks.answer[1], SOCKS_HOST_UNREACHABLE);
    socks = greeted();
    assert_int_equal(feed(&socks, "\5\1\0\3\4/run\0\7", 11), SOCKS_REFUSED_ALL);
}

static void what_is_not_supported_is_refused_by_its_code(void **state)
{
    (void)state;
    for (uint8_t command = 0; command < 5; command++) {
        const uint8_t request[] = {5, command, 0, 1, 10, 0, 0, 1, 0, 80};
        struct socks socks = greeted();
        enum socks_step step = feed(&socks, request, sizeof(request));
        assert_int_equal(step, command == 1 ? SOCKS_CONNECT : SOCKS_REFUSED_ALL);
        if (command != 1)
            assert_memory_equal(socks.answer, "\5\7\0\1\0\0\0\0\0\0", 10);
    }
    struct socks socks = greeted();
    assert_int_equal(feed(&socks, "\5\1\0\2", 4), SOCKS_REFUSED_ALL);
    assert_memory_equal(socks.answer, "\5\10\0\1\0\0\0\0\0\0", 10);
    assert_int_equal(socks.answer_len, 10);
}

static void replies_have_the_bound_address(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(0x1234)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(0x1234)};
    struct socks socks = greeted();
    (void)state;
    inet_pton(AF_INET, "10.0.0.2", &in.sin_addr);
    inet_pton(AF_INET6, "2001:db8::2", &in6.sin6_addr);
    socks_answer(&socks, SOCKS_SUCCEEDED, (const struct sockaddr *)&in);
    assert_int_equal(socks.answer_len, 10);
    assert_memory_equal(socks.answer, "\5\0\0\1\12\0\0\2\22\64", 10);
    socks_answer(&socks, SOCKS_SUCCEEDED, (const struct sockaddr *)&in6);
    assert_int_equal(socks.answer_len, 22);
    assert_memory_equal(socks.answer, "\5\0\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\2\22\64", 22);
}

static void errors_have_their_codes(void **state)
{
    (void)state;
    assert_int_equal(socks_reply_of(0), 0);
    assert_int_equal(socks_reply_of(EACCES), 2);
    assert_int_equal(socks_reply_of(ENETUNREACH), 3);
    assert_int_equal(socks_reply_of(EHOSTUNREACH), 4);
    assert_int_equal(socks_reply_of(EADDRNOTAVAIL), 4);
    assert_int_equal(socks_reply_of(ECONNREFUSED), 5);
    assert_int_equal(socks_reply_of(ETIMEDOUT), 6);
    assert_int_equal(socks_reply_of(ENETDOWN), 1);
    assert_int_equal(socks_reply_of(EMFILE), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_method_without_authentication_is_chosen),
        cmocka_unit_test(the_longest_greeting_fits),
        cmocka_unit_test(each_type_of_address_is_read),
        cmocka_unit_test(names_that_no_host_has_are_unreachable),
        cmocka_unit_test(what_is_not_supported_is_refused_by_its_code),
        cmocka_unit_test(replies_have_the_bound_address),
        cmocka_unit_test(errors_have_their_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
