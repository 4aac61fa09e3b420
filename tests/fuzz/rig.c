#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/save.h>

#include "peer.h"
#include "rig_output.h"
#include "util/seq.h"

/* Bounds on the work for one packet: slightly more than what one ACK of a whole window of smallest
 * segments, and one datagram of the most fragments, cost. */
#define FRAMES_PER_STEP_MAX 2048
#define ALLOCS_PER_INPUT_MAX 64
#define TIMER_ROUNDS_MAX 2000
#define QUESTION_ROUNDS_MAX 64

#define FOLDER_LEN_MAX 4000

static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x01};

uint8_t rig_byte(uint32_t seq)
{
    return (uint8_t)(seq * 0x9e3779b1u >> 24);
}

struct te_addr rig_stack_addr(bool is_v6)
{
    const uint8_t v4[4] = {10, 0, 0, 1};
    const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    return is_v6 ? te_addr_from_v6(v6) : te_addr_from_v4(v4);
}

/* --- life ------------------------------------------------------------------------------------- */

static void set_small_limits(struct te_config *config)
{
    config->conn_max = 6;
    config->time_wait_max = 2;
    config->orphan_max = 2;
    config->syn_queue_max = 2;
    config->backlog_max = 2;
    config->neighbour_max = 3;
    config->neighbour_incomplete_max = 2;
    config->reassembly_max = 3;
    config->reassembly_source_max = 2;
    config->reassembly_bytes_max = 4096;
    config->control_queue_max = 4;
    config->event_max = 4;
    config->history_conn_max = 2;
    config->drop_log_conn_max = 2;
    config->note_log_conn_max = 2;
    config->send_buffer_initial_bytes = 1024;
    config->send_buffer_max_bytes = 4096;
    config->receive_buffer_initial_bytes = 2048;
    config->receive_buffer_max_bytes = 8192;
    config->out_of_order_ranges_max = 4;
    config->challenge_ack_per_second = 2;
    config->rst_per_second = 2;
    config->icmp_per_second = 2;
    config->port_first = 40000;
    config->port_last = 40003;
}

static void set_limits(struct te_config *config)
{
    config->conn_max = 64;
    config->time_wait_max = 16;
    config->neighbour_max = config->neighbour_incomplete_max = 16;
    config->event_max = 64;
    config->history_conn_max = 16;
    config->drop_log_conn_max = 16;
    config->note_log_conn_max = 16;
    config->send_buffer_max_bytes = 1 << 16;
    config->receive_buffer_max_bytes = 1 << 18;
}

static void set_traits(struct te_config *config, uint8_t traits)
{
    config->timestamps = (traits & RIG_NO_TIMESTAMPS) == 0;
    config->sack = (traits & RIG_NO_SACK) == 0;
    config->window_scale = (traits & RIG_NO_WSCALE) == 0;
    config->checksum_offload = config->gso = (traits & RIG_OFFLOAD) != 0;
    config->dad = config->optimistic_dad = (traits & RIG_DAD) != 0;
    config->time_wait_policy =
        (traits & RIG_SKIP_TW) != 0 ? TE_TIME_WAIT_SKIP : TE_TIME_WAIT_EVICT_OLDEST;
    config->mtu_bytes = (traits & RIG_SMALL_MTU) != 0 ? 1280 : 1500;
    if ((traits & RIG_SMALL) != 0)
        set_small_limits(config);
    else
        set_limits(config);
}

/* 10.0.0.1/24 and 2001:db8::1/64, and a router at 10.0.0.3. */
static void set_addresses(struct te_config *config)
{
    memcpy(config->mac, mac, sizeof(mac));
    config->addresses[0] = (struct te_cidr){rig_stack_addr(false), 24};
    config->addresses[1] = (struct te_cidr){rig_stack_addr(true), 64};
    config->address_count = 2;
    const uint8_t any[4] = {0};
    config->routes[0].destination = (struct te_cidr){te_addr_from_v4(any), 0};
    config->routes[0].gateway = peer_router();
    config->route_count = 1;
}

static void set_sender(struct te_config *config, const struct rig_options *options)
{
    static const char *const names[] = {"cubic", "reno", "bbr"};
    snprintf(config->congestion_control, sizeof(config->congestion_control), "%s",
             names[options->algorithm % 3]);
    config->ecn = (enum te_ecn_mode)((TE_ECN_PASSIVE + options->algorithm / 3) % (TE_ECN_ON + 1));
    config->features = TE_FEATURES_DEFAULT ^ (options->features & TE_FEATURES_ALL);
}

void rig_start(struct rig *rig, const struct rig_options *options)
{
    memset(rig, 0, sizeof(*rig));
    te_config_init(&rig->config);
    rig->config.allocator = fuzz_allocator(&rig->memory);
    memset(rig->config.secret, options->secret, sizeof(rig->config.secret));
    set_traits(&rig->config, options->traits);
    set_sender(&rig->config, options);
    set_addresses(&rig->config);
    rig->now_us = RIG_SECOND_US;
    for (unsigned i = 0; i < RIG_SLOTS; i++)
        peer_init_slot(&rig->slots[i], i);
    FUZZ_CHECK(te_stack_new(&rig->config, rig->now_us, &rig->stack) == TE_OK, "no stack");
    rig_settle(rig);
}

void rig_stop(struct rig *rig)
{
    uint64_t cursor = 0;
    struct te_status status;
    while (te_walk(rig->stack, TE_WALK_CONNECTIONS, &cursor, &status))
        rig_receive(rig, status.id, 0);
    te_stack_free(rig->stack);
    FUZZ_CHECK(rig->memory.bytes == 0, "%lld bytes are left", (long long)rig->memory.bytes);
}

/* --- watching --------------------------------------------------------------------------------- */

static struct rig_watch *watch_of(struct rig *rig, uint64_t id)
{
    for (unsigned i = 0; i < RIG_WATCHES; i++)
        if (rig->watches[i].id == id)
            return &rig->watches[i];
    struct rig_watch *watch = &rig->watches[id % RIG_WATCHES];
    *watch = (struct rig_watch){.id = id};
    return watch;
}

static void look_at(struct rig *rig, const struct te_status *status)
{
    struct rig_watch *watch = watch_of(rig, status->id);
    bool was_open = watch->state >= TE_SYN_RCVD;
    if (was_open && watch->iss == status->iss && status->state >= TE_SYN_RCVD)
        FUZZ_CHECK(seq_leq(watch->snd_una, status->snd_una), "%llu: SND.UNA went back",
                   (unsigned long long)status->id);
    if (was_open && watch->irs == status->irs && status->state >= TE_SYN_RCVD)
        FUZZ_CHECK(seq_leq(watch->rcv_nxt, status->rcv_nxt), "%llu: RCV.NXT went back",
                   (unsigned long long)status->id);
    FUZZ_CHECK(watch->send_acked <= status->send_acked &&
                   watch->receive_next <= status->receive_next,
               "%llu: a stream went back", (unsigned long long)status->id);
    FUZZ_CHECK(status->send_acked <= status->send_accepted &&
                   status->receive_released <= status->receive_next,
               "%llu: offsets are out of order", (unsigned long long)status->id);
    *watch = (struct rig_watch){.id = status->id,
                                .state = status->state,
                                .iss = status->iss,
                                .irs = status->irs,
                                .snd_una = status->snd_una,
                                .rcv_nxt = status->rcv_nxt,
                                .send_acked = status->send_acked,
                                .receive_next = status->receive_next};
}

static bool is_same(const struct te_endpoint *a, const struct te_endpoint *b)
{
    return a->port == b->port && te_addr_equal(&a->addr, &b->addr);
}

static void note_for_slots(struct rig *rig, const struct te_status *status)
{
    for (unsigned i = 0; i < RIG_SLOTS; i++) {
        struct rig_slot *slot = &rig->slots[i];
        if (!is_same(&slot->local, &status->local) || !is_same(&slot->remote, &status->remote))
            continue;
        slot->id = status->id;
        slot->is_there = true;
        slot->status = *status;
    }
}

static void look(struct rig *rig)
{
    static const enum te_walk_kind kinds[] = {TE_WALK_TIME_WAIT, TE_WALK_CONNECTIONS};
    uint64_t id = 0;
    const char *wrong = te_stack_check_invariants(rig->stack, &id);
    FUZZ_CHECK(wrong == NULL, "%s (id %llu)", wrong, (unsigned long long)id);
    for (unsigned i = 0; i < RIG_SLOTS; i++)
        rig->slots[i].is_there = false;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t cursor = 0;
        struct te_status status;
        while (te_walk(rig->stack, kinds[i], &cursor, &status)) {
            if (kinds[i] == TE_WALK_CONNECTIONS)
                look_at(rig, &status);
            note_for_slots(rig, &status);
        }
    }
}

/* --- steps ------------------------------------------------------------------------------------ */

static void pull(struct rig *rig)
{
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    struct te_event event;
    unsigned frames = 0;
    while (te_stack_poll_output(rig->stack, header, &output, rig->now_us)) {
        FUZZ_CHECK(++frames < FRAMES_PER_STEP_MAX, "one step made %u frames", frames);
        rig_on_output(rig, &output);
    }
    while (te_stack_next_event(rig->stack, &event))
        FUZZ_CHECK(event.time_us <= rig->now_us, "an event of the future");
}

void rig_settle(struct rig *rig)
{
    pull(rig);
    for (unsigned i = 0; i < QUESTION_ROUNDS_MAX && rig->question_count > 0; i++) {
        struct te_addr addr = rig->questions[--rig->question_count];
        if (!rig->is_mute)
            peer_answer(rig, &addr); /* settles again */
    }
    look(rig);
}

void rig_input(struct rig *rig, const struct te_frame_meta *meta)
{
    uint64_t before = rig->memory.allocs;
    uint8_t *copy = malloc(rig->frame_len); /* exact size, for AddressSanitizer */
    if (rig->frame_len > 0)
        memcpy(copy, rig->frame, rig->frame_len);
    te_stack_input(rig->stack, copy, rig->frame_len, meta, rig->now_us);
    free(copy);
    uint64_t allocs = rig->memory.allocs - before;
    FUZZ_CHECK(allocs <= ALLOCS_PER_INPUT_MAX, "one frame took %llu allocations",
               (unsigned long long)allocs);
}

void rig_advance(struct rig *rig, int64_t us)
{
    int64_t end_us = rig->now_us + us;
    for (unsigned rounds = 0; rounds < TIMER_ROUNDS_MAX; rounds++) {
        int64_t next_us = te_stack_next_timeout(rig->stack);
        if (next_us > end_us)
            break;
        if (next_us > rig->now_us)
            rig->now_us = next_us;
        te_stack_handle_timeout(rig->stack, rig->now_us);
        rig_settle(rig);
    }
    rig->now_us = end_us; /* after too many timers: the host was late */
    rig_settle(rig);
}

void rig_rebear(struct rig *rig)
{
    size_t len, again_len;
    struct te_stack *again = NULL;
    uint8_t *bytes = fuzz_save(rig->stack, &len);
    rig->memory.left = -1; /* it would end everything */
    te_stack_free(rig->stack);
    FUZZ_CHECK(rig->memory.bytes == 0, "%lld bytes are left", (long long)rig->memory.bytes);
    enum te_err err = te_stack_restore(&rig->config, bytes, len, rig->now_us, &again);
    FUZZ_CHECK(err == TE_OK, "a saved stack is not restored: %s", te_err_text(err));
    rig->stack = again;
    uint8_t *again_bytes = fuzz_save(again, &again_len);
    FUZZ_CHECK(len == again_len && memcmp(bytes, again_bytes, len) == 0,
               "the state differs after a restore");
    free(bytes);
    free(again_bytes);
    rig_settle(rig);
}

void rig_keep(const struct rig *rig, const char *folder)
{
    static unsigned kept;
    char path[FOLDER_LEN_MAX + 16];
    size_t len;
    uint8_t *bytes = fuzz_save(rig->stack, &len);
    snprintf(path, sizeof(path), "%.*s/%05u", FOLDER_LEN_MAX, folder, kept++);
    FILE *file = fopen(path, "wb");
    size_t without_checksum = len - FUZZ_STATE_CHECKSUM_BYTES;
    FUZZ_CHECK(file != NULL && fwrite(bytes, 1, without_checksum, file) == without_checksum,
               "cannot write %s", path);
    fclose(file);
    free(bytes);
}

void rig_receive(struct rig *rig, uint64_t id, size_t release)
{
    struct te_status status;
    struct te_received received;
    if (te_status(rig->stack, id, &status) != TE_OK ||
        te_receive_peek(rig->stack, id, status.receive_released, SIZE_MAX / 2, &received) != TE_OK)
        return;
    uint32_t seq = status.irs + 1 + (uint32_t)status.receive_released;
    size_t total = 0;
    for (unsigned i = 0; i < 2; i++)
        for (size_t at = 0; at < received.iov[i].len; at++, total++, seq++)
            FUZZ_CHECK(received.iov[i].base[at] == rig_byte(seq),
                       "%llu: byte %zu beyond what was released is not what the peer sent",
                       (unsigned long long)id, total);
    FUZZ_CHECK(total == received.total_bytes, "the pieces are not the total");
    if (release == 0)
        return;
    release = release < total ? release : total;
    te_receive_release(rig->stack, id, status.receive_released + release, rig->now_us);
    rig_settle(rig);
}
