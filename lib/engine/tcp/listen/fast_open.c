#include "tcp/listen/fast_open.h"

#include <string.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/options.h"
#include "tcp/conn/tuple.h"
#include "tcp/conn/unsent.h"
#include "util/bytes.h"

#define DOMAIN_COOKIE 7
#define DOMAIN_CACHE 8

/* RFC 7413 4.1.3: a larger SYN may not fit through the path. */
#define SYN_MSS_MAX_IPV4 1460
#define SYN_MSS_MAX_IPV6 1440

/* --- server ----------------------------------------------------------------------------------- */

static void make_cookie(const struct te_stack *stack, const struct te_addr *local,
                        const struct te_addr *remote, uint64_t step,
                        uint8_t ret_cookie[TE_FAST_OPEN_COOKIE_BYTES])
{
    uint8_t bytes[44];
    te_store_be32(bytes, DOMAIN_COOKIE);
    memcpy(bytes + 4, local->bytes, 16);
    memcpy(bytes + 20, remote->bytes, 16);
    te_store_be32(bytes + 36, (uint32_t)(step >> 32));
    te_store_be32(bytes + 40, (uint32_t)step);
    uint64_t hash = te_siphash(&stack->key, bytes, sizeof(bytes));
    te_store_be32(ret_cookie, (uint32_t)(hash >> 32));
    te_store_be32(ret_cookie + 4, (uint32_t)hash);
}

static uint64_t step_now(const struct te_stack *stack)
{
    return (uint64_t)(stack->now_us / TE_FAST_OPEN_STEP_US);
}

static bool is_cookie_of(const struct te_stack *stack, const struct te_segment *syn, uint64_t step)
{
    const struct te_tcp_options *options = &syn->header.options;
    uint8_t cookie[TE_FAST_OPEN_COOKIE_BYTES];
    make_cookie(stack, &syn->local.addr, &syn->remote.addr, step, cookie);
    return options->fast_open_len == sizeof(cookie) &&
           memcmp(options->fast_open_cookie, cookie, sizeof(cookie)) == 0;
}

bool te_fast_open_is_current(const struct te_stack *stack, const struct te_segment *syn)
{
    return is_cookie_of(stack, syn, step_now(stack));
}

static bool is_good(const struct te_stack *stack, const struct te_segment *syn)
{
    uint64_t step = step_now(stack);
    return is_cookie_of(stack, syn, step) || is_cookie_of(stack, syn, step - 1);
}

/* PendingFastOpenRequests against its limit (RFC 7413 4.2, 5.1). */
static bool has_room(const struct te_stack *stack, const struct te_listener *listener)
{
    uint32_t pending = listener->fast_open_count;
    if (stack->now_us < listener->fast_open_resets_until_us)
        pending += listener->fast_open_resets;
    return pending < stack->config.fast_open_pending_max;
}

enum te_fast_open_verdict te_fast_open_judge(struct te_stack *stack,
                                             const struct te_listener *listener,
                                             const struct te_segment *syn)
{
    if (!listener->fast_open || !(stack->config.fast_open & TE_FAST_OPEN_SERVER) ||
        !syn->header.options.has_fast_open)
        return TE_FAST_OPEN_NONE;
    if (syn->header.options.fast_open_len == 0) {
        stack->counters.fast_open_cookies_given++;
        return TE_FAST_OPEN_REFUSED;
    }
    if (!is_good(stack, syn)) {
        stack->counters.fast_open_passive_failed++;
        return TE_FAST_OPEN_REFUSED;
    }
    if (!has_room(stack, listener)) {
        stack->counters.fast_open_pending_full++;
        return TE_FAST_OPEN_REFUSED;
    }
    return TE_FAST_OPEN_GRANTED;
}

/* Each reset prolongs the memory of all: one count and one deadline suffice. */
void te_fast_open_on_reset(const struct te_stack *stack, struct te_listener *listener)
{
    if (stack->now_us >= listener->fast_open_resets_until_us)
        listener->fast_open_resets = 0;
    if (listener->fast_open_resets < stack->config.fast_open_pending_max)
        listener->fast_open_resets++;
    listener->fast_open_resets_until_us = stack->now_us + TE_FAST_OPEN_RESET_MEMORY_US;
}

/* --- the client's cache ----------------------------------------------------------------------- */

void te_fast_open_init(struct te_stack *stack)
{
    struct te_fast_open_cache *cache = &stack->fast_open;
    for (unsigned i = 0; i < TE_FAST_OPEN_BUCKETS; i++)
        te_list_init(&cache->buckets[i]);
    te_list_init(&cache->used);
}

static void forget(struct te_stack *stack, struct te_fast_open_entry *entry)
{
    te_list_remove(&entry->bucket_link);
    te_list_remove(&entry->use_link);
    stack->fast_open.count--;
    te_stack_dealloc(stack, entry, sizeof(*entry));
}

static struct te_fast_open_entry *oldest(struct te_stack *stack)
{
    return TE_CONTAINER(stack->fast_open.used.next, struct te_fast_open_entry, use_link);
}

void te_fast_open_done(struct te_stack *stack)
{
    while (stack->fast_open.count > 0)
        forget(stack, oldest(stack));
}

static unsigned bucket_of(const struct te_stack *stack, const struct te_addr *local,
                          const struct te_endpoint *remote)
{
    struct te_endpoint endpoint = {.addr = *local};
    return te_tuple_hash(stack, DOMAIN_CACHE, &endpoint, remote) % TE_FAST_OPEN_BUCKETS;
}

struct te_fast_open_entry *te_fast_open_find(const struct te_stack *stack,
                                             const struct te_addr *local,
                                             const struct te_endpoint *remote)
{
    const struct te_list *bucket = &stack->fast_open.buckets[bucket_of(stack, local, remote)];
    for (struct te_list *link = bucket->next; link != bucket; link = link->next) {
        struct te_fast_open_entry *entry =
            TE_CONTAINER(link, struct te_fast_open_entry, bucket_link);
        if (te_addr_equal(&entry->local, local) && entry->remote.port == remote->port &&
            te_addr_equal(&entry->remote.addr, &remote->addr))
            return entry;
    }
    return NULL;
}

static struct te_fast_open_entry *find(const struct te_stack *stack, const struct te_conn *conn)
{
    return te_fast_open_find(stack, &conn->local.addr, &conn->remote);
}

static void use(struct te_stack *stack, struct te_fast_open_entry *entry)
{
    te_list_remove(&entry->use_link);
    te_list_push_back(&stack->fast_open.used, &entry->use_link);
}

struct te_fast_open_entry *te_fast_open_make(struct te_stack *stack, const struct te_addr *local,
                                             const struct te_endpoint *remote)
{
    struct te_fast_open_cache *cache = &stack->fast_open;
    if (stack->config.fast_open_cache_max == 0)
        return NULL;
    if (cache->count >= stack->config.fast_open_cache_max) {
        stack->counters.fast_open_cache_evicted++;
        forget(stack, oldest(stack));
    }
    struct te_fast_open_entry *entry = te_stack_alloc(stack, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->local = *local;
    entry->remote = *remote;
    te_list_init(&entry->use_link);
    te_list_push_back(&cache->buckets[bucket_of(stack, local, remote)], &entry->bucket_link);
    use(stack, entry);
    cache->count++;
    return entry;
}

/* NULL when the cache is switched off or memory is refused: the next opening asks again. */
static struct te_fast_open_entry *find_or_make(struct te_stack *stack, const struct te_conn *conn)
{
    struct te_fast_open_entry *entry = find(stack, conn);
    return entry != NULL ? entry : te_fast_open_make(stack, &conn->local.addr, &conn->remote);
}

/* RFC 7413 4.1.3.1. */
static void avoid(struct te_stack *stack, const struct te_conn *conn)
{
    struct te_fast_open_entry *entry = find_or_make(stack, conn);
    if (entry == NULL)
        return;
    entry->cookie_len = 0;
    entry->avoid_until_us = stack->now_us + TE_FAST_OPEN_AVOIDANCE_US;
}

static void remember(struct te_stack *stack, const struct te_conn *conn,
                     const struct te_tcp_options *options)
{
    struct te_fast_open_entry *entry = find_or_make(stack, conn);
    if (entry == NULL)
        return;
    entry->cookie_len = options->fast_open_len;
    memcpy(entry->cookie, options->fast_open_cookie, options->fast_open_len);
    entry->avoid_until_us = 0;
}

static void remember_mss(struct te_stack *stack, const struct te_conn *conn)
{
    struct te_fast_open_entry *entry = find(stack, conn);
    uint16_t max = te_addr_is_v4(&conn->remote.addr) ? SYN_MSS_MAX_IPV4 : SYN_MSS_MAX_IPV6;
    if (entry != NULL)
        entry->mss_bytes = conn->peer_mss < max ? conn->peer_mss : max;
}

/* --- client ----------------------------------------------------------------------------------- */

void te_fast_open_begin(struct te_stack *stack, struct te_conn *conn)
{
    if (!(stack->config.fast_open & TE_FAST_OPEN_CLIENT))
        return;
    struct te_fast_open_entry *entry = find(stack, conn);
    if (entry != NULL)
        use(stack, entry);
    if (entry != NULL && stack->now_us < entry->avoid_until_us) {
        stack->counters.fast_open_active_avoided++;
        return;
    }
    conn->fast_open_tried = true;
    if (entry == NULL || entry->cookie_len == 0)
        return;
    conn->fast_open_has_cookie = true;
    conn->peer_mss = entry->mss_bytes;
    te_options_update_mss(conn);
    te_conn_start_congestion(stack,
                             conn); /* the initial window is in segments, which are larger now */
}

/* Only the first SYN carries the option. */
static const struct te_fast_open_entry *entry_for_syn(const struct te_stack *stack,
                                                      const struct te_conn *conn)
{
    if (!conn->fast_open_tried || conn->syn_was_lost || conn->state != TE_SYN_SENT)
        return NULL;
    const struct te_fast_open_entry *entry = find(stack, conn);
    return entry != NULL && entry->cookie_len > 0 ? entry : NULL;
}

uint32_t te_fast_open_syn_len(const struct te_stack *stack, const struct te_conn *conn)
{
    if (conn->queued_offset == 0 || entry_for_syn(stack, conn) == NULL)
        return 0;
    struct te_tcp_header header = {.flags = TE_SYN};
    te_options_for_syn(stack, conn, false, &header.options);
    te_fast_open_put(stack, conn, false, &header.options);
    size_t options_bytes = te_tcp_header_len(&header) - TE_TCP_HEADER_MIN;
    if (conn->mss <= options_bytes)
        return 0;
    uint64_t room = conn->mss - options_bytes;
    return (uint32_t)(conn->queued_offset < room ? conn->queued_offset : room);
}

void te_fast_open_settle(struct te_stack *stack, struct te_conn *conn, uint32_t ack)
{
    if (!conn->fast_open_data)
        return;
    conn->fast_open_data = false;
    stack->counters.bytes_out += ack - (conn->iss + 1);
    conn->snd_max = ack;
    te_unsent_update(stack, conn);
}

/* A SYN,ACK without the option, after the SYN had to be sent again without it, may mean that the
 * path drops SYNs with options it does not know (4.2.2, "heuristically"). */
void te_fast_open_on_syn_ack(struct te_stack *stack, struct te_conn *conn,
                             const struct te_segment *segment)
{
    if (!conn->fast_open_tried)
        return;
    const struct te_tcp_options *options = &segment->header.options;
    bool had_data = conn->fast_open_data;
    bool is_taken = had_data && segment->ack != conn->iss + 1;
    bool brings_cookie = options->has_fast_open && options->fast_open_len > 0;
    if (is_taken)
        stack->counters.fast_open_active++;
    else if (had_data)
        stack->counters.fast_open_active_failed++;
    if (brings_cookie)
        remember(stack, conn, options);
    else if (!is_taken && (conn->syn_was_lost || had_data || !conn->fast_open_has_cookie))
        avoid(stack, conn);
    remember_mss(stack, conn);
    te_fast_open_settle(stack, conn, segment->ack);
}

void te_fast_open_on_failure(struct te_stack *stack, const struct te_conn *conn,
                             enum te_cause cause)
{
    if (conn->fast_open_tried && conn->state == TE_SYN_SENT &&
        (cause == TE_CAUSE_TIMEOUT_RETRANSMIT || cause == TE_CAUSE_TIMEOUT_USER ||
         cause == TE_CAUSE_ICMP)) {
        stack->counters.fast_open_active_failed++;
        avoid(stack, conn);
    }
}

/* --- both ------------------------------------------------------------------------------------- */

static void put_client(const struct te_stack *stack, const struct te_conn *conn,
                       struct te_tcp_options *options)
{
    const struct te_fast_open_entry *entry = entry_for_syn(stack, conn);
    options->has_fast_open = conn->fast_open_tried && !conn->syn_was_lost;
    if (entry == NULL)
        return;
    options->fast_open_len = entry->cookie_len;
    memcpy(options->fast_open_cookie, entry->cookie, entry->cookie_len);
}

void te_fast_open_put(const struct te_stack *stack, const struct te_conn *conn, bool is_syn_ack,
                      struct te_tcp_options *options)
{
    if (!is_syn_ack) {
        put_client(stack, conn, options);
        return;
    }
    if (!conn->fast_open_answer || conn->syn_was_lost)
        return;
    options->has_fast_open = true;
    options->fast_open_len = TE_FAST_OPEN_COOKIE_BYTES;
    make_cookie(stack, &conn->local.addr, &conn->remote.addr, step_now(stack),
                options->fast_open_cookie);
}
