#include "util/descriptors.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "util/log.h"

unsigned descriptors_links(uint64_t limit, unsigned links_max, unsigned links_reserve)
{
    uint64_t own = DESCRIPTORS_OWN + (uint64_t)links_reserve;
    if (limit >= own + links_max)
        return links_max;
    return limit > own ? (unsigned)(limit - own) : 1;
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

unsigned descriptors_plan(unsigned links_max, unsigned links_reserve)
{
    uint64_t wanted = (uint64_t)links_max + links_reserve + DESCRIPTORS_OWN;
    uint64_t limit = limit_raise(wanted);
    unsigned links = descriptors_links(limit, links_max, links_reserve);
    if (links < links_max)
        log_write(LOG_LEVEL_WARNING,
                  "the limit of %" PRIu64 " descriptors leaves room for %u links to the control "
                  "socket, not for links_max = %u; raise it to %" PRIu64
                  " (ulimit -n, LimitNOFILE=), or lower links_max",
                  limit, links, links_max, wanted);
    return links;
}
