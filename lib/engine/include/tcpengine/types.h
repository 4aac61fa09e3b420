/* Plain values shared by every public header: addresses, states, errors.
 *
 * Everything here is copied by value; nothing owns memory. The functions keep no state, take no
 * stack, and may be called from anywhere: from any thread, and from the host's callbacks. */
#ifndef TCPENGINE_TYPES_H
#define TCPENGINE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A deadline that never comes. All times are microseconds of one monotonic clock, whose zero is the
 * host's choice. */
#define TE_NEVER INT64_MAX

/* An IPv6 address, or an IPv4 address in its mapped form ::ffff:a.b.c.d (RFC 4291 2.5.5.2). Bytes
 * are in network order. */
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

/* Borrowed bytes. How long they stay valid is said where the iovec is handed out. */
struct te_iovec {
    const uint8_t *base;
    size_t len;
};

/* RFC 9293 3.3.2, and what a connection waits for in each. docs/state-machine.md has the edges. */
enum te_state {
    TE_CLOSED = 0,  /* nothing; as an object: remains that wait for te_close() */
    TE_LISTEN,      /* a SYN */
    TE_SYN_SENT,    /* the peer's SYN, with the ACK of ours */
    TE_SYN_RCVD,    /* the ACK of our SYN */
    TE_ESTABLISHED, /* data, in both directions */
    TE_FIN_WAIT_1,  /* the ACK of our FIN, or the peer's FIN */
    TE_FIN_WAIT_2,  /* the peer's FIN; it may still send */
    TE_CLOSE_WAIT,  /* our user's CLOSE; the peer's FIN has arrived, and we may still send */
    TE_CLOSING,     /* the ACK of our FIN; both FINs crossed */
    TE_LAST_ACK,    /* the ACK of our FIN; the peer's came first */
    TE_TIME_WAIT,   /* 2MSL, so that old segments die out and a lost ACK can be sent again */
    TE_STATE_COUNT
};

/* Error codes: 0 or negative, what a call returns and why a connection ended. The quoted words are
 * RFC 9293's (3.10). What a code means for one function is said there; in general:
 *
 * The call is wrong, and repeating it unchanged cannot help. Correct the arguments:
 *     TE_ERR_INVALID              an argument is out of its range
 *     TE_ERR_REMOTE_UNSPECIFIED   "remote socket unspecified": address or port of the peer missing
 *     TE_ERR_ADDR_NOT_AVAILABLE   the local address is not one of ours, or is still being probed
 *     TE_ERR_NO_ROUTE             no route leads to that address
 *     TE_ERR_ADDR_IN_USE          the local port is taken, or no ephemeral port is left
 *     TE_ERR_EXISTS               "connection already exists"
 *     TE_ERR_NO_CONNECTION        "connection does not exist": no object has that id (any more)
 *     TE_ERR_NOT_LISTENER         the id is a connection's, and a listener's is needed
 *     TE_ERR_STATE                the object exists, and the call makes no sense in its state
 *     TE_ERR_OFFSET               a gap in the stream, or bytes that were already released
 *
 * This direction of the stream is over. Stop, and close when done with the other one:
 *     TE_ERR_CLOSING              "connection closing": after our own CLOSE or shutdown, or after
 *                                 the peer's FIN when all before it was received
 *
 * Not now. Nothing changed, and the same call may succeed later:
 *     TE_ERR_AGAIN                nothing there yet: wait for TE_EVENT_READY
 *     TE_ERR_NOMEM                the host's allocator refused: free something, try again
 *     TE_ERR_RESOURCES            "insufficient resources": a limit of te_config; close something,
 *                                 or raise the limit at the next start
 *     TE_ERR_MEMORY_SHARE         the uid holds its share of the memory (pressure.h): close or read
 *                                 some of its connections
 *     TE_ERR_PORT_SHARE           the uid holds its share of the ephemeral ports toward this remote
 *                                 (limits.h): close something, or wait for TIME_WAIT to end
 *
 * The connection has failed. te_send(), te_receive_peek() and te_shutdown() answer with the cause
 * until te_close() frees what is left of it; after config.remains_us it is freed by itself, and the
 * answer is TE_ERR_NO_CONNECTION. A timeout after an ICMP error reports that error (RFC 1122
 * 4.2.3.9). Open a new connection if the cause gives hope:
 *     TE_ERR_REFUSED              "connection refused": RST in answer to our SYN
 *     TE_ERR_RESET                "connection reset": RST from the peer, later
 *     TE_ERR_TIMED_OUT            "connection aborted due to user timeout": R2 retransmissions, the
 *                                 user timeout, or an orphan's time passed (RFC 9293 3.8.3)
 *     TE_ERR_KEEPALIVE            no keepalive probe was answered (RFC 9293 3.8.4)
 *     TE_ERR_HOST_UNREACHABLE     ICMP host unreachable, or the next hop answers no ARP or ND
 *     TE_ERR_NET_UNREACHABLE      ICMP network unreachable
 *     TE_ERR_PORT_UNREACHABLE     ICMP protocol or port unreachable
 *     TE_ERR_PROHIBITED           ICMP administratively prohibited
 *     TE_ERR_ABORTED              ABORT was called, the listener was closed before te_accept(), or
 *                                 data was left unread or arrived after CLOSE
 *     TE_ERR_RESOURCES            too many orphans (config.orphan_max), or memory was short and the
 *                                 peer kept its window at 0 (RFC 6429)
 *     TE_ERR_MEMORY_PRESSURE      memory was short, and the connection held much and made no
 *                                 progress (pressure.h)
 */
enum te_err {
    TE_OK = 0,
    TE_ERR_INVALID = -1,
    TE_ERR_NOMEM = -2,
    TE_ERR_RESOURCES = -3,
    TE_ERR_NO_CONNECTION = -4,
    TE_ERR_EXISTS = -5,
    TE_ERR_CLOSING = -6,
    TE_ERR_REMOTE_UNSPECIFIED = -7,
    TE_ERR_ADDR_IN_USE = -8,
    TE_ERR_ADDR_NOT_AVAILABLE = -9,
    TE_ERR_NO_ROUTE = -10,
    TE_ERR_AGAIN = -11,
    TE_ERR_RESET = -12,
    TE_ERR_REFUSED = -13,
    TE_ERR_TIMED_OUT = -14,
    TE_ERR_HOST_UNREACHABLE = -15,
    TE_ERR_NET_UNREACHABLE = -16,
    TE_ERR_PORT_UNREACHABLE = -17,
    TE_ERR_PROHIBITED = -18,
    TE_ERR_ABORTED = -19,
    TE_ERR_NOT_LISTENER = -20,
    TE_ERR_STATE = -21,
    TE_ERR_OFFSET = -22,
    TE_ERR_KEEPALIVE = -23,
    TE_ERR_MEMORY_SHARE = -24,
    TE_ERR_MEMORY_PRESSURE = -25,
    TE_ERR_PORT_SHARE = -26
};

/* The state's name as in RFC 9293, "SYN_SENT"; "?" for a number out of range. Static. */
const char *te_state_name(enum te_state state);
/* One sentence in lower case, for people; "unknown error" for a number out of range. Static, never
 * NULL. */
const char *te_err_text(enum te_err err);
/* The name of the errno that a socket would report, "ECONNREFUSED"; "0" for TE_OK, "EIO" for a
 * number out of range. Static, never NULL. */
const char *te_err_errno_name(enum te_err err);

/* Longest text of an address or endpoint with its final NUL, rounded up: "[" 45 "]:65535". */
#define TE_ADDR_TEXT_MAX 64

/* bytes in network order. The first gives the mapped form, the second takes any IPv6 address,
 * mapped ones included. */
struct te_addr te_addr_from_v4(const uint8_t bytes[4]);
struct te_addr te_addr_from_v6(const uint8_t bytes[16]);
bool te_addr_is_v4(const struct te_addr *addr);
bool te_addr_is_unspecified(const struct te_addr *addr); /* ::, ::ffff:0.0.0.0 */
/* All 16 bytes equal: 0.0.0.0 and :: differ. */
bool te_addr_equal(const struct te_addr *a, const struct te_addr *b);

/* "10.0.0.2", or "2001:db8::2" as RFC 5952 writes it. ret_text has room for TE_ADDR_TEXT_MAX
 * bytes; the result ends in a NUL. */
void te_addr_format(const struct te_addr *addr, char *ret_text);
/* "10.0.0.2:80", "[2001:db8::2]:80" (RFC 5952 6); an unspecified address is written "*", and so is
 * port 0. ret_text as above. */
void te_endpoint_format(const struct te_endpoint *endpoint, char *ret_text);

/* A dotted quad without leading zeros, or RFC 4291 2.2 text; no zone, no port, no white space.
 * False, with *ret_addr untouched, when text is neither. */
bool te_addr_parse(const char *text, struct te_addr *ret_addr);
/* "10.0.0.2/24": an address, and perhaps a prefix of at most 32 or 128 bits, as the family has
 * them; without one, the whole address. Bits beyond the prefix are kept. False, with both results
 * untouched, when text is not that. */
bool te_cidr_parse(const char *text, struct te_addr *ret_addr, unsigned *ret_prefix_bits);

/* How many leading bits of their 16 bytes a and b share: 0 to 128. All IPv4 addresses share 96. */
unsigned te_addr_common_bits(const struct te_addr *a, const struct te_addr *b);
/* The prefix length counted in the 16 bytes: an IPv4 prefix of n bits has 96 + n. */
unsigned te_cidr_bits(const struct te_cidr *cidr);
/* Whether addr lies in cidr's network. ::/0 holds no IPv4 address, and 0.0.0.0/0 no IPv6 one. */
bool te_cidr_contains(const struct te_cidr *cidr, const struct te_addr *addr);
/* cidr with all bits beyond the prefix zero. */
struct te_cidr te_cidr_network(const struct te_cidr *cidr);
/* The broadcast address of cidr's network: the last one of an IPv4 network. False when it has none:
 * IPv6, and networks of one or two addresses (RFC 3021 2.1). */
bool te_cidr_broadcast(const struct te_cidr *cidr, struct te_addr *ret_broadcast);

#endif
