#include "tcp/cc/pacer.h"

#include <tcpengine/units.h>

#define QUANTUM_US UINT64_C(1000)
#define QUANTUM_MAX_BYTES 65536u
#define QUANTUM_MIN_SEGMENTS 2u
/* How late a millisecond timer may fire without costing any rate. */
#define LATENESS_US 2000
/* No frame holds the next one back for longer, however low the rate. */
#define WAIT_MAX_US 1000000
#define SLOW_START_PERCENT 200u
#define AVOIDANCE_PERCENT 120u

void te_pacer_set_rate(struct te_pacer *pacer, uint64_t rate_bytes_per_s)
{
    if (pacer->rate_bytes_per_s == rate_bytes_per_s)
        return;
    pacer->rate_bytes_per_s = rate_bytes_per_s;
    pacer->remainder = 0;
}

int64_t te_pacer_ready_at_us(const struct te_pacer *pacer, int64_t now_us)
{
    if (pacer->rate_bytes_per_s == 0 || pacer->next_at_us < now_us)
        return now_us;
    return pacer->next_at_us;
}

uint32_t te_pacer_quantum_bytes(const struct te_pacer *pacer, uint32_t mss_bytes)
{
    uint64_t quantum = pacer->rate_bytes_per_s / ((uint64_t)TE_SECOND / QUANTUM_US);
    if (pacer->rate_bytes_per_s == 0 || quantum > QUANTUM_MAX_BYTES)
        quantum = QUANTUM_MAX_BYTES;
    if (quantum < QUANTUM_MIN_SEGMENTS * mss_bytes)
        quantum = QUANTUM_MIN_SEGMENTS * mss_bytes;
    return (uint32_t)quantum;
}

static int64_t credit_us(const struct te_pacer *pacer, uint32_t mss_bytes)
{
    uint64_t quantum_us =
        te_pacer_quantum_bytes(pacer, mss_bytes) * (uint64_t)TE_SECOND / pacer->rate_bytes_per_s;
    if (quantum_us > WAIT_MAX_US)
        return WAIT_MAX_US;
    return quantum_us > LATENESS_US ? (int64_t)quantum_us : LATENESS_US;
}

void te_pacer_on_sent(struct te_pacer *pacer, int64_t now_us, uint32_t length_bytes,
                      uint32_t mss_bytes)
{
    if (pacer->rate_bytes_per_s == 0)
        return;
    int64_t earliest_us = now_us - credit_us(pacer, mss_bytes);
    if (pacer->next_at_us < earliest_us) {
        pacer->next_at_us = earliest_us;
        pacer->remainder = 0;
    }
    uint64_t dividend = length_bytes * (uint64_t)TE_SECOND + pacer->remainder;
    uint64_t wait_us = dividend / pacer->rate_bytes_per_s;
    pacer->remainder = dividend % pacer->rate_bytes_per_s;
    pacer->next_at_us += wait_us < WAIT_MAX_US ? (int64_t)wait_us : WAIT_MAX_US;
}

uint64_t te_pacer_window_rate(uint32_t cwnd_bytes, uint32_t ssthresh_bytes, int64_t srtt_us)
{
    if (srtt_us <= 0)
        return 0;
    uint64_t percent = cwnd_bytes < ssthresh_bytes ? SLOW_START_PERCENT : AVOIDANCE_PERCENT;
    return cwnd_bytes * ((uint64_t)TE_SECOND / 100) * percent / (uint64_t)srtt_us;
}
