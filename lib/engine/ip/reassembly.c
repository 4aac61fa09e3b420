#include "ip/reassembly.h"

#include <assert.h>
#include <string.h>
#include <tcpengine/units.h>

#include "ip/icmp.h"
#include "stack_internal.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/protocol.h"

#define END_UNKNOWN UINT32_MAX

/* RFC 1122 3.3.2 recommends 60 to 120 s for IPv4; what has not arrived after 30 s is lost. RFC 8200
 * 4.5 sets 60 s for IPv6. */
static const int64_t timeout_us[2] = {30 * TE_SECOND, 60 * TE_SECOND};

int64_t te_reassembly_timeout_us(unsigned family)
{
    return timeout_us[family];
}

static struct te_datagram *datagram_of(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_datagram, link);
}

static struct te_fragment_part *part_of(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_fragment_part, link);
}

static unsigned family_of(const struct te_addr *addr)
{
    return te_addr_is_v4(addr) ? 0 : 1;
}

static size_t part_size(size_t len)
{
    return sizeof(struct te_fragment_part) + len;
}

/* --- memory, accounted ------------------------------------------------------------------------ */

static void *alloc(struct te_stack *stack, size_t size_bytes)
{
    void *block = te_stack_alloc(stack, size_bytes);
    if (block != NULL)
        stack->reassemblies.bytes += size_bytes;
    return block;
}

static void dealloc(struct te_stack *stack, void *block, size_t size_bytes)
{
    assert(stack->reassemblies.bytes >= size_bytes);
    stack->reassemblies.bytes -= size_bytes;
    te_stack_dealloc(stack, block, size_bytes);
}

static void free_parts(struct te_stack *stack, struct te_datagram *datagram)
{
    struct te_list *link;
    while ((link = te_list_pop_front(&datagram->parts)) != NULL)
        dealloc(stack, part_of(link), part_size(part_of(link)->end - part_of(link)->start));
    datagram->part_count = 0;
    datagram->received_bytes = 0;
}

void te_reassemblies_arm(struct te_stack *stack)
{
    int64_t first_us = TE_NEVER;
    for (unsigned family = 0; family < 2; family++) {
        struct te_list *queue = &stack->reassemblies.queues[family];
        if (!te_list_is_empty(queue) && datagram_of(queue->next)->expires_at_us < first_us)
            first_us = datagram_of(queue->next)->expires_at_us;
    }
    te_wheel_arm(&stack->wheel, &stack->reassemblies.timer, first_us);
}

static void free_datagram(struct te_stack *stack, struct te_datagram *datagram)
{
    assert(stack->reassemblies.count > 0);
    free_parts(stack, datagram);
    te_list_remove(&datagram->link);
    stack->reassemblies.count--;
    dealloc(stack, datagram, sizeof(*datagram));
    te_reassemblies_arm(stack);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void drop_parts(struct te_stack *stack, enum te_drop_reason reason,
                       const struct te_datagram *datagram)
{
    struct te_endpoint local = {.addr = datagram->destination};
    struct te_endpoint remote = {.addr = datagram->source};
    struct te_drop_about about = {.local = &local, .remote = &remote};
    te_drop_packets(stack, reason, datagram->part_count, &about);
}

static bool evict(struct te_stack *stack, struct te_datagram *datagram)
{
    if (datagram == NULL)
        return false;
    drop_parts(stack, TE_DROP_REASSEMBLY_LIMIT, datagram);
    free_datagram(stack, datagram);
    return true;
}

/* The oldest datagram other than keep: of that family, or of the other if that has none. */
static struct te_datagram *oldest(struct te_stack *stack, unsigned family,
                                  const struct te_datagram *keep)
{
    for (unsigned i = 0; i < 2; i++) {
        struct te_list *queue = &stack->reassemblies.queues[(family + i) % 2];
        struct te_list *link = queue->next;
        if (link != queue && datagram_of(link) == keep)
            link = link->next;
        if (link != queue)
            return datagram_of(link);
    }
    return NULL;
}

static bool make_room_for_bytes(struct te_stack *stack, size_t size_bytes, unsigned family,
                                const struct te_datagram *keep)
{
    while (stack->reassemblies.bytes + size_bytes > stack->config.reassembly_bytes_max) {
        if (!evict(stack, oldest(stack, family, keep)))
            return false;
    }
    return true;
}

/* Evicts the oldest datagram of source when it has reached its limit. */
static void make_room_of_source(struct te_stack *stack, const struct te_addr *source)
{
    struct te_list *queue = &stack->reassemblies.queues[family_of(source)];
    struct te_datagram *first = NULL;
    uint32_t count = 0;
    for (struct te_list *link = queue->next; link != queue; link = link->next) {
        if (!te_addr_equal(&datagram_of(link)->source, source))
            continue;
        if (count++ == 0)
            first = datagram_of(link);
    }
    if (count >= stack->config.reassembly_source_max)
        (void)evict(stack, first);
}

static bool make_room(struct te_stack *stack, const struct te_addr *source)
{
    unsigned family = family_of(source);
    make_room_of_source(stack, source);
    while (stack->reassemblies.count >= stack->config.reassembly_max) {
        if (!evict(stack, oldest(stack, family, NULL)))
            return false;
    }
    return make_room_for_bytes(stack, sizeof(struct te_datagram), family, NULL);
}

/* --- datagrams -------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct te_stack *stack, const struct te_packet *packet, uint32_t id)
{
    struct {
        struct te_addr source, destination;
        uint32_t id, protocol;
    } identity = {packet->source, packet->destination, id, 0};
    if (te_addr_is_v4(&identity.source))
        identity.protocol = packet->protocol;
    return te_siphash(&stack->key, &identity, sizeof(identity));
}

static bool is_part_of(const struct te_datagram *datagram, const struct te_fragment *fragment)
{
    const struct te_packet *packet = fragment->packet;
    return datagram->id == fragment->id && te_addr_equal(&datagram->source, &packet->source) &&
           te_addr_equal(&datagram->destination, &packet->destination) &&
           (!te_addr_is_v4(&packet->source) || datagram->protocol == packet->protocol);
}

/* At most config.reassembly_max comparisons of 8 bytes. */
static struct te_datagram *find(struct te_stack *stack, const struct te_fragment *fragment)
{
    struct te_list *queue = &stack->reassemblies.queues[family_of(&fragment->packet->source)];
    uint64_t hash = hash_of(stack, fragment->packet, fragment->id);
    for (struct te_list *link = queue->next; link != queue; link = link->next) {
        struct te_datagram *datagram = datagram_of(link);
        if (datagram->hash == hash && is_part_of(datagram, fragment))
            return datagram;
    }
    return NULL;
}

struct te_datagram *te_datagram_new(struct te_stack *stack, const struct te_packet *packet,
                                    uint32_t id)
{
    struct te_datagram *datagram = alloc(stack, sizeof(*datagram));
    if (datagram == NULL)
        return NULL;
    datagram->hash = hash_of(stack, packet, id);
    datagram->source = packet->source;
    datagram->destination = packet->destination;
    datagram->id = id;
    datagram->protocol = packet->protocol;
    datagram->hop_limit = packet->hop_limit;
    datagram->end = END_UNKNOWN;
    te_list_init(&datagram->parts);
    te_list_push_back(&stack->reassemblies.queues[family_of(&packet->source)], &datagram->link);
    stack->reassemblies.count++;
    return datagram;
}

static struct te_datagram *new_datagram(struct te_stack *stack, const struct te_fragment *fragment)
{
    const struct te_packet *packet = fragment->packet;
    if (!make_room(stack, &packet->source))
        return NULL;
    struct te_datagram *datagram = te_datagram_new(stack, packet, fragment->id);
    if (datagram == NULL)
        return NULL;
    datagram->expires_at_us = stack->now_us + timeout_us[family_of(&packet->source)];
    te_reassemblies_arm(stack);
    return datagram;
}

struct te_fragment_part *te_datagram_add_part(struct te_stack *stack, struct te_datagram *datagram,
                                              struct te_list *before, size_t len)
{
    struct te_fragment_part *part = alloc(stack, part_size(len));
    if (part == NULL)
        return NULL;
    te_list_push_back(before, &part->link);
    datagram->part_count++;
    datagram->received_bytes += (uint32_t)len;
    return part;
}

/* RFC 5722 4: none of it is ever used, and fragments yet to come are dropped too. */
static void kill_datagram(struct te_stack *stack, struct te_datagram *datagram)
{
    datagram->is_dead = true;
    free_parts(stack, datagram);
}

/* --- fragments -------------------------------------------------------------------------------- */

static void drop(struct te_stack *stack, enum te_drop_reason reason,
                 const struct te_fragment *fragment)
{
    te_packet_drop(stack, reason, fragment->packet);
}

enum placement { PLACE_NEW, PLACE_DUPLICATE, PLACE_OVERLAP };

/* Where [start, end) belongs: *ret_before is the last part that lies before it, or the head. */
static enum placement place(struct te_datagram *datagram, uint32_t start, uint32_t end,
                            struct te_list **ret_before)
{
    struct te_list *link = datagram->parts.prev;
    /* Fragments mostly come in order, so look from the end. */
    while (link != &datagram->parts && part_of(link)->start >= end)
        link = link->prev;
    *ret_before = link;
    if (link == &datagram->parts || part_of(link)->end <= start)
        return PLACE_NEW;
    if (part_of(link)->start == start && part_of(link)->end == end)
        return PLACE_DUPLICATE;
    return PLACE_OVERLAP;
}

/* Notes where the datagram ends if the fragment shows it. False when it contradicts earlier ones.
 */
static bool note_end(struct te_datagram *datagram, const struct te_fragment *fragment,
                     uint32_t fragment_end)
{
    uint32_t last_end = te_list_is_empty(&datagram->parts) ? 0 : part_of(datagram->parts.prev)->end;
    if (fragment->more)
        return fragment_end <= datagram->end;
    if (last_end > fragment_end)
        return false;
    if (datagram->end != END_UNKNOWN && datagram->end != fragment_end)
        return false;
    datagram->end = fragment_end;
    return true;
}

/* False when CE and Not-ECT are mixed (RFC 3168 5.3): the sender does not use ECN, so the router
 * that marked should have dropped. */
static bool note_ecn(struct te_datagram *datagram, uint8_t ecn)
{
    const unsigned both = 1u << TE_ECN_CE | 1u << TE_ECN_NOT_ECT;
    datagram->ecn_seen |= (uint8_t)(1u << ecn);
    return (datagram->ecn_seen & both) != both;
}

/* CE on one fragment is CE for all, and a codepoint that all share stays (RFC 3168 5.3); any other
 * mixture is not to be believed. */
static uint8_t ecn_of(const struct te_datagram *datagram)
{
    for (uint8_t ecn = TE_ECN_NOT_ECT; ecn < TE_ECN_CE; ecn++)
        if (datagram->ecn_seen == 1u << ecn)
            return ecn;
    return (datagram->ecn_seen & 1u << TE_ECN_CE) ? TE_ECN_CE : TE_ECN_NOT_ECT;
}

static void note_header(struct te_datagram *datagram, const struct te_fragment *fragment)
{
    const struct te_packet *packet = fragment->packet;
    datagram->is_broadcast |= packet->is_broadcast;
    if (fragment->offset_bytes != 0)
        return;
    /* The fragment with offset 0 alone decides the rest (RFC 8200 4.5). */
    datagram->protocol = packet->protocol;
    datagram->hop_limit = packet->hop_limit;
}

static bool insert(struct te_stack *stack, struct te_datagram *datagram, struct te_list *before,
                   const struct te_fragment *fragment)
{
    size_t len = fragment->packet->payload_len;
    struct te_fragment_part *part = NULL;
    if (datagram->part_count < TE_REASSEMBLY_FRAGMENTS_MAX &&
        make_room_for_bytes(stack, part_size(len), family_of(&datagram->source), datagram))
        part = te_datagram_add_part(stack, datagram, before->next, len);
    if (part == NULL) {
        drop(stack, TE_DROP_REASSEMBLY_LIMIT, fragment);
        return false;
    }
    part->start = fragment->offset_bytes;
    part->end = part->start + (uint32_t)len;
    memcpy(part->bytes, fragment->packet->payload, len);
    return true;
}

/* True when it completes the datagram. */
static bool add_part(struct te_stack *stack, struct te_datagram *datagram,
                     const struct te_fragment *fragment)
{
    struct te_list *before;
    uint32_t start = fragment->offset_bytes;
    uint32_t end = start + (uint32_t)fragment->packet->payload_len;
    if (datagram->is_dead) {
        drop(stack, TE_DROP_REASSEMBLY_DEAD, fragment);
        return false;
    }
    enum placement placement = place(datagram, start, end, &before);
    if (placement == PLACE_DUPLICATE) {
        drop(stack, TE_DROP_REASSEMBLY_DUPLICATE, fragment);
        return false;
    }
    if (placement == PLACE_OVERLAP || !note_end(datagram, fragment, end)) {
        drop(stack, TE_DROP_REASSEMBLY_OVERLAP, fragment);
        kill_datagram(stack, datagram);
        return false;
    }
    if (!note_ecn(datagram, fragment->packet->ecn)) {
        drop(stack, TE_DROP_REASSEMBLY_BAD_ECN, fragment);
        kill_datagram(stack, datagram);
        return false;
    }
    if (!insert(stack, datagram, before, fragment))
        return false;
    note_header(datagram, fragment);
    return datagram->received_bytes == datagram->end;
}

/* --- the whole -------------------------------------------------------------------------------- */

static size_t header_len_of(const struct te_datagram *datagram)
{
    return te_addr_is_v4(&datagram->source) ? TE_IPV4_HEADER_LEN : TE_IPV6_HEADER_LEN;
}

/* The header that the datagram would have had in one piece of payload_len bytes. */
static void emit_header(const struct te_datagram *datagram, size_t payload_len, uint8_t *ret_bytes)
{
    if (te_addr_is_v4(&datagram->source)) {
        struct te_ipv4_header header = {.source = datagram->source,
                                        .destination = datagram->destination,
                                        .payload_len = payload_len,
                                        .id = (uint16_t)datagram->id,
                                        .ecn = ecn_of(datagram),
                                        .hop_limit = datagram->hop_limit,
                                        .protocol = datagram->protocol};
        te_ipv4_emit(&header, ret_bytes);
        return;
    }
    struct te_ipv6_header header = {.source = datagram->source,
                                    .destination = datagram->destination,
                                    .payload_len = payload_len,
                                    .next_header = datagram->protocol,
                                    .hop_limit = datagram->hop_limit,
                                    .ecn = ecn_of(datagram)};
    te_ipv6_emit(&header, ret_bytes);
}

static bool join(struct te_stack *stack, const struct te_datagram *datagram,
                 struct te_reassembled *ret_packet)
{
    size_t header_len = header_len_of(datagram);
    size_t len = header_len + datagram->end;
    assert(datagram->received_bytes == datagram->end);
    assert(!datagram->is_dead);
    uint8_t *bytes = te_stack_alloc(stack, len);
    if (bytes == NULL)
        return false;
    emit_header(datagram, datagram->end, bytes);
    for (struct te_list *link = datagram->parts.next; link != &datagram->parts; link = link->next) {
        const struct te_fragment_part *part = part_of(link);
        memcpy(bytes + header_len + part->start, part->bytes, part->end - part->start);
    }
    *ret_packet = (struct te_reassembled){bytes, len, datagram->is_broadcast};
    return true;
}

bool te_reassembly_add(struct te_stack *stack, const struct te_fragment *fragment,
                       struct te_reassembled *ret_packet)
{
    assert(fragment->packet->payload_len > 0);
    assert(fragment->offset_bytes + fragment->packet->payload_len <= UINT16_MAX);
    struct te_datagram *datagram = find(stack, fragment);
    if (datagram == NULL)
        datagram = new_datagram(stack, fragment);
    if (datagram == NULL) {
        drop(stack, TE_DROP_REASSEMBLY_LIMIT, fragment);
        return false;
    }
    if (!add_part(stack, datagram, fragment))
        return false;
    bool is_joined = join(stack, datagram, ret_packet);
    if (is_joined)
        stack->counters.reassembly_ok++;
    else
        drop_parts(stack, TE_DROP_REASSEMBLY_LIMIT, datagram);
    free_datagram(stack, datagram);
    return is_joined;
}

void te_reassembled_free(struct te_stack *stack, struct te_reassembled *packet)
{
    te_stack_dealloc(stack, packet->bytes, packet->len);
}

/* --- time ------------------------------------------------------------------------------------- */

/* Reports to the sender if the first fragment is there to quote (RFC 792, RFC 8200 4.5). */
static void report_timeout(struct te_stack *stack, const struct te_datagram *datagram)
{
    uint8_t header[TE_IPV6_HEADER_LEN];
    const struct te_fragment_part *first = part_of(datagram->parts.next);
    if (te_list_is_empty(&datagram->parts) || first->start != 0)
        return;
    struct te_packet packet = {.source = datagram->source,
                               .destination = datagram->destination,
                               .protocol = datagram->protocol,
                               .is_broadcast = datagram->is_broadcast,
                               .payload = first->bytes,
                               .payload_len = first->end,
                               .ip_header = header,
                               .ip_header_len = header_len_of(datagram)};
    emit_header(datagram, first->end, header);
    te_icmp_send_error(stack, &packet, TE_ICMP_EXPIRED);
}

static void expire(struct te_stack *stack, struct te_datagram *datagram)
{
    if (!datagram->is_dead) {
        te_drop_packet(stack, TE_DROP_REASSEMBLY_TIMEOUT, &datagram->destination,
                       &datagram->source);
        report_timeout(stack, datagram);
    }
    free_datagram(stack, datagram);
}

void te_reassemblies_handle_timer(struct te_stack *stack)
{
    for (unsigned family = 0; family < 2; family++) {
        struct te_list *queue = &stack->reassemblies.queues[family];
        while (!te_list_is_empty(queue) && datagram_of(queue->next)->expires_at_us <= stack->now_us)
            expire(stack, datagram_of(queue->next));
    }
    te_reassemblies_arm(stack);
}

/* --- birth, death, invariants ----------------------------------------------------------------- */

void te_reassemblies_init(struct te_stack *stack)
{
    struct te_reassemblies *reassemblies = &stack->reassemblies;
    te_list_init(&reassemblies->queues[0]);
    te_list_init(&reassemblies->queues[1]);
    reassemblies->count = 0;
    reassemblies->bytes = 0;
    te_wheel_node_init(&reassemblies->timer, UINT64_MAX - 2);
}

void te_reassemblies_done(struct te_stack *stack)
{
    for (unsigned family = 0; family < 2; family++) {
        struct te_list *queue = &stack->reassemblies.queues[family];
        while (!te_list_is_empty(queue))
            free_datagram(stack, datagram_of(queue->next));
    }
}

/* Adds the datagram's memory to *bytes. */
static const char *check_datagram(const struct te_datagram *datagram, uint64_t *bytes)
{
    uint32_t received = 0, last_end = 0;
    unsigned count = 0;
    *bytes += sizeof(*datagram);
    for (struct te_list *link = datagram->parts.next; link != &datagram->parts; link = link->next) {
        const struct te_fragment_part *part = part_of(link);
        if (part->start < last_end || part->end <= part->start)
            return "fragments of a datagram overlap or are out of order";
        last_end = part->end;
        received += part->end - part->start;
        count++;
        *bytes += part_size(part->end - part->start);
    }
    if (received != datagram->received_bytes || count != datagram->part_count ||
        last_end > datagram->end || received == datagram->end)
        return "a datagram's account of its fragments is wrong";
    return datagram->is_dead && count > 0 ? "a dead datagram has fragments" : NULL;
}

const char *te_reassemblies_check(const struct te_stack *stack)
{
    const struct te_reassemblies *reassemblies = &stack->reassemblies;
    uint64_t bytes = 0;
    uint32_t count = 0;
    for (unsigned family = 0; family < 2; family++) {
        const struct te_list *queue = &reassemblies->queues[family];
        for (struct te_list *link = queue->next; link != queue; link = link->next) {
            const char *wrong = check_datagram(datagram_of(link), &bytes);
            if (wrong != NULL)
                return wrong;
            count++;
        }
    }
    if (count != reassemblies->count || bytes != reassemblies->bytes)
        return "the account of reassembly is wrong";
    return NULL;
}
