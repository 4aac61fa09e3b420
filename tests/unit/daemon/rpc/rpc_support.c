#include "rpc/rpc_support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_MAX 65600
#define CABLE_ROUNDS_MAX 100000
#define STEP_US 10000

/* --- the pump's place ------------------------------------------------------------------------- */

int64_t pump_now_us(const struct pump *pump)
{
    return (int64_t)(uv_hrtime() / 1000) + pump->skew_us;
}

struct te_stack *pump_stack(const struct pump *pump)
{
    return pump->stack;
}

void pump_wake(struct pump *pump)
{
    (void)pump; /* the cable looks at every turn */
}

int64_t t_now_us(const struct t_rpc *env)
{
    return pump_now_us(&env->pump);
}

static struct te_stack *stack_new(uint8_t host, uint64_t first_id)
{
    struct te_config config;
    struct te_stack *stack;
    const uint8_t addr[4] = {10, 0, 0, host};
    te_config_init(&config);
    config.allocator = t_heap;
    config.first_id = first_id;
    config.mac[0] = 2;
    config.mac[5] = config.secret[0] = host;
    config.dad = false;
    config.msl_us = 1000000;
    config.syn_retries_max = 6;
    config.send_buffer_max_bytes = config.receive_buffer_max_bytes = 1 << 17;
    config.addresses[0] = (struct te_cidr){te_addr_from_v4(addr), 24};
    config.address_count = 1;
    assert_int_equal(te_stack_new(&config, (int64_t)(uv_hrtime() / 1000), &stack), TE_OK);
    return stack;
}

/* Moves what from has to send; true when there was anything. */
static bool carry(struct t_rpc *env, struct te_stack *from, struct te_stack *to)
{
    static uint8_t frame[FRAME_MAX];
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    int64_t now_us = t_now_us(env);
    if (te_stack_next_timeout(from) <= now_us)
        te_stack_handle_timeout(from, now_us);
    if (!te_stack_poll_output(from, header, &output, now_us))
        return false;
    size_t len = 0;
    for (unsigned i = 0; i < output.iov_count; i++) {
        memcpy(frame + len, output.iov[i].base, output.iov[i].len);
        len += output.iov[i].len;
    }
    bool is_ip = frame[12] == 0x08 && frame[13] == 0x00;
    if (!env->is_cable_cut && !(env->is_ip_cut && is_ip))
        te_stack_input(to, frame, len, &output.meta, now_us);
    return true;
}

static void cable(void *ctx)
{
    struct t_rpc *env = ctx;
    struct te_event event;
    bool is_moving = true;
    for (int rounds = 0; is_moving; rounds++) {
        is_moving = carry(env, env->pump.stack, env->peer);
        is_moving = carry(env, env->peer, env->pump.stack) || is_moving;
        assert_true(rounds < CABLE_ROUNDS_MAX);
    }
    while (te_stack_next_event(env->peer, &event))
        ;
    while (te_stack_next_event(env->pump.stack, &event)) {
        event_log_push(env->events, &event);
        if (env->rpc != NULL)
            rpc_on_engine_event(env->rpc, &event);
    }
}

void t_skip(struct t_rpc *env, int64_t us)
{
    t_turn(&env->loop); /* what was sent before is read, */
    t_turn(&env->loop); /* and handled */
    for (; us > 0; us -= STEP_US) {
        env->pump.skew_us += us < STEP_US ? us : STEP_US;
        cable(env);
    }
    t_turn(&env->loop);
    t_turn(&env->loop);
}

/* --- the rpc ---------------------------------------------------------------------------------- */

static void describe(void *ctx, struct daemon_info *ret_info)
{
    (void)ctx;
    ret_info->version = "1.2.3";
    ret_info->tap = "tap7";
    ret_info->tap_up = true;
    ret_info->mtu_bytes = 1500;
    ret_info->routes[0] = "10.0.0.0/24 on the link";
    ret_info->route_count = 1;
}

static void before_answer(void *ctx)
{
    struct t_rpc *env = ctx;
    env->answers_announced++;
}

static void start(struct t_rpc *env)
{
    const struct rpc_host host = {.loop = &env->loop.uv,
                                  .pump = &env->pump,
                                  .events = env->events,
                                  .faults = env->faults,
                                  .describe = describe,
                                  .before_answer = before_answer,
                                  .first_id = env->first_id,
                                  .ctx = env};
    env->options.control.path = env->dir.socket;
    assert_int_equal(rpc_new(&env->options, &host, &env->rpc), 0);
    assert_int_equal(chmod(env->dir.socket, 0666), 0);
}

static void set_up(struct t_rpc *env)
{
    t_loop_init(&env->loop);
    t_dir_init(&env->dir);
    env->pump.stack = stack_new(1, env->first_id);
    env->peer = stack_new(2, 0);
    env->events = event_log_new(1024);
    if (env->first_seq != 0)
        event_log_start_at(env->events, env->first_seq);
    rpc_options_init(&env->options);
    env->options.session_grace_us = 300000; /* far longer than a turn of a busy machine */
    start(env);
    env->loop.more = cable;
    env->loop.ctx = env;
}

int t_rpc_setup(void **state)
{
    struct t_rpc *env = calloc(1, sizeof(*env));
    set_up(env);
    *state = env;
    return 0;
}

int t_rpc_setup_later_run(void **state)
{
    struct t_rpc *env = calloc(1, sizeof(*env));
    env->first_id = T_LATER_ID;
    env->first_seq = T_LATER_SEQ;
    set_up(env);
    *state = env;
    return 0;
}

int t_rpc_teardown(void **state)
{
    struct t_rpc *env = *state;
    uint64_t id;
    const char *wrong = te_stack_check_invariants(env->pump.stack, &id);
    if (wrong != NULL)
        fail_msg("%s", wrong);
    rpc_free(env->rpc);
    env->rpc = NULL;
    t_loop_done(&env->loop);
    te_stack_free(env->pump.stack);
    te_stack_free(env->peer);
    event_log_free(env->events);
    t_dir_done(&env->dir);
    free(env);
    return 0;
}

void t_rpc_restart(struct t_rpc *env)
{
    rpc_free(env->rpc);
    env->rpc = NULL;
    t_turn(&env->loop);
    t_turn(&env->loop);
    start(env);
}

struct rpc_stats t_stats(const struct t_rpc *env)
{
    struct rpc_stats stats;
    rpc_fill_stats(env->rpc, &stats);
    return stats;
}

/* --- a client --------------------------------------------------------------------------------- */

void t_client_open(struct t_client *client, struct t_rpc *env)
{
    *client = (struct t_client){.env = env, .request_id = 1};
    client->fd = t_connect_greeted(&env->loop, env->dir.socket);
}

void t_client_open_as(struct t_client *client, struct t_rpc *env, uint32_t uid)
{
    *client = (struct t_client){.env = env, .request_id = 1};
    if (geteuid() != 0)
        skip();
    assert_int_equal(setegid(uid), 0);
    assert_int_equal(seteuid(uid), 0);
    client->fd = t_connect(env->dir.socket);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    t_greet(&env->loop, client->fd);
}

void t_client_close(struct t_client *client)
{
    if (client->response != NULL)
        tcpengine__v1__response__free_unpacked(client->response, NULL);
    client->response = NULL;
    close(client->fd);
    t_turn(&client->env->loop);
    t_turn(&client->env->loop);
}

void t_client_reconnect(struct t_client *client)
{
    t_client_close(client);
    client->fd = t_connect_greeted(&client->env->loop, client->env->dir.socket);
}

size_t t_pack(struct t_client *client, pb_op_case op_case, void *op, uint8_t *ret_bytes)
{
    pb_request request = TCPENGINE__V1__REQUEST__INIT;
    request.api_major = 1;
    request.session = client->session;
    request.request_id = client->request_id++;
    request.deadline_ms = client->deadline_ms;
    request.boot_id = client->boot_id;
    request.op_case = op_case;
    request.attach = op; /* whichever it is */
    return tcpengine__v1__request__pack(&request, ret_bytes);
}

const pb_response *t_answer(struct t_client *client)
{
    static uint8_t body[T_MESSAGE_MAX];
    uint32_t id;
    size_t len = t_read_message(&client->env->loop, client->fd, &id, body);
    if (client->response != NULL)
        tcpengine__v1__response__free_unpacked(client->response, NULL);
    client->response = tcpengine__v1__response__unpack(NULL, len, body);
    assert_non_null(client->response);
    assert_non_null(client->response->status);
    assert_true(client->response->boot_id == rpc_boot_id(client->env->rpc));
    assert_int_equal(client->response->status->code == PB_OK,
                     client->response->status->message[0] == '\0');
    return client->response;
}

bool t_has_no_answer(struct t_client *client)
{
    for (int i = 0; i < 5; i++)
        t_turn(&client->env->loop);
    return t_is_quiet(client->fd);
}

const pb_response *t_call(struct t_client *client, pb_op_case op_case, void *op)
{
    static uint8_t body[T_MESSAGE_MAX];
    size_t len = t_pack(client, op_case, op, body);
    t_write_message(&client->env->loop, client->fd, client->sp_id++, body, len);
    return client->is_silent ? NULL : t_answer(client);
}

#define OP(name) TCPENGINE__V1__REQUEST__OP_##name

const pb_response *t_attach(struct t_client *client, unsigned policy, uint32_t keep_seconds,
                            const ProtobufCBinaryData *token)
{
    char name[] = "test";
    pb_attach op = TCPENGINE__V1__ATTACH__INIT;
    op.client_name = name;
    op.policy = (Tcpengine__V1__DeathPolicy)policy;
    op.keep_seconds = keep_seconds;
    if (token != NULL)
        op.token = *token;
    return t_call(client, OP(ATTACH), &op);
}

const pb_response *t_detach(struct t_client *client)
{
    pb_detach op = TCPENGINE__V1__DETACH__INIT;
    return t_call(client, OP(DETACH), &op);
}

const pb_response *t_open(struct t_client *client, uint16_t port, uint64_t token, uint32_t wait_ms)
{
    char address[] = "10.0.0.2";
    pb_endpoint remote = TCPENGINE__V1__ENDPOINT__INIT;
    pb_open op = TCPENGINE__V1__OPEN__INIT;
    remote.address = address;
    remote.port = port;
    op.remote = &remote;
    op.token = token;
    op.wait_ms = wait_ms;
    return t_call(client, OP(OPEN), &op);
}

const pb_response *t_listen(struct t_client *client, uint16_t port, uint64_t token)
{
    pb_endpoint local = TCPENGINE__V1__ENDPOINT__INIT;
    pb_open op = TCPENGINE__V1__OPEN__INIT;
    local.port = port;
    op.passive = true;
    op.local = &local;
    op.token = token;
    return t_call(client, OP(OPEN), &op);
}

const pb_response *t_accept(struct t_client *client, uint64_t listener_id, uint64_t token,
                            uint32_t wait_ms)
{
    pb_accept op = TCPENGINE__V1__ACCEPT__INIT;
    op.listener_id = listener_id;
    op.token = token;
    op.wait_ms = wait_ms;
    return t_call(client, OP(ACCEPT), &op);
}

const pb_response *t_send(struct t_client *client, const struct t_send *send)
{
    pb_send op = TCPENGINE__V1__SEND__INIT;
    op.id = send->id;
    op.offset = send->offset;
    op.data = (ProtobufCBinaryData){send->len, (uint8_t *)(uintptr_t)send->data};
    op.fin = send->fin;
    op.wait_ms = send->wait_ms;
    return t_call(client, OP(SEND), &op);
}

const pb_response *t_receive(struct t_client *client, uint64_t id, uint64_t from_offset,
                             uint32_t wait_ms)
{
    pb_receive op = TCPENGINE__V1__RECEIVE__INIT;
    op.id = id;
    op.from_offset = from_offset;
    op.wait_ms = wait_ms;
    return t_call(client, OP(RECEIVE), &op);
}

const pb_response *t_shutdown(struct t_client *client, uint64_t id)
{
    pb_shutdown op = TCPENGINE__V1__SHUTDOWN__INIT;
    op.id = id;
    return t_call(client, OP(SHUTDOWN), &op);
}

const pb_response *t_close(struct t_client *client, uint64_t id, uint32_t wait_ms)
{
    pb_close op = TCPENGINE__V1__CLOSE__INIT;
    op.id = id;
    op.wait_ms = wait_ms;
    return t_call(client, OP(CLOSE), &op);
}

const pb_response *t_abort(struct t_client *client, uint64_t id)
{
    pb_abort op = TCPENGINE__V1__ABORT__INIT;
    op.id = id;
    return t_call(client, OP(ABORT), &op);
}

const pb_response *t_status(struct t_client *client, uint64_t id)
{
    pb_connection_status op = TCPENGINE__V1__CONNECTION_STATUS__INIT;
    op.id = id;
    return t_call(client, OP(STATUS), &op);
}

const pb_response *t_next_events(struct t_client *client, uint64_t after_seq, uint32_t wait_ms)
{
    pb_next_events op = TCPENGINE__V1__NEXT_EVENTS__INIT;
    op.after_seq = after_seq;
    op.wait_ms = wait_ms;
    return t_call(client, OP(NEXT_EVENTS), &op);
}

/* --- the peer --------------------------------------------------------------------------------- */

uint64_t t_peer_listen(struct t_rpc *env, uint16_t port)
{
    const struct te_listen listen = {.local = {.port = port}};
    uint64_t id;
    assert_int_equal(te_open_passive(env->peer, &listen, &id, t_now_us(env)), TE_OK);
    return id;
}

uint64_t t_peer_accept(struct t_rpc *env, uint64_t listener_id)
{
    uint64_t id;
    cable(env);
    assert_int_equal(te_accept(env->peer, listener_id, 0, &id, t_now_us(env)), TE_OK);
    return id;
}

uint64_t t_peer_open(struct t_rpc *env, uint16_t port)
{
    const uint8_t addr[4] = {10, 0, 0, 1};
    const struct te_open open = {.remote = {te_addr_from_v4(addr), port}};
    uint64_t id;
    assert_int_equal(te_open_active(env->peer, &open, &id, t_now_us(env)), TE_OK);
    cable(env);
    return id;
}

void t_peer_send(struct t_rpc *env, uint64_t id, const void *data, size_t len)
{
    size_t accepted;
    for (size_t sent = 0; sent < len; sent += accepted) {
        assert_int_equal(
            te_send(env->peer, id, (const char *)data + sent, len - sent, &accepted, t_now_us(env)),
            TE_OK);
        assert_true(accepted > 0);
        cable(env);
    }
}

enum te_state t_peer_state(struct t_rpc *env, uint64_t id)
{
    struct te_status status;
    cable(env);
    return te_status(env->peer, id, &status) == TE_OK ? status.state : TE_CLOSED;
}

static void store16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void t_stray_segment(struct t_rpc *env, const struct te_status *status)
{
    uint8_t frame[54] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    uint8_t *ip = frame + 14, *tcp = frame + 34;
    uint32_t sum = 0;
    ip[0] = 0x45;
    ip[3] = 40;
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, status->remote.addr.bytes + 12, 4);
    memcpy(ip + 16, status->local.addr.bytes + 12, 4);
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
    store16(ip + 10, ~(sum + (sum >> 16)));
    store16(tcp, status->remote.port);
    store16(tcp + 2, status->local.port);
    store16(tcp + 4, (status->rcv_nxt + 1) >> 16);
    store16(tcp + 6, status->rcv_nxt + 1);
    tcp[12] = 0x50;
    tcp[13] = TE_RST;
    struct te_frame_meta meta = {.checksum = TE_CHECKSUM_VALID};
    te_stack_input(env->pump.stack, frame, sizeof(frame), &meta, t_now_us(env));
}

enum te_err t_peer_error(struct t_rpc *env, uint64_t id)
{
    struct te_status status;
    cable(env);
    return te_status(env->peer, id, &status) == TE_OK ? status.error : TE_OK;
}

uint64_t t_connected(struct t_client *client, uint64_t *ret_peer_id)
{
    uint64_t listener_id = t_peer_listen(client->env, 80);
    const pb_response *response = t_open(client, 80, 0, 1000);
    T_OK(response);
    assert_int_equal(response->open->state, TCPENGINE__V1__STATE__ESTABLISHED);
    uint64_t id = response->open->id;
    *ret_peer_id = t_peer_accept(client->env, listener_id);
    te_close(client->env->peer, listener_id, t_now_us(client->env));
    return id;
}
