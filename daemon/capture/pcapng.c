#include "capture/pcapng.h"

#include <assert.h>
#include <string.h>

enum block_type {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_NAMES = 4,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6
};

#define BYTE_ORDER_MAGIC 0x1A2B3C4Du
#define LINK_ETHERNET 1
#define SECTION_LENGTH_UNKNOWN UINT64_MAX
#define MICROSECONDS 6 /* if_tsresol: 10 to the power of minus this */

enum option {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SECTION_HARDWARE = 2,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_DESCRIPTION = 3,
    INTERFACE_MAC = 6,
    INTERFACE_RESOLUTION = 9,
    PACKET_FLAGS = 2,
    PACKET_DROPPED = 4,
    STATISTICS_START = 2,
    STATISTICS_END = 3,
    STATISTICS_RECEIVED = 4,
    STATISTICS_DROPPED = 5,
    STATISTICS_ACCEPTED = 6,
    STATISTICS_DELIVERED = 8
};
enum name_record { NAMES_END = 0, NAMES_IPV4 = 1, NAMES_IPV6 = 2 };
enum packet_flag { PACKET_INBOUND = 1, PACKET_OUTBOUND = 2 };

/* A block being written; once something found no room, nothing more is. */
struct block {
    uint8_t *bytes;
    size_t size, len;
    bool is_cut;
};

static void put(struct block *block, const void *data, size_t len)
{
    if (block->is_cut || len > block->size - block->len) {
        block->is_cut = true;
        return;
    }
    memcpy(block->bytes + block->len, data, len);
    block->len += len;
}

static void put_number(struct block *block, uint64_t number, size_t len)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    put(block, bytes, len);
}

/* Everything is padded to 32 bits. */
static void put_padding(struct block *block)
{
    static const uint8_t zeros[4];
    put(block, zeros, (4 - block->len % 4) % 4);
}

static void put_option(struct block *block, enum option option, const void *data, size_t len)
{
    put_number(block, option, 2);
    put_number(block, len, 2);
    put(block, data, len);
    put_padding(block);
}

static void put_text_option(struct block *block, enum option option, const char *text)
{
    if (text != NULL && text[0] != '\0')
        put_option(block, option, text, strnlen(text, PCAPNG_COMMENT_MAX));
}

static void put_u64_option(struct block *block, enum option option, uint64_t number)
{
    put_number(block, option, 2);
    put_number(block, 8, 2);
    put_number(block, number, 8);
}

/* The high half first, each in the section's byte order. */
static void put_time(struct block *block, int64_t time_us)
{
    put_number(block, (uint64_t)time_us >> 32, 4);
    put_number(block, (uint64_t)time_us & UINT32_MAX, 4);
}

static void put_time_option(struct block *block, enum option option, int64_t time_us)
{
    put_number(block, option, 2);
    put_number(block, 8, 2);
    put_time(block, time_us);
}

static struct block begin(uint8_t *bytes, size_t size, enum block_type type)
{
    struct block block = {.bytes = bytes, .size = size};
    put_number(&block, (uint32_t)type, 4);
    put_number(&block, 0, 4); /* the length: at the end */
    return block;
}

static size_t end(struct block *block)
{
    put_number(block, block->len + 4, 4);
    if (block->is_cut)
        return 0;
    assert(block->len % 4 == 0);
    memcpy(block->bytes + 4, block->bytes + block->len - 4, 4);
    return block->len;
}

size_t pcapng_write_section(uint8_t *bytes, size_t size, const char *hardware,
                            const char *application)
{
    struct block block = begin(bytes, size, BLOCK_SECTION);
    put_number(&block, BYTE_ORDER_MAGIC, 4);
    put_number(&block, 1, 2); /* version 1.0 */
    put_number(&block, 0, 2);
    put_number(&block, SECTION_LENGTH_UNKNOWN, 8);
    put_text_option(&block, SECTION_HARDWARE, hardware);
    put_text_option(&block, SECTION_APPLICATION, application);
    put_number(&block, OPTION_END, 4);
    return end(&block);
}

size_t pcapng_write_interface(uint8_t *bytes, size_t size, const struct pcapng_interface *interface)
{
    static const uint8_t resolution = MICROSECONDS;
    struct block block = begin(bytes, size, BLOCK_INTERFACE);
    put_number(&block, LINK_ETHERNET, 2);
    put_number(&block, 0, 2);
    put_number(&block, interface->snaplen, 4);
    put_text_option(&block, INTERFACE_NAME, interface->name);
    put_text_option(&block, INTERFACE_DESCRIPTION, interface->description);
    put_option(&block, INTERFACE_MAC, interface->mac, sizeof(interface->mac));
    put_option(&block, INTERFACE_RESOLUTION, &resolution, 1);
    put_number(&block, OPTION_END, 4);
    return end(&block);
}

static void put_name(struct block *block, const struct pcapng_name *name)
{
    bool is_v4 = te_addr_is_v4(&name->address);
    size_t address_len = is_v4 ? 4 : 16;
    size_t name_len = strlen(name->name) + 1;
    put_number(block, is_v4 ? NAMES_IPV4 : NAMES_IPV6, 2);
    put_number(block, address_len + name_len, 2);
    put(block, name->address.bytes + 16 - address_len, address_len);
    put(block, name->name, name_len);
    put_padding(block);
}

size_t pcapng_write_names(uint8_t *bytes, size_t size, const struct pcapng_name *names,
                          unsigned count)
{
    struct block block = begin(bytes, size, BLOCK_NAMES);
    for (unsigned i = 0; i < count; i++)
        put_name(&block, &names[i]);
    put_number(&block, NAMES_END, 4);
    return end(&block);
}

size_t pcapng_write_packet(uint8_t *bytes, size_t size, const struct pcapng_packet *packet)
{
    assert(packet->captured_len <= packet->len);
    struct block block = begin(bytes, size, BLOCK_PACKET);
    put_number(&block, 0, 4); /* the interface */
    put_time(&block, packet->time_us);
    put_number(&block, packet->captured_len, 4);
    put_number(&block, packet->len, 4);
    put(&block, packet->data, packet->captured_len);
    put_padding(&block);
    put_text_option(&block, OPTION_COMMENT, packet->comment);
    put_number(&block, PACKET_FLAGS, 2);
    put_number(&block, 4, 2);
    put_number(&block, packet->is_out ? PACKET_OUTBOUND : PACKET_INBOUND, 4);
    if (packet->dropped > 0)
        put_u64_option(&block, PACKET_DROPPED, packet->dropped);
    put_number(&block, OPTION_END, 4);
    return end(&block);
}

size_t pcapng_write_statistics(uint8_t *bytes, size_t size,
                               const struct pcapng_statistics *statistics)
{
    struct block block = begin(bytes, size, BLOCK_STATISTICS);
    put_number(&block, 0, 4); /* the interface */
    put_time(&block, statistics->time_us);
    put_time_option(&block, STATISTICS_START, statistics->start_us);
    put_time_option(&block, STATISTICS_END, statistics->end_us);
    put_u64_option(&block, STATISTICS_RECEIVED, statistics->received);
    put_u64_option(&block, STATISTICS_DROPPED, statistics->dropped);
    put_u64_option(&block, STATISTICS_ACCEPTED, statistics->accepted);
    put_u64_option(&block, STATISTICS_DELIVERED, statistics->delivered);
    put_number(&block, OPTION_END, 4);
    return end(&block);
}
