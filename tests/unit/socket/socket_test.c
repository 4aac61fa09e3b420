#include <arpa/inet.h>
#include <netinet/in.h>
#include <socket.h>
#include <string.h>

#include "support/test.h"

/* --- names ------------------------------------------------------------------------------------ */

static bool read_text(const char *text, struct socket_name *ret_name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, text, strlen(text));
    return socket_name_read(
        &address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(text)), ret_name);
}

static void a_name_says_what_was_written(void **state)
{
    const struct socket_name names[] = {{1, 1, AF_INET},
                                        {UINT64_MAX, UINT64_MAX, AF_INET6},
                                        {UINT64_C(0x0123456789abcdef), 4711, AF_INET6}};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct sockaddr_un address;
        struct socket_name name;
        socklen_t len = socket_name_write(&names[i], &address);
        assert_true(socket_name_read(&address, len, &name));
        assert_int_equal(name.boot_id, names[i].boot_id);
        assert_int_equal(name.number, names[i].number);
        assert_int_equal(name.family, names[i].family);
    }
}

static void a_name_has_one_spelling(void **state)
{
    struct socket_name name = {0, 0, 0};
    static const char *const wrong[] = {
        "",
        "tcpengine",
        "tcpengine/0000000000000001/1",
        "tcpengine/0000000000000001/1/",
        "tcpengine/0000000000000001/1/5",
        "tcpengine/0000000000000001/1/44",
        "tcpengine/0000000000000001/01/4",
        "tcpengine/0000000000000001/-1/4",
        "tcpengine/0000000000000001/ 1/4",
        "tcpengine/000000000000000A/1/4",
        "tcpengine/1/1/4",
        "tcpengine/00000000000000001/1/4",
        "tcpengine/0000000000000001/18446744073709551616/4",
        "tcpengine/0000000000000001/1/4 tcpengine/0000000000000001/1/4 and much more than that",
    };
    (void)state;
    assert_true(read_text("tcpengine/000000000000000a/1/4", &name));
    assert_int_equal(name.boot_id, 10);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(read_text(wrong[i], &name));
    assert_int_equal(name.boot_id, 10);
}

static void a_path_is_no_name(void **state)
{
    struct sockaddr_un address;
    struct socket_name name = {1, 1, AF_INET};
    socklen_t len = socket_name_write(&name, &address);
    (void)state;
    address.sun_path[0] = 'x';
    assert_false(socket_name_read(&address, len, &name));
    address.sun_path[0] = '\0';
    assert_false(socket_name_read(&address, len - 1, &name));
    assert_false(socket_name_read(&address, 0, &name));
    assert_false(socket_name_read(&address, UINT16_MAX, &name));
    address.sun_family = AF_INET;
    assert_false(socket_name_read(&address, len, &name));
}

/* --- addresses -------------------------------------------------------------------------------- */

static void an_address_comes_back_as_it_was_given(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_scope_id = 7};
    struct sockaddr_storage shown;
    struct socket_address address;
    (void)state;
    inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
    assert_true(socket_address_read((struct sockaddr *)&in, sizeof(in), &address));
    assert_int_equal(address.port, 80);
    assert_int_equal(address.addr[10], 0xff);
    assert_int_equal(address.addr[12], 192);
    assert_int_equal(socket_address_write(&address, &shown), sizeof(in));
    assert_memory_equal(&shown, &in, sizeof(in));

    inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
    assert_true(socket_address_read((struct sockaddr *)&in6, sizeof(in6), &address));
    assert_int_equal(socket_address_write(&address, &shown), sizeof(in6));
    assert_memory_equal(&shown, &in6, sizeof(in6));
}

static void an_unspecified_address_is_all_zero(void **state)
{
    static const uint8_t none[16];
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct socket_address address;
    struct sockaddr_storage shown;
    (void)state;
    assert_true(socket_address_read((struct sockaddr *)&in, sizeof(in), &address));
    assert_memory_equal(address.addr, none, sizeof(none));
    socket_address_write(&address, &shown);
    assert_memory_equal(&shown, &in, sizeof(in));
    address.family = 0;
    assert_int_equal(socket_address_write(&address, &shown), 0);
}

static void a_short_address_is_refused(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct socket_address address;
    (void)state;
    for (socklen_t len = 0; len < sizeof(in); len++)
        assert_false(socket_address_read((struct sockaddr *)&in, len, &address));
    for (socklen_t len = 0; len < 24; len++)
        assert_false(socket_address_read((struct sockaddr *)&in6, len, &address));
    assert_true(socket_address_read((struct sockaddr *)&in6, 24, &address));
    assert_false(socket_address_read((struct sockaddr *)&un, sizeof(un), &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_says_what_was_written),
        cmocka_unit_test(a_name_has_one_spelling),
        cmocka_unit_test(a_path_is_no_name),
        cmocka_unit_test(an_address_comes_back_as_it_was_given),
        cmocka_unit_test(an_unspecified_address_is_all_zero),
        cmocka_unit_test(a_short_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
