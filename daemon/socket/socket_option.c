#include "socket/socket_option.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "socket/socket_state.h"
#include "socket/socket_tcp_info.h"

#define BUFFER_MIN_BYTES 4096
#define BUFFER_MAX_BYTES (1 << 30)

/* The kernel's, for values that it shows otherwise than they were set. */
#define TOS_BITS 0xfc /* the lowest two are ECN's, and TCP's own: RFC 3168 */
#define RTO_MAX_S 120
#define LINGER2_MAX_S 120
#define WINDOW_CLAMP_MIN 1152

enum shown { SHOWN_SWITCH, SHOWN_NUMBER, SHOWN_DOUBLED };

struct row {
    int32_t level, name;
    enum shown shown;
    int32_t min, max, start;
};

static const struct row rows[SOCKET_OPTION_COUNT] = {
#define SOCKET_OPTION_ROW(NAME, level, name, shown, min, max, start)                               \
    [SOCKET_OPTION_##NAME] = {level, name, SHOWN_##shown, min, max, start},
    SOCKET_OPTION_LIST(SOCKET_OPTION_ROW)
#undef SOCKET_OPTION_ROW
};

/* What root may set beyond the kernel's limits (socket(7)): the engine has limits of its own. */
static int32_t plain_name(const struct socket_request *request)
{
    if (request->level == SOL_SOCKET && request->name == SO_SNDBUFFORCE)
        return SO_SNDBUF;
    if (request->level == SOL_SOCKET && request->name == SO_RCVBUFFORCE)
        return SO_RCVBUF;
    return request->name;
}

/* SOCKET_OPTION_COUNT: it is none whose value is a number. */
static enum socket_option find(int32_t level, int32_t name)
{
    unsigned i = 0;
    while (i < SOCKET_OPTION_COUNT && (rows[i].level != level || rows[i].name != name))
        i++;
    return (enum socket_option)i;
}

static bool is_set(const struct socket *socket, enum socket_option option)
{
    return (socket->options.set & (uint64_t)1 << option) != 0;
}

bool socket_option_is_on(const struct socket *socket, enum socket_option option)
{
    return is_set(socket, option) && socket->options.value[option] != 0;
}

bool socket_option_is_abortive(const struct socket *socket)
{
    return socket->options.lingers && socket->options.linger_s == 0;
}

/* --- what the engine does with them ----------------------------------------------------------- */

/* Linux takes double of what was asked, for its own needs, and so does what getsockopt(2) says. */
static int64_t buffer_bytes(int32_t value)
{
    int64_t bytes = value > BUFFER_MAX_BYTES / 2 || value < 0 ? BUFFER_MAX_BYTES : 2 * value;
    return bytes < BUFFER_MIN_BYTES ? BUFFER_MIN_BYTES : bytes;
}

/* The window is never above the buffer: so a clamp of the one is one of the other. */
static int64_t receive_bytes(const struct socket *socket)
{
    int64_t buffer = is_set(socket, SOCKET_OPTION_RCVBUF)
                         ? buffer_bytes(socket->options.value[SOCKET_OPTION_RCVBUF])
                         : BUFFER_MAX_BYTES;
    int64_t clamp = socket->options.value[SOCKET_OPTION_WINDOW_CLAMP];
    if (clamp > 0 && clamp < buffer)
        buffer = clamp;
    return buffer < BUFFER_MIN_BYTES ? BUFFER_MIN_BYTES : buffer;
}

/* Nagle's algorithm also stands for the cork: both hold small segments back. */
static bool wants_nagle(const struct socket *socket)
{
    return !socket_option_is_on(socket, SOCKET_OPTION_NODELAY) ||
           socket_option_is_on(socket, SOCKET_OPTION_CORK);
}

/* The engine's option, and its value. False: it has none. */
static bool translate(const struct socket *socket, enum socket_option option,
                      enum te_option *ret_option, int64_t *ret_value)
{
    int32_t value = socket->options.value[option];
    static const enum te_option options[SOCKET_OPTION_COUNT] = {
        [SOCKET_OPTION_KEEPALIVE] = TE_OPTION_KEEPALIVE,
        [SOCKET_OPTION_SNDBUF] = TE_OPTION_SEND_BUFFER_MAX,
        [SOCKET_OPTION_RCVBUF] = TE_OPTION_RECEIVE_BUFFER_MAX,
        [SOCKET_OPTION_WINDOW_CLAMP] = TE_OPTION_RECEIVE_BUFFER_MAX,
        [SOCKET_OPTION_NODELAY] = TE_OPTION_NAGLE,
        [SOCKET_OPTION_CORK] = TE_OPTION_NAGLE,
        [SOCKET_OPTION_KEEPIDLE] = TE_OPTION_KEEPALIVE_IDLE_US,
        [SOCKET_OPTION_KEEPINTVL] = TE_OPTION_KEEPALIVE_INTERVAL_US,
        [SOCKET_OPTION_KEEPCNT] = TE_OPTION_KEEPALIVE_PROBES,
        [SOCKET_OPTION_USER_TIMEOUT] = TE_OPTION_USER_TIMEOUT_US,
        [SOCKET_OPTION_QUICKACK] = TE_OPTION_DELAYED_ACK,
    };
    *ret_option = options[option];
    *ret_value = value;
    switch (options[option]) {
    case TE_OPTION_KEEPALIVE:
        *ret_value = value != 0;
        break;
    case TE_OPTION_DELAYED_ACK:
        *ret_value = value == 0;
        break;
    case TE_OPTION_NAGLE:
        *ret_value = wants_nagle(socket);
        break;
    case TE_OPTION_SEND_BUFFER_MAX:
        *ret_value = buffer_bytes(value);
        break;
    case TE_OPTION_RECEIVE_BUFFER_MAX:
        *ret_value = receive_bytes(socket);
        break;
    case TE_OPTION_KEEPALIVE_IDLE_US:
    case TE_OPTION_KEEPALIVE_INTERVAL_US:
        *ret_value = value * TE_SECOND;
        break;
    case TE_OPTION_USER_TIMEOUT_US:
        *ret_value = value * TE_MS;
        break;
    case TE_OPTION_KEEPALIVE_PROBES:
        break;
    default:
        return false;
    }
    return true;
}

/* A receive buffer that is to grow stays as it is: the engine has no larger one. */
static void apply(struct socket *socket, enum socket_option option)
{
    struct rpc *rpc = socket->server->rpc;
    enum te_option engine_option;
    int64_t value;
    if (socket->id != 0 && translate(socket, option, &engine_option, &value))
        te_set_option(rpc_stack(rpc), socket->id, engine_option, value, rpc_now_us(rpc));
}

static int apply_congestion(struct socket *socket)
{
    struct rpc *rpc = socket->server->rpc;
    enum te_err err = te_set_congestion_control(rpc_stack(rpc), socket->id,
                                                socket->options.congestion, rpc_now_us(rpc));
    return err == TE_ERR_INVALID ? ENOENT : 0;
}

void socket_option_apply(struct socket *socket)
{
    for (unsigned i = 0; i < SOCKET_OPTION_COUNT; i++)
        if (is_set(socket, (enum socket_option)i))
            apply(socket, (enum socket_option)i);
    if (socket->options.congestion[0] != '\0')
        apply_congestion(socket);
}

/* --- SETSOCKOPT ------------------------------------------------------------------------------- */

/* What the kernel makes of some values before it keeps them. */

/* It counts the retransmissions of SYN,ACK, and shows the time that they take: 1, 3, 7 ... s. */
static int32_t deferred_s(int32_t asked_s)
{
    int32_t shown_s = 0, step_s = 1;
    for (unsigned i = 0; shown_s < asked_s && i < UINT8_MAX; i++) {
        shown_s += step_s;
        step_s = 2 * step_s < RTO_MAX_S ? 2 * step_s : RTO_MAX_S;
    }
    return shown_s;
}

static int32_t lingered_s(const struct socket *socket, int32_t asked_s)
{
    int64_t usual_us = socket->server->options.engine->fin_wait_2_us;
    if (asked_s < 0)
        return -1;
    if (asked_s == 0)
        return (int32_t)(usual_us / TE_SECOND);
    return asked_s < LINGER2_MAX_S ? asked_s : LINGER2_MAX_S;
}

static int32_t kept_value(const struct socket *socket, enum socket_option option, int32_t value)
{
    switch (option) {
    case SOCKET_OPTION_TOS:
        return value & TOS_BITS;
    case SOCKET_OPTION_TCLASS:
        return value < 0 ? 0 : value & TOS_BITS;
    case SOCKET_OPTION_TTL:
    case SOCKET_OPTION_HOPS:
        return value < 0 ? rows[option].start : value;
    case SOCKET_OPTION_DEFER_ACCEPT:
        return deferred_s(value);
    case SOCKET_OPTION_LINGER2:
        return lingered_s(socket, value);
    case SOCKET_OPTION_WINDOW_CLAMP:
        return value < WINDOW_CLAMP_MIN ? (value == 0 ? 0 : WINDOW_CLAMP_MIN) : value;
    case SOCKET_OPTION_THIN_DUPACK:
        return 0; /* it is no more: tcp(7) */
    default:
        return value;
    }
}

/* Some are for a while of a socket's life only. */
static int check_time(const struct socket *socket, enum socket_option option, int32_t value)
{
    bool is_new = socket->state == SOCKET_NEW || socket->state == SOCKET_BOUND;
    switch (option) {
    case SOCKET_OPTION_V6ONLY:
        return socket->state == SOCKET_NEW ? 0 : EINVAL;
    case SOCKET_OPTION_WINDOW_CLAMP:
        return is_new || value != 0 ? 0 : EINVAL;
    case SOCKET_OPTION_FASTOPEN_CONNECT:
        return is_new ? 0 : EINVAL;
    default:
        return 0;
    }
}

/* ip(7): one byte will do for them. */
static bool read_number(const struct socket_request *request, int32_t *ret_value)
{
    bool is_byte = request->level == IPPROTO_IP && request->length > 0;
    if (request->length < sizeof(*ret_value) && !is_byte)
        return false;
    *ret_value = request->value[0];
    if (request->length >= sizeof(*ret_value))
        memcpy(ret_value, request->value, sizeof(*ret_value));
    return true;
}

static int set_number(struct socket *socket, enum socket_option option,
                      const struct socket_request *request)
{
    const struct row *row = &rows[option];
    int32_t value;
    if (row->level == IPPROTO_IPV6 && socket->family != AF_INET6)
        return ENOPROTOOPT;
    if (!read_number(request, &value))
        return EINVAL;
    if (value < row->min || value > row->max || (option == SOCKET_OPTION_TTL && value == 0))
        return EINVAL;
    int error = check_time(socket, option, value);
    if (error != 0)
        return error;
    socket->options.value[option] = kept_value(socket, option, value);
    socket->options.set |= (uint64_t)1 << option;
    apply(socket, option);
    return 0;
}

static int set_linger(struct socket *socket, const struct socket_request *request)
{
    struct linger linger;
    if (request->length < sizeof(linger))
        return EINVAL;
    memcpy(&linger, request->value, sizeof(linger));
    socket->options.lingers = linger.l_onoff != 0;
    socket->options.linger_s = linger.l_linger;
    return 0;
}

static bool is_algorithm(const char *name)
{
    for (unsigned i = 0; te_cc_name(i) != NULL; i++)
        if (strcmp(te_cc_name(i), name) == 0)
            return true;
    return false;
}

static int set_congestion(struct socket *socket, const struct socket_request *request)
{
    char name[SOCKET_CONGESTION_MAX] = {0};
    size_t len = request->length < sizeof(name) ? request->length : sizeof(name) - 1;
    memcpy(name, request->value, len);
    if (len == 0)
        return EINVAL;
    if (!is_algorithm(name))
        return ENOENT;
    memcpy(socket->options.congestion, name, sizeof(name));
    if (socket->id != 0)
        apply_congestion(socket);
    return 0;
}

int socket_option_set(struct socket *socket, const struct socket_request *request)
{
    enum socket_option option = find(request->level, plain_name(request));
    if (option != SOCKET_OPTION_COUNT)
        return set_number(socket, option, request);
    if (request->level == SOL_SOCKET && request->name == SO_LINGER)
        return set_linger(socket, request);
    if (request->level == IPPROTO_TCP && request->name == TCP_CONGESTION)
        return set_congestion(socket, request);
    return ENOPROTOOPT;
}

/* --- GETSOCKOPT ------------------------------------------------------------------------------- */

/* As much of the value as the program has room for, as getsockopt(2) does. */
static int give(const struct socket_request *request, const void *value, size_t len,
                struct socket_answer *answer)
{
    answer->length = (uint32_t)(len < request->length ? len : request->length);
    memcpy(answer->value, value, answer->length);
    return 0;
}

static int give_number(const struct socket_request *request, int32_t value,
                       struct socket_answer *answer)
{
    return give(request, &value, sizeof(value), answer);
}

static int32_t default_of(const struct socket *socket, enum socket_option option)
{
    const struct te_config *engine = socket->server->options.engine;
    switch (option) {
    case SOCKET_OPTION_SNDBUF:
        return (int32_t)(engine->send_buffer_max_bytes / 2);
    case SOCKET_OPTION_RCVBUF:
        return (int32_t)(engine->receive_buffer_max_bytes / 2);
    case SOCKET_OPTION_KEEPIDLE:
        return (int32_t)(engine->keepalive_idle_us / TE_SECOND);
    case SOCKET_OPTION_KEEPINTVL:
        return (int32_t)(engine->keepalive_interval_us / TE_SECOND);
    case SOCKET_OPTION_KEEPCNT:
        return engine->keepalive_probes_max;
    case SOCKET_OPTION_SYNCNT:
        return engine->syn_retries_max;
    case SOCKET_OPTION_LINGER2:
        return (int32_t)(engine->fin_wait_2_us / TE_SECOND);
    default:
        return rows[option].start;
    }
}

static int get_number(const struct socket *socket, enum socket_option option,
                      const struct socket_request *request, struct socket_answer *answer)
{
    int32_t value =
        is_set(socket, option) ? socket->options.value[option] : default_of(socket, option);
    if (rows[option].level == IPPROTO_IPV6 && socket->family != AF_INET6)
        return EOPNOTSUPP;
    if (rows[option].shown == SHOWN_DOUBLED)
        value = (int32_t)buffer_bytes(value);
    if (rows[option].shown == SHOWN_SWITCH)
        value = value != 0;
    return give_number(request, value, answer);
}

static int get_maxseg(const struct socket *socket, const struct socket_request *request,
                      struct socket_answer *answer)
{
    struct te_status status;
    int32_t mss = 536; /* RFC 9293 3.7.1: before anybody has said anything */
    if (socket->id != 0 && te_status(rpc_stack(socket->server->rpc), socket->id, &status) == TE_OK)
        mss = (int32_t)status.mss;
    return give_number(request, mss, answer);
}

/* Of the path, as far as it is known. */
static int get_mtu(const struct socket *socket, const struct socket_request *request,
                   struct socket_answer *answer)
{
    struct te_status status;
    if (socket->id == 0 || te_status(rpc_stack(socket->server->rpc), socket->id, &status) != TE_OK)
        return ENOTCONN;
    return give_number(request, (int32_t)status.path_mtu_bytes, answer);
}

static int get_congestion(const struct socket *socket, const struct socket_request *request,
                          struct socket_answer *answer)
{
    char name[SOCKET_CONGESTION_MAX] = {0};
    struct te_status status;
    const char *known = socket->options.congestion;
    if (known[0] == '\0')
        known = socket->server->options.engine->congestion_control;
    if (socket->id != 0 && te_status(rpc_stack(socket->server->rpc), socket->id, &status) == TE_OK)
        known = status.congestion_control;
    memcpy(name, known, strnlen(known, sizeof(name) - 1));
    return give(request, name, sizeof(name), answer);
}

static int get_tcp_info(const struct socket *socket, const struct socket_request *request,
                        struct socket_answer *answer)
{
    uint8_t info[SOCKET_VALUE_MAX];
    struct te_status status;
    uint64_t id = socket->listener != NULL ? socket->listener->id : socket->id;
    bool is_known = id != 0 && te_status(rpc_stack(socket->server->rpc), id, &status) == TE_OK;
    size_t len = socket_tcp_info_write(is_known ? &status : NULL, info);
    return give(request, info, len, answer);
}

static int get_error(struct socket *socket, const struct socket_request *request,
                     struct socket_answer *answer)
{
    int32_t error = socket->error;
    socket->error = 0;
    return give_number(request, error, answer);
}

static int get_of_socket(struct socket *socket, const struct socket_request *request,
                         struct socket_answer *answer)
{
    struct linger linger = {socket->options.lingers, socket->options.linger_s};
    switch (request->name) {
    case SO_ERROR:
        return get_error(socket, request, answer);
    case SO_TYPE:
        return give_number(request, SOCK_STREAM, answer);
    case SO_DOMAIN:
        return give_number(request, socket->family, answer);
    case SO_PROTOCOL:
        return give_number(request, IPPROTO_TCP, answer);
    case SO_ACCEPTCONN:
        return give_number(request, socket->state == SOCKET_LISTENING, answer);
    case SO_LINGER:
        return give(request, &linger, sizeof(linger), answer);
    default:
        return ENOPROTOOPT;
    }
}

static int get_of_tcp(const struct socket *socket, const struct socket_request *request,
                      struct socket_answer *answer)
{
    switch (request->name) {
    case TCP_MAXSEG:
        return get_maxseg(socket, request, answer);
    case TCP_CONGESTION:
        return get_congestion(socket, request, answer);
    case TCP_INFO:
        return get_tcp_info(socket, request, answer);
    default:
        return ENOPROTOOPT;
    }
}

int socket_option_get(struct socket *socket, const struct socket_request *request,
                      struct socket_answer *answer)
{
    enum socket_option option = find(request->level, request->name);
    if (option != SOCKET_OPTION_COUNT)
        return get_number(socket, option, request, answer);
    if (request->level == SOL_SOCKET)
        return get_of_socket(socket, request, answer);
    if (request->level == IPPROTO_TCP)
        return get_of_tcp(socket, request, answer);
    if ((request->level == IPPROTO_IP && request->name == IP_MTU) ||
        (request->level == IPPROTO_IPV6 && request->name == IPV6_MTU))
        return get_mtu(socket, request, answer);
    if (request->level == IPPROTO_IP && request->name == IP_OPTIONS)
        return give(request, "", 0, answer); /* there are none */
    return ENOPROTOOPT;
}
