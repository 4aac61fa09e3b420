/* The client when a wake-up of nng's threads is lost, as can happen with glibc before 2.41 (its bug
 * 25847): this program's own pthread_cond_signal(), which nng finds before the C library's, loses
 * one when a test says so. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"
#include "world.h"

/* PATIENCE_MS: more than half a second even on a busy machine; far less than a request's timeout.
 */
enum { PATIENCE_MS = 4000, TIMEOUT_MS = 20000, HANG_S = 60 };

/* --- losing ----------------------------------------------------------------------------------- */

enum loss { LOSE_NOTHING, LOSE_OF_POLLER, LOSE_OF_TEST };

static _Atomic enum loss loss;
static _Atomic int before_loss; /* wake-ups that still arrive, before the one that is lost */
static pthread_t test_thread;

/* nng's poller reports what can be read. */
static bool is_poller(void)
{
    char name[16] = "";
    pthread_getname_np(pthread_self(), name, sizeof(name));
    return strncmp(name, "nng:poll", 8) == 0;
}

static bool is_lost(void)
{
    enum loss now = loss;
    if (now == LOSE_NOTHING || (now == LOSE_OF_POLLER && !is_poller()) ||
        (now == LOSE_OF_TEST && !pthread_equal(pthread_self(), test_thread)))
        return false;
    if (atomic_fetch_sub(&before_loss, 1) > 0)
        return false;
    return atomic_compare_exchange_strong(&loss, &now, LOSE_NOTHING);
}

static void lose(enum loss which, int after)
{
    before_loss = after;
    loss = which;
}

int pthread_cond_signal(pthread_cond_t *cond)
{
    int (*signal)(pthread_cond_t *);
    void *found = dlsym(RTLD_NEXT, "pthread_cond_signal");
    memcpy(&signal, &found, sizeof(signal)); /* ISO C knows no cast from data to function */
    return is_lost() ? 0 : signal(cond);
}

/* --- the world -------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    test_thread = pthread_self();
    alarm(HANG_S);
    *state = world_new(TCPC_POLICY_NONE, TIMEOUT_MS);
    return 0;
}

static int tear_down(void **state)
{
    loss = LOSE_NOTHING;
    world_free(*state);
    alarm(0);
    return 0;
}

static void ask_status(struct world *world)
{
    struct tcpc_response *response;
    if (tcpc_daemon_status(world->client, &response, &world->error) != TCPC_OK)
        fail_msg("%s", world->error.message);
    tcpc_response_free(response);
}

static void free_client(struct world *world)
{
    tcpc_client_free(world->client);
    world->client = NULL;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void answer_that_wakes_nobody_comes_soon(void **state)
{
    struct world *world = *state;
    int64_t before_ms = world_now_ms();
    lose(LOSE_OF_POLLER, 0);
    ask_status(world);
    assert_true(world_now_ms() - before_ms < PATIENCE_MS);
    assert_int_equal(loss, LOSE_NOTHING);
}

/* Loses each of the wake-ups between the connect and the first answer in turn; their number varies.
 */
static void first_link_that_wakes_nobody_comes_soon(void **state)
{
    struct world *world = *state;
    unsigned lost = 0;
    for (int after = 0; after < 6; after++) {
        free_client(world);
        int64_t before_ms = world_now_ms();
        lose(LOSE_OF_POLLER, after);
        world_connect(world, TCPC_POLICY_NONE, TIMEOUT_MS);
        ask_status(world);
        assert_true(world_now_ms() - before_ms < PATIENCE_MS);
        lost += loss == LOSE_NOTHING;
    }
    assert_int_not_equal(lost, 0);
}

static void note_end(void *ctx, struct tcpc_response *response)
{
    *(_Atomic enum tcpc_code *)ctx = response->error.code;
    tcpc_response_free(response);
}

static void cancelled_request_that_wakes_nobody_ends(void **state)
{
    struct world *world = *state;
    _Atomic enum tcpc_code code = TCPC_OK;
    struct tcpc_request request = {.op = TCPC_OP_DAEMON_STATUS};
    fake_server_fault(world->daemon.server, FAKE_MUTE, 0);
    assert_int_equal(
        tcpc_call_async(world->client, &request, note_end, (void *)&code, &world->error), TCPC_OK);
    usleep(100000); /* it is out */
    int64_t before_ms = world_now_ms();
    lose(LOSE_OF_TEST, 0);
    free_client(world);
    assert_true(world_now_ms() - before_ms < PATIENCE_MS);
    assert_int_equal(loss, LOSE_NOTHING);
    assert_int_equal(code, TCPC_CANCELLED);
}

static void free_that_wakes_nobody_ends(void **state)
{
    struct world *world = *state;
    ask_status(world);
    int64_t before_ms = world_now_ms();
    lose(LOSE_OF_TEST, 0);
    free_client(world);
    assert_true(world_now_ms() - before_ms < PATIENCE_MS);
    assert_int_equal(loss, LOSE_NOTHING);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answer_that_wakes_nobody_comes_soon),
        TEST(first_link_that_wakes_nobody_comes_soon),
        TEST(cancelled_request_that_wakes_nobody_ends),
        TEST(free_that_wakes_nobody_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
