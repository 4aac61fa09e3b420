#include "ip/neighbour.h"

#include <assert.h>
#include <string.h>
#include <tcpengine/units.h>

#include "ip/arp.h"
#include "ip/ip.h"
#include "ip/nd.h"
#include "stack_internal.h"
#include "wire/eth.h"

/* RFC 4861 10, for ARP as well. */
#define RETRANS_US TE_SECOND
#define DELAY_US (5 * TE_SECOND)
#define BASE_REACHABLE_US (30 * TE_SECOND)
#define SOLICIT_MAX 3 /* MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT */
#define FAILED_US TE_SECOND
/* TCP confirms with every ACK; one confirmation per interval is enough. */
#define CONFIRM_INTERVAL_US TE_SECOND
/* How long the former MAC may refute a claim, and how long claims are not believed after that. */
#define TRIAL_US TE_SECOND
#define REFUTED_US (250 * TE_MS)
/* Linux's locktime: how long the first of several answers keeps out the others. */
#define FIRST_ANSWER_US TE_SECOND

static struct te_neighbour *by_bucket(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_neighbour, bucket_link);
}

static struct te_neighbour *by_use(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_neighbour, use_link);
}

static struct te_neighbour *by_timer(struct te_list *link)
{
    return TE_CONTAINER(link, struct te_neighbour, timer_link);
}

/* --- timers ----------------------------------------------------------------------------------- */

int64_t te_neighbour_duration_us(const struct te_neighbours *neighbours,
                                 enum te_neighbour_state state)
{
    switch (state) {
    case TE_NEIGHBOUR_INCOMPLETE:
    case TE_NEIGHBOUR_PROBE:
        return RETRANS_US;
    case TE_NEIGHBOUR_REACHABLE:
        return neighbours->reachable_us;
    case TE_NEIGHBOUR_DELAY:
        return DELAY_US;
    case TE_NEIGHBOUR_FAILED:
        return FAILED_US;
    case TE_NEIGHBOUR_STALE:
    case TE_NEIGHBOUR_STATE_COUNT:
        break;
    }
    return TE_NEVER;
}

/* The entry whose timer ends first, or NULL. */
static struct te_neighbour *first_due(struct te_neighbours *neighbours)
{
    struct te_neighbour *first = NULL;
    for (unsigned state = 0; state < TE_NEIGHBOUR_STATE_COUNT; state++) {
        struct te_list *timers = &neighbours->timers[state];
        if (te_list_is_empty(timers))
            continue;
        struct te_neighbour *head = by_timer(timers->next);
        if (first == NULL || head->due_at_us < first->due_at_us)
            first = head;
    }
    return first;
}

void te_neighbours_arm(struct te_stack *stack)
{
    const struct te_neighbour *first = first_due(&stack->neighbours);
    te_wheel_arm(&stack->wheel, &stack->neighbours.timer,
                 first == NULL ? TE_NEVER : first->due_at_us);
}

static void start_timer(struct te_stack *stack, struct te_neighbour *neighbour)
{
    int64_t lasts_us = te_neighbour_duration_us(&stack->neighbours, neighbour->state);
    te_list_remove(&neighbour->timer_link);
    if (lasts_us != TE_NEVER) {
        neighbour->due_at_us = stack->now_us + lasts_us;
        te_list_push_back(&stack->neighbours.timers[neighbour->state], &neighbour->timer_link);
    }
    te_neighbours_arm(stack);
}

/* --- entries ---------------------------------------------------------------------------------- */

static struct te_list *bucket_of(const struct te_stack *stack, const struct te_addr *addr)
{
    uint64_t hash = te_siphash(&stack->key, addr, sizeof(*addr));
    return &stack->neighbours.buckets[hash & (stack->neighbours.bucket_count - 1)];
}

static struct te_neighbour *find(const struct te_stack *stack, const struct te_addr *addr)
{
    struct te_list *bucket = bucket_of(stack, addr);
    for (struct te_list *link = bucket->next; link != bucket; link = link->next) {
        if (te_addr_equal(&by_bucket(link)->addr, addr))
            return by_bucket(link);
    }
    return NULL;
}

const struct te_neighbour *te_neighbour_find(const struct te_stack *stack,
                                             const struct te_addr *addr)
{
    return find(stack, addr);
}

/* The only writer of a state. */
static void set_state(struct te_stack *stack, struct te_neighbour *neighbour,
                      enum te_neighbour_state state)
{
    struct te_neighbours *neighbours = &stack->neighbours;
    if (te_neighbour_is_unresolved(neighbour))
        neighbours->unresolved_count--;
    neighbour->state = state;
    neighbour->asked = 0;
    if (state == TE_NEIGHBOUR_REACHABLE)
        neighbour->confirmed_at_us = stack->now_us;
    te_list_remove(&neighbour->use_link);
    if (te_neighbour_is_unresolved(neighbour))
        neighbours->unresolved_count++;
    else
        te_list_push_back(neighbour->is_unused ? &neighbours->unused : &neighbours->used,
                          &neighbour->use_link);
    start_timer(stack, neighbour);
}

static void remove_entry(struct te_stack *stack, struct te_neighbour *neighbour)
{
    assert(te_list_is_empty(&neighbour->frames));
    assert(te_list_is_empty(&neighbour->waiters));
    if (te_neighbour_is_unresolved(neighbour))
        stack->neighbours.unresolved_count--;
    stack->neighbours.count--;
    te_list_remove(&neighbour->bucket_link);
    te_list_remove(&neighbour->use_link);
    te_list_remove(&neighbour->timer_link);
    te_stack_dealloc(stack, neighbour, sizeof(*neighbour));
}

static bool evict(struct te_stack *stack, struct te_neighbour *neighbour)
{
    stack->counters.neighbour_evicted++;
    remove_entry(stack, neighbour);
    return true;
}

/* Removes the oldest entry in a list by use; false when there is none. */
static bool evict_first(struct te_stack *stack, struct te_list *by_age)
{
    return !te_list_is_empty(by_age) && evict(stack, by_use(by_age->next));
}

/* Makes room for one more entry without a MAC. */
static bool make_room(struct te_stack *stack)
{
    struct te_neighbours *neighbours = &stack->neighbours;
    struct te_list *failed = &neighbours->timers[TE_NEIGHBOUR_FAILED];
    bool quota_full = neighbours->unresolved_count >= stack->config.neighbour_incomplete_max;
    if (!quota_full && neighbours->count < stack->config.neighbour_max)
        return true;
    if (!te_list_is_empty(failed))
        return evict(stack, by_timer(failed->next));
    if (!quota_full &&
        (evict_first(stack, &neighbours->unused) || evict_first(stack, &neighbours->used)))
        return true;
    stack->counters.neighbour_incomplete_full++;
    return false;
}

/* Makes room for an entry that only a question calls for. */
static bool make_unused_room(struct te_stack *stack)
{
    struct te_neighbours *neighbours = &stack->neighbours;
    if (neighbours->count < stack->config.neighbour_max || evict_first(stack, &neighbours->unused))
        return true;
    stack->counters.neighbour_unused_full++;
    return false;
}

void te_neighbour_link(struct te_stack *stack, struct te_neighbour *neighbour)
{
    te_list_push_back(bucket_of(stack, &neighbour->addr), &neighbour->bucket_link);
    te_list_init(&neighbour->use_link);
    te_list_init(&neighbour->timer_link);
    te_list_init(&neighbour->waiters);
    te_list_init(&neighbour->frames);
    stack->neighbours.count++;
    stack->neighbours.unresolved_count += te_neighbour_is_unresolved(neighbour);
}

static struct te_neighbour *new_entry(struct te_stack *stack, const struct te_addr *addr)
{
    struct te_neighbour *neighbour =
        make_room(stack) ? te_stack_alloc(stack, sizeof(*neighbour)) : NULL;
    if (neighbour == NULL)
        return NULL;
    assert(stack->neighbours.count < stack->config.neighbour_max);
    assert(stack->neighbours.unresolved_count < stack->config.neighbour_incomplete_max);
    neighbour->addr = *addr;
    neighbour->state = TE_NEIGHBOUR_INCOMPLETE;
    te_neighbour_link(stack, neighbour);
    start_timer(stack, neighbour);
    return neighbour;
}

static bool is_on_link(const struct te_stack *stack, const struct te_addr *addr)
{
    struct te_path path;
    return te_ip_is_unicast(stack, addr) && te_ip_route(stack, addr, &path) == TE_OK &&
           te_addr_equal(&path.next_hop, addr);
}

/* An entry for somebody that we have not asked for. */
static void new_unused_entry(struct te_stack *stack, const struct te_addr *addr,
                             const uint8_t mac[6])
{
    struct te_neighbour *neighbour = is_on_link(stack, addr) && make_unused_room(stack)
                                         ? te_stack_alloc(stack, sizeof(*neighbour))
                                         : NULL;
    if (neighbour == NULL)
        return;
    assert(stack->neighbours.count < stack->config.neighbour_max);
    neighbour->addr = *addr;
    memcpy(neighbour->mac, mac, 6);
    neighbour->is_unused = true;
    neighbour->state = TE_NEIGHBOUR_STALE;
    neighbour->resolved_at_us = stack->now_us;
    te_neighbour_link(stack, neighbour);
    te_list_push_back(&stack->neighbours.unused, &neighbour->use_link);
}

/* --- frames and waiters ----------------------------------------------------------------------- */

static struct te_control_frame *pop_frame(struct te_stack *stack, struct te_neighbour *neighbour)
{
    struct te_list *link = te_list_pop_front(&neighbour->frames);
    if (link == NULL)
        return NULL;
    neighbour->frame_count--;
    stack->neighbours.waiting_count--;
    return TE_CONTAINER(link, struct te_control_frame, link);
}

static void push_with_mac(struct te_stack *stack, struct te_control_frame *frame,
                          const uint8_t mac[6])
{
    memcpy(frame->bytes, mac, 6);
    te_control_queue_push(stack, frame);
}

static void drop_frame(struct te_stack *stack, enum te_drop_reason reason,
                       struct te_control_frame *frame)
{
    te_drop_packet(stack, reason, NULL, NULL);
    te_control_frame_free(stack, frame);
}

/* Queues a frame on an entry. Waiting frames may fill half of the control queue; the other half is
 * for neighbours that answer. */
static void hold_frame(struct te_stack *stack, struct te_neighbour *neighbour,
                       struct te_control_frame *frame)
{
    assert(neighbour->state == TE_NEIGHBOUR_INCOMPLETE);
    if (neighbour->frame_count == TE_NEIGHBOUR_FRAMES_MAX) {
        /* RFC 4861 7.2.2: the new one replaces the oldest. */
        drop_frame(stack, TE_DROP_NEIGHBOUR_QUEUE_FULL, pop_frame(stack, neighbour));
    }
    if (stack->neighbours.waiting_count > stack->config.control_queue_max / 2) {
        drop_frame(stack, TE_DROP_NEIGHBOUR_QUEUE_FULL, frame);
        return;
    }
    te_list_push_back(&neighbour->frames, &frame->link);
    neighbour->frame_count++;
    stack->neighbours.waiting_count++;
}

/* Notifies TCP. Before this returns, the entry may be gone and its address asked for again. */
static void tell_waiters(struct te_stack *stack, struct te_neighbour *neighbour, bool ok)
{
    struct te_list waiters;
    struct te_list *waiter;
    te_list_init(&waiters);
    while ((waiter = te_list_pop_front(&neighbour->waiters)) != NULL)
        te_list_push_back(&waiters, waiter);
    while ((waiter = te_list_pop_front(&waiters)) != NULL)
        stack->transport->neighbour_done(stack, waiter, ok);
}

/* --- the state machine of RFC 4861 7.3 -------------------------------------------------------- */

/* Asks mac for the entry's MAC; NULL: everybody. */
static void ask_mac(struct te_stack *stack, const struct te_neighbour *neighbour,
                    const uint8_t *mac)
{
    const struct te_local *source = te_local_select(stack, &neighbour->addr, &neighbour->addr);
    if (source == NULL)
        return;
    if (te_addr_is_v4(&neighbour->addr))
        te_arp_ask(stack, &source->addr, &neighbour->addr, mac);
    else
        te_nd_ask(stack, &source->addr, &neighbour->addr, mac);
}

/* Asks for the entry's MAC: everybody, or in PROBE the neighbour itself. */
static void ask(struct te_stack *stack, struct te_neighbour *neighbour)
{
    neighbour->asked++;
    start_timer(stack, neighbour);
    ask_mac(stack, neighbour, neighbour->state == TE_NEIGHBOUR_PROBE ? neighbour->mac : NULL);
}

static void start_probing(struct te_stack *stack, struct te_neighbour *neighbour)
{
    set_state(stack, neighbour, TE_NEIGHBOUR_PROBE);
    ask(stack, neighbour);
}

/* The MAC has been learned. The entry may be gone when this returns. */
static void resolved(struct te_stack *stack, struct te_neighbour *neighbour, const uint8_t mac[6],
                     enum te_neighbour_state state)
{
    struct te_control_frame *frame;
    assert(te_neighbour_is_unresolved(neighbour));
    memcpy(neighbour->mac, mac, 6);
    neighbour->resolved_at_us = stack->now_us;
    set_state(stack, neighbour, state);
    while ((frame = pop_frame(stack, neighbour)) != NULL)
        push_with_mac(stack, frame, mac);
    tell_waiters(stack, neighbour, true);
}

/* Nobody answered. The entry may be gone when this returns. */
static void failed(struct te_stack *stack, struct te_neighbour *neighbour)
{
    struct te_control_frame *frame;
    assert(neighbour->state == TE_NEIGHBOUR_INCOMPLETE);
    stack->counters.neighbour_failed++;
    set_state(stack, neighbour, TE_NEIGHBOUR_FAILED);
    while ((frame = pop_frame(stack, neighbour)) != NULL)
        drop_frame(stack, TE_DROP_NEIGHBOUR_FAILED, frame);
    tell_waiters(stack, neighbour, false);
}

static void on_due(struct te_stack *stack, struct te_neighbour *neighbour)
{
    switch (neighbour->state) {
    case TE_NEIGHBOUR_INCOMPLETE:
        if (neighbour->asked < SOLICIT_MAX)
            ask(stack, neighbour);
        else
            failed(stack, neighbour);
        break;
    case TE_NEIGHBOUR_PROBE:
        /* The MAC is forgotten: the next user asks everybody. */
        if (neighbour->asked < SOLICIT_MAX)
            ask(stack, neighbour);
        else
            remove_entry(stack, neighbour);
        break;
    case TE_NEIGHBOUR_REACHABLE:
        set_state(stack, neighbour, TE_NEIGHBOUR_STALE);
        break;
    case TE_NEIGHBOUR_DELAY:
        start_probing(stack, neighbour);
        break;
    case TE_NEIGHBOUR_FAILED:
        remove_entry(stack, neighbour);
        break;
    case TE_NEIGHBOUR_STALE:
    case TE_NEIGHBOUR_STATE_COUNT:
        break;
    }
}

void te_neighbours_handle_timer(struct te_stack *stack)
{
    struct te_neighbour *neighbour;
    /* Every step postpones its entry or removes it, so this ends. */
    while ((neighbour = first_due(&stack->neighbours)) != NULL &&
           neighbour->due_at_us <= stack->now_us)
        on_due(stack, neighbour);
    te_neighbours_arm(stack);
}

/* Finds the entry of next_hop, or creates it and asks for its MAC. NULL when that is refused. */
static struct te_neighbour *find_or_ask(struct te_stack *stack, const struct te_addr *next_hop)
{
    struct te_neighbour *neighbour = find(stack, next_hop);
    if (neighbour != NULL)
        return neighbour;
    /* An address that is not ours yet must not ask (RFC 5227 2.1.1). */
    if (!te_ip_is_unicast(stack, next_hop) || te_local_select(stack, next_hop, next_hop) == NULL)
        return NULL;
    neighbour = new_entry(stack, next_hop);
    if (neighbour != NULL)
        ask(stack, neighbour);
    return neighbour;
}

static void use(struct te_stack *stack, struct te_neighbour *neighbour)
{
    neighbour->is_unused = false;
    if (neighbour->state == TE_NEIGHBOUR_STALE) {
        set_state(stack, neighbour, TE_NEIGHBOUR_DELAY);
        return;
    }
    te_list_remove(&neighbour->use_link);
    te_list_push_back(&stack->neighbours.used, &neighbour->use_link);
}

enum te_hop_state te_ip_resolve(struct te_stack *stack, const struct te_addr *next_hop,
                                struct te_list *waiter, uint8_t ret_mac[6])
{
    struct te_neighbour *neighbour = find_or_ask(stack, next_hop);
    if (neighbour == NULL || neighbour->state == TE_NEIGHBOUR_FAILED)
        return TE_HOP_FAILED;
    if (neighbour->state == TE_NEIGHBOUR_INCOMPLETE) {
        if (waiter != NULL)
            te_list_push_back(&neighbour->waiters, waiter);
        return TE_HOP_PENDING;
    }
    use(stack, neighbour);
    memcpy(ret_mac, neighbour->mac, 6);
    return TE_HOP_READY;
}

void te_neighbour_send(struct te_stack *stack, const struct te_addr *next_hop,
                       struct te_control_frame *frame)
{
    uint8_t mac[6];
    switch (te_ip_resolve(stack, next_hop, NULL, mac)) {
    case TE_HOP_READY:
        push_with_mac(stack, frame, mac);
        break;
    case TE_HOP_PENDING:
        hold_frame(stack, find(stack, next_hop), frame);
        break;
    case TE_HOP_FAILED:
        drop_frame(stack, TE_DROP_NEIGHBOUR_FAILED, frame);
        break;
    }
}

void te_ip_confirm(struct te_stack *stack, const struct te_addr *next_hop)
{
    struct te_neighbour *neighbour = find(stack, next_hop);
    if (neighbour == NULL || te_neighbour_is_unresolved(neighbour))
        return;
    bool is_recent = stack->now_us - neighbour->confirmed_at_us < CONFIRM_INTERVAL_US;
    if (neighbour->state == TE_NEIGHBOUR_REACHABLE && is_recent)
        return;
    set_state(stack, neighbour, TE_NEIGHBOUR_REACHABLE);
}

void te_ip_suspect(struct te_stack *stack, const struct te_addr *next_hop)
{
    struct te_neighbour *neighbour = find(stack, next_hop);
    if (neighbour == NULL || te_neighbour_is_unresolved(neighbour) ||
        neighbour->state == TE_NEIGHBOUR_PROBE)
        return;
    start_probing(stack, neighbour);
}

/* --- what neighbours say of themselves -------------------------------------------------------- */

static void drop_claim(struct te_stack *stack, enum te_drop_reason reason,
                       const struct te_addr *addr)
{
    static const struct te_addr nobody = {{0}};
    te_drop_packet(stack, reason, &nobody, addr);
}

static bool is_on_trial(const struct te_stack *stack, const struct te_neighbour *neighbour)
{
    return neighbour->claim == TE_CLAIM_TAKEN && stack->now_us - neighbour->claim_at_us < TRIAL_US;
}

static bool has_refuted(const struct te_stack *stack, const struct te_neighbour *neighbour)
{
    return neighbour->claim == TE_CLAIM_REFUTED &&
           stack->now_us - neighbour->claim_at_us < REFUTED_US;
}

/* The former MAC answers: it was no move. */
static void refute(struct te_stack *stack, struct te_neighbour *neighbour)
{
    memcpy(neighbour->mac, neighbour->former_mac, 6);
    neighbour->claim = TE_CLAIM_REFUTED;
    neighbour->claim_at_us = stack->now_us;
    stack->counters.neighbour_claims_refuted++;
    set_state(stack, neighbour, TE_NEIGHBOUR_REACHABLE);
}

/* Takes another MAC, and asks the former one. During a trial the MAC before all of the claims
 * remains the one that can refute them; it has been asked. */
static void move(struct te_stack *stack, struct te_neighbour *neighbour, const uint8_t mac[6],
                 enum te_neighbour_state state)
{
    if (!is_on_trial(stack, neighbour)) {
        memcpy(neighbour->former_mac, neighbour->mac, 6);
        neighbour->claim = TE_CLAIM_TAKEN;
        neighbour->claim_at_us = stack->now_us;
        ask_mac(stack, neighbour, neighbour->former_mac);
    }
    memcpy(neighbour->mac, mac, 6);
    stack->counters.neighbour_moved++;
    set_state(stack, neighbour, state);
}

/* Another MAC than the known one is claimed, with the right to override. False when it is not
 * believed: then the known one is asked, and everybody once that stays silent. */
static bool on_other_mac(struct te_stack *stack, struct te_neighbour *neighbour,
                         const uint8_t mac[6], enum te_neighbour_state state)
{
    if (!has_refuted(stack, neighbour)) {
        move(stack, neighbour, mac, state);
        return true;
    }
    if (neighbour->state != TE_NEIGHBOUR_PROBE)
        start_probing(stack, neighbour);
    return false;
}

/* RFC 4861 7.2.5, for an entry with a MAC. False when nothing is taken. */
static bool update(struct te_stack *stack, struct te_neighbour *neighbour,
                   const struct te_neighbour_answer *answer)
{
    const uint8_t *mac = answer->has_mac ? answer->mac : answer->from_mac;
    if (answer->is_solicited && is_on_trial(stack, neighbour) &&
        te_mac_equal(mac, neighbour->former_mac)) {
        refute(stack, neighbour);
        return true;
    }
    bool is_other = answer->has_mac && !te_mac_equal(answer->mac, neighbour->mac);
    if (is_other && !answer->is_override) {
        if (neighbour->state == TE_NEIGHBOUR_REACHABLE)
            set_state(stack, neighbour, TE_NEIGHBOUR_STALE);
        return false;
    }
    if (is_other)
        return on_other_mac(stack, neighbour, answer->mac,
                            answer->is_solicited ? TE_NEIGHBOUR_REACHABLE : TE_NEIGHBOUR_STALE);
    if (answer->is_solicited)
        set_state(stack, neighbour, TE_NEIGHBOUR_REACHABLE);
    return answer->is_solicited;
}

void te_neighbour_on_answer(struct te_stack *stack, const struct te_neighbour_answer *answer)
{
    struct te_neighbour *neighbour = find(stack, &answer->addr);
    bool is_taken = false;
    if (neighbour != NULL && !te_neighbour_is_unresolved(neighbour)) {
        is_taken = update(stack, neighbour, answer);
    } else if (neighbour != NULL && neighbour->state == TE_NEIGHBOUR_INCOMPLETE &&
               answer->has_mac) {
        resolved(stack, neighbour, answer->mac,
                 answer->is_solicited ? TE_NEIGHBOUR_REACHABLE : TE_NEIGHBOUR_STALE);
        is_taken = true;
    }
    if (!is_taken)
        drop_claim(stack, TE_DROP_ARP_UNSOLICITED, &answer->addr);
}

static bool is_asking(const struct te_stack *stack, const struct te_neighbour *neighbour)
{
    return neighbour->state == TE_NEIGHBOUR_INCOMPLETE || neighbour->state == TE_NEIGHBOUR_PROBE ||
           is_on_trial(stack, neighbour);
}

void te_neighbour_on_arp_reply(struct te_stack *stack, const struct te_addr *addr,
                               const uint8_t mac[6])
{
    const struct te_neighbour *neighbour = find(stack, addr);
    struct te_neighbour_answer answer = {.addr = *addr, .has_mac = true};
    if (neighbour != NULL) {
        answer.is_solicited = is_asking(stack, neighbour);
        answer.is_override = stack->now_us - neighbour->resolved_at_us >= FIRST_ANSWER_US;
    }
    memcpy(answer.mac, mac, 6);
    te_neighbour_on_answer(stack, &answer);
}

bool te_neighbour_on_claim(struct te_stack *stack, const struct te_addr *addr, const uint8_t mac[6])
{
    struct te_neighbour *neighbour = find(stack, addr);
    if (neighbour == NULL || neighbour->state == TE_NEIGHBOUR_FAILED)
        return false;
    if (neighbour->state == TE_NEIGHBOUR_INCOMPLETE) {
        resolved(stack, neighbour, mac, TE_NEIGHBOUR_STALE);
        return true;
    }
    return !te_mac_equal(mac, neighbour->mac) &&
           on_other_mac(stack, neighbour, mac, TE_NEIGHBOUR_STALE);
}

void te_neighbour_on_question(struct te_stack *stack, const struct te_addr *addr,
                              const uint8_t mac[6])
{
    struct te_neighbour *neighbour = find(stack, addr);
    if (neighbour == NULL)
        new_unused_entry(stack, addr, mac);
    else if (te_neighbour_is_unresolved(neighbour))
        resolved(stack, neighbour, mac, TE_NEIGHBOUR_STALE);
    else if (!te_mac_equal(mac, neighbour->mac))
        (void)on_other_mac(stack, neighbour, mac, TE_NEIGHBOUR_STALE);
}

/* --- birth, death, invariants ----------------------------------------------------------------- */

/* A base time multiplied by 0.5 to 1.5 (RFC 4861 6.3.2). */
static int64_t draw_reachable_us(const struct te_stack *stack)
{
    static const char label[] = "reachable";
    uint64_t draw = te_siphash(&stack->key, label, sizeof(label));
    return BASE_REACHABLE_US / 2 + (int64_t)(draw % (uint64_t)BASE_REACHABLE_US);
}

static size_t buckets_size(const struct te_neighbours *neighbours)
{
    return neighbours->bucket_count * sizeof(struct te_list);
}

enum te_err te_neighbours_init(struct te_stack *stack)
{
    struct te_neighbours *neighbours = &stack->neighbours;
    memset(neighbours, 0, sizeof(*neighbours));
    te_list_init(&neighbours->used);
    te_list_init(&neighbours->unused);
    for (unsigned state = 0; state < TE_NEIGHBOUR_STATE_COUNT; state++)
        te_list_init(&neighbours->timers[state]);
    te_wheel_node_init(&neighbours->timer, UINT64_MAX - 1);
    neighbours->reachable_us = draw_reachable_us(stack);
    neighbours->bucket_count = 1;
    while (neighbours->bucket_count < stack->config.neighbour_max)
        neighbours->bucket_count *= 2;
    neighbours->buckets = te_stack_alloc(stack, buckets_size(neighbours));
    if (neighbours->buckets == NULL)
        return TE_ERR_NOMEM;
    for (uint32_t i = 0; i < neighbours->bucket_count; i++)
        te_list_init(&neighbours->buckets[i]);
    return TE_OK;
}

static void free_entry(struct te_stack *stack, struct te_neighbour *neighbour)
{
    struct te_control_frame *frame;
    while ((frame = pop_frame(stack, neighbour)) != NULL)
        te_control_frame_free(stack, frame);
    while (te_list_pop_front(&neighbour->waiters) != NULL)
        ;
    remove_entry(stack, neighbour);
}

void te_neighbours_done(struct te_stack *stack)
{
    struct te_neighbours *neighbours = &stack->neighbours;
    if (neighbours->buckets == NULL)
        return;
    for (uint32_t i = 0; i < neighbours->bucket_count; i++) {
        while (!te_list_is_empty(&neighbours->buckets[i]))
            free_entry(stack, by_bucket(neighbours->buckets[i].next));
    }
    te_wheel_cancel(&stack->wheel, &neighbours->timer);
    te_stack_dealloc(stack, neighbours->buckets, buckets_size(neighbours));
    neighbours->buckets = NULL;
}

struct tally {
    uint32_t count, unresolved, waiting, unused;
};

static const char *check_entry(const struct te_neighbour *neighbour, struct tally *tally)
{
    bool has_timer = !te_list_is_empty(&neighbour->timer_link);
    tally->count++;
    tally->waiting += neighbour->frame_count;
    if (te_neighbour_is_unresolved(neighbour))
        tally->unresolved++;
    if (has_timer != (neighbour->state != TE_NEIGHBOUR_STALE))
        return "a neighbour's timer does not go with its state";
    if (te_neighbour_is_unresolved(neighbour) != te_list_is_empty(&neighbour->use_link))
        return "a neighbour without MAC is in the list by use, or one with MAC is not";
    if (neighbour->is_unused)
        tally->unused++;
    if (neighbour->is_unused && te_neighbour_is_unresolved(neighbour))
        return "a neighbour that nobody asked for has no MAC";
    if (neighbour->state != TE_NEIGHBOUR_INCOMPLETE &&
        (!te_list_is_empty(&neighbour->frames) || !te_list_is_empty(&neighbour->waiters)))
        return "something waits for a neighbour that is not being resolved";
    return NULL;
}

/* Deadlines in a FIFO never decrease. */
static const char *check_timers(const struct te_neighbours *neighbours)
{
    for (unsigned state = 0; state < TE_NEIGHBOUR_STATE_COUNT; state++) {
        const struct te_list *head = &neighbours->timers[state];
        int64_t last_us = INT64_MIN;
        for (struct te_list *link = head->next; link != head; link = link->next) {
            if (by_timer(link)->state != state || by_timer(link)->due_at_us < last_us)
                return "a neighbour's timer is in the wrong place";
            last_us = by_timer(link)->due_at_us;
        }
    }
    return NULL;
}

const char *te_neighbours_check(const struct te_stack *stack)
{
    const struct te_neighbours *neighbours = &stack->neighbours;
    struct tally tally = {0};
    for (uint32_t i = 0; i < neighbours->bucket_count; i++) {
        const struct te_list *bucket = &neighbours->buckets[i];
        for (struct te_list *link = bucket->next; link != bucket; link = link->next) {
            const char *wrong = check_entry(by_bucket(link), &tally);
            if (wrong != NULL)
                return wrong;
        }
    }
    if (tally.count != neighbours->count || tally.unresolved != neighbours->unresolved_count ||
        tally.waiting != neighbours->waiting_count ||
        tally.unused != te_list_len(&neighbours->unused))
        return "the neighbour cache's totals are wrong";
    if (neighbours->count > stack->config.neighbour_max ||
        neighbours->unresolved_count > stack->config.neighbour_incomplete_max)
        return "the neighbour cache is over its limits";
    return check_timers(neighbours);
}
