#include "tcp/listen/syn_cookie.h"

#include <assert.h>
#include <string.h>

#include "stack_internal.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/options.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/reset.h"
#include "util/bytes.h"

#define DOMAIN_COOKIE 6

/* The four low bits of the ISN; the rest is hash. */
#define MSS_MASK 0x7u
#define STEP_BIT 0x8u
#define HASH_MASK 0xfffffff0u

/* The six low bits of the TSval. */
#define WSCALE_MASK 0xfu
#define WSCALE_NONE 0xfu
#define SACK_BIT 0x10u
#define ECN_BIT 0x20u
#define KEPT_MASK 0x3fu

#define WSCALE_MAX 14 /* RFC 7323 2.3 */

/* What the hash covers besides the 4-tuple, the peer's ISN and the step. */
struct contents {
    unsigned mss_slot;
    bool has_timestamps;
    uint32_t kept; /* in the TSval; 0 without timestamps */
};

/* Values common on Ethernet over IPv4 and IPv6, in tunnels, and with jumbo frames; 536 and 1,220
 * are the defaults of a SYN without an MSS (RFC 9293 3.7.1). Slot 0 is the lowest
 * config.mss_min_bytes that is valid: smaller offers are raised to it. */
static const uint16_t mss_table[TE_SYN_COOKIE_MSS_SLOTS] = {48,   216,  536,  1220,
                                                            1360, 1440, 1460, 8940};

uint16_t te_syn_cookie_mss(unsigned slot)
{
    assert(slot < TE_SYN_COOKIE_MSS_SLOTS);
    return mss_table[slot];
}

/* The slot of the largest MSS that the peer takes. */
static unsigned slot_of(uint32_t mss_bytes)
{
    unsigned slot = TE_SYN_COOKIE_MSS_SLOTS - 1;
    while (slot > 0 && mss_table[slot] > mss_bytes)
        slot--;
    return slot;
}

static uint32_t step_now(const struct te_stack *stack)
{
    return (uint32_t)(stack->now_us / TE_SYN_COOKIE_STEP_US);
}

/* The whole cookie number for a segment's 4-tuple: hash, step bit, slot. */
static uint32_t number_of(const struct te_stack *stack, const struct te_segment *segment,
                          uint32_t irs, uint32_t step, const struct contents *contents)
{
    uint8_t bytes[56];
    te_store_be32(bytes, DOMAIN_COOKIE);
    te_store_be32(bytes + 4, (uint32_t)segment->local.port << 16 | segment->remote.port);
    memcpy(bytes + 8, segment->local.addr.bytes, 16);
    memcpy(bytes + 24, segment->remote.addr.bytes, 16);
    te_store_be32(bytes + 40, irs);
    te_store_be32(bytes + 44, step);
    te_store_be32(bytes + 48, contents->mss_slot);
    te_store_be32(bytes + 52, contents->has_timestamps ? contents->kept : UINT32_MAX);
    uint32_t hash = (uint32_t)te_siphash(&stack->key, bytes, sizeof(bytes));
    return (hash & HASH_MASK) | ((step & 1) ? STEP_BIT : 0) | contents->mss_slot;
}

/* --- made ------------------------------------------------------------------------------------- */

static uint32_t kept_of(const struct te_config *config, const struct te_segment *syn)
{
    const struct te_tcp_options *options = &syn->header.options;
    uint32_t kept = WSCALE_NONE;
    if (config->window_scale && options->has_wscale)
        kept = options->wscale > WSCALE_MAX ? WSCALE_MAX : options->wscale;
    if (config->sack && options->sack_permitted)
        kept |= SACK_BIT;
    if (config->ecn != TE_ECN_OFF && te_ecn_is_offer(syn))
        kept |= ECN_BIT;
    return kept;
}

/* The latest TSval, not after now, that ends in these bits: later TSvals of the connection are not
 * older. It is up to 63 ms back, so no round trip is measured by it. */
static uint32_t ts_value_with(uint32_t now, uint32_t kept)
{
    return now - ((now - kept) & KEPT_MASK);
}

static struct te_tcp_options options_of_answer(const struct te_stack *stack,
                                               const struct te_segment *syn,
                                               const struct contents *contents)
{
    const struct te_config *config = &stack->config;
    struct te_tcp_options options = {
        .has_mss = true,
        .mss_bytes = te_options_local_mss(stack, &syn->remote.addr),
    };
    if (!contents->has_timestamps)
        return options;
    uint32_t now = te_ts_now(stack, te_ts_offset(stack, &syn->local, &syn->remote));
    options.has_timestamps = true;
    options.ts_value = ts_value_with(now, contents->kept);
    options.ts_echo = syn->header.options.ts_value;
    options.sack_permitted = (contents->kept & SACK_BIT) != 0;
    options.has_wscale = (contents->kept & WSCALE_MASK) != WSCALE_NONE;
    options.wscale = te_receive_wscale(config->receive_buffer_max_bytes);
    return options;
}

void te_syn_cookie_make(const struct te_stack *stack, const struct te_segment *syn,
                        struct te_syn_cookie *ret_cookie)
{
    const struct te_tcp_options *offered = &syn->header.options;
    bool has_timestamps = stack->config.timestamps && offered->has_timestamps;
    struct contents contents = {
        .mss_slot = slot_of(te_options_peer_mss(offered, &syn->remote.addr)),
        .has_timestamps = has_timestamps,
        .kept = has_timestamps ? kept_of(&stack->config, syn) : 0,
    };
    ret_cookie->iss = number_of(stack, syn, syn->seq, step_now(stack), &contents);
    ret_cookie->flags = TE_SYN | TE_ACK | ((contents.kept & ECN_BIT) ? TE_ECE : 0);
    ret_cookie->options = options_of_answer(stack, syn, &contents);
}

void te_syn_cookie_send(struct te_stack *stack, const struct te_segment *syn)
{
    struct te_syn_cookie cookie;
    te_syn_cookie_make(stack, syn, &cookie);
    uint32_t window = te_receive_limit_initial(&stack->config);
    struct te_tcp_header header = {
        .seq = cookie.iss,
        .ack = syn->seq + 1,
        .flags = cookie.flags,
        .window = (uint16_t)(window > UINT16_MAX ? UINT16_MAX : window),
        .options = cookie.options,
    };
    stack->counters.syn_cookies_sent++;
    te_reset_send_header(stack, &syn->local, &syn->remote, &header);
}

/* --- brought back ----------------------------------------------------------------------------- */

bool te_syn_cookie_check(const struct te_stack *stack, const struct te_segment *ack,
                         struct te_syn_cookie_kept *ret_kept)
{
    const struct te_tcp_options *options = &ack->header.options;
    bool has_timestamps = stack->config.timestamps && options->has_timestamps;
    uint32_t iss = ack->ack - 1;
    struct contents contents = {
        .mss_slot = iss & MSS_MASK,
        .has_timestamps = has_timestamps,
        .kept = has_timestamps ? options->ts_echo & KEPT_MASK : 0,
    };
    uint32_t step = step_now(stack);
    if ((step & 1) != ((iss & STEP_BIT) != 0))
        step--;
    if (number_of(stack, ack, ack->seq - 1, step, &contents) != iss)
        return false;
    ret_kept->flags = TE_SYN | ((contents.kept & ECN_BIT) ? TE_ECE | TE_CWR : 0);
    ret_kept->options = (struct te_tcp_options){
        .has_mss = true,
        .mss_bytes = mss_table[contents.mss_slot],
        .has_timestamps = has_timestamps,
        .ts_value = options->ts_value,
        .has_wscale = has_timestamps && (contents.kept & WSCALE_MASK) != WSCALE_NONE,
        .wscale = (uint8_t)(contents.kept & WSCALE_MASK),
        .sack_permitted = (contents.kept & SACK_BIT) != 0,
    };
    return true;
}
