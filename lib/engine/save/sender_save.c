#include "save/save_sections.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/sender.h"
#include "tcp/mtu/path_mtu.h"

TE_NOT_SAVED(struct te_sender, "for people: begins anew", hold);

static void delivery_fields(struct te_codec *codec, struct te_delivery *delivery)
{
    te_codec_u64(codec, &delivery->delivered_bytes);
    te_codec_u64(codec, &delivery->lost_bytes);
    te_codec_past(codec, &delivery->delivered_at_us);
    te_codec_past(codec, &delivery->first_sent_at_us);
    te_codec_u64(codec, &delivery->app_limited_until_bytes);
}

static void rack_fields(struct te_codec *codec, struct te_rack *rack)
{
    te_codec_past(codec, &rack->sent_at_us);
    te_codec_u32(codec, &rack->end_seq);
    te_codec_u32(codec, &rack->rtt_us);
    te_codec_u32(codec, &rack->min_rtt_us);
    te_codec_past(codec, &rack->min_rtt_at_us);
    te_codec_u32(codec, &rack->fack_now);
    te_codec_u32(codec, &rack->fack);
    te_codec_u32(codec, &rack->dsack_round);
    te_codec_u8(codec, &rack->reo_wnd_mult);
    te_codec_u8(codec, &rack->reo_wnd_persist);
    TE_CODEC_BIT(codec, rack->has_dsack_round);
    TE_CODEC_BIT(codec, rack->has_fack);
    TE_CODEC_BIT(codec, rack->has_fack_now);
    TE_CODEC_BIT(codec, rack->reordering_seen);
}

static void prr_fields(struct te_codec *codec, struct te_prr *prr)
{
    te_codec_u64(codec, &prr->delivered_bytes);
    te_codec_u64(codec, &prr->out_bytes);
    te_codec_u32(codec, &prr->recover_fs_bytes);
}

/* The remainder is that of a division by the rate: a part of a microsecond. */
static void pacer_fields(struct te_codec *codec, struct te_pacer *pacer)
{
    te_codec_u64(codec, &pacer->rate_bytes_per_s);
    te_codec_time(codec, &pacer->next_at_us);
    te_codec_u64(codec, &pacer->remainder);
    te_codec_require(codec, pacer->remainder == 0 || pacer->remainder < pacer->rate_bytes_per_s);
}

static void validation_fields(struct te_codec *codec, struct te_validation *validation)
{
    for (unsigned i = 0; i < TE_VALIDATION_PARTS; i++)
        te_codec_u32(codec, &validation->pipe_ack_bytes[i]);
    te_codec_u32(codec, &validation->part_us);
    te_codec_past(codec, &validation->part_at_us);
    te_codec_past(codec, &validation->nonvalidated_at_us);
    te_codec_u32(codec, &validation->round_start);
    te_codec_u32(codec, &validation->round_end);
    te_codec_u32(codec, &validation->loss_used_bytes);
    te_codec_u32(codec, &validation->resent_bytes);
}

/* The state before the reduction matters only while it may be restored. */
static void undo_fields(struct te_codec *codec, struct te_undo *undo, struct te_congestion *cc)
{
    te_codec_bool(codec, &undo->is_armed);
    if (!undo->is_armed)
        return;
    te_codec_bool(codec, &undo->has_resent);
    te_codec_u32(codec, &undo->marker);
    te_codec_u32(codec, &undo->first_resent_ts);
    te_codec_u32(codec, &undo->resent_start);
    te_codec_u32(codec, &undo->resent_end);
    te_codec_u64(codec, &undo->unproved_bytes);
    te_cc_save(codec, &undo->before);
    te_codec_require(codec, undo->before.ops == cc->ops);
    if (codec->is_reading)
        undo->before.state = cc->state;
    cc->ops->save(codec, &undo->state_before);
}

static void mtu_fields(struct te_codec *codec, struct te_path_mtu *mtu)
{
    te_codec_u16(codec, &mtu->sent_bytes);
    te_codec_u16(codec, &mtu->watched_bytes);
    te_codec_u16(codec, &mtu->claimed_bytes);
    te_codec_u8_below(codec, &mtu->cuts, TE_PATH_MTU_CUTS_MAX + 1);
    te_codec_u32(codec, &mtu->watched_end);
    te_codec_u32(codec, &mtu->claimed_seq);
    te_codec_require(codec, mtu->claimed_bytes == 0 || mtu->claimed_bytes >= TE_SAVE_MTU_MIN);
}

static void sender_fields(struct te_codec *codec, struct te_sender *sender,
                          struct te_congestion *cc)
{
    cc->ops->save(codec, &sender->cc_state);
    delivery_fields(codec, &sender->delivery);
    rack_fields(codec, &sender->rack);
    prr_fields(codec, &sender->prr);
    undo_fields(codec, &sender->undo, cc);
    validation_fields(codec, &sender->validation);
    pacer_fields(codec, &sender->pacer);
    mtu_fields(codec, &sender->mtu);
    te_codec_u32(codec, &sender->probe_end);
    TE_CODEC_BIT(codec, sender->has_probe);
    TE_CODEC_BIT(codec, sender->probe_is_resent);
    TE_CODEC_BIT(codec, sender->probe_now);
    TE_CODEC_BIT(codec, sender->retransmit_now);
    te_codec_u8_below(codec, &sender->frto, TE_FRTO_NEW + 1);
    te_codec_u32(codec, &sender->frto_mark);
    te_codec_u32(codec, &sender->cwnd_before_bytes);
    te_codec_u32(codec, &sender->reno_sacked_bytes);
    te_codec_u32(codec, &sender->counted_to);
    te_codec_u32(codec, &sender->rtt_round_end);
    te_codec_past(codec, &sender->idle_since_us);
    if (codec->version >= TE_SAVE_VERSION_PROBE_NEEDS_RTT)
        TE_CODEC_BIT(codec, sender->probe_needs_rtt);
}

static void make_sender(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn)
{
    if (!te_codec_is_ok(codec))
        return;
    conn->sender = te_stack_alloc(stack, sizeof(*conn->sender));
    if (conn->sender == NULL) {
        te_codec_fail(codec, TE_ERR_NOMEM);
        return;
    }
    te_sent_map_init(&conn->sender->map);
    te_sender_start_hold(stack, conn);
    conn->cc.state = &conn->sender->cc_state;
}

void te_sender_save(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn)
{
    bool has_sender = conn->sender != NULL;
    te_codec_bool(codec, &has_sender);
    if (has_sender && codec->is_reading)
        make_sender(codec, stack, conn);
    if (conn->sender == NULL)
        return;
    struct te_sent_bounds bounds = {conn->syn_acked ? conn->snd_una : conn->iss + 1, conn->snd_nxt};
    sender_fields(codec, conn->sender, &conn->cc);
    te_sent_map_save(codec, &conn->sender->map, &bounds, &stack->config.allocator);
}
