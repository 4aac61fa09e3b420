/* What the stack reports, and its user. */
#include <stdio.h>
#include <string.h>

#include "script.h"

#define HISTORY_TEXT_MAX 256

static void fail_text(struct script_at at, const char *what, const char *got, const char *want)
{
    print_error("%s is %s, not %s\n", what, got, want);
    _fail(at.file, at.line);
}

/* --- status ----------------------------------------------------------------------------------- */

enum te_state script_state_of(const struct script *s, uint64_t id)
{
    struct te_status status;
    return te_status(s->f.stack, id, &status) == TE_OK ? status.state : TE_CLOSED;
}

struct te_status script_status(const struct script *s)
{
    struct te_status status = {.state = TE_CLOSED, .timer_at_us = TE_NEVER};
    te_status(s->f.stack, s->c.id, &status);
    return status;
}

struct te_status script_listener_status(const struct script *s)
{
    struct te_status status;
    T_ERR(te_status(s->f.stack, s->listener_id, &status), TE_OK);
    return status;
}

uint32_t script_connections(const struct script *s)
{
    struct te_totals totals;
    te_totals(s->f.stack, &totals);
    return totals.connections;
}

void script_check_state(struct script *s, enum te_state want, struct script_at at)
{
    enum te_state got = script_state_of(s, s->c.id);
    if (got != want)
        fail_text(at, "state", te_state_name(got), te_state_name(want));
}

void script_check_gone(struct script *s, struct script_at at)
{
    struct te_status status;
    if (te_status(s->f.stack, s->c.id, &status) == TE_OK)
        fail_text(at, "connection", te_state_name(status.state), "gone");
}

void script_check_timer(struct script *s, enum te_timer want, int64_t in_us, struct script_at at)
{
    struct te_status status = script_status(s);
    if (status.timer != want)
        fail_text(at, "timer", te_timer_name(status.timer), te_timer_name(want));
    if (want != TE_TIMER_NONE)
        script_check_number((uint64_t)(status.timer_at_us - s->f.now_us), (uint64_t)in_us,
                            "timer's time", at);
}

void script_check_number(uint64_t got, uint64_t want, const char *name, struct script_at at)
{
    if (got == want)
        return;
    print_error("%s is %lld, not %lld\n", name, (long long)got, (long long)want);
    _fail(at.file, at.line);
}

void script_check_dropped(struct script *s, uint64_t id, enum te_drop_reason reason,
                          struct script_at at)
{
    struct te_dropped drops[TE_DROPS_MAX];
    unsigned count = 0;
    if (s->f.reborn)
        return;
    script_check_err(te_drops(s->f.stack, id, drops, &count), TE_OK, "te_drops", at);
    enum te_drop_reason last = count > 0 ? drops[count - 1].reason : TE_DROP_NONE;
    if (last != reason)
        fail_text(at, "the last drop", te_drop_name(last), te_drop_name(reason));
    script_check_err(te_drops(s->f.stack, 0, drops, &count), TE_OK, "te_drops", at);
    while (count > 0 && (drops[count - 1].id != id || drops[count - 1].reason != reason))
        count--;
    if (count == 0)
        fail_text(at, "that drop in the list of all", "missing", te_drop_name(reason));
}

void script_check_err(enum te_err got, enum te_err want, const char *name, struct script_at at)
{
    if (got != want)
        fail_text(at, name, te_err_text(got), te_err_text(want));
}

/* --- events and history ----------------------------------------------------------------------- */

void script_check_event(struct script *s, enum te_state from, enum te_state to, enum te_cause cause,
                        struct script_at at)
{
    while (s->event_next < s->event_count) {
        const struct te_event *event = &s->events[s->event_next++];
        if (event->kind != TE_EVENT_STATE || event->id != s->c.id)
            continue;
        if (event->transition.from != from || event->transition.to != to)
            fail_text(at, "edge", te_state_name(event->transition.to), te_state_name(to));
        if (event->transition.cause != cause)
            fail_text(at, "cause", te_cause_text(event->transition.cause), te_cause_text(cause));
        return;
    }
    fail_text(at, "state event", "missing", te_state_name(to));
}

void script_history_text(const struct script *s, char *ret_text, size_t size)
{
    struct te_history history;
    ret_text[0] = '\0';
    if (te_history(s->f.stack, s->c.id, &history) != TE_OK || history.count == 0)
        return;
    size_t used =
        (size_t)snprintf(ret_text, size, "%s", te_state_name(history.transitions[0].from));
    for (unsigned i = 0; i < history.count && used < size; i++)
        used += (size_t)snprintf(ret_text + used, size - used, " %s",
                                 te_state_name(history.transitions[i].to));
}

void script_check_history(struct script *s, const char *text, struct script_at at)
{
    char got[HISTORY_TEXT_MAX];
    script_history_text(s, got, sizeof(got));
    if (strcmp(got, text) != 0)
        fail_text(at, "history", got, text);
}

void script_check_ready(struct script *s, unsigned flags, struct script_at at)
{
    script_pump(s);
    if ((s->ready & flags) != flags) {
        print_error("ready is %#x, lacks %#x\n", s->ready, flags & ~s->ready);
        _fail(at.file, at.line);
    }
    s->ready = 0;
}

/* --- calls ------------------------------------------------------------------------------------ */

enum te_err script_user_open(struct script *s)
{
    script_start(s);
    struct te_open open = {.local = script_local(s), .remote = script_peer(s), .uid = USER};
    enum te_err err = te_open_active(s->f.stack, &open, &s->c.id, s->f.now_us);
    script_pump(s);
    return err;
}

enum te_err script_user_listen(struct script *s, uint32_t backlog)
{
    script_start(s);
    struct te_listen listen = {
        .local = {script_local_addr(s), s->c.local_port}, .uid = USER, .backlog = backlog};
    enum te_err err = te_open_passive(s->f.stack, &listen, &s->listener_id, s->f.now_us);
    script_pump(s);
    return err;
}

enum te_err script_user_accept(struct script *s)
{
    enum te_err err = te_accept(s->f.stack, s->listener_id, USER, &s->c.id, s->f.now_us);
    script_pump(s);
    return err;
}

size_t script_user_send(struct script *s, size_t len)
{
    uint8_t *bytes = malloc(len > 0 ? len : 1);
    uint64_t offset = script_status(s).send_accepted;
    for (size_t i = 0; i < len; i++)
        bytes[i] = script_pattern(offset + i, 0);
    size_t accepted = 0;
    enum te_err err = te_send(s->f.stack, s->c.id, bytes, len, &accepted, s->f.now_us);
    free(bytes);
    script_check_err(err, TE_OK, "te_send", T_HERE);
    script_pump(s);
    return accepted;
}

static void compare_pattern(const struct te_received *received, uint64_t offset)
{
    assert_true(received->iov[0].len + received->iov[1].len == received->total_bytes);
    for (unsigned i = 0; i < 2; i++)
        for (size_t at = 0; at < received->iov[i].len; at++, offset++)
            assert_int_equal(received->iov[i].base[at], script_pattern(offset, 0));
}

static size_t take(struct script *s, size_t max_bytes, bool *ret_is_end)
{
    uint64_t offset = script_status(s).receive_released;
    struct te_received received = {.is_end = false};
    enum te_err err = te_receive_peek(s->f.stack, s->c.id, offset, max_bytes, &received);
    if (ret_is_end != NULL)
        *ret_is_end = err == TE_OK ? received.is_end : err == TE_ERR_CLOSING;
    if (err != TE_OK)
        return 0;
    compare_pattern(&received, offset);
    assert_int_equal(
        te_receive_release(s->f.stack, s->c.id, offset + received.total_bytes, s->f.now_us), TE_OK);
    script_pump(s);
    return received.total_bytes;
}

size_t script_user_take(struct script *s, bool *ret_is_end)
{
    return take(s, SIZE_MAX, ret_is_end);
}

size_t script_user_take_some(struct script *s, size_t max_bytes)
{
    return take(s, max_bytes, NULL);
}

enum te_err script_user_shutdown(struct script *s)
{
    enum te_err err = te_shutdown(s->f.stack, s->c.id, s->f.now_us);
    script_pump(s);
    return err;
}

enum te_err script_user_close(struct script *s)
{
    enum te_err err = te_close(s->f.stack, s->c.id, s->f.now_us);
    script_pump(s);
    return err;
}

void script_close_established(struct script *s)
{
    conn_in_established(s);
    T_ERR(script_user_close(s), TE_OK);
    T_EXPECT(s, .flags = TE_FIN | TE_ACK, .seq = 1, .ack = 1);
}

enum te_err script_user_abort(struct script *s)
{
    enum te_err err = te_abort(s->f.stack, s->c.id, s->f.now_us);
    script_pump(s);
    return err;
}

enum te_err script_user_option(struct script *s, enum te_option option, int64_t value)
{
    enum te_err err = te_set_option(s->f.stack, s->c.id, option, value, s->f.now_us);
    script_pump(s);
    return err;
}
