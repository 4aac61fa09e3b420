#include "rpc/event_pack.h"

#include <string.h>

/* The first byte says what follows. */
enum part {
    PART_V4 = 1,      /* both addresses are IPv4: four bytes each */
    PART_STATE = 2,   /* from, to and cause */
    PART_SEGMENT = 4, /* has_segment */
    PART_NOTE = 8,
    PART_FAULT = 16,
};

#define MAPPED_BYTES 12 /* of an IPv4 address, before its own four */

/* --- numbers ---------------------------------------------------------------------------------- */

/* Seven bits per byte, the lowest first; the eighth says that more follow. */
static uint8_t *put_number(uint8_t *at, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

static uint64_t get_number(const uint8_t **at)
{
    uint64_t number = 0;
    unsigned shift = 0;
    for (; (**at & 0x80) != 0; shift += 7)
        number |= (uint64_t)(*(*at)++ & 0x7f) << shift;
    return number | (uint64_t)(*(*at)++) << shift;
}

/* A difference in either direction: small ones are small numbers. */
static uint8_t *put_difference(uint8_t *at, uint64_t number, uint64_t base)
{
    uint64_t difference = number - base;
    return put_number(at, difference << 1 ^ (0 - (difference >> 63)));
}

static uint64_t get_difference(const uint8_t **at, uint64_t base)
{
    uint64_t folded = get_number(at);
    return base + (folded >> 1 ^ (0 - (folded & 1)));
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

static void get_bytes(const uint8_t **at, void *ret_bytes, size_t len)
{
    memcpy(ret_bytes, *at, len);
    *at += len;
}

/* --- parts ------------------------------------------------------------------------------------ */

static unsigned parts_of(const struct event_log_entry *entry)
{
    unsigned parts = entry->has_segment ? PART_SEGMENT : 0;
    if (te_addr_is_v4(&entry->local.addr) && te_addr_is_v4(&entry->remote.addr))
        parts |= PART_V4;
    if (entry->kind == TE_EVENT_STATE)
        parts |= PART_STATE;
    else if (entry->kind == TE_EVENT_NOTE || entry->kind == EVENT_LOG_NOTES_LOST)
        parts |= PART_NOTE;
    else if (entry->kind >= EVENT_LOG_FAULT)
        parts |= PART_FAULT;
    return parts;
}

static uint8_t *put_endpoint(uint8_t *at, unsigned parts, const struct te_endpoint *endpoint)
{
    size_t skipped = (parts & PART_V4) != 0 ? MAPPED_BYTES : 0;
    at = put_bytes(at, endpoint->addr.bytes + skipped, sizeof(endpoint->addr.bytes) - skipped);
    return put_bytes(at, &endpoint->port, sizeof(endpoint->port));
}

static void get_endpoint(const uint8_t **at, unsigned parts, struct te_endpoint *ret_endpoint)
{
    uint8_t v4[4];
    if ((parts & PART_V4) != 0) {
        get_bytes(at, v4, sizeof(v4));
        ret_endpoint->addr = te_addr_from_v4(v4);
    } else {
        get_bytes(at, ret_endpoint->addr.bytes, sizeof(ret_endpoint->addr.bytes));
    }
    get_bytes(at, &ret_endpoint->port, sizeof(ret_endpoint->port));
}

static uint8_t *put_segment(uint8_t *at, const struct te_segment_info *segment)
{
    at = put_bytes(at, &segment->seq, sizeof(segment->seq));
    at = put_bytes(at, &segment->ack, sizeof(segment->ack));
    at = put_number(at, segment->wnd_bytes);
    at = put_number(at, segment->len_bytes);
    *at++ = segment->flags;
    return at;
}

static void get_segment(const uint8_t **at, struct te_segment_info *ret_segment)
{
    get_bytes(at, &ret_segment->seq, sizeof(ret_segment->seq));
    get_bytes(at, &ret_segment->ack, sizeof(ret_segment->ack));
    ret_segment->wnd_bytes = (uint32_t)get_number(at);
    ret_segment->len_bytes = (uint16_t)get_number(at);
    ret_segment->flags = *(*at)++;
}

static uint8_t *put_state(uint8_t *at, const struct event_log_entry *entry)
{
    *at++ = entry->from;
    *at++ = entry->to;
    *at++ = entry->cause;
    return at;
}

static void get_state(const uint8_t **at, struct event_log_entry *ret_entry)
{
    ret_entry->from = *(*at)++;
    ret_entry->to = *(*at)++;
    ret_entry->cause = *(*at)++;
}

static uint8_t *put_fault(uint8_t *at, const struct event_log_entry *entry)
{
    *at++ = entry->fault_kind;
    *at++ = entry->fault_aim;
    *at++ = entry->fault_ways;
    return put_number(at, entry->fault_id);
}

static void get_fault(const uint8_t **at, struct event_log_entry *ret_entry)
{
    ret_entry->fault_kind = *(*at)++;
    ret_entry->fault_aim = *(*at)++;
    ret_entry->fault_ways = *(*at)++;
    ret_entry->fault_id = (uint32_t)get_number(at);
}

/* --- both ------------------------------------------------------------------------------------- */

size_t event_pack(const struct event_pack_base *base, const struct event_log_entry *entry,
                  uint8_t *ret_bytes)
{
    unsigned parts = parts_of(entry);
    uint8_t *at = ret_bytes;
    *at++ = (uint8_t)parts;
    *at++ = entry->kind;
    at = put_difference(at, (uint64_t)entry->time_us, (uint64_t)base->time_us);
    at = put_difference(at, entry->id, base->id);
    at = put_number(at, entry->tag);
    at = put_endpoint(at, parts, &entry->local);
    at = put_endpoint(at, parts, &entry->remote);
    if ((parts & PART_STATE) != 0)
        at = put_state(at, entry);
    if ((parts & PART_SEGMENT) != 0)
        at = put_segment(at, &entry->segment);
    if ((parts & PART_NOTE) != 0)
        at = put_bytes(at, &entry->note, sizeof(entry->note));
    if ((parts & PART_FAULT) != 0)
        at = put_fault(at, entry);
    return (size_t)(at - ret_bytes);
}

struct event_log_entry event_unpack(const struct event_pack_base *base, const uint8_t *bytes)
{
    const uint8_t *at = bytes;
    unsigned parts = *at++;
    struct event_log_entry entry = {.kind = *at++, .has_segment = (parts & PART_SEGMENT) != 0};
    entry.time_us = (int64_t)get_difference(&at, (uint64_t)base->time_us);
    entry.id = get_difference(&at, base->id);
    entry.tag = (uint32_t)get_number(&at);
    get_endpoint(&at, parts, &entry.local);
    get_endpoint(&at, parts, &entry.remote);
    if ((parts & PART_STATE) != 0)
        get_state(&at, &entry);
    if ((parts & PART_SEGMENT) != 0)
        get_segment(&at, &entry.segment);
    if ((parts & PART_NOTE) != 0)
        get_bytes(&at, &entry.note, sizeof(entry.note));
    if ((parts & PART_FAULT) != 0)
        get_fault(&at, &entry);
    return entry;
}
