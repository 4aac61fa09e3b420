#include "cc_path.h"

#include <string.h>

#include "support/test.h"
#include "units.h"

#define RTO_US 1000000

void cc_path_init(struct cc_path *path, const struct te_cc_ops *ops, bool is_hystart)
{
    memset(path, 0, sizeof(*path));
    path->rate_bytes_per_s = 12500000;
    path->rtt_us = 20000;
    path->queue_bytes = 250000;
    path->ack_every = 2;
    path->mss_bytes = 1250; /* 100 us of 100 Mbit/s */
    path->loss_seed = 1;
    path->now_us = path->app_from_us = SECOND;
    path->cc = (struct te_congestion){
        .ops = ops,
        .cwnd_bytes = te_cc_initial_window(path->mss_bytes, 10),
        .ssthresh_bytes = UINT32_MAX,
        .state = &path->state,
    };
    const struct te_cc_start start = {
        .now_us = path->now_us,
        .mss_bytes = path->mss_bytes,
        .initial_cwnd_bytes = path->cc.cwnd_bytes,
        .is_hystart = is_hystart,
        .is_paced = ops->wants_pacing,
    };
    ops->start(&path->cc, &start);
}

static struct cc_packet *packet_at(struct cc_path *path, uint64_t number)
{
    return &path->packets[number % CC_PATH_PACKETS];
}

static bool is_lost_at_random(struct cc_path *path)
{
    path->loss_seed = path->loss_seed * 1664525u + 1013904223u;
    return (path->loss_seed >> 8) % 1000000u < path->loss_per_million;
}

static int64_t transmission_us(const struct cc_path *path)
{
    return (int64_t)(path->mss_bytes * (uint64_t)SECOND / path->rate_bytes_per_s);
}

static int64_t pass_link(struct cc_path *path)
{
    int64_t start_us = path->link_free_at_us > path->now_us ? path->link_free_at_us : path->now_us;
    int64_t queue_us = start_us - path->now_us;
    uint64_t queue_bytes = (uint64_t)queue_us * path->rate_bytes_per_s / SECOND;
    if (queue_bytes + path->mss_bytes > path->queue_bytes || is_lost_at_random(path))
        return INT64_MAX;
    if (queue_us > path->queue_max_us)
        path->queue_max_us = queue_us;
    path->link_free_at_us = start_us + transmission_us(path);
    return path->link_free_at_us + path->rtt_us;
}

static void send_one(struct cc_path *path)
{
    if (path->flight_bytes == 0)
        path->first_sent_at_us = path->delivered_at_us = path->now_us;
    path->flight_bytes += path->mss_bytes;
    *packet_at(path, path->sent) = (struct cc_packet){
        .sent_at_us = path->now_us,
        .first_sent_at_us = path->first_sent_at_us,
        .delivered_at_us = path->delivered_at_us,
        .delivered_bytes = path->delivered_bytes,
        .lost_bytes = path->lost_bytes,
        .tx_in_flight_bytes = path->flight_bytes,
        .is_app_limited = path->delivered_bytes < path->app_limited_until_bytes,
        .arrives_at_us = pass_link(path),
    };
    path->sent++;
    path->app_sent_bytes += path->mss_bytes;
    te_pacer_on_sent(&path->pacer, path->now_us, path->mss_bytes, path->mss_bytes);
}

static bool has_app_data(const struct cc_path *path)
{
    uint64_t elapsed_us = (uint64_t)(path->now_us - path->app_from_us);
    return path->app_rate_bytes_per_s == 0 || path->app_sent_bytes + path->mss_bytes <=
                                                  elapsed_us * path->app_rate_bytes_per_s / SECOND;
}

static void set_pacing(struct cc_path *path)
{
    const struct te_congestion *cc = &path->cc;
    uint64_t rate = cc->ops->pacing_rate(cc);
    if (rate == 0 && path->is_paced)
        rate = te_pacer_window_rate(cc->cwnd_bytes, cc->ssthresh_bytes, path->srtt_us);
    te_pacer_set_rate(&path->pacer, rate);
}

static void send_allowed(struct cc_path *path)
{
    set_pacing(path);
    while (path->flight_bytes + path->mss_bytes <= path->cc.cwnd_bytes &&
           te_pacer_ready_at_us(&path->pacer, path->now_us) <= path->now_us) {
        if (!has_app_data(path)) {
            path->app_limited_until_bytes = path->delivered_bytes + path->flight_bytes + 1;
            return;
        }
        assert_true(path->sent - path->acked < CC_PATH_PACKETS);
        send_one(path);
    }
}

static void signal_congestion(struct cc_path *path, enum te_congestion_signal signal,
                              uint32_t flight_bytes)
{
    const struct te_congestion_event event = {
        .signal = signal,
        .now_us = path->now_us,
        .flight_bytes = flight_bytes,
        .validated_bytes = flight_bytes,
        .mss_bytes = path->mss_bytes,
        .delivered_total_bytes = path->delivered_bytes,
        .is_first = true,
    };
    path->cc.ops->on_congestion(&path->cc, &event);
    path->recover = path->sent;
}

static void tell_lost(struct cc_path *path, const struct cc_packet *packet)
{
    const struct te_loss_sample loss = {
        .prior_delivered_bytes = packet->delivered_bytes,
        .delivered_total_bytes = path->delivered_bytes,
        .tx_in_flight_bytes = packet->tx_in_flight_bytes,
        .lost_bytes = (uint32_t)(path->lost_bytes - packet->lost_bytes),
        .length_bytes = path->mss_bytes,
        .is_app_limited = packet->is_app_limited,
        .has_sack = !path->is_without_sack,
    };
    if (path->cc.ops->on_lost != NULL)
        path->cc.ops->on_lost(&path->cc, &loss);
}

/* Up to `last`, what arrived is delivered, and then what did not is found lost. */
static void take_ack(struct cc_path *path, uint64_t last, struct te_ack_sample *sample)
{
    uint64_t first = path->acked;
    for (; path->acked <= last; path->acked++) {
        path->flight_bytes -= path->mss_bytes;
        if (packet_at(path, path->acked)->arrives_at_us == INT64_MAX)
            continue;
        path->delivered_bytes += path->mss_bytes;
        path->delivered_at_us = path->now_us;
        sample->delivered_bytes += path->mss_bytes;
        sample->acked_bytes += path->mss_bytes;
    }
    for (uint64_t i = first; i <= last; i++) {
        if (packet_at(path, i)->arrives_at_us != INT64_MAX)
            continue;
        path->lost_bytes += path->mss_bytes;
        sample->lost_bytes += path->mss_bytes;
        tell_lost(path, packet_at(path, i));
    }
}

static void rate_sample(struct cc_path *path, const struct cc_packet *newest,
                        struct te_ack_sample *sample)
{
    int64_t send_us = newest->sent_at_us - newest->first_sent_at_us;
    int64_t ack_us = path->now_us - newest->delivered_at_us;
    sample->rtt_us = path->now_us - newest->sent_at_us;
    path->srtt_us =
        path->srtt_us ? path->srtt_us + (sample->rtt_us - path->srtt_us) / 8 : sample->rtt_us;
    path->first_sent_at_us = newest->sent_at_us;
    sample->rate = (struct te_rate_sample){
        .prior_delivered_bytes = newest->delivered_bytes,
        .prior_lost_bytes = newest->lost_bytes,
        .delivered_bytes = (uint32_t)(path->delivered_bytes - newest->delivered_bytes),
        .lost_bytes = (uint32_t)(path->lost_bytes - newest->lost_bytes),
        .tx_in_flight_bytes = newest->tx_in_flight_bytes,
        .interval_us = send_us > ack_us ? send_us : ack_us,
        .is_app_limited = newest->is_app_limited,
    };
}

/* The outcome of RFC 6937 in short: two segments for three while too much is in flight, then back
 * up to ssthresh as in slow start. */
static void reduce_proportionally(struct cc_path *path, uint32_t delivered_bytes)
{
    uint32_t ssthresh = path->cc.ssthresh_bytes;
    uint32_t flight = path->flight_bytes;
    uint32_t room = ssthresh > flight ? ssthresh - flight : 0;
    uint32_t inflow =
        flight > ssthresh ? delivered_bytes / 3 * 2 : delivered_bytes + path->mss_bytes;
    if (flight <= ssthresh && inflow > room)
        inflow = room;
    path->cc.cwnd_bytes = flight + inflow;
}

/* What recovery.c does around the algorithm on an ACK. */
static void recover_on_ack(struct cc_path *path, struct te_ack_sample *sample)
{
    bool is_over = path->acked >= path->recover;
    if (sample->lost_bytes > 0 && !path->is_in_recovery && !path->is_in_loss) {
        path->congestion_events++;
        signal_congestion(path, TE_SIGNAL_LOSS, sample->prior_flight_bytes);
        path->is_in_recovery = sample->is_in_recovery = true;
        is_over = false;
    }
    path->cc.ops->on_ack(&path->cc, sample);
    if (path->is_in_recovery && !path->cc.ops->owns_cwnd)
        reduce_proportionally(path, sample->delivered_bytes);
    if (!is_over || (!path->is_in_recovery && !path->is_in_loss))
        return;
    if (path->is_in_recovery && !path->cc.ops->owns_cwnd)
        path->cc.cwnd_bytes = path->cc.ssthresh_bytes;
    path->is_in_recovery = path->is_in_loss = false;
    path->cc.ops->on_recovered(&path->cc, path->now_us);
}

static void on_ack(struct cc_path *path, uint64_t last)
{
    struct te_ack_sample sample = {
        .now_us = path->now_us,
        .mss_bytes = path->mss_bytes,
        .prior_flight_bytes = path->flight_bytes,
        .is_cwnd_limited = path->flight_bytes + path->mss_bytes > path->cc.cwnd_bytes,
        .is_in_recovery = path->is_in_recovery,
        .is_in_loss = path->is_in_loss,
        .has_sack = !path->is_without_sack,
    };
    const struct cc_packet newest = *packet_at(path, last);
    take_ack(path, last, &sample);
    rate_sample(path, &newest, &sample);
    sample.srtt_us = path->srtt_us;
    sample.delivered_total_bytes = path->delivered_bytes;
    sample.lost_total_bytes = path->lost_bytes;
    sample.flight_bytes = path->flight_bytes;
    sample.snd_una = (uint32_t)(path->acked * path->mss_bytes);
    sample.snd_nxt = (uint32_t)(path->sent * path->mss_bytes);
    path->last_ack_at_us = path->now_us;
    recover_on_ack(path, &sample);
}

static void on_timeout(struct cc_path *path)
{
    path->timeouts++;
    signal_congestion(path, TE_SIGNAL_TIMEOUT, path->flight_bytes);
    for (; path->acked < path->sent; path->acked++) {
        path->lost_bytes += path->mss_bytes;
        tell_lost(path, packet_at(path, path->acked));
    }
    path->flight_bytes = 0;
    path->is_in_loss = true;
    path->is_in_recovery = false;
}

/* The packet whose arrival makes the next ACK: the ack_every-th that arrives, or the last there is.
 * Returns false if nothing more will arrive. */
static bool next_ack(struct cc_path *path, uint64_t *ret_last, int64_t *ret_at_us)
{
    uint32_t count = 0;
    for (uint64_t i = path->acked; i < path->sent && count < path->ack_every; i++) {
        if (packet_at(path, i)->arrives_at_us == INT64_MAX)
            continue;
        count++;
        *ret_last = i;
        *ret_at_us = packet_at(path, i)->arrives_at_us;
    }
    return count > 0;
}

static int64_t next_event_us(struct cc_path *path, uint64_t *ret_last, bool *ret_is_ack)
{
    int64_t at_us = INT64_MAX;
    *ret_is_ack = next_ack(path, ret_last, &at_us);
    if (!*ret_is_ack && path->flight_bytes > 0)
        at_us = packet_at(path, path->sent - 1)->sent_at_us + RTO_US;
    int64_t poll_us = path->now_us + SECOND / 1000; /* the application and the pacer look in */
    int64_t ready_us = te_pacer_ready_at_us(&path->pacer, path->now_us);
    if (ready_us > path->now_us && ready_us < poll_us)
        poll_us = ready_us;
    if (poll_us < at_us) {
        *ret_is_ack = false;
        return poll_us;
    }
    return at_us;
}

void cc_path_run(struct cc_path *path, int64_t duration_us)
{
    int64_t end_us = path->now_us + duration_us;
    while (path->now_us < end_us) {
        uint64_t last = 0;
        bool is_ack = false;
        send_allowed(path);
        int64_t at_us = next_event_us(path, &last, &is_ack);
        path->now_us = at_us > path->now_us ? at_us : path->now_us;
        if (is_ack)
            on_ack(path, last);
        else if (path->flight_bytes > 0 &&
                 packet_at(path, path->sent - 1)->sent_at_us + RTO_US <= path->now_us &&
                 !next_ack(path, &last, &at_us))
            on_timeout(path);
    }
}

void cc_path_idle(struct cc_path *path, int64_t duration_us)
{
    uint64_t app_rate = path->app_rate_bytes_per_s;
    path->app_rate_bytes_per_s = 1;
    path->app_from_us = path->now_us;
    path->app_sent_bytes = 0;
    cc_path_run(path, duration_us);
    path->app_rate_bytes_per_s = app_rate;
    path->app_from_us = path->now_us;
    path->app_sent_bytes = 0;
    path->cc.ops->on_restart(&path->cc, path->now_us - path->last_ack_at_us, path->now_us, true);
}

static struct te_cc_variable variable(const struct cc_path *path, const char *name)
{
    struct te_cc_variable variables[TE_CC_VARIABLES_MAX];
    unsigned count = path->cc.ops->describe(&path->cc, variables);
    assert_true(count <= TE_CC_VARIABLES_MAX);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(variables[i].name, name) == 0)
            return variables[i];
    }
    fail_msg("%s describes no %s", path->cc.ops->name, name);
    return variables[0];
}

int64_t cc_path_value(const struct cc_path *path, const char *name)
{
    return variable(path, name).value;
}

const char *cc_path_text(const struct cc_path *path, const char *name)
{
    return variable(path, name).text;
}
