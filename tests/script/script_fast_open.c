#include "script_fast_open.h"

#include <string.h>

#define DATA_MAX 4000
#define SERVER_COOKIE "\x01\x02\x03\x04\x05\x06"

/* --- the stack is the server ------------------------------------------------------------------ */

void fast_open_listen(struct script *s, bool fast_open, uint32_t backlog)
{
    struct te_listen listen = {.local = {script_local_addr(s), SERVER_PORT},
                               .uid = USER,
                               .backlog = backlog,
                               .fast_open = fast_open};
    script_start(s);
    T_ERR(te_open_passive(s->f.stack, &listen, &s->listener_id, s->f.now_us), TE_OK);
    script_mark(s);
}

const struct script_out *fast_open_send_syn(struct script *s, uint16_t port, const uint8_t *cookie,
                                            uint32_t len)
{
    script_new_peer(s, port);
    struct seg syn = script_syn(s, TE_SYN);
    syn.has_fast_open = true;
    syn.cookie = cookie;
    syn.cookie_len = cookie != NULL ? COOKIE_BYTES : 0;
    syn.len = len;
    script_send(s, &syn);
    const struct script_out *out = script_next(s);
    if (out == NULL)
        return NULL;
    s->c.our_iss = out->header.seq;
    s->c.timestamps = out->header.options.has_timestamps;
    T_EQUAL(out->header.flags, TE_SYN | TE_ACK);
    return out;
}

void fast_open_get_cookie(struct script *s, uint8_t ret_cookie[COOKIE_BYTES])
{
    const struct script_out *out = fast_open_send_syn(s, 4999, NULL, 0);
    T_EQUAL(out->header.options.has_fast_open, true);
    T_EQUAL(out->header.options.fast_open_len, COOKIE_BYTES);
    memcpy(ret_cookie, out->header.options.fast_open_cookie, COOKIE_BYTES);
    T_SEND(s, .flags = TE_RST, .seq = 1);
}

/* --- the stack is the client ------------------------------------------------------------------ */

void fast_open_user_open(struct script *s, uint16_t local_port, size_t len)
{
    static uint8_t data[DATA_MAX];
    for (size_t i = 0; i < len; i++)
        data[i] = script_pattern(i, 0);
    script_new_peer(s, s->c.remote_port);
    s->c.local_port = local_port;
    struct te_open open = {.local = script_local(s),
                           .remote = script_peer(s),
                           .uid = USER,
                           .fast_open = true,
                           .data = data,
                           .data_len = len};
    script_start(s);
    T_ERR(te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us), TE_OK);
    T_EQUAL(script_status(s).send_accepted, len);
    script_pump(s);
}

int fast_open_expect_syn(struct script *s, uint32_t len)
{
    const struct script_out *out = script_next(s);
    assert_non_null(out);
    s->c.our_iss = out->header.seq;
    char why[SCRIPT_WHY_MAX];
    struct seg want = {.flags = TE_SYN, .seq = 0, .len = len};
    if (!script_matches(s, out, &want, why))
        fail_msg("%s", why);
    const struct te_tcp_options *options = &out->header.options;
    if (options->fast_open_len == FAST_OPEN_COOKIE_BYTES)
        assert_memory_equal(options->fast_open_cookie, SERVER_COOKIE, FAST_OPEN_COOKIE_BYTES);
    return options->has_fast_open ? options->fast_open_len : -1;
}

void fast_open_send_syn_ack(struct script *s, uint32_t ack, bool with_cookie)
{
    struct seg syn_ack = script_syn(s, TE_SYN | TE_ACK);
    syn_ack.ack = ack;
    syn_ack.has_fast_open = with_cookie;
    syn_ack.cookie = (const uint8_t *)SERVER_COOKIE;
    syn_ack.cookie_len = with_cookie ? FAST_OPEN_COOKIE_BYTES : 0;
    script_send(s, &syn_ack);
    s->c.timestamps = script_status(s).timestamps;
}

void fast_open_end(struct script *s)
{
    T_ERR(script_user_abort(s), TE_OK);
    script_skip(s);
}

void fast_open_learn_cookie(struct script *s)
{
    s->f.config.fast_open = TE_FAST_OPEN_CLIENT;
    fast_open_user_open(s, FAST_OPEN_PORT, 0);
    T_EQUAL(fast_open_expect_syn(s, 0), 0);
    fast_open_send_syn_ack(s, 1, true);
    T_EXPECT_ACK(s, 1, 1);
    fast_open_end(s);
    script_mark(s);
}
