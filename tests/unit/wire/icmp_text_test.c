#include <string.h>
#include <tcpengine/icmp.h>

#include "support/test.h"

/* IANA's registries, line by line, as far as they are errors about a packet of ours. */
static void each_error_has_its_name(void **state)
{
    static const struct {
        bool is_v4;
        uint8_t type, code;
        const char *text;
    } rows[] = {
        {true, 3, 0, "net unreachable"},
        {true, 3, 1, "host unreachable"},
        {true, 3, 2, "protocol unreachable"},
        {true, 3, 3, "port unreachable"},
        {true, 3, 4, "fragmentation needed and DF set"},
        {true, 3, 5, "source route failed"},
        {true, 3, 6, "destination net unknown"},
        {true, 3, 7, "destination host unknown"},
        {true, 3, 8, "source host isolated"},
        {true, 3, 9, "net administratively prohibited"},
        {true, 3, 10, "host administratively prohibited"},
        {true, 3, 11, "net unreachable for this type of service"},
        {true, 3, 12, "host unreachable for this type of service"},
        {true, 3, 13, "administratively prohibited"},
        {true, 3, 14, "host precedence violation"},
        {true, 3, 15, "precedence cutoff in effect"},
        {true, 3, 16, "destination unreachable"},
        {true, 3, 255, "destination unreachable"},
        {true, 4, 0, "source quench"},
        {true, 5, 1, "redirect for the host"},
        {true, 11, 0, "time exceeded in transit"},
        {true, 11, 1, "fragment reassembly time exceeded"},
        {true, 11, 9, "time exceeded"},
        {true, 12, 0, "parameter problem: an octet of the header is wrong"},
        {true, 12, 1, "parameter problem: a required option is missing"},
        {true, 12, 2, "parameter problem: bad length"},
        {true, 1, 0, "unknown error"},
        {false, 1, 0, "no route to destination"},
        {false, 1, 1, "administratively prohibited"},
        {false, 1, 2, "beyond the scope of the source"},
        {false, 1, 3, "address unreachable"},
        {false, 1, 4, "port unreachable"},
        {false, 1, 5, "source address failed a policy"},
        {false, 1, 6, "reject route to destination"},
        {false, 1, 7, "error in the source routing header"},
        {false, 1, 8, "headers too long"},
        {false, 1, 9, "destination unreachable"},
        {false, 2, 0, "packet too big"},
        {false, 3, 0, "hop limit exceeded in transit"},
        {false, 3, 1, "fragment reassembly time exceeded"},
        {false, 4, 0, "parameter problem: erroneous header field"},
        {false, 4, 1, "parameter problem: unrecognized next header type"},
        {false, 4, 2, "parameter problem: unrecognized IPv6 option"},
        {false, 4, 3, "parameter problem: first fragment without the whole header chain"},
        {false, 4, 10, "parameter problem: option too big"},
        {false, 4, 11, "parameter problem"},
        {false, 11, 0, "unknown error"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(te_icmp_text(rows[i].is_v4, rows[i].type, rows[i].code), rows[i].text);
}

static void no_type_and_no_code_is_without_text(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++)
        for (unsigned code = 0; code < 256; code++)
            for (unsigned is_v4 = 0; is_v4 < 2; is_v4++)
                assert_true(strlen(te_icmp_text(is_v4 != 0, (uint8_t)type, (uint8_t)code)) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_has_its_name),
        cmocka_unit_test(no_type_and_no_code_is_without_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
