#include <string.h>
#include <tcpengine/types.h>

#include "util/bytes.h"

#define V4_OFFSET 12u /* of the IPv4 address in its mapped form (RFC 4291 2.5.5.2) */
#define GROUPS 8u     /* of 16 bits in an IPv6 address */

static const uint8_t mapped_prefix[V4_OFFSET] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static const char *const state_names[TE_STATE_COUNT] = {
    [TE_CLOSED] = "CLOSED",           [TE_LISTEN] = "LISTEN",
    [TE_SYN_SENT] = "SYN_SENT",       [TE_SYN_RCVD] = "SYN_RCVD",
    [TE_ESTABLISHED] = "ESTABLISHED", [TE_FIN_WAIT_1] = "FIN_WAIT_1",
    [TE_FIN_WAIT_2] = "FIN_WAIT_2",   [TE_CLOSE_WAIT] = "CLOSE_WAIT",
    [TE_CLOSING] = "CLOSING",         [TE_LAST_ACK] = "LAST_ACK",
    [TE_TIME_WAIT] = "TIME_WAIT",
};

const char *te_state_name(enum te_state state)
{
    return (unsigned)state < TE_STATE_COUNT ? state_names[state] : "?";
}

struct err_row {
    const char *text;
    const char *errno_name;
};

/* Indexed by -err. The errno is what Linux or POSIX reports on a socket in that case. */
static const struct err_row err_rows[] = {
    [-TE_OK] = {"success", "0"},
    [-TE_ERR_INVALID] = {"invalid argument", "EINVAL"},
    [-TE_ERR_NOMEM] = {"out of memory", "ENOMEM"},
    [-TE_ERR_RESOURCES] = {"insufficient resources", "ENOBUFS"},
    [-TE_ERR_NO_CONNECTION] = {"connection does not exist", "ENOTCONN"},
    [-TE_ERR_EXISTS] = {"connection already exists", "EADDRINUSE"},
    [-TE_ERR_CLOSING] = {"connection closing", "EPIPE"},
    [-TE_ERR_REMOTE_UNSPECIFIED] = {"remote socket unspecified", "EDESTADDRREQ"},
    [-TE_ERR_ADDR_IN_USE] = {"local port in use", "EADDRINUSE"},
    [-TE_ERR_ADDR_NOT_AVAILABLE] = {"local address is not one of ours", "EADDRNOTAVAIL"},
    [-TE_ERR_NO_ROUTE] = {"no route to that address", "ENETUNREACH"},
    [-TE_ERR_AGAIN] = {"nothing available now, try again later", "EAGAIN"},
    [-TE_ERR_RESET] = {"connection reset by the peer", "ECONNRESET"},
    [-TE_ERR_REFUSED] = {"connection refused by the peer", "ECONNREFUSED"},
    [-TE_ERR_TIMED_OUT] = {"connection aborted due to user timeout", "ETIMEDOUT"},
    [-TE_ERR_HOST_UNREACHABLE] = {"host unreachable", "EHOSTUNREACH"},
    [-TE_ERR_NET_UNREACHABLE] = {"network unreachable", "ENETUNREACH"},
    [-TE_ERR_PORT_UNREACHABLE] = {"protocol or port unreachable", "ECONNREFUSED"},
    [-TE_ERR_PROHIBITED] = {"communication administratively prohibited", "EHOSTUNREACH"},
    [-TE_ERR_ABORTED] = {"connection aborted", "ECONNABORTED"},
    [-TE_ERR_NOT_LISTENER] = {"not a listener", "EINVAL"},
    [-TE_ERR_STATE] = {"not possible in this state", "ENOTCONN"},
    [-TE_ERR_OFFSET] = {"stream offset out of range", "EINVAL"},
    [-TE_ERR_KEEPALIVE] = {"the peer answered no keepalive probe", "ETIMEDOUT"},
    [-TE_ERR_MEMORY_SHARE] = {"the user's share of memory is used up", "ENOBUFS"},
    [-TE_ERR_MEMORY_PRESSURE] = {"connection reset to free memory", "ENOBUFS"},
    [-TE_ERR_PORT_SHARE] = {"the user's share of ports toward that remote is used up", "ENOBUFS"},
};

static const struct err_row *err_row_of(enum te_err err)
{
    static const struct err_row unknown = {"unknown error", "EIO"};
    int index = (int)err;
    if (index > 0 || index < TE_ERR_PORT_SHARE)
        return &unknown;
    return &err_rows[-index];
}

const char *te_err_text(enum te_err err)
{
    return err_row_of(err)->text;
}

const char *te_err_errno_name(enum te_err err)
{
    return err_row_of(err)->errno_name;
}

struct te_addr te_addr_from_v4(const uint8_t bytes[4])
{
    struct te_addr addr;
    memcpy(addr.bytes, mapped_prefix, sizeof(mapped_prefix));
    memcpy(addr.bytes + V4_OFFSET, bytes, 4);
    return addr;
}

struct te_addr te_addr_from_v6(const uint8_t bytes[16])
{
    struct te_addr addr;
    memcpy(addr.bytes, bytes, sizeof(addr.bytes));
    return addr;
}

bool te_addr_is_v4(const struct te_addr *addr)
{
    return memcmp(addr->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

bool te_addr_is_unspecified(const struct te_addr *addr)
{
    static const uint8_t zeros[16];
    if (te_addr_is_v4(addr))
        return memcmp(addr->bytes + V4_OFFSET, zeros, 4) == 0;
    return memcmp(addr->bytes, zeros, sizeof(zeros)) == 0;
}

bool te_addr_equal(const struct te_addr *a, const struct te_addr *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Writers: each returns where the next character goes, and writes no NUL. */

static char *put_decimal(char *out, unsigned value)
{
    char digits[10];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

/* Lower case, no leading zeros (RFC 5952 4.1, 4.3). */
static char *put_hex16(char *out, uint16_t value)
{
    unsigned shift = 12;
    while (shift > 0 && value >> shift == 0)
        shift -= 4;
    for (;; shift -= 4) {
        *out++ = "0123456789abcdef"[value >> shift & 0xf];
        if (shift == 0)
            return out;
    }
}

static char *put_v4(char *out, const uint8_t bytes[4])
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            *out++ = '.';
        out = put_decimal(out, bytes[i]);
    }
    return out;
}

static unsigned zeros_from(const struct te_addr *addr, unsigned group)
{
    unsigned end = group;
    while (end < GROUPS && te_load_be16(addr->bytes + 2 * (size_t)end) == 0)
        end++;
    return end - group;
}

/* The first of the longest runs of two or more zero groups (RFC 5952 4.2); *ret_len is 0 without.
 */
static unsigned find_gap(const struct te_addr *addr, unsigned *ret_len)
{
    unsigned start = GROUPS, len = 1;
    for (unsigned group = 0; group < GROUPS; group++) {
        unsigned zeros = zeros_from(addr, group);
        if (zeros > len) {
            start = group;
            len = zeros;
        }
    }
    *ret_len = start == GROUPS ? 0 : len;
    return start;
}

static char *put_v6(char *out, const struct te_addr *addr)
{
    unsigned gap_len;
    unsigned gap = find_gap(addr, &gap_len);
    for (unsigned group = 0; group < GROUPS; group++) {
        if (group == gap) {
            *out++ = ':';
            *out++ = ':';
            group += gap_len - 1;
            continue;
        }
        if (group > 0 && group != gap + gap_len)
            *out++ = ':';
        out = put_hex16(out, te_load_be16(addr->bytes + 2 * (size_t)group));
    }
    return out;
}

static char *put_addr(char *out, const struct te_addr *addr)
{
    return te_addr_is_v4(addr) ? put_v4(out, addr->bytes + V4_OFFSET) : put_v6(out, addr);
}

void te_addr_format(const struct te_addr *addr, char *ret_text)
{
    *put_addr(ret_text, addr) = '\0';
}

void te_endpoint_format(const struct te_endpoint *endpoint, char *ret_text)
{
    char *out = ret_text;
    bool has_brackets = !te_addr_is_unspecified(&endpoint->addr) && !te_addr_is_v4(&endpoint->addr);
    if (has_brackets)
        *out++ = '['; /* RFC 5952 6 */
    if (te_addr_is_unspecified(&endpoint->addr))
        *out++ = '*';
    else
        out = put_addr(out, &endpoint->addr);
    if (has_brackets)
        *out++ = ']';
    *out++ = ':';
    if (endpoint->port == 0)
        *out++ = '*';
    else
        out = put_decimal(out, endpoint->port);
    *out = '\0';
}

/* Readers: each moves *text past what it read, or returns false and leaves *text undefined. */

/* Decimal, without leading zeros: "010" means 8 to some and 10 to others. */
static bool read_decimal(const char **text, unsigned max, unsigned *ret_value)
{
    const char *p = *text;
    unsigned value = 0;
    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (unsigned)(*p - '0');
        if (value > max)
            return false;
    }
    *text = p;
    *ret_value = value;
    return true;
}

static bool read_v4(const char **text, uint8_t ret_bytes[4])
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned value;
        if (i > 0 && *(*text)++ != '.')
            return false;
        if (!read_decimal(text, 255, &value))
            return false;
        ret_bytes[i] = (uint8_t)value;
    }
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One to four hexadecimal digits. */
static bool read_hex16(const char **text, uint8_t ret_bytes[2])
{
    const char *p = *text;
    unsigned value = 0;
    for (; hex_value(*p) >= 0; p++) {
        if (p - *text == 4)
            return false;
        value = value << 4 | (unsigned)hex_value(*p);
    }
    if (p == *text)
        return false;
    *text = p;
    te_store_be16(ret_bytes, (uint16_t)value);
    return true;
}

/* An IPv6 address while it is being read. */
struct v6_reader {
    uint8_t bytes[16];
    size_t len; /* bytes read */
    size_t gap; /* position of "::", or NO_GAP, which is larger than any len */
};

#define NO_GAP 17u

/* One group, or the dotted quad that may end the text (RFC 4291 2.2). */
static bool read_group(struct v6_reader *reader, const char **text)
{
    uint8_t *at = reader->bytes + reader->len;
    const char *start = *text;
    if (reader->len + 2 > sizeof(reader->bytes) || !read_hex16(text, at))
        return false;
    if (**text != '.') {
        reader->len += 2;
        return true;
    }
    *text = start;
    if (reader->len + 4 > sizeof(reader->bytes) || !read_v4(text, at))
        return false;
    reader->len += 4;
    return **text == '\0';
}

/* The separator of two groups: a colon or, once, two of them. */
static bool read_colons(struct v6_reader *reader, const char **text)
{
    if ((*text)[0] != ':')
        return false;
    if ((*text)[1] != ':') {
        *text += 1;
        return true;
    }
    if (reader->gap != NO_GAP)
        return false;
    reader->gap = reader->len;
    *text += 2;
    return true;
}

/* Moves what follows the gap to the end. A gap is at least one group long (RFC 4291 2.2). */
static bool close_gap(struct v6_reader *reader)
{
    if (reader->gap == NO_GAP)
        return reader->len == sizeof(reader->bytes);
    if (reader->len == sizeof(reader->bytes))
        return false;
    size_t after = reader->len - reader->gap;
    size_t zeros = sizeof(reader->bytes) - reader->len;
    memmove(reader->bytes + reader->gap + zeros, reader->bytes + reader->gap, after);
    memset(reader->bytes + reader->gap, 0, zeros);
    return true;
}

static bool parse_v6(const char *text, uint8_t ret_bytes[16])
{
    struct v6_reader reader = {.gap = NO_GAP};
    if (text[0] == ':' && (text[1] != ':' || !read_colons(&reader, &text)))
        return false;
    while (*text != '\0') {
        if (!read_group(&reader, &text))
            return false;
        if (*text == '\0')
            break;
        if (!read_colons(&reader, &text))
            return false;
        if (*text == '\0' && reader.gap != reader.len)
            return false; /* ends in a single colon */
    }
    if (!close_gap(&reader))
        return false;
    memcpy(ret_bytes, reader.bytes, sizeof(reader.bytes));
    return true;
}

bool te_addr_parse(const char *text, struct te_addr *ret_addr)
{
    uint8_t bytes[16];
    const char *end = text;
    if (read_v4(&end, bytes) && *end == '\0') {
        *ret_addr = te_addr_from_v4(bytes);
        return true;
    }
    if (!parse_v6(text, bytes))
        return false;
    *ret_addr = te_addr_from_v6(bytes);
    return true;
}

bool te_cidr_parse(const char *text, struct te_addr *ret_addr, unsigned *ret_prefix_bits)
{
    char addr_text[TE_ADDR_TEXT_MAX];
    struct te_addr addr;
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof(addr_text))
        return false;
    memcpy(addr_text, text, len);
    addr_text[len] = '\0';
    if (!te_addr_parse(addr_text, &addr))
        return false;
    unsigned prefix_bits = te_addr_is_v4(&addr) ? 32 : 128;
    if (slash != NULL) {
        slash++;
        if (!read_decimal(&slash, prefix_bits, &prefix_bits) || *slash != '\0')
            return false;
    }
    *ret_addr = addr;
    *ret_prefix_bits = prefix_bits;
    return true;
}

/* --- prefixes --------------------------------------------------------------------------------- */

#define ADDR_BITS 128u
#define MAPPED_BITS 96u /* common to all IPv4 addresses, before their own 32 */

unsigned te_addr_common_bits(const struct te_addr *a, const struct te_addr *b)
{
    for (unsigned at = 0; at < sizeof(a->bytes); at += 4) {
        uint32_t difference = te_load_be32(a->bytes + at) ^ te_load_be32(b->bytes + at);
        if (difference != 0)
            return at * 8 + (unsigned)__builtin_clz(difference);
    }
    return ADDR_BITS;
}

unsigned te_cidr_bits(const struct te_cidr *cidr)
{
    return te_addr_is_v4(&cidr->addr) ? MAPPED_BITS + cidr->prefix_bits : cidr->prefix_bits;
}

bool te_cidr_contains(const struct te_cidr *cidr, const struct te_addr *addr)
{
    return te_addr_is_v4(&cidr->addr) == te_addr_is_v4(addr) &&
           te_addr_common_bits(&cidr->addr, addr) >= te_cidr_bits(cidr);
}

bool te_cidr_broadcast(const struct te_cidr *cidr, struct te_addr *ret_broadcast)
{
    if (!te_addr_is_v4(&cidr->addr) || cidr->prefix_bits > 30)
        return false;
    struct te_addr broadcast = cidr->addr;
    unsigned at = te_cidr_bits(cidr) / 8;
    broadcast.bytes[at] |= (uint8_t)(0xffu >> cidr->prefix_bits % 8);
    memset(broadcast.bytes + at + 1, 0xff, sizeof(broadcast.bytes) - at - 1);
    *ret_broadcast = broadcast;
    return true;
}

struct te_cidr te_cidr_network(const struct te_cidr *cidr)
{
    struct te_cidr network = *cidr;
    for (unsigned bit = te_cidr_bits(cidr); bit < ADDR_BITS; bit++)
        network.addr.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    return network;
}
