#include "fingerprint.h"

#include <assert.h>
#include <string.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/dsack.h"
#include "tcp/conn/sender.h"
#include "util/codec.h"
#include "util/seq.h"

#define OBJECTS_MAX 32
#define SCOREBOARD_MAX 4096
#define SEQ_FAR 20000 /* beyond any window; nearer than what 200 ms make */
#define PRIME_1 0x9fb21c651e98df25u
#define PRIME_2 0xd6e8feb86659fd93u

uint64_t fingerprint_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ (hash >> 32) ^ value) * PRIME_1;
    return (hash ^ (hash >> 29)) * PRIME_2;
}

struct hasher {
    uint64_t hash;
    const struct end *end, *peer;
    bool is_exact; /* with the scoreboards */
};

static void add(struct hasher *hasher, uint64_t value)
{
    hasher->hash = fingerprint_mix(hasher->hash, value);
}

static void add_time(struct hasher *hasher, int64_t at_us)
{
    add(hasher, at_us == TE_NEVER ? UINT64_MAX : (uint64_t)(at_us - hasher->end->clock_us));
}

/* A number as (incarnation, offset). The distance between incarnations matters only as long as old
 * numbers may fall into a window. */
static uint64_t name_number(uint32_t seq, const struct end *end)
{
    for (unsigned i = 0; i < INCARNATIONS_MAX; i++) {
        uint32_t offset = seq - end->incarnations[i].iss;
        if (offset < SEQ_FAR)
            return (uint64_t)i << 32 | offset;
    }
    return SEQ_FAR;
}

static uint64_t name_gap(uint32_t later, uint32_t earlier)
{
    return later - earlier < SEQ_FAR ? later - earlier : SEQ_FAR;
}

/* A number in this end's send space. */
static void add_own(struct hasher *hasher, uint32_t seq)
{
    add(hasher, name_number(seq, hasher->end));
}

static void add_peers(struct hasher *hasher, uint32_t seq)
{
    add(hasher, name_number(seq, hasher->peer));
}

static void add_sequence(struct hasher *hasher, const struct te_status *status)
{
    add_own(hasher, status->iss);
    add_own(hasher, status->snd_una);
    add_own(hasher, status->snd_nxt);
    add_own(hasher, status->snd_max);
    add_own(hasher, status->snd_wl2);
    add_peers(hasher, status->irs);
    add_peers(hasher, status->rcv_nxt);
    add_peers(hasher, status->snd_wl1);
    add(hasher, (uint64_t)status->snd_wnd << 32 | status->rcv_wnd);
    add(hasher, status->send_accepted);
    add(hasher, status->send_acked);
    add(hasher, status->receive_next);
    add(hasher, status->receive_released);
}

static void add_status(struct hasher *hasher, const struct te_status *status)
{
    add(hasher, (uint64_t)status->state | (uint64_t)status->is_listener << 8 |
                    (uint64_t)status->is_orphan << 9 | (uint64_t)status->user_closed << 10 |
                    (uint64_t)status->fin_queued << 11 | (uint64_t)status->fin_received << 12 |
                    (uint64_t)status->wscale_ok << 13 | (uint64_t)status->sack_permitted << 14 |
                    (uint64_t)status->timestamps << 15 | (uint64_t)status->snd_wscale << 16 |
                    (uint64_t)status->rcv_wscale << 24 | (uint64_t)status->mss << 32 |
                    (uint64_t)status->time_wait_from << 48);
    add(hasher,
        (uint64_t)(-status->error) << 32 | (uint64_t)(-status->soft_error) << 16 | status->backoff);
    add(hasher, (uint64_t)status->cwnd_bytes << 32 | status->ssthresh_bytes);
    add(hasher, (uint64_t)status->srtt_us);
    add(hasher, (uint64_t)status->rttvar_us);
    add(hasher, (uint64_t)status->rto_us);
    add(hasher, status->recovery != NULL ? (uint64_t)status->recovery[0] : 0);
    add_time(hasher, status->timer_at_us);
    add(hasher, status->timer);
    add_sequence(hasher, status);
}

/* In milliseconds of the clock that made it, up to a constant; 0: none. */
static uint32_t timestamp_age(uint32_t value, const struct end *maker)
{
    return value == 0 ? 0 : (uint32_t)(maker->clock_us / 1000) - value;
}

static int64_t challenge_age(const struct te_stack *stack, const struct te_conn *conn,
                             int64_t now_us)
{
    int64_t age_us = now_us - conn->last_challenge_at_us;
    int64_t interval_us = stack->config.challenge_ack_interval_us;
    return age_us < interval_us ? age_us : interval_us;
}

/* Without holes, the next segment moves the floor to TS.Recent. */
static void add_paws(struct hasher *hasher, const struct te_conn *conn)
{
    add(hasher, timestamp_age(conn->paws.ts_recent, hasher->peer));
    if (conn->out_of_order.count == 0)
        return;
    add(hasher, timestamp_age(conn->paws.floor, hasher->peer));
    add(hasher, timestamp_age(conn->paws.next_floor, hasher->peer));
    add_peers(hasher, conn->paws.edge);
}

/* What STATUS does not say. */
static void add_hidden(struct hasher *hasher, const struct te_conn *conn)
{
    const struct te_stack *stack = hasher->end->stack;
    add(hasher, (uint64_t)conn->was_passive | (uint64_t)conn->is_remains << 1 |
                    (uint64_t)conn->is_accepted << 2 | (uint64_t)conn->syn_acked << 3 |
                    (uint64_t)conn->syn_was_lost << 4 | (uint64_t)conn->fin_sent << 5 |
                    (uint64_t)conn->fin_pending << 6 | (uint64_t)conn->probe_now << 7 |
                    (uint64_t)conn->ack.owed << 8 | (uint64_t)conn->probes << 16 |
                    (uint64_t)conn->send_was_cut << 24 |
                    (uint64_t)conn->recovery.partial_acks << 25 |
                    (uint64_t)conn->out_of_order.count << 32);
    for (unsigned timer = TE_TIMER_NONE + 1; timer < TE_TIMER_IDLE; timer++)
        add_time(hasher, conn->timer_at_us[timer]);
    add(hasher, seq_gt(conn->snd_small, conn->snd_una) ? conn->snd_small - conn->snd_una : 0);
    add_peers(hasher, conn->rcv_adv);
    add_peers(hasher, conn->ack.last_sent);
    add(hasher, conn->fin_pending ? conn->fin_offset : 0);
    add(hasher, conn->ack.unacked_bytes);
    add(hasher, (uint64_t)conn->max_snd_wnd << 16 | conn->rcv_mss);
    add(hasher, (uint64_t)challenge_age(stack, conn, hasher->end->clock_us));
    if (conn->ts_ok)
        add_paws(hasher, conn);
}

static void add_time_wait(struct hasher *hasher, uint32_t handle)
{
    struct te_time_wait_view view;
    te_time_wait_view(hasher->end->stack, handle, &view);
    add(hasher, view.window);
    if (view.ts_ok)
        add(hasher, timestamp_age(view.ts_recent, hasher->peer));
}

/* The scoreboards, as a saved stack has them. */
static void add_recovery(struct hasher *hasher, struct te_conn *conn)
{
    uint8_t bytes[SCOREBOARD_MAX] = {0};
    struct te_codec codec;
    te_codec_init_writer(&codec, bytes, sizeof(bytes));
    te_sender_save(&codec, hasher->end->stack, conn);
    te_ranges_save(&codec, &conn->out_of_order, &hasher->end->stack->config.allocator);
    te_dsacks_save(&codec, &conn->ack.dsacks, &hasher->end->stack->config.allocator);
    assert(codec.at <= sizeof(bytes));
    for (size_t at = 0; at < codec.at; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof(word));
        add(hasher, word);
    }
    add(hasher, (uint64_t)conn->recovery.state << 40 |
                    (uint64_t)conn->recovery.duplicate_acks << 32 | conn->recovery.recover);
}

static void add_object(struct hasher *hasher, uint64_t id)
{
    const struct te_stack *stack = hasher->end->stack;
    struct te_status status;
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    uint32_t handle = te_time_wait_find_id(stack, id);
    if (te_status(stack, id, &status) != TE_OK)
        return;
    add_status(hasher, &status);
    if (conn != NULL)
        add_hidden(hasher, conn);
    if (conn != NULL && hasher->is_exact)
        add_recovery(hasher, conn);
    if (handle != TE_TIME_WAIT_NONE)
        add_time_wait(hasher, handle);
}

/* All ids in order, oldest first. Of a listener only its presence counts: its queues show in their
 * connections. */
static unsigned list_objects(const struct te_stack *stack, uint64_t *ids)
{
    static const enum te_walk_kind kinds[] = {TE_WALK_CONNECTIONS, TE_WALK_TIME_WAIT};
    unsigned count = 0;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t cursor = 0;
        struct te_status status;
        while (count < OBJECTS_MAX && te_walk(stack, kinds[i], &cursor, &status)) {
            unsigned at = count++;
            for (; at > 0 && ids[at - 1] > status.id; at--)
                ids[at] = ids[at - 1];
            ids[at] = status.id;
        }
    }
    return count;
}

static void add_end(struct hasher *hasher)
{
    const struct end *end = hasher->end;
    uint64_t ids[OBJECTS_MAX];
    unsigned count = list_objects(end->stack, ids);
    add(hasher, (uint64_t)count << 32 | (uint64_t)end->is_stream_over << 2 |
                    (uint64_t)(end->listener_id != 0) << 1 | (uint64_t)(end->conn_id != 0));
    add(hasher, end->received_bytes);
    add(hasher, end->arrived);
    uint32_t later = world_next_iss(end);
    for (unsigned i = 0; i < INCARNATIONS_MAX; i++) {
        add(hasher, end->incarnations[i].sent_bytes);
        add(hasher, name_gap(later, end->incarnations[i].iss));
        later = end->incarnations[i].iss;
    }
    for (unsigned i = 0; i < count; i++) {
        add(hasher, ids[i] == end->conn_id);
        add_object(hasher, ids[i]);
    }
}

uint64_t fingerprint_of_frame(const struct world *world, const struct frame *frame)
{
    struct hasher hasher = {.end = &world->ends[1 - frame->to], .peer = &world->ends[frame->to]};
    add(&hasher, (uint64_t)frame->to << 32 | (uint64_t)frame->flags << 16 | frame->payload_len);
    add_own(&hasher, frame->seq);
    if (frame->flags & TE_ACK)
        add_peers(&hasher, frame->ack);
    add(&hasher, frame->rest);
    if (frame->has_timestamps) {
        add(&hasher, timestamp_age(frame->ts_value, hasher.end));
        add(&hasher, timestamp_age(frame->ts_echo, hasher.peer));
    }
    return hasher.hash;
}

static uint64_t hash_frames(const struct world *world)
{
    uint64_t ordered[SIDES] = {1, 2};
    uint64_t sum = world->frame_count;
    for (unsigned i = 0; i < world->frame_count; i++) {
        const struct frame *frame = &world->frames[i];
        uint64_t hash = fingerprint_of_frame(world, frame);
        ordered[frame->to] = fingerprint_mix(ordered[frame->to], hash);
        sum += hash;
    }
    return world->scenario->is_orderly ? fingerprint_mix(ordered[0], ordered[1]) : sum;
}

/* The state, without what may still be done to it. */
static uint64_t hash_moment(const struct world *world)
{
    struct hasher hasher = {.hash = hash_frames(world), .is_exact = world->scenario->is_under_way};
    for (unsigned side = 0; side < SIDES; side++) {
        hasher.end = &world->ends[side];
        hasher.peer = &world->ends[1 - side];
        add_end(&hasher);
    }
    return hasher.hash;
}

static uint64_t not_zero(uint64_t hash)
{
    return hash != 0 ? hash : 1;
}

struct fingerprints fingerprint_of(const struct world *world)
{
    uint64_t moment = hash_moment(world);
    uint64_t budget = (uint64_t)world->left.drops | (uint64_t)world->left.copies << 8 |
                      (uint64_t)world->left.timers << 16 | (uint64_t)world->left.aborts << 24 |
                      (uint64_t)world->ends[0].next_call << 32 |
                      (uint64_t)world->ends[1].next_call << 36;
    uint64_t past = (uint64_t)world->was_cut << 40 | (uint64_t)world->ended_silently << 41 |
                    (uint64_t)world_was_throttled(world) << 42;
    return (struct fingerprints){
        .future = not_zero(fingerprint_mix(moment, budget | past)),
        .peace = not_zero(fingerprint_mix(moment, world_may_be_half_open(world))),
    };
}
