/* The pulse: an nng timer that beats while a caller waits for nng.
 *
 * nng hands completions to a few threads of its own, which sleep on one condition variable and are
 * woken one at a time. From glibc 2.27 to 2.40, pthread_cond_signal() can lose such a wake-up
 * (glibc bug 25847) when a sleeper is held up at the wrong moment, as happens beside real-time
 * programs. The completion then lies in nng's queue until the next one wakes a thread, which
 * handles all that are there. With many requests out that is at once; with a single one, as when a
 * full send buffer makes a stream wait, it is never.
 *
 * So while requests are out, or the first link is awaited, a timer expires twice per second: a
 * completion like any other. It costs the daemon nothing. */
#include "pulse.h"

#include "clock.h"

/* NUDGE_MS: how long the pulse's own end may take before its wake-up counts as lost. */
enum { PULSE_MS = 500, NUDGE_MS = 100 };

static bool is_wanted(const struct tcpc_client *client)
{
    return client->active_count > 0 || (client->link_number == 0 && !client->is_closing);
}

static void on_pulse(void *arg)
{
    struct tcpc_client *client = arg;
    pthread_mutex_lock(&client->lock);
    client->is_pulsing = is_wanted(client);
    if (client->is_pulsing)
        nng_sleep_aio(PULSE_MS, client->pulse);
    else
        pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

bool tcpci_pulse_init(struct tcpc_client *client)
{
    return nng_aio_alloc(&client->pulse, on_pulse, client) == 0;
}

void tcpci_pulse_start(struct tcpc_client *client)
{
    if (client->is_pulsing)
        return;
    client->is_pulsing = true;
    nng_sleep_aio(PULSE_MS, client->pulse);
}

static void on_nudged(void *arg)
{
    (void)arg; /* all that matters is that a thread of nng's woke up */
}

/* Makes one more completion: freeing an aio that sleeps completes it, and waits for that. */
static void nudge(void)
{
    nng_aio *aio;
    if (nng_aio_alloc(&aio, on_nudged, NULL) != 0)
        return;
    nng_sleep_aio(PULSE_MS, aio);
    nng_aio_free(aio);
}

void tcpci_pulse_stop(struct tcpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    while (client->is_pulsing) {
        int64_t until_ms = tcpci_clock_ms() + NUDGE_MS;
        struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
        nng_aio_abort(client->pulse, NNG_ECANCELED);
        if (pthread_cond_timedwait(&client->changed, &client->lock, &until) == 0)
            continue;
        pthread_mutex_unlock(&client->lock);
        nudge();
        pthread_mutex_lock(&client->lock);
    }
    pthread_mutex_unlock(&client->lock);
}

void tcpci_pulse_free(struct tcpc_client *client)
{
    nng_aio_free(client->pulse);
}
