#include "ip/mld.h"

#include <assert.h>
#include <string.h>
#include <tcpengine/units.h>

#include "ip/nd.h"
#include "ip/output.h"
#include "ip/prefix.h"
#include "stack_internal.h"
#include "util/bytes.h"
#include "wire/checksum.h"
#include "wire/mld.h"

/* Unsolicited Report Interval: RFC 3810 9.11, RFC 2710 7.10. */
#define CHANGE_INTERVAL_US TE_SECOND
#define CHANGE_INTERVAL_V1_US (10 * TE_SECOND)
/* Older Version Querier Present Timeout (RFC 3810 9.12), with the defaults of what it is made of:
 * robustness 2, query interval 125 s, response interval 10 s. */
#define V1_QUERIER_US (260 * TE_SECOND)
#define ANSWER_GAP_US (100 * TE_MS)

static const struct te_addr no_addr = {{0}};
static const struct te_addr all_routers = {{0xff, 0x02, [15] = 2}};
static const struct te_addr all_mld_routers = {{0xff, 0x02, [15] = 0x16}};

static bool is_v1(const struct te_stack *stack)
{
    return stack->now_us < stack->mld.v1_until_us;
}

/* In [0, limit_us], different from host to host, from group to group and from time to time. */
static int64_t random_us(const struct te_stack *stack, const struct te_addr *addr, int64_t limit_us)
{
    struct {
        struct te_addr addr;
        int64_t now_us;
    } seed = {*addr, stack->now_us};
    return (int64_t)(te_siphash(&stack->key, &seed, sizeof(seed)) % ((uint64_t)limit_us + 1));
}

static struct te_mld_group *find(struct te_mld *mld, const struct te_addr *addr)
{
    for (unsigned i = 0; i < mld->count; i++) {
        if (te_addr_equal(&mld->groups[i].addr, addr))
            return &mld->groups[i];
    }
    return NULL;
}

/* --- output ----------------------------------------------------------------------------------- */

/* Our link-local address once nobody else has it; NULL before (RFC 3590 4). */
static const struct te_addr *link_local_source(const struct te_stack *stack)
{
    for (unsigned i = 0; i < stack->locals.count; i++) {
        const struct te_local *local = &stack->locals.items[i];
        if (local->state == TE_LOCAL_READY && te_prefix_is_link_local(&local->addr))
            return &local->addr;
    }
    return NULL;
}

static void send(struct te_stack *stack, const struct te_addr *destination, uint8_t *bytes,
                 size_t len)
{
    const struct te_addr *source = link_local_source(stack);
    struct te_link_message message = {.source = source != NULL ? source : &no_addr,
                                      .destination = destination,
                                      .payload = bytes,
                                      .len = len,
                                      .has_router_alert = true};
    uint64_t sum = te_checksum_pseudo(message.source, destination, TE_PROTO_ICMPV6, (uint32_t)len);
    te_store_be16(bytes + 2, te_checksum_finish(te_checksum_add(sum, bytes, len)));
    te_ip_output_link_message(stack, &message);
}

/* A report of version 2 in the making. */
struct report {
    uint8_t bytes[TE_MLD_REPORT_HEADER_LEN + TE_LOCAL_ADDRESSES_MAX * TE_MLD_RECORD_LEN];
    unsigned count;
};

static void add_record(struct report *report, enum te_mld_record_type type,
                       const struct te_addr *group)
{
    assert(report->count < TE_LOCAL_ADDRESSES_MAX);
    te_mld_emit_record(type, group,
                       report->bytes + TE_MLD_REPORT_HEADER_LEN +
                           report->count++ * TE_MLD_RECORD_LEN);
}

static void send_report(struct te_stack *stack, struct report *report)
{
    if (report->count == 0)
        return;
    te_mld_emit_report_header(report->count, report->bytes);
    send(stack, &all_mld_routers, report->bytes,
         TE_MLD_REPORT_HEADER_LEN + report->count * TE_MLD_RECORD_LEN);
}

static void send_v1(struct te_stack *stack, struct te_mld_group *group, uint8_t type)
{
    uint8_t bytes[TE_MLD_V1_LEN];
    te_mld_emit_v1(type, &group->addr, bytes);
    group->was_last = type == TE_MLD_REPORT_V1;
    send(stack, type == TE_MLD_DONE ? &all_routers : &group->addr, bytes, sizeof(bytes));
}

/* --- changes (RFC 3810 6.1, RFC 2710 4) ------------------------------------------------------- */

static void send_change(struct te_stack *stack, struct te_mld_group *group, struct report *report)
{
    group->changes_left--;
    if (!is_v1(stack)) {
        add_record(report, group->is_joined ? TE_MLD_TO_EXCLUDE : TE_MLD_TO_INCLUDE, &group->addr);
        return;
    }
    if (group->is_joined) {
        send_v1(stack, group, TE_MLD_REPORT_V1);
        return;
    }
    group->changes_left = 0;
    if (group->was_last)
        send_v1(stack, group, TE_MLD_DONE);
}

static bool has_changes_left(const struct te_mld *mld)
{
    for (unsigned i = 0; i < mld->count; i++) {
        if (mld->groups[i].changes_left > 0)
            return true;
    }
    return false;
}

static void send_changes(struct te_stack *stack)
{
    struct te_mld *mld = &stack->mld;
    struct report report = {.count = 0};
    int64_t interval_us = is_v1(stack) ? CHANGE_INTERVAL_V1_US : CHANGE_INTERVAL_US;
    for (unsigned i = 0; i < mld->count; i++) {
        if (mld->groups[i].changes_left > 0)
            send_change(stack, &mld->groups[i], &report);
    }
    send_report(stack, &report);
    mld->change_at_us = has_changes_left(mld)
                            ? stack->now_us + 1 + random_us(stack, &no_addr, interval_us - 1)
                            : TE_NEVER;
}

/* An address listens from its first probe on, and not while it is another station's. */
static bool is_listening(const struct te_local *local)
{
    return local->state == TE_LOCAL_READY ||
           (local->state == TE_LOCAL_TENTATIVE && local->step > 0);
}

static bool is_wanted(const struct te_stack *stack, const struct te_addr *group_addr)
{
    for (unsigned i = 0; i < stack->locals.count; i++) {
        const struct te_local *local = &stack->locals.items[i];
        struct te_addr group = te_nd_group_of(&local->addr);
        if (!te_addr_is_v4(&local->addr) && is_listening(local) &&
            te_addr_equal(&group, group_addr))
            return true;
    }
    return false;
}

/* Whether there is something to report. */
static bool update_group(struct te_stack *stack, struct te_mld_group *group, bool is_source_new)
{
    bool is_joined = is_wanted(stack, &group->addr);
    if (group->is_joined == is_joined && !(is_joined && is_source_new))
        return false;
    group->is_joined = is_joined;
    group->changes_left = stack->mld.robustness;
    if (!is_joined)
        group->answer_at_us = TE_NEVER;
    return true;
}

void te_mld_update(struct te_stack *stack)
{
    struct te_mld *mld = &stack->mld;
    bool has_source = link_local_source(stack) != NULL;
    bool is_source_new = has_source && !mld->has_source;
    bool is_changed = false;
    if (!stack->config.mld)
        return;
    mld->has_source = has_source;
    for (unsigned i = 0; i < mld->count; i++)
        is_changed |= update_group(stack, &mld->groups[i], is_source_new);
    if (is_changed)
        send_changes(stack);
    te_mld_arm(stack);
}

/* --- answers (RFC 3810 6.3, RFC 2710 4) ------------------------------------------------------- */

/* Answers for the groups that are due, or for all. */
static void send_answers(struct te_stack *stack, bool is_general)
{
    struct te_mld *mld = &stack->mld;
    struct report report = {.count = 0};
    for (unsigned i = 0; i < mld->count; i++) {
        struct te_mld_group *group = &mld->groups[i];
        if (!group->is_joined || (!is_general && group->answer_at_us > stack->now_us))
            continue;
        group->answer_at_us = TE_NEVER;
        if (is_v1(stack))
            send_v1(stack, group, TE_MLD_REPORT_V1);
        else
            add_record(&report, TE_MLD_IS_EXCLUDE, &group->addr);
    }
    send_report(stack, &report);
    mld->answered_at_us = stack->now_us;
    if (is_general)
        mld->answer_at_us = TE_NEVER;
}

/* When the next answer to a group is due; TE_NEVER: none is. */
static int64_t group_answer_at_us(const struct te_mld *mld)
{
    int64_t first_us = TE_NEVER;
    for (unsigned i = 0; i < mld->count; i++) {
        if (mld->groups[i].answer_at_us < first_us)
            first_us = mld->groups[i].answer_at_us;
    }
    return first_us;
}

void te_mld_arm(struct te_stack *stack)
{
    const struct te_mld *mld = &stack->mld;
    int64_t at_us = group_answer_at_us(mld);
    if (mld->answer_at_us < at_us)
        at_us = mld->answer_at_us;
    if (mld->change_at_us < at_us)
        at_us = mld->change_at_us;
    te_wheel_arm(&stack->wheel, &stack->mld.timer, at_us);
}

void te_mld_handle_timer(struct te_stack *stack)
{
    struct te_mld *mld = &stack->mld;
    if (mld->change_at_us <= stack->now_us)
        send_changes(stack);
    if (mld->answer_at_us <= stack->now_us)
        send_answers(stack, true);
    else if (group_answer_at_us(mld) <= stack->now_us)
        send_answers(stack, false);
    te_mld_arm(stack);
}

/* --- input ------------------------------------------------------------------------------------ */

/* Version 1 from now on: what was to be said in version 2 is not (RFC 3810 8.2.1). */
static void begin_v1(struct te_stack *stack)
{
    struct te_mld *mld = &stack->mld;
    if (!is_v1(stack)) {
        mld->change_at_us = mld->answer_at_us = TE_NEVER;
        for (unsigned i = 0; i < mld->count; i++) {
            mld->groups[i].changes_left = 0;
            mld->groups[i].answer_at_us = TE_NEVER;
        }
    }
    mld->v1_until_us = stack->now_us + V1_QUERIER_US;
}

/* Within delay_us, and not too soon after the last answer. */
static int64_t draw_answer_at_us(const struct te_stack *stack, const struct te_addr *addr,
                                 int64_t delay_us)
{
    int64_t at_us = stack->now_us + random_us(stack, addr, delay_us);
    int64_t earliest_us = stack->mld.answered_at_us + ANSWER_GAP_US;
    return at_us < earliest_us ? earliest_us : at_us;
}

static void schedule_group(struct te_stack *stack, struct te_mld_group *group, int64_t delay_us)
{
    int64_t at_us = draw_answer_at_us(stack, &group->addr, delay_us);
    /* RFC 3810 6.2, rule 1: an answer to a general query that comes first will do. */
    if (group->is_joined && at_us < stack->mld.answer_at_us && at_us < group->answer_at_us)
        group->answer_at_us = at_us;
}

static void on_general_query(struct te_stack *stack, int64_t delay_us)
{
    struct te_mld *mld = &stack->mld;
    if (is_v1(stack)) {
        for (unsigned i = 0; i < mld->count; i++)
            schedule_group(stack, &mld->groups[i], delay_us);
        return;
    }
    int64_t at_us = draw_answer_at_us(stack, &no_addr, delay_us);
    if (at_us < mld->answer_at_us)
        mld->answer_at_us = at_us;
}

/* False when there is no such group of ours. */
static bool on_query(struct te_stack *stack, const struct te_mld_query *query)
{
    struct te_mld *mld = &stack->mld;
    struct te_mld_group *group = find(mld, &query->group);
    bool is_general = te_addr_is_unspecified(&query->group);
    if (query->is_v1)
        begin_v1(stack);
    else if (query->robustness != 0)
        mld->robustness =
            query->robustness < TE_MLD_ROBUSTNESS_MIN ? TE_MLD_ROBUSTNESS_MIN : query->robustness;
    if (is_general)
        on_general_query(stack, query->max_response_us);
    else if (group != NULL && group->is_joined)
        schedule_group(stack, group, query->max_response_us);
    te_mld_arm(stack);
    return is_general || (group != NULL && group->is_joined);
}

/* RFC 2710 4: another listener has answered for the group. */
static bool on_report_v1(struct te_stack *stack, const struct te_addr *addr)
{
    struct te_mld_group *group = find(&stack->mld, addr);
    if (group == NULL || !is_v1(stack) || group->answer_at_us == TE_NEVER)
        return false;
    group->answer_at_us = TE_NEVER;
    group->was_last = false;
    te_mld_arm(stack);
    return true;
}

/* RFC 3810 6.2: only a router of this link can have sent it. A version 1 report may come from a
 * listener without an address yet. */
static bool is_of_this_link(const struct te_packet *packet, bool is_query)
{
    return packet->hop_limit == 1 && packet->has_mld_alert &&
           (te_prefix_is_link_local(&packet->source) ||
            (!is_query && te_addr_is_unspecified(&packet->source)));
}

void te_mld_input(struct te_stack *stack, const struct te_packet *packet)
{
    struct te_mld_query query;
    struct te_addr group;
    bool is_query = packet->payload[0] == TE_MLD_QUERY;
    bool is_valid = is_query ? te_mld_parse_query(packet->payload, packet->payload_len, &query)
                             : te_mld_parse_report_v1(packet->payload, packet->payload_len, &group);
    stack->counters.mld_in++;
    if (!is_valid || !is_of_this_link(packet, is_query)) {
        te_packet_drop(stack, TE_DROP_MLD_MALFORMED, packet);
        return;
    }
    if (!stack->config.mld || !(is_query ? on_query(stack, &query) : on_report_v1(stack, &group)))
        te_packet_drop(stack, TE_DROP_MLD_IGNORED, packet);
}

/* --- birth, invariants ------------------------------------------------------------------------ */

void te_mld_init(struct te_stack *stack)
{
    struct te_mld *mld = &stack->mld;
    memset(mld, 0, sizeof(*mld));
    mld->robustness = TE_MLD_ROBUSTNESS_MIN;
    mld->change_at_us = mld->answer_at_us = TE_NEVER;
    mld->answered_at_us = mld->v1_until_us = stack->now_us - ANSWER_GAP_US;
    te_wheel_node_init(&mld->timer, UINT64_MAX - 5);
    for (unsigned i = 0; i < stack->locals.count; i++) {
        const struct te_addr *addr = &stack->locals.items[i].addr;
        struct te_addr group = te_nd_group_of(addr);
        if (te_addr_is_v4(addr) || find(mld, &group) != NULL)
            continue;
        mld->groups[mld->count++] = (struct te_mld_group){.addr = group, .answer_at_us = TE_NEVER};
    }
}

const char *te_mld_check(const struct te_stack *stack)
{
    const struct te_mld *mld = &stack->mld;
    for (unsigned i = 0; i < mld->count; i++) {
        if (!mld->groups[i].is_joined && mld->groups[i].answer_at_us != TE_NEVER)
            return "an answer is due for a group that we are not in";
        if (mld->groups[i].changes_left > TE_MLD_ROBUSTNESS_MAX)
            return "a change of membership is reported too often";
    }
    if (has_changes_left(mld) != (mld->change_at_us != TE_NEVER))
        return "a change of membership is not reported, or the report has no change";
    return NULL;
}
