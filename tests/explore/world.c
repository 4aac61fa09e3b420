#include "world.h"

#include <string.h>

#include "../sim/wire.h"
#include "reached.h"
#include "stack_internal.h"
#include "tcp/conn/isn.h"
#include "units.h"

#define START_US (1000 * SECOND)
#define DEATH_US 1000 /* 250 sequence numbers (RFC 9293 3.4.1), one tick of timestamps */
#define ISN_TICK_US 4 /* RFC 9293 3.4.1 */
#define PORT_A 1000
#define ADDRESS_PREFIX_BITS 24
#define SEND_BYTES 3
#define ONE_WAY_US 10000
#define PEEK_BYTES 64
#define ROUNDS_MAX 64
#define ETHERTYPE_ARP 0x0806

char world_side_name(unsigned side)
{
    return side == 0 ? 'A' : 'B';
}

void world_fail(struct world *world, unsigned side, const char *sentence)
{
    if (world->failure != NULL)
        return;
    world->failure = sentence;
    world->failure_side = side;
    if (world->watch.trace != NULL)
        fprintf(world->watch.trace, "    FAILED at %c: %s\n", world_side_name(side), sentence);
}

/* --- birth ------------------------------------------------------------------------------------ */

static void set_limits(struct te_config *config)
{
    config->conn_max = 16;
    config->time_wait_max = 16;
    config->orphan_max = 16;
    config->syn_queue_max = 16;
    config->neighbour_max = 4;
    config->neighbour_incomplete_max = 4;
    config->reassembly_max = 4;
    config->control_queue_max = 32;
    config->event_max = 32;
    config->history_conn_max = 0;
    config->drop_log_conn_max = 0;
    config->note_log_conn_max = 0;
    config->send_buffer_initial_bytes = config->receive_buffer_initial_bytes = 4096;
    config->send_buffer_max_bytes = config->receive_buffer_max_bytes = 4096;
}

static struct te_addr address_of(unsigned side)
{
    const uint8_t bytes[4] = {10, 0, 0, (uint8_t)(side + 1)};
    return te_addr_from_v4(bytes);
}

uint32_t world_next_iss(const struct end *end)
{
    int64_t ahead_us = end->clock_us - end->stack->now_us;
    return te_isn_choose(end->stack, &end->local, &end->remote) +
           (uint32_t)(ahead_us / ISN_TICK_US);
}

static bool sends_bytes(const struct scenario *scenario, unsigned side)
{
    for (unsigned i = 0; i < CALLS_MAX; i++)
        if (scenario->calls[side][i] == CALL_SEND)
            return true;
    return false;
}

static void start_end(struct world *world, unsigned side, struct arena *arena)
{
    struct te_config config;
    te_config_init(&config);
    set_limits(&config);
    config.allocator = arena_allocator(arena);
    config.secret[0] = (uint8_t)(side + 1);
    config.mac[0] = 2;
    config.mac[5] = (uint8_t)(side + 1);
    config.dad = false;
    config.addresses[0] = (struct te_cidr){address_of(side), ADDRESS_PREFIX_BITS};
    config.address_count = 1;
    config.msl_us = WORLD_MSL_US;
    config.orphan_us = WORLD_ORPHAN_US;
    config.timestamps = world->scenario->has_timestamps;
    config.features &= ~world->scenario->features_off;
    config.nagle = !world->scenario->is_under_way;
    struct end *end = &world->ends[side];
    end->local = (struct te_endpoint){address_of(side), (uint16_t)(PORT_A + side)};
    end->remote = (struct te_endpoint){address_of(1 - side), (uint16_t)(PORT_A + 1 - side)};
    end->clock_us = START_US;
    if (te_stack_new(&config, START_US, &end->stack) != TE_OK)
        world_fail(world, side, "a stack can be created");
    else if (sends_bytes(world->scenario, side)) /* the numbers of its bytes wrap */
        end->clock_us += (int64_t)(uint32_t)(UINT32_MAX - 1 - world_next_iss(end)) * ISN_TICK_US;
}

/* Nothing goes wrong, and each direction has its delay: both ends know their round trip time. */
static void get_under_way(struct world *world)
{
    world_call(world, 1);
    world_call(world, 0);
    while (world->frame_count > 0 && world->failure == NULL) {
        for (unsigned side = 0; side < SIDES; side++)
            world_elapse(world, side, ONE_WAY_US);
        world_deliver(world, 0);
    }
    while (world->scenario->calls[0][world->ends[0].next_call] != CALL_NONE &&
           world->failure == NULL)
        world_call(world, 0);
    for (unsigned side = 0; side < SIDES; side++)
        world_elapse(world, side, ONE_WAY_US);
}

void world_init(struct world *world, const struct scenario *scenario, struct arena *arenas,
                const struct watch *watch)
{
    memset(world, 0, sizeof(*world));
    world->scenario = scenario;
    world->watch = *watch;
    world->left = scenario->budget;
    for (unsigned side = 0; side < SIDES; side++) {
        arena_init(&arenas[side]);
        start_end(world, side, &arenas[side]);
    }
    world->touched = 3;
    if (scenario->is_under_way)
        get_under_way(world);
}

/* --- looking ---------------------------------------------------------------------------------- */

int64_t world_deadline(const struct world *world, unsigned side)
{
    const struct end *end = &world->ends[side];
    static const enum te_walk_kind kinds[] = {TE_WALK_CONNECTIONS, TE_WALK_TIME_WAIT};
    int64_t first_us = TE_NEVER;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t cursor = 0;
        struct te_status status;
        while (te_walk(end->stack, kinds[i], &cursor, &status))
            if (status.timer != TE_TIMER_NONE && status.timer_at_us < first_us)
                first_us = status.timer_at_us;
    }
    if (first_us == TE_NEVER)
        return TE_NEVER;
    return first_us > end->clock_us ? first_us - end->clock_us : 0;
}

enum te_state world_state(const struct world *world, unsigned side)
{
    const struct end *end = &world->ends[side];
    struct te_status status;
    bool exists = end->conn_id != 0 && te_status(end->stack, end->conn_id, &status) == TE_OK;
    if (exists && status.state != TE_CLOSED)
        return status.state;
    return end->listener_id != 0 ? TE_LISTEN : TE_CLOSED;
}

bool world_can_abort(const struct world *world, unsigned side)
{
    const struct end *end = &world->ends[side];
    struct te_status status;
    return end->listener_id != 0 ||
           (end->conn_id != 0 && te_status(end->stack, end->conn_id, &status) == TE_OK);
}

unsigned world_first_frame(const struct world *world, unsigned to)
{
    for (unsigned i = 0; i < world->frame_count; i++)
        if (world->frames[i].to == to)
            return i;
    return FRAMES_MAX;
}

void world_describe_frame(const struct world *world, const struct frame *frame, FILE *file)
{
    char flags[40];
    te_tcp_flags_format(frame->flags, flags);
    unsigned from = 1 - frame->to;
    fprintf(file, "%c>%c <SEQ=%d", world_side_name(from), world_side_name(frame->to),
            (int)(frame->seq - world->ends[from].incarnations[0].iss));
    if (frame->flags & TE_ACK)
        fprintf(file, "><ACK=%d", (int)(frame->ack - world->ends[frame->to].incarnations[0].iss));
    if (frame->payload_len > 0)
        fprintf(file, "><%u bytes", frame->payload_len);
    fprintf(file, "><CTL=%s>", flags);
}

static void trace_frame(const struct world *world, const char *what, const struct frame *frame)
{
    if (world->watch.trace == NULL)
        return;
    fprintf(world->watch.trace, "    %s ", what);
    world_describe_frame(world, frame, world->watch.trace);
    fputc('\n', world->watch.trace);
}

/* --- what the users do at once ---------------------------------------------------------------- */

static uint8_t pattern(uint32_t offset)
{
    return (uint8_t)('a' + offset % 26);
}

/* In the incarnation that this end's connection is with. */
static uint32_t peer_has_sent(const struct world *world, unsigned side)
{
    const struct end *end = &world->ends[side];
    const struct end *peer = &world->ends[1 - side];
    struct te_status status;
    if (te_status(end->stack, end->conn_id, &status) != TE_OK)
        return 0;
    for (unsigned i = 0; i < INCARNATIONS_MAX; i++)
        if (peer->incarnations[i].iss == status.irs)
            return peer->incarnations[i].sent_bytes;
    return 0;
}

static void check_bytes(struct world *world, unsigned side, const struct te_received *received)
{
    struct end *end = &world->ends[side];
    uint32_t sent_bytes = peer_has_sent(world, side);
    for (unsigned i = 0; i < 2; i++)
        for (size_t k = 0; k < received->iov[i].len; k++)
            if (received->iov[i].base[k] != pattern(end->received_bytes++))
                world_fail(world, side, "what is delivered is a prefix of what was sent");
    if (end->received_bytes > sent_bytes)
        world_fail(world, side, "no more is delivered than was sent");
    if (received->is_end && end->received_bytes != sent_bytes)
        world_fail(world, side, "at the end of the stream everything that was sent is delivered");
    end->is_stream_over = received->is_end;
}

static void close_at_once(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    if (world->scenario->calls[side][end->next_call] == CALL_CLOSE &&
        te_close(end->stack, end->conn_id, end->clock_us) == TE_OK)
        end->next_call++;
}

static void receive_all(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    struct te_received received = {.total_bytes = 0};
    if (world->scenario->is_deaf || end->conn_id == 0 || end->is_stream_over)
        return;
    struct te_status status;
    if (te_status(end->stack, end->conn_id, &status) != TE_OK || status.user_closed)
        return;
    enum te_err err =
        te_receive_peek(end->stack, end->conn_id, end->received_bytes, PEEK_BYTES, &received);
    if (err == TE_ERR_CLOSING) /* only the end remains */
        received = (struct te_received){.is_end = true};
    else if (err != TE_OK)
        return;
    check_bytes(world, side, &received);
    te_receive_release(end->stack, end->conn_id, end->received_bytes, end->clock_us);
    if (end->is_stream_over && world->scenario->is_prompt)
        close_at_once(world, side);
}

static void accept_all(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    uint64_t id;
    if (end->listener_id != 0)
        while (te_accept(end->stack, end->listener_id, 0, &id, end->clock_us) == TE_OK)
            continue;
}

/* --- an end at work --------------------------------------------------------------------------- */

static void note_death(struct world *world, const struct te_transition *transition)
{
    if (transition->to != TE_CLOSED)
        return;
    switch (transition->cause) {
    case TE_CAUSE_TIMEOUT_RETRANSMIT:
    case TE_CAUSE_TIMEOUT_FIN_WAIT_2:
        world->ended_silently = true;
        break;
    case TE_CAUSE_ABORT: /* no RST where our FIN already says so (RFC 9293 3.10.5) */
        world->was_cut = true;
        world->ended_silently |= transition->from >= TE_CLOSING;
        break;
    case TE_CAUSE_RECV_DATA_AFTER_CLOSE:
    case TE_CAUSE_LISTENER_CLOSED:
    case TE_CAUSE_TIMEOUT_ORPHAN:
        world->was_cut = true;
        break;
    case TE_CAUSE_CLOSE: /* with unread bytes (RFC 9293 3.6.1) */
        world->was_cut |= transition->from != TE_LISTEN && transition->from != TE_SYN_SENT;
        break;
    default:
        break;
    }
}

bool world_was_throttled(const struct world *world)
{
    return te_stack_counters(world->ends[0].stack)->challenge_acks_limited > 0 ||
           te_stack_counters(world->ends[1].stack)->challenge_acks_limited > 0;
}

bool world_may_be_half_open(const struct world *world)
{
    bool has_lost = world->left.drops < world->scenario->budget.drops;
    return world->ended_silently || (world->was_cut && (has_lost || world_was_throttled(world)));
}

/* A new ISS starts a new incarnation. */
static void note_syn(struct end *end, uint32_t iss)
{
    if (end->incarnations[0].iss == iss)
        return;
    memmove(&end->incarnations[1], &end->incarnations[0],
            (INCARNATIONS_MAX - 1) * sizeof(end->incarnations[0]));
    end->incarnations[0] = (struct incarnation){.iss = iss};
}

static void on_transition(struct world *world, unsigned side, const struct te_event *event)
{
    struct end *end = &world->ends[side];
    const struct te_transition *transition = &event->transition;
    bool is_birth = transition->from == TE_CLOSED || transition->from == TE_LISTEN;
    if (is_birth && (transition->to == TE_SYN_SENT || transition->to == TE_SYN_RCVD)) {
        if (event->id == end->listener_id)
            end->listener_id = 0; /* it has turned active */
        end->conn_id = event->id;
        end->received_bytes = 0;
        end->is_stream_over = false;
    }
    if (event->id == end->listener_id && transition->to == TE_CLOSED)
        end->listener_id = 0;
    if (transition->to == TE_CLOSED || transition->to == TE_TIME_WAIT ||
        (transition->to == TE_LISTEN && transition->from != TE_CLOSED))
        end->clock_us += DEATH_US;
    note_death(world, transition);
    reached_transition(world->watch.reached, side, transition);
    if (world->watch.trace != NULL)
        fprintf(world->watch.trace, "    %c: %s -> %s (%s)\n", world_side_name(side),
                te_state_name(transition->from), te_state_name(transition->to),
                te_cause_text(transition->cause));
}

static void take_events(struct world *world, unsigned side)
{
    struct te_event event;
    while (te_stack_next_event(world->ends[side].stack, &event)) {
        if (event.kind == TE_EVENT_STATE)
            on_transition(world, side, &event);
        if (event.kind == TE_EVENT_FIN_AGAIN)
            reached_fin_again(world->watch.reached);
    }
}

/* The bytes of the stream from the peer's ISS + 1 up to a sequence number. */
static uint64_t bytes_below(const struct world *world, unsigned from, uint32_t seq)
{
    uint32_t count = seq - (world->ends[from].incarnations[0].iss + 1);
    return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

/* Whatever an end acknowledges or reports in SACK and D-SACK blocks has arrived. */
static void check_acks(struct world *world, unsigned from, const struct wire_segment *segment)
{
    uint64_t arrived = world->ends[from].arrived;
    unsigned to = 1 - from;
    if (bytes_below(world, to, segment->ack) & ~arrived)
        world_fail(world, from, "only what has arrived is acknowledged");
    for (unsigned i = 0; i < segment->sack_count; i++) {
        const struct wire_block *block = &segment->sack[i];
        uint64_t named = bytes_below(world, to, block->end) & ~bytes_below(world, to, block->start);
        if (named == 0 || (named & ~arrived) != 0)
            world_fail(world, from, "a SACK block describes data that has arrived");
    }
}

static void keep_frame(struct world *world, unsigned from, const uint8_t *bytes, size_t len)
{
    static const struct te_frame_meta plain;
    struct wire_segment segment;
    if (world->frame_count == FRAMES_MAX || len > FRAME_BYTES_MAX) {
        world_fail(world, from, "frames in flight are few and small");
        return;
    }
    if (!wire_parse(bytes, len, &plain, &segment) || !segment.is_sound) {
        world_fail(world, from, "every frame is a sound TCP segment");
        return;
    }
    struct frame *frame = &world->frames[world->frame_count++];
    *frame = (struct frame){.to = (uint8_t)(1 - from),
                            .len = (uint8_t)len,
                            .flags = segment.flags,
                            .payload_len = (uint8_t)segment.payload_len,
                            .has_timestamps = segment.has_timestamps,
                            .seq = segment.seq,
                            .ack = segment.ack,
                            .ts_value = segment.ts_value,
                            .ts_echo = segment.ts_echo};
    memcpy(frame->bytes, bytes, len);
    frame->rest = segment.window;
    for (unsigned i = 0; i < segment.sack_count; i++) {
        frame->rest = frame->rest * 31 + (segment.sack[i].start - segment.ack);
        frame->rest = frame->rest * 31 + (segment.sack[i].end - segment.ack);
    }
    if (segment.flags & TE_SYN)
        note_syn(&world->ends[from], segment.seq);
    if (world->scenario->is_under_way && !(segment.flags & (TE_SYN | TE_RST)))
        check_acks(world, from, &segment);
    reached_answer(world->watch.reached, from, segment.flags);
    trace_frame(world, "sent", frame);
}

static void send_frame(struct world *world, unsigned from, const struct te_output *output)
{
    uint8_t bytes[2048];
    size_t len = 0;
    for (unsigned i = 0; i < output->iov_count; i++) {
        memcpy(bytes + len, output->iov[i].base, output->iov[i].len);
        len += output->iov[i].len;
    }
    if (wire_get16(bytes + 12) != ETHERTYPE_ARP) {
        keep_frame(world, from, bytes, len);
        return;
    }
    struct end *to = &world->ends[1 - from];
    world->touched |= 1u << (1 - from);
    te_stack_input(to->stack, bytes, len, &output->meta, to->clock_us);
}

/* True if it had something to do. */
static bool work(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    bool was_busy = false;
    take_events(world, side);
    accept_all(world, side);
    receive_all(world, side);
    while (te_stack_poll_output(end->stack, header, &output, end->clock_us)) {
        send_frame(world, side, &output);
        was_busy = true;
    }
    take_events(world, side);
    return was_busy;
}

static void check_end(struct world *world, unsigned side)
{
    uint64_t id;
    const struct end *end = &world->ends[side];
    const char *wrong = te_stack_check_invariants(end->stack, &id);
    if (wrong != NULL)
        world_fail(world, side, wrong);
    if (te_stack_counters(end->stack)->events_lost != 0)
        world_fail(world, side, "no event is lost");
}

/* Called after each choice, until nothing more happens by itself. */
static void settle(struct world *world)
{
    bool is_busy = true;
    for (unsigned round = 0; is_busy && world->failure == NULL; round++) {
        is_busy = false;
        for (unsigned side = 0; side < SIDES; side++)
            if (world->touched & 1u << side)
                is_busy |= work(world, side);
        if (round > ROUNDS_MAX)
            world_fail(world, 0, "the output for one event comes to an end");
    }
    for (unsigned side = 0; side < SIDES; side++)
        if (world->touched & 1u << side)
            check_end(world, side);
    reached_settle(world->watch.reached);
}

/* --- choices ---------------------------------------------------------------------------------- */

static void take_out(struct world *world, unsigned index)
{
    world->frame_count--;
    memmove(&world->frames[index], &world->frames[index + 1],
            (world->frame_count - index) * sizeof(world->frames[0]));
}

/* A FIN counts as a byte. */
static void note_arrived(struct world *world, const struct frame *frame)
{
    unsigned from = 1u - frame->to;
    uint32_t end = frame->seq + frame->payload_len + ((frame->flags & TE_FIN) != 0);
    if (world->scenario->is_under_way && !(frame->flags & TE_SYN))
        world->ends[frame->to].arrived |=
            bytes_below(world, from, end) & ~bytes_below(world, from, frame->seq);
}

void world_deliver(struct world *world, unsigned index)
{
    static const struct te_frame_meta plain;
    struct frame frame = world->frames[index];
    struct end *to = &world->ends[frame.to];
    trace_frame(world, "arrives", &frame);
    take_out(world, index);
    note_arrived(world, &frame);
    world->touched |= 1u << frame.to;
    te_stack_input(to->stack, frame.bytes, frame.len, &plain, to->clock_us);
    settle(world);
}

void world_drop(struct world *world, unsigned index)
{
    trace_frame(world, "is lost", &world->frames[index]);
    world->left.drops--;
    take_out(world, index);
}

void world_copy(struct world *world, unsigned index)
{
    trace_frame(world, "comes twice", &world->frames[index]);
    world->left.copies--;
    if (world->frame_count == FRAMES_MAX)
        world_fail(world, 0, "few frames are in flight at a time");
    else
        world->frames[world->frame_count++] = world->frames[index];
}

static enum te_err open_active(struct world *world, unsigned side, uint64_t listener_id)
{
    struct end *end = &world->ends[side];
    struct te_open open = {
        .local = end->local,
        .remote = end->remote,
        .listener_id = listener_id,
    };
    uint64_t id;
    return te_open_active(end->stack, &open, &id, end->clock_us);
}

static enum te_err listen_on(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    struct te_listen listen = {.local = end->local};
    return te_open_passive(end->stack, &listen, &end->listener_id, end->clock_us);
}

static enum te_err send_bytes(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    uint8_t bytes[SEND_BYTES];
    size_t accepted = 0;
    for (unsigned i = 0; i < SEND_BYTES; i++)
        bytes[i] = pattern(end->incarnations[0].sent_bytes + i);
    enum te_err err =
        te_send(end->stack, end->conn_id, bytes, sizeof(bytes), &accepted, end->clock_us);
    if (err == TE_OK)
        end->incarnations[0].sent_bytes += (uint32_t)accepted;
    return err;
}

static enum te_err call(struct world *world, unsigned side, enum call call)
{
    struct end *end = &world->ends[side];
    switch (call) {
    case CALL_OPEN:
        return open_active(world, side, 0);
    case CALL_LISTEN:
        return listen_on(world, side);
    case CALL_TURN:
        return end->listener_id != 0 ? open_active(world, side, end->listener_id)
                                     : TE_ERR_NOT_LISTENER;
    case CALL_SEND:
        return send_bytes(world, side);
    case CALL_SHUTDOWN:
        return te_shutdown(end->stack, end->conn_id, end->clock_us);
    case CALL_CLOSE:
        return te_close(end->stack, end->conn_id, end->clock_us);
    case CALL_UNLISTEN:
        return te_close(end->stack, end->listener_id, end->clock_us);
    case CALL_NONE:
        break;
    }
    return TE_ERR_INVALID;
}

void world_call(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    enum call what = world->scenario->calls[side][end->next_call];
    world->touched |= 1u << side;
    enum te_err err = call(world, side, what);
    if (world->watch.trace != NULL)
        fprintf(world->watch.trace, "    %c: %s: %s\n", world_side_name(side), call_name(what),
                te_err_text(err));
    if (err == TE_OK)
        end->next_call++;
    settle(world);
}

void world_abort(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    world->left.aborts--;
    world->touched |= 1u << side;
    if (world->watch.trace != NULL)
        fprintf(world->watch.trace, "    %c: ABORT\n", world_side_name(side));
    if (te_abort(end->stack, end->conn_id, end->clock_us) != TE_OK)
        te_abort(end->stack, end->listener_id, end->clock_us);
    settle(world);
}

void world_elapse(struct world *world, unsigned side, int64_t delta_us)
{
    struct end *end = &world->ends[side];
    int64_t until_us = end->clock_us + delta_us;
    world->touched |= 1u << side;
    if (world->watch.trace != NULL)
        fprintf(world->watch.trace, "    %c: %lld ms pass\n", world_side_name(side),
                (long long)delta_us / 1000);
    for (;;) {
        int64_t next_us = te_stack_next_timeout(end->stack);
        if (next_us > until_us || world->failure != NULL)
            break;
        if (next_us > end->clock_us)
            end->clock_us = next_us;
        te_stack_handle_timeout(end->stack, end->clock_us);
        settle(world);
    }
    if (end->clock_us < until_us)
        end->clock_us = until_us;
}

void world_close_all(struct world *world, unsigned side)
{
    struct end *end = &world->ends[side];
    static const enum te_walk_kind kinds[] = {TE_WALK_LISTENERS, TE_WALK_CONNECTIONS};
    world->touched |= 1u << side;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t ids[16];
        unsigned count = 0;
        uint64_t cursor = 0;
        struct te_status status;
        while (count < 16 && te_walk(end->stack, kinds[i], &cursor, &status))
            ids[count++] = status.id;
        for (unsigned k = 0; k < count; k++)
            te_close(end->stack, ids[k], end->clock_us);
    }
    /* A connection in TIME_WAIT is listed there. */
    te_close(end->stack, end->conn_id, end->clock_us);
    settle(world);
}
