/* Does the daemon's gateway forward what the engine sends beyond its own network? */
#ifndef TCPCTL_FORWARDING_H
#define TCPCTL_FORWARDING_H

enum forwarding {
    FORWARDING_UNKNOWN, /* the gateway is another machine, or in another network namespace */
    FORWARDING_OFF,     /* it is this host, which forwards nothing */
    FORWARDING_ON /* it is this host, and forwards; what its firewall lets pass is not known */
};

/* gateway as text, "10.77.0.1", and the daemon's TAP. The answer comes from the network namespace
 * of the caller: if it has no interface of the TAP's name, nothing is known. */
enum forwarding forwarding_of(const char *gateway, const char *tap);

#endif
