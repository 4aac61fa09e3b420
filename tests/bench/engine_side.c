#include "engine_side.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

static void *take(void *ctx, size_t size_bytes)
{
    (void)ctx;
    return malloc(size_bytes);
}

static void give(void *ctx, void *block, size_t size_bytes)
{
    (void)ctx;
    (void)size_bytes;
    free(block);
}

const struct te_allocator bench_allocator = {.alloc = take, .free = give};

void bench_must(const char *what, enum te_err err)
{
    if (err != TE_OK)
        bench_die(what, te_err_text(err));
}

struct te_addr bench_address(uint8_t host)
{
    const uint8_t bytes[4] = {10, 9, 0, host};
    return te_addr_from_v4(bytes);
}

void bench_config_init(struct te_config *config, uint8_t host)
{
    te_config_init(config);
    memset(config->secret, host, sizeof(config->secret));
    config->mac[0] = 2;
    config->mac[5] = host;
    config->dad = false;
    config->addresses[0] = (struct te_cidr){.addr = bench_address(host), .prefix_bits = 24};
    config->address_count = 1;
}
