/* Decoding, checking, waiting and looking: what all verbs have in common, and those that only look.
 */
#include <stdlib.h>
#include <string.h>
#include <tcpengine/drop.h>

#include "rpc/rpc_handler.h"
#include "rpc/rpc_support.h"

#define OP(name) TCPENGINE__V1__REQUEST__OP_##name
#define WAIT_MS 40

/* Sends a body as it is. */
static const pb_response *raw(struct t_client *client, const void *body, size_t len)
{
    t_write_message(&client->env->loop, client->fd, 77, body, len);
    return t_answer(client);
}

/* --- decoding --------------------------------------------------------------------------------- */

static void test_garbage_is_malformed(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    T_FAILS(raw(&client, "\xff\xff\xff\xff", 4), MALFORMED);
    assert_string_equal(client.response->status->errno_name, "EBADMSG");
    assert_int_equal(t_stats(env).counters.requests_malformed, 1);
    t_client_close(&client);
}

static void test_empty_request_has_no_version(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_FAILS(raw(&client, "", 0), UNSUPPORTED);
    t_client_close(&client);
}

static void test_other_version(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_FAILS(raw(&client, "\x08\x02\x18\x07\xe2\x01\x00", 7), UNSUPPORTED);
    assert_int_equal(client.response->request_id, 7);
    assert_string_equal(client.response->status->message, "api_major is 2: this daemon speaks 1");
    t_client_close(&client);
}

static void test_no_or_unknown_operation(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_FAILS(raw(&client, "\x08\x01", 2), UNSUPPORTED);
    T_FAILS(raw(&client, "\x08\x01\x9a\x06\x00", 5), UNSUPPORTED); /* 99: none */
    t_client_close(&client);
}

static void test_unknown_fields_are_passed_over(void **state)
{
    struct t_client client;
    t_client_open(&client, *state);
    T_OK(raw(&client, "\x08\x01\x98\x06\x05\xe2\x01\x00", 8)); /* field 99, DaemonStatus */
    t_client_close(&client);
}

static void test_a_bomb_of_fields_stays_in_its_budget(void **state)
{
    struct t_client client;
    static uint8_t body[250000];
    t_client_open(&client, *state);
    for (size_t i = 0; i + 3 <= sizeof(body); i += 3)
        memcpy(body + i, "\x98\x06\x01", 3); /* 83,333 unknown fields would take over 5 MB */
    T_FAILS(raw(&client, body, sizeof(body) - sizeof(body) % 3), MALFORMED);
    for (size_t i = 0; i + 2 <= sizeof(body); i += 2)
        memcpy(body + i, "\x62\x00", 2); /* Open, again and again */
    raw(&client, body, sizeof(body));
    assert_int_not_equal(client.response->status->code, PB_OK);
    memset(body, 0x0b, sizeof(body)); /* groups in groups */
    T_FAILS(raw(&client, body, sizeof(body)), MALFORMED);
    t_client_close(&client);
}

static void test_too_long_is_told(void **state)
{
    struct t_client client;
    static uint8_t body[SP_MESSAGE_MAX_BYTES];
    t_client_open(&client, *state);
    T_FAILS(raw(&client, body, sizeof(body)), RESOURCES);
    assert_string_equal(client.response->status->errno_name, "EMSGSIZE");
    assert_string_equal(client.response->status->message,
                        "a message of 262148 bytes: at most 262144");
    t_client_close(&client);
}

static void test_every_prefix_of_a_request_is_survived(void **state)
{
    struct t_client client;
    uint8_t body[128];
    pb_send op = TCPENGINE__V1__SEND__INIT;
    t_client_open(&client, *state);
    op.id = 99;
    op.data = (ProtobufCBinaryData){5, (uint8_t *)(uintptr_t) "hello"};
    size_t len = t_pack(&client, OP(SEND), &op, body);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_not_equal(raw(&client, body, cut)->status->code, PB_OK);
    for (size_t at = 0; at < len * 8; at++) { /* and every bit of it turned over */
        body[at / 8] ^= (uint8_t)(1 << at % 8);
        raw(&client, body, len);
        body[at / 8] ^= (uint8_t)(1 << at % 8);
    }
    t_client_close(&client);
}

/* --- ownership -------------------------------------------------------------------------------- */

static void test_another_uid_may_neither_see_nor_touch(void **state)
{
    struct t_rpc *env = *state;
    struct t_client root, other;
    uint64_t peer;
    t_client_open_as(&other, env, T_OTHER_UID);
    t_client_open(&root, env);
    uint64_t id = t_connected(&root, &peer);
    T_FAILS(t_status(&other, id), PERMISSION);
    T_FAILS(t_send(&other, &(struct t_send){.id = id, .data = "x", .len = 1}), PERMISSION);
    T_FAILS(t_receive(&other, id, 0, 0), PERMISSION);
    T_FAILS(t_shutdown(&other, id), PERMISSION);
    T_FAILS(t_close(&other, id, 0), PERMISSION);
    T_FAILS(t_abort(&other, id), PERMISSION);
    T_FAILS(t_accept(&other, id, 0, 0), PERMISSION);
    assert_string_equal(other.response->status->errno_name, "EPERM");
    pb_list list = TCPENGINE__V1__LIST__INIT;
    assert_int_equal(t_call(&other, OP(LIST), &list)->list->n_connections, 0);
    assert_int_equal(t_call(&root, OP(LIST), &list)->list->n_connections, 1);
    assert_int_equal(t_next_events(&other, 0, 0)->next_events->n_events, 0);
    assert_int_equal(t_stats(env).counters.requests_denied, 7);
    T_OK(t_abort(&root, id));
    pb_history history = TCPENGINE__V1__HISTORY__INIT;
    history.id = id;
    T_FAILS(t_call(&other, OP(HISTORY), &history), PERMISSION); /* gone, and still not theirs */
    pb_explain explain = TCPENGINE__V1__EXPLAIN__INIT;
    explain.id = id;
    T_FAILS(t_call(&other, OP(EXPLAIN), &explain), PERMISSION);
    T_FAILS(t_status(&other, 12345), NOT_FOUND);
    t_client_close(&root);
    t_client_close(&other);
}

static const pb_explain_result *explain(struct t_client *client, uint64_t id)
{
    pb_explain op = TCPENGINE__V1__EXPLAIN__INIT;
    op.id = id;
    T_OK(t_call(client, OP(EXPLAIN), &op));
    return client->response->explain;
}

static void test_explain_has_words_and_numbers(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    const pb_explain_result *said = explain(&client, id);
    assert_true(said->id == id);
    assert_int_equal(said->state, TCPENGINE__V1__STATE__ESTABLISHED);
    assert_string_equal(said->verdict, "ok");
    assert_string_equal(said->situation, "idle");
    assert_int_equal(said->n_limits, TE_HOLD_COUNT);
    assert_string_equal(said->limit, "idle");
    assert_string_equal(said->facts[0]->name, "state_age_ms");
    assert_int_equal(said->owner->uid, getuid());
    assert_true(said->n_hints > 0);
    T_OK(t_abort(&client, id));
    said = explain(&client, id);
    assert_string_equal(said->verdict, "dead");
    assert_string_equal(said->situation, "gone");
    assert_int_equal(said->n_limits, 0);
    pb_explain op = TCPENGINE__V1__EXPLAIN__INIT;
    op.id = 999999;
    T_FAILS(t_call(&client, OP(EXPLAIN), &op), NOT_FOUND);
    t_client_close(&client);
}

static void test_root_may_see_and_touch_all(void **state)
{
    struct t_rpc *env = *state;
    struct t_client root, other;
    uint64_t peer;
    t_client_open_as(&other, env, T_OTHER_UID);
    t_client_open(&root, env);
    uint64_t id = t_connected(&other, &peer);
    assert_int_equal(t_status(&root, id)->connection->connection->uid, T_OTHER_UID);
    T_OK(t_abort(&root, id));
    T_FAILS(t_close(&other, id, 0), NOT_FOUND);
    t_client_close(&root);
    t_client_close(&other);
}

static void test_the_admin_group_may_too(void **state)
{
    struct t_rpc *env = *state;
    struct t_client root, other;
    uint64_t peer;
    env->options.control.admin_gid = T_OTHER_UID;
    t_rpc_restart(env);
    t_client_open_as(&other, env, T_OTHER_UID);
    t_client_open(&root, env);
    uint64_t id = t_connected(&root, &peer);
    T_OK(t_status(&other, id));
    t_client_close(&root);
    t_client_close(&other);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void test_deadline_cuts_waiting_short(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    client.deadline_ms = WAIT_MS;
    T_FAILS(t_accept(&client, id, 0, 60000), DEADLINE);
    assert_string_equal(client.response->status->message, "Accept: deadline_ms has passed");
    assert_int_equal(t_stats(env).counters.deadlines_passed, 1);
    client.deadline_ms = 60000;
    T_FAILS(t_accept(&client, id, 0, WAIT_MS), AGAIN); /* wait_ms is the shorter one */
    T_FAILS(t_accept(&client, id, 0, 0), AGAIN);
    t_client_close(&client);
}

static void test_waiting_blocks_nobody(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    client.is_silent = true;
    t_accept(&client, id, 0, 60000);
    client.is_silent = false;
    T_OK(t_status(&client, id));
    assert_int_equal(t_stats(env).waits, 1);
    t_client_close(&client);
    assert_int_equal(t_stats(env).waits, 0); /* gone with its link */
}

static struct histogram latency_of(const struct t_rpc *env, const char *verb)
{
    struct rpc_stats stats = t_stats(env);
    for (unsigned i = 0; i < RPC_VERB_COUNT; i++)
        if (strcmp(rpc_verb_name(i), verb) == 0)
            return stats.latency_by_verb[i];
    fail_msg("no verb %s", verb);
    return (struct histogram){.sum_us = 0};
}

/* One value per answer, of the verb that was asked; what waits has none yet. */
static void test_latency_by_verb(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    struct histogram latency;
    t_client_open(&client, env);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    T_OK(t_status(&client, id));
    T_FAILS(t_status(&client, id + 99), NOT_FOUND);
    latency = latency_of(env, "Status");
    assert_int_equal(histogram_count(&latency), 2);
    latency = latency_of(env, "Open");
    assert_int_equal(histogram_count(&latency), 1);
    client.is_silent = true;
    t_accept(&client, id, 0, 60000);
    client.is_silent = false;
    T_OK(t_status(&client, id)); /* the one before has been read as well */
    latency = latency_of(env, "Accept");
    assert_int_equal(histogram_count(&latency), 0);
    t_client_close(&client);
}

static void test_latency_includes_the_wait(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    T_FAILS(t_accept(&client, id, 0, WAIT_MS), AGAIN);
    struct histogram latency = latency_of(env, "Accept");
    assert_int_equal(histogram_count(&latency), 1);
    assert_true(latency.sum_us >= WAIT_MS * 1000);
    t_client_close(&client);
}

/* Opens as many links of this uid as are allowed. */
static void fill_links(struct t_rpc *env, struct t_client *ret_clients, unsigned max)
{
    env->options.control.links_reserve = 0; /* the tests may run as root */
    env->options.control.links_per_uid_max = max;
    t_rpc_restart(env);
    for (unsigned i = 0; i < max; i++)
        t_client_open(&ret_clients[i], env);
}

static void test_a_link_too_many_is_told_the_limit(void **state)
{
    struct t_rpc *env = *state;
    struct t_client clients[3], late;
    fill_links(env, clients, 3);
    t_client_open(&late, env);
    T_FAILS(t_listen(&late, 80, 0), RESOURCES);
    assert_string_equal(late.response->status->message,
                        "links to the daemon, too many of this uid: links_per_uid_max is 3");
    assert_string_equal(late.response->status->errno_name, "ENOBUFS");
    assert_int_not_equal(late.response->boot_id, 0);
    T_FAILS(t_attach(&late, 0, 0, NULL), RESOURCES); /* whatever it asks */
    T_OK(t_listen(&clients[0], 80, 0));              /* what it asked for was not done */
    t_client_close(&clients[1]);
    t_client_close(&late);
    t_client_open(&late, env); /* there is room again */
    T_OK(t_listen(&late, 81, 0));
    t_client_close(&late);
    t_client_close(&clients[0]);
    t_client_close(&clients[2]);
}

static void test_waits_of_one_link_are_limited(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    client.is_silent = true;
    for (unsigned i = 0; i < env->options.waits_per_link_max; i++)
        t_accept(&client, id, 0, 60000);
    client.is_silent = false;
    T_FAILS(t_accept(&client, id, 0, 60000), RESOURCES);
    assert_string_equal(client.response->status->message,
                        "Accept: 64 requests of this link are waiting already "
                        "(waits_per_link_max)");
    assert_non_null(strstr(client.response->status->hint, "use a channel"));
    T_OK(t_status(&client, id)); /* what need not wait is not concerned */
    assert_int_equal(t_stats(env).counters.waits_refused, 1);
    t_client_close(&client);
}

/* Beside what one link may have, and whatever the number of links. */
static void test_waits_of_one_uid_are_limited(void **state)
{
    struct t_rpc *env = *state;
    struct t_client clients[2], other;
    env->options.waits_per_uid_max = 3;
    t_rpc_restart(env);
    t_client_open(&clients[0], env);
    t_client_open(&clients[1], env);
    uint64_t id = t_listen(&clients[0], 80, 0)->open->id;
    clients[0].is_silent = clients[1].is_silent = true;
    t_accept(&clients[0], id, 0, 60000);
    t_accept(&clients[0], id, 0, 60000);
    t_accept(&clients[1], id, 0, 60000);
    clients[1].is_silent = false;
    assert_true(t_has_no_answer(&clients[0]));
    T_FAILS(t_accept(&clients[1], id, 0, 60000), RESOURCES);
    assert_non_null(strstr(clients[1].response->status->message, "(waits_per_uid_max)"));
    t_client_open_as(&other, env, T_OTHER_UID);
    uint64_t others = t_listen(&other, 8080, 0)->open->id;
    other.is_silent = true;
    t_accept(&other, others, 0, 60000);
    assert_true(t_has_no_answer(&other)); /* it waits */
    t_client_close(&clients[0]);          /* what waited for it waits no more */
    t_turn(&env->loop);
    clients[1].is_silent = true;
    t_accept(&clients[1], id, 0, 60000);
    assert_int_equal(t_stats(env).counters.waits_refused, 1);
    t_client_close(&clients[1]);
    t_client_close(&other);
}

static void test_event_readers_of_one_uid_are_limited(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    pb_next_events op;
    env->options.event_readers_per_uid_max = 2;
    t_rpc_restart(env);
    t_client_open(&client, env);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    t_turn(&env->loop);
    tcpengine__v1__next_events__init(&op);
    op.after_seq = event_log_last_seq(env->events);
    op.wait_ms = 60000;
    client.is_silent = true;
    t_call(&client, OP(NEXT_EVENTS), &op);
    t_call(&client, OP(NEXT_EVENTS), &op);
    client.is_silent = false;
    assert_true(t_has_no_answer(&client));
    T_FAILS(t_call(&client, OP(NEXT_EVENTS), &op), RESOURCES);
    assert_non_null(strstr(client.response->status->message, "(event_readers_per_uid_max)"));
    client.is_silent = true;
    t_accept(&client, id, 0, 60000); /* other waits are something else */
    assert_true(t_has_no_answer(&client));
    t_client_close(&client);
}

static void test_repetition_replaces_the_wait(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    uint64_t id = t_listen(&client, 80, 0)->open->id;
    client.is_silent = true;
    for (int i = 0; i < 100; i++) {
        client.sp_id = 5;
        t_accept(&client, id, 3, 60000);
    }
    assert_true(t_has_no_answer(&client));
    assert_int_equal(t_stats(env).waits, 1);
    assert_int_equal(t_stats(env).counters.waits_superseded, 99);
    t_peer_open(env, 80);
    T_OK(t_answer(&client));
    assert_true(t_has_no_answer(&client));
    t_client_close(&client);
}

static void test_full_link_delays_its_waits(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    static uint8_t data[60000];
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    client.is_silent = true;
    for (int i = 0; i < 20; i++) /* all wait for the same bytes: 1.2 MB of answers */
        t_receive(&client, id, 0, 60000);
    t_turn(&env->loop);
    t_peer_send(env, peer, data, sizeof(data));
    t_turn_for(&env->loop, 20);
    assert_true(t_stats(env).waits > 0);
    assert_int_equal(t_stats(env).control.output_overflows, 0);
    size_t got = 0;
    for (int i = 0; i < 20; i++)
        got += t_answer(&client)->receive->data.len;
    assert_true(got >= 20); /* each has something */
    assert_int_equal(t_stats(env).waits, 0);
    assert_true(t_stats(env).control.output_pauses > 0);
    t_client_close(&client);
}

/* --- looking ---------------------------------------------------------------------------------- */

static void test_daemon_status(void **state)
{
    struct t_client client;
    pb_daemon_status op = TCPENGINE__V1__DAEMON_STATUS__INIT;
    t_client_open(&client, *state);
    T_OK(t_listen(&client, 80, 0));
    const pb_response *response = t_call(&client, OP(DAEMON_STATUS), &op);
    const pb_daemon_status_result *daemon = response->daemon;
    T_OK(response);
    assert_string_equal(daemon->version, "1.2.3");
    assert_string_equal(daemon->tap, "tap7");
    assert_string_equal(daemon->addresses[0], "10.0.0.1/24");
    assert_string_equal(daemon->routes[0], "10.0.0.0/24 on the link");
    assert_int_equal(daemon->n_states, 11);
    assert_int_equal(daemon->states[TE_LISTEN]->count, 1);
    assert_int_equal(daemon->listeners, 1);
    assert_int_equal(daemon->links, 1);
    assert_true(daemon->memory_used_bytes > 0);
    assert_int_equal(daemon->memory_max_bytes, 0); /* of this stack */
    assert_string_equal(daemon->memory_level, "plenty");
    t_client_close(&client);
}

/* Whatever DaemonStatus lists, SetOption knows; of a connection that is not there it says that. */
static void test_options_are_listed(void **state)
{
    struct t_client client;
    pb_daemon_status status = TCPENGINE__V1__DAEMON_STATUS__INIT;
    size_t count;
    const struct te_option_info *table = te_option_table(&count);
    t_client_open(&client, *state);
    for (size_t i = 0; i <= count; i++) {
        pb_set_option op = TCPENGINE__V1__SET_OPTION__INIT;
        char name[64], text[] = "bbr";
        const pb_response *response = t_call(&client, OP(DAEMON_STATUS), &status);
        assert_int_equal(response->daemon->n_options, count + 1);
        const pb_option_info *option = response->daemon->options[i];
        assert_true(strlen(option->help) > 0);
        assert_string_equal(option->name, i < count ? table[i].name : "congestion_control");
        assert_string_equal(option->values, i == count           ? "cubic, reno, bbr"
                                            : table[i].unit == 0 ? "on, off"
                                                                 : "");
        snprintf(name, sizeof(name), "%s", option->name);
        op.id = 999;
        op.name = name;
        op.value = 1;
        op.text = text;
        const pb_response *answer = t_call(&client, OP(SET_OPTION), &op);
        if (i < count && table[i].feature == 0 && answer->status->code == PB_INVALID_ARGUMENT)
            assert_non_null(strstr(answer->status->message, "is out of range"));
        else
            T_FAILS(answer, NOT_FOUND);
    }
    t_client_close(&client);
}

static void test_status_of_a_connection(void **state)
{
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, *state);
    uint64_t id = t_connected(&client, &peer);
    const pb_connection_status_result *result = t_status(&client, id)->connection;
    assert_int_equal(result->connection->id, id);
    assert_int_equal(result->connection->state, TCPENGINE__V1__STATE__ESTABLISHED);
    assert_string_equal(result->connection->local->address, "10.0.0.1");
    assert_string_equal(result->connection->remote->address, "10.0.0.2");
    assert_int_equal(result->connection->remote->port, 80);
    assert_true(result->snd_una == result->iss + 1);
    assert_null(result->error);
    assert_true(strlen(result->congestion_control) > 0);
    T_FAILS(t_status(&client, id + 1000), NOT_FOUND);
    assert_string_equal(client.response->status->message, "connection 1001 does not exist");
    t_client_close(&client);
}

static void test_status_of_what_failed(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    te_abort(env->peer, peer, t_now_us(env));
    t_turn(&env->loop);
    const pb_connection_status_result *result = t_status(&client, id)->connection;
    assert_int_equal(result->connection->state, TCPENGINE__V1__STATE__CLOSED);
    assert_int_equal(result->error->code, PB_RESET);
    assert_string_equal(result->error->message,
                        "connection 1 to 10.0.0.2:80: reset: RST from peer");
    assert_string_equal(result->error->errno_name, "ECONNRESET");
    T_OK(t_close(&client, id, 1000));
    T_FAILS(t_status(&client, id), NOT_FOUND);
    assert_string_equal(client.response->status->message,
                        "connection 1 to 10.0.0.2:80 is gone: recv RST");
    t_client_close(&client);
}

static void test_list_in_pages(void **state)
{
    struct t_client client;
    pb_list op = TCPENGINE__V1__LIST__INIT;
    uint64_t sum = 0;
    unsigned count = 0, pages = 0;
    t_client_open(&client, *state);
    for (uint16_t port = 1; port <= 5; port++)
        T_OK(t_listen(&client, port, 0));
    for (uint16_t port = 1; port <= 5; port++)
        T_OK(t_open(&client, port, 0, 0));
    op.max = 3;
    do {
        const pb_list_result *result = t_call(&client, OP(LIST), &op)->list;
        assert_in_range(result->n_connections, 0, 3);
        for (size_t i = 0; i < result->n_connections; i++, count++)
            sum += result->connections[i]->id;
        op.cursor = result->done ? 0 : result->cursor;
        assert_true(++pages < 10);
    } while (op.cursor != 0);
    assert_int_equal(count, 10);
    assert_int_equal(sum, 55); /* ids 1 to 10, each once */
    t_client_close(&client);
}

static void test_long_list_fits_messages(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    pb_list op = TCPENGINE__V1__LIST__INIT;
    size_t count = 0;
    t_client_open(&client, env);
    for (uint16_t port = 1; port <= 2500; port++) {
        const struct te_listen listen = {.local = {.port = port}};
        uint64_t id;
        te_open_passive(env->pump.stack, &listen, &id, t_now_us(env));
        if (port % 256 == 0)
            t_turn(&env->loop);
    }
    do {
        const pb_response *response = t_call(&client, OP(LIST), &op);
        T_OK(response);
        count += response->list->n_connections;
        op.cursor = response->list->done ? 0 : response->list->cursor;
    } while (op.cursor != 0);
    assert_int_equal(count, 2500);
    t_client_close(&client);
}

static void test_time_wait_list(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    pb_time_wait_list op = TCPENGINE__V1__TIME_WAIT_LIST__INIT;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    T_OK(t_close(&client, id, 0));
    t_turn(&env->loop);
    te_close(env->peer, peer, t_now_us(env));
    t_turn(&env->loop);
    const pb_time_wait_list_result *result =
        t_call(&client, OP(TIME_WAIT_LIST), &op)->time_wait_list;
    assert_int_equal(result->n_entries, 1);
    assert_true(result->done);
    assert_int_equal(result->entries[0]->id, id);
    assert_int_equal(result->entries[0]->entered_from, TCPENGINE__V1__STATE__FIN_WAIT_2);
    assert_string_equal(result->entries[0]->entered_by, "local");
    assert_int_equal(result->entries[0]->duration_ms, 2000);
    assert_in_range(result->entries[0]->remaining_ms, 1, 2000);
    assert_non_null(t_status(&client, id)->connection->time_wait);
    t_client_close(&client);
}

static void test_history_tells_what_was_dropped(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    pb_history op = TCPENGINE__V1__HISTORY__INIT;
    uint64_t peer;
    t_client_open(&client, env);
    op.id = t_connected(&client, &peer);
    assert_int_equal(t_call(&client, OP(HISTORY), &op)->history->n_drops, 0);
    struct te_status status;
    assert_int_equal(te_status(env->pump.stack, op.id, &status), TE_OK);
    t_stray_segment(env, &status);
    const pb_history_result *result = t_call(&client, OP(HISTORY), &op)->history;
    assert_int_equal(result->n_transitions, 2);
    assert_int_equal(result->n_drops, 1);
    assert_string_equal(result->drops[0]->reason, "rst_inexact");
    assert_string_equal(result->drops[0]->counter, "resets_challenged");
    assert_string_equal(result->drops[0]->segment->flags, "RST");
    assert_int_equal(result->drops[0]->segment->seq, status.rcv_nxt + 1);
    assert_int_equal(result->drops[0]->id, op.id);
    assert_null(result->drops[0]->local);
    assert_true(result->drops[0]->time_us > result->transitions[1]->time_us);
    t_client_close(&client);
}

static void test_drops_of_all_are_for_root(void **state)
{
    struct t_rpc *env = *state;
    struct t_client root, other;
    pb_history op = TCPENGINE__V1__HISTORY__INIT;
    struct te_status status;
    uint64_t peer;
    t_client_open_as(&other, env, T_OTHER_UID);
    t_client_open(&root, env);
    uint64_t id = t_connected(&other, &peer);
    assert_int_equal(te_status(env->pump.stack, id, &status), TE_OK);
    t_stray_segment(env, &status);
    T_FAILS(t_call(&other, OP(HISTORY), &op), PERMISSION);
    assert_string_equal(other.response->status->errno_name, "EPERM");
    assert_int_equal(t_stats(env).counters.requests_denied, 1);
    const pb_history_result *result = t_call(&root, OP(HISTORY), &op)->history;
    assert_int_equal(result->id, 0);
    assert_int_equal(result->n_transitions, 0);
    assert_true(result->n_drops >= 1 && result->n_drops <= TE_DROPS_MAX);
    const pb_drop *last = result->drops[result->n_drops - 1];
    assert_string_equal(last->reason, "rst_inexact");
    assert_int_equal(last->id, id);
    assert_string_equal(last->local->address, "10.0.0.1");
    assert_string_equal(last->remote->address, "10.0.0.2");
    assert_int_equal(last->remote->port, status.remote.port);
    op.id = id;
    assert_int_equal(t_call(&other, OP(HISTORY), &op)->history->n_drops, 1); /* its own */
    t_client_close(&root);
    t_client_close(&other);
}

static void test_history(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    pb_history op = TCPENGINE__V1__HISTORY__INIT;
    uint64_t peer;
    t_client_open(&client, env);
    op.id = t_connected(&client, &peer);
    T_OK(t_abort(&client, op.id));
    const pb_history_result *result = t_call(&client, OP(HISTORY), &op)->history;
    assert_true(result->is_gone);
    assert_int_equal(result->n_transitions, 3);
    assert_int_equal(result->transitions[0]->to, TCPENGINE__V1__STATE__SYN_SENT);
    assert_null(result->transitions[0]->segment);
    assert_string_equal(result->transitions[1]->cause, "recv SYN,ACK");
    assert_string_equal(result->transitions[1]->segment->flags, "SYN,ACK");
    assert_string_equal(result->transitions[2]->cause, "ABORT");
    op.id = 12345;
    T_FAILS(t_call(&client, OP(HISTORY), &op), NOT_FOUND);
    t_client_close(&client);
}

static void test_counters(void **state)
{
    struct t_client client;
    pb_counters op = TCPENGINE__V1__COUNTERS__INIT;
    uint64_t peer, opens = 0, requests = 0;
    size_t count;
    t_client_open(&client, *state);
    t_connected(&client, &peer);
    const pb_counters_result *result = t_call(&client, OP(COUNTERS), &op)->counters;
    te_counter_table(&count);
    assert_true(result->n_counters > count);
    for (size_t i = 0; i < result->n_counters; i++) {
        assert_true(strlen(result->counters[i]->help) > 0);
        if (strcmp(result->counters[i]->name, "active_opens") == 0)
            opens = result->counters[i]->value;
        if (strcmp(result->counters[i]->name, "ipc_requests") == 0)
            requests = result->counters[i]->value;
    }
    assert_int_equal(opens, 1);
    assert_int_equal(requests, 2);
    t_client_close(&client);
}

static void test_set_option(void **state)
{
    struct t_client client;
    pb_set_option op = TCPENGINE__V1__SET_OPTION__INIT;
    char name[64] = "nagle", bad[] = "na\xffgle";
    uint64_t peer;
    t_client_open(&client, *state);
    op.id = t_connected(&client, &peer);
    op.name = name;
    T_OK(t_call(&client, OP(SET_OPTION), &op));
    assert_false(t_status(&client, op.id)->connection->nagle);
    op.value = 2;
    T_FAILS(t_call(&client, OP(SET_OPTION), &op), INVALID_ARGUMENT);
    strcpy(name, "user_timeout_ms");
    op.value = INT64_MAX;
    T_FAILS(t_call(&client, OP(SET_OPTION), &op), INVALID_ARGUMENT);
    op.name = bad;
    T_FAILS(t_call(&client, OP(SET_OPTION), &op), INVALID_ARGUMENT);
    assert_string_equal(client.response->status->message,
                        "SetOption: there is no option \"na?gle\"");
    assert_string_equal(client.response->status->hint, "tcpctl set --list prints them");
    assert_int_equal(client.response->status->hint_code, PB_HINT(OPTIONS));
    op.name = name;
    op.id = 999;
    op.value = 5;
    T_FAILS(t_call(&client, OP(SET_OPTION), &op), NOT_FOUND);
    t_client_close(&client);
}

static void set(struct t_client *client, uint64_t id, const char *name, int64_t value)
{
    pb_set_option op = TCPENGINE__V1__SET_OPTION__INIT;
    char text[64];
    strcpy(text, name);
    op.id = id;
    op.name = text;
    op.value = value;
    T_OK(t_call(client, OP(SET_OPTION), &op));
}

/* A duration of the protocol is in milliseconds, and arrives in the engine as it is. */
static void test_durations_keep_their_unit(void **state)
{
    static const int64_t values_ms[] = {60001, 1001, 999};
    struct t_rpc *env = *state;
    struct t_client client;
    struct te_status status;
    uint64_t peer;
    t_client_open(&client, env);
    uint64_t id = t_connected(&client, &peer);
    set(&client, id, "keepalive", 1);
    for (size_t i = 0; i < 3; i++) {
        int64_t from_us = t_now_us(env);
        set(&client, id, "keepalive_idle_ms", values_ms[i]);
        assert_int_equal(te_status(env->pump.stack, id, &status), TE_OK);
        assert_int_equal(status.timer, TE_TIMER_KEEPALIVE);
        assert_in_range(status.timer_at_us, from_us + values_ms[i] * TE_MS,
                        t_now_us(env) + values_ms[i] * TE_MS);
    }
    set(&client, id, "keepalive_idle_ms", 1); /* the least is taken, and no other */
    set(&client, id, "keepalive_interval_ms", 1);
    set(&client, id, "user_timeout_ms", 1);
    t_client_close(&client);
}

static void test_congestion_control(void **state)
{
    struct t_client client;
    pb_set_option op = TCPENGINE__V1__SET_OPTION__INIT;
    char name[] = "congestion_control", bbr[] = "bbr", bad[] = "ve\xffgas";
    char data[] = "a byte or two";
    pb_send send = TCPENGINE__V1__SEND__INIT;
    uint64_t peer;
    t_client_open(&client, *state);
    op.id = send.id = t_connected(&client, &peer);
    op.name = name;
    op.text = bad;
    T_FAILS(t_call(&client, OP(SET_OPTION), &op), INVALID_ARGUMENT);
    assert_string_equal(client.response->status->message,
                        "SetOption: there is no congestion control \"ve?gas\"");
    assert_string_equal(client.response->status->hint, "cubic, reno, bbr");
    op.text = bbr;
    T_OK(t_call(&client, OP(SET_OPTION), &op));
    assert_string_equal(t_status(&client, op.id)->connection->congestion_control, "bbr");
    assert_int_equal(t_status(&client, op.id)->connection->n_congestion_variables, 0);
    send.data = (ProtobufCBinaryData){.len = sizeof(data), .data = (uint8_t *)data};
    T_OK(t_call(&client, OP(SEND), &send));
    const pb_connection_status_result *result = t_status(&client, op.id)->connection;
    assert_true(result->n_congestion_variables > 10);
    assert_string_equal(result->congestion_variables[0]->name, "state");
    assert_string_equal(result->congestion_variables[0]->text, "startup");
    op.id = 999;
    T_FAILS(t_call(&client, OP(SET_OPTION), &op), NOT_FOUND);
    t_client_close(&client);
}

/* --- events ----------------------------------------------------------------------------------- */

static void test_next_events_wait_for_the_next(void **state)
{
    struct t_rpc *env = *state;
    struct t_client watcher, client;
    t_client_open(&watcher, env);
    t_client_open(&client, env);
    watcher.is_silent = true;
    t_next_events(&watcher, 0, 60000);
    assert_true(t_has_no_answer(&watcher));
    T_OK(t_listen(&client, 80, 0));
    const pb_next_events_result *result = t_answer(&watcher)->next_events;
    assert_int_equal(result->n_events, 1);
    assert_int_equal(result->events[0]->seq, 1);
    assert_string_equal(result->events[0]->kind, "state");
    assert_string_equal(result->events[0]->cause, "passive OPEN");
    assert_int_equal(result->events[0]->to, TCPENGINE__V1__STATE__LISTEN);
    assert_int_equal(result->events[0]->local->port, 80);
    assert_int_equal(result->last_seq, 1);
    watcher.is_silent = false;
    result = t_next_events(&watcher, 1, WAIT_MS)->next_events;
    assert_int_equal(result->n_events, 0);
    assert_int_equal(result->last_seq, 1);
    t_client_close(&watcher);
    t_client_close(&client);
}

static void test_list_then_watch_has_no_gap(void **state)
{
    struct t_client client;
    pb_list op = TCPENGINE__V1__LIST__INIT;
    t_client_open(&client, *state);
    T_OK(t_listen(&client, 80, 0));
    uint64_t seq = t_call(&client, OP(LIST), &op)->list->as_of_seq;
    uint64_t id = t_listen(&client, 81, 0)->open->id;
    const pb_next_events_result *result = t_next_events(&client, seq, 0)->next_events;
    assert_int_equal(result->n_events, 1);
    assert_int_equal(result->events[0]->id, id);
    t_client_close(&client);
}

static void test_events_of_another_boot_and_lost_ones(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    t_client_open(&client, env);
    T_OK(t_next_events(&client, 1000000, 60000)); /* at once: that number is from elsewhere */
    assert_int_equal(client.response->next_events->last_seq, 0);
    uint64_t id = 0;
    for (int i = 0; i < 600; i++) { /* two events each, the log holds 1,024 */
        id = t_listen(&client, 80, 0)->open->id;
        T_OK(t_close(&client, id, 0));
    }
    const pb_next_events_result *result = t_next_events(&client, 100, 0)->next_events;
    assert_int_equal(result->lost, 1200 - 1024 - 100);
    assert_int_equal(result->n_events, RPC_PAGE_MAX);
    for (unsigned left = 1024 - RPC_PAGE_MAX; left > 0; left -= RPC_PAGE_MAX) {
        result = t_next_events(&client, result->last_seq, 0)->next_events;
        assert_int_equal(result->n_events, RPC_PAGE_MAX);
        assert_int_equal(result->lost, 0);
    }
    assert_int_equal(result->last_seq, 1200);
    t_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, t_rpc_setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_garbage_is_malformed),
        TEST(test_latency_by_verb),
        TEST(test_latency_includes_the_wait),
        TEST(test_empty_request_has_no_version),
        TEST(test_other_version),
        TEST(test_no_or_unknown_operation),
        TEST(test_unknown_fields_are_passed_over),
        TEST(test_a_bomb_of_fields_stays_in_its_budget),
        TEST(test_too_long_is_told),
        TEST(test_every_prefix_of_a_request_is_survived),
        TEST(test_another_uid_may_neither_see_nor_touch),
        TEST(test_explain_has_words_and_numbers),
        TEST(test_root_may_see_and_touch_all),
        TEST(test_the_admin_group_may_too),
        TEST(test_deadline_cuts_waiting_short),
        TEST(test_waiting_blocks_nobody),
        TEST(test_a_link_too_many_is_told_the_limit),
        TEST(test_waits_of_one_link_are_limited),
        TEST(test_waits_of_one_uid_are_limited),
        TEST(test_event_readers_of_one_uid_are_limited),
        TEST(test_repetition_replaces_the_wait),
        TEST(test_full_link_delays_its_waits),
        TEST(test_daemon_status),
        TEST(test_options_are_listed),
        TEST(test_status_of_a_connection),
        TEST(test_status_of_what_failed),
        TEST(test_list_in_pages),
        TEST(test_long_list_fits_messages),
        TEST(test_time_wait_list),
        TEST(test_history),
        TEST(test_history_tells_what_was_dropped),
        TEST(test_drops_of_all_are_for_root),
        TEST(test_counters),
        TEST(test_set_option),
        TEST(test_durations_keep_their_unit),
        TEST(test_congestion_control),
        TEST(test_next_events_wait_for_the_next),
        TEST(test_list_then_watch_has_no_gap),
        TEST(test_events_of_another_boot_and_lost_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
