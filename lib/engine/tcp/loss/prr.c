#include "tcp/loss/prr.h"

#include "tcp/cc/congestion.h"

void te_prr_start(struct te_prr *prr, uint32_t flight_bytes)
{
    *prr = (struct te_prr){.recover_fs_bytes = flight_bytes > 0 ? flight_bytes : 1};
}

void te_prr_on_send(struct te_prr *prr, uint32_t bytes)
{
    prr->out_bytes += bytes;
}

static uint64_t above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* sndcnt of RFC 6937 3. RecoverFS may be below ssthresh, which is at least two segments, when next
 * to nothing was in flight; even then no more is due than was delivered. */
static uint64_t send_count(const struct te_prr *prr, const struct te_prr_ack *ack)
{
    if (ack->flight_bytes > ack->ssthresh_bytes) {
        uint64_t share = prr->delivered_bytes * ack->ssthresh_bytes;
        uint64_t from = prr->recover_fs_bytes > ack->ssthresh_bytes ? prr->recover_fs_bytes
                                                                    : ack->ssthresh_bytes;
        uint64_t due = (share + from - 1) / from;
        return above(due, prr->out_bytes);
    }
    uint64_t limit = above(prr->delivered_bytes, prr->out_bytes);
    if (limit < ack->delivered_bytes)
        limit = ack->delivered_bytes;
    if (ack->is_safe)
        limit += ack->mss_bytes; /* SSRB: as in slow start */
    return least(ack->ssthresh_bytes - ack->flight_bytes, limit);
}

uint32_t te_prr_on_ack(struct te_prr *prr, const struct te_prr_ack *ack)
{
    prr->delivered_bytes += ack->delivered_bytes;
    uint64_t count = send_count(prr, ack);
    if (prr->out_bytes == 0 && count < ack->mss_bytes)
        count = ack->mss_bytes; /* the fast retransmit itself */
    uint64_t cwnd = ack->flight_bytes + count;
    if (cwnd < ack->mss_bytes)
        cwnd = ack->mss_bytes; /* never below 1 MSS */
    return cwnd > TE_CWND_MAX_BYTES ? TE_CWND_MAX_BYTES : (uint32_t)cwnd;
}
