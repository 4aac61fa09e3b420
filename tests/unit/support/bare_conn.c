#include "support/bare_conn.h"

#include <string.h>

#include "support/test.h"
#include "tcp/conn/options.h"
#include "tcp/conn/timers.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/recovery/recovery.h"
#include "util/seq.h"

#define WINDOW_BYTES (UINT32_C(1) << 16)
#define WSCALE 4
#define IW_SEGMENTS 10

void bare_prepare(struct bare *bare)
{
    memset(bare, 0, sizeof(*bare));
    fixture_init(&bare->f);
    bare->f.config.initial_window_segments = IW_SEGMENTS;
    memcpy(bare->f.config.congestion_control, "reno", sizeof("reno"));
}

static void init_links(struct te_conn *conn)
{
    te_list_init(&conn->queue_link);
    te_list_init(&conn->listener_link);
    te_wheel_node_init(&conn->timer, conn->id);
    for (unsigned i = 0; i < TE_CONN_TIMERS; i++)
        conn->timer_at_us[i] = TE_NEVER;
}

static void init_numbers(struct te_conn *conn)
{
    conn->iss = BARE_START - 1;
    conn->snd_una = conn->snd_nxt = conn->snd_max = conn->snd_small = BARE_START;
    conn->recovery.recover = BARE_START - 1;
    conn->snd_wscale = WSCALE;
    conn->snd_wnd = conn->max_snd_wnd = WINDOW_BYTES;
    conn->peer_mss = BARE_MSS;
    conn->path_mtu = BARE_PATH_MTU;
    te_options_update_mss(conn);
}

void bare_start(struct bare *bare)
{
    struct te_conn *conn = &bare->conn;
    fixture_start(&bare->f);
    bare->stack = bare->f.stack;
    bare->born_at_us = bare->stack->now_us;
    conn->id = 77;
    conn->local = (struct te_endpoint){fixture_addr("10.0.0.1"), 80};
    conn->remote = (struct te_endpoint){fixture_addr("10.0.0.2"), 8080};
    conn->state = TE_ESTABLISHED;
    conn->syn_acked = conn->sack_ok = conn->wscale_ok = true;
    conn->features = TE_FEATURES_DEFAULT;
    conn->keepalive_idle_us = 7200 * SECOND;
    conn->last_sent_at_us = conn->last_received_at_us = bare->born_at_us;
    init_links(conn);
    init_numbers(conn);
    assert_int_equal(conn->mss, BARE_MSS);
    te_rtt_init(&conn->rtt, &bare->stack->config);
    te_conn_start_congestion(bare->stack, conn);
    assert_true(te_sender_prepare(bare->stack, conn));
}

void bare_init(struct bare *bare)
{
    bare_prepare(bare);
    bare_start(bare);
}

void bare_done(struct bare *bare)
{
    struct te_conn *conn = &bare->conn;
    te_timer_clear_all(bare->stack, conn);
    te_list_remove(&conn->queue_link);
    te_mtu_probe_free(bare->stack, conn);
    te_sender_release(bare->stack, conn);
    fixture_stop(&bare->f);
}

void bare_at(struct bare *bare, int64_t since_us)
{
    bare->stack->now_us = bare_time(bare, since_us);
    bare->f.now_us = bare->stack->now_us;
}

int64_t bare_time(const struct bare *bare, int64_t since_us)
{
    return bare->born_at_us + since_us;
}

uint32_t bare_seq(uint32_t offset)
{
    return BARE_START + offset;
}

void bare_send(struct bare *bare, unsigned count, uint32_t bytes)
{
    struct te_conn *conn = &bare->conn;
    for (unsigned i = 0; i < count; i++) {
        uint32_t prior_pipe = te_sender_pipe(conn);
        uint32_t end = conn->snd_nxt + bytes;
        uint16_t segments = (uint16_t)((bytes + conn->mss - 1u) / conn->mss);
        assert_true(te_sender_prepare(bare->stack, conn));
        struct te_sent *sent = te_sent_map_append(&conn->sender->map, conn->snd_nxt, end, segments,
                                                  bare->stack->now_us);
        te_recovery_on_sent(bare->stack, conn, sent, prior_pipe);
        conn->snd_nxt = conn->snd_max = end;
        conn->queued_offset += bytes;
        conn->last_sent_at_us = bare->stack->now_us;
    }
}

struct te_sent *bare_record(const struct bare *bare, uint32_t offset)
{
    struct te_sent *sent = te_sent_map_find(&bare->conn.sender->map, bare_seq(offset));
    assert_non_null(sent);
    return sent;
}

void bare_resend(struct bare *bare, uint32_t offset)
{
    struct te_conn *conn = &bare->conn;
    struct te_sent *sent = bare_record(bare, offset);
    uint32_t prior_pipe = te_sender_pipe(conn);
    assert_int_equal(sent->start, bare_seq(offset));
    te_sent_map_resent(&conn->sender->map, sent, bare->stack->now_us);
    te_recovery_on_sent(bare->stack, conn, sent, prior_pipe);
}

struct te_segment bare_ack(const struct bare *bare, uint32_t offset)
{
    struct te_segment segment = {.ack = bare_seq(offset), .flags = TE_ACK};
    segment.header.ack = segment.ack;
    segment.header.flags = TE_ACK;
    segment.header.window = (uint16_t)(bare->conn.snd_wnd >> bare->conn.snd_wscale);
    return segment;
}

void bare_add_sack(struct te_segment *segment, uint32_t start, uint32_t end)
{
    struct te_tcp_options *options = &segment->header.options;
    assert_true(options->sack_count < TE_SACK_BLOCKS_MAX);
    options->sack[options->sack_count++] = (struct te_sack_block){bare_seq(start), bare_seq(end)};
}

struct te_ack_report bare_take(struct bare *bare, const struct te_segment *segment)
{
    struct te_conn *conn = &bare->conn;
    struct te_ack_report report;
    te_ack_report_begin(conn, segment, &report);
    te_ack_report_take_sack(bare->stack, conn, segment, &report);
    if (!seq_gt(segment->ack, conn->snd_una))
        return report;
    report.advances = true;
    report.acked_bytes = segment->ack - conn->snd_una;
    te_ack_report_take_ack(bare->stack, conn, segment->ack, &report);
    conn->acked_offset += report.acked_bytes;
    conn->snd_una = segment->ack;
    return report;
}
