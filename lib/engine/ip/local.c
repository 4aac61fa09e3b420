#include "ip/local.h"

#include <assert.h>
#include <string.h>
#include <tcpengine/units.h>

#include "ip/arp.h"
#include "ip/ip.h"
#include "ip/mld.h"
#include "ip/nd.h"
#include "ip/prefix.h"
#include "stack_internal.h"
#include "wire/eth.h"

#define DEFEND_INTERVAL_US (10 * TE_SECOND) /* RFC 5227 1.1 */
#define ANNOUNCE_INTERVAL_US (2 * TE_SECOND)
/* How soon an address that was taken is tried again, and MAX_CONFLICTS and RATE_LIMIT_INTERVAL of
 * RFC 5227 1.1: how often that is before it is tried once per minute. */
#define RETRY_INTERVAL_US (5 * TE_SECOND)
#define CONFLICTS_MAX 10
#define RATE_LIMIT_INTERVAL_US (60 * TE_SECOND)

/* PROBE_WAIT of RFC 5227 1.1 and MAX_RTR_SOLICITATION_DELAY of RFC 4862 5.4.2. */
#define PROBE_WAIT_US TE_SECOND

struct probing {
    uint8_t probes, announcements;
    int64_t gap_us, gap_spread_us; /* between two probes */
    int64_t wait_us;               /* for an answer to the last one */
};

static const struct probing arp_probing = {3, 2, TE_SECOND, TE_SECOND, 2 * TE_SECOND};
/* DupAddrDetectTransmits and RetransTimer at their defaults (RFC 4862 5.1). */
static const struct probing nd_probing = {1, 2, 0, 0, TE_SECOND};

static const struct probing *probing_of(const struct te_local *local)
{
    return te_addr_is_v4(&local->addr) ? &arp_probing : &nd_probing;
}

uint8_t te_local_steps(const struct te_local *local)
{
    const struct probing *plan = probing_of(local);
    return (uint8_t)(plan->probes + plan->announcements);
}

/* A time in [0, spread_us) that differs from station to station and from step to step. */
static int64_t random_us(const struct te_stack *stack, const struct te_local *local,
                         int64_t spread_us)
{
    struct {
        struct te_addr addr;
        int64_t now_us;
    } seed = {local->addr, stack->now_us};
    if (spread_us == 0)
        return 0;
    return (int64_t)(te_siphash(&stack->key, &seed, sizeof(seed)) % (uint64_t)spread_us);
}

static void announce(struct te_stack *stack, const struct te_local *local)
{
    if (te_addr_is_v4(&local->addr))
        te_arp_announce(stack, &local->addr);
    else
        te_nd_announce(stack, &local->addr);
}

static void probe(struct te_stack *stack, const struct te_local *local)
{
    if (te_addr_is_v4(&local->addr))
        te_arp_probe(stack, &local->addr);
    else
        te_nd_probe(stack, &local->addr);
}

void te_locals_arm(struct te_stack *stack)
{
    struct te_locals *locals = &stack->locals;
    int64_t first_us = TE_NEVER;
    for (unsigned i = 0; i < locals->count; i++) {
        if (locals->items[i].step_at_us < first_us)
            first_us = locals->items[i].step_at_us;
    }
    te_wheel_arm(&stack->wheel, &locals->timer, first_us);
}

/* How long after step number local->step the next one is due. */
static int64_t step_gap_us(const struct te_stack *stack, const struct te_local *local)
{
    const struct probing *plan = probing_of(local);
    if (local->step < plan->probes)
        return plan->gap_us + random_us(stack, local, plan->gap_spread_us);
    return local->step == plan->probes ? plan->wait_us : ANNOUNCE_INTERVAL_US;
}

static void report(struct te_stack *stack, enum te_event_kind kind, const struct te_local *local)
{
    struct te_event event = {.kind = kind, .time_us = stack->now_us};
    event.local.addr = local->addr;
    te_event_push(stack, &event);
}

static void become_ready(struct te_stack *stack, struct te_local *local)
{
    local->state = TE_LOCAL_READY;
    if (local->conflicts > 0)
        report(stack, TE_EVENT_ADDRESS_READY, local);
    local->conflicts = 0;
}

/* Sends the probe or the announcement that is due. */
static void take_step(struct te_stack *stack, struct te_local *local)
{
    const struct probing *plan = probing_of(local);
    if (local->state == TE_LOCAL_CONFLICT) {
        local->state = TE_LOCAL_TENTATIVE;
        local->step = 0;
    }
    assert(local->step < te_local_steps(local));
    bool is_probe = local->step < plan->probes;
    if (!is_probe)
        become_ready(stack, local);
    local->step++;
    te_mld_update(stack); /* before a probe: its answer comes to the group (RFC 4862 5.4.2) */
    if (is_probe)
        probe(stack, local);
    else
        announce(stack, local);
    local->step_at_us =
        local->step == te_local_steps(local) ? TE_NEVER : stack->now_us + step_gap_us(stack, local);
}

void te_locals_handle_timer(struct te_stack *stack)
{
    for (unsigned i = 0; i < stack->locals.count; i++) {
        struct te_local *local = &stack->locals.items[i];
        if (local->step_at_us <= stack->now_us)
            take_step(stack, local);
    }
    te_locals_arm(stack);
}

/* The state to begin with; what is READY has to be reported and announced. */
static void begin(struct te_stack *stack, struct te_local *local)
{
    local->state = stack->config.dad ? TE_LOCAL_TENTATIVE : TE_LOCAL_READY;
    local->step_at_us =
        stack->config.dad ? stack->now_us + random_us(stack, local, PROBE_WAIT_US) : TE_NEVER;
}

void te_local_start(struct te_stack *stack, struct te_local *local)
{
    begin(stack, local);
    te_mld_update(stack);
    if (local->state == TE_LOCAL_READY)
        announce(stack, local);
}

static void add(struct te_locals *locals, const struct te_addr *addr, uint8_t network_bits)
{
    assert(locals->count < TE_LOCAL_ADDRESSES_MAX);
    struct te_local *local = &locals->items[locals->count++];
    local->addr = *addr;
    local->network_bits = network_bits;
}

/* fe80::/64 and the modified EUI-64 of the MAC (RFC 4291 2.5.6 and appendix A). */
static struct te_addr link_local_of(const uint8_t mac[6])
{
    const uint8_t bytes[16] = {
        0xfe,   0x80,  [8] = (uint8_t)(mac[0] ^ 0x02), mac[1], mac[2], 0xff, 0xfe, mac[3],
        mac[4], mac[5]};
    return te_addr_from_v6(bytes);
}

static void add_link_local(struct te_stack *stack)
{
    struct te_locals *locals = &stack->locals;
    bool has_v6 = false, has_link_local = false;
    for (unsigned i = 0; i < locals->count; i++) {
        has_v6 |= !te_addr_is_v4(&locals->items[i].addr);
        has_link_local |= te_prefix_is_link_local(&locals->items[i].addr);
    }
    if (!has_v6 || has_link_local || locals->count == TE_LOCAL_ADDRESSES_MAX)
        return;
    struct te_addr addr = link_local_of(stack->config.mac);
    add(locals, &addr, 64);
}

void te_locals_init(struct te_stack *stack)
{
    struct te_locals *locals = &stack->locals;
    locals->count = 0;
    for (unsigned i = 0; i < stack->config.address_count; i++) {
        const struct te_cidr *cidr = &stack->config.addresses[i];
        add(locals, &cidr->addr, cidr->prefix_bits);
    }
    locals->configured_count = locals->count;
    add_link_local(stack);
    te_wheel_node_init(&locals->timer, UINT64_MAX);
}

void te_locals_start(struct te_stack *stack)
{
    struct te_locals *locals = &stack->locals;
    for (unsigned i = 0; i < locals->count; i++)
        begin(stack, &locals->items[i]);
    te_mld_update(stack);
    for (unsigned i = 0; i < locals->count; i++)
        if (locals->items[i].state == TE_LOCAL_READY)
            announce(stack, &locals->items[i]);
    te_locals_arm(stack);
}

static void report_conflict(struct te_stack *stack, const struct te_local *local)
{
    stack->counters.dad_conflicts++;
    report(stack, TE_EVENT_ADDRESS_CONFLICT, local);
}

static void defend(struct te_stack *stack, struct te_local *local)
{
    if (local->was_defended && stack->now_us - local->defended_at_us < DEFEND_INTERVAL_US)
        return;
    local->was_defended = true;
    local->defended_at_us = stack->now_us;
    report_conflict(stack, local);
    announce(stack, local);
}

static void give_up(struct te_stack *stack, struct te_local *local)
{
    local->state = TE_LOCAL_CONFLICT;
    if (local->conflicts < CONFLICTS_MAX)
        local->conflicts++;
    int64_t wait_us = local->conflicts < CONFLICTS_MAX ? RETRY_INTERVAL_US : RATE_LIMIT_INTERVAL_US;
    /* Two that probe for one address hear each other at once: without chance they would do so
     * for ever (RFC 5227 2.1.1, PROBE_WAIT). */
    local->step_at_us = stack->now_us + wait_us + random_us(stack, local, PROBE_WAIT_US);
    te_mld_update(stack);
    te_locals_arm(stack);
    report_conflict(stack, local);
}

void te_local_on_claim(struct te_stack *stack, struct te_local *local, const uint8_t mac[6])
{
    local->was_claimed = true;
    memcpy(local->claimed_by, mac, 6);
    local->claimed_at_us = stack->now_us;
    if (local->state == TE_LOCAL_READY)
        defend(stack, local);
    else if (local->state == TE_LOCAL_TENTATIVE)
        give_up(stack, local);
}

/* --- which addresses are ours ----------------------------------------------------------------- */

static const struct te_local *find(const struct te_stack *stack, const struct te_addr *addr)
{
    for (unsigned i = 0; i < stack->locals.count; i++) {
        if (te_addr_equal(&stack->locals.items[i].addr, addr))
            return &stack->locals.items[i];
    }
    return NULL;
}

struct te_local *te_local_find(struct te_stack *stack, const struct te_addr *addr)
{
    const struct te_local *local = find(stack, addr);
    return local == NULL ? NULL : &stack->locals.items[local - stack->locals.items];
}

bool te_local_is_usable(const struct te_stack *stack, const struct te_local *local)
{
    return local->state == TE_LOCAL_READY ||
           (local->state == TE_LOCAL_TENTATIVE && stack->config.optimistic_dad);
}

bool te_ip_is_local(const struct te_stack *stack, const struct te_addr *addr)
{
    const struct te_local *local = find(stack, addr);
    return local != NULL && te_local_is_usable(stack, local);
}

int te_ip_local_index(const struct te_stack *stack, const struct te_addr *addr)
{
    const struct te_local *local = find(stack, addr);
    return local == NULL ? -1 : (int)(local - stack->locals.items);
}

const struct te_addr *te_ip_local_at(const struct te_stack *stack, unsigned index)
{
    return index < stack->locals.count ? &stack->locals.items[index].addr : NULL;
}

bool te_locals_any_ready(const struct te_stack *stack)
{
    for (unsigned i = 0; i < stack->locals.configured_count; i++) {
        if (te_local_is_usable(stack, &stack->locals.items[i]))
            return true;
    }
    return false;
}

/* How well local suits; 0: not at all. */
static unsigned suitability(const struct te_local *local, const struct te_addr *destination,
                            const struct te_addr *next_hop)
{
    if (te_addr_is_v4(&local->addr) != te_addr_is_v4(destination))
        return 0;
    /* A link-local source is no use beyond the link (RFC 6724 5, rule 2). */
    if (te_prefix_is_link_local(&local->addr) && !te_prefix_is_link_local(destination))
        return 0;
    unsigned score = 1 + te_addr_common_bits(&local->addr, destination);
    const struct te_cidr network = {local->addr, local->network_bits};
    if (te_cidr_contains(&network, next_hop))
        score += 2 * TE_PREFIX_ALL_BITS;
    return score;
}

const struct te_local *te_local_select(const struct te_stack *stack,
                                       const struct te_addr *destination,
                                       const struct te_addr *next_hop)
{
    const struct te_local *best = NULL;
    unsigned best_score = 0;
    for (unsigned i = 0; i < stack->locals.count; i++) {
        const struct te_local *local = &stack->locals.items[i];
        unsigned score =
            te_local_is_usable(stack, local) ? suitability(local, destination, next_hop) : 0;
        if (score > best_score) {
            best = local;
            best_score = score;
        }
    }
    return best;
}

const struct te_local *te_local_select_any(const struct te_stack *stack,
                                           const struct te_addr *destination,
                                           const struct te_addr *next_hop)
{
    const struct te_local *ready = te_local_select(stack, destination, next_hop);
    if (ready != NULL)
        return ready;
    for (unsigned i = 0; i < stack->locals.count; i++) {
        if (suitability(&stack->locals.items[i], destination, next_hop) > 0)
            return &stack->locals.items[i];
    }
    return NULL;
}

/* --- groups ----------------------------------------------------------------------------------- */

static bool is_network_broadcast(const struct te_local *local, const struct te_addr *addr)
{
    const struct te_cidr network = {local->addr, local->network_bits};
    struct te_addr broadcast;
    if ((addr->bytes[sizeof(addr->bytes) - 1] & 3) != 3) /* of a /30 or wider: most are done here */
        return false;
    return te_cidr_broadcast(&network, &broadcast) && te_addr_equal(&broadcast, addr);
}

bool te_local_is_broadcast(const struct te_stack *stack, const struct te_addr *addr)
{
    static const uint8_t limited[4] = {255, 255, 255, 255};
    if (!te_addr_is_v4(addr))
        return false;
    if (memcmp(addr->bytes + 12, limited, 4) == 0)
        return true;
    for (unsigned i = 0; i < stack->locals.count; i++) {
        if (is_network_broadcast(&stack->locals.items[i], addr))
            return true;
    }
    return false;
}

static bool is_all_nodes(const struct te_addr *addr)
{
    static const uint8_t v4[4] = {224, 0, 0, 1};
    static const uint8_t v6_tail[14] = {[13] = 1};
    if (te_addr_is_v4(addr))
        return memcmp(addr->bytes + 12, v4, 4) == 0;
    /* ff01::1 and ff02::1 (RFC 4291 2.7.1). */
    return addr->bytes[0] == 0xff && (addr->bytes[1] == 1 || addr->bytes[1] == 2) &&
           memcmp(addr->bytes + 2, v6_tail, 14) == 0;
}

static bool is_solicited_node(const struct te_stack *stack, const struct te_addr *addr)
{
    for (unsigned i = 0; i < stack->locals.count; i++) {
        struct te_addr group = te_nd_group_of(&stack->locals.items[i].addr);
        if (!te_addr_is_v4(&stack->locals.items[i].addr) && te_addr_equal(&group, addr))
            return true;
    }
    return false;
}

bool te_local_is_in_group(const struct te_stack *stack, const struct te_addr *addr)
{
    if (is_all_nodes(addr) || te_local_is_broadcast(stack, addr))
        return true;
    return addr->bytes[0] == 0xff && is_solicited_node(stack, addr);
}

bool te_local_hears_mac(const struct te_stack *stack, const uint8_t mac[6])
{
    static const uint8_t all_v4[6] = {0x01, 0x00, 0x5e, 0, 0, 1};
    static const uint8_t all_v6[6] = {0x33, 0x33, 0, 0, 0, 1};
    if (te_mac_is_broadcast(mac) || te_mac_equal(mac, all_v4) || te_mac_equal(mac, all_v6))
        return true;
    for (unsigned i = 0; i < stack->locals.count; i++) {
        uint8_t group_mac[6];
        struct te_addr group = te_nd_group_of(&stack->locals.items[i].addr);
        te_mac_of_group(&group, group_mac);
        if (!te_addr_is_v4(&stack->locals.items[i].addr) && te_mac_equal(group_mac, mac))
            return true;
    }
    return false;
}

static bool is_unicast_v4(const uint8_t *bytes)
{
    return bytes[0] != 0 && bytes[0] != 127 && (bytes[0] & 0xf0) != 224;
}

bool te_ip_is_unicast(const struct te_stack *stack, const struct te_addr *addr)
{
    static const struct te_addr v6_loopback = {{[15] = 1}};
    if (te_addr_is_v4(addr))
        return is_unicast_v4(addr->bytes + 12) && !te_local_is_broadcast(stack, addr);
    return addr->bytes[0] != 0xff && !te_addr_is_unspecified(addr) &&
           !te_addr_equal(addr, &v6_loopback);
}
