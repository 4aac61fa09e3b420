#include "ip/icmp.h"

#include "ip/ip.h"
#include "ip/mld.h"
#include "ip/nd.h"
#include "ip/output.h"
#include "stack_internal.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/mld.h"
#include "wire/nd.h"

/* Longest error, IP header included (RFC 1812 4.3.2.3, RFC 4443 2.4 (c)). */
#define ERROR4_PACKET_MAX 576u
#define ERROR6_PACKET_MAX TE_IPV6_MTU_MIN

/* --- output ----------------------------------------------------------------------------------- */

struct message {
    const struct te_addr *source, *destination;
    struct te_icmp header;
    struct te_iovec body[2];
};

bool te_icmp_is_spent(const struct te_stack *stack)
{
    return te_limiter_is_spent(&stack->icmp_limiter, stack->now_us);
}

/* False when the budget of errors is spent: packet gets none. */
static bool take_error_budget(struct te_stack *stack, const struct te_packet *packet)
{
    if (te_limiter_take(&stack->icmp_limiter, stack->config.icmp_per_second, &stack->key,
                        stack->now_us))
        return true;
    te_packet_drop(stack, TE_DROP_ICMP_LIMITED, packet);
    return false;
}

/* The same for echo replies. */
static bool take_echo_budget(struct te_stack *stack, const struct te_packet *packet)
{
    if (te_limiter_take(&stack->echo_limiter, stack->config.icmp_echo_per_second, &stack->key,
                        stack->now_us))
        return true;
    te_packet_drop(stack, TE_DROP_ICMP_ECHO_LIMITED, packet);
    return false;
}

static void send(struct te_stack *stack, struct message *message)
{
    uint8_t header[TE_ICMP_HEADER_LEN];
    struct te_iovec iov[3] = {{header, sizeof(header)}, message->body[0], message->body[1]};
    uint32_t len = (uint32_t)(iov[0].len + iov[1].len + iov[2].len);
    bool is_v4 = te_addr_is_v4(message->destination);
    uint64_t sum =
        is_v4 ? 0 : te_checksum_pseudo(message->source, message->destination, TE_PROTO_ICMPV6, len);
    message->header.checksum = 0;
    te_icmp_emit_header(&message->header, header);
    message->header.checksum = te_checksum_finish(te_checksum_add_iovec(sum, iov, 3));
    te_icmp_emit_header(&message->header, header);
    struct te_ip_output_packet packet = {.source = message->source,
                                         .destination = message->destination,
                                         .protocol = is_v4 ? TE_PROTO_ICMP : TE_PROTO_ICMPV6,
                                         .iov = iov,
                                         .iov_count = 3};
    stack->counters.icmp_out++;
    te_ip_output_send(stack, &packet);
}

static bool is_icmp_error(const struct te_packet *packet)
{
    if (packet->protocol == TE_PROTO_ICMP)
        return packet->payload_len == 0 || te_icmp4_is_error(packet->payload[0]);
    if (packet->protocol == TE_PROTO_ICMPV6)
        return packet->payload_len == 0 || te_icmp6_is_error(packet->payload[0]);
    return false;
}

static bool may_answer(struct te_stack *stack, const struct te_packet *packet)
{
    return !packet->is_broadcast && te_ip_is_unicast(stack, &packet->source) &&
           !is_icmp_error(packet);
}

/* Sends header, followed by as much of packet as fits. */
static void send_quoting(struct te_stack *stack, const struct te_packet *packet,
                         const struct te_icmp *header)
{
    bool is_v4 = te_addr_is_v4(&packet->source);
    size_t room = is_v4 ? ERROR4_PACKET_MAX - TE_IPV4_HEADER_LEN - TE_ICMP_HEADER_LEN
                        : ERROR6_PACKET_MAX - TE_IPV6_HEADER_LEN - TE_ICMP_HEADER_LEN;
    if (!may_answer(stack, packet) || !take_error_budget(stack, packet))
        return;
    size_t first_len = packet->ip_header_len < room ? packet->ip_header_len : room;
    size_t second_len =
        packet->payload_len < room - first_len ? packet->payload_len : room - first_len;
    struct message message = {
        .source = &packet->destination,
        .destination = &packet->source,
        .header = *header,
        .body = {{packet->ip_header, first_len}, {packet->payload, second_len}}};
    send(stack, &message);
}

static struct te_icmp header4_of(enum te_icmp_reason reason)
{
    switch (reason) {
    case TE_ICMP_NO_PORT:
        return (struct te_icmp){.type = TE_ICMP4_UNREACHABLE, .code = TE_ICMP4_PORT_UNREACHABLE};
    case TE_ICMP_NO_PROTOCOL:
        return (struct te_icmp){.type = TE_ICMP4_UNREACHABLE,
                                .code = TE_ICMP4_PROTOCOL_UNREACHABLE};
    case TE_ICMP_EXPIRED:
        break;
    }
    return (struct te_icmp){.type = TE_ICMP4_TIME_EXCEEDED, .code = TE_ICMP_REASSEMBLY_TIMEOUT};
}

static struct te_icmp header6_of(enum te_icmp_reason reason)
{
    if (reason == TE_ICMP_EXPIRED)
        return (struct te_icmp){.type = TE_ICMP6_TIME_EXCEEDED, .code = TE_ICMP_REASSEMBLY_TIMEOUT};
    return (struct te_icmp){.type = TE_ICMP6_UNREACHABLE, .code = TE_ICMP6_PORT_UNREACHABLE};
}

void te_icmp_send_error(struct te_stack *stack, const struct te_packet *packet,
                        enum te_icmp_reason reason)
{
    struct te_icmp header =
        te_addr_is_v4(&packet->source) ? header4_of(reason) : header6_of(reason);
    send_quoting(stack, packet, &header);
}

void te_icmp_send_problem(struct te_stack *stack, const struct te_packet *packet, uint8_t code,
                          uint32_t pointer)
{
    struct te_icmp header = {.type = TE_ICMP6_PARAMETER_PROBLEM, .code = code, .rest = pointer};
    send_quoting(stack, packet, &header);
}

/* --- input: echo ------------------------------------------------------------------------------ */

/* Where the reply comes from; NULL: there is none. A group's is from an address of ours that suits
 * the asker (RFC 4443 4.2). RFC 1122 3.2.2.6 allows silence toward IPv4 groups and broadcasts, and
 * smurf attacks call for it; with IPv6 the limit of echo replies has to do. */
static const struct te_addr *echo_source(const struct te_stack *stack,
                                         const struct te_packet *packet)
{
    if (te_ip_is_local(stack, &packet->destination) &&
        !(packet->is_broadcast && te_addr_is_v4(&packet->source)))
        return &packet->destination;
    struct te_path path;
    if (te_addr_is_v4(&packet->source) || te_ip_route(stack, &packet->source, &path) != TE_OK)
        return NULL;
    const struct te_local *local = te_local_select(stack, &packet->source, &path.next_hop);
    return local != NULL ? &local->addr : NULL;
}

static void answer_echo(struct te_stack *stack, const struct te_packet *packet,
                        const struct te_icmp *request)
{
    bool is_v4 = te_addr_is_v4(&packet->source);
    const struct te_addr *source = echo_source(stack, packet);
    if (source == NULL) {
        te_packet_drop(stack, TE_DROP_ICMP_ECHO_GROUP, packet);
        return;
    }
    if (!take_echo_budget(stack, packet))
        return;
    struct message reply = {.source = source,
                            .destination = &packet->source,
                            .header = {.type = is_v4 ? TE_ICMP4_ECHO_REPLY : TE_ICMP6_ECHO_REPLY,
                                       .rest = request->rest},
                            .body = {{request->body, request->body_len}}};
    stack->counters.icmp_echo++;
    send(stack, &reply);
}

/* --- input: errors about what we sent --------------------------------------------------------- */

/* An error that means nothing to the connection that it is about. */
#define MEANINGLESS TE_ERR_INVALID

static enum te_err meaning_of_unreachable4(uint8_t code)
{
    static const enum te_err by_code[] = {
        TE_ERR_NET_UNREACHABLE,  /* 0 net */
        TE_ERR_HOST_UNREACHABLE, /* 1 host */
        TE_ERR_PORT_UNREACHABLE, /* 2 protocol */
        TE_ERR_PORT_UNREACHABLE, /* 3 port */
        TE_OK,                   /* 4 fragmentation needed */
        TE_ERR_HOST_UNREACHABLE, /* 5 source route failed */
        TE_ERR_NET_UNREACHABLE,  /* 6 net unknown */
        TE_ERR_HOST_UNREACHABLE, /* 7 host unknown */
        TE_ERR_HOST_UNREACHABLE, /* 8 source host isolated */
        TE_ERR_PROHIBITED,       /* 9 net prohibited */
        TE_ERR_PROHIBITED,       /* 10 host prohibited */
        TE_ERR_NET_UNREACHABLE,  /* 11 net, for this type of service */
        TE_ERR_HOST_UNREACHABLE, /* 12 host, for this type of service */
        TE_ERR_PROHIBITED,       /* 13 communication prohibited (RFC 1812 5.2.7.1) */
        TE_ERR_PROHIBITED,       /* 14 host precedence */
        TE_ERR_PROHIBITED,       /* 15 precedence cutoff */
    };
    return code < sizeof(by_code) / sizeof(by_code[0]) ? by_code[code] : MEANINGLESS;
}

static enum te_err meaning_of_error4(const struct te_icmp *icmp)
{
    switch (icmp->type) {
    case TE_ICMP4_UNREACHABLE:
        return meaning_of_unreachable4(icmp->code);
    case TE_ICMP4_TIME_EXCEEDED:
    case TE_ICMP4_PARAMETER_PROBLEM:
        return TE_ERR_HOST_UNREACHABLE;
    default:
        return MEANINGLESS; /* source quench (RFC 6633 3), redirects */
    }
}

static enum te_err meaning_of_unreachable6(uint8_t code)
{
    static const enum te_err by_code[] = {
        TE_ERR_NET_UNREACHABLE,  /* 0 no route */
        TE_ERR_PROHIBITED,       /* 1 administratively prohibited */
        TE_ERR_HOST_UNREACHABLE, /* 2 beyond the scope of the source */
        TE_ERR_HOST_UNREACHABLE, /* 3 address */
        TE_ERR_PORT_UNREACHABLE, /* 4 port */
        TE_ERR_PROHIBITED,       /* 5 source failed a policy */
        TE_ERR_PROHIBITED,       /* 6 reject route */
    };
    return code < sizeof(by_code) / sizeof(by_code[0]) ? by_code[code] : MEANINGLESS;
}

static enum te_err meaning_of_error6(const struct te_icmp *icmp)
{
    switch (icmp->type) {
    case TE_ICMP6_UNREACHABLE:
        return meaning_of_unreachable6(icmp->code);
    case TE_ICMP6_TOO_BIG:
        return TE_OK;
    case TE_ICMP6_TIME_EXCEEDED:
        return TE_ERR_HOST_UNREACHABLE;
    case TE_ICMP6_PARAMETER_PROBLEM:
        /* The peer does not know TCP: RFC 4443 3.4, the same as "protocol unreachable". */
        if (icmp->code == TE_ICMP6_BAD_NEXT_HEADER)
            return TE_ERR_PORT_UNREACHABLE;
        return TE_ERR_HOST_UNREACHABLE;
    default:
        return MEANINGLESS;
    }
}

/* RFC 1122 4.2.3.9 counts these among the soft errors: a loop of routes that will settle, a header
 * that somebody on the path took for wrong. That a peer does not speak TCP does not pass. */
static bool is_passing(bool is_v4, const struct te_icmp *icmp)
{
    if (is_v4)
        return icmp->type == TE_ICMP4_TIME_EXCEEDED || icmp->type == TE_ICMP4_PARAMETER_PROBLEM;
    return icmp->type == TE_ICMP6_TIME_EXCEEDED ||
           (icmp->type == TE_ICMP6_PARAMETER_PROBLEM && icmp->code != TE_ICMP6_BAD_NEXT_HEADER);
}

/* The next plateau of RFC 1191 7.1, for routers that do not report their MTU (RFC 1191 5). */
static uint32_t plateau_below(size_t packet_len)
{
    static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};
    unsigned i = 0;
    while (i < sizeof(plateaus) / sizeof(plateaus[0]) - 1 && plateaus[i] >= packet_len)
        i++;
    return plateaus[i];
}

/* The MTU that a "too big" reports; 0 when it must be discarded. */
static uint32_t mtu_of(const struct te_icmp *icmp, const struct te_icmp_quote *quote)
{
    /* No IPv6 link has less than the minimum (RFC 8201 4). */
    if (!te_addr_is_v4(&quote->source.addr))
        return icmp->rest < TE_IPV6_MTU_MIN ? 0 : icmp->rest;
    uint32_t mtu_bytes = icmp->rest & 0xffff;
    return mtu_bytes != 0 ? mtu_bytes : plateau_below(quote->packet_len);
}

static void on_error(struct te_stack *stack, const struct te_packet *packet,
                     const struct te_icmp *icmp)
{
    bool is_v4 = te_addr_is_v4(&packet->source);
    struct te_icmp_quote quote;
    enum te_err meaning = is_v4 ? meaning_of_error4(icmp) : meaning_of_error6(icmp);
    if (meaning == MEANINGLESS) {
        te_packet_drop(stack, TE_DROP_ICMP_MEANINGLESS, packet);
        return;
    }
    bool is_segment = is_v4 ? te_icmp4_parse_quote(icmp->body, icmp->body_len, &quote)
                            : te_icmp6_parse_quote(icmp->body, icmp->body_len, &quote);
    /* We send nothing to groups, so an error that came to one is not about us. */
    if (!is_segment || packet->is_broadcast || !te_ip_is_local(stack, &quote.source.addr)) {
        te_packet_drop(stack, TE_DROP_ICMP_BAD_QUOTE, packet);
        return;
    }
    struct te_icmp_error error = {.local = quote.source,
                                  .remote = quote.destination,
                                  .seq = quote.seq,
                                  .error = meaning,
                                  .type = icmp->type,
                                  .code = icmp->code,
                                  .is_passing = is_passing(is_v4, icmp),
                                  .mtu_bytes = meaning == TE_OK ? mtu_of(icmp, &quote) : 0};
    if (meaning == TE_OK && error.mtu_bytes == 0)
        te_packet_drop(stack, TE_DROP_ICMP_MEANINGLESS, packet);
    else
        stack->transport->icmp_error(stack, &error);
}

/* --- input: all ------------------------------------------------------------------------------- */

static bool checksum_is_right(const struct te_packet *packet)
{
    uint64_t sum = 0;
    if (packet->checksum_ok)
        return true;
    if (packet->protocol == TE_PROTO_ICMPV6)
        sum = te_checksum_pseudo(&packet->source, &packet->destination, TE_PROTO_ICMPV6,
                                 (uint32_t)packet->payload_len);
    return te_checksum_finish(te_checksum_add(sum, packet->payload, packet->payload_len)) == 0;
}

static void input4(struct te_stack *stack, const struct te_packet *packet,
                   const struct te_icmp *icmp)
{
    if (icmp->type == TE_ICMP4_ECHO_REQUEST)
        answer_echo(stack, packet, icmp);
    else if (te_icmp4_is_error(icmp->type))
        on_error(stack, packet, icmp);
    else
        te_packet_drop(stack, TE_DROP_ICMP_UNKNOWN, packet);
}

static void input6(struct te_stack *stack, const struct te_packet *packet,
                   const struct te_icmp *icmp, const uint8_t *source_mac)
{
    if (icmp->type == TE_ND_SOLICIT || icmp->type == TE_ND_ADVERTISE)
        te_nd_input(stack, packet, source_mac);
    else if (icmp->type == TE_MLD_QUERY || icmp->type == TE_MLD_REPORT_V1)
        te_mld_input(stack, packet);
    else if (te_addr_is_unspecified(&packet->source) || te_ip_is_local(stack, &packet->source))
        te_packet_drop(stack, TE_DROP_IP_BAD_SOURCE,
                       packet); /* only ND and MLD may come from there */
    else if (icmp->type == TE_ICMP6_ECHO_REQUEST)
        answer_echo(stack, packet, icmp);
    else if (te_icmp6_is_error(icmp->type))
        on_error(stack, packet, icmp);
    else
        te_packet_drop(stack, TE_DROP_ICMP_UNKNOWN, packet);
}

/* An echo request that is over the limit is not even summed: a flood of them is to cost little. */
static bool drop_flood(struct te_stack *stack, const struct te_packet *packet,
                       const struct te_icmp *icmp)
{
    uint8_t request =
        packet->protocol == TE_PROTO_ICMP ? TE_ICMP4_ECHO_REQUEST : TE_ICMP6_ECHO_REQUEST;
    if (icmp->type != request || packet->is_broadcast ||
        !te_limiter_is_spent(&stack->echo_limiter, stack->now_us))
        return false;
    te_packet_drop(stack, TE_DROP_ICMP_ECHO_LIMITED, packet);
    return true;
}

void te_icmp_input(struct te_stack *stack, const struct te_packet *packet,
                   const uint8_t *source_mac)
{
    struct te_icmp icmp;
    stack->counters.icmp_in++;
    bool is_good = te_icmp_parse(packet->payload, packet->payload_len, &icmp);
    if (is_good && drop_flood(stack, packet, &icmp))
        return;
    if (!is_good || !checksum_is_right(packet)) {
        te_packet_drop(stack, TE_DROP_ICMP_MALFORMED, packet);
        return;
    }
    if (packet->protocol == TE_PROTO_ICMP)
        input4(stack, packet, &icmp);
    else
        input6(stack, packet, &icmp, source_mac);
}
