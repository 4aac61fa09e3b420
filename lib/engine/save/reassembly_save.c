#include "save/save_sections.h"
#include "stack_internal.h"

#define PART_BYTES_MIN 9
#define DATAGRAM_BYTES_MIN 57
#define END_UNKNOWN UINT32_MAX
#define END_MAX UINT16_MAX

TE_SAVED_ITEMS(struct te_reassemblies, queues, struct te_datagram);
TE_SAVED_ITEMS(struct te_datagram, parts, struct te_fragment_part);
TE_NOT_SAVED(struct te_reassemblies, "counted again", count, bytes);
TE_NOT_SAVED(struct te_reassemblies, "armed again", timer);
TE_NOT_SAVED(struct te_datagram, "of the addresses and the id", hash);
TE_NOT_SAVED(struct te_datagram, "counted again", received_bytes);
TE_NOT_SAVED(struct te_datagram, "the list is rebuilt", link);
TE_NOT_SAVED(struct te_fragment_part, "the list is rebuilt", link);

static struct te_datagram *datagram_of(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_datagram, link);
}

static struct te_fragment_part *part_of(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_fragment_part, link);
}

static void datagram_fields(struct te_codec *codec, struct te_datagram *datagram)
{
    te_save_addr(codec, &datagram->source);
    te_save_addr(codec, &datagram->destination);
    te_codec_u32(codec, &datagram->id);
    te_codec_u8(codec, &datagram->protocol);
    te_codec_u8(codec, &datagram->hop_limit);
    te_codec_u8_below(codec, &datagram->ecn_seen, 1 << 4);
    te_codec_bool(codec, &datagram->is_dead);
    te_codec_bool(codec, &datagram->is_broadcast);
    te_codec_u32(codec, &datagram->end);
    te_codec_require(codec, datagram->end == END_UNKNOWN || datagram->end <= END_MAX);
    te_codec_time(codec, &datagram->expires_at_us);
}

static void write_parts(struct te_codec *codec, struct te_datagram *datagram)
{
    for (struct te_list *link = datagram->parts.next; link != &datagram->parts; link = link->next) {
        struct te_fragment_part *part = part_of(link);
        te_codec_u32(codec, &part->start);
        te_codec_u32(codec, &part->end);
        te_codec_bytes(codec, part->bytes, part->end - part->start);
    }
}

/* Parts come in the order of their offsets: this one is the last so far. */
static void read_part(struct te_codec *codec, struct te_stack *stack, struct te_datagram *datagram)
{
    uint32_t last_end = te_list_is_empty(&datagram->parts) ? 0 : part_of(datagram->parts.prev)->end;
    uint32_t start = 0, end = 0;
    te_codec_u32(codec, &start);
    te_codec_u32(codec, &end);
    te_codec_require(codec, start >= last_end && end > start && end <= datagram->end &&
                                end <= END_MAX && end - start <= codec->end - codec->at);
    if (!te_codec_is_ok(codec))
        return;
    struct te_fragment_part *part =
        te_datagram_add_part(stack, datagram, &datagram->parts, end - start);
    if (part == NULL) {
        te_codec_fail(codec, TE_ERR_NOMEM);
        return;
    }
    part->start = start;
    part->end = end;
    te_codec_bytes(codec, part->bytes, end - start);
}

static void parts_fields(struct te_codec *codec, struct te_stack *stack,
                         struct te_datagram *datagram)
{
    uint32_t count =
        te_codec_count(codec, datagram->part_count, TE_REASSEMBLY_FRAGMENTS_MAX, PART_BYTES_MIN);
    if (!codec->is_reading)
        write_parts(codec, datagram);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_part(codec, stack, datagram);
    if (stack->reassemblies.bytes > stack->config.reassembly_bytes_max)
        te_codec_fail(codec, TE_ERR_RESOURCES);
}

/* Deadlines in a FIFO rise, and none is later than one that starts now. */
static void set_deadline(struct te_stack *stack, unsigned family, struct te_datagram *datagram,
                         int64_t at_us)
{
    int64_t latest_us = stack->now_us + te_reassembly_timeout_us(family);
    datagram->expires_at_us = at_us < latest_us ? at_us : latest_us;
}

static void read_datagram(struct te_codec *codec, struct te_stack *stack, unsigned family)
{
    struct te_list *queue = &stack->reassemblies.queues[family];
    struct te_datagram read = {.id = 0};
    datagram_fields(codec, &read);
    int64_t last_us = te_list_is_empty(queue) ? INT64_MIN : datagram_of(queue->prev)->expires_at_us;
    te_codec_require(codec, te_addr_is_v4(&read.source) == (family == 0) &&
                                te_addr_is_v4(&read.destination) == (family == 0) &&
                                read.expires_at_us >= last_us);
    if (!te_codec_is_ok(codec))
        return;
    struct te_packet packet = {.source = read.source,
                               .destination = read.destination,
                               .protocol = read.protocol,
                               .hop_limit = read.hop_limit};
    struct te_datagram *datagram = te_datagram_new(stack, &packet, read.id);
    if (datagram == NULL) {
        te_codec_fail(codec, TE_ERR_NOMEM);
        return;
    }
    datagram->ecn_seen = read.ecn_seen;
    datagram->is_dead = read.is_dead;
    datagram->is_broadcast = read.is_broadcast;
    datagram->end = read.end;
    set_deadline(stack, family, datagram, read.expires_at_us);
    parts_fields(codec, stack, datagram);
}

static void write_datagrams(struct te_codec *codec, struct te_stack *stack, struct te_list *queue)
{
    for (struct te_list *link = queue->next; link != queue; link = link->next) {
        datagram_fields(codec, datagram_of(link));
        parts_fields(codec, stack, datagram_of(link));
    }
}

void te_save_reassemblies(struct te_codec *codec, struct te_stack *stack)
{
    for (unsigned family = 0; family < 2; family++) {
        struct te_list *queue = &stack->reassemblies.queues[family];
        uint32_t room = stack->config.reassembly_max - stack->reassemblies.count;
        uint32_t count = te_codec_count(codec, te_list_len(queue), room, DATAGRAM_BYTES_MIN);
        if (!codec->is_reading)
            write_datagrams(codec, stack, queue);
        for (uint32_t i = 0; i < count && codec->is_reading; i++)
            read_datagram(codec, stack, family);
    }
    if (codec->is_reading)
        te_reassemblies_arm(stack);
}
