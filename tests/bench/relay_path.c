#include "relay_path.h"

#include <tcpengine/units.h>

#define ETH_BYTES 14u
#define IPV4_MIN_BYTES 20u
#define TCP_FLAGS_AT 13u
#define TCP_SYN 0x02u

enum chance { CHANCE_LOSS, CHANCE_REORDER };

/* The finalizer of SplitMix64: each bit of the input changes half of the output's. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static bool falls_on(const struct path *path, enum chance chance, uint32_t ppm)
{
    uint64_t key = mix(path->config.seed) ^ mix((uint64_t)path->config.direction << 8 | chance);
    return mix(mix(key) ^ path->segments) % PATH_MILLION < ppm;
}

bool path_is_counted(const uint8_t *frame, size_t len)
{
    if (len < ETH_BYTES + IPV4_MIN_BYTES || frame[12] != 0x08 || frame[13] != 0x00)
        return false;
    const uint8_t *ip = frame + ETH_BYTES;
    size_t ip_bytes = (size_t)(ip[0] & 0x0f) * 4;
    if (ip[9] != 6 || len < ETH_BYTES + ip_bytes + TCP_FLAGS_AT + 1)
        return false;
    return (ip[ip_bytes + TCP_FLAGS_AT] & TCP_SYN) == 0;
}

static int64_t link_time_ns(const struct path *path, size_t len)
{
    return (int64_t)((uint64_t)len * 8 * (uint64_t)TE_NS_PER_SECOND / path->config.rate_bps);
}

enum path_fate path_input(struct path *path, const uint8_t *frame, size_t len, int64_t arrival_ns,
                          int64_t *ret_at_ns)
{
    bool is_late = false;

    path->frames++;
    if (path_is_counted(frame, len)) {
        path->segments++;
        if (falls_on(path, CHANCE_LOSS, path->config.loss_ppm)) {
            path->lost++;
            return PATH_LOST;
        }
        is_late = falls_on(path, CHANCE_REORDER, path->config.reorder_ppm);
    }
    int64_t wait_ns = path->link_free_at_ns > arrival_ns ? path->link_free_at_ns - arrival_ns : 0;
    if (wait_ns + link_time_ns(path, len) > link_time_ns(path, path->config.queue_bytes)) {
        path->overflowed++;
        return PATH_OVERFLOWED;
    }
    path->link_free_at_ns = arrival_ns + wait_ns + link_time_ns(path, len);
    path->queue_sum_ns += wait_ns;
    path->queue_max_ns = wait_ns > path->queue_max_ns ? wait_ns : path->queue_max_ns;
    path->reordered += is_late;
    path->passed_bytes += len;
    *ret_at_ns =
        path->link_free_at_ns + path->config.delay_ns + (is_late ? path->config.reorder_ns : 0);
    return PATH_PASSED;
}
