#include "link/link_stats.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The answer is 20 numbers and three headers; an error holds the question as well. */
#define ANSWER_BYTES_MAX 1024
/* Answers to earlier questions that a signal kept us from reading. */
#define STALE_ANSWERS_MAX 8

struct question {
    struct nlmsghdr header;
    struct if_stats_msg stats;
};

int link_stats_open(void)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0)
        return -1;
    /* Connected: what other programs send does not arrive. */
    if (connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* The kernel answers within send(2), so the answer is there at once. */
static bool ask(int fd, unsigned index)
{
    struct question question = {
        .header = {.nlmsg_len = sizeof(question),
                   .nlmsg_type = RTM_GETSTATS,
                   .nlmsg_flags = NLM_F_REQUEST,
                   .nlmsg_seq = index},
        .stats = {.ifindex = index, .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)}};
    return send(fd, &question, sizeof(question), MSG_NOSIGNAL) == (ssize_t)sizeof(question);
}

static bool attribute_find(const uint8_t *at, size_t len, struct rtnl_link_stats64 *ret_stats)
{
    struct rtattr attribute;
    while (len >= sizeof(attribute)) {
        memcpy(&attribute, at, sizeof(attribute));
        if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > len)
            return false;
        size_t bytes = attribute.rta_len - sizeof(attribute);
        if (attribute.rta_type == IFLA_STATS_LINK_64) { /* a newer kernel's is longer */
            *ret_stats = (struct rtnl_link_stats64){0};
            memcpy(ret_stats, at + sizeof(attribute),
                   bytes < sizeof(*ret_stats) ? bytes : sizeof(*ret_stats));
            return true;
        }
        size_t step = RTA_ALIGN((size_t)attribute.rta_len);
        if (step > len)
            return false;
        at += step;
        len -= step;
    }
    return false;
}

static bool parse(const uint8_t *answer, size_t len, unsigned index, uint64_t *ret_frames)
{
    struct question head;
    struct rtnl_link_stats64 stats;
    if (len < sizeof(head))
        return false;
    memcpy(&head, answer, sizeof(head));
    if (head.header.nlmsg_type != RTM_NEWSTATS || head.header.nlmsg_len < sizeof(head) ||
        head.header.nlmsg_len > len || head.stats.ifindex != index ||
        !attribute_find(answer + sizeof(head), head.header.nlmsg_len - sizeof(head), &stats))
        return false;
    *ret_frames = stats.tx_dropped;
    return true;
}

static void stale_discard(int fd)
{
    uint8_t answer[ANSWER_BYTES_MAX];
    for (unsigned i = 0; i < STALE_ANSWERS_MAX && recv(fd, answer, sizeof(answer), 0) >= 0; i++)
        ;
}

bool link_stats_dropped(int socket, unsigned index, uint64_t *ret_frames)
{
    uint8_t answer[ANSWER_BYTES_MAX];
    if (socket < 0 || index == 0)
        return false;
    stale_discard(socket);
    if (!ask(socket, index))
        return false;
    ssize_t len = recv(socket, answer, sizeof(answer), 0);
    return len > 0 && parse(answer, (size_t)len, index, ret_frames);
}
