/* An rpc on a real control socket, over a real stack that is cabled to another one.
 *
 * The stack of the rpc is 10.0.0.1; the peer at 10.0.0.2 is used through the engine's own calls.
 * Frames pass between the two at each turn of the loop, where the daemon has its pump. The engine's
 * clock can be put forward with t_skip(). */
#ifndef DAEMON_RPC_SUPPORT_H
#define DAEMON_RPC_SUPPORT_H

#include <tcpengine/tcpengine.h>

#include "link/pump.h"
#include "rpc/pb.h"
#include "rpc/rpc.h"
#include "rpc/rpc_stats.h"
#include "support.h"

#define T_OTHER_UID 65534

struct pump {
    struct te_stack *stack;
    int64_t skew_us; /* by t_skip() */
};

struct t_rpc {
    struct t_loop loop;
    struct t_dir dir;
    struct pump pump;
    struct te_stack *peer;
    struct event_log *events;
    struct fault_layer *faults; /* of the rpc from t_rpc_restart() on; the test's. NULL: none */
    struct rpc_options options;
    uint64_t first_id, first_seq; /* 0: those of the first run */
    uint64_t answers_announced;   /* calls of before_answer */
    struct rpc *rpc;
    bool is_cable_cut;
    bool is_ip_cut; /* ARP still passes */
};

/* cmocka's set-up and tear-down; *state is the struct t_rpc. */
int t_rpc_setup(void **state);
/* The same, but earlier runs have used the ids below T_LATER_ID and the events below T_LATER_SEQ.
 */
#define T_LATER_ID 5000
#define T_LATER_SEQ 90000
int t_rpc_setup_later_run(void **state);
int t_rpc_teardown(void **state);
/* Restarts the rpc with env->options as they are now. */
void t_rpc_restart(struct t_rpc *env);
struct rpc_stats t_stats(const struct t_rpc *env);
/* Puts the engine's clock forward, in steps small enough for its timers to come in order. */
void t_skip(struct t_rpc *env, int64_t us);
int64_t t_now_us(const struct t_rpc *env);

/* --- a client --------------------------------------------------------------------------------- */

struct t_client {
    struct t_rpc *env;
    int fd;
    uint64_t session;     /* of the requests from now on */
    uint64_t request_id;  /* of the next request; counted up by each */
    uint32_t deadline_ms; /* of the requests from now on */
    uint64_t boot_id;     /* of the requests from now on */
    uint32_t sp_id;
    bool is_silent; /* t_call() does not wait for the answer: t_answer() does */
    pb_response *response;
};

void t_client_open(struct t_client *client, struct t_rpc *env);
/* The same as another user; only root can. */
void t_client_open_as(struct t_client *client, struct t_rpc *env, uint32_t uid);
void t_client_close(struct t_client *client);
/* Breaks the link and makes a new one; session and request ids carry on. */
void t_client_reconnect(struct t_client *client);

/* Sends one request, op being the message of that case; the answer is valid until the next one. */
const pb_response *t_call(struct t_client *client, pb_op_case op_case, void *op);
/* The same as bytes. */
size_t t_pack(struct t_client *client, pb_op_case op_case, void *op, uint8_t *ret_bytes);
const pb_response *t_answer(struct t_client *client);
/* No answer has come after some turns of the loop. */
bool t_has_no_answer(struct t_client *client);

const pb_response *t_attach(struct t_client *client, unsigned policy, uint32_t keep_seconds,
                            const ProtobufCBinaryData *token);
const pb_response *t_detach(struct t_client *client);
const pb_response *t_open(struct t_client *client, uint16_t port, uint64_t token, uint32_t wait_ms);
const pb_response *t_listen(struct t_client *client, uint16_t port, uint64_t token);
const pb_response *t_accept(struct t_client *client, uint64_t listener_id, uint64_t token,
                            uint32_t wait_ms);
struct t_send {
    uint64_t id, offset;
    const void *data;
    size_t len;
    bool fin;
    uint32_t wait_ms;
};
const pb_response *t_send(struct t_client *client, const struct t_send *send);
const pb_response *t_receive(struct t_client *client, uint64_t id, uint64_t from_offset,
                             uint32_t wait_ms);
const pb_response *t_shutdown(struct t_client *client, uint64_t id);
const pb_response *t_close(struct t_client *client, uint64_t id, uint32_t wait_ms);
const pb_response *t_abort(struct t_client *client, uint64_t id);
const pb_response *t_status(struct t_client *client, uint64_t id);
const pb_response *t_next_events(struct t_client *client, uint64_t after_seq, uint32_t wait_ms);

#define T_OK(response) assert_int_equal((response)->status->code, PB_OK)
#define T_FAILS(response, code_) assert_int_equal((response)->status->code, PB_##code_)

/* --- the peer --------------------------------------------------------------------------------- */

/* Listens at the peer, on 10.0.0.2. */
uint64_t t_peer_listen(struct t_rpc *env, uint16_t port);
/* Takes the connection that came in there; it must have come. */
uint64_t t_peer_accept(struct t_rpc *env, uint64_t listener_id);
/* Connects to us. */
uint64_t t_peer_open(struct t_rpc *env, uint16_t port);
void t_peer_send(struct t_rpc *env, uint64_t id, const void *data, size_t len);
enum te_state t_peer_state(struct t_rpc *env, uint64_t id);
/* A RST with the connection's ports, one beyond RCV.NXT: nobody in his right mind sends it. */
void t_stray_segment(struct t_rpc *env, const struct te_status *status);
/* Why the peer's connection failed. */
enum te_err t_peer_error(struct t_rpc *env, uint64_t id);

/* An established connection of client with the peer: our id, and the peer's. */
uint64_t t_connected(struct t_client *client, uint64_t *ret_peer_id);

#endif
