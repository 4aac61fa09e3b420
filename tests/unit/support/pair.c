#include "support/pair.h"

#include <stdlib.h>
#include <string.h>

#include "stack_internal.h"
#include "support/fixture.h"
#include "support/heap.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/sender.h"

#define START_US INT64_C(1000000)
#define DELAY_US 10000
#define CONNECTIONS_MAX 64
#define FRAMES_MAX 4096
#define CHUNK_BYTES 3000
#define LISTEN_PORT 80

struct flight {
    int64_t at_us;
    unsigned to;
    uint64_t order;
    uint8_t *bytes;
    size_t len;
    struct te_frame_meta meta;
};

/* One end of one connection, as its application sees it. */
struct end {
    uint64_t id;
    uint32_t sent;
    uint64_t received;
    bool is_closed;
};

struct side {
    struct te_config config;
    struct te_stack *stack;
    struct heap heap;
    uint64_t listener_id;
    struct end ends[CONNECTIONS_MAX];
    unsigned end_count;
    uint64_t received;
};

struct pair {
    struct pair_setup setup;
    struct side sides[PAIR_SIDES];
    int64_t now_us, read_at_us;
    uint32_t random;
    uint64_t order;
    struct flight flights[FRAMES_MAX];
    unsigned flight_count;
    uint8_t *log;
    size_t log_len, log_size;
    unsigned rebirths;
};

/* --- the log ---------------------------------------------------------------------------------- */

static void note(struct pair *pair, const void *bytes, size_t len)
{
    if (pair->log_len + len > pair->log_size) {
        pair->log_size = 2 * (pair->log_len + len);
        pair->log = realloc(pair->log, pair->log_size);
    }
    memcpy(pair->log + pair->log_len, bytes, len);
    pair->log_len += len;
}

static void note_number(struct pair *pair, int64_t number)
{
    note(pair, &number, sizeof(number));
}

static void note_event(struct pair *pair, unsigned side, const struct te_event *event)
{
    note(pair, "event", 5);
    note_number(pair, side);
    note_number(pair, event->kind);
    note_number(pair, (int64_t)event->id);
    note_number(pair, event->time_us);
    note_number(pair, event->transition.from);
    note_number(pair, event->transition.to);
    note_number(pair, event->transition.cause);
    note_number(pair, event->transition.segment.seq);
    note_number(pair, event->ready);
    note_number(pair, event->error);
}

/* --- rebirth ---------------------------------------------------------------------------------- */

/* What a connection is but for the places that it stands in: every byte of it comes back. */
struct copy {
    struct te_conn conn;
    struct te_sender sender;
};

static void copy_sender(const struct te_sender *sender, struct te_sender *copy)
{
    memcpy(copy, sender, sizeof(*copy));
    memset(&copy->map, 0, sizeof(copy->map)); /* compared by what is done with it */
    if (!copy->undo.is_armed)
        memset(&copy->undo, 0, sizeof(copy->undo));
    copy->undo.before.state = NULL;
    memset(&copy->hold, 0, sizeof(copy->hold)); /* for people: begins anew */
}

static void copy_conn(const struct te_conn *conn, struct copy *ret_copy)
{
    struct te_conn *copy = &ret_copy->conn;
    memset(ret_copy, 0, sizeof(*ret_copy));
    memcpy(copy, conn, sizeof(*copy));
    copy->next_by_tuple = copy->next_by_id = NULL;
    memset(&copy->queue_link, 0, sizeof(copy->queue_link));
    memset(&copy->listener_link, 0, sizeof(copy->listener_link));
    memset(&copy->ready.link, 0, sizeof(copy->ready.link));
    memset(&copy->timer.link, 0, sizeof(copy->timer.link));
    memset(&copy->history, 0, sizeof(copy->history)); /* unused items need not be zero */
    copy->listener = NULL;
    memset(&copy->send_ring, 0, sizeof(copy->send_ring)); /* padding */
    memset(&copy->receive_ring, 0, sizeof(copy->receive_ring));
    memset(&copy->holder_link, 0, sizeof(copy->holder_link)); /* the charge begins anew */
    copy->progress_at_us = 0;
    copy->drained_bytes = copy->charged_ring_bytes = 0;
    copy->charged_rest_bytes = copy->receive_cap_bytes = 0;
    copy->offers_none = false; /* for notes only */
    memset(copy->held_ms, 0, sizeof(copy->held_ms));
    copy->send_ring.size_bits = conn->send_ring.size_bits;
    copy->receive_ring.size_bits = conn->receive_ring.size_bits;
    memset(&copy->out_of_order, 0, sizeof(copy->out_of_order));
    copy->out_of_order.count = conn->out_of_order.count;
    copy->ack.dsacks = NULL;
    copy->sender = NULL;
    copy->cc.state = NULL;
    copy->mtu_search = NULL;
    if (conn->sender != NULL)
        copy_sender(conn->sender, &ret_copy->sender);
}

static unsigned copy_conns(const struct te_stack *stack, struct copy *copies)
{
    uint64_t cursor = 0;
    unsigned count = 0;
    const struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL) {
        assert_true(count < CONNECTIONS_MAX);
        copy_conn(conn, &copies[count++]);
    }
    return count;
}

static void compare_bytes(const void *before, const void *after, size_t len, const char *what)
{
    const uint8_t *a = before, *b = after;
    for (size_t at = 0; at < len; at++)
        if (a[at] != b[at])
            fail_msg("byte %zu of %s was not saved", at, what);
}

static void compare_conns(const struct copy *before, const struct copy *after, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        compare_bytes(&before[i].conn, &after[i].conn, sizeof(before[i].conn), "te_conn");
        compare_bytes(&before[i].sender, &after[i].sender, sizeof(before[i].sender), "te_sender");
    }
}

static void rebear(struct pair *pair, struct side *side)
{
    static struct copy before[CONNECTIONS_MAX], after[CONNECTIONS_MAX];
    unsigned count = copy_conns(side->stack, before);
    size_t len = te_stack_save(side->stack, NULL, 0);
    uint8_t *bytes = malloc(len);
    int64_t next_us = te_stack_next_timeout(side->stack);
    assert_int_equal(te_stack_save(side->stack, bytes, len), len);
    te_stack_free(side->stack);
    assert_int_equal(side->heap.held_bytes, 0);
    assert_int_equal(te_stack_restore(&side->config, bytes, len, pair->now_us, &side->stack),
                     TE_OK);
    free(bytes);
    assert_int_equal(te_stack_next_timeout(side->stack), next_us);
    assert_int_equal(copy_conns(side->stack, after), count);
    compare_conns(before, after, count);
    pair->rebirths++;
}

static void check(struct pair *pair, struct side *side)
{
    uint64_t id;
    const char *wrong = te_stack_check_invariants(side->stack, &id);
    if (wrong != NULL)
        fail_msg("%s (id %llu)", wrong, (unsigned long long)id);
    if (pair->setup.reborn)
        rebear(pair, side);
}

/* --- the link --------------------------------------------------------------------------------- */

static uint32_t draw(struct pair *pair)
{
    pair->random = pair->random * 1664525u + 1013904223u;
    return pair->random >> 8;
}

static bool chance(struct pair *pair, unsigned percent)
{
    return draw(pair) % 100 < percent;
}

static void launch(struct pair *pair, unsigned to, const uint8_t *bytes, size_t len,
                   const struct te_frame_meta *meta)
{
    assert_true(pair->flight_count < FRAMES_MAX);
    struct flight *flight = &pair->flights[pair->flight_count++];
    int64_t late_us = chance(pair, pair->setup.reorder_percent) ? draw(pair) % 30000 : 0;
    *flight = (struct flight){.at_us = pair->now_us + DELAY_US + late_us,
                              .to = to,
                              .order = pair->order++,
                              .bytes = malloc(len),
                              .len = len,
                              .meta = *meta};
    memcpy(flight->bytes, bytes, len);
}

static void send_frame(struct pair *pair, unsigned from, const struct te_output *output)
{
    static uint8_t bytes[70000];
    size_t len = 0;
    for (unsigned i = 0; i < output->iov_count; i++) {
        memcpy(bytes + len, output->iov[i].base, output->iov[i].len);
        len += output->iov[i].len;
    }
    note(pair, "frame", 5);
    note_number(pair, from);
    note_number(pair, pair->now_us);
    note(pair, bytes, len);
    if (chance(pair, pair->setup.loss_percent))
        return;
    launch(pair, !from, bytes, len, &output->meta);
    if (chance(pair, pair->setup.duplicate_percent))
        launch(pair, !from, bytes, len, &output->meta);
}

static void poll_frames(struct pair *pair, unsigned number)
{
    struct side *side = &pair->sides[number];
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    while (te_stack_poll_output(side->stack, header, &output, pair->now_us)) {
        send_frame(pair, number, &output);
        check(pair, side);
    }
}

/* The one that arrives next, taken out; its to is PAIR_SIDES when there is none until then. */
static struct flight land(struct pair *pair, int64_t until_us)
{
    unsigned first = pair->flight_count;
    for (unsigned i = 0; i < pair->flight_count; i++) {
        const struct flight *flight = &pair->flights[i], *best = &pair->flights[first];
        if (flight->at_us <= until_us &&
            (first == pair->flight_count || flight->at_us < best->at_us ||
             (flight->at_us == best->at_us && flight->order < best->order)))
            first = i;
    }
    if (first == pair->flight_count)
        return (struct flight){.to = PAIR_SIDES};
    struct flight landed = pair->flights[first];
    pair->flights[first] = pair->flights[--pair->flight_count];
    return landed;
}

/* --- the applications ------------------------------------------------------------------------- */

static uint8_t pattern(unsigned side, uint64_t offset)
{
    return (uint8_t)(offset * 7 + (offset >> 8) + side * 101);
}

static struct end *end_of(struct side *side, uint64_t id)
{
    for (unsigned i = 0; i < side->end_count; i++)
        if (side->ends[i].id == id)
            return &side->ends[i];
    return NULL;
}

static void add_end(struct side *side, uint64_t id)
{
    assert_true(side->end_count < CONNECTIONS_MAX);
    side->ends[side->end_count++] = (struct end){.id = id};
}

static void write_more(struct pair *pair, unsigned number, struct end *end)
{
    struct side *side = &pair->sides[number];
    while (end->sent < pair->setup.send_bytes[number]) {
        uint8_t chunk[CHUNK_BYTES];
        uint32_t left = pair->setup.send_bytes[number] - end->sent;
        size_t len = left < sizeof(chunk) ? left : sizeof(chunk);
        size_t accepted = 0;
        for (size_t i = 0; i < len; i++)
            chunk[i] = pattern(number, end->sent + i);
        enum te_err err = te_send(side->stack, end->id, chunk, len, &accepted, pair->now_us);
        note_number(pair, err);
        check(pair, side);
        if (err != TE_OK || accepted == 0)
            return;
        end->sent += (uint32_t)accepted;
    }
}

static bool is_aborted(const struct pair *pair, const struct side *side, const struct end *end)
{
    return pair->setup.aborts && (end - side->ends) % 3 == 2;
}

static void close_end(struct pair *pair, unsigned number, struct end *end)
{
    struct side *side = &pair->sides[number];
    if (end->is_closed || end->sent < pair->setup.send_bytes[number])
        return;
    end->is_closed = true;
    enum te_err err = is_aborted(pair, side, end) ? te_abort(side->stack, end->id, pair->now_us)
                      : number == 0               ? te_shutdown(side->stack, end->id, pair->now_us)
                                                  : te_close(side->stack, end->id, pair->now_us);
    note_number(pair, err);
    check(pair, side);
}

static void read_more(struct pair *pair, unsigned number, struct end *end)
{
    struct side *side = &pair->sides[number];
    struct te_received received;
    while (te_receive_peek(side->stack, end->id, end->received, SIZE_MAX, &received) == TE_OK) {
        for (unsigned i = 0; i < 2; i++)
            for (size_t at = 0; at < received.iov[i].len; at++)
                assert_int_equal(received.iov[i].base[at], pattern(!number, end->received++));
        side->received += received.total_bytes;
        te_receive_release(side->stack, end->id, end->received, pair->now_us);
        check(pair, side);
    }
    enum te_err err = te_receive_peek(side->stack, end->id, end->received, 1, &received);
    note_number(pair, err);
    if (err == TE_ERR_CLOSING && number == 0) {
        te_close(side->stack, end->id, pair->now_us);
        check(pair, side);
    }
    if (err == TE_ERR_CLOSING)
        close_end(pair, number, end);
}

static void accept_all(struct pair *pair, struct side *side)
{
    uint64_t id;
    while (te_accept(side->stack, side->listener_id, 7, &id, pair->now_us) == TE_OK) {
        add_end(side, id);
        check(pair, side);
    }
}

static void on_event(struct pair *pair, unsigned number, const struct te_event *event)
{
    struct side *side = &pair->sides[number];
    if (event->kind != TE_EVENT_READY)
        return;
    if (event->ready & TE_READY_ACCEPT)
        accept_all(pair, side);
    struct end *end = end_of(side, event->id);
    if (end == NULL)
        return;
    write_more(pair, number, end);
    if (number == 0)
        close_end(pair, number, end);
    if (number == 0 || pair->setup.read_pause_us == 0)
        read_more(pair, number, end);
}

static void poll_events(struct pair *pair, unsigned number)
{
    struct side *side = &pair->sides[number];
    struct te_event event;
    while (te_stack_next_event(side->stack, &event)) {
        note_event(pair, number, &event);
        check(pair, side);
        on_event(pair, number, &event);
    }
}

static void read_late(struct pair *pair)
{
    pair->read_at_us += pair->setup.read_pause_us;
    for (unsigned i = 0; i < pair->sides[1].end_count; i++)
        read_more(pair, 1, &pair->sides[1].ends[i]);
}

/* --- time ------------------------------------------------------------------------------------- */

static void settle(struct pair *pair, unsigned number)
{
    check(pair, &pair->sides[number]);
    poll_frames(pair, number);
    poll_events(pair, number);
    poll_frames(pair, number);
}

static int64_t next_time(const struct pair *pair)
{
    int64_t next_us = pair->read_at_us;
    for (unsigned i = 0; i < PAIR_SIDES; i++) {
        int64_t at_us = te_stack_next_timeout(pair->sides[i].stack);
        next_us = at_us < next_us ? at_us : next_us;
    }
    for (unsigned i = 0; i < pair->flight_count; i++)
        next_us = pair->flights[i].at_us < next_us ? pair->flights[i].at_us : next_us;
    return next_us;
}

static void step(struct pair *pair)
{
    struct flight flight;
    while ((flight = land(pair, pair->now_us)).to < PAIR_SIDES) {
        te_stack_input(pair->sides[flight.to].stack, flight.bytes, flight.len, &flight.meta,
                       pair->now_us);
        free(flight.bytes);
        settle(pair, flight.to);
    }
    for (unsigned i = 0; i < PAIR_SIDES; i++) {
        if (te_stack_next_timeout(pair->sides[i].stack) > pair->now_us)
            continue;
        te_stack_handle_timeout(pair->sides[i].stack, pair->now_us);
        settle(pair, i);
    }
    if (pair->read_at_us <= pair->now_us) {
        read_late(pair);
        settle(pair, 1);
    }
}

void pair_run(struct pair *pair, int64_t duration_us)
{
    int64_t end_us = pair->now_us + duration_us;
    int64_t next_us;
    while ((next_us = next_time(pair)) <= end_us) {
        pair->now_us = next_us > pair->now_us ? next_us : pair->now_us;
        step(pair);
    }
    pair->now_us = end_us;
}

/* --- birth and death -------------------------------------------------------------------------- */

static void start_side(struct pair *pair, unsigned number)
{
    static const char *const addresses[PAIR_SIDES][2] = {{"10.0.0.1/24", "2001:db8::1/64"},
                                                         {"10.0.0.2/24", "2001:db8::2/64"}};
    struct side *side = &pair->sides[number];
    struct te_config *config = &side->config;
    te_config_init(config);
    config->allocator = heap_init(&side->heap);
    config->mac[0] = 2;
    config->mac[5] = (uint8_t)(number + 1);
    memset(config->secret, 0x40 + (int)number, sizeof(config->secret));
    config->addresses[0] = fixture_cidr(addresses[number][0]);
    config->addresses[1] = fixture_cidr(addresses[number][1]);
    config->address_count = 2;
    config->dad = pair->setup.dad;
    config->checksum_offload = config->gso = pair->setup.gso;
    config->ecn = TE_ECN_ON;
    if (pair->setup.congestion_control != NULL)
        strncpy(config->congestion_control, pair->setup.congestion_control,
                sizeof(config->congestion_control) - 1);
    config->event_max = 256;
    config->history_conn_max = 16;
    config->drop_log_conn_max = 16;
    config->note_log_conn_max = 16;
    config->control_queue_max = 64;
    if (pair->setup.time_wait_max != 0)
        config->time_wait_max = pair->setup.time_wait_max;
    assert_int_equal(te_stack_new(config, pair->now_us, &side->stack), TE_OK);
    settle(pair, number);
}

static void open_all(struct pair *pair)
{
    struct te_listen listen = {.local.port = LISTEN_PORT, .uid = 7};
    assert_int_equal(
        te_open_passive(pair->sides[1].stack, &listen, &pair->sides[1].listener_id, pair->now_us),
        TE_OK);
    struct te_open open = {
        .remote = {pair->sides[1].config.addresses[pair->setup.is_v6].addr, LISTEN_PORT}, .uid = 8};
    for (unsigned i = 0; i < pair->setup.connections; i++) {
        uint64_t id;
        assert_int_equal(te_open_active(pair->sides[0].stack, &open, &id, pair->now_us), TE_OK);
        add_end(&pair->sides[0], id);
    }
    settle(pair, 1);
    settle(pair, 0);
}

struct pair *pair_new(const struct pair_setup *setup)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    pair->setup = *setup;
    pair->random = setup->seed;
    pair->now_us = START_US;
    pair->read_at_us = TE_NEVER;
    for (unsigned i = 0; i < PAIR_SIDES; i++)
        start_side(pair, i);
    if (setup->dad)
        pair_run(pair, 10 * SECOND);
    if (setup->read_pause_us > 0)
        pair->read_at_us = pair->now_us + setup->read_pause_us;
    open_all(pair);
    return pair;
}

void pair_free(struct pair *pair)
{
    for (unsigned i = 0; i < PAIR_SIDES; i++) {
        te_stack_free(pair->sides[i].stack);
        assert_int_equal(pair->sides[i].heap.held_bytes, 0);
    }
    for (unsigned i = 0; i < pair->flight_count; i++)
        free(pair->flights[i].bytes);
    free(pair->log);
    free(pair);
}

struct te_stack *pair_stack(struct pair *pair, unsigned side)
{
    return pair->sides[side].stack;
}

int64_t pair_now_us(const struct pair *pair)
{
    return pair->now_us;
}

const struct te_config *pair_config(const struct pair *pair, unsigned side)
{
    return &pair->sides[side].config;
}

const uint8_t *pair_log(const struct pair *pair, size_t *ret_len)
{
    *ret_len = pair->log_len;
    return pair->log;
}

unsigned pair_rebirths(const struct pair *pair)
{
    return pair->rebirths;
}

uint64_t pair_received(const struct pair *pair, unsigned side)
{
    return pair->sides[side].received;
}
