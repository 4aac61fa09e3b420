/* The pulse beats while a caller waits for nng, and not longer. In real time: nng's timer has no
 * other. */
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "pulse.h"
#include "support/test.h"

/* It beats every 500 ms. A busy machine may be late, so nothing here depends on when. */
enum { BEATS_MS = 1300, PATIENCE_MS = 20000 };

static int set_up(void **state)
{
    struct tcpc_client *client = calloc(1, sizeof(*client));
    assert_non_null(client);
    assert_int_equal(pthread_mutex_init(&client->lock, NULL), 0);
    assert_int_equal(tcpci_cond_init(&client->changed), 0);
    assert_true(tcpci_pulse_init(client));
    *state = client;
    return 0;
}

static int tear_down(void **state)
{
    struct tcpc_client *client = *state;
    pthread_mutex_lock(&client->lock);
    client->is_closing = true;
    client->active_count = 0;
    pthread_mutex_unlock(&client->lock);
    tcpci_pulse_stop(client);
    tcpci_pulse_free(client);
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->changed);
    free(client);
    return 0;
}

static void start(struct tcpc_client *client, unsigned active_count, uint64_t link_number)
{
    pthread_mutex_lock(&client->lock);
    client->active_count = active_count;
    client->link_number = link_number;
    tcpci_pulse_start(client);
    tcpci_pulse_start(client); /* starts no second one */
    pthread_mutex_unlock(&client->lock);
}

static bool is_pulsing(struct tcpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    bool is_so = client->is_pulsing;
    pthread_mutex_unlock(&client->lock);
    return is_so;
}

static bool ends_by_itself(struct tcpc_client *client)
{
    int64_t until_ms = tcpci_clock_ms() + PATIENCE_MS;
    while (is_pulsing(client) && tcpci_clock_ms() < until_ms)
        usleep(10000);
    return !is_pulsing(client);
}

static void it_beats_while_a_request_is_out(void **state)
{
    struct tcpc_client *client = *state;
    assert_false(is_pulsing(client));
    start(client, 1, 1);
    usleep(BEATS_MS * 1000);
    assert_true(is_pulsing(client));
    pthread_mutex_lock(&client->lock);
    client->active_count = 0;
    pthread_mutex_unlock(&client->lock);
    assert_true(ends_by_itself(client));
    start(client, 1, 1); /* and begins again with the next one */
    assert_true(is_pulsing(client));
}

static void it_beats_until_the_first_link(void **state)
{
    struct tcpc_client *client = *state;
    start(client, 0, 0);
    usleep(BEATS_MS * 1000);
    assert_true(is_pulsing(client));
    pthread_mutex_lock(&client->lock);
    client->link_number = 1;
    pthread_mutex_unlock(&client->lock);
    assert_true(ends_by_itself(client));
}

/* The stop does not wait for the next beat. */
static void stop_ends_it(void **state)
{
    struct tcpc_client *client = *state;
    start(client, 1, 1);
    pthread_mutex_lock(&client->lock);
    client->is_closing = true;
    client->active_count = 0;
    pthread_mutex_unlock(&client->lock);
    tcpci_pulse_stop(client);
    assert_false(is_pulsing(client));
    tcpci_pulse_stop(client); /* of one that has stopped */
    assert_false(is_pulsing(client));
}

static void one_that_was_never_made_can_be_freed(void **state)
{
    struct tcpc_client client = {.pulse = NULL};
    (void)state;
    tcpci_pulse_free(&client);
    assert_null(client.pulse);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_beats_while_a_request_is_out),
        TEST(it_beats_until_the_first_link),
        TEST(stop_ends_it),
        cmocka_unit_test(one_that_was_never_made_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
