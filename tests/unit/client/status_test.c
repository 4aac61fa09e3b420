/* The fields of a connection's status, all the way: the engine's struct, the daemon's message, the
 * wire, the client's struct. */
#include <stdlib.h>
#include <string.h>
#include <tcpclient/tcpclient.h>

#include "fake_server.h"
#include "rpc/rpc_convert.h"
#include "support/test.h"

#define NOW_US INT64_C(7000000000000)

/* A value of each kind that uses its whole width. */
#define VALUE_FLAG true
#define VALUE_NUMBER UINT32_C(0x81020304)
#define VALUE_BYTES UINT32_C(0x82030405)
#define VALUE_TOTAL UINT64_C(0x8304050607080910)
#define VALUE_TOTAL_BYTES UINT64_C(0x8405060708091011)
#define VALUE_DURATION_US INT64_C(-0x0506070809101112)
#define VALUE_WORD "word"

#define ZERO_FLAG false
#define ZERO_NUMBER 0
#define ZERO_BYTES 0
#define ZERO_TOTAL 0
#define ZERO_TOTAL_BYTES 0
#define ZERO_DURATION_US 0
#define ZERO_WORD ""

#define IS_SAME_FLAG(a, b) ((a) == (b))
#define IS_SAME_NUMBER(a, b) ((a) == (b))
#define IS_SAME_BYTES(a, b) ((a) == (b))
#define IS_SAME_TOTAL(a, b) ((a) == (b))
#define IS_SAME_TOTAL_BYTES(a, b) ((a) == (b))
#define IS_SAME_DURATION_US(a, b) ((a) == (b))
#define IS_SAME_WORD(a, b) (strcmp((a), (b)) == 0)

enum field {
#define FIELD(kind, name, ...) FIELD_##name,
#define AGE(name, ...) FIELD_##name,
    TE_STATUS_LIST(FIELD) TE_STATUS_AGE_LIST(AGE)
#undef FIELD
#undef AGE
        FIELD_COUNT
};

struct world {
    struct fake_server *server;
    struct tcpc_client *client;
    struct te_status status; /* that the server answers */
};

/* The messages of one answer. */
static struct {
    PB(Status) status;
    PB(Connection) row;
    PB(ConnectionStatusResult) connection;
    PB(DaemonStatusResult) daemon;
} out;

static enum fake_verdict handle(void *ctx, const PB(Request) * request, PB(Response) * response)
{
    const struct world *world = ctx;
    tcpengine__v1__status__init(&out.status);
    response->status = &out.status;
    if (request->op_case == TCPENGINE__V1__REQUEST__OP_STATUS) {
        tcpengine__v1__connection__init(&out.row);
        tcpengine__v1__connection_status_result__init(&out.connection);
        rpc_fill_status(&world->status, NOW_US, &out.connection);
        out.connection.connection = &out.row;
        response->connection = &out.connection;
        response->result_case = TCPENGINE__V1__RESPONSE__RESULT_CONNECTION;
    } else {
        tcpengine__v1__daemon_status_result__init(&out.daemon);
        response->daemon = &out.daemon;
        response->result_case = TCPENGINE__V1__RESPONSE__RESULT_DAEMON;
    }
    return FAKE_REPLY;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->server = fake_server_start(handle, world);
    struct tcpc_options options = {.url = fake_server_url(world->server)};
    assert_int_equal(tcpc_client_new(&options, &world->client, NULL), TCPC_OK);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    tcpc_client_free(world->client);
    fake_server_stop(world->server);
    free(world);
    return 0;
}

/* All fields but one are zero, false or empty. */
static void set_one(struct te_status *ret_status, enum field one)
{
#define SET(kind, name, ...) ret_status->name = one == FIELD_##name ? VALUE_##kind : ZERO_##kind;
#define SET_AGE(name, moment_us, ...)                                                              \
    ret_status->moment_us = NOW_US - (one == FIELD_##name ? VALUE_DURATION_US : 0);
    TE_STATUS_LIST(SET)
    TE_STATUS_AGE_LIST(SET_AGE)
#undef SET
#undef SET_AGE
}

static void assert_one(const struct tcpc_status *status, enum field one)
{
#define CHECK(kind, name, ...)                                                                     \
    if (!IS_SAME_##kind(status->name, one == FIELD_##name ? VALUE_##kind : ZERO_##kind))           \
        fail_msg("field %s is wrong when field number %u is set", #name, (unsigned)one);
#define CHECK_AGE(name, ...) CHECK(DURATION_US, name)
    TE_STATUS_LIST(CHECK)
    TE_STATUS_AGE_LIST(CHECK_AGE)
#undef CHECK
#undef CHECK_AGE
}

static void each_field_arrives_and_no_other_changes(void **state)
{
    struct world *world = *state;
    for (enum field one = 0; one < FIELD_COUNT; one++) {
        struct tcpc_response *response = NULL;
        set_one(&world->status, one);
        assert_int_equal(tcpc_status(world->client, 1, &response, NULL), TCPC_OK);
        assert_one(&response->u.status, one);
        tcpc_response_free(response);
    }
}

/* The daemon does not compile if a field of the list is missing from the message. */
static void each_field_of_the_message_is_in_the_list(void **state)
{
#define NAME(kind, name, ...) #name,
#define AGE_NAME(name, ...) #name,
    static const char *const names[] = {TE_STATUS_LIST(NAME) TE_STATUS_AGE_LIST(AGE_NAME)
                                        /* no scalars, and what is not the engine's to say */
                                        "connection",
                                        "error",
                                        "soft_error",
                                        "time_wait",
                                        "congestion_variables",
                                        "socket"};
#undef NAME
#undef AGE_NAME
    const ProtobufCMessageDescriptor *message =
        &tcpengine__v1__connection_status_result__descriptor;
    (void)state;
    for (unsigned i = 0; i < message->n_fields; i++) {
        bool is_known = false;
        for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
            is_known = is_known || strcmp(names[n], message->fields[i].name) == 0;
        if (!is_known)
            fail_msg("ConnectionStatusResult.%s is not in TE_STATUS_LIST", message->fields[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_field_arrives_and_no_other_changes, set_up, tear_down),
        cmocka_unit_test(each_field_of_the_message_is_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
