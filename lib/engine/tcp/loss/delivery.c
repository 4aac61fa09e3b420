#include "tcp/loss/delivery.h"

void te_delivery_on_send(struct te_delivery *delivery, struct te_sent *sent,
                         uint32_t in_flight_bytes)
{
    if (in_flight_bytes == 0)
        delivery->first_sent_at_us = delivery->delivered_at_us = sent->sent_at_us;
    sent->mark = (struct te_sent_mark){
        .delivered_bytes = delivery->delivered_bytes,
        .lost_bytes = delivery->lost_bytes,
        .delivered_at_us = delivery->delivered_at_us,
        .first_sent_at_us = delivery->first_sent_at_us,
        .tx_in_flight_bytes = in_flight_bytes + te_sent_len(sent),
        .is_app_limited = delivery->app_limited_until_bytes != 0,
    };
}

void te_delivery_app_limited(struct te_delivery *delivery, uint32_t in_flight_bytes)
{
    uint64_t until = delivery->delivered_bytes + in_flight_bytes;
    delivery->app_limited_until_bytes = until > 0 ? until : 1;
}

void te_delivery_on_delivered(struct te_delivery *delivery, struct te_delivery_sample *sample,
                              const struct te_sent *sent, uint32_t bytes)
{
    delivery->delivered_bytes += bytes;
    if (sample->is_valid && sent->sent_at_us < sample->sent_at_us)
        return;
    sample->is_valid = true;
    sample->sent_at_us = sent->sent_at_us;
    sample->mark = sent->mark;
}

void te_delivery_finish(struct te_delivery *delivery, const struct te_delivery_sample *sample,
                        int64_t now_us, int64_t min_rtt_us, struct te_rate_sample *ret_rate)
{
    *ret_rate = (struct te_rate_sample){.interval_us = 0};
    if (!sample->is_valid)
        return;
    delivery->delivered_at_us = now_us;
    delivery->first_sent_at_us = sample->sent_at_us;
    if (delivery->delivered_bytes > delivery->app_limited_until_bytes)
        delivery->app_limited_until_bytes = 0;
    int64_t sending_us = sample->sent_at_us - sample->mark.first_sent_at_us;
    int64_t acking_us = now_us - sample->mark.delivered_at_us;
    int64_t interval_us = sending_us > acking_us ? sending_us : acking_us;
    *ret_rate = (struct te_rate_sample){
        .prior_delivered_bytes = sample->mark.delivered_bytes,
        .prior_lost_bytes = sample->mark.lost_bytes,
        .delivered_bytes = (uint32_t)(delivery->delivered_bytes - sample->mark.delivered_bytes),
        .lost_bytes = (uint32_t)(delivery->lost_bytes - sample->mark.lost_bytes),
        .tx_in_flight_bytes = sample->mark.tx_in_flight_bytes,
        .interval_us = interval_us >= min_rtt_us ? interval_us : 0,
        .is_app_limited = sample->mark.is_app_limited,
    };
}
