/* The server's side of SOCKS version 5 (RFC 1928), apart from sockets. Requests are taken byte by
 * byte as they come, and never more than belongs to them, so that what follows is the
 * connection's. */
#ifndef TCPCTL_SOCKS_H
#define TCPCTL_SOCKS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum socks_reply {
    SOCKS_SUCCEEDED,
    SOCKS_FAILURE,
    SOCKS_NOT_ALLOWED,
    SOCKS_NETWORK_UNREACHABLE,
    SOCKS_HOST_UNREACHABLE,
    SOCKS_REFUSED,
    SOCKS_TTL_EXPIRED,
    SOCKS_COMMAND_NOT_SUPPORTED,
    SOCKS_ADDRESS_TYPE_NOT_SUPPORTED,
};

/* The longest of a client's messages, and of ours. */
enum { SOCKS_MESSAGE_MAX = 4 + 1 + 255 + 2, SOCKS_ANSWER_MAX = 4 + 16 + 2 };

enum socks_step {
    SOCKS_MORE,        /* read socks_wants() bytes more */
    SOCKS_GREETED,     /* send socks->answer, and read on */
    SOCKS_CONNECT,     /* connect to host and port; then send what socks_answer() has written */
    SOCKS_REFUSED_ALL, /* send socks->answer, and close */
    SOCKS_NONSENSE,    /* not SOCKS 5: close */
};

struct socks {
    uint8_t message[SOCKS_MESSAGE_MAX];
    size_t len;
    int is_greeted;
    char host[256]; /* an address, or a name */
    uint16_t port;
    uint8_t answer[SOCKS_ANSWER_MAX];
    size_t answer_len;
};

/* How many bytes may be read into message + len now; above 0 unless the step says otherwise. */
size_t socks_wants(const struct socks *socks);
/* count of them were. */
enum socks_step socks_take(struct socks *socks, size_t count);
/* Sets answer: the reply to a request, with the address that was bound; NULL: none. */
void socks_answer(struct socks *socks, enum socks_reply reply, const struct sockaddr *bound);
/* What a client is told of an errno value. */
enum socks_reply socks_reply_of(int error);

#endif
