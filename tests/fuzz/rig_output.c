#include "rig_output.h"

#include <string.h>

#include "util/bytes.h"
#include "util/seq.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/nd.h"
#include "wire/protocol.h"

#define TCP_CHECKSUM_AT 16

/* A packet's upper layer, whatever the IP version. */
struct upper {
    struct te_addr source, destination;
    uint8_t protocol;
    const uint8_t *bytes;
    size_t len;
};

static void ask(struct rig *rig, const struct te_addr *addr)
{
    if (rig->question_count < sizeof(rig->questions) / sizeof(rig->questions[0]))
        rig->questions[rig->question_count++] = *addr;
}

static void check_sum(const struct upper *upper, bool with_pseudo, const char *what)
{
    uint64_t sum = 0;
    if (with_pseudo)
        sum = te_checksum_pseudo(&upper->source, &upper->destination, upper->protocol,
                                 (uint32_t)upper->len);
    sum = te_checksum_add(sum, upper->bytes, upper->len);
    FUZZ_CHECK(te_checksum_finish(sum) == 0, "the checksum of %s is wrong", what);
}

/* --- TCP -------------------------------------------------------------------------------------- */

static void check_tcp_checksum(const struct upper *upper, const struct te_frame_meta *meta)
{
    if (meta->checksum != TE_CHECKSUM_PARTIAL) {
        check_sum(upper, true, "a segment");
        return;
    }
    uint64_t sum = te_checksum_pseudo(&upper->source, &upper->destination, upper->protocol,
                                      (uint32_t)upper->len);
    FUZZ_CHECK(te_load_be16(upper->bytes + TCP_CHECKSUM_AT) == te_checksum_fold(sum),
               "a partial checksum is wrong");
}

/* What a peer may rely on while a connection is open; in TIME_WAIT and while opening, other rules
 * apply. */
static void check_open(struct rig_slot *slot, const struct te_status *status,
                       const struct te_tcp_parsed *parsed)
{
    const struct te_tcp_header *header = &parsed->header;
    uint32_t edge = header->ack + ((uint32_t)header->window << status->rcv_wscale);
    uint32_t unit = UINT32_C(1) << status->rcv_wscale;
    uint32_t end = header->seq + (uint32_t)parsed->payload_len;
    FUZZ_CHECK(header->ack == status->rcv_nxt, "an ACK of what did not arrive");
    FUZZ_CHECK(
        slot->edge_id != status->id || seq_lt(slot->edge, edge + unit),
        "the right edge goes back"); /* rounding may take back less than one unit: RFC 7323 2.4 */
    FUZZ_CHECK(seq_leq(end, status->snd_max), "text beyond SND.MAX");
    FUZZ_CHECK(header->options.sack_count == 0 || status->sack_permitted,
               "SACK without negotiation");
    for (unsigned i = 0; i < header->options.sack_count; i++) {
        struct te_sack_block block = header->options.sack[i];
        FUZZ_CHECK(seq_lt(block.start, block.end) && seq_leq(block.end, edge + unit),
                   "SACK block %u is outside of the window", i);
    }
    slot->edge_id = status->id;
    slot->edge = edge;
}

static bool is_of_slot(const struct rig_slot *slot, const struct upper *upper,
                       const struct te_tcp_header *header)
{
    return slot->local.port == header->source_port &&
           slot->remote.port == header->destination_port &&
           te_addr_equal(&slot->remote.addr, &upper->destination);
}

/* What the peer at the other end of the pair learns about the stack. */
static void note_segment(struct rig *rig, const struct upper *upper,
                         const struct te_tcp_parsed *parsed)
{
    const struct te_tcp_header *header = &parsed->header;
    for (unsigned i = 0; i < RIG_SLOTS; i++) {
        struct rig_slot *slot = &rig->slots[i];
        struct te_status status;
        if (!is_of_slot(slot, upper, header))
            continue;
        if (header->options.has_timestamps)
            slot->their_ts = header->options.ts_value;
        bool is_open = slot->id != 0 && te_status(rig->stack, slot->id, &status) == TE_OK &&
                       status.state >= TE_ESTABLISHED && status.state < TE_TIME_WAIT;
        if (is_open && (header->flags & (TE_SYN | TE_RST | TE_ACK)) == TE_ACK)
            check_open(slot, &status, parsed);
    }
}

static void check_tcp(struct rig *rig, const struct upper *upper, const struct te_frame_meta *meta)
{
    struct te_tcp_parsed parsed;
    FUZZ_CHECK(te_tcp_parse(upper->bytes, upper->len, &parsed), "a segment cannot be read");
    FUZZ_CHECK(parsed.bad_options == 0, "a segment has malformed options");
    check_tcp_checksum(upper, meta);
    const struct te_tcp_header *header = &parsed.header;
    FUZZ_CHECK(parsed.payload_len == 0 || (header->flags & (TE_SYN | TE_RST)) == 0,
               "payload on a SYN or an RST");
    FUZZ_CHECK((header->flags & (TE_SYN | TE_FIN)) != (TE_SYN | TE_FIN), "SYN and FIN together");
    FUZZ_CHECK((header->flags & TE_RST) == 0 || (header->flags & (TE_SYN | TE_FIN)) == 0,
               "RST together with SYN or FIN");
    for (size_t i = 0; i < parsed.payload_len; i++)
        FUZZ_CHECK(parsed.payload[i] == rig_byte(header->seq + (uint32_t)i),
                   "byte %zu of a segment is not what the user sent", i);
    if (meta->gso_type != TE_GSO_NONE)
        FUZZ_CHECK(meta->gso_size_bytes > 0 && parsed.payload_len > meta->gso_size_bytes,
                   "%zu bytes in segments of %u", parsed.payload_len, meta->gso_size_bytes);
    note_segment(rig, upper, &parsed);
}

/* --- ICMP ------------------------------------------------------------------------------------- */

static void check_icmp(struct rig *rig, const struct upper *upper)
{
    struct te_icmp icmp;
    struct te_nd nd;
    bool is_v6 = upper->protocol == TE_PROTO_ICMPV6;
    FUZZ_CHECK(te_icmp_parse(upper->bytes, upper->len, &icmp), "an ICMP message cannot be read");
    check_sum(upper, is_v6, "an ICMP message");
    if (!is_v6 || (icmp.type != TE_ND_SOLICIT && icmp.type != TE_ND_ADVERTISE))
        return;
    FUZZ_CHECK(te_nd_parse(upper->bytes, upper->len, &nd), "an ND message cannot be read");
    if (nd.type == TE_ND_SOLICIT)
        ask(rig, &nd.target);
}

/* --- the layers below ------------------------------------------------------------------------- */

static void check_upper(struct rig *rig, const struct upper *upper,
                        const struct te_frame_meta *meta)
{
    if (upper->protocol == TE_PROTO_TCP)
        check_tcp(rig, upper, meta);
    else if (upper->protocol == TE_PROTO_ICMP || upper->protocol == TE_PROTO_ICMPV6)
        check_icmp(rig, upper);
    else
        fuzz_fail("a packet of protocol %u", upper->protocol);
}

static void check_arp(struct rig *rig, const uint8_t *bytes, size_t len)
{
    struct te_arp arp;
    FUZZ_CHECK(len == TE_ARP_LEN && te_arp_parse(bytes, len, &arp), "an ARP packet of %zu bytes",
               len);
    if (arp.operation == TE_ARP_REQUEST)
        ask(rig, &arp.target);
}

static void check_ipv4(struct rig *rig, const uint8_t *bytes, size_t len,
                       const struct te_frame_meta *meta)
{
    struct te_ipv4_parsed parsed;
    FUZZ_CHECK(te_ipv4_parse(bytes, len, &parsed), "an IPv4 packet cannot be read");
    const struct te_ipv4_header *header = &parsed.header;
    FUZZ_CHECK(parsed.header_len + header->payload_len == len, "bytes behind an IPv4 packet");
    struct upper upper = {header->source, header->destination, header->protocol, parsed.payload,
                          header->payload_len};
    if (!header->more_fragments && header->fragment_offset_bytes == 0)
        check_upper(rig, &upper, meta);
}

static void check_ipv6(struct rig *rig, const uint8_t *bytes, size_t len,
                       const struct te_frame_meta *meta)
{
    struct te_ipv6_parsed parsed;
    FUZZ_CHECK(te_ipv6_parse(bytes, len, &parsed) == TE_IPV6_OK, "an IPv6 packet cannot be read");
    FUZZ_CHECK(TE_IPV6_HEADER_LEN + parsed.header.payload_len == len,
               "bytes behind an IPv6 packet");
    struct upper upper = {parsed.header.source, parsed.header.destination, parsed.protocol,
                          parsed.payload, parsed.payload_len};
    if (!parsed.is_fragment)
        check_upper(rig, &upper, meta);
}

static size_t gather(const struct te_output *output, uint8_t *ret_frame)
{
    size_t len = 0;
    FUZZ_CHECK(output->iov_count <= TE_OUTPUT_IOVEC_MAX && output->total_bytes <= RIG_FRAME_MAX,
               "a frame of %u pieces, %zu bytes", output->iov_count, output->total_bytes);
    for (unsigned i = 0; i < output->iov_count; i++) {
        FUZZ_CHECK(output->iov[i].len <= output->total_bytes - len, "the pieces exceed the total");
        memcpy(ret_frame + len, output->iov[i].base, output->iov[i].len);
        len += output->iov[i].len;
    }
    FUZZ_CHECK(len == output->total_bytes, "the pieces are less than the total");
    return len;
}

void rig_on_output(struct rig *rig, const struct te_output *output)
{
    static uint8_t frame[RIG_FRAME_MAX];
    struct te_eth_header eth;
    size_t len = gather(output, frame);
    FUZZ_CHECK(te_eth_parse(frame, len, &eth), "a frame of %zu bytes", len);
    FUZZ_CHECK(te_mac_equal(eth.source, rig->config.mac), "a frame from somebody else");
    const uint8_t *packet = frame + TE_ETH_HEADER_LEN;
    size_t packet_len = len - TE_ETH_HEADER_LEN;
    FUZZ_CHECK(output->meta.gso_type != TE_GSO_NONE || packet_len <= rig->config.mtu_bytes,
               "a packet of %zu bytes", packet_len);
    if (eth.type == TE_ETH_TYPE_ARP)
        check_arp(rig, packet, packet_len);
    else if (eth.type == TE_ETH_TYPE_IPV4)
        check_ipv4(rig, packet, packet_len, &output->meta);
    else if (eth.type == TE_ETH_TYPE_IPV6)
        check_ipv6(rig, packet, packet_len, &output->meta);
    else
        fuzz_fail("a frame of type %#x", eth.type);
}
