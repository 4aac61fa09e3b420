#include "util/descriptors.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "util/log.h"

#define REFUSED_PART 4
/* A connection for requests about sockets, and the descriptor that came with the last one. */
#define SOCKET_LINK_COST 2
#define SOCKET_LINKS_PART 4

void descriptors_share(uint64_t limit, unsigned links_reserve, unsigned *links_max,
                       unsigned *refused_max)
{
    uint64_t own = DESCRIPTORS_OWN + (uint64_t)links_reserve;
    uint64_t left = limit > own ? limit - own : 0;
    if (left >= (uint64_t)*links_max + *refused_max)
        return;
    if (*refused_max > left / REFUSED_PART)
        *refused_max = left / REFUSED_PART > 0 ? (unsigned)(left / REFUSED_PART) : 1;
    if (*links_max + *refused_max > left)
        *links_max = left > *refused_max ? (unsigned)(left - *refused_max) : 1;
}

/* The soft limit, raised toward wanted as far as the hard one allows. */
static uint64_t limit_raise(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return wanted;
    uint64_t before = limit.rlim_cur;
    if (before >= wanted)
        return before;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

void descriptors_plan(unsigned links_reserve, unsigned *links_max, unsigned *refused_max)
{
    unsigned links_wanted = *links_max;
    uint64_t wanted = (uint64_t)links_wanted + links_reserve + *refused_max + DESCRIPTORS_OWN;
    uint64_t limit = limit_raise(wanted);
    descriptors_share(limit, links_reserve, links_max, refused_max);
    if (*links_max < links_wanted)
        log_write(LOG_LEVEL_WARNING,
                  "the limit of %" PRIu64 " descriptors leaves room for %u links to the control "
                  "socket, not for links_max = %u; raise it to %" PRIu64
                  " (ulimit -n, LimitNOFILE=), or lower links_max",
                  limit, *links_max, links_wanted, wanted);
}

void descriptors_plan_channels(unsigned links, unsigned each, unsigned *channels_max)
{
    unsigned channels_wanted = *channels_max;
    uint64_t own = (uint64_t)links + DESCRIPTORS_OWN + each; /* one that is being refused */
    uint64_t wanted = own + (uint64_t)channels_wanted * each;
    uint64_t limit = limit_raise(wanted);
    uint64_t left = limit > own ? (limit - own) / each : 0;
    if (left >= channels_wanted)
        return;
    *channels_max = (unsigned)left;
    log_write(LOG_LEVEL_WARNING,
              "the limit of %" PRIu64 " descriptors leaves room for %u channels, not for "
              "channels_max = %u; raise it to %" PRIu64 " (ulimit -n, LimitNOFILE=)",
              limit, *channels_max, channels_wanted, wanted);
}

void descriptors_share_sockets(uint64_t left, unsigned *sockets_max, unsigned *links_max)
{
    if (left >= (uint64_t)*sockets_max + SOCKET_LINK_COST * (uint64_t)*links_max)
        return;
    uint64_t links = left / SOCKET_LINKS_PART / SOCKET_LINK_COST;
    if (*links_max > links)
        *links_max = (unsigned)links;
    left -= SOCKET_LINK_COST * (uint64_t)*links_max;
    if (*sockets_max > left)
        *sockets_max = (unsigned)left;
}

unsigned descriptors_part_of_one(unsigned per_uid_max, unsigned sockets_wanted,
                                 unsigned sockets_max)
{
    if (per_uid_max >= sockets_wanted)
        return sockets_max;
    uint64_t part = (uint64_t)per_uid_max * sockets_max / sockets_wanted;
    return part == 0 && per_uid_max > 0 && sockets_max > 0 ? 1 : (unsigned)part;
}

void descriptors_plan_sockets(unsigned others, unsigned *sockets_max, unsigned *links_max)
{
    unsigned sockets_wanted = *sockets_max;
    uint64_t own = (uint64_t)others + DESCRIPTORS_OWN;
    uint64_t wanted = own + sockets_wanted + SOCKET_LINK_COST * (uint64_t)*links_max;
    uint64_t limit = limit_raise(wanted);
    descriptors_share_sockets(limit > own ? limit - own : 0, sockets_max, links_max);
    if (*sockets_max < sockets_wanted)
        log_write(LOG_LEVEL_NOTICE,
                  "the limit of %" PRIu64 " descriptors leaves room for %u sockets, not for "
                  "sockets_max = %u; raise it to %" PRIu64 " (ulimit -n, LimitNOFILE=)",
                  limit, *sockets_max, sockets_wanted, wanted);
}
