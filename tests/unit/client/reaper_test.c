/* The client while nng's only reaper thread is stuck, as nng 1.5.2 can leave it for good (see
 * lib/client/link.c): here because of another socket of this program, until the test releases it.
 * nng then reports no lost link. */
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "support/test.h"
#include "world.h"

/* The first tests wait for this long; no request needs all of it. */
enum { TIMEOUT_MS = 2000, HANG_S = 60 };

/* --- the reaper ------------------------------------------------------------------------------- */

static struct {
    nng_socket sockets[2];
    atomic_bool is_held; /* once in each test */
    sem_t is_stuck, may_go;
} reaper;

static void hold_reaper(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)pipe, (void)event, (void)arg;
    if (atomic_exchange(&reaper.is_held, true))
        return;
    sem_post(&reaper.is_stuck);
    sem_wait(&reaper.may_go);
}

static void close_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)event, (void)arg;
    nng_pipe_close(pipe);
}

static void stick_reaper(void)
{
    nng_socket *sockets = reaper.sockets;
    sem_init(&reaper.is_stuck, 0, 0);
    sem_init(&reaper.may_go, 0, 0);
    reaper.is_held = false;
    assert_int_equal(nng_pair0_open(&sockets[0]), 0);
    assert_int_equal(nng_pair0_open(&sockets[1]), 0);
    nng_pipe_notify(sockets[0], NNG_PIPE_EV_REM_POST, hold_reaper, NULL);
    nng_pipe_notify(sockets[0], NNG_PIPE_EV_ADD_POST, close_pipe, NULL);
    assert_int_equal(nng_listen(sockets[0], "inproc://reaper", NULL, 0), 0);
    assert_int_equal(nng_dial(sockets[1], "inproc://reaper", NULL, NNG_FLAG_NONBLOCK), 0);
    sem_wait(&reaper.is_stuck);
}

static void free_reaper(void)
{
    sem_post(&reaper.may_go);
    nng_close(reaper.sockets[1]);
    nng_close(reaper.sockets[0]);
    sem_destroy(&reaper.is_stuck);
    sem_destroy(&reaper.may_go);
}

/* --- the world -------------------------------------------------------------------------------- */

static enum tcpc_code ask_status(struct world *world)
{
    struct tcpc_response *response = NULL;
    enum tcpc_code code = tcpc_daemon_status(world->client, &response, &world->error);
    tcpc_response_free(response);
    return code;
}

static enum tcpc_code ask_briefly(struct world *world)
{
    struct tcpc_request request = {.op = TCPC_OP_DAEMON_STATUS, .timeout_ms = TIMEOUT_MS / 8};
    struct tcpc_response *response = NULL;
    enum tcpc_code code = tcpc_call(world->client, &request, &response, &world->error);
    tcpc_response_free(response);
    return code;
}

/* No request is waiting whose answer would reveal the loss. */
static void break_links(struct world *world)
{
    fake_server_break_links(world->daemon.server);
    usleep(100000); /* nng has seen it, and says nothing */
}

static int set_up(void **state)
{
    alarm(HANG_S);
    struct world *world = world_new(TCPC_POLICY_NONE, TIMEOUT_MS);
    assert_int_equal(ask_status(world), TCPC_OK);
    stick_reaper();
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    free_reaper();
    world_free(*state);
    alarm(0);
    return 0;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void request_finds_that_an_idle_link_was_lost(void **state)
{
    struct world *world = *state;
    break_links(world);
    assert_int_equal(ask_status(world), TCPC_OK);
}

static void requests_of_little_patience_find_it_together(void **state)
{
    struct world *world = *state;
    break_links(world);
    for (unsigned tries = 1; ask_briefly(world) != TCPC_OK; tries++)
        assert_true(tries < 20);
}

static void each_link_after_it_may_be_lost_as_well(void **state)
{
    struct world *world = *state;
    for (unsigned i = 0; i < 3; i++) {
        break_links(world);
        assert_int_equal(ask_status(world), TCPC_OK);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(request_finds_that_an_idle_link_was_lost),
        TEST(requests_of_little_patience_find_it_together),
        TEST(each_link_after_it_may_be_lost_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
