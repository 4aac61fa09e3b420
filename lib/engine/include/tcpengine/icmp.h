/* What ICMP and ICMPv6 errors are called. */
#ifndef TCPENGINE_ICMP_H
#define TCPENGINE_ICMP_H

#include <stdbool.h>
#include <stdint.h>

/* "host unreachable", "time exceeded in transit", ...: the error of that type and code (RFC 792,
 * RFC 1122 3.2.2.1, RFC 1812 5.2.7.1, RFC 4443, RFC 8883; IANA's registries). Of a code without a
 * name, the type's own; "unknown error" for any other type. Static, never NULL. */
const char *te_icmp_text(bool is_v4, uint8_t type, uint8_t code);

#endif
