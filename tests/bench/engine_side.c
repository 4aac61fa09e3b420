#include "engine_side.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

#define SEND_BYTES 65536u

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

uint64_t bench_send(struct te_stack *stack, uint64_t id, uint64_t max_bytes, int64_t now_us)
{
    static const uint8_t data[SEND_BYTES];
    uint64_t sent = 0;
    size_t accepted = 1;
    while (sent < max_bytes && accepted > 0) {
        size_t len = max_bytes - sent < SEND_BYTES ? (size_t)(max_bytes - sent) : SEND_BYTES;
        accepted = 0;
        enum te_err err = te_send(stack, id, data, len, &accepted, now_us);
        if (err != TE_OK && err != TE_ERR_AGAIN)
            bench_must("te_send", err);
        sent += accepted;
    }
    return sent;
}

uint64_t bench_receive(struct te_stack *stack, uint64_t id, uint64_t offset, int64_t now_us)
{
    struct te_received received;
    if (te_receive_peek(stack, id, offset, SIZE_MAX, &received) != TE_OK)
        return offset;
    offset += received.total_bytes;
    bench_must("te_receive_release", te_receive_release(stack, id, offset, now_us));
    return offset;
}
