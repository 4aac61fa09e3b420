#include "support/lone_conn.h"

#include "tcp/life.h"

struct te_endpoint lone_endpoint(const char *addr, uint16_t port)
{
    return (struct te_endpoint){fixture_addr(addr), port};
}

static struct te_conn *make(struct lone *lone, const char *local, const char *remote, uint16_t port)
{
    struct te_conn_birth birth = {
        .local = lone_endpoint(local, 80),
        .remote = lone_endpoint(remote, port),
        .next_hop = fixture_addr(remote),
        .uid = 1000,
        .state = TE_CLOSED,
    };
    enum te_err err = TE_OK;
    struct te_conn *conn = te_conn_new(lone->stack, &birth, &err);
    assert_non_null(conn);
    return conn;
}

struct te_conn *lone_more(struct lone *lone, uint16_t remote_port)
{
    return make(lone, "10.0.0.1", "10.0.0.2", remote_port);
}

struct te_conn *lone_more_v6(struct lone *lone, uint16_t remote_port)
{
    return make(lone, "2001:db8::1", "2001:db8::2", remote_port);
}

void lone_start_configured(struct lone *lone)
{
    fixture_start(&lone->f);
    lone->stack = lone->f.stack;
    lone->conn = lone_more(lone, LONE_PORT);
}

void lone_start(struct lone *lone)
{
    fixture_init(&lone->f);
    lone_start_configured(lone);
}

void lone_stop(struct lone *lone)
{
    fixture_stop(&lone->f);
}

void lone_advance(struct lone *lone, int64_t delta_us)
{
    lone->stack->now_us += delta_us;
}

struct te_segment lone_segment(const struct lone *lone, uint8_t flags)
{
    const struct te_conn *conn = lone->conn;
    return (struct te_segment){
        .local = conn->local,
        .remote = conn->remote,
        .header = {.source_port = conn->remote.port,
                   .destination_port = conn->local.port,
                   .seq = conn->rcv_nxt,
                   .ack = conn->snd_una,
                   .flags = flags},
        .seq = conn->rcv_nxt,
        .ack = conn->snd_una,
        .flags = flags,
    };
}

struct te_event lone_event(struct lone *lone)
{
    struct te_event event = {.kind = TE_EVENT_READY};
    while (event.kind != TE_EVENT_STATE)
        assert_true(te_event_pop(lone->stack, &event));
    return event;
}
