/* One transfer between two engines in one process, in virtual time, whose instructions
 * tests/bench/instructions counts.
 *
 *   segments BYTES [LOSE_EVERY]
 *
 * Sends BYTES over one connection, on a link of 1 ms each way that loses every LOSE_EVERY-th frame
 * of the sender (0, the default: none), closes it, and prints the number of segments that both
 * engines received. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/tcpengine.h>

#include "engine_side.h"
#include "support.h"

#define PORT 7000
#define FRAME_MAX 2048u
#define QUEUE_MAX 65536u
#define LINK_US 1000

struct frame {
    int64_t at_us;
    size_t len;
    uint8_t bytes[FRAME_MAX];
};

struct side {
    struct te_stack *stack;
    struct frame *queue; /* ring: frames toward this side */
    uint64_t head, tail, sent;
    uint64_t id;
};

static void side_start(struct side *side, uint8_t host)
{
    struct te_config config;
    bench_config_init(&config, host);
    config.allocator = bench_allocator;
    bench_must("te_stack_new", te_stack_new(&config, 0, &side->stack));
    side->queue = calloc(QUEUE_MAX, sizeof(*side->queue));
    if (side->queue == NULL)
        bench_die("calloc", "no memory");
}

/* All that side has to send goes to the other, but for what the link loses. */
static void flush(struct side *side, struct side *other, uint64_t lose_every, int64_t now_us)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    while (other->tail - other->head < QUEUE_MAX &&
           te_stack_poll_output(side->stack, header, &output, now_us)) {
        if (lose_every != 0 && ++side->sent % lose_every == 0)
            continue;
        struct frame *frame = &other->queue[other->tail++ % QUEUE_MAX];
        frame->at_us = now_us + LINK_US;
        frame->len = 0;
        for (unsigned i = 0; i < output.iov_count; i++) {
            memcpy(frame->bytes + frame->len, output.iov[i].base, output.iov[i].len);
            frame->len += output.iov[i].len;
        }
    }
}

static void deliver(struct side *side, int64_t now_us)
{
    static const struct te_frame_meta plain;
    while (side->head != side->tail && side->queue[side->head % QUEUE_MAX].at_us <= now_us) {
        const struct frame *frame = &side->queue[side->head++ % QUEUE_MAX];
        te_stack_input(side->stack, frame->bytes, frame->len, &plain, now_us);
    }
    if (te_stack_next_timeout(side->stack) <= now_us)
        te_stack_handle_timeout(side->stack, now_us);
}

static int64_t next_at(const struct side *side)
{
    int64_t at_us = te_stack_next_timeout(side->stack);
    if (side->head != side->tail && side->queue[side->head % QUEUE_MAX].at_us < at_us)
        at_us = side->queue[side->head % QUEUE_MAX].at_us;
    return at_us;
}

static uint64_t listen_at(struct side *side)
{
    const struct te_listen listen = {.local.port = PORT};
    uint64_t listener;
    bench_must("te_open_passive", te_open_passive(side->stack, &listen, &listener, 0));
    return listener;
}

static void transfer(struct side *sender, struct side *receiver, uint64_t bytes,
                     uint64_t lose_every)
{
    const struct te_open open = {.remote = {bench_address(2), PORT}};
    uint64_t listener = listen_at(receiver), offset = 0, left = bytes;
    int64_t now_us = 0;
    bench_must("te_open_active", te_open_active(sender->stack, &open, &sender->id, now_us));
    while (offset < bytes) {
        deliver(sender, now_us);
        deliver(receiver, now_us);
        if (receiver->id == 0)
            te_accept(receiver->stack, listener, 0, &receiver->id, now_us);
        left -= bench_send(sender->stack, sender->id, left, now_us);
        if (receiver->id != 0)
            offset = bench_receive(receiver->stack, receiver->id, offset, now_us);
        flush(sender, receiver, lose_every, now_us);
        flush(receiver, sender, 0, now_us);
        now_us = next_at(sender) < next_at(receiver) ? next_at(sender) : next_at(receiver);
    }
    bench_must("te_close", te_close(sender->stack, sender->id, now_us));
}

int main(int argc, char **argv)
{
    static struct side sender, receiver;
    if (argc < 2 || argc > 3)
        bench_die("usage", "segments BYTES [LOSE_EVERY]");
    side_start(&sender, 1);
    side_start(&receiver, 2);
    transfer(&sender, &receiver, strtoull(argv[1], NULL, 10),
             argc > 2 ? strtoull(argv[2], NULL, 10) : 0);
    printf("%" PRIu64 "\n", te_stack_counters(sender.stack)->segments_in +
                                te_stack_counters(receiver.stack)->segments_in);
    te_stack_free(sender.stack);
    te_stack_free(receiver.stack);
    free(sender.queue);
    free(receiver.queue);
    return 0;
}
