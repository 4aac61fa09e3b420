#include "tcp/conn/options.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/receive_buffer.h"

#define WSCALE_MAX 14 /* RFC 7323 2.3 */
#define IPV4_TCP_HEADERS 40
#define IPV6_TCP_HEADERS 60
#define MSS_DEFAULT_IPV4 536 /* RFC 9293 3.7.1 (MUST-15) */
#define MSS_DEFAULT_IPV6 1220
#define TIMESTAMP_OPTION_BYTES 12 /* with its padding */

uint32_t te_options_headers_bytes(const struct te_addr *remote)
{
    return te_addr_is_v4(remote) ? IPV4_TCP_HEADERS : IPV6_TCP_HEADERS;
}

uint16_t te_options_local_mss(const struct te_stack *stack, const struct te_addr *remote)
{
    return (uint16_t)(stack->config.mtu_bytes - te_options_headers_bytes(remote));
}

void te_options_for_syn(const struct te_stack *stack, const struct te_conn *conn, bool is_syn_ack,
                        struct te_tcp_options *ret_options)
{
    const struct te_config *config = &stack->config;
    *ret_options = (struct te_tcp_options){
        .has_mss = true,
        .mss_bytes = te_options_local_mss(stack, &conn->remote.addr),
        .has_wscale = is_syn_ack ? conn->wscale_ok : config->window_scale,
        .wscale = conn->rcv_wscale,
        .sack_permitted = is_syn_ack ? conn->sack_ok : config->sack,
        .has_timestamps = is_syn_ack ? conn->ts_ok : config->timestamps,
        .ts_value = te_ts_now(stack, conn->ts_offset),
        .ts_echo = is_syn_ack ? conn->paws.ts_recent : 0,
    };
}

void te_options_for_segment(const struct te_stack *stack, const struct te_conn *conn,
                            bool with_sack, struct te_tcp_options *ret_options)
{
    *ret_options = (struct te_tcp_options){
        .has_timestamps = conn->ts_ok,
        .ts_value = te_ts_now(stack, conn->ts_offset),
        .ts_echo = conn->paws.ts_recent,
    };
    if (with_sack && conn->sack_ok)
        ret_options->sack_count = te_receive_sack_blocks(conn, ret_options->sack);
}

void te_options_update_mss(struct te_conn *conn)
{
    uint32_t room = conn->path_mtu - te_options_headers_bytes(&conn->remote.addr);
    uint32_t mss = conn->peer_mss < room ? conn->peer_mss : room;
    if (conn->ts_ok)
        mss -= TIMESTAMP_OPTION_BYTES;
    assert(mss > 0);
    conn->mss = (uint16_t)mss;
}

uint16_t te_options_peer_mss(const struct te_tcp_options *options, const struct te_addr *remote)
{
    if (options->has_mss)
        return options->mss_bytes;
    return te_addr_is_v4(remote) ? MSS_DEFAULT_IPV4 : MSS_DEFAULT_IPV6;
}

void te_options_negotiate(const struct te_stack *stack, struct te_conn *conn,
                          const struct te_tcp_options *options)
{
    const struct te_config *config = &stack->config;
    conn->peer_mss = te_options_peer_mss(options, &conn->remote.addr);
    if (conn->peer_mss < config->mss_min_bytes)
        conn->peer_mss = config->mss_min_bytes; /* CVE-2019-11479 */
    conn->ts_ok = config->timestamps && options->has_timestamps;
    conn->sack_ok = config->sack && options->sack_permitted;
    conn->wscale_ok = config->window_scale && options->has_wscale;
    conn->snd_wscale = 0;
    if (conn->wscale_ok)
        conn->snd_wscale = options->wscale > WSCALE_MAX ? WSCALE_MAX : options->wscale;
    else
        conn->rcv_wscale = 0;
    if (conn->ts_ok)
        te_paws_start(&conn->paws, options->ts_value, stack->now_us);
    te_options_update_mss(conn);
    /* A user that CLOSEs in SYN_RCVD may send before the opening is over. */
    conn->cc.cwnd_bytes = te_cc_initial_window(conn->mss, config->initial_window_segments);
}
