/* Addresses of both sides, as messages show them. */
#include <string.h>

#include "place.h"
#include "place_6.h"
#include "support/test.h"

static void places_are_shown(void **state)
{
    char text[PLACE_TEXT_MAX];
    struct place path;
    struct place mapped = place_6("::ffff:10.0.0.2", 80), own = place_6("2001:db8::2", 8080);
    (void)state;
    assert_string_equal(place_text(&mapped, text), "10.0.0.2:80");
    assert_string_equal(place_host_text(&mapped, text), "10.0.0.2");
    assert_string_equal(place_text(&own, text), "[2001:db8::2]:8080");
    own = place_6("::", 80);
    assert_string_equal(place_text(&own, text), "*:80");
    assert_true(place_set_path(&path, "/run/socket"));
    assert_string_equal(place_text(&path, text), "/run/socket");
    assert_string_equal(place_host_text(&path, text), "");
    assert_int_equal(place_port(&path), 0);
}

static void ports_are_set(void **state)
{
    struct place four = place_6("::ffff:10.0.0.2", 0), six = place_6("::1", 0);
    (void)state;
    place_set_port(&four, 8080);
    place_set_port(&six, 8081);
    assert_int_equal(place_port(&four), 8080);
    assert_int_equal(place_port(&six), 8081);
}

static void a_path_is_not_the_engines(void **state)
{
    struct place place = place_6("::ffff:10.0.0.2", 80), path;
    struct socket_address address;
    char long_path[200];
    (void)state;
    assert_true(place_for_engine(&place, &address));
    assert_int_equal(address.family, AF_INET);
    assert_int_equal(address.port, 80);
    place = place_of_engine(&address);
    assert_int_equal(place_port(&place), 80);
    assert_true(place_set_path(&path, "/a"));
    assert_false(place_for_engine(&path, &address));
    memset(long_path, 'x', sizeof(long_path));
    long_path[sizeof(long_path) - 1] = '\0';
    assert_false(place_set_path(&path, long_path));
    assert_false(place_set_path(&path, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_shown),
        cmocka_unit_test(ports_are_set),
        cmocka_unit_test(a_path_is_not_the_engines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
