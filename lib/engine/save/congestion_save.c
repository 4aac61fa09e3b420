#include "save/save_sections.h"
#include "tcp/cc/congestion.h"
#include <string.h>

#define NAME_BYTES_MAX 32

TE_SAVE_FIELDS_OF(struct te_congestion, 24);
TE_SAVE_FIELDS_OF(struct te_hystart, 40);
TE_SAVE_FIELDS_OF(struct te_cc_reno_state, 48);
TE_SAVE_FIELDS_OF(struct te_cc_cubic_state, 104);
TE_SAVE_FIELDS_OF(struct te_cc_bbr_state, 216);

static void name_fields(struct te_codec *codec, struct te_congestion *cc)
{
    char name[NAME_BYTES_MAX] = "";
    uint8_t len = 0;
    if (!codec->is_reading) {
        strncpy(name, cc->ops->name, sizeof(name) - 1);
        len = (uint8_t)strlen(name);
    }
    te_codec_u8_below(codec, &len, sizeof(name));
    te_codec_bytes(codec, name, len);
    if (!codec->is_reading)
        return;
    cc->ops = te_cc_find(name);
    te_codec_require(codec, cc->ops != NULL);
}

void te_cc_save(struct te_codec *codec, struct te_congestion *cc)
{
    name_fields(codec, cc);
    te_codec_u32(codec, &cc->cwnd_bytes);
    te_codec_require(codec, cc->cwnd_bytes > 0 && cc->cwnd_bytes <= TE_CWND_MAX_BYTES);
    te_codec_u32(codec, &cc->ssthresh_bytes);
}

/* --- the algorithms' own ----------------------------------------------------------------------
 */

static void hystart_fields(struct te_codec *codec, struct te_hystart *hystart)
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

static void reno_fields(struct te_codec *codec, struct te_cc_reno_state *reno)
{
    hystart_fields(codec, &reno->hystart);
    te_codec_u32(codec, &reno->acked_bytes);
}

static void cubic_fields(struct te_codec *codec, struct te_cc_cubic_state *cubic)
{
    hystart_fields(codec, &cubic->hystart);
    te_codec_u32_to(codec, &cubic->w_max_bytes, TE_CWND_MAX_BYTES);
    te_codec_u32(codec, &cubic->cwnd_prior_bytes);
    te_codec_u32_to(codec, &cubic->w_est_bytes, TE_CWND_MAX_BYTES);
    te_codec_u32(codec, &cubic->ecn_cwnd_bytes);
    te_codec_time(codec, &cubic->epoch_at_us);
    te_codec_time(codec, &cubic->last_ack_at_us);
    te_codec_u64(codec, &cubic->w_est_remainder);
    te_codec_u64(codec, &cubic->growth_remainder);
    te_codec_u32(codec, &cubic->k_us);
    te_codec_u32_to(codec, &cubic->mss_bytes, UINT16_MAX);
    te_codec_bool(codec, &cubic->has_epoch);
    te_codec_bool(codec, &cubic->is_reducing);
}

static void bbr_rates(struct te_codec *codec, struct te_cc_bbr_state *bbr)
{
    te_codec_u64(codec, &bbr->max_bw_filter[0]);
    te_codec_u64(codec, &bbr->max_bw_filter[1]);
    te_codec_u64(codec, &bbr->bw_shortterm);
    te_codec_u64(codec, &bbr->bw_latest);
    te_codec_u64(codec, &bbr->full_bw);
    te_codec_u64(codec, &bbr->pacing_rate);
}

static void bbr_volumes(struct te_codec *codec, struct te_cc_bbr_state *bbr)
{
    te_codec_u32(codec, &bbr->inflight_longterm_bytes);
    te_codec_u32(codec, &bbr->inflight_shortterm_bytes);
    te_codec_u32(codec, &bbr->inflight_latest_bytes);
    te_codec_u32(codec, &bbr->extra_acked_bytes[0]);
    te_codec_u32(codec, &bbr->extra_acked_bytes[1]);
    te_codec_u32(codec, &bbr->extra_acked_delivered_bytes);
    te_codec_u32(codec, &bbr->prior_cwnd_bytes);
    te_codec_u32(codec, &bbr->initial_cwnd_bytes);
    te_codec_u32(codec, &bbr->startup_delivered_bytes);
    te_codec_u32(codec, &bbr->bw_probe_up_acked_bytes);
    te_codec_u32(codec, &bbr->probe_up_acked_per_inc_bytes);
    te_codec_u32(codec, &bbr->too_high_bytes);
    te_codec_u32_to(codec, &bbr->mss_bytes, UINT16_MAX);
    te_codec_require(codec, bbr->mss_bytes > 0);
}

static void bbr_times(struct te_codec *codec, struct te_cc_bbr_state *bbr)
{
    te_codec_time(codec, &bbr->extra_acked_interval_at_us);
    te_codec_time(codec, &bbr->min_rtt_at_us);
    te_codec_time(codec, &bbr->probe_rtt_min_at_us);
    te_codec_time(codec, &bbr->probe_rtt_done_at_us);
    te_codec_time(codec, &bbr->cycle_at_us);
    te_codec_u32(codec, &bbr->min_rtt_us);
    te_codec_u32(codec, &bbr->probe_rtt_min_delay_us);
    te_codec_u32(codec, &bbr->bw_probe_wait_us);
}

static void bbr_rounds(struct te_codec *codec, struct te_cc_bbr_state *bbr)
{
    te_codec_u64(codec, &bbr->next_round_delivered_bytes);
    te_codec_u64(codec, &bbr->loss_round_delivered_bytes);
    te_codec_u64(codec, &bbr->app_limited_until_bytes);
    te_codec_u64(codec, &bbr->lost_total_bytes);
    te_codec_u32(codec, &bbr->round_count);
    te_codec_u32(codec, &bbr->drain_start_round);
    te_codec_u32(codec, &bbr->rounds_since_probe_up);
    te_codec_u32(codec, &bbr->random);
    te_codec_u8(codec, &bbr->full_bw_count);
    te_codec_u8_below(codec, &bbr->bw_probe_up_rounds, TE_BBR_PROBE_UP_ROUNDS_MAX + 1);
    te_codec_u8(codec, &bbr->extra_acked_rounds);
    te_codec_u8(codec, &bbr->loss_events_in_round);
}

static void bbr_flags(struct te_codec *codec, struct te_cc_bbr_state *bbr)
{
    TE_CODEC_BIT(codec, bbr->has_seen_rtt);
    TE_CODEC_BIT(codec, bbr->is_round_start);
    TE_CODEC_BIT(codec, bbr->is_loss_round_start);
    TE_CODEC_BIT(codec, bbr->is_loss_in_round);
    TE_CODEC_BIT(codec, bbr->is_cwnd_limited_in_round);
    TE_CODEC_BIT(codec, bbr->was_cwnd_limited_in_round);
    TE_CODEC_BIT(codec, bbr->is_recovering);
    TE_CODEC_BIT(codec, bbr->has_seen_recovery);
    TE_CODEC_BIT(codec, bbr->is_bw_probe_sample);
    TE_CODEC_BIT(codec, bbr->is_too_high_app_limited);
    TE_CODEC_BIT(codec, bbr->prev_probe_too_high);
    TE_CODEC_BIT(codec, bbr->prev_probe_precautionary);
    TE_CODEC_BIT(codec, bbr->full_bw_reached);
    TE_CODEC_BIT(codec, bbr->full_bw_now);
    TE_CODEC_BIT(codec, bbr->probe_rtt_expired);
    TE_CODEC_BIT(codec, bbr->probe_rtt_round_done);
    TE_CODEC_BIT(codec, bbr->idle_restart);
}

/* In PROBE_BW_UP, now or after an undo, what was acknowledged is divided by the slope. */
static void bbr_fields(struct te_codec *codec, struct te_cc_bbr_state *bbr)
{
    te_codec_u8_below(codec, &bbr->state, TE_BBR_STATES);
    te_codec_u8_below(codec, &bbr->undo_state, TE_BBR_STATES + 1);
    te_codec_u8_below(codec, &bbr->ack_phase, TE_BBR_ACKS_PROBE_STOPPING + 1);
    bbr_rates(codec, bbr);
    bbr_volumes(codec, bbr);
    bbr_times(codec, bbr);
    bbr_rounds(codec, bbr);
    bbr_flags(codec, bbr);
    bool is_up = bbr->state == TE_BBR_PROBE_BW_UP || bbr->undo_state == TE_BBR_PROBE_BW_UP;
    te_codec_require(codec, !is_up || bbr->probe_up_acked_per_inc_bytes > 0);
}

void te_cc_state_save(struct te_codec *codec, const struct te_cc_ops *ops, union te_cc_state *state)
{
    if (ops == &te_cc_reno)
        reno_fields(codec, &state->reno);
    else if (ops == &te_cc_cubic)
        cubic_fields(codec, &state->cubic);
    else if (ops == &te_cc_bbr)
        bbr_fields(codec, &state->bbr);
}
