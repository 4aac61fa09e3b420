/* The whole stack. The input is a program: HEADER_BYTES that choose the stack's configuration, then
 * records of RECORD_BYTES, each one thing that happens to it: a segment whose fields lie near the
 * edges of the connection's state, a well-behaved step of the peer, a user call, an ICMP error, ARP
 * or ND, fragments, raw bytes, time, or memory that is refused. Checksums are right unless the
 * program says otherwise. rig.c judges the outcome after each. */
#include <stdlib.h>
#include <string.h>

#include "peer.h"
#include "rig.h"
#include "wire/eth.h"
#include "wire/icmp.h"

#define HEADER_BYTES 8
#define RECORD_BYTES 8
#define RECORDS_MAX 200
#define OPS 18
#define WORDS (RECORD_BYTES - 2)
#define PEER_TS 0xfffffc00u /* its clock wraps soon */
#define USER 1000
#define SEND_MAX 65536

/* A record: what happens, to which slot, and six bytes of how. */
struct record {
    uint8_t op, slot, arg[WORDS];
};

struct program {
    struct rig rig;
    struct fuzz_input input;
};

static bool next_record(struct program *program, struct record *ret_record)
{
    if (program->input.left < RECORD_BYTES)
        return false;
    ret_record->op = fuzz_u8(&program->input);
    ret_record->slot = fuzz_u8(&program->input);
    for (unsigned i = 0; i < WORDS; i++)
        ret_record->arg[i] = fuzz_u8(&program->input);
    return true;
}

static struct rig_slot *slot_of(struct program *program, const struct record *record)
{
    return &program->rig.slots[record->slot % RIG_SLOTS];
}

static uint32_t peer_ts(const struct rig *rig)
{
    return PEER_TS + (uint32_t)(rig->now_us / 1000);
}

/* --- segments --------------------------------------------------------------------------------- */

/* A few bytes, a few tens of segments' worth, or more than a segment. */
static size_t length_of(uint8_t code)
{
    if (code < 96)
        return code;
    return code < 192 ? (size_t)(code - 96) * 15 : (size_t)(code - 191) * 1000;
}

static uint16_t window_of(uint8_t code)
{
    if (code >= 0xf8)
        return (uint16_t)(code - 0xf8);
    return (uint16_t)(UINT16_MAX - code * 256);
}

static uint32_t seq_near(const struct te_status *status, uint32_t peer_iss, unsigned base,
                         int delta)
{
    switch (base % 8) {
    case 0:
        return status->rcv_nxt + (uint32_t)delta;
    case 1:
        return status->rcv_nxt + status->rcv_wnd + (uint32_t)delta;
    case 2:
        return status->rcv_nxt + (uint32_t)(delta * 1000);
    case 3:
        return status->rcv_nxt + (uint32_t)(delta * 16);
    case 4:
        return status->irs + (uint32_t)delta;
    case 5:
        return peer_iss + (uint32_t)delta;
    case 6:
        return status->rcv_nxt + ((uint32_t)delta << 24);
    default:
        return (uint32_t)delta;
    }
}

static uint32_t ack_near(const struct te_status *status, unsigned base, int delta)
{
    switch (base % 8) {
    case 0:
        return status->snd_max + (uint32_t)delta;
    case 1:
        return status->snd_una + (uint32_t)delta;
    case 2:
        return status->snd_una + (uint32_t)delta * status->mss;
    case 3:
        return status->snd_nxt + (uint32_t)delta;
    case 4:
        return status->iss + (uint32_t)delta;
    case 5:
        return status->snd_una + (uint32_t)(delta * 16);
    case 6:
        return status->snd_una + ((uint32_t)delta << 24);
    default:
        return (uint32_t)delta;
    }
}

#define SYN_OPTIONS (HAS_TIMESTAMPS | HAS_MSS | HAS_WSCALE | HAS_SACK_PERMITTED)
enum option_bits {
    HAS_TIMESTAMPS = 0x01,
    OLD_VALUE = 0x02,
    WRONG_ECHO = 0x04,
    HAS_SACK = 0x08, /* the next record holds the blocks */
    HAS_MSS = 0x10,
    HAS_WSCALE = 0x20,
    HAS_SACK_PERMITTED = 0x40,
    IS_RAW = 0x80 /* the next records hold the bytes */
};

/* Blocks in units of 64 bytes from SND.UNA, near it. */
static void read_sack(struct program *program, const struct rig_slot *slot,
                      struct te_tcp_options *options)
{
    struct record record;
    if (!next_record(program, &record))
        return;
    const uint8_t bytes[6] = {record.arg[0], record.arg[1], record.arg[2],
                              record.arg[3], record.arg[4], record.arg[5]};
    uint32_t unit = (record.op & 1) != 0 ? slot->status.mss : 64;
    options->sack_count = record.slot % 4;
    for (unsigned i = 0; i < options->sack_count; i++) {
        options->sack[i].start = slot->status.snd_una + (uint32_t)((int8_t)bytes[2 * i]) * unit;
        options->sack[i].end = options->sack[i].start + (uint32_t)((int8_t)bytes[2 * i + 1]) * unit;
    }
}

static struct te_tcp_options options_of(struct program *program, const struct rig_slot *slot,
                                        uint8_t bits)
{
    struct te_tcp_options options = {.has_timestamps = (bits & HAS_TIMESTAMPS) != 0,
                                     .has_mss = (bits & HAS_MSS) != 0,
                                     .mss_bytes = (bits & WRONG_ECHO) != 0 ? 1 : 1460,
                                     .has_wscale = (bits & HAS_WSCALE) != 0,
                                     .wscale = (bits & OLD_VALUE) != 0 ? 15 : 7,
                                     .sack_permitted = (bits & HAS_SACK_PERMITTED) != 0};
    options.ts_value = peer_ts(&program->rig) - ((bits & OLD_VALUE) != 0 ? 100000u : 0);
    options.ts_echo = slot->their_ts + ((bits & WRONG_ECHO) != 0 ? 5000u : 0);
    if ((bits & HAS_SACK) != 0)
        read_sack(program, slot, &options);
    return options;
}

/* arg: flags, delta of SEQ, delta of ACK, length, window, options. The upper bits of the slot
 * choose the bases of SEQ and ACK. */
static struct peer_segment segment_of(struct program *program, const struct record *record)
{
    const struct rig_slot *slot = slot_of(program, record);
    const uint8_t *arg = record->arg;
    struct peer_segment segment = {.slot = slot,
                                   .flags = arg[0],
                                   .payload_len = length_of(arg[3]),
                                   .window = window_of(arg[4]),
                                   .urgent_pointer = (uint16_t)(arg[1] << 8 | arg[2])};
    segment.seq = seq_near(&slot->status, slot->peer_iss, record->slot >> 2, (int8_t)arg[1]);
    segment.ack = ack_near(&slot->status, record->slot >> 5, (int8_t)arg[2]);
    segment.ecn = record->op / OPS % 4;
    if ((arg[5] & IS_RAW) != 0)
        segment.raw_options = fuzz_bytes(&program->input, (arg[5] & 7u) * 4 + 4, &segment.raw_len);
    else
        segment.options = options_of(program, slot, arg[5]);
    segment.raw_len -= segment.raw_len % 4;
    if (segment.payload_len > slot->status.mss && segment.payload_len > 1000)
        segment.merged_from = 1000;
    return segment;
}

static void op_segment(struct program *program, const struct record *record)
{
    struct peer_segment segment = segment_of(program, record);
    peer_send(&program->rig, &segment);
}

static void op_fragments(struct program *program, const struct record *record)
{
    struct record how;
    struct peer_segment segment = segment_of(program, record);
    if (!next_record(program, &how))
        return;
    struct peer_fragments fragments = {.id = how.op,
                                       .piece = ((size_t)how.slot % 128 + 1) * 8,
                                       .lost = how.arg[0],
                                       .again = how.arg[1]};
    peer_send_fragments(&program->rig, &segment, &fragments);
}

/* --- well-behaved steps ----------------------------------------------------------------------- */

enum step {
    STEP_CONNECT,
    STEP_OPEN,
    STEP_DATA,
    STEP_ACK,
    STEP_FIN,
    STEP_DUPLICATE_ACKS,
    STEP_HOLE,
    STEP_NEW_INCARNATION,
    STEP_COUNT
};

/* What the peer says next when nothing is wrong. */
static struct peer_segment polite(struct program *program, const struct rig_slot *slot,
                                  uint8_t flags)
{
    struct peer_segment segment = {.slot = slot,
                                   .flags = flags | TE_ACK,
                                   .seq = slot->status.rcv_nxt,
                                   .ack = slot->status.snd_max,
                                   .window = UINT16_MAX / 2};
    segment.options.has_timestamps = slot->status.timestamps;
    segment.options.ts_value = peer_ts(&program->rig);
    segment.options.ts_echo = slot->their_ts;
    return segment;
}

static void say(struct program *program, const struct rig_slot *slot, uint8_t flags, size_t len)
{
    struct peer_segment segment = polite(program, slot, flags);
    segment.payload_len = len;
    if (len > 1400)
        segment.merged_from = 1000;
    peer_send(&program->rig, &segment);
}

static void send_syn(struct program *program, const struct rig_slot *slot, uint8_t flags,
                     uint8_t bits)
{
    struct peer_segment segment = polite(program, slot, flags);
    segment.flags = flags;
    segment.seq = slot->peer_iss;
    segment.options = options_of(program, slot, bits & SYN_OPTIONS);
    peer_send(&program->rig, &segment);
}

static void step_connect(struct program *program, struct rig_slot *slot, const uint8_t *arg)
{
    struct rig *rig = &program->rig;
    struct te_listen listen = {.local = {.port = slot->local.port}, .uid = USER};
    uint64_t id;
    if (te_open_passive(rig->stack, &listen, &id, rig->now_us) == TE_OK)
        rig->listeners[0] = id;
    rig_settle(rig);
    send_syn(program, slot, TE_SYN, arg[1]);
    say(program, slot, 0, 0);
    if (te_accept(rig->stack, rig->listeners[0], USER, &id, rig->now_us) == TE_OK)
        rig_settle(rig);
}

static void open_active(struct program *program, struct rig_slot *slot, uint64_t listener_id)
{
    struct rig *rig = &program->rig;
    struct te_open open = {.local = {.port = slot->local.port},
                           .remote = slot->remote,
                           .uid = USER,
                           .listener_id = listener_id};
    uint64_t id;
    if (te_open_active(rig->stack, &open, &id, rig->now_us) == TE_OK)
        slot->id = id;
    rig_settle(rig);
}

static void step_open(struct program *program, struct rig_slot *slot, const uint8_t *arg)
{
    open_active(program, slot, 0);
    slot->status.rcv_nxt = slot->peer_iss;
    send_syn(program, slot, (arg[2] & 1) != 0 ? TE_SYN : TE_SYN | TE_ACK, arg[1]);
}

static void step_duplicate_acks(struct program *program, struct rig_slot *slot, unsigned count)
{
    struct peer_segment segment = polite(program, slot, 0);
    segment.ack = slot->status.snd_una;
    segment.window = (uint16_t)(slot->status.snd_wnd >> slot->status.snd_wscale);
    for (unsigned i = 1; i <= count; i++) {
        segment.options.sack_count = slot->status.sack_permitted ? 1 : 0;
        segment.options.sack[0].start = slot->status.snd_una + slot->status.mss;
        segment.options.sack[0].end =
            segment.options.sack[0].start + i * (uint32_t)slot->status.mss;
        segment.options.ts_echo = slot->their_ts;
        peer_send(&program->rig, &segment);
    }
}

static void op_step(struct program *program, const struct record *record)
{
    struct rig_slot *slot = slot_of(program, record);
    const uint8_t *arg = record->arg;
    struct peer_segment segment;
    switch ((enum step)(arg[0] % STEP_COUNT)) {
    case STEP_CONNECT:
        step_connect(program, slot, arg);
        break;
    case STEP_OPEN:
        step_open(program, slot, arg);
        break;
    case STEP_DATA:
        say(program, slot, (arg[2] & 1) != 0 ? TE_PSH : 0, length_of(arg[1]));
        break;
    case STEP_ACK:
        say(program, slot, 0, 0);
        break;
    case STEP_FIN:
        say(program, slot, TE_FIN, length_of(arg[1]));
        break;
    case STEP_DUPLICATE_ACKS:
        step_duplicate_acks(program, slot, arg[1] % 16);
        break;
    case STEP_HOLE:
        segment = polite(program, slot, (arg[3] & 1) != 0 ? TE_FIN : 0);
        segment.seq += (uint32_t)length_of(arg[2]) + 1;
        segment.payload_len = length_of(arg[1]);
        peer_send(&program->rig, &segment);
        break;
    case STEP_NEW_INCARNATION:
        slot->peer_iss = slot->status.rcv_nxt + (uint32_t)(int8_t)arg[2] * 1000;
        send_syn(program, slot, TE_SYN, arg[1]);
        break;
    case STEP_COUNT:
        break;
    }
}

/* --- user calls ------------------------------------------------------------------------------- */

enum call {
    CALL_SEND,
    CALL_RECEIVE,
    CALL_SHUTDOWN,
    CALL_CLOSE,
    CALL_ABORT,
    CALL_OPEN,
    CALL_LISTEN,
    CALL_ACCEPT,
    CALL_OPTION,
    CALL_LISTENER_ACTIVE,
    CALL_HISTORY,
    CALL_OTHER_PORT,
    CALL_CLOSE_LISTENER,
    CALL_COUNT
};

static void call_send(struct program *program, const struct rig_slot *slot, size_t len)
{
    static uint8_t bytes[SEND_MAX];
    struct rig *rig = &program->rig;
    struct te_status status;
    size_t accepted;
    if (te_status(rig->stack, slot->id, &status) != TE_OK)
        return;
    uint32_t seq = status.iss + 1 + (uint32_t)status.send_accepted;
    for (size_t i = 0; i < len; i++)
        bytes[i] = rig_byte(seq + (uint32_t)i);
    if (te_send(rig->stack, slot->id, bytes, len, &accepted, rig->now_us) == TE_OK)
        FUZZ_CHECK(accepted <= len, "%zu bytes accepted of %zu", accepted, len);
}

static void call_listen(struct program *program, const struct rig_slot *slot, const uint8_t *arg)
{
    struct rig *rig = &program->rig;
    struct te_listen listen = {.local = {.port = slot->local.port}, .uid = USER, .backlog = arg[1]};
    if ((arg[2] & 1) != 0)
        listen.local.addr = slot->local.addr;
    if ((arg[2] & 2) != 0)
        listen.remote = slot->remote;
    te_open_passive(rig->stack, &listen, &rig->listeners[arg[3] % RIG_LISTENERS], rig->now_us);
}

static void call_option(struct program *program, const struct rig_slot *slot, const uint8_t *arg)
{
    struct rig *rig = &program->rig;
    static const int64_t scales[] = {1, 100, RIG_SECOND_US, 3600 * RIG_SECOND_US};
    int64_t value = (int64_t)(int8_t)arg[2] * scales[arg[3] % 4] + arg[4];
    te_set_option(rig->stack, slot->id, (enum te_option)(arg[1] % 16), value, rig->now_us);
}

static void call_history(struct program *program, const struct rig_slot *slot)
{
    struct te_history history;
    struct te_totals totals;
    if (te_history(program->rig.stack, slot->id, &history) == TE_OK)
        FUZZ_CHECK(history.count <= TE_HISTORY_MAX, "%u transitions", history.count);
    te_totals(program->rig.stack, &totals);
}

static void op_call(struct program *program, const struct record *record)
{
    struct rig *rig = &program->rig;
    struct rig_slot *slot = slot_of(program, record);
    const uint8_t *arg = record->arg;
    uint64_t listener = rig->listeners[arg[3] % RIG_LISTENERS], id;
    switch ((enum call)(arg[0] % CALL_COUNT)) {
    case CALL_SEND:
        call_send(program, slot, length_of(arg[1]));
        break;
    case CALL_RECEIVE:
        rig_receive(rig, slot->id, length_of(arg[1]));
        break;
    case CALL_SHUTDOWN:
        te_shutdown(rig->stack, slot->id, rig->now_us);
        break;
    case CALL_CLOSE:
        te_close(rig->stack, slot->id, rig->now_us);
        break;
    case CALL_ABORT:
        te_abort(rig->stack, slot->id, rig->now_us);
        break;
    case CALL_OPEN:
        open_active(program, slot, 0);
        break;
    case CALL_LISTEN:
        call_listen(program, slot, arg);
        break;
    case CALL_ACCEPT:
        te_accept(rig->stack, listener, USER, &id, rig->now_us);
        break;
    case CALL_OPTION:
        call_option(program, slot, arg);
        break;
    case CALL_LISTENER_ACTIVE:
        open_active(program, slot, listener);
        break;
    case CALL_HISTORY:
        call_history(program, slot);
        break;
    case CALL_OTHER_PORT: /* 0: the stack chooses; nobody answers */
        slot->local.port = arg[1] % 4 == 3 ? 0 : (uint16_t)(RIG_SERVER_PORT + arg[1] % 4);
        break;
    case CALL_CLOSE_LISTENER:
        te_close(rig->stack, listener, rig->now_us);
        break;
    case CALL_COUNT:
        break;
    }
    rig_settle(rig);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void op_time(struct program *program, const struct record *record)
{
    static const int64_t units[] = {1,
                                    1000,
                                    40000,
                                    RIG_SECOND_US / 4,
                                    RIG_SECOND_US,
                                    30 * RIG_SECOND_US,
                                    600 * RIG_SECOND_US,
                                    86400 * RIG_SECOND_US};
    rig_advance(&program->rig, units[record->slot % 8] * record->arg[0]);
}

static void op_icmp(struct program *program, const struct record *record)
{
    static const uint8_t types4[] = {3, 3, 4, 5, 11, 12}, types6[] = {1, 2, 3, 4, 137, 2};
    const struct rig_slot *slot = slot_of(program, record);
    const uint8_t *arg = record->arg;
    bool is_v4 = te_addr_is_v4(&slot->local.addr);
    struct peer_error error = {.slot = slot,
                               .type = (is_v4 ? types4 : types6)[arg[0] % 6],
                               .code = arg[1] % 16,
                               .rest = (uint32_t)(arg[2] * 8),
                               .seq = ack_near(&slot->status, record->slot >> 5, (int8_t)arg[3]),
                               .quote_len = arg[4] % 21};
    peer_send_error(&program->rig, &error);
}

static void op_neighbour(struct program *program, const struct record *record)
{
    const uint8_t *arg = record->arg;
    const struct peer_neighbour neighbour = {.is_v6 = (record->slot & 1) != 0,
                                             .is_reply = (record->slot & 2) != 0,
                                             .is_broadcast = (record->slot & 4) != 0,
                                             .host = arg[0],
                                             .target_host = arg[1],
                                             .mac = arg[2],
                                             .flags = arg[3]};
    program->rig.is_mute = (record->slot & 8) != 0;
    peer_send_neighbour(&program->rig, &neighbour);
}

/* Bytes of the program as a packet, with or without an Ethernet header of ours. */
static void op_raw(struct program *program, const struct record *record)
{
    static const uint16_t types[] = {TE_ETH_TYPE_IPV4, TE_ETH_TYPE_IPV6, TE_ETH_TYPE_ARP, 0x88cc};
    struct rig *rig = &program->rig;
    const uint8_t *arg = record->arg;
    struct te_frame_meta meta = {.checksum = (enum te_checksum_state)(arg[1] % 3),
                                 .gso_type = (enum te_gso_type)(arg[2] % 3),
                                 .gso_size_bytes = arg[3],
                                 .header_len_bytes = arg[4]};
    size_t len;
    const uint8_t *bytes = fuzz_bytes(&program->input, arg[0], &len);
    size_t at = (record->slot & 4) != 0 ? 0 : TE_ETH_HEADER_LEN;
    peer_put_ethernet(rig, types[record->slot & 3]);
    if (len > 0)
        memcpy(rig->frame + at, bytes, len);
    rig->frame_len = at + len;
    rig_input(rig, &meta);
    rig_settle(rig);
}

/* The latest frame again, with a byte changed or its tail cut off. The link never vouches for its
 * checksum: it could then deliver payload that no peer has sent. */
static void op_mangle(struct program *program, const struct record *record)
{
    struct rig *rig = &program->rig;
    const uint8_t *arg = record->arg;
    size_t at = ((size_t)arg[0] << 8 | arg[1]) % (rig->frame_len + 1);
    struct te_frame_meta meta = {.gso_type = (enum te_gso_type)(arg[3] % 3),
                                 .gso_size_bytes = arg[4]};
    if ((record->slot & 1) != 0)
        rig->frame_len = at;
    else
        rig->frame[at] ^= arg[2];
    rig_input(rig, &meta);
    rig_settle(rig);
}

static void op_echo(struct program *program, const struct record *record)
{
    size_t len = ((size_t)record->arg[0] << 8 | record->arg[1]) % 60000;
    peer_send_echo(&program->rig, (record->slot & 1) != 0, len);
}

/* SYNs of many peers. */
static void op_flood(struct program *program, const struct record *record)
{
    struct rig_slot other = *slot_of(program, record);
    for (unsigned i = 0; i < record->arg[0] % 16u; i++) {
        other.remote.port++;
        send_syn(program, &other, (record->arg[1] & 1) != 0 ? TE_RST : TE_SYN, record->arg[2]);
    }
}

static void op_memory(struct program *program, const struct record *record)
{
    program->rig.memory.left = record->arg[0] % 32;
}

/* After how many records, each time, the stack is saved and restored; 0: never. */
static unsigned start(struct program *program)
{
    struct rig_options options = {.traits = fuzz_u8(&program->input),
                                  .secret = fuzz_u8(&program->input),
                                  .features = fuzz_u16(&program->input),
                                  .algorithm = fuzz_u8(&program->input)};
    unsigned rebear_every = fuzz_u8(&program->input);
    size_t left;
    fuzz_bytes(&program->input, HEADER_BYTES - 6, &left); /* reserved */
    rig_start(&program->rig, &options);
    return rebear_every;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The more often an operation is listed, the more often a mutation hits it. */
    static void (*const ops[OPS])(struct program *, const struct record *) = {
        op_segment,   op_step,      op_call,    op_time, op_segment, op_step,
        op_call,      op_icmp,      op_segment, op_step, op_call,    op_mangle,
        op_fragments, op_neighbour, op_raw,     op_echo, op_flood,   op_memory};
    static struct program program;
    struct record record;
    program.input = (struct fuzz_input){data, size};
    unsigned rebear_every = start(&program);
    for (unsigned i = 1; i <= RECORDS_MAX && next_record(&program, &record); i++) {
        ops[record.op % OPS](&program, &record);
        if (rebear_every != 0 && i % rebear_every == 0)
            rig_rebear(&program.rig);
    }
    const char *states = getenv("FUZZ_STATES");
    if (states != NULL)
        rig_keep(&program.rig, states);
    rig_stop(&program.rig);
    return 0;
}
