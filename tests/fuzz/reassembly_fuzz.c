/* IP reassembly beside a naive one that keeps a list of everything it was given. The input is a
 * program of records of RECORD_BYTES: a fragment of one of DATAGRAMS datagrams, or a step in time.
 * Limits are out of reach here; the target "stack" covers them. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "ip/reassembly.h"
#include "stack_internal.h"
#include "units.h"

#define RECORD_BYTES 5
#define RECORDS_MAX 100 /* below TE_REASSEMBLY_FRAGMENTS_MAX */
#define DATAGRAMS 16
#define PAYLOAD_MAX (UINT16_MAX - 20)
#define END_UNKNOWN UINT32_MAX

struct part {
    uint32_t start, end;
    uint8_t salt;
};

/* What the naive reassembler knows of one datagram. */
struct naive {
    bool is_alive, is_dead;
    int64_t expires_at_us;
    uint32_t end;
    unsigned count;
    struct part parts[RECORDS_MAX];
};

struct world {
    struct fuzz_memory memory;
    struct te_stack *stack;
    int64_t now_us;
    struct naive datagrams[DATAGRAMS];
};

static uint8_t pattern(uint32_t offset, uint8_t salt)
{
    return (uint8_t)(offset ^ offset >> 8 ^ salt);
}

/* --- the naive one ---------------------------------------------------------------------------- */

/* False: nothing new, or the datagram is discarded (RFC 5722 4). */
static bool naive_place(struct naive *naive, const struct part *part, bool more)
{
    uint32_t last_end = 0;
    bool is_overlap = false;
    for (unsigned i = 0; i < naive->count; i++) {
        const struct part *other = &naive->parts[i];
        if (other->start == part->start && other->end == part->end)
            return false;
        is_overlap = is_overlap || (other->start < part->end && part->start < other->end);
        last_end = other->end > last_end ? other->end : last_end;
    }
    bool is_beyond = naive->end != END_UNKNOWN && part->end > naive->end;
    bool is_other_end =
        !more && (last_end > part->end || (naive->end != END_UNKNOWN && naive->end != part->end));
    naive->is_dead = is_overlap || is_beyond || is_other_end;
    return !naive->is_dead;
}

/* True if this completes the datagram. */
static bool naive_add(struct naive *naive, const struct part *part, bool more)
{
    uint32_t received = 0;
    if (naive->is_dead || !naive_place(naive, part, more))
        return false;
    if (!more)
        naive->end = part->end;
    naive->parts[naive->count++] = *part;
    for (unsigned i = 0; i < naive->count; i++)
        received += naive->parts[i].end - naive->parts[i].start;
    return received == naive->end;
}

static void naive_check(const struct naive *naive, const struct te_reassembled *packet, bool is_v4)
{
    size_t header_len = is_v4 ? 20 : 40;
    FUZZ_CHECK(packet->len == header_len + naive->end, "%zu bytes put together of %u",
               packet->len - header_len, naive->end);
    for (unsigned i = 0; i < naive->count; i++)
        for (uint32_t at = naive->parts[i].start; at < naive->parts[i].end; at++)
            FUZZ_CHECK(packet->bytes[header_len + at] == pattern(at, naive->parts[i].salt),
                       "byte %u is another fragment's", at);
}

/* --- the program ------------------------------------------------------------------------------ */

static struct te_addr addr_of(unsigned index, bool is_v4)
{
    const uint8_t v4[4] = {10, 0, 0, (uint8_t)(2 + index)};
    const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(2 + index)};
    return is_v4 ? te_addr_from_v4(v4) : te_addr_from_v6(v6);
}

static void give(struct world *world, unsigned key, const struct part *part, bool more)
{
    bool is_v4 = (key & 1) != 0;
    struct naive *naive = &world->datagrams[key];
    uint32_t len = part->end - part->start;
    uint8_t *payload = malloc(len);
    struct te_packet packet = {.source = addr_of(key >> 1 & 1, is_v4),
                               .destination = addr_of(9, is_v4),
                               .protocol = TE_PROTO_UDP,
                               .hop_limit = 64,
                               .payload = payload,
                               .payload_len = len};
    struct te_fragment fragment = {&packet, key >> 2, (uint16_t)part->start, more};
    struct te_reassembled whole;
    for (uint32_t i = 0; i < len; i++)
        payload[i] = pattern(part->start + i, part->salt);
    if (!naive->is_alive)
        *naive = (struct naive){.is_alive = true,
                                .end = END_UNKNOWN,
                                .expires_at_us = world->now_us + (is_v4 ? 30 : 60) * SECOND};
    bool is_whole = te_reassembly_add(world->stack, &fragment, &whole);
    free(payload);
    FUZZ_CHECK(is_whole == naive_add(naive, part, more), "%s though it should%s be",
               is_whole ? "put together" : "not put together", is_whole ? " not" : "");
    if (!is_whole)
        return;
    naive_check(naive, &whole, is_v4);
    te_reassembled_free(world->stack, &whole);
    naive->is_alive = false;
}

static void advance(struct world *world, int64_t us)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    world->now_us += us;
    while (te_stack_next_timeout(world->stack) <= world->now_us)
        te_stack_handle_timeout(world->stack, world->now_us);
    te_stack_set_now(world->stack, world->now_us);
    while (te_stack_poll_output(world->stack, header, &output, world->now_us))
        ;
    for (unsigned i = 0; i < DATAGRAMS; i++)
        if (world->datagrams[i].expires_at_us <= world->now_us)
            world->datagrams[i].is_alive = false;
}

static void run_record(struct world *world, struct fuzz_input *input)
{
    uint8_t head = fuzz_u8(input);
    uint32_t where = fuzz_u16(input);
    uint32_t len = fuzz_u8(input);
    uint8_t salt = fuzz_u8(input);
    bool more = (head & 0x10) != 0;
    if ((head & 0xe0) == 0xe0) {
        advance(world, (int64_t)(where & 0x3f) * SECOND);
        return;
    }
    /* Most offsets are close together, so that fragments overlap; some are as far apart as
     * possible. */
    uint32_t start = (head & 0x20) != 0 ? (where & 0x1fff) * 8 : (where & 0xff) * 8;
    len = more || (head & 0x40) != 0 ? len * 8 : len;
    struct part part = {start, start + len, salt};
    if (len > 0 && part.end <= PAYLOAD_MAX)
        give(world, head & 0x0f, &part, more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    struct te_config config;
    struct fuzz_input input = {data, size};
    memset(&world, 0, sizeof(world));
    te_config_init(&config);
    config.allocator = fuzz_allocator(&world.memory);
    config.mac[0] = 2;
    config.addresses[0] = (struct te_cidr){addr_of(9, true), 24};
    config.addresses[1] = (struct te_cidr){addr_of(9, false), 64};
    config.address_count = 2;
    config.dad = false;
    config.reassembly_bytes_max = 1u << 30;
    config.event_max = config.history_conn_max = config.time_wait_max = 16;
    config.drop_log_conn_max = 16;
    config.note_log_conn_max = 16;
    config.neighbour_max = config.neighbour_incomplete_max = 16;
    FUZZ_CHECK(te_stack_new(&config, 0, &world.stack) == TE_OK, "no stack");
    for (unsigned i = 0; i < RECORDS_MAX && input.left >= RECORD_BYTES; i++) {
        run_record(&world, &input);
        const char *wrong = te_reassemblies_check(world.stack);
        FUZZ_CHECK(wrong == NULL, "%s", wrong);
    }
    te_stack_free(world.stack);
    FUZZ_CHECK(world.memory.bytes == 0, "%lld bytes are left", (long long)world.memory.bytes);
    return 0;
}
