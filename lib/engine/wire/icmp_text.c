#include <stddef.h>
#include <tcpengine/icmp.h>

#include "wire/icmp.h"

struct texts {
    uint8_t type;
    const char *of_type; /* for codes without a text */
    const char *by_code[16];
};

static const struct texts texts4[] = {
    {TE_ICMP4_UNREACHABLE,
     "destination unreachable",
     {"net unreachable", "host unreachable", "protocol unreachable", "port unreachable",
      "fragmentation needed and DF set", "source route failed", "destination net unknown",
      "destination host unknown", "source host isolated", "net administratively prohibited",
      "host administratively prohibited", "net unreachable for this type of service",
      "host unreachable for this type of service", "administratively prohibited",
      "host precedence violation", "precedence cutoff in effect"}},
    {TE_ICMP4_SOURCE_QUENCH, "source quench", {NULL}},
    {TE_ICMP4_REDIRECT,
     "redirect",
     {"redirect for the net", "redirect for the host", "redirect for the type of service and net",
      "redirect for the type of service and host"}},
    {TE_ICMP4_TIME_EXCEEDED,
     "time exceeded",
     {"time exceeded in transit", "fragment reassembly time exceeded"}},
    {TE_ICMP4_PARAMETER_PROBLEM,
     "parameter problem",
     {"parameter problem: an octet of the header is wrong",
      "parameter problem: a required option is missing", "parameter problem: bad length"}},
};

static const struct texts texts6[] = {
    {TE_ICMP6_UNREACHABLE,
     "destination unreachable",
     {"no route to destination", "administratively prohibited", "beyond the scope of the source",
      "address unreachable", "port unreachable", "source address failed a policy",
      "reject route to destination", "error in the source routing header", "headers too long"}},
    {TE_ICMP6_TOO_BIG, "packet too big", {NULL}},
    {TE_ICMP6_TIME_EXCEEDED,
     "time exceeded",
     {"hop limit exceeded in transit", "fragment reassembly time exceeded"}},
    {TE_ICMP6_PARAMETER_PROBLEM,
     "parameter problem",
     {"parameter problem: erroneous header field",
      "parameter problem: unrecognized next header type",
      "parameter problem: unrecognized IPv6 option",
      "parameter problem: first fragment without the whole header chain",
      "parameter problem: error in the segment routing header",
      "parameter problem: unrecognized next header type at an intermediate node",
      "parameter problem: extension header too big",
      "parameter problem: extension header chain too long",
      "parameter problem: too many extension headers",
      "parameter problem: too many options in an extension header",
      "parameter problem: option too big"}},
    {TE_ICMP6_REDIRECT, "redirect", {NULL}},
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define CODES_MAX (sizeof(texts4[0].by_code) / sizeof(texts4[0].by_code[0]))

const char *te_icmp_text(bool is_v4, uint8_t type, uint8_t code)
{
    const struct texts *rows = is_v4 ? texts4 : texts6;
    size_t count = is_v4 ? ROWS(texts4) : ROWS(texts6);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].type != type)
            continue;
        bool has_text = code < CODES_MAX && rows[i].by_code[code] != NULL;
        return has_text ? rows[i].by_code[code] : rows[i].of_type;
    }
    return "unknown error";
}
