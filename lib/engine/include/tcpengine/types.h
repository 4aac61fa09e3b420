/* Plain values shared by every public header: addresses, states, errors.
 *
 * Everything here is copied by value; nothing owns memory. */
#ifndef TCPENGINE_TYPES_H
#define TCPENGINE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A deadline that never comes. All times are microseconds of one monotonic clock. */
#define TE_NEVER INT64_MAX

/* An IPv6 address, or an IPv4 address in its mapped form ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct te_addr {
    uint8_t bytes[16];
};

/* An address with the length of its network's prefix, as in "10.0.0.2/24". */
struct te_cidr {
    struct te_addr addr;
    uint8_t prefix_bits; /* of the address's own family: 0 to 32 or 128 */
};

struct te_endpoint {
    struct te_addr addr;
    uint16_t port; /* host byte order; 0 = unspecified */
};

struct te_iovec {
    const uint8_t *base;
    size_t len;
};

/* RFC 9293 3.3.2. */
enum te_state {
    TE_CLOSED = 0,
    TE_LISTEN,
    TE_SYN_SENT,
    TE_SYN_RCVD,
    TE_ESTABLISHED,
    TE_FIN_WAIT_1,
    TE_FIN_WAIT_2,
    TE_CLOSE_WAIT,
    TE_CLOSING,
    TE_LAST_ACK,
    TE_TIME_WAIT,
    TE_STATE_COUNT
};

/* What a user call answers (RFC 9293 3.10), and why a connection died. 0 or negative. */
enum te_err {
    TE_OK = 0,
    TE_ERR_INVALID = -1,            /* an argument is out of its range */
    TE_ERR_NOMEM = -2,              /* the host's allocator refused */
    TE_ERR_RESOURCES = -3,          /* a limit: "insufficient resources" */
    TE_ERR_NO_CONNECTION = -4,      /* "connection does not exist" */
    TE_ERR_EXISTS = -5,             /* "connection already exists" */
    TE_ERR_CLOSING = -6,            /* "connection closing" */
    TE_ERR_REMOTE_UNSPECIFIED = -7, /* "remote socket unspecified" */
    TE_ERR_ADDR_IN_USE = -8,        /* local port taken, or no ephemeral port left */
    TE_ERR_ADDR_NOT_AVAILABLE = -9, /* local address is not one of ours */
    TE_ERR_NO_ROUTE = -10,          /* no route to that address */
    TE_ERR_AGAIN = -11,   /* nothing now (no data, no connection, buffer full): wait for an event */
    TE_ERR_RESET = -12,   /* RST from the peer: "connection reset" */
    TE_ERR_REFUSED = -13, /* RST from the peer in answer to our SYN: "connection refused" */
    TE_ERR_TIMED_OUT =
        -14, /* R2 or the user timeout passed: "connection aborted due to user timeout" */
    TE_ERR_HOST_UNREACHABLE = -15, /* ICMP host unreachable, or the neighbour does not answer */
    TE_ERR_NET_UNREACHABLE = -16,  /* ICMP net unreachable */
    TE_ERR_PORT_UNREACHABLE = -17, /* ICMP protocol or port unreachable */
    TE_ERR_PROHIBITED = -18,       /* ICMP administratively prohibited */
    TE_ERR_ABORTED = -19,          /* ABORT was called, or policy killed the connection */
    TE_ERR_NOT_LISTENER = -20,     /* the id is a connection where a listener is needed */
    TE_ERR_STATE = -21,            /* the call makes no sense in this state */
    TE_ERR_OFFSET = -22,           /* a gap in the stream, or bytes that were released */
    TE_ERR_KEEPALIVE = -23         /* the peer answered no keepalive probe */
};

/* Names as they stand in RFC 9293 ("SYN_SENT"); "?" for a number out of range. */
const char *te_state_name(enum te_state state);
/* One sentence in lower case, for people. Never NULL. */
const char *te_err_text(enum te_err err);
/* The errno macro's name that a socket would report ("ECONNREFUSED"). Never NULL. */
const char *te_err_errno_name(enum te_err err);

/* Longest text of an address with its final NUL: "[" 45 "]:65535". */
#define TE_ADDR_TEXT_MAX 64

struct te_addr te_addr_from_v4(const uint8_t bytes[4]);
struct te_addr te_addr_from_v6(const uint8_t bytes[16]);
bool te_addr_is_v4(const struct te_addr *addr);
bool te_addr_is_unspecified(const struct te_addr *addr); /* ::, ::ffff:0.0.0.0 */
bool te_addr_equal(const struct te_addr *a, const struct te_addr *b);
/* "10.0.0.2", "2001:db8::2" (RFC 5952 form). Writes at most TE_ADDR_TEXT_MAX bytes, NUL included.
 */
void te_addr_format(const struct te_addr *addr, char *ret_text);
/* "10.0.0.2:80", "[2001:db8::2]:80"; an unspecified address is written "*" and port 0 "*". */
void te_endpoint_format(const struct te_endpoint *endpoint, char *ret_text);
/* Dotted quad or RFC 4291 text, no zone, no port. False, and *ret_addr untouched, when it is
 * neither. */
bool te_addr_parse(const char *text, struct te_addr *ret_addr);
/* "10.0.0.2/24". A missing prefix means the whole address. Prefix counts bits of the family. */
bool te_cidr_parse(const char *text, struct te_addr *ret_addr, unsigned *ret_prefix_bits);

/* How many leading bits of their 16 bytes a and b share: 0 to 128. All IPv4 addresses share 96. */
unsigned te_addr_common_bits(const struct te_addr *a, const struct te_addr *b);
/* The prefix length counted in the 16 bytes: an IPv4 prefix of n bits has 96 + n. */
unsigned te_cidr_bits(const struct te_cidr *cidr);
/* Whether addr lies in cidr's network. ::/0 holds no IPv4 address, and 0.0.0.0/0 no IPv6 one. */
bool te_cidr_contains(const struct te_cidr *cidr, const struct te_addr *addr);
/* cidr with all bits beyond the prefix zero. */
struct te_cidr te_cidr_network(const struct te_cidr *cidr);

#endif
