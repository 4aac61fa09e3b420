/* Text that people type: addresses, prefixes and values of configuration keys, compared with the C
 * library's parsers where there are any. The input is the text. */
#include <arpa/inet.h>
#include <string.h>

#include "config/config_value.h"
#include "fuzz.h"

#define TEXT_MAX 256

static void check_addr(const char *text)
{
    struct te_addr addr, again;
    uint8_t bytes[16];
    char formatted[TE_ADDR_TEXT_MAX];
    bool is_v4 = inet_pton(AF_INET, text, bytes) == 1;
    bool is_v6 = !is_v4 && inet_pton(AF_INET6, text, bytes) == 1;
    FUZZ_CHECK(te_addr_parse(text, &addr) == (is_v4 || is_v6), "'%s' is read differently", text);
    if (!is_v4 && !is_v6)
        return;
    struct te_addr expected = is_v4 ? te_addr_from_v4(bytes) : te_addr_from_v6(bytes);
    FUZZ_CHECK(te_addr_equal(&addr, &expected), "'%s' is read as another address", text);
    te_addr_format(&addr, formatted);
    FUZZ_CHECK(strlen(formatted) < TE_ADDR_TEXT_MAX, "'%s' is too long", formatted);
    FUZZ_CHECK(te_addr_parse(formatted, &again) && te_addr_equal(&addr, &again),
               "'%s' becomes '%s'", text, formatted);
    struct te_endpoint endpoint = {addr, 65535};
    te_endpoint_format(&endpoint, formatted);
    FUZZ_CHECK(strlen(formatted) < TE_ADDR_TEXT_MAX, "'%s' is too long", formatted);
}

static void check_cidr(const char *text)
{
    struct te_addr addr;
    unsigned bits;
    if (te_cidr_parse(text, &addr, &bits))
        FUZZ_CHECK(bits <= (te_addr_is_v4(&addr) ? 32u : 128u), "'%s' has %u bits", text, bits);
}

/* Parsed, written, and parsed again. */
static void check_value(const char *text, const struct value_unit *units)
{
    int64_t value, again;
    char formatted[VALUE_TEXT_MAX];
    if (value_parse(text, units, 1, &value) != VALUE_OK)
        return;
    value_format(value, units, formatted);
    FUZZ_CHECK(strlen(formatted) < VALUE_TEXT_MAX, "'%s' is too long", formatted);
    FUZZ_CHECK(value_parse(formatted, units, 1, &again) == VALUE_OK && again == value,
               "'%s' is %lld, and becomes '%s'", text, (long long)value, formatted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX];
    uint8_t mac[6];
    bool is_on;
    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    check_addr(text);
    check_cidr(text);
    check_value(text, value_units_duration);
    check_value(text, value_units_size);
    check_value(text, NULL);
    (void)value_parse_bool(text, &is_on);
    (void)value_parse_mac(text, mac);
    unsigned distance = value_name_distance(text, "retransmission_timeout");
    FUZZ_CHECK(distance == value_name_distance("retransmission_timeout", text),
               "a distance depends on the direction");
    return 0;
}
