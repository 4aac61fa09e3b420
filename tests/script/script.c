#include "script.h"

#include <stdio.h>
#include <string.h>

#include "support/frames.h"
#include "util/bytes.h"
#include "wire/checksum.h"

#define PEER_TEXT "10.0.0.2"
#define STACK_TEXT "10.0.0.1"
#define PEER_TEXT6 "2001:db8::2"
#define STACK_TEXT6 "2001:db8::1"
#define CHECKSUM_AT 16
#define OPTION_NOP 1

/* Both close to wrapping, so that every test of some length wraps. */
const uint32_t PEER_ISS = 0xffffff38u;
const uint32_t PEER_TS = 0xfffffc18u;

/* --- life ------------------------------------------------------------------------------------- */

void script_init(struct script *s)
{
    memset(s, 0, sizeof(*s));
    fixture_init(&s->f);
    assert_int_equal(s->f.config.delayed_ack_us, DELAYED_ACK);
    /* Just the room a test needs; stacks are made thousands of times. */
    s->f.config.event_max = EVENTS_KEPT;
    s->f.config.history_conn_max = 16;
    s->f.config.time_wait_max = 64;
    s->f.config.neighbour_max = 16;
    s->f.config.neighbour_incomplete_max = 8;
    s->peer_mss = PEER_MSS;
    s->peer_wscale = PEER_WSCALE;
    s->peer_window = UINT16_MAX;
    s->c.local_port = SERVER_PORT;
    s->c.remote_port = CLIENT_PORT;
    s->c.peer_iss = PEER_ISS;
}

void script_start(struct script *s)
{
    if (s->f.stack != NULL)
        return;
    fixture_start(&s->f);
    script_mark(s);
}

static void forget_segments(struct script *s)
{
    for (unsigned i = 0; i < s->out_count; i++)
        free(s->out[i].frame);
    s->out_count = s->out_next = 0;
}

void script_skip(struct script *s)
{
    s->out_next = s->out_count;
}

void script_done(struct script *s)
{
    script_expect_none(s, T_HERE);
    forget_segments(s);
    fixture_stop(&s->f);
}

void script_start_over(struct script *s)
{
    if (s->f.stack != NULL)
        script_done(s);
    script_init(s);
}

int script_setup(void **state)
{
    static struct script script;
    script_init(&script);
    *state = &script;
    return 0;
}

int script_teardown(void **state)
{
    struct script *s = *state;
    const struct script_out *out = script_next(s);
    if (out != NULL)
        print_error("a segment came out that no line of the test takes: flags %#x\n",
                    out->header.flags);
    forget_segments(s);
    if (s->f.stack != NULL)
        fixture_stop(&s->f);
    return out == NULL ? 0 : -1;
}

void script_mark(struct script *s)
{
    s->mark = *fixture_counters(&s->f);
    s->event_next = s->event_count;
    s->ready = 0;
}

/* --- addresses and numbers -------------------------------------------------------------------- */

static bool speaks(const struct script *s, enum script_option option)
{
    return (s->options & option) != 0;
}

static const char *peer_text(const struct script *s)
{
    return speaks(s, SPEAKS_IPV6) ? PEER_TEXT6 : PEER_TEXT;
}

static const char *local_text(const struct script *s)
{
    return speaks(s, SPEAKS_IPV6) ? STACK_TEXT6 : STACK_TEXT;
}

struct te_addr script_peer_addr(const struct script *s)
{
    return fixture_addr(peer_text(s));
}

struct te_addr script_local_addr(const struct script *s)
{
    return fixture_addr(local_text(s));
}

struct te_endpoint script_peer(const struct script *s)
{
    return (struct te_endpoint){script_peer_addr(s), s->c.remote_port};
}

struct te_endpoint script_local(const struct script *s)
{
    return (struct te_endpoint){script_local_addr(s), s->c.local_port};
}

void script_new_peer(struct script *s, uint16_t remote_port)
{
    s->c = (struct script_conn){
        .local_port = s->c.local_port, .remote_port = remote_port, .peer_iss = PEER_ISS};
    s->ready = 0;
}

uint32_t script_rel_seq(const struct script *s, const struct script_out *out)
{
    return out->header.seq - s->c.our_iss;
}

uint32_t script_rel_ack(const struct script *s, const struct script_out *out)
{
    return out->header.ack - s->c.peer_iss;
}

uint8_t script_pattern(uint64_t offset, uint8_t salt)
{
    return (uint8_t)(offset ^ offset >> 7 ^ offset >> 15 ^ salt);
}

static uint32_t peer_ts_now(const struct script *s)
{
    uint32_t relative = s->peer_ts != 0 ? s->peer_ts : (uint32_t)((s->f.now_us - SECOND) / MS) + 1;
    return PEER_TS + relative;
}

/* --- in --------------------------------------------------------------------------------------- */

static struct te_tcp_options options_to_send(const struct script *s, const struct seg *seg)
{
    struct te_tcp_options options = {.has_mss = seg->has_mss,
                                     .mss_bytes = seg->mss,
                                     .has_wscale = seg->has_wscale,
                                     .wscale = seg->wscale,
                                     .sack_permitted = seg->sack_permitted,
                                     .sack_count = seg->sack_count};
    options.has_timestamps = seg->has_ts || (s->c.timestamps && !seg->no_ts);
    options.ts_value = seg->has_ts ? PEER_TS + seg->ts : peer_ts_now(s);
    options.ts_echo = seg->has_ecr                            ? seg->ecr
                      : (seg->flags & TE_ACK) || seg->has_ack ? s->c.their_ts
                                                              : 0;
    options.has_fast_open = seg->has_fast_open;
    options.fast_open_len = seg->cookie_len;
    if (seg->cookie_len > 0)
        memcpy(options.fast_open_cookie, seg->cookie, seg->cookie_len);
    for (unsigned i = 0; i < seg->sack_count; i++) {
        options.sack[i].start = s->c.our_iss + seg->sack[i].start;
        options.sack[i].end = s->c.our_iss + seg->sack[i].end;
    }
    return options;
}

static size_t emit_header(const struct script *s, const struct seg *seg, uint8_t *ret_bytes)
{
    bool has_ack = (seg->flags & TE_ACK) || seg->has_ack;
    struct te_tcp_header header = {.source_port = s->c.remote_port,
                                   .destination_port = s->c.local_port,
                                   .seq = s->c.peer_iss + seg->seq,
                                   .ack = has_ack ? s->c.our_iss + seg->ack : 0,
                                   .flags = seg->flags,
                                   .window = seg->has_win ? (uint16_t)seg->win : s->peer_window,
                                   .urgent_pointer = seg->urg};
    if (seg->raw_len == 0)
        header.options = options_to_send(s, seg);
    size_t len = te_tcp_emit(&header, ret_bytes);
    if (seg->raw_len > 0) {
        memcpy(ret_bytes + len, seg->raw_options, seg->raw_len);
        len += seg->raw_len;
        ret_bytes[12] = (uint8_t)(len / 4 << 4);
    }
    return len;
}

void script_send(struct script *s, const struct seg *seg)
{
    static uint8_t segment[FRAME_MAX];
    static uint8_t frame[FRAME_MAX + 100];
    struct ip_spec spec = {.source = seg->from != NULL ? seg->from : peer_text(s),
                           .destination = seg->to != NULL ? seg->to : local_text(s),
                           .protocol = TE_PROTO_TCP,
                           .ecn = seg->ecn};
    struct te_addr source = fixture_addr(spec.source);
    struct te_addr destination = fixture_addr(spec.destination);
    size_t header_len = emit_header(s, seg, segment);
    size_t len = header_len + seg->len;
    uint32_t first = seg->seq + ((seg->flags & TE_SYN) ? 1 : 0) - 1;
    for (uint32_t i = 0; i < seg->len; i++)
        segment[header_len + i] = script_pattern((uint32_t)(first + i), seg->salt);
    te_store_be16(segment + CHECKSUM_AT, 0);
    uint64_t sum = te_checksum_pseudo(&source, &destination, TE_PROTO_TCP, (uint32_t)len);
    uint16_t checksum = te_checksum_finish(te_checksum_add(sum, segment, len));
    te_store_be16(segment + CHECKSUM_AT, (uint16_t)(checksum ^ (seg->bad_checksum ? 0x0101 : 0)));
    size_t frame_len = build_ip(&spec, segment, len, frame);
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_UNKNOWN};
    if (seg->merged_from != 0) {
        meta.gso_type = speaks(s, SPEAKS_IPV6) ? TE_GSO_TCPV6 : TE_GSO_TCPV4;
        meta.gso_size_bytes = seg->merged_from;
        meta.header_len_bytes = (uint16_t)(frame_len - seg->len);
    }
    script_start(s);
    fixture_input_meta(&s->f, frame, frame_len, &meta);
    if (!s->is_held)
        script_pump(s);
}

void script_hold(struct script *s)
{
    s->is_held = true;
}

void script_release(struct script *s)
{
    s->is_held = false;
    script_pump(s);
}

/* --- out -------------------------------------------------------------------------------------- */

static bool is_checksum_ok(const struct script_out *out, const uint8_t *tcp, size_t len)
{
    uint64_t sum = te_checksum_pseudo(&out->source, &out->destination, TE_PROTO_TCP, (uint32_t)len);
    if (out->meta.checksum == TE_CHECKSUM_PARTIAL)
        return te_load_be16(tcp + CHECKSUM_AT) == te_checksum_fold(sum);
    return te_checksum_finish(te_checksum_add(sum, tcp, len)) == 0;
}

static void keep_segment(struct script *s, const struct fixture_frame *frame,
                         struct script_out *out, const uint8_t *tcp)
{
    assert_true(s->out_count < SEGMENTS_KEPT);
    struct te_tcp_parsed parsed;
    out->frame_len = frame->len;
    out->frame = malloc(frame->len);
    memcpy(out->frame, frame->bytes, frame->len);
    out->meta = frame->meta;
    out->time_us = frame->time_us;
    const uint8_t *copy = out->frame + (tcp - frame->bytes);
    size_t len = frame->len - (size_t)(tcp - frame->bytes);
    assert_true(te_tcp_parse(copy, len, &parsed));
    assert_int_equal(parsed.bad_options, 0);
    out->header = parsed.header;
    out->payload = parsed.payload;
    out->len = (uint32_t)parsed.payload_len;
    out->options = copy + TE_TCP_HEADER_MIN;
    out->options_len = (size_t)(parsed.payload - copy) - TE_TCP_HEADER_MIN;
    out->checksum_ok = is_checksum_ok(out, copy, len);
    s->out[s->out_count++] = *out;
}

static bool take_ipv4(struct script *s, const struct fixture_frame *frame)
{
    struct te_ipv4_parsed parsed;
    const uint8_t *ip = frame->bytes + TE_ETH_HEADER_LEN;
    if (!te_ipv4_parse(ip, frame->len - TE_ETH_HEADER_LEN, &parsed) ||
        parsed.header.protocol != TE_PROTO_TCP)
        return false;
    struct script_out out = {.source = parsed.header.source,
                             .destination = parsed.header.destination,
                             .hop_limit = parsed.header.hop_limit,
                             .ecn = parsed.header.ecn,
                             .dont_fragment = parsed.header.dont_fragment};
    keep_segment(s, frame, &out, parsed.payload);
    return true;
}

static bool take_ipv6(struct script *s, const struct fixture_frame *frame)
{
    struct te_ipv6_parsed parsed;
    const uint8_t *ip = frame->bytes + TE_ETH_HEADER_LEN;
    if (te_ipv6_parse(ip, frame->len - TE_ETH_HEADER_LEN, &parsed) != TE_IPV6_OK)
        return false;
    if (parsed.protocol == TE_PROTO_ICMPV6) {
        struct te_nd nd;
        if (!te_nd_parse(parsed.payload, parsed.payload_len, &nd) || nd.type != TE_ND_SOLICIT)
            return false;
        s->neighbour_questions++;
        if (!s->mute_neighbour)
            input_answer(&s->f, PEER_TEXT6, peer_mac);
        return true;
    }
    if (parsed.protocol != TE_PROTO_TCP)
        return false;
    struct script_out out = {.source = parsed.header.source,
                             .destination = parsed.header.destination,
                             .hop_limit = parsed.header.hop_limit,
                             .ecn = parsed.header.ecn,
                             .dont_fragment = true};
    keep_segment(s, frame, &out, parsed.payload);
    return true;
}

static bool take_arp(struct script *s, const struct fixture_frame *frame)
{
    struct te_arp arp;
    if (!te_arp_parse(frame->bytes + TE_ETH_HEADER_LEN, frame->len - TE_ETH_HEADER_LEN, &arp) ||
        arp.operation != TE_ARP_REQUEST)
        return false;
    s->neighbour_questions++;
    if (!s->mute_neighbour)
        input_answer(&s->f, PEER_TEXT, peer_mac);
    return true;
}

static void take_frame(struct script *s, const struct fixture_frame *frame)
{
    struct te_eth_header eth;
    assert_true(te_eth_parse(frame->bytes, frame->len, &eth));
    if (eth.type == TE_ETH_TYPE_ARP && take_arp(s, frame))
        return;
    if (eth.type == TE_ETH_TYPE_IPV4 && take_ipv4(s, frame))
        return;
    if (eth.type == TE_ETH_TYPE_IPV6 && take_ipv6(s, frame))
        return;
    s->other_frames++;
    s->other_len = frame->len < sizeof(s->other_frame) ? frame->len : sizeof(s->other_frame);
    memcpy(s->other_frame, frame->bytes, s->other_len);
}

static void take_events(struct script *s)
{
    struct te_event event;
    while (te_stack_next_event(s->f.stack, &event)) {
        if (event.kind == TE_EVENT_READY && event.id == s->c.id) {
            s->ready |= event.ready;
            if (event.ready & TE_READY_END)
                s->end_error = event.error;
        }
        if (event.kind == TE_EVENT_READY)
            continue;
        if (s->event_count == EVENTS_KEPT) {
            memmove(s->events, s->events + EVENTS_KEPT / 2, EVENTS_KEPT / 2 * sizeof(s->events[0]));
            s->event_count -= EVENTS_KEPT / 2;
            s->event_next -= s->event_next < EVENTS_KEPT / 2 ? s->event_next : EVENTS_KEPT / 2;
        }
        s->events[s->event_count++] = event;
    }
}

void script_pump(struct script *s)
{
    if (s->out_next == s->out_count)
        forget_segments(s);
    fixture_poll(&s->f);
    const struct fixture_frame *frame;
    while ((frame = fixture_next(&s->f)) != NULL)
        take_frame(s, frame);
    fixture_discard(&s->f);
    take_events(s);
}

/* Deadline by deadline, so that neighbour solicitations are answered in time. */
void script_advance(struct script *s, int64_t delta_us)
{
    int64_t end_us = s->f.now_us + delta_us;
    while (s->f.now_us < end_us) {
        int64_t next_us = te_stack_next_timeout(s->f.stack);
        if (next_us > end_us)
            next_us = end_us;
        fixture_advance(&s->f, next_us > s->f.now_us ? next_us - s->f.now_us : 0);
        script_pump(s);
    }
}

const struct script_out *script_next(struct script *s)
{
    if (s->out_next == s->out_count)
        return NULL;
    const struct script_out *out = &s->out[s->out_next++];
    if (out->header.options.has_timestamps)
        s->c.their_ts = out->header.options.ts_value;
    return out;
}

/* --- comparing -------------------------------------------------------------------------------- */

static void describe(const struct script *s, const struct script_out *out, char *ret_text)
{
    char flags[40];
    const struct te_tcp_options *options = &out->header.options;
    te_tcp_flags_format(out->header.flags, flags);
    int used = snprintf(ret_text, SCRIPT_WHY_MAX / 2, "%s seq %u ack %u len %u win %u", flags,
                        script_rel_seq(s, out),
                        (out->header.flags & TE_ACK) ? script_rel_ack(s, out) : out->header.ack,
                        out->len, out->header.window);
    for (unsigned i = 0; i < options->sack_count && used < SCRIPT_WHY_MAX / 2; i++)
        used +=
            snprintf(ret_text + used, (size_t)(SCRIPT_WHY_MAX / 2 - used), " sack %u-%u",
                     options->sack[i].start - s->c.peer_iss, options->sack[i].end - s->c.peer_iss);
}

static bool differ(char *ret_why, const char *what, uint32_t got, uint32_t want)
{
    snprintf(ret_why, SCRIPT_WHY_MAX / 2, "%s is %u, not %u", what, got, want);
    return false;
}

static bool match_timestamps(const struct script *s, const struct te_tcp_header *header,
                             const struct seg *want, char *ret_why)
{
    const struct te_tcp_options *options = &header->options;
    bool is_syn = (header->flags & TE_SYN) != 0;
    bool must = s->c.timestamps && !is_syn && !(header->flags & TE_RST); /* RFC 7323 3.2 */
    bool may = s->c.timestamps || is_syn || want->has_ts;
    if (options->has_timestamps ? !may : must || want->has_ts || want->has_ecr)
        return differ(ret_why, "timestamps", options->has_timestamps, !options->has_timestamps);
    if (want->has_ts && options->ts_value != want->ts)
        return differ(ret_why, "TSval", options->ts_value, want->ts);
    if (want->has_ecr && options->ts_echo != PEER_TS + want->ecr)
        return differ(ret_why, "TSecr", options->ts_echo - PEER_TS, want->ecr);
    return true;
}

static bool match_options(const struct script *s, const struct script_out *out,
                          const struct seg *want, char *ret_why)
{
    const struct te_tcp_options *options = &out->header.options;
    if (options->sack_count != want->sack_count)
        return differ(ret_why, "SACK blocks", options->sack_count, want->sack_count);
    for (unsigned i = 0; i < want->sack_count; i++) {
        uint32_t start = options->sack[i].start - s->c.peer_iss;
        uint32_t end = options->sack[i].end - s->c.peer_iss;
        if (start != want->sack[i].start)
            return differ(ret_why, "SACK start", start, want->sack[i].start);
        if (end != want->sack[i].end)
            return differ(ret_why, "SACK end", end, want->sack[i].end);
    }
    if (want->has_mss && (!options->has_mss || options->mss_bytes != want->mss))
        return differ(ret_why, "MSS", options->mss_bytes, want->mss);
    if (want->has_wscale && (!options->has_wscale || options->wscale != want->wscale))
        return differ(ret_why, "window scale", options->wscale, want->wscale);
    return match_timestamps(s, &out->header, want, ret_why);
}

static bool match_payload(const struct script *s, const struct script_out *out,
                          const struct seg *want, char *ret_why)
{
    if (out->len != want->len)
        return differ(ret_why, "length", out->len, want->len);
    uint32_t first = script_rel_seq(s, out) + ((out->header.flags & TE_SYN) ? 1 : 0) - 1;
    for (uint32_t i = 0; i < out->len; i++)
        if (out->payload[i] != script_pattern(first + i, want->salt))
            return differ(ret_why, "byte of the stream", out->payload[i],
                          script_pattern(first + i, want->salt));
    return true;
}

static bool match_header(const struct script *s, const struct script_out *out,
                         const struct seg *want, char *ret_why)
{
    const struct te_tcp_header *header = &out->header;
    uint8_t kept = (uint8_t)~TE_PSH;
    if ((header->flags & kept) != (want->flags & kept))
        return differ(ret_why, "flags", header->flags, want->flags);
    if (want->has_psh && ((header->flags & TE_PSH) != 0) != want->psh)
        return differ(ret_why, "PSH", !want->psh, want->psh);
    if (script_rel_seq(s, out) != want->seq)
        return differ(ret_why, "seq", script_rel_seq(s, out), want->seq);
    if ((header->flags & TE_ACK) && script_rel_ack(s, out) != want->ack)
        return differ(ret_why, "ack", script_rel_ack(s, out), want->ack);
    if (want->has_win && header->window != want->win)
        return differ(ret_why, "window", header->window, want->win);
    if (header->urgent_pointer != 0)
        return differ(ret_why, "urgent pointer", header->urgent_pointer, 0);
    if (header->source_port != s->c.local_port || header->destination_port != s->c.remote_port)
        return differ(ret_why, "port", header->destination_port, s->c.remote_port);
    struct te_addr peer = script_peer_addr(s);
    struct te_addr local = script_local_addr(s);
    if (!te_addr_equal(&out->destination, &peer) || !te_addr_equal(&out->source, &local))
        return differ(ret_why, "address", 0, 0);
    if (out->ecn != want->ecn)
        return differ(ret_why, "ECN field", out->ecn, want->ecn);
    return out->checksum_ok || differ(ret_why, "checksum", header->checksum, 0);
}

bool script_matches(struct script *s, const struct script_out *out, const struct seg *want,
                    char *ret_why)
{
    char why[SCRIPT_WHY_MAX / 2] = "";
    if (out == NULL) {
        char flags[40];
        te_tcp_flags_format(want->flags, flags);
        snprintf(ret_why, SCRIPT_WHY_MAX, "nothing came out; wanted %s seq %u ack %u len %u", flags,
                 want->seq, want->ack, want->len);
        return false;
    }
    if (match_header(s, out, want, why) && match_payload(s, out, want, why) &&
        match_options(s, out, want, why))
        return true;
    char text[SCRIPT_WHY_MAX / 2];
    describe(s, out, text);
    snprintf(ret_why, SCRIPT_WHY_MAX, "%.200s (got %.240s)", why, text);
    return false;
}

static void fail_at(struct script_at at, const char *why)
{
    print_error("%s\n", why);
    _fail(at.file, at.line);
}

const struct script_out *script_expect(struct script *s, const struct seg *want,
                                       struct script_at at)
{
    char why[SCRIPT_WHY_MAX];
    const struct script_out *out = script_next(s);
    if (!script_matches(s, out, want, why))
        fail_at(at, why);
    return out;
}

void script_expect_none(struct script *s, struct script_at at)
{
    const struct script_out *out = script_next(s);
    if (out == NULL)
        return;
    char text[SCRIPT_WHY_MAX / 2];
    char why[SCRIPT_WHY_MAX];
    describe(s, out, text);
    snprintf(why, sizeof(why), "nothing should have come out, but %.240s", text);
    fail_at(at, why);
}

const struct script_out *script_expect_after(struct script *s, int64_t delta_us,
                                             const struct seg *want, struct script_at at)
{
    script_expect_none(s, at);
    if (delta_us > 0) {
        script_advance(s, delta_us - 1);
        script_expect_none(s, at);
        script_advance(s, 1);
    }
    return script_expect(s, want, at);
}
