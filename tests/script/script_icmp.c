/* ICMP errors about the connection's own segments. */
#include "script.h"
#include "support/frames.h"

void script_icmp_error(struct script *s, uint8_t type, uint8_t code, uint32_t seq,
                       uint32_t parameter)
{
    static uint8_t quote[60];
    bool is_v6 = (s->options & SPEAKS_IPV6) != 0;
    struct ip_spec spec = {.source = is_v6 ? "2001:db8::2" : "10.0.0.2",
                           .destination = is_v6 ? "2001:db8::1" : "10.0.0.1"};
    size_t ip_len = TE_IPV4_HEADER_LEN;
    if (is_v6) {
        struct te_ipv6_header header = {.source = script_local_addr(s),
                                        .destination = script_peer_addr(s),
                                        .payload_len = 20,
                                        .next_header = TE_PROTO_TCP,
                                        .hop_limit = 64};
        te_ipv6_emit(&header, quote);
        ip_len = TE_IPV6_HEADER_LEN;
    } else {
        struct te_ipv4_header header = {.source = script_local_addr(s),
                                        .destination = script_peer_addr(s),
                                        .payload_len = 20,
                                        .protocol = TE_PROTO_TCP,
                                        .dont_fragment = true,
                                        .hop_limit = 64};
        te_ipv4_emit(&header, quote);
    }
    struct te_tcp_header tcp = {.source_port = s->c.local_port,
                                .destination_port = s->c.remote_port,
                                .seq = s->c.our_iss + seq,
                                .flags = TE_ACK};
    te_tcp_emit(&tcp, quote + ip_len);
    struct te_icmp icmp = {.type = type,
                           .code = code,
                           .rest = parameter,
                           .body = quote,
                           .body_len = is_v6 ? sizeof(quote) : ip_len + 8};
    input_icmp(&s->f, &spec, &icmp);
    script_pump(s);
}
