#include "socket/socket_tcp_info.h"

/* glibc's struct is shorter. */
#include <linux/tcp.h>
#include <string.h>

/* Linux numbers the states in its own order (net/tcp_states.h). */
static uint8_t state_number(enum te_state state)
{
    static const uint8_t numbers[TE_STATE_COUNT] = {
        [TE_ESTABLISHED] = 1, [TE_SYN_SENT] = 2,  [TE_SYN_RCVD] = 3, [TE_FIN_WAIT_1] = 4,
        [TE_FIN_WAIT_2] = 5,  [TE_TIME_WAIT] = 6, [TE_CLOSED] = 7,   [TE_CLOSE_WAIT] = 8,
        [TE_LAST_ACK] = 9,    [TE_LISTEN] = 10,   [TE_CLOSING] = 11};
    return numbers[state];
}

static uint8_t ca_state_of(const char *recovery)
{
    static const char *const names[] = {"open", "disorder", "cwr", "recovery", "loss"};
    for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], recovery) == 0)
            return i;
    return 0;
}

static uint32_t segments_of(uint64_t bytes, uint32_t mss)
{
    return mss == 0 ? 0 : (uint32_t)((bytes + mss - 1) / mss);
}

static void fill_options(const struct te_status *status, struct tcp_info *info)
{
    if (status->timestamps)
        info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
    if (status->sack_permitted)
        info->tcpi_options |= TCPI_OPT_SACK;
    if (status->wscale_ok)
        info->tcpi_options |= TCPI_OPT_WSCALE;
    if (status->ecn)
        info->tcpi_options |= TCPI_OPT_ECN;
    info->tcpi_snd_wscale = status->snd_wscale & 0xf;
    info->tcpi_rcv_wscale = status->rcv_wscale & 0xf;
}

static void fill_sending(const struct te_status *status, struct tcp_info *info)
{
    info->tcpi_snd_mss = status->mss;
    info->tcpi_snd_cwnd = segments_of(status->cwnd_bytes, status->mss);
    info->tcpi_snd_ssthresh = status->ssthresh_bytes == UINT32_MAX
                                  ? INT32_MAX
                                  : segments_of(status->ssthresh_bytes, status->mss);
    info->tcpi_unacked = segments_of(status->snd_nxt - status->snd_una, status->mss);
    info->tcpi_sacked = segments_of(status->sacked_bytes, status->mss);
    info->tcpi_lost = segments_of(status->lost_bytes, status->mss);
    info->tcpi_backoff = (uint8_t)status->backoff;
    info->tcpi_retransmits = (uint8_t)status->backoff;
    info->tcpi_total_retrans = (uint32_t)status->retransmits;
    info->tcpi_bytes_retrans = status->bytes_retransmitted;
    info->tcpi_bytes_acked = status->bytes_acked;
    info->tcpi_bytes_sent = status->bytes_sent + status->bytes_retransmitted;
    info->tcpi_segs_out = (uint32_t)status->segments_out;
    info->tcpi_notsent_bytes = (uint32_t)(status->send_accepted > status->bytes_sent
                                              ? status->send_accepted - status->bytes_sent
                                              : 0);
    info->tcpi_snd_wnd = status->snd_wnd;
}

static void fill_times(const struct te_status *status, struct tcp_info *info)
{
    info->tcpi_rto = (uint32_t)status->rto_us;
    info->tcpi_rtt = (uint32_t)status->srtt_us;
    info->tcpi_rttvar = (uint32_t)status->rttvar_us;
    info->tcpi_min_rtt = (uint32_t)status->min_rtt_us;
}

static void fill_receiving(const struct te_status *status, struct tcp_info *info)
{
    info->tcpi_pmtu = status->path_mtu_bytes;
    info->tcpi_advmss = status->mss;
    info->tcpi_rcv_mss = status->mss;
    info->tcpi_rcv_space = status->rcv_wnd;
    info->tcpi_rcv_ssthresh = status->rcv_wnd;
    info->tcpi_bytes_received = status->bytes_received;
    info->tcpi_segs_in = (uint32_t)status->segments_in;
}

static void fill(const struct te_status *status, struct tcp_info *info)
{
    info->tcpi_state = state_number(status->state);
    if (status->is_listener) { /* the accept queue, and how long it may be, as Linux has it */
        info->tcpi_unacked = status->receive_queue_bytes;
        info->tcpi_sacked = status->send_queue_bytes;
        return;
    }
    info->tcpi_ca_state = ca_state_of(status->recovery) & 0x1f;
    fill_options(status, info);
    fill_sending(status, info);
    fill_times(status, info);
    fill_receiving(status, info);
}

_Static_assert(sizeof(struct tcp_info) <= SOCKET_VALUE_MAX, "it fits an answer");

size_t socket_tcp_info_write(const struct te_status *status, uint8_t ret_info[SOCKET_VALUE_MAX])
{
    struct tcp_info info;
    memset(&info, 0, sizeof(info));
    info.tcpi_state = state_number(TE_CLOSED);
    if (status != NULL)
        fill(status, &info);
    memcpy(ret_info, &info, sizeof(info));
    return sizeof(info);
}
