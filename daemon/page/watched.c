#include "page/watched.h"

#include <string.h>
#include <tcpengine/conn.h>

#define NOTE_MAX 256

void watched_init(struct watched *watched, uint64_t id)
{
    memset(watched, 0, sizeof(*watched));
    watched->id = id;
}

static bool is_same(const struct te_endpoint *one, const struct te_endpoint *other)
{
    return one->port == other->port && te_addr_equal(&one->addr, &other->addr);
}

/* The last segments of a connection, as a RST, are nobody's by then. */
static bool is_of(const struct watched *watched, const struct capture_about *about)
{
    const struct te_trace *trace = &about->trace;
    if (about->id != 0)
        return about->id == watched->id;
    return watched->local.port != 0 && is_same(&trace->local, &watched->local) &&
           is_same(&trace->remote, &watched->remote);
}

void watched_add(struct watched *watched, const struct capture_about *about, bool is_out,
                 int64_t now_us)
{
    if (!is_of(watched, about))
        return;
    if (watched->count == WATCHED_SEGMENTS_MAX) {
        watched->skipped += 1 + watched->segments[watched->begin].skipped;
        watched->begin = (watched->begin + 1) % WATCHED_SEGMENTS_MAX;
        watched->count--;
    }
    unsigned at = (watched->begin + watched->count++) % WATCHED_SEGMENTS_MAX;
    watched->segments[at] = (struct watched_segment){now_us, is_out, 0, *about};
}

static bool look(struct watched *watched, const struct te_stack *stack, struct te_status *status)
{
    watched->is_gone = te_status(stack, watched->id, status) != TE_OK;
    if (!watched->is_gone) {
        watched->local = status->local;
        watched->remote = status->remote;
    }
    if (watched->is_gone || (status->iss == 0 && status->irs == 0))
        return !watched->is_gone;
    watched->iss = status->iss;
    watched->irs = status->irs;
    watched->snd_wscale = (uint8_t)status->snd_wscale;
    watched->rcv_wscale = (uint8_t)status->rcv_wscale;
    return true;
}

/* --- segments --------------------------------------------------------------------------------- */

static uint32_t window_of(const struct watched *watched, const struct watched_segment *segment)
{
    const struct te_segment_info *info = &segment->about.trace.segment;
    bool is_scaled = (info->flags & TE_SYN) == 0; /* RFC 7323 2.2 */
    unsigned shift = segment->is_out ? watched->rcv_wscale : watched->snd_wscale;
    return is_scaled ? info->wnd_bytes << shift : info->wnd_bytes;
}

static void put_numbers(const struct watched *watched, const struct watched_segment *segment,
                        json_t *object)
{
    const struct te_segment_info *info = &segment->about.trace.segment;
    uint32_t seq_start = segment->is_out ? watched->iss : watched->irs;
    uint32_t ack_start = segment->is_out ? watched->irs : watched->iss;
    bool has_ack = (info->flags & TE_ACK) != 0;
    json_object_set_new(object, "seq", json_integer((uint32_t)(info->seq - seq_start)));
    json_object_set_new(object, "ack",
                        has_ack ? json_integer((uint32_t)(info->ack - ack_start)) : json_null());
    json_object_set_new(object, "raw_seq", json_integer(info->seq));
    json_object_set_new(object, "raw_ack", has_ack ? json_integer(info->ack) : json_null());
    json_object_set_new(object, "len", json_integer(info->len_bytes));
    json_object_set_new(object, "wnd", json_integer(window_of(watched, segment)));
}

/* What is worth saying of it: the part of a capture's comment behind whose it is and its state. */
static json_t *note_of(const struct watched_segment *segment)
{
    char text[NOTE_MAX];
    capture_comment(&segment->about, text, sizeof(text));
    const char *note = strstr(text, "; ");
    return note != NULL ? json_string(note + 2) : json_null();
}

static json_t *segment_json(const struct watched *watched, const struct watched_segment *segment)
{
    char flags[40];
    json_t *object = json_object();
    te_tcp_flags_format(segment->about.trace.segment.flags, flags);
    json_object_set_new(object, "at_ms", json_integer(segment->at_us / 1000));
    json_object_set_new(object, "direction", json_string(segment->is_out ? "out" : "in"));
    json_object_set_new(object, "flags", json_string(flags));
    put_numbers(watched, segment, object);
    json_object_set_new(object, "state", json_string(te_state_name(segment->about.before)));
    json_object_set_new(object, "state_after", json_string(te_state_name(segment->about.after)));
    json_object_set_new(object, "note", note_of(segment));
    json_object_set_new(object, "skipped", json_integer((json_int_t)segment->skipped));
    return object;
}

json_t *watched_segment_json(struct watched *watched, const struct te_stack *stack)
{
    struct te_status status;
    if (watched->count == 0)
        return NULL;
    look(watched, stack, &status);
    struct watched_segment *segment = &watched->segments[watched->begin];
    segment->skipped += watched->skipped;
    watched->skipped = 0;
    json_t *object = segment_json(watched, segment);
    watched->begin = (watched->begin + 1) % WATCHED_SEGMENTS_MAX;
    watched->count--;
    return object;
}

/* --- samples ---------------------------------------------------------------------------------- */

static json_t *number_or_null(uint32_t number, bool is_known)
{
    return is_known ? json_integer(number) : json_null();
}

/* What a listener and an entry of TIME_WAIT have not: a listener's queues are not of bytes. */
static bool has_windows(const struct te_status *status)
{
    return status->state != TE_LISTEN && status->state != TE_TIME_WAIT;
}

json_t *watched_sample_json(struct watched *watched, const struct te_stack *stack, int64_t now_us)
{
    struct te_status status;
    if (watched->sampled_at_us != 0 && now_us - watched->sampled_at_us < WATCHED_SAMPLE_US)
        return NULL;
    if (!look(watched, stack, &status))
        return NULL;
    watched->sampled_at_us = now_us;
    json_t *object = json_object();
#define PUT(name, value) json_object_set_new(object, name, value)
    PUT("at_ms", json_integer(now_us / 1000));
    PUT("state", json_string(te_state_name(status.state)));
    PUT("cwnd_bytes", number_or_null(status.cwnd_bytes, has_windows(&status)));
    PUT("ssthresh_bytes",
        number_or_null(status.ssthresh_bytes,
                       has_windows(&status) && status.ssthresh_bytes != UINT32_MAX));
    PUT("srtt_us", status.srtt_us > 0 ? json_integer(status.srtt_us) : json_null());
    PUT("send_queue_bytes", number_or_null(status.send_queue_bytes, status.state != TE_LISTEN));
    PUT("receive_queue_bytes",
        number_or_null(status.receive_queue_bytes, status.state != TE_LISTEN));
    PUT("snd_wnd", number_or_null(status.snd_wnd, has_windows(&status)));
    PUT("rcv_wnd", number_or_null(status.rcv_wnd, has_windows(&status)));
    PUT("retransmits", json_integer((json_int_t)status.retransmits));
#undef PUT
    return object;
}
