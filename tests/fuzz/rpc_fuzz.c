/* Requests to the daemon, decoded and run without a socket. The input is a program of steps: a
 * message of raw bytes; a message built field by field, through protobuf's descriptors, with ids,
 * offsets, sessions and tokens close to valid ones; an action of the peer; links that break or fill
 * up; time. Judged: each request is answered or waits, once; answers decode and echo their request;
 * streams have the right bytes in both directions, even when requests are repeated. */
#include <stdlib.h>
#include <string.h>

#include "rpc/pb.h"
#include "rpc/rpc_stats.h"
#include "rpc_world.h"

#define STEPS_MAX 100
#define MESSAGE_MAX ((size_t)16 * 1024)
#define ARENA_BYTES ((size_t)8 * 1024)
#define KEPT 4

/* What the program has learned from answers, to ask about it. */
struct known {
    uint64_t ids[KEPT], sessions[KEPT];
    uint8_t tokens[KEPT][16];
    unsigned id_count, session_count;
};

struct program {
    struct rpc_world world;
    struct fuzz_input input;
    struct known known;
    uint32_t next_sp_id;
    uint64_t subject; /* the id that the message being built names */
    uint64_t offset;  /* ... and the offset of its data */
    uint8_t arena[ARENA_BYTES];
    size_t arena_used;
};

/* --- answers ---------------------------------------------------------------------------------- */

static void learn_id(struct program *program, uint64_t id)
{
    program->known.ids[program->known.id_count++ % KEPT] = id;
}

static void learn(struct program *program, const pb_response *response)
{
    switch (response->result_case) {
    case TCPENGINE__V1__RESPONSE__RESULT_OPEN:
        learn_id(program, response->open->id);
        break;
    case TCPENGINE__V1__RESPONSE__RESULT_ACCEPT:
        learn_id(program, response->accept->id);
        break;
    case TCPENGINE__V1__RESPONSE__RESULT_ATTACH: {
        unsigned at = program->known.session_count++ % KEPT;
        program->known.sessions[at] = response->attach->session;
        if (response->attach->token.len == sizeof(program->known.tokens[at]))
            memcpy(program->known.tokens[at], response->attach->token.data, 16);
        break;
    }
    default:
        break;
    }
}

static void check_received(const pb_receive_result *result)
{
    for (size_t i = 0; i < result->data.len; i++)
        FUZZ_CHECK(result->data.data[i] == rpc_world_byte(result->offset + i),
                   "byte %zu of what was received is wrong", i);
}

static void on_answer(void *ctx, const struct sp_request *request, const uint8_t *body, size_t len)
{
    struct program *program = ctx;
    pb_response *response = tcpengine__v1__response__unpack(NULL, len, body);
    FUZZ_CHECK(response != NULL, "an answer cannot be decoded");
    FUZZ_CHECK(response->status != NULL, "an answer without a status");
    FUZZ_CHECK((response->status->code == PB_OK) == (response->status->message[0] == '\0'),
               "code %d says '%s'", (int)response->status->code, response->status->message);
    FUZZ_CHECK(rpc_code_name((unsigned)response->status->code) != NULL, "an unknown code");
    FUZZ_CHECK(!request->has_request_id || response->request_id == request->request_id,
               "the answer is another request's");
    if (response->result_case == TCPENGINE__V1__RESPONSE__RESULT_RECEIVE)
        check_received(response->receive);
    if (response->status->code == PB_OK)
        learn(program, response);
    tcpengine__v1__response__free_unpacked(response, NULL);
}

/* --- messages by their descriptors ------------------------------------------------------------ */

static void *take(struct program *program, size_t size)
{
    size_t aligned = (size + 15) & ~(size_t)15;
    if (aligned > ARENA_BYTES - program->arena_used)
        return NULL;
    void *block = program->arena + program->arena_used;
    program->arena_used += aligned;
    memset(block, 0, size);
    return block;
}

/* Near the end of what was accepted, or released, of the message's subject. */
static uint64_t an_offset(struct program *program, bool is_send)
{
    struct te_status status = {.send_accepted = 0};
    int8_t delta = (int8_t)fuzz_u8(&program->input);
    te_status(program->world.pump.stack, program->subject, &status);
    uint64_t base = is_send ? status.send_accepted : status.receive_released;
    return base + (uint64_t)(int64_t)delta;
}

static uint64_t a_number(struct program *program, const char *name)
{
    if (strcmp(name, "offset") == 0)
        return program->offset = an_offset(program, true);
    if (strcmp(name, "from_offset") == 0)
        return an_offset(program, false);
    uint8_t code = fuzz_u8(&program->input);
    if (strcmp(name, "id") == 0 || strcmp(name, "listener_id") == 0)
        return program->subject = code < 0xc0 ? program->known.ids[code % KEPT] : code & 0x3f;
    if (code < 0xf0)
        return code;
    return (uint64_t)fuzz_u32(&program->input) << 32 | fuzz_u32(&program->input);
}

static uint32_t a_small_number(struct program *program, const char *name)
{
    uint8_t code = fuzz_u8(&program->input);
    if (strcmp(name, "port") == 0 && code < 0xf0)
        return code < 0x80 ? WORLD_PEER_PORT : 80 + code % 4u;
    return code < 0xf0 ? code : fuzz_u32(&program->input);
}

static char *a_text(struct program *program)
{
    static const char *const texts[] = {"", "10.0.0.2", "10.0.0.1", "2001:db8::2", "10.0.0.9"};
    uint8_t code = fuzz_u8(&program->input);
    size_t len;
    if (code < 0xc0)
        return (char *)(uintptr_t)texts[code % (sizeof(texts) / sizeof(texts[0]))];
    const uint8_t *bytes = fuzz_bytes(&program->input, code & 0x3f, &len);
    char *text = take(program, len + 1);
    if (text != NULL && len > 0)
        memcpy(text, bytes, len);
    return text != NULL ? text : (char *)(uintptr_t)texts[0];
}

static ProtobufCBinaryData some_data(struct program *program, const char *name)
{
    uint8_t code = fuzz_u8(&program->input);
    if (strcmp(name, "token") == 0)
        return (ProtobufCBinaryData){code < 0x80 ? 16 : code % 20u,
                                     program->known.tokens[code % KEPT]};
    size_t len = code < 0x80 ? code : (size_t)(code - 0x7f) * 32;
    uint8_t *data = take(program, len);
    for (size_t i = 0; data != NULL && i < len; i++)
        data[i] = rpc_world_byte(program->offset + i);
    return (ProtobufCBinaryData){data != NULL ? len : 0, data};
}

static ProtobufCMessage *a_message(struct program *program,
                                   const ProtobufCMessageDescriptor *descriptor);

static void fill_field(struct program *program, ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field)
{
    void *at = (char *)message + field->offset;
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        *(uint64_t *)at = a_number(program, field->name);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
        *(uint32_t *)at = a_small_number(program, field->name);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = fuzz_u8(&program->input) & 1;
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = a_text(program);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)at = some_data(program, field->name);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if ((fuzz_u8(&program->input) & 3) != 0)
            *(ProtobufCMessage **)at = a_message(program, field->descriptor);
        break;
    default:
        break;
    }
}

static ProtobufCMessage *a_message(struct program *program,
                                   const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = take(program, descriptor->sizeof_message);
    if (message == NULL)
        return NULL;
    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].label != PROTOBUF_C_LABEL_REPEATED &&
            (descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
            fill_field(program, message, &descriptor->fields[i]);
    return message;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void send_message(struct program *program, struct sp_request *request, const uint8_t *body,
                         size_t len)
{
    struct sp_link *link = &program->world.links[fuzz_u8(&program->input) % WORLD_LINKS];
    uint8_t *exact = malloc(len);
    if (!link->is_alive) {
        uint32_t uid = link->peer.uid;
        fake_sp_open(fake_sp_server(), link, uid, uid == 0);
    }
    if (len > 0)
        memcpy(exact, body, len);
    request->id = program->next_sp_id += fuzz_u8(&program->input) < 0xf0;
    fake_sp_request(link, request, exact, len);
    free(exact);
}

static void step_built(struct program *program)
{
    static uint8_t packed[MESSAGE_MAX];
    const ProtobufCMessageDescriptor *descriptor = &tcpengine__v1__request__descriptor;
    const ProtobufCFieldDescriptor *field =
        &descriptor->fields[fuzz_u8(&program->input) % descriptor->n_fields];
    pb_request request = TCPENGINE__V1__REQUEST__INIT;
    uint8_t session = fuzz_u8(&program->input);
    program->arena_used = 0;
    program->subject = program->offset = 0;
    request.api_major = 1;
    request.request_id = fuzz_u8(&program->input);
    request.session = session < 0x80 ? 0 : program->known.sessions[session % KEPT];
    request.deadline_ms = fuzz_u8(&program->input) * 8u;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        request.op_case = (pb_op_case)field->id;
        request.attach = (pb_attach *)(void *)a_message(program, field->descriptor);
    }
    if (request.attach == NULL)
        request.op_case = TCPENGINE__V1__REQUEST__OP__NOT_SET;
    FUZZ_CHECK(tcpengine__v1__request__get_packed_size(&request) <= MESSAGE_MAX, "too long");
    size_t len = tcpengine__v1__request__pack(&request, packed);
    struct sp_request sp = {.has_request_id = true, .request_id = request.request_id};
    send_message(program, &sp, packed, len);
}

/* Raw bytes may not reach a stream: its content could no longer be predicted. */
static bool is_send(const uint8_t *bytes, size_t len)
{
    pb_request *request = tcpengine__v1__request__unpack(NULL, len, bytes);
    bool found = request != NULL && request->op_case == TCPENGINE__V1__REQUEST__OP_SEND;
    if (request != NULL)
        tcpengine__v1__request__free_unpacked(request, NULL);
    return found;
}

static void step_raw(struct program *program)
{
    size_t len;
    struct sp_request sp = {.has_request_id = false};
    size_t want = fuzz_u16(&program->input);
    const uint8_t *bytes = fuzz_bytes(&program->input, want % 2048, &len);
    if (!is_send(bytes, len))
        send_message(program, &sp, bytes, len);
}

static void peer_sends(struct program *program, uint64_t id, size_t len)
{
    uint8_t bytes[2048];
    struct te_status status;
    size_t accepted;
    struct rpc_world *world = &program->world;
    if (te_status(world->peer, id, &status) != TE_OK)
        return;
    for (size_t i = 0; i < len; i++)
        bytes[i] = rpc_world_byte(status.send_accepted + i);
    te_send(world->peer, id, bytes, len, &accepted, world->pump.now_us);
}

static void step_peer(struct program *program)
{
    struct rpc_world *world = &program->world;
    uint8_t what = fuzz_u8(&program->input), how = fuzz_u8(&program->input);
    uint64_t *id = &world->peer_conns[what % WORLD_PEER_CONNS];
    struct te_open open = {.remote = {rpc_world_addr(1), (uint16_t)(80 + how % 4)}};
    switch (what >> 2 & 7) {
    case 0:
        te_open_active(world->peer, &open, id, world->pump.now_us);
        break;
    case 1:
    case 2:
        peer_sends(program, *id, how * (size_t)8);
        break;
    case 3:
        te_shutdown(world->peer, *id, world->pump.now_us);
        break;
    case 4:
        te_close(world->peer, *id, world->pump.now_us);
        break;
    case 5:
        te_abort(world->peer, *id, world->pump.now_us);
        break;
    default:
        world->is_cable_cut = (how & 1) != 0;
        break;
    }
}

static void step_link(struct program *program)
{
    uint8_t what = fuzz_u8(&program->input);
    struct sp_link *link = &program->world.links[what % WORLD_LINKS];
    if ((what & 0xc0) == 0) {
        fake_sp_close(link);
    } else if (link->is_alive) {
        bool was_full = link->is_full;
        link->is_full = (what & 0x80) != 0;
        if (was_full && !link->is_full)
            link->server->callbacks.on_link_drained(link->server->callbacks.ctx, link);
    }
}

static void step_time(struct program *program)
{
    static const int64_t units[] = {1000, 100000, 1000000, 60000000};
    uint8_t code = fuzz_u8(&program->input);
    rpc_world_advance(&program->world, units[code & 3] * (1 + (code >> 2)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const steps[])(struct program *) = {step_built, step_built, step_built,
                                                      step_built, step_peer,  step_peer,
                                                      step_time,  step_link,  step_raw};
    static struct program program;
    memset(&program, 0, sizeof(program));
    program.input = (struct fuzz_input){data, size};
    rpc_world_start(&program.world, on_answer, &program);
    for (unsigned i = 0; i < STEPS_MAX && program.input.left > 0; i++) {
        steps[fuzz_u8(&program.input) % (sizeof(steps) / sizeof(steps[0]))](&program);
        rpc_world_settle(&program.world);
    }
    rpc_world_stop(&program.world);
    return 0;
}
