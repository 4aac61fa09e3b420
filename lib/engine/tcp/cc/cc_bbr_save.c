#include "tcp/cc/cc_bbr_parts.h"
#include "util/codec.h"

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

/* In PROBE_BW_UP, now or after an undo, acknowledged bytes are divided by the slope. */
void te_bbr_save(struct te_codec *codec, union te_cc_state *state)
{
    struct te_cc_bbr_state *bbr = &state->bbr;
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
