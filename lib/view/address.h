/* Addresses on the command line: one syntax wherever one is taken.
 *
 *     ADDRESS := HOST:PORT | [ADDR6]:PORT | :PORT | HOST | [ADDR6]
 *     HOST    := ADDR4 | ADDR6[%SCOPE] | NAME | * | any | nothing
 *     PORT    := 1 to 65535 | the name of a service | * where any port will do
 *
 * The daemon has one link, so a scope says nothing to it, and is only allowed where it may stand.
 * Names are the system's: the daemon resolves none. */
#ifndef VIEW_ADDRESS_H
#define VIEW_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpclient/tcpclient.h>

enum { ADDRESS_HOST_MAX = 256, ADDRESS_PORT_MAX = 64 };

struct address_text {
    char host[ADDRESS_HOST_MAX]; /* without brackets; what follows them up to the port, too */
    char port[ADDRESS_PORT_MAX];
    bool has_port; /* there is a colon before it */
};

/* Takes text apart. An IPv6 address has a port only behind brackets. False: too long, or brackets
 * that do not match. */
bool address_split(const char *text, struct address_text *ret_text);
/* A port that is not 0, or a service's name. */
bool address_port(const char *text, uint16_t *ret_port);
/* Whether host stands for any: "", "*" or "any". */
bool address_is_any(const char *host);
/* The addresses of a host that is not "any": numeric, or a name, which the system resolves (this
 * may block). family is AF_INET, AF_INET6, or AF_UNSPEC. Writes them, at most max, with port 0, and
 * returns their number. 0: *ret_why, a static text, says why. */
unsigned address_resolve(const char *host, int family, struct tcpc_endpoint *ret_endpoints,
                         unsigned max, const char **ret_why);

/* Whole arguments. They leave the results untouched when text is not what they parse. */

/* "80", ":80", "*:80", "10.0.0.2:80", "[2001:db8::2]:80", "localhost:http": see address.h. A name
 * stands for the first of its addresses. */
bool parse_local(const char *text, struct tcpc_endpoint *ret_endpoint);
/* A numeric address, or a name, which the system resolves (this may block): writes its addresses,
 * at most max, with port, and returns their number. 0: *ret_why, a static text, says why. */
unsigned parse_host(const char *text, uint16_t port, struct tcpc_endpoint *ret_endpoints,
                    unsigned max, const char **ret_why);

#endif
