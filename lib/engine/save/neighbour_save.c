/* Entries in the order of their FIFOs; STALE ones, which are in none, in the order of use. Then the
 * order of use of all, those that were never used apart. */
#include "ip/ip.h"
#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"

#define ENTRY_BYTES_MIN 48
#define ADDR_BYTES 16
#define ID_BYTES 8
#define FRAME_BYTES_MIN 19

TE_SAVED_ITEMS(struct te_neighbours, used, struct te_neighbour);
TE_SAVED_ITEMS(struct te_neighbours, unused, struct te_neighbour);
TE_SAVED_ITEMS(struct te_neighbours, timers, struct te_neighbour);
TE_SAVED_ITEMS(struct te_neighbour, waiters, struct te_conn);
TE_SAVED_ITEMS(struct te_neighbour, frames, struct te_control_frame);
TE_NOT_SAVED(struct te_neighbours, "the table is rebuilt", buckets, bucket_count);
TE_NOT_SAVED(struct te_neighbours, "counted again", unresolved_count, waiting_count);
TE_NOT_SAVED(struct te_neighbours, "drawn from the secret again", reachable_us);
TE_NOT_SAVED(struct te_neighbours, "armed again", timer);
TE_NOT_SAVED(struct te_neighbour, "the lists are rebuilt", bucket_link, use_link, timer_link);

static struct te_neighbour *by_use(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_neighbour, use_link);
}

static struct te_neighbour *by_timer(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_neighbour, timer_link);
}

static void entry_fields(struct te_codec *codec, struct te_neighbour *neighbour)
{
    te_save_addr(codec, &neighbour->addr);
    TE_CODEC_ENUM(codec, neighbour->state, enum te_neighbour_state, TE_NEIGHBOUR_STATE_COUNT);
    te_codec_bytes(codec, neighbour->mac, sizeof(neighbour->mac));
    te_codec_u8(codec, &neighbour->asked);
    te_codec_time(codec, &neighbour->due_at_us);
    te_codec_past(codec, &neighbour->confirmed_at_us);
    if (codec->version < TE_SAVE_VERSION_LAN) {
        neighbour->resolved_at_us = codec->now_us;
        return;
    }
    te_codec_past(codec, &neighbour->resolved_at_us);
    TE_CODEC_ENUM(codec, neighbour->claim, enum te_neighbour_claim, TE_CLAIM_COUNT);
    te_codec_past(codec, &neighbour->claim_at_us);
    te_codec_bytes(codec, neighbour->former_mac, sizeof(neighbour->former_mac));
    te_codec_bool(codec, &neighbour->is_unused);
}

/* --- what waits for an entry ------------------------------------------------------------------ */

static void read_frame(struct te_codec *codec, struct te_stack *stack,
                       struct te_neighbour *neighbour)
{
    struct te_control_frame *frame = te_save_frame(codec, stack, NULL);
    if (frame == NULL)
        return;
    te_list_push_back(&neighbour->frames, &frame->link);
    neighbour->frame_count++;
    stack->neighbours.waiting_count++;
}

static void frames_fields(struct te_codec *codec, struct te_stack *stack,
                          struct te_neighbour *neighbour)
{
    struct te_list *frames = &neighbour->frames;
    uint32_t count =
        te_codec_count(codec, neighbour->frame_count, TE_NEIGHBOUR_FRAMES_MAX, FRAME_BYTES_MIN);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_frame(codec, stack, neighbour);
    if (codec->is_reading)
        return;
    for (struct te_list *link = frames->next; link != frames; link = link->next)
        te_save_frame(codec, stack, TE_CONTAINER(link, struct te_control_frame, link));
}

static void read_waiter(struct te_codec *codec, struct te_stack *stack,
                        struct te_neighbour *neighbour)
{
    struct te_conn *conn = te_save_conn_ref(codec, stack, NULL);
    if (conn == NULL)
        return;
    te_codec_require(codec, !conn->is_remains && !conn->waits_neighbour);
    if (!te_codec_is_ok(codec))
        return;
    conn->waits_neighbour = true;
    te_list_push_back(&neighbour->waiters, &conn->queue_link);
}

static void waiters_fields(struct te_codec *codec, struct te_stack *stack,
                           struct te_neighbour *neighbour)
{
    struct te_list *waiters = &neighbour->waiters;
    uint32_t count = te_codec_count(codec, te_list_len(waiters), stack->config.conn_max, ID_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_waiter(codec, stack, neighbour);
    if (codec->is_reading)
        return;
    for (struct te_list *link = waiters->next; link != waiters; link = link->next)
        te_save_conn_ref(codec, stack, te_conn_of_queue_link(link));
}

/* --- entries ---------------------------------------------------------------------------------- */

static void write_entry(struct te_codec *codec, struct te_stack *stack,
                        struct te_neighbour *neighbour)
{
    entry_fields(codec, neighbour);
    frames_fields(codec, stack, neighbour);
    waiters_fields(codec, stack, neighbour);
}

static void write_stale(struct te_codec *codec, struct te_stack *stack, struct te_list *by_age)
{
    for (struct te_list *link = by_age->next; link != by_age; link = link->next)
        if (by_use(link)->state == TE_NEIGHBOUR_STALE)
            write_entry(codec, stack, by_use(link));
}

static void write_entries(struct te_codec *codec, struct te_stack *stack)
{
    struct te_neighbours *neighbours = &stack->neighbours;
    for (unsigned state = 0; state < TE_NEIGHBOUR_STATE_COUNT; state++) {
        struct te_list *fifo = &neighbours->timers[state];
        for (struct te_list *link = fifo->next; link != fifo; link = link->next)
            write_entry(codec, stack, by_timer(link));
    }
    write_stale(codec, stack, &neighbours->used);
    write_stale(codec, stack, &neighbours->unused);
}

static bool has_room(const struct te_stack *stack, const struct te_neighbour *neighbour)
{
    return !te_neighbour_is_unresolved(neighbour) ||
           stack->neighbours.unresolved_count < stack->config.neighbour_incomplete_max;
}

static struct te_neighbour *make_entry(struct te_codec *codec, struct te_stack *stack,
                                       const struct te_neighbour *read)
{
    te_codec_require(codec, te_ip_is_unicast(stack, &read->addr) &&
                                te_neighbour_find(stack, &read->addr) == NULL &&
                                !(read->is_unused && te_neighbour_is_unresolved(read)));
    if (!has_room(stack, read))
        te_codec_fail(codec, TE_ERR_RESOURCES);
    if (!te_codec_is_ok(codec))
        return NULL;
    struct te_neighbour *neighbour = te_stack_alloc(stack, sizeof(*neighbour));
    if (neighbour == NULL) {
        te_codec_fail(codec, TE_ERR_NOMEM);
        return NULL;
    }
    *neighbour = *read;
    te_neighbour_link(stack, neighbour);
    return neighbour;
}

/* Deadlines in a FIFO rise, and none is later than one that starts now. */
static void join_fifo(struct te_codec *codec, struct te_stack *stack,
                      struct te_neighbour *neighbour)
{
    struct te_list *fifo = &stack->neighbours.timers[neighbour->state];
    int64_t lasts_us = te_neighbour_duration_us(&stack->neighbours, neighbour->state);
    if (lasts_us == TE_NEVER)
        return;
    if (neighbour->due_at_us > stack->now_us + lasts_us)
        neighbour->due_at_us = stack->now_us + lasts_us;
    te_codec_require(codec, te_list_is_empty(fifo) ||
                                by_timer(fifo->prev)->due_at_us <= neighbour->due_at_us);
    te_list_push_back(fifo, &neighbour->timer_link);
}

static void read_entry(struct te_codec *codec, struct te_stack *stack)
{
    struct te_neighbour read = {.asked = 0};
    entry_fields(codec, &read);
    struct te_neighbour *neighbour = make_entry(codec, stack, &read);
    if (neighbour == NULL)
        return;
    join_fifo(codec, stack, neighbour);
    frames_fields(codec, stack, neighbour);
    waiters_fields(codec, stack, neighbour);
    bool is_waited_for = neighbour->frame_count > 0 || !te_list_is_empty(&neighbour->waiters);
    te_codec_require(codec, !is_waited_for || neighbour->state == TE_NEIGHBOUR_INCOMPLETE);
}

/* --- the order of use ------------------------------------------------------------------------- */

static void read_use(struct te_codec *codec, struct te_stack *stack, struct te_list *by_age)
{
    struct te_addr addr = {{0}};
    te_save_addr(codec, &addr);
    const struct te_neighbour *found =
        te_codec_is_ok(codec) ? te_neighbour_find(stack, &addr) : NULL;
    te_codec_require(codec, found != NULL);
    if (found == NULL)
        return;
    struct te_neighbour *neighbour = TE_CONTAINER(&found->addr, struct te_neighbour, addr);
    bool is_unused_list = by_age == &stack->neighbours.unused;
    te_codec_require(codec, te_list_is_empty(&neighbour->use_link) &&
                                neighbour->is_unused == is_unused_list);
    if (te_codec_is_ok(codec))
        te_list_push_back(by_age, &neighbour->use_link);
}

static void use_fields(struct te_codec *codec, struct te_stack *stack, struct te_list *by_age)
{
    uint32_t count =
        te_codec_count(codec, te_list_len(by_age), stack->config.neighbour_max, ADDR_BYTES);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_use(codec, stack, by_age);
    if (codec->is_reading)
        return;
    for (struct te_list *link = by_age->next; link != by_age; link = link->next)
        te_save_addr(codec, &by_use(link)->addr);
}

void te_save_neighbours(struct te_codec *codec, struct te_stack *stack)
{
    uint32_t count = te_codec_count(codec, stack->neighbours.count, stack->config.neighbour_max,
                                    ENTRY_BYTES_MIN);
    if (!codec->is_reading)
        write_entries(codec, stack);
    for (uint32_t i = 0; i < count && codec->is_reading; i++)
        read_entry(codec, stack);
    use_fields(codec, stack, &stack->neighbours.used);
    if (codec->version >= TE_SAVE_VERSION_LAN)
        use_fields(codec, stack, &stack->neighbours.unused);
    if (codec->is_reading)
        te_neighbours_arm(stack);
}
