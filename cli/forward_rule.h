/* What -L and -R of tcpctl forward say, in ssh's syntax:
 *
 *     [BIND:]PORT:HOST:HOSTPORT    [BIND:]PORT:/PATH    /PATH:HOST:HOSTPORT    /PATH:/PATH
 *
 * IPv6 addresses are in brackets. BIND empty or "*": all addresses. */
#ifndef TCPCTL_FORWARD_RULE_H
#define TCPCTL_FORWARD_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum { FORWARD_HOST_MAX = 256 };

struct forward_rule {
    bool has_bind;
    char bind[FORWARD_HOST_MAX]; /* begins with "/": a Unix socket */
    uint16_t port;               /* 0: one is chosen */
    char host[FORWARD_HOST_MAX]; /* the same */
    uint16_t host_port;
};

/* False, *ret_rule untouched: *ret_why says what is wrong. */
bool forward_rule_parse(const char *text, struct forward_rule *ret_rule, const char **ret_why);
/* [BIND:]PORT: what tcpctl socks listens on. */
bool forward_rule_parse_listener(const char *text, struct forward_rule *ret_rule,
                                 const char **ret_why);

#endif
