#include "socks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

enum { VERSION = 5, METHOD_NONE = 0, METHOD_UNACCEPTABLE = 0xff, COMMAND_CONNECT = 1 };
enum { TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4 };
/* VER CMD RSV ATYP, and the name's length if that is one. */
enum { HEAD_BYTES = 4, PORT_BYTES = 2 };

/* Length of the address behind the head, 0: not known (yet). */
static size_t address_bytes(const struct socks *socks)
{
    switch (socks->message[3]) {
    case TYPE_IPV4:
        return 4;
    case TYPE_IPV6:
        return 16;
    case TYPE_NAME:
        return socks->len > HEAD_BYTES ? 1 + (size_t)socks->message[4] : 0;
    default:
        return 0;
    }
}

/* The length of what is being read, as far as it is known. */
static size_t whole_bytes(const struct socks *socks)
{
    if (!socks->is_greeted)
        return socks->len < 2 ? 2 : 2 + (size_t)socks->message[1];
    if (socks->len < HEAD_BYTES)
        return HEAD_BYTES;
    size_t address = address_bytes(socks);
    if (address == 0)
        return HEAD_BYTES + (socks->message[3] == TYPE_NAME);
    return HEAD_BYTES + address + PORT_BYTES;
}

size_t socks_wants(const struct socks *socks)
{
    return whole_bytes(socks) - socks->len;
}

static void set_answer(struct socks *socks, const void *bytes, size_t len)
{
    memcpy(socks->answer, bytes, len);
    socks->answer_len = len;
}

/* VER NMETHODS METHODS (RFC 1928, 3). */
static enum socks_step greet(struct socks *socks)
{
    bool is_acceptable = memchr(socks->message + 2, METHOD_NONE, socks->message[1]) != NULL;
    const uint8_t answer[] = {VERSION, is_acceptable ? METHOD_NONE : METHOD_UNACCEPTABLE};
    set_answer(socks, answer, sizeof(answer));
    socks->is_greeted = 1;
    socks->len = 0;
    return is_acceptable ? SOCKS_GREETED : SOCKS_REFUSED_ALL;
}

static enum socks_step refuse(struct socks *socks, enum socks_reply reply)
{
    socks_answer(socks, reply, NULL);
    return SOCKS_REFUSED_ALL;
}

/* Sets host. False: no host can have that name. */
static bool read_host(struct socks *socks)
{
    const uint8_t *at = socks->message + HEAD_BYTES;
    memset(socks->host, 0, sizeof(socks->host));
    if (socks->message[3] == TYPE_IPV4)
        return inet_ntop(AF_INET, at, socks->host, sizeof(socks->host)) != NULL;
    if (socks->message[3] == TYPE_IPV6)
        return inet_ntop(AF_INET6, at, socks->host, sizeof(socks->host)) != NULL;
    memcpy(socks->host, at + 1, at[0]);
    return at[0] > 0 && strlen(socks->host) == at[0] && socks->host[0] != '/';
}

/* VER CMD RSV ATYP DST.ADDR DST.PORT (RFC 1928, 4). */
static enum socks_step request(struct socks *socks)
{
    const uint8_t *port = socks->message + socks->len - PORT_BYTES;
    if (socks->message[1] != COMMAND_CONNECT)
        return refuse(socks, SOCKS_COMMAND_NOT_SUPPORTED);
    socks->port = (uint16_t)(port[0] << 8 | port[1]);
    return read_host(socks) ? SOCKS_CONNECT : refuse(socks, SOCKS_HOST_UNREACHABLE);
}

enum socks_step socks_take(struct socks *socks, size_t count)
{
    socks->len += count;
    if (socks->len > 0 && socks->message[0] != VERSION)
        return SOCKS_NONSENSE;
    bool has_head = socks->is_greeted && socks->len >= HEAD_BYTES;
    if (has_head && socks->message[3] != TYPE_IPV4 && socks->message[3] != TYPE_NAME &&
        socks->message[3] != TYPE_IPV6)
        return refuse(socks, SOCKS_ADDRESS_TYPE_NOT_SUPPORTED);
    if (socks_wants(socks) > 0)
        return SOCKS_MORE;
    return socks->is_greeted ? request(socks) : greet(socks);
}

/* VER REP RSV ATYP BND.ADDR BND.PORT (RFC 1928, 6). */
void socks_answer(struct socks *socks, enum socks_reply reply, const struct sockaddr *bound)
{
    uint8_t *answer = socks->answer;
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)bound;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)bound;
    memset(answer, 0, SOCKS_ANSWER_MAX);
    answer[0] = VERSION;
    answer[1] = (uint8_t)reply;
    answer[3] = TYPE_IPV4;
    socks->answer_len = HEAD_BYTES + sizeof(in->sin_addr) + PORT_BYTES;
    if (bound != NULL && bound->sa_family == AF_INET) {
        memcpy(answer + HEAD_BYTES, &in->sin_addr, sizeof(in->sin_addr));
        memcpy(answer + HEAD_BYTES + sizeof(in->sin_addr), &in->sin_port, PORT_BYTES);
    } else if (bound != NULL && bound->sa_family == AF_INET6) {
        answer[3] = TYPE_IPV6;
        memcpy(answer + HEAD_BYTES, &in6->sin6_addr, sizeof(in6->sin6_addr));
        memcpy(answer + HEAD_BYTES + sizeof(in6->sin6_addr), &in6->sin6_port, PORT_BYTES);
        socks->answer_len = HEAD_BYTES + sizeof(in6->sin6_addr) + PORT_BYTES;
    }
}

enum socks_reply socks_reply_of(int error)
{
    switch (error) {
    case 0:
        return SOCKS_SUCCEEDED;
    case EACCES:
    case EPERM:
        return SOCKS_NOT_ALLOWED;
    case ENETUNREACH:
        return SOCKS_NETWORK_UNREACHABLE;
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case EADDRNOTAVAIL: /* the name has no address */
        return SOCKS_HOST_UNREACHABLE;
    case ECONNREFUSED:
        return SOCKS_REFUSED;
    case ETIMEDOUT: /* there is no other code for it */
        return SOCKS_TTL_EXPIRED;
    default:
        return SOCKS_FAILURE;
    }
}
