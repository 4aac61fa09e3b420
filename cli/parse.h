/* Arguments of the command line. All answer false, and leave the rest alone, when text is no such
 * thing. */
#ifndef TCPCTL_PARSE_H
#define TCPCTL_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpclient/tcpclient.h>

/* Decimal digits only, up to max. */
bool parse_number(const char *text, uint64_t max, uint64_t *ret_number);
bool parse_id(const char *text, uint64_t *ret_id);
/* 1 to 65535. */
bool parse_port(const char *text, uint16_t *ret_port);
/* "2", "0.25": to milliseconds, rounded up. */
bool parse_seconds(const char *text, uint32_t *ret_ms);
/* "80", ":80", "*:80", "10.0.0.2:80", "[2001:db8::2]:80". Numeric, port not 0. */
bool parse_local(const char *text, struct tcpc_endpoint *ret_endpoint);
/* "10.0.0.2", "2001:db8::2", "[2001:db8::2]": the address alone. */
bool parse_address(const char *text, struct tcpc_endpoint *ret_endpoint);
/* A numeric address, else a name that the system knows: its addresses, at most max, with port.
 * Returns how many; 0: *ret_why says why. */
unsigned parse_host(const char *text, uint16_t port, struct tcpc_endpoint *ret_endpoints,
                    unsigned max, const char **ret_why);
/* -5, 17, on, off, yes, no, true, false. */
bool parse_value(const char *text, int64_t *ret_value);

#endif
