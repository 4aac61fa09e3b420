/* The link to the daemon: one nng REQ socket with one dialer.
 *
 * nng dials and redials by itself, and tells of links that came and went. It would also send a
 * request again by itself, but on whatever link comes next; so its resend time is infinite (then a
 * request that was out answers NNG_ECONNRESET), and the resending is ours:
 *
 *     DOWN --link added, first one--> UP
 *     DOWN --link added--> CHECKING --same boot id, session attached--> UP
 *                                   --another daemon--> (fatal)
 *     UP, CHECKING --link removed, or a call met NNG_ECONNRESET--> DOWN
 *
 * Requests are given to nng in UP only. Those that still lie in nng's queue when the link goes are
 * taken back at once, before nng redials (it announces the loss first), so that no request reaches
 * a daemon that has not been checked. */
#include "internal.h"

#include <errno.h>
#include <time.h>
#include <stdio.h>
#define D(...) (fprintf(stderr,"%ld ",(long)(tcpci_clock_ms()%100000)),fprintf(stderr,__VA_ARGS__))

#include <nng/protocol/reqrep0/req.h>

enum { RECONNECT_MIN_MS = 10, RECONNECT_MAX_MS = 200, PROBE_FIRST_MS = 20, PROBE_EACH_MS = 200 };

int64_t tcpci_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void link_up(struct tcpc_client *client)
{
    client->link = LINK_UP;D("up\n");
    tcpci_calls_wake(client);
    pthread_cond_broadcast(&client->changed);
}

static void link_down(struct tcpc_client *client)
{
    client->link = LINK_DOWN;D("down\n");
    if (!client->lost_at_ms)
        client->lost_at_ms = tcpci_clock_ms();
    tcpci_calls_recall(client);
}

void tcpci_link_lost(struct tcpc_client *client, uint64_t link_number)
{
    if (client->link_number == link_number && client->link != LINK_DOWN)
        link_down(client);
}

static void on_link_added(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct tcpc_client *client = arg;
    (void)event;
    pthread_mutex_lock(&client->lock);
    client->pipe = pipe;D("added %d\n",nng_pipe_id(pipe));
    client->link_number++;
    client->link = LINK_CHECKING;
    /* Nothing is known yet that another daemon could contradict. Without memory for the check the
     * next answer's boot id will have to do. */
    if (!client->boot_id || !tcpci_call_start_check(client))
        link_up(client);
    pthread_mutex_unlock(&client->lock);
}

static void on_link_removed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct tcpc_client *client = arg;
    (void)event;
    pthread_mutex_lock(&client->lock);
    if (nng_pipe_id(pipe) == nng_pipe_id(client->pipe))
        link_down(client);
    pthread_mutex_unlock(&client->lock);
}

static bool is_session_lost(enum tcpc_code code)
{
    return code == TCPC_SESSION || code == TCPC_NOT_FOUND || code == TCPC_PERMISSION;
}

static void session_lost(struct tcpc_client *client, const struct tcpc_error *error)
{
    client->fatal = *error;
    client->fatal.code = TCPC_SESSION;
    tcpci_calls_wake(client);
}

void tcpci_link_checked(struct tcpc_client *client, const struct call *check)
{
    const struct tcpc_error *error = &check->response->error;
    nng_pipe pipe = NNG_PIPE_INITIALIZER;
    pthread_mutex_lock(&client->lock);
    D("checked %d %s lost %ld\n",error->code,error->message,(long)client->lost_at_ms%100000);if (client->link == LINK_CHECKING && client->link_number == check->link_number &&
        client->fatal.code == TCPC_OK) {
        if (error->code == TCPC_OK)
            link_up(client);
        else if (is_session_lost(error->code))
            session_lost(client, error);
        else
            pipe = client->pipe; /* mute or confused: try another link */
    }
    pthread_mutex_unlock(&client->lock);
    if (nng_pipe_id(pipe) > 0)
        nng_pipe_close(pipe);
}

static int socket_set_up(struct tcpc_client *client)
{
    nng_socket socket = client->socket;
    int rv = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (rv == 0)
        rv = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, TCPC_MESSAGE_MAX);
    if (rv == 0)
        rv = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    if (rv == 0)
        rv = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    if (rv == 0)
        rv = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, on_link_added, client);
    if (rv == 0)
        rv = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, on_link_removed, client);
    return rv;
}

enum tcpc_code tcpci_link_open(struct tcpc_client *client, struct tcpc_error *ret_error)
{
    int number = tcpci_probe_path(client->url);
    if (number)
        return tcpci_probe_explain(client->url, number, ret_error);
    nng_dialer dialer;
    int rv = nng_req0_open(&client->socket);
    if (rv != 0)
        return tcpci_error_set(ret_error, TCPC_NO_MEMORY, "", "nng: %s", nng_strerror(rv));
    rv = socket_set_up(client);
    if (rv == 0)
        rv = nng_dialer_create(&dialer, client->socket, client->url);
    if (rv == 0)
        rv = nng_dialer_start(dialer, NNG_FLAG_NONBLOCK);
    if (rv == 0)
        return TCPC_OK;
    nng_close(client->socket);
    return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, "a control URL looks like ipc:///PATH",
                           "cannot use %s: %s", client->url, nng_strerror(rv));
}

/* True when there is a link; false at until_ms. Under the lock. */
static bool link_wait_slice(struct tcpc_client *client, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int rv = 0;
    while (client->link_number == 0 && rv == 0)
        rv = pthread_cond_timedwait(&client->changed, &client->lock, &until);
    return client->link_number != 0;
}

enum tcpc_code tcpci_link_wait(struct tcpc_client *client, int64_t until_ms,
                               struct tcpc_error *ret_error)
{
    int64_t slice_ms = PROBE_FIRST_MS;
    for (;;) {
        int64_t now_ms = tcpci_clock_ms();
        int64_t slice_until_ms = until_ms - now_ms < slice_ms ? until_ms : now_ms + slice_ms;
        pthread_mutex_lock(&client->lock);
        bool is_linked = link_wait_slice(client, slice_until_ms);
        pthread_mutex_unlock(&client->lock);
        if (is_linked)
            return TCPC_OK;
        int number = tcpci_probe_url(client->url);
        if (number)
            return tcpci_probe_explain(client->url, number, ret_error);
        if (slice_until_ms >= until_ms)
            return tcpci_error_set_code(ret_error, TCPC_DEADLINE, client->url);
        slice_ms = PROBE_EACH_MS;
    }
}
