#include "tcp/cc/hystart.h"

#include "tcp/cc/congestion.h"
#include "util/codec.h"
#include "util/seq.h"

/* RFC 9406 4.3. */
#define MIN_RTT_THRESH_US 4000u
#define MAX_RTT_THRESH_US 16000u
#define MIN_RTT_DIVISOR 8
#define N_RTT_SAMPLE 8
#define CSS_GROWTH_DIVISOR 4
#define CSS_ROUNDS 5
#define L_SEGMENTS 8u
/* DEVIATION: RFC 9406 4.3 has L = 8 segments for a sender that does not pace, and RFC 3465 2.2 has
 * two without HyStart++. A receiver that merges frames (GRO) acknowledges up to this much at once,
 * and counting eight of those 44 segments would make slow start crawl; a sender that cuts large
 * frames sends bursts of this size anyway. */
#define L_MIN_BYTES 65536u

/* The values of HyStart in Linux. On shorter paths the queue is short, too, and gaps between ACKs
 * are caused by the hosts. */
#define TRAIN_GAP_US 2000
#define TRAIN_MIN_RTT_US 4000
#define TRAIN_MIN_SEGMENTS 16u

#define NO_RTT UINT32_MAX

static void start_round(struct te_hystart *hystart, uint32_t snd_nxt)
{
    hystart->window_end = snd_nxt;
    hystart->last_round_min_rtt_us = hystart->current_round_min_rtt_us;
    hystart->current_round_min_rtt_us = NO_RTT;
    hystart->samples = 0;
    hystart->trains_us = 0;
}

void te_hystart_start(struct te_hystart *hystart, const struct te_cc_start *start, bool is_first)
{
    *hystart = (struct te_hystart){
        .phase = start->is_hystart && is_first ? TE_HYSTART_SLOW_START : TE_HYSTART_OFF,
        .current_round_min_rtt_us = NO_RTT,
        .css_baseline_min_rtt_us = NO_RTT,
        .min_rtt_us = NO_RTT,
        .last_ack_at_us = start->now_us,
        .is_paced = start->is_paced,
    };
    start_round(hystart, start->snd_nxt);
}

void te_hystart_stop(struct te_hystart *hystart)
{
    hystart->phase = TE_HYSTART_OFF;
}

static void take_rtt(struct te_hystart *hystart, int64_t rtt_us)
{
    if (rtt_us <= 0)
        return;
    uint32_t rtt = rtt_us < NO_RTT ? (uint32_t)rtt_us : NO_RTT - 1;
    if (rtt < hystart->current_round_min_rtt_us)
        hystart->current_round_min_rtt_us = rtt;
    if (rtt < hystart->min_rtt_us)
        hystart->min_rtt_us = rtt;
    if (hystart->samples < N_RTT_SAMPLE)
        hystart->samples++;
}

static uint32_t rtt_thresh_us(uint32_t than_us)
{
    uint32_t thresh = than_us / MIN_RTT_DIVISOR;
    if (thresh > MAX_RTT_THRESH_US)
        thresh = MAX_RTT_THRESH_US;
    return thresh < MIN_RTT_THRESH_US ? MIN_RTT_THRESH_US : thresh;
}

static bool has_delay_risen(const struct te_hystart *hystart, uint32_t than_us)
{
    uint32_t current = hystart->current_round_min_rtt_us;
    return than_us != NO_RTT && current != NO_RTT && current >= than_us &&
           current - than_us >= rtt_thresh_us(than_us);
}

static void leave_slow_start(struct te_hystart *hystart, struct te_congestion *cc)
{
    cc->ssthresh_bytes = cc->cwnd_bytes;
    te_hystart_stop(hystart);
}

/* A rise or a fall of a later round (hystart.h). */
static void judge_css(struct te_hystart *hystart, struct te_congestion *cc)
{
    if (hystart->css_rounds == 0)
        return;
    if (hystart->current_round_min_rtt_us < hystart->css_baseline_min_rtt_us) {
        hystart->phase = TE_HYSTART_SLOW_START;
        hystart->css_baseline_min_rtt_us = NO_RTT;
    } else if (has_delay_risen(hystart, hystart->css_baseline_min_rtt_us)) {
        leave_slow_start(hystart, cc);
    }
}

/* Changes of phase within a round: RFC 9406 4.2. */
static void judge_delay(struct te_hystart *hystart, struct te_congestion *cc)
{
    if (hystart->samples < N_RTT_SAMPLE)
        return;
    if (hystart->phase == TE_HYSTART_CSS) {
        judge_css(hystart, cc);
    } else if (hystart->phase == TE_HYSTART_SLOW_START &&
               has_delay_risen(hystart, hystart->last_round_min_rtt_us)) {
        hystart->phase = TE_HYSTART_CSS;
        hystart->css_baseline_min_rtt_us = hystart->current_round_min_rtt_us;
        hystart->css_rounds = 0;
    }
}

/* A sender that paces is rarely at the edge of its window just when an ACK comes. In slow start,
 * where the window should double, half of it in flight counts as using it (RFC 7661 4.3 has the
 * same bound). */
static bool is_window_used(const struct te_congestion *cc, const struct te_ack_sample *sample)
{
    bool is_slow_start = cc->cwnd_bytes < cc->ssthresh_bytes;
    return sample->is_cwnd_limited ||
           (is_slow_start && sample->prior_flight_bytes >= cc->cwnd_bytes / 2);
}

/* Pacing at two windows per round trip (pacer.h) spreads the ACKs over half a round trip anyway. */
static bool is_train_long(const struct te_hystart *hystart)
{
    if (hystart->min_rtt_us == NO_RTT || hystart->min_rtt_us < TRAIN_MIN_RTT_US)
        return false;
    return hystart->trains_us >=
           (hystart->is_paced ? hystart->min_rtt_us : hystart->min_rtt_us / 2);
}

/* The ACKs of an application that sends little at a time prove nothing. */
static void count_train(struct te_hystart *hystart, const struct te_congestion *cc,
                        const struct te_ack_sample *sample)
{
    int64_t gap_us = sample->now_us - hystart->last_ack_at_us;
    hystart->last_ack_at_us = sample->now_us;
    if (gap_us <= TRAIN_GAP_US && is_window_used(cc, sample))
        hystart->trains_us += (uint32_t)gap_us;
}

/* A round may begin behind the queue of the last burst. A quarter of a path later its smallest RTT
 * shows a standing queue. */
static bool is_queue_standing(const struct te_hystart *hystart)
{
    return hystart->samples == N_RTT_SAMPLE && hystart->trains_us >= hystart->min_rtt_us / 4 &&
           has_delay_risen(hystart, hystart->min_rtt_us);
}

static void judge_train(struct te_hystart *hystart, struct te_congestion *cc,
                        const struct te_ack_sample *sample)
{
    count_train(hystart, cc, sample);
    if (hystart->phase == TE_HYSTART_TRAIN) {
        if (is_queue_standing(hystart))
            leave_slow_start(hystart, cc);
    } else if (is_train_long(hystart) && cc->cwnd_bytes >= TRAIN_MIN_SEGMENTS * sample->mss_bytes) {
        hystart->phase = TE_HYSTART_TRAIN;
        hystart->css_rounds = 0;
    }
}

/* The round in which CSS began counts, however little was left of it. */
static void end_round(struct te_hystart *hystart, struct te_congestion *cc, uint32_t snd_nxt)
{
    if (hystart->phase != TE_HYSTART_SLOW_START && ++hystart->css_rounds == CSS_ROUNDS) {
        leave_slow_start(hystart, cc);
        return;
    }
    start_round(hystart, snd_nxt);
}

static void observe(struct te_hystart *hystart, struct te_congestion *cc,
                    const struct te_ack_sample *sample)
{
    take_rtt(hystart, sample->rtt_us);
    judge_delay(hystart, cc);
    if (hystart->phase != TE_HYSTART_OFF)
        judge_train(hystart, cc, sample);
    if (hystart->phase != TE_HYSTART_OFF && seq_geq(sample->snd_una, hystart->window_end))
        end_round(hystart, cc, sample->snd_nxt);
}

/* How much of an ACK counts. After a timeout it may be for data that arrived long ago: RFC 3465 2.3
 * allows one segment. */
static uint32_t credit(const struct te_hystart *hystart, const struct te_congestion *cc,
                       const struct te_ack_sample *sample)
{
    uint32_t limit = UINT32_MAX;
    if (sample->is_in_loss) {
        limit = sample->delivered_bytes < sample->mss_bytes ? sample->delivered_bytes
                                                            : sample->mss_bytes;
    } else if (cc->cwnd_bytes < cc->ssthresh_bytes && !hystart->is_paced) {
        limit = L_SEGMENTS * sample->mss_bytes;
        if (limit < L_MIN_BYTES)
            limit = L_MIN_BYTES;
    }
    return sample->acked_bytes < limit ? sample->acked_bytes : limit;
}

uint32_t te_hystart_grow(struct te_hystart *hystart, struct te_congestion *cc,
                         const struct te_ack_sample *sample)
{
    if (sample->is_hystart_off)
        te_hystart_stop(hystart);
    if (hystart->phase != TE_HYSTART_OFF)
        observe(hystart, cc, sample);
    if (!is_window_used(cc, sample))
        return 0;
    uint32_t acked = credit(hystart, cc, sample);
    if (cc->cwnd_bytes >= cc->ssthresh_bytes)
        return acked;
    if (hystart->phase == TE_HYSTART_CSS || hystart->phase == TE_HYSTART_TRAIN) {
        te_cc_grow(cc, acked / CSS_GROWTH_DIVISOR);
        return 0;
    }
    uint32_t room = cc->ssthresh_bytes - cc->cwnd_bytes;
    uint32_t used = acked < room ? acked : room;
    te_cc_grow(cc, used);
    return acked - used;
}

const char *te_hystart_phase_name(const struct te_hystart *hystart)
{
    static const char *const names[] = {"off", "slow-start", "css", "train"};
    return names[hystart->phase];
}

void te_hystart_save(struct te_codec *codec, struct te_hystart *hystart)
{
    te_codec_u32(codec, &hystart->window_end);
    te_codec_u32(codec, &hystart->last_round_min_rtt_us);
    te_codec_u32(codec, &hystart->current_round_min_rtt_us);
    te_codec_u32(codec, &hystart->css_baseline_min_rtt_us);
    te_codec_u32(codec, &hystart->min_rtt_us);
    te_codec_past(codec, &hystart->last_ack_at_us);
    te_codec_u32(codec, &hystart->trains_us);
    te_codec_u8_below(codec, &hystart->phase, TE_HYSTART_TRAIN + 1);
    te_codec_u8(codec, &hystart->samples);
    te_codec_u8(codec, &hystart->css_rounds);
    te_codec_bool(codec, &hystart->is_paced);
}
