/* Arguments of the command line. All return false, and leave the results untouched, when text is
 * not what they parse. */
#ifndef TCPCTL_PARSE_H
#define TCPCTL_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpclient/tcpclient.h>

/* Decimal digits only, up to max. */
bool parse_number(const char *text, uint64_t max, uint64_t *ret_number);
/* 1 to 2^53 - 1. */
bool parse_id(const char *text, uint64_t *ret_id);
/* 1 to 65535. */
bool parse_port(const char *text, uint16_t *ret_port);
/* "2", "0.25", up to 4,000,000: as milliseconds, rounded up. */
bool parse_seconds(const char *text, uint32_t *ret_ms);
/* "80", ":80", "*:80", "10.0.0.2:80", "[2001:db8::2]:80", "localhost:http": see address.h. A name
 * stands for the first of its addresses. */
bool parse_local(const char *text, struct tcpc_endpoint *ret_endpoint);
/* "10.0.0.2", "2001:db8::2", "[2001:db8::2]": an address alone; the port becomes 0. */
bool parse_address(const char *text, struct tcpc_endpoint *ret_endpoint);
/* A numeric address, or a name, which the system resolves (this may block): writes its addresses,
 * at most max, with port, and returns their number. 0: *ret_why, a static text, says why. */
unsigned parse_host(const char *text, uint16_t port, struct tcpc_endpoint *ret_endpoints,
                    unsigned max, const char **ret_why);
/* A decimal number, or on, yes, true (1), off, no, false (0), in any case. */
bool parse_value(const char *text, int64_t *ret_value);

#endif
