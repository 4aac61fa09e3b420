#include "rpc/rpc_status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/limits.h>
#include <tcpengine/units.h>

#include "link/addresses.h"
#include "rpc/rpc_convert.h"

#define MESSAGE_MAX 400
#define NAME_MAX_BYTES (3 * TE_ADDR_TEXT_MAX)
#define CAUSE_MAX 192
#define HINT_MAX 160

/* The object that an error concerns. */
struct subject {
    uint64_t id; /* 0: it has none yet */
    bool is_listener;
    bool has_endpoints;
    struct te_endpoint local, remote;
    enum te_cause cause; /* of the last transition; TE_CAUSE_NONE: not known */
    bool has_retransmits;
    uint64_t retransmits;
    bool has_icmp; /* the ICMP error that was received */
    uint8_t icmp_type, icmp_code;
};

struct err_row {
    enum te_err err;
    pb_code code;
    const char *text;
    pb_hint hint;
};

static const struct err_row err_rows[] = {
    {TE_ERR_INVALID, PB_INVALID_ARGUMENT, "an argument is out of its range", PB_HINT(PEER_ADDRESS)},
    {TE_ERR_NOMEM, PB_RESOURCES, "no memory", PB_HINT(FREE_MEMORY)},
    {TE_ERR_RESOURCES, PB_RESOURCES, "insufficient resources: a limit of the engine is reached",
     PB_HINT(RAISE_LIMIT)},
    {TE_ERR_NO_CONNECTION, PB_NOT_FOUND, "does not exist", PB_HINT(LIST_IDS)},
    {TE_ERR_EXISTS, PB_EXISTS, "connection already exists", PB_HINT(OTHER_PORT_OR_CLOSE)},
    {TE_ERR_CLOSING, PB_CONNECTION_CLOSING, "connection closing: it was closed or shut down before",
     PB_HINT(CANNOT_SEND)},
    {TE_ERR_REMOTE_UNSPECIFIED, PB_INVALID_ARGUMENT, "remote socket unspecified",
     PB_HINT(PEER_MISSING)},
    {TE_ERR_ADDR_IN_USE, PB_ADDRESS, "the local port is taken, or no port is left",
     PB_HINT(OTHER_PORT)},
    {TE_ERR_ADDR_NOT_AVAILABLE, PB_ADDRESS, "the local address is not one of the daemon's",
     PB_HINT(OWN_ADDRESSES)},
    {TE_ERR_NO_ROUTE, PB_UNREACHABLE, "unreachable: no route to that address", PB_HINT(ROUTE)},
    {TE_ERR_AGAIN, PB_AGAIN, "nothing there yet", PB_HINT(WAIT)},
    {TE_ERR_RESET, PB_RESET, "reset: RST from peer", PB_HINT(OPEN_ANOTHER)},
    {TE_ERR_REFUSED, PB_REFUSED, "refused: RST from peer", PB_HINT(PEER_LISTENS)},
    {TE_ERR_TIMED_OUT, PB_TIMED_OUT, "timed out", PB_HINT(PEER_OR_FIREWALL)},
    {TE_ERR_HOST_UNREACHABLE, PB_UNREACHABLE, "unreachable: ICMP host unreachable",
     PB_HINT(PEER_OR_ROUTE)},
    {TE_ERR_NET_UNREACHABLE, PB_UNREACHABLE, "unreachable: ICMP net unreachable", PB_HINT(ROUTER)},
    {TE_ERR_PORT_UNREACHABLE, PB_UNREACHABLE, "unreachable: ICMP protocol or port unreachable",
     PB_HINT(PEER_PROTOCOL)},
    {TE_ERR_PROHIBITED, PB_UNREACHABLE, "unreachable: ICMP administratively prohibited",
     PB_HINT(FIREWALL)},
    {TE_ERR_ABORTED, PB_ABORTED, "aborted", PB_HINT(NONE)},
    {TE_ERR_NOT_LISTENER, PB_BAD_STATE, "is a connection, not a listener", PB_HINT(NONE)},
    {TE_ERR_STATE, PB_BAD_STATE, "the call makes no sense in this state", PB_HINT(NONE)},
    {TE_ERR_OFFSET, PB_BAD_OFFSET, "no such stream offset", PB_HINT(STREAM_OFFSETS)},
    {TE_ERR_KEEPALIVE, PB_TIMED_OUT, "timed out: no keepalive probe was answered",
     PB_HINT(PEER_UP)},
    {TE_ERR_MEMORY_SHARE, PB_RESOURCES,
     "memory share: this user's connections hold all the memory that one user may have",
     PB_HINT(MEMORY_SHARE)},
    {TE_ERR_PORT_SHARE, PB_RESOURCES,
     "port share: this user holds all the local ports toward that remote that one user may have",
     PB_HINT(PORT_SHARE)},
    {TE_ERR_MEMORY_PRESSURE, PB_ABORTED,
     "memory pressure: reset to free memory, as it held much and made no progress",
     PB_HINT(MEMORY_PRESSURE)},
};

static const struct err_row *err_row_find(enum te_err err)
{
    static const struct err_row unknown = {TE_OK, PB_INTERNAL, "an error without a name",
                                           PB_HINT(NONE)};
    for (size_t i = 0; i < sizeof(err_rows) / sizeof(*err_rows); i++)
        if (err_rows[i].err == err)
            return &err_rows[i];
    return &unknown;
}

pb_code rpc_status_code(enum te_err err)
{
    return err_row_find(err)->code;
}

/* --- the object ------------------------------------------------------------------------------- */

static const struct te_transition *history_last(const struct te_history *history)
{
    return history->count > 0 ? &history->transitions[history->count - 1] : NULL;
}

static enum te_cause history_cause(const struct te_history *history)
{
    const struct te_transition *last = history_last(history);
    return last != NULL ? last->cause : TE_CAUSE_NONE;
}

static bool history_is_listener(const struct te_history *history)
{
    const struct te_transition *last = history_last(history);
    return last != NULL && (last->from == TE_LISTEN || last->to == TE_LISTEN);
}

static struct subject subject_find(struct rpc_call *call, uint64_t id,
                                   const struct te_status *status)
{
    struct subject subject = {.id = id, .is_listener = call->verb->op_case == RPC_OP(ACCEPT)};
    struct te_history history;
    if (te_history(rpc_stack(call->rpc), id, &history) == TE_OK) {
        subject.has_endpoints = true;
        subject.is_listener = history_is_listener(&history);
        subject.local = history.local;
        subject.remote = history.remote;
        subject.cause = history_cause(&history);
    }
    if (status != NULL) {
        subject.has_endpoints = true;
        subject.is_listener = status->is_listener;
        subject.local = status->local;
        subject.remote = status->remote;
        subject.has_retransmits = true;
        subject.retransmits = status->backoff > 0 ? status->backoff : status->retransmits;
        subject.has_icmp = status->has_icmp;
        subject.icmp_type = status->icmp_type;
        subject.icmp_code = status->icmp_code;
    }
    return subject;
}

/* "connection 12 to 10.0.0.2:80", "listener 3 on *:80", "connection 12", "connection to ...". */
static void subject_name(const struct subject *subject, char *ret_name, size_t size)
{
    char endpoint[TE_ADDR_TEXT_MAX] = "", number[24] = "";
    bool is_listener = subject->is_listener;
    if (subject->has_endpoints)
        te_endpoint_format(is_listener ? &subject->local : &subject->remote, endpoint);
    if (subject->id != 0)
        snprintf(number, sizeof(number), " %" PRIu64, subject->id);
    snprintf(ret_name, size, "%s%s%s%s", is_listener ? "listener" : "connection", number,
             !subject->has_endpoints ? ""
             : is_listener           ? " on "
                                     : " to ",
             endpoint);
}

/* --- why -------------------------------------------------------------------------------------- */

static bool is_on_link(struct rpc *rpc, const struct te_addr *addr)
{
    unsigned count;
    const struct te_cidr *addresses = te_stack_addresses(rpc_stack(rpc), &count);
    for (unsigned i = 0; i < count; i++)
        if (te_cidr_contains(&addresses[i], addr))
            return true;
    return false;
}

static void cause_neighbour(struct rpc *rpc, const struct subject *subject, char *ret_text,
                            size_t size)
{
    char addr[TE_ADDR_TEXT_MAX];
    const char *question = te_addr_is_v4(&subject->remote.addr) ? "ARP" : "Neighbour Solicitations";
    te_addr_format(&subject->remote.addr, addr);
    if (is_on_link(rpc, &subject->remote.addr))
        snprintf(ret_text, size, "unreachable: the neighbour %s does not answer %s", addr,
                 question);
    else
        snprintf(ret_text, size, "unreachable: the gateway toward %s does not answer %s", addr,
                 question);
}

static void cause_timed_out(const struct subject *subject, char *ret_text, size_t size)
{
    const char *tail = subject->cause == TE_CAUSE_TIMEOUT_USER ? ": the user timeout passed" : "";
    if (subject->has_retransmits)
        snprintf(ret_text, size, "timed out after %" PRIu64 " retransmissions%s",
                 subject->retransmits, tail);
    else
        snprintf(ret_text, size, "timed out: no retransmission was acknowledged%s", tail);
}

static bool is_icmp_error(enum te_err err)
{
    return err == TE_ERR_HOST_UNREACHABLE || err == TE_ERR_NET_UNREACHABLE ||
           err == TE_ERR_PORT_UNREACHABLE || err == TE_ERR_PROHIBITED;
}

/* What came, by its own name; and what became of it when the connection went on. */
static void cause_icmp(const struct subject *subject, char *ret_text, size_t size)
{
    bool is_v4 = te_addr_is_v4(&subject->remote.addr);
    const char *text = te_icmp_text(is_v4, subject->icmp_type, subject->icmp_code);
    bool timed_out =
        subject->cause == TE_CAUSE_TIMEOUT_RETRANSMIT || subject->cause == TE_CAUSE_TIMEOUT_USER;
    if (timed_out && subject->has_retransmits)
        snprintf(ret_text, size,
                 "unreachable: ICMP %s, and no answer after %" PRIu64 " retransmissions", text,
                 subject->retransmits);
    else
        snprintf(ret_text, size, "unreachable: ICMP %s", text);
}

static const char *cause_aborted(enum te_cause cause)
{
    switch (cause) {
    case TE_CAUSE_ABORT:
        return "aborted: ABORT was called";
    case TE_CAUSE_LISTENER_CLOSED:
        return "aborted: its listener was closed";
    case TE_CAUSE_RECV_DATA_AFTER_CLOSE:
        return "aborted: data came after CLOSE";
    case TE_CAUSE_TIMEOUT_ORPHAN:
    case TE_CAUSE_TIMEOUT_FIN_WAIT_2:
        return "aborted: the peer took too long to end it after CLOSE";
    case TE_CAUSE_LIMIT:
        return "aborted: a limit of the engine was reached";
    default:
        return "aborted";
    }
}

static void cause_text(struct rpc *rpc, const struct subject *subject, enum te_err err,
                       char ret_text[CAUSE_MAX])
{
    bool was_neighbour = subject->cause == TE_CAUSE_NEIGHBOUR;
    if (err == TE_ERR_TIMED_OUT)
        cause_timed_out(subject, ret_text, CAUSE_MAX);
    else if (err == TE_ERR_HOST_UNREACHABLE && was_neighbour)
        cause_neighbour(rpc, subject, ret_text, CAUSE_MAX);
    else if (is_icmp_error(err) && subject->has_icmp)
        cause_icmp(subject, ret_text, CAUSE_MAX);
    else if (is_icmp_error(err) && subject->cause == TE_CAUSE_ICMP)
        snprintf(ret_text, CAUSE_MAX, "unreachable: an ICMP error");
    else if (err == TE_ERR_ABORTED)
        snprintf(ret_text, CAUSE_MAX, "%s", cause_aborted(subject->cause));
    else if (err == TE_ERR_NO_CONNECTION && subject->has_endpoints)
        snprintf(ret_text, CAUSE_MAX, "is gone: %s", te_cause_text(subject->cause));
    else
        snprintf(ret_text, CAUSE_MAX, "%s", err_row_find(err)->text);
}

static pb_hint cause_hint(const struct subject *subject, enum te_err err)
{
    if (err == TE_ERR_HOST_UNREACHABLE && subject->cause == TE_CAUSE_NEIGHBOUR)
        return PB_HINT(PEER_ON_NETWORK);
    if (err == TE_ERR_NO_CONNECTION && subject->has_endpoints)
        return PB_HINT(HISTORY);
    return err_row_find(err)->hint;
}

enum te_err rpc_history_err(const struct te_history *history)
{
    switch (history_cause(history)) {
    case TE_CAUSE_RECV_RST:
        return history_last(history)->from == TE_SYN_SENT ? TE_ERR_REFUSED : TE_ERR_RESET;
    case TE_CAUSE_TIMEOUT_RETRANSMIT:
    case TE_CAUSE_TIMEOUT_USER:
        return TE_ERR_TIMED_OUT;
    case TE_CAUSE_TIMEOUT_KEEPALIVE:
        return TE_ERR_KEEPALIVE;
    case TE_CAUSE_ICMP:
    case TE_CAUSE_NEIGHBOUR:
        return TE_ERR_HOST_UNREACHABLE;
    case TE_CAUSE_ABORT:
    case TE_CAUSE_LIMIT:
    case TE_CAUSE_LISTENER_CLOSED:
    case TE_CAUSE_RECV_DATA_AFTER_CLOSE:
    case TE_CAUSE_TIMEOUT_ORPHAN:
    case TE_CAUSE_TIMEOUT_FIN_WAIT_2:
        return TE_ERR_ABORTED;
    default:
        return TE_OK;
    }
}

/* --- messages --------------------------------------------------------------------------------- */

enum rpc_outcome rpc_fail(struct rpc_call *call, const struct rpc_error *error, const char *format,
                          ...)
{
    char text[MESSAGE_MAX];
    va_list arguments;
    pb_status *status = &call->rpc->answer.status;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    status->code = error->code;
    status->errno_name = (char *)(uintptr_t)error->errno_name;
    status->hint_code = error->hint;
    status->hint = rpc_text(call->rpc, error->hint_text != NULL ? error->hint_text
                                                                : rpc_hint_text(error->hint));
    status->message = rpc_text(call->rpc, text);
    return RPC_ANSWER;
}

/* "connection 12 to 10.0.0.2:80: refused: RST from peer", "connection 12 does not exist". */
static void subject_sentence(struct rpc *rpc, const struct subject *subject, enum te_err err,
                             char ret_text[MESSAGE_MAX])
{
    char name[NAME_MAX_BYTES], cause[CAUSE_MAX];
    bool is_predicate = err == TE_ERR_NO_CONNECTION || err == TE_ERR_NOT_LISTENER;
    subject_name(subject, name, sizeof(name));
    cause_text(rpc, subject, err, cause);
    snprintf(ret_text, MESSAGE_MAX, "%s%s %s", name, is_predicate ? "" : ":", cause);
}

/* While the daemon stops it closes everything; nobody else did. */
static bool is_closed_by_stop(const struct rpc *rpc, const struct subject *subject, enum te_err err)
{
    bool was_there = subject->id != 0 && subject->has_endpoints;
    return rpc->is_stopping && was_there &&
           (err == TE_ERR_CLOSING || err == TE_ERR_NO_CONNECTION || err == TE_ERR_ABORTED);
}

static enum rpc_outcome fail_subject(struct rpc_call *call, const struct subject *subject,
                                     enum te_err err)
{
    char text[MESSAGE_MAX];
    const struct err_row *row = err_row_find(err);
    struct rpc_error error = {row->code, te_err_errno_name(err), cause_hint(subject, err), NULL};
    subject_sentence(call->rpc, subject, err, text);
    if (is_closed_by_stop(call->rpc, subject, err)) {
        char name[NAME_MAX_BYTES];
        subject_name(subject, name, sizeof(name));
        snprintf(text, sizeof(text), "%s is closed: the daemon is stopping", name);
        error.errno_name = "ESHUTDOWN";
        error.hint = PB_HINT(NONE);
    }
    return rpc_fail(call, &error, "%s", text);
}

enum rpc_outcome rpc_fail_engine(struct rpc_call *call, enum te_err err, uint64_t id)
{
    struct subject subject =
        subject_find(call, id, call->subject_err == TE_OK ? call->status : NULL);
    return fail_subject(call, &subject, err);
}

/* The address to open from is another station's. */
static enum rpc_outcome fail_conflict(struct rpc_call *call, const struct te_address_info *info)
{
    char addr[TE_ADDR_TEXT_MAX], mac[18], hint[96];
    int64_t left_us = info->retry_at_us - rpc_now_us(call->rpc);
    te_addr_format(&info->cidr.addr, addr);
    addresses_format_mac(info->claimed_by, mac);
    snprintf(hint, sizeof(hint),
             "it is tried again in %" PRId64 " s; give one of the two another address",
             left_us > 0 ? (left_us + TE_SECOND - 1) / TE_SECOND : 0);
    const struct rpc_error error = {PB_ADDRESS, "EADDRNOTAVAIL", PB_HINT(CONFLICT), hint};
    return rpc_fail(call, &error, "Open: address conflict: %s is in use by another station, %s",
                    addr, mac);
}

/* The engine refuses an opening for a limit. TE_LIMIT_NONE: one that has no share. */
static enum rpc_outcome fail_limit(struct rpc_call *call, enum te_limit limit, uint32_t uid)
{
    static const pb_hint hints[] = {
        [TE_LIMIT_CONNECTIONS] = PB_HINT(CONN_MAX),
        [TE_LIMIT_CONNECTIONS_UID] = PB_HINT(CONNECTIONS_PER_UID),
        [TE_LIMIT_LISTENERS] = PB_HINT(LISTENERS_MAX),
        [TE_LIMIT_LISTENERS_UID] = PB_HINT(LISTENERS_PER_UID),
    };
    const char *key = te_limit_key(limit), *what = "connections";
    uint32_t value = te_limit_value(rpc_stack(call->rpc), limit);
    const struct rpc_error error = {PB_RESOURCES, te_err_errno_name(TE_ERR_RESOURCES), hints[limit],
                                    rpc_hint_text(hints[limit])};
    if (limit == TE_LIMIT_LISTENERS || limit == TE_LIMIT_LISTENERS_UID)
        what = "listeners";
    if (limit == TE_LIMIT_CONNECTIONS || limit == TE_LIMIT_LISTENERS)
        return rpc_fail(call, &error, "Open: the daemon has as many %s as it may: %" PRIu32 " (%s)",
                        what, value, key);
    return rpc_fail(call, &error,
                    "Open: uid %" PRIu32 " has as many %s as one user may: %" PRIu32 " (%s)", uid,
                    what, value, key);
}

enum rpc_outcome rpc_fail_open(struct rpc_call *call, enum te_err err, const struct te_open *open)
{
    const struct te_addr *family = call->op.open.passive ? NULL : &open->remote.addr;
    struct te_address_info info;
    if (err == TE_ERR_ADDR_NOT_AVAILABLE &&
        addresses_find_conflict(rpc_stack(call->rpc), &open->local.addr, family, &info))
        return fail_conflict(call, &info);
    if (err == TE_ERR_ADDR_NOT_AVAILABLE && !te_stack_is_address_ready(rpc_stack(call->rpc)))
        return RPC_FAIL(call, ADDRESS, "EADDRNOTAVAIL", ADDRESS_CHECK,
                        "Open: the daemon is still checking that no other station has its address");
    enum te_limit limit = te_open_limit(rpc_stack(call->rpc), open->uid, call->op.open.passive);
    if (err == TE_ERR_RESOURCES && limit != TE_LIMIT_NONE)
        return fail_limit(call, limit, open->uid);
    struct subject subject = {.id = open->listener_id,
                              .is_listener = call->op.open.passive,
                              .has_endpoints = true,
                              .local = open->local,
                              .remote = open->remote};
    return fail_subject(call, &subject, err);
}

pb_status *rpc_status_message(struct rpc_call *call, enum te_err err,
                              const struct te_status *status)
{
    char text[MESSAGE_MAX];
    const struct err_row *row = err_row_find(err);
    pb_status *message = arena_alloc(&call->rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    struct subject subject = subject_find(call, status->id, status);
    subject_sentence(call->rpc, &subject, err, text);
    tcpengine__v1__status__init(message);
    message->code = row->code;
    message->errno_name = (char *)(uintptr_t)te_err_errno_name(err);
    message->hint_code = cause_hint(&subject, err);
    message->hint = (char *)(uintptr_t)rpc_hint_text(message->hint_code);
    message->message = rpc_text(call->rpc, text);
    return message;
}
