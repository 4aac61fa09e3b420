/* The client against a daemon that breaks links, answers nonsense, or is not there. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"
#include "world.h"

enum { TIMEOUT_MS = 5000 };

static int set_up(void **state)
{
    *state = world_new(TCPC_POLICY_NONE, TIMEOUT_MS);
    return 0;
}

static int set_up_session(void **state)
{
    *state = world_new(TCPC_POLICY_CLOSE, TIMEOUT_MS);
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    return 0;
}

static struct tcpc_open open_to(uint16_t port, uint32_t wait_ms)
{
    struct tcpc_open open = {.wait_ms = wait_ms};
    assert_true(tcpc_endpoint_set(&open.remote, "10.0.0.1", port));
    return open;
}

static uint64_t established(struct world *world)
{
    struct tcpc_open open = open_to(80, 1000);
    struct tcpc_opened opened;
    assert_int_equal(tcpc_open_active(world->client, &open, &opened, &world->error), TCPC_OK);
    assert_int_equal(opened.state, TCPC_ESTABLISHED);
    return opened.id;
}

/* --- no daemon -------------------------------------------------------------------------------- */

static void no_socket_is_unreachable_at_once(void **state)
{
    struct tcpc_options options = {.url = "ipc:///tmp/there/is/no/such.sock"};
    struct tcpc_client *client = NULL;
    struct tcpc_error error;
    int64_t before_ms = world_now_ms();
    (void)state;
    assert_int_equal(tcpc_client_new(&options, &client, &error), TCPC_UNREACHABLE);
    assert_true(world_now_ms() - before_ms < 500);
    assert_string_equal(error.message, "no daemon at ipc:///tmp/there/is/no/such.sock");
    assert_string_equal(error.hint, "is tcpengined running?");
    assert_string_equal(error.errno_name, "ENOENT");
    assert_null(client);
}

static void dead_socket_is_unreachable_soon(void **state)
{
    char path[] = "/tmp/dead-socket-XXXXXX";
    char url[64];
    struct tcpc_options options = {.url = url};
    struct tcpc_client *client = NULL;
    struct tcpc_error error;
    (void)state;
    int fd = mkstemp(path); /* a plain file refuses, as a dead socket does */
    assert_true(fd >= 0);
    snprintf(url, sizeof(url), "ipc://%s", path);
    int64_t before_ms = world_now_ms();
    assert_int_equal(tcpc_client_new(&options, &client, &error), TCPC_UNREACHABLE);
    assert_true(world_now_ms() - before_ms < 1000);
    assert_string_equal(error.errno_name, "ECONNREFUSED");
    close(fd);
    unlink(path);
}

static void silent_server_is_given_up(void **state)
{
    struct world *world = *state;
    struct tcpc_options options = {.url = fake_server_url(world->daemon.server), .timeout_ms = 300};
    struct tcpc_client *client = NULL;
    fake_server_set_silent(world->daemon.server, true);
    int64_t before_ms = world_now_ms();
    assert_int_equal(tcpc_client_new(&options, &client, &world->error), TCPC_DEADLINE);
    assert_true(world_now_ms() - before_ms < 1500);
}

static void bad_options_are_refused(void **state)
{
    struct tcpc_options options = {.url = "nonsense"};
    struct tcpc_client *client = NULL;
    struct tcpc_error error;
    (void)state;
    assert_int_equal(tcpc_client_new(&options, &client, &error), TCPC_INVALID_ARGUMENT);
    options = (struct tcpc_options){.token = (const uint8_t *)"0123456789abcdef"};
    assert_int_equal(tcpc_client_new(&options, &client, &error), TCPC_INVALID_ARGUMENT);
}

static void lost_daemon_is_unreachable_before_the_timeout(void **state)
{
    struct world *world = *state;
    struct tcpc_options options = {.url = fake_server_url(world->daemon.server),
                                   .reconnect_ms = 600};
    struct tcpc_response *response = NULL;
    tcpc_client_free(world->client);
    assert_int_equal(tcpc_client_new(&options, &world->client, &world->error), TCPC_OK);
    uint64_t id = established(world);
    fake_server_pause(world->daemon.server, true);
    int64_t before_ms = world_now_ms();
    assert_int_equal(tcpc_status(world->client, id, &response, &world->error), TCPC_UNREACHABLE);
    assert_in_range(world_now_ms() - before_ms, 500, 2000);
    /* The daemon is known to be lost: the next call does not wait for it again. */
    before_ms = world_now_ms();
    assert_int_equal(tcpc_status(world->client, id, &response, &world->error), TCPC_UNREACHABLE);
    assert_true(world_now_ms() - before_ms < 300);
    fake_server_pause(world->daemon.server, false);
    usleep(300 * 1000);
    assert_int_equal(tcpc_status(world->client, id, &response, &world->error), TCPC_OK);
    tcpc_response_free(response);
}

static void *come_back(void *server)
{
    usleep(200 * 1000);
    fake_server_pause(server, false);
    return NULL;
}

static void call_waits_for_a_daemon_that_comes_back(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    struct tcpc_response *response = NULL;
    pthread_t thread;
    fake_server_pause(world->daemon.server, true);
    assert_int_equal(pthread_create(&thread, NULL, come_back, world->daemon.server), 0);
    assert_int_equal(tcpc_status(world->client, id, &response, &world->error), TCPC_OK);
    tcpc_response_free(response);
    pthread_join(thread, NULL);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void refused_open_tells_id_and_cause(void **state)
{
    struct world *world = *state;
    struct tcpc_open open = open_to(9, 1000);
    struct tcpc_opened opened;
    assert_int_equal(tcpc_open_active(world->client, &open, &opened, &world->error), TCPC_REFUSED);
    assert_string_equal(world->error.message, "refused: RST from 10.0.0.1");
    assert_string_equal(world->error.errno_name, "ECONNREFUSED");
    assert_int_not_equal(opened.id, 0);
}

static void open_without_wait_answers_at_once(void **state)
{
    struct world *world = *state;
    struct tcpc_open open = open_to(80, 0);
    struct tcpc_opened opened;
    assert_int_equal(tcpc_open_active(world->client, &open, &opened, &world->error), TCPC_OK);
    assert_int_equal(opened.state, TCPC_SYN_SENT);
    assert_string_equal(opened.local.address, "10.0.0.2");
    assert_int_equal(opened.remote.port, 80);
}

static void open_gives_up_after_its_wait(void **state)
{
    struct world *world = *state;
    struct tcpc_open open = open_to(10, 200);
    struct tcpc_opened opened;
    int64_t before_ms = world_now_ms();
    assert_int_equal(tcpc_open_active(world->client, &open, &opened, &world->error), TCPC_AGAIN);
    assert_in_range(world_now_ms() - before_ms, 190, 1500);
    assert_int_not_equal(opened.id, 0);
}

static void accept_waits_and_gives_up(void **state)
{
    struct world *world = *state;
    struct tcpc_open open = {.local.port = 8080};
    struct tcpc_opened listener, accepted;
    struct tcpc_client *client = world->client;
    assert_int_equal(tcpc_listen(client, &open, &listener, &world->error), TCPC_OK);
    assert_int_equal(listener.backlog, 128);
    assert_int_equal(tcpc_accept(client, listener.id, 0, &accepted, &world->error), TCPC_AGAIN);
    assert_int_equal(tcpc_accept(client, listener.id, 100, &accepted, &world->error), TCPC_AGAIN);
    world->daemon.connections[0].waiting = 1;
    assert_int_equal(tcpc_accept(client, listener.id, 1000, &accepted, &world->error), TCPC_OK);
    assert_int_equal(accepted.remote.port, 40000);
}

/* --- exactly once ----------------------------------------------------------------------------- */

static void open_happens_once_over_a_broken_link(void **state)
{
    struct world *world = *state;
    fake_server_fault(world->daemon.server, FAKE_DROP_AFTER, 0);
    established(world);
    assert_int_equal(world->daemon.opens, 1);
    assert_int_equal(fake_server_links(world->daemon.server), 2);
}

static void accept_happens_once_over_a_broken_link(void **state)
{
    struct world *world = *state;
    struct tcpc_open open = {.local.port = 8080};
    struct tcpc_opened listener, accepted;
    assert_int_equal(tcpc_listen(world->client, &open, &listener, &world->error), TCPC_OK);
    world->daemon.connections[0].waiting = 1;
    fake_server_fault(world->daemon.server, FAKE_DROP_AFTER, 0);
    assert_int_equal(tcpc_accept(world->client, listener.id, 1000, &accepted, &world->error),
                     TCPC_OK);
    assert_int_equal(accepted.id, listener.id + 1);
    assert_int_equal(world->daemon.count, 2);
}

static void request_that_was_not_handled_is_sent_again(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    fake_server_fault(world->daemon.server, FAKE_DROP_BEFORE, 0);
    assert_int_equal(tcpc_shutdown(world->client, id, &world->error), TCPC_OK);
    assert_int_equal(world->daemon.shutdowns, 1);
}

static void resent_close_that_was_done_is_success(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    uint64_t other = established(world);
    enum tcpc_state after;
    fake_server_fault(world->daemon.server, FAKE_DROP_AFTER, 0);
    assert_int_equal(tcpc_shutdown(world->client, id, &world->error), TCPC_OK);
    fake_server_fault(world->daemon.server, FAKE_DROP_AFTER, 0);
    assert_int_equal(tcpc_close(world->client, id, 0, &after, &world->error), TCPC_OK);
    assert_int_equal(after, TCPC_CLOSED);
    fake_server_fault(world->daemon.server, FAKE_DROP_AFTER, 0);
    assert_int_equal(tcpc_abort(world->client, other, &world->error), TCPC_OK);
    assert_int_equal(world->daemon.closes, 1);
    assert_int_equal(world->daemon.aborts, 1);
    /* When it was not sent twice, that is an error. */
    assert_int_equal(tcpc_close(world->client, id, 0, NULL, &world->error), TCPC_NOT_FOUND);
}

static void session_is_taken_up_after_a_break(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    struct tcpc_response *response = NULL;
    assert_non_null(tcpc_client_token(world->client));
    assert_int_equal(world->daemon.takeovers, 0);
    fake_server_break_links(world->daemon.server);
    assert_int_equal(tcpc_status(world->client, id, &response, &world->error), TCPC_OK);
    tcpc_response_free(response);
    assert_int_equal(world->daemon.takeovers, 1);
    assert_int_equal(world->daemon.attaches, 2);
}

static void another_client_takes_the_session_up(void **state)
{
    struct world *world = *state;
    struct tcpc_options options = {.url = fake_server_url(world->daemon.server),
                                   .policy = TCPC_POLICY_KEEP,
                                   .keep_seconds = 5,
                                   .token = tcpc_client_token(world->client)};
    struct tcpc_client *other = NULL;
    assert_int_equal(tcpc_client_new(&options, &other, &world->error), TCPC_OK);
    assert_int_equal(world->daemon.takeovers, 1);
    tcpc_client_free(other);
}

static void lost_session_is_told(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    struct tcpc_response *response = NULL;
    world->daemon.session = 0;
    fake_server_break_links(world->daemon.server);
    assert_int_equal(tcpc_status(world->client, id, &response, &world->error), TCPC_SESSION);
    assert_int_equal(tcpc_status(world->client, id, &response, &world->error), TCPC_SESSION);
}

static void restarted_daemon_is_told(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    struct tcpc_response *response = NULL;
    unsigned closes = world->daemon.closes;
    fake_server_set_boot_id(world->daemon.server, 2);
    fake_server_break_links(world->daemon.server);
    assert_int_equal(tcpc_close(world->client, id, 0, NULL, &world->error), TCPC_RESTARTED);
    assert_string_equal(world->error.message, "the daemon was restarted; its connections are gone");
    assert_int_equal(world->daemon.closes, closes); /* the id means something else there */
    assert_int_equal(tcpc_list(world->client, &response, &world->error), TCPC_RESTARTED);
}

/* --- nonsense and silence --------------------------------------------------------------------- */

static void mute_daemon_times_out(void **state)
{
    struct world *world = *state;
    struct tcpc_request request = {.op = TCPC_OP_DAEMON_STATUS, .timeout_ms = 200};
    struct tcpc_response *response = NULL;
    fake_server_fault(world->daemon.server, FAKE_MUTE, 0);
    int64_t before_ms = world_now_ms();
    assert_int_equal(tcpc_call(world->client, &request, &response, &world->error), TCPC_DEADLINE);
    assert_in_range(world_now_ms() - before_ms, 190, 1500);
    assert_string_equal(world->error.errno_name, "ETIMEDOUT");
    assert_int_equal(tcpc_call(world->client, &request, &response, &world->error), TCPC_OK);
    tcpc_response_free(response);
}

static void garbage_is_a_protocol_error(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    fake_server_fault(world->daemon.server, FAKE_GARBAGE, 0);
    assert_int_equal(tcpc_daemon_status(world->client, &response, &world->error), TCPC_PROTOCOL);
    fake_server_fault(world->daemon.server, FAKE_WRONG_ID, 0);
    assert_int_equal(tcpc_daemon_status(world->client, &response, &world->error), TCPC_PROTOCOL);
    assert_int_equal(tcpc_daemon_status(world->client, &response, &world->error), TCPC_OK);
    tcpc_response_free(response);
}

static void wrong_requests_are_refused(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    struct tcpc_request request = {.op = (enum tcpc_op)99};
    assert_int_equal(tcpc_call(world->client, &request, &response, &world->error),
                     TCPC_INVALID_ARGUMENT);
    request = (struct tcpc_request){.op = TCPC_OP_SEND, .u.send.len = TCPC_DATA_MAX + 1};
    assert_int_equal(tcpc_call(world->client, &request, &response, &world->error),
                     TCPC_INVALID_ARGUMENT);
    request = (struct tcpc_request){.op = TCPC_OP_OPEN, .u.open.len = TCPC_DATA_MAX + 1};
    assert_int_equal(tcpc_call(world->client, &request, &response, &world->error),
                     TCPC_INVALID_ARGUMENT);
    assert_int_equal(tcpc_set_option(world->client, 1, "colour", 1, &world->error),
                     TCPC_INVALID_ARGUMENT);
    assert_int_equal(tcpc_set_congestion_control(world->client, 1, "bbr", &world->error), TCPC_OK);
    assert_int_equal(tcpc_set_congestion_control(world->client, 1, "vegas", &world->error),
                     TCPC_INVALID_ARGUMENT);
}

/* --- streams ---------------------------------------------------------------------------------- */

enum { BULK_BYTES = 6 * 1024 * 1024 };

struct bulk {
    struct world *world;
    uint64_t id;
    enum tcpc_code code;
};

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 11));
}

static void *send_bulk(void *arg)
{
    struct bulk *bulk = arg;
    struct tcpc_error error;
    uint8_t *data = malloc(BULK_BYTES);
    for (size_t i = 0; i < BULK_BYTES; i++)
        data[i] = pattern(i);
    /* Two calls, so that the second starts in the middle of the stream. */
    bulk->code = tcpc_send(bulk->world->client, bulk->id, data, 1000, 5000, &error);
    if (bulk->code == TCPC_OK)
        bulk->code =
            tcpc_send(bulk->world->client, bulk->id, data + 1000, BULK_BYTES - 1000, 5000, &error);
    if (bulk->code == TCPC_OK)
        bulk->code = tcpc_shutdown(bulk->world->client, bulk->id, &error);
    free(data);
    return NULL;
}

static size_t receive_bulk(struct bulk *bulk, bool is_breaking)
{
    static uint8_t buffer[100000];
    size_t total = 0, next_break = BULK_BYTES / 8;
    for (;;) {
        size_t len = sizeof(buffer);
        struct tcpc_error *error = &bulk->world->error;
        if (tcpc_receive(bulk->world->client, bulk->id, buffer, &len, 5000, error) != TCPC_OK)
            fail_msg("%s", error->message);
        if (len == 0)
            return total;
        for (size_t i = 0; i < len; i++) {
            if (buffer[i] != pattern(total + i))
                fail_msg("byte %zu differs", total + i);
        }
        total += len;
        if (is_breaking && total > next_break) {
            fake_server_break_links(bulk->world->daemon.server);
            next_break += BULK_BYTES / 8;
        }
    }
}

static void run_bulk(struct world *world, bool is_breaking)
{
    struct bulk bulk = {.world = world, .id = established(world)};
    uint64_t sent, received;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_bulk, &bulk), 0);
    size_t total = receive_bulk(&bulk, is_breaking);
    pthread_join(thread, NULL);
    assert_int_equal(bulk.code, TCPC_OK);
    assert_int_equal(total, BULK_BYTES);
    tcpc_stream_offsets(world->client, bulk.id, &sent, &received);
    assert_int_equal(sent, BULK_BYTES);
    assert_int_equal(received, BULK_BYTES);
    assert_int_equal(tcpc_close(world->client, bulk.id, 0, NULL, &world->error), TCPC_OK);
}

static void bulk_comes_back_whole(void **state)
{
    run_bulk(*state, false);
}

static void bulk_comes_back_whole_through_a_narrow_buffer(void **state)
{
    struct world *world = *state;
    world->daemon.room_bytes = 70000;
    run_bulk(world, false);
}

static void bulk_comes_back_whole_over_broken_links(void **state)
{
    struct world *world = *state;
    world->daemon.room_bytes = 500000;
    run_bulk(world, true);
    assert_true(fake_server_links(world->daemon.server) >= 8);
}

static void stream_goes_on_in_another_client(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    char buffer[16];
    size_t len = sizeof(buffer);
    assert_int_equal(tcpc_send(world->client, id, "hello ", 6, 1000, &world->error), TCPC_OK);
    assert_int_equal(tcpc_receive(world->client, id, buffer, &len, 1000, &world->error), TCPC_OK);
    assert_int_equal(len, 6);
    tcpc_client_free(world->client);
    world_connect(world, TCPC_POLICY_NONE, TIMEOUT_MS);
    assert_int_equal(tcpc_send(world->client, id, "world", 5, 1000, &world->error), TCPC_OK);
    /* The first six were handed out but not freed, so they are received again. */
    len = sizeof(buffer);
    assert_int_equal(tcpc_receive(world->client, id, buffer, &len, 1000, &world->error), TCPC_OK);
    assert_int_equal(len, 11);
    assert_memory_equal(buffer, "hello world", 11);
}

static void close_frees_what_was_handed_out(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    char buffer[16];
    size_t len = sizeof(buffer);
    assert_int_equal(tcpc_send(world->client, id, "bye", 3, 1000, &world->error), TCPC_OK);
    assert_int_equal(tcpc_receive(world->client, id, buffer, &len, 1000, &world->error), TCPC_OK);
    /* A fault on the Close lets us look at the connection before it is gone. */
    fake_server_fault(world->daemon.server, FAKE_MUTE, 1);
    assert_int_equal(tcpc_close(world->client, id, 0, NULL, &world->error), TCPC_DEADLINE);
    assert_int_equal(world->daemon.connections[0].released, 3);
}

static void receive_and_send_give_up_in_time(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    static char data[3000];
    size_t len = sizeof(data);
    uint64_t sent, received;
    assert_int_equal(tcpc_receive(world->client, id, data, &len, 0, &world->error), TCPC_AGAIN);
    int64_t before_ms = world_now_ms();
    assert_int_equal(tcpc_receive(world->client, id, data, &len, 150, &world->error), TCPC_AGAIN);
    assert_in_range(world_now_ms() - before_ms, 140, 1500);
    world->daemon.room_bytes = 1000;
    assert_int_equal(tcpc_send(world->client, id, data, len, 150, &world->error), TCPC_AGAIN);
    tcpc_stream_offsets(world->client, id, &sent, &received);
    assert_int_equal(sent, 1000);
}

static void unknown_stream_is_not_found(void **state)
{
    struct world *world = *state;
    assert_int_equal(tcpc_send(world->client, 4711, "x", 1, 100, &world->error), TCPC_NOT_FOUND);
    assert_string_equal(world->error.errno_name, "ENOENT");
}

/* --- inspection ------------------------------------------------------------------------------- */

static void lists_are_whole(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    for (int i = 0; i < 3; i++)
        established(world);
    assert_int_equal(tcpc_list(world->client, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.list.count, 3);
    assert_int_equal(response->u.list.as_of_seq, 41);
    assert_int_equal(response->u.list.rows[2].id, 3);
    assert_int_equal(response->u.list.rows[2].remote.port, 80);
    assert_string_equal(response->u.list.rows[2].timer, "keepalive");
    tcpc_response_free(response);
    assert_int_equal(tcpc_time_wait_list(world->client, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.time_wait_list.count, 1);
    assert_int_equal(response->u.time_wait_list.rows[0].entered_from, TCPC_FIN_WAIT_2);
    tcpc_response_free(response);
}

static void empty_list_is_no_error(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    assert_int_equal(tcpc_list(world->client, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.list.count, 0);
    tcpc_response_free(response);
}

static void status_and_history_are_read(void **state)
{
    struct world *world = *state;
    uint64_t id = established(world);
    struct tcpc_response *response = NULL;
    assert_int_equal(tcpc_status(world->client, id, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.status.snd_una, 4294967295u);
    assert_int_equal(response->u.status.srtt_us, 12345);
    assert_string_equal(response->u.status.congestion_control, "reno");
    assert_int_equal(response->u.status.congestion_variable_count, 2);
    assert_string_equal(response->u.status.congestion_variables[0].name, "hystart");
    assert_string_equal(response->u.status.congestion_variables[0].text, "css");
    assert_int_equal(response->u.status.congestion_variables[1].value, 77);
    assert_string_equal(response->u.status.congestion_variables[1].text, "");
    assert_string_equal(response->u.status.recovery, "");
    assert_null(response->u.status.time_wait);
    tcpc_response_free(response);
    assert_int_equal(tcpc_history(world->client, id, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.history.count, 2);
    assert_null(response->u.history.rows[0].segment);
    assert_string_equal(response->u.history.rows[1].segment->flags, "SYN,ACK");
    tcpc_response_free(response);
}

static void explanations_are_read(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    uint64_t id = established(world);
    assert_int_equal(tcpc_explain(world->client, id, &response, &world->error), TCPC_OK);
    const struct tcpc_explanation *explanation = &response->u.explanation;
    assert_true(explanation->id == id);
    assert_string_equal(explanation->verdict, "leaking");
    assert_string_equal(explanation->summary, "billing-worker has not called CLOSE.");
    assert_string_equal(explanation->waits_for, "");
    assert_string_equal(explanation->timer, "keepalive");
    assert_int_equal(explanation->timer_ms, 4200);
    assert_string_equal(explanation->limit, "cwnd");
    assert_int_equal(explanation->limit_count, 1);
    assert_string_equal(explanation->limits[0].name, "cwnd");
    assert_int_equal(explanation->limits[0].us, 150000);
    assert_int_equal(explanation->fact_count, 1);
    assert_string_equal(explanation->facts[0].name, "retries");
    assert_int_equal(explanation->facts[0].value, -1);
    assert_int_equal(explanation->hint_count, 1);
    assert_string_equal(explanation->hints[0], "tcpctl close 5");
    assert_int_equal(explanation->owner.uid, 1000);
    assert_int_equal(explanation->owner.pid, 4711);
    assert_string_equal(explanation->owner.program, "billing-worker");
    assert_string_equal(explanation->owner.session, "");
    assert_false(explanation->owner.is_gone);
    tcpc_response_free(response);
    assert_int_equal(tcpc_explain(world->client, id + 1000, &response, &world->error),
                     TCPC_NOT_FOUND);
}

static void drops_are_read(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    uint64_t id = established(world);
    assert_int_equal(tcpc_history(world->client, id, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.history.drop_count, 1);
    const struct tcpc_drop *drop = &response->u.history.drops[0];
    assert_int_equal(drop->time_us, 1000700);
    assert_string_equal(drop->reason, "unacceptable");
    assert_string_equal(drop->counter, "tcp_unacceptable");
    assert_int_equal(drop->segment->seq, 1000);
    assert_int_equal(drop->id, id);
    assert_string_equal(drop->remote.address, "");
    tcpc_response_free(response);
    assert_int_equal(tcpc_history(world->client, 0, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.history.count, 0);
    assert_int_equal(response->u.history.drop_count, 1);
    drop = &response->u.history.drops[0];
    assert_null(drop->segment);
    assert_int_equal(drop->id, 0);
    assert_string_equal(drop->local.address, "10.0.0.2");
    assert_int_equal(drop->local.port, 80);
    assert_string_equal(drop->remote.address, "10.0.0.1");
    tcpc_response_free(response);
}

static void events_and_counters_are_read(void **state)
{
    struct world *world = *state;
    struct tcpc_response *response = NULL;
    struct tcpc_client *client = world->client;
    assert_int_equal(tcpc_next_events(client, 1, 0, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.events.count, 2);
    assert_int_equal(response->u.events.last_seq, 3);
    assert_string_equal(response->u.events.rows[0].cause, "CLOSE");
    tcpc_response_free(response);
    assert_int_equal(tcpc_next_events(client, 3, 100, &response, &world->error), TCPC_OK);
    assert_int_equal(response->u.events.count, 0);
    tcpc_response_free(response);
    assert_int_equal(tcpc_counters(client, &response, &world->error), TCPC_OK);
    assert_true(response->u.counters.rows[1].value == 9007199254740993u);
    tcpc_response_free(response);
    assert_int_equal(tcpc_daemon_status(client, &response, &world->error), TCPC_OK);
    assert_string_equal(response->u.daemon.addresses[0], "10.0.0.2/24");
    tcpc_response_free(response);
    assert_int_equal(tcpc_client_boot_id(client), 1);
}

/* --- asynchronous ----------------------------------------------------------------------------- */

struct tally {
    pthread_mutex_t lock;
    unsigned answers, cancelled, failures;
};

static void count_answer(void *ctx, struct tcpc_response *response)
{
    struct tally *tally = ctx;
    pthread_mutex_lock(&tally->lock);
    tally->answers++;
    if (response->error.code == TCPC_CANCELLED)
        tally->cancelled++;
    else if (response->error.code != TCPC_OK)
        tally->failures++;
    pthread_mutex_unlock(&tally->lock);
    tcpc_response_free(response);
}

static unsigned answers(struct tally *tally)
{
    pthread_mutex_lock(&tally->lock);
    unsigned count = tally->answers;
    pthread_mutex_unlock(&tally->lock);
    return count;
}

static void many_calls_at_once_over_broken_links(void **state)
{
    enum { CALLS = 400 };
    struct world *world = *state;
    struct tally tally = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct tcpc_request request = {.op = TCPC_OP_DAEMON_STATUS};
    struct tcpc_response *response = NULL;
    assert_int_equal(tcpc_daemon_status(world->client, &response, &world->error), TCPC_OK);
    tcpc_response_free(response);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(
            tcpc_call_async(world->client, &request, count_answer, &tally, &world->error), TCPC_OK);
        if (i % 100 == 50)
            fake_server_break_links(world->daemon.server);
    }
    for (int64_t until_ms = world_now_ms() + 5000;
         answers(&tally) < CALLS && world_now_ms() < until_ms;)
        usleep(1000);
    assert_int_equal(answers(&tally), CALLS);
    assert_int_equal(tally.failures, 0);
}

static void free_cancels_what_is_out(void **state)
{
    struct world *world = *state;
    struct tally tally = {.lock = PTHREAD_MUTEX_INITIALIZER};
    uint64_t id = established(world);
    struct tcpc_receive receive = {.id = id, .wait_ms = 60000};
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            tcpc_receive_async(world->client, &receive, count_answer, &tally, &world->error),
            TCPC_OK);
    fake_server_pause(world->daemon.server, true); /* some are parked, some are out */
    usleep(20000);
    int64_t before_ms = world_now_ms();
    tcpc_client_free(world->client);
    assert_true(world_now_ms() - before_ms < 1500);
    world->client = NULL;
    assert_int_equal(tally.answers, 5);
    assert_int_equal(tally.cancelled, 5);
}

static void send_async_tells_how_far(void **state)
{
    struct world *world = *state;
    struct tally tally = {.lock = PTHREAD_MUTEX_INITIALIZER};
    uint64_t id = established(world);
    struct tcpc_send send = {.id = id, .data = "abc", .len = 3};
    assert_int_equal(tcpc_send_async(world->client, &send, count_answer, &tally, NULL), TCPC_OK);
    while (answers(&tally) < 1)
        usleep(1000);
    assert_int_equal(tally.failures, 0);
    assert_int_equal(world->daemon.connections[0].accepted, 3);
}

/* --- values ----------------------------------------------------------------------------------- */

static void endpoints_are_written_as_people_do(void **state)
{
    struct tcpc_endpoint endpoint = {.port = 0};
    char text[TCPC_ENDPOINT_TEXT_MAX];
    (void)state;
    assert_string_equal(tcpc_endpoint_format(&endpoint, text), "*:*");
    assert_true(tcpc_endpoint_set(&endpoint, "10.0.0.2", 80));
    assert_string_equal(tcpc_endpoint_format(&endpoint, text), "10.0.0.2:80");
    assert_true(tcpc_endpoint_set(&endpoint, "2001:db8:0::2", 80));
    assert_string_equal(tcpc_endpoint_format(&endpoint, text), "[2001:db8::2]:80");
    assert_false(tcpc_endpoint_set(&endpoint, "10.0.0", 80));
    assert_false(tcpc_endpoint_set(&endpoint, "localhost", 80));
    assert_string_equal(tcpc_state_name(TCPC_FIN_WAIT_1), "FIN_WAIT_1");
    assert_string_equal(tcpc_state_name((enum tcpc_state)42), "?");
    assert_string_equal(tcpc_code_name(TCPC_REFUSED), "REFUSED");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define TEST_SESSION(function) cmocka_unit_test_setup_teardown(function, set_up_session, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_socket_is_unreachable_at_once),
        cmocka_unit_test(dead_socket_is_unreachable_soon),
        TEST(silent_server_is_given_up),
        cmocka_unit_test(bad_options_are_refused),
        TEST(lost_daemon_is_unreachable_before_the_timeout),
        TEST(call_waits_for_a_daemon_that_comes_back),
        TEST(refused_open_tells_id_and_cause),
        TEST(open_without_wait_answers_at_once),
        TEST(open_gives_up_after_its_wait),
        TEST(accept_waits_and_gives_up),
        TEST(open_happens_once_over_a_broken_link),
        TEST(accept_happens_once_over_a_broken_link),
        TEST(request_that_was_not_handled_is_sent_again),
        TEST(resent_close_that_was_done_is_success),
        TEST_SESSION(session_is_taken_up_after_a_break),
        TEST_SESSION(another_client_takes_the_session_up),
        TEST_SESSION(lost_session_is_told),
        TEST(restarted_daemon_is_told),
        TEST_SESSION(restarted_daemon_is_told),
        TEST(mute_daemon_times_out),
        TEST(garbage_is_a_protocol_error),
        TEST(wrong_requests_are_refused),
        TEST(bulk_comes_back_whole),
        TEST(bulk_comes_back_whole_through_a_narrow_buffer),
        TEST(bulk_comes_back_whole_over_broken_links),
        TEST_SESSION(bulk_comes_back_whole_over_broken_links),
        TEST(stream_goes_on_in_another_client),
        TEST(close_frees_what_was_handed_out),
        TEST(receive_and_send_give_up_in_time),
        TEST(unknown_stream_is_not_found),
        TEST(lists_are_whole),
        TEST(empty_list_is_no_error),
        TEST(status_and_history_are_read),
        TEST(explanations_are_read),
        TEST(drops_are_read),
        TEST(events_and_counters_are_read),
        TEST(many_calls_at_once_over_broken_links),
        TEST(free_cancels_what_is_out),
        TEST(send_async_tells_how_far),
        cmocka_unit_test(endpoints_are_written_as_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
