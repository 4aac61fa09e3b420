/* The link to the daemon: one nng REQ socket with one dialer.
 *
 * nng dials and redials by itself, and reports links that come and go. It would also resend a
 * request by itself, but over whichever link comes next, checked or not. So its resend time is
 * infinite (a request that was out then ends with NNG_ECONNRESET), and resending is up to us:
 *
 *     DOWN --link added, first one--> UP
 *     DOWN --link added--> CHECKING --same boot id, session attached--> UP
 *                                   --another daemon--> (fatal)
 *     UP, CHECKING --link removed, or a call met NNG_ECONNRESET--> DOWN
 *
 * nng 1.5.2 can lose the completion of a read when the pipe is closed, by a failed send or by
 * nng_close(), between two parts of a message (nanomsg/nng#1543, #1813). Its only reaper thread
 * then waits forever: the dialer never redials, and nng_close() does not return. So when no link
 * comes although a daemon listens, the socket is left behind for a new one; and each socket is
 * closed by a thread of its own, which may hang in the caller's place. Without its reaper nng
 * reports no lost link to any client in the program. So a link over which nng takes no request for
 * half of the client's timeout counts as lost; half a second suffices once a socket had to be left
 * behind.
 *
 * Requests are given to nng only in UP. Those still in nng's queue when the link goes are taken
 * back at once, before nng redials (it announces the loss first), so that no request reaches an
 * unchecked daemon. */
#include "link.h"

#include <errno.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>

#include "clock.h"
#include "error.h"
#include "probe.h"
#include "pulse.h"

enum {
    RECONNECT_MIN_MS = 10,
    RECONNECT_MAX_MS = 200,
    PROBE_FIRST_MS = 20,
    PROBE_EACH_MS = 200,
    REPLACE_AFTER_MS = 250,
    REPLACE_FIRST_AFTER_MS = 1000,
    MUTE_MIN_MS = 500,
    MUTE_MAX_MS = 10000,
    CLOSE_WAIT_MS = 1000
};

/* The protocol's limit is 256 KiB per message; larger here, so that the daemon's error decides. */
#define MESSAGE_MAX_BYTES (512u * 1024u)

static _Atomic bool is_reaper_stuck; /* a guess; nng has one reaper for all sockets */

static void link_up(struct tcpc_client *client)
{
    client->link = LINK_UP;
    client->refusal.code = TCPC_OK;
    client->link_ops->wake(client);
    pthread_cond_broadcast(&client->changed);
}

static void link_down(struct tcpc_client *client)
{
    client->link = LINK_DOWN;
    if (!client->lost_at_ms)
        client->lost_at_ms = tcpci_clock_ms();
    client->link_ops->recall(client);
}

void tcpci_link_lost(struct tcpc_client *client, uint64_t link_number)
{
    if (client->link_number == link_number && client->link != LINK_DOWN)
        link_down(client);
}

int64_t tcpci_link_patience_ms(const struct tcpc_client *client)
{
    if (client->timeout_ms == TCPC_WAIT_FOREVER)
        return is_reaper_stuck ? MUTE_MIN_MS : MUTE_MAX_MS;
    int64_t patience_ms = client->timeout_ms / 2;
    return is_reaper_stuck || patience_ms < MUTE_MIN_MS ? MUTE_MIN_MS : patience_ms;
}

void tcpci_link_note_mute(struct tcpc_client *client, uint64_t link_number)
{
    if (client->untaken_since_ms &&
        tcpci_clock_ms() - client->untaken_since_ms >= tcpci_link_patience_ms(client))
        tcpci_link_lost(client, link_number);
}

/* A socket that was left behind may still announce links. Under the lock. */
static bool is_current(const struct tcpc_client *client, nng_pipe pipe)
{
    return nng_socket_id(nng_pipe_socket(pipe)) == nng_socket_id(client->socket);
}

/* 0: not known, as for a daemon in a pid namespace that is not above ours. */
static uint64_t pid_of(nng_pipe pipe)
{
    uint64_t pid;
    return nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid) == 0 ? pid : 0;
}

static void link_added(struct tcpc_client *client, nng_pipe pipe)
{
    client->pipe = pipe;
    client->daemon_pid = pid_of(pipe);
    client->link_number++;
    client->untaken_since_ms = 0;
    client->link = LINK_CHECKING;
    /* The first daemon needs no check: there is no boot id or session yet that it could contradict.
     * (Calls that were out when the link to a daemon broke look at its pid, call.c.)
     * Without memory for the check, the boot id of the next answer has to do. */
    if (!client->boot_id || !client->link_ops->check(client))
        link_up(client);
}

static void on_link_added(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct tcpc_client *client = arg;
    (void)event;
    pthread_mutex_lock(&client->lock);
    if (is_current(client, pipe))
        link_added(client, pipe);
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
    client->link_ops->wake(client);
}

void tcpci_link_checked(struct tcpc_client *client, uint64_t link_number,
                        const struct tcpc_error *error)
{
    nng_pipe pipe = NNG_PIPE_INITIALIZER;
    pthread_mutex_lock(&client->lock);
    if (client->link == LINK_CHECKING && client->link_number == link_number &&
        client->fatal.code == TCPC_OK) {
        if (error->code == TCPC_OK)
            link_up(client);
        else if (is_session_lost(error->code))
            session_lost(client, error);
        else
            pipe = client->pipe; /* no sensible answer: try another link */
        if (error->code == TCPC_RESOURCES)
            client->refusal = *error;
    }
    pthread_mutex_unlock(&client->lock);
    if (nng_pipe_id(pipe) > 0)
        nng_pipe_close(pipe);
}

static int socket_set_up(struct tcpc_client *client, nng_socket socket)
{
    int rv = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (rv == 0)
        rv = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, MESSAGE_MAX_BYTES);
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

static int socket_dial(struct tcpc_client *client, nng_socket *ret_socket)
{
    nng_dialer dialer;
    nng_socket socket;
    int rv = nng_req0_open(&socket);
    if (rv != 0)
        return rv;
    rv = socket_set_up(client, socket);
    if (rv == 0)
        rv = nng_dialer_create(&dialer, socket, client->url);
    if (rv == 0) {
        *ret_socket = socket; /* before the first link can be announced */
        rv = nng_dialer_start(dialer, NNG_FLAG_NONBLOCK);
    }
    if (rv != 0)
        nng_close(socket);
    return rv;
}

enum tcpc_code tcpci_link_open(struct tcpc_client *client, const struct tcpci_link_ops *ops,
                               struct tcpc_error *ret_error)
{
    client->link_ops = ops;
    int number = tcpci_probe_path(client->url);
    if (number)
        return tcpci_probe_explain(client->url, number, ret_error);
    if (!tcpci_pulse_init(client))
        return tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, client->url);
    pthread_mutex_lock(&client->lock);
    int rv = socket_dial(client, &client->socket);
    if (rv == 0)
        tcpci_pulse_start(client);
    pthread_mutex_unlock(&client->lock);
    if (rv == 0)
        return TCPC_OK;
    if (rv == NNG_ENOMEM)
        return tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, client->url);
    return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_CONTROL_URL,
                           "%s is not a usable control URL: %s", client->url, nng_strerror(rv));
}

static void socket_replace(struct tcpc_client *client);

/* Waits for the first link; false at until_ms. Under the lock. */
static bool link_wait_slice(struct tcpc_client *client, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int rv = 0;
    while (client->link_number == 0 && rv == 0)
        rv = pthread_cond_timedwait(&client->changed, &client->lock, &until);
    return client->link_number != 0;
}

/* nng may have met a link that the daemon closed at once, and never dial again. */
static void replace_first(struct tcpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    if (client->link_number == 0)
        socket_replace(client);
    else
        pthread_mutex_unlock(&client->lock);
}

/* Somebody listens and says nothing, or, where that cannot be known, there is nobody. */
static enum tcpc_code no_link_in_time(const struct tcpc_client *client,
                                      struct tcpc_error *ret_error)
{
    if (tcpci_probe_is_possible(client->url))
        return tcpci_error_set_code(ret_error, TCPC_DEADLINE, client->url);
    return tcpci_probe_explain(client->url, ETIMEDOUT, ret_error);
}

enum tcpc_code tcpci_link_wait(struct tcpc_client *client, int64_t until_ms,
                               struct tcpc_error *ret_error)
{
    int64_t slice_ms = PROBE_FIRST_MS;
    int64_t replace_after_ms = REPLACE_FIRST_AFTER_MS;
    int64_t replace_at_ms = tcpci_clock_ms() + replace_after_ms;
    for (;;) {
        int64_t now_ms = tcpci_clock_ms();
        if (now_ms >= replace_at_ms) {
            replace_first(client);
            replace_after_ms *= 2; /* a daemon that is only slow must not be flooded with links */
            replace_at_ms = now_ms + replace_after_ms;
        }
        int64_t slice_until_ms = until_ms - now_ms < slice_ms ? until_ms : now_ms + slice_ms;
        pthread_mutex_lock(&client->lock);
        bool is_linked = link_wait_slice(client, slice_until_ms);
        pthread_mutex_unlock(&client->lock);
        if (is_linked)
            return TCPC_OK;
        int number = tcpci_probe_daemon(client->url);
        if (number)
            return tcpci_probe_explain(client->url, number, ret_error);
        if (slice_until_ms >= until_ms)
            return no_link_in_time(client, ret_error);
        slice_ms = PROBE_EACH_MS;
    }
}

/* --- closing and replacing -------------------------------------------------------------------- */

struct closing {
    nng_socket socket;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done, is_left; /* is_left: the waiter has gone, and the thread frees this */
};

static void closing_free(struct closing *closing)
{
    pthread_mutex_destroy(&closing->lock);
    pthread_cond_destroy(&closing->done);
    free(closing);
}

static void *closing_run(void *arg)
{
    struct closing *closing = arg;
    nng_close(closing->socket);
    pthread_mutex_lock(&closing->lock);
    closing->is_done = true;
    bool is_left = closing->is_left;
    pthread_cond_signal(&closing->done);
    pthread_mutex_unlock(&closing->lock);
    if (is_left)
        closing_free(closing);
    return NULL;
}

static struct closing *closing_start(nng_socket socket)
{
    struct closing *closing = calloc(1, sizeof(*closing));
    pthread_t thread;
    if (closing == NULL)
        return NULL;
    closing->socket = socket;
    pthread_mutex_init(&closing->lock, NULL);
    tcpci_cond_init(&closing->done);
    if (pthread_create(&thread, NULL, closing_run, closing) == 0) {
        pthread_detach(thread);
        return closing;
    }
    closing_free(closing);
    return NULL;
}

/* Waits for at most wait_ms; a socket that hangs is left behind. */
static void socket_close(nng_socket socket, int64_t wait_ms)
{
    int64_t until_ms = tcpci_clock_ms() + wait_ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int rv = 0;
    /* These wait for running callbacks; none comes afterwards. */
    nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, NULL, NULL);
    nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, NULL, NULL);
    struct closing *closing = closing_start(socket);
    if (closing == NULL)
        return;
    pthread_mutex_lock(&closing->lock);
    while (!closing->is_done && rv == 0)
        rv = pthread_cond_timedwait(&closing->done, &closing->lock, &until);
    bool is_done = closing->is_done;
    closing->is_left = !is_done;
    pthread_mutex_unlock(&closing->lock);
    if (is_done)
        closing_free(closing);
}

void tcpci_link_close(struct tcpc_client *client)
{
    socket_close(client->socket, CLOSE_WAIT_MS);
}

/* True for one of the calls that wait for a link, once in a while. Under the lock. */
static bool is_look_due(struct tcpc_client *client)
{
    int64_t now_ms = tcpci_clock_ms();
    int64_t since_ms = client->lost_at_ms;
    if (since_ms < client->replaced_at_ms)
        since_ms = client->replaced_at_ms;
    if (since_ms < client->looked_at_ms)
        since_ms = client->looked_at_ms;
    if (client->link != LINK_DOWN || now_ms - since_ms < REPLACE_AFTER_MS || client->is_closing)
        return false;
    client->looked_at_ms = now_ms;
    return true;
}

/* The lock is held, and released. */
static void socket_replace(struct tcpc_client *client)
{
    nng_socket old = client->socket;
    bool is_replaced = socket_dial(client, &client->socket) == 0;
    if (is_replaced) {
        client->socket_number++;
        client->replaced_at_ms = tcpci_clock_ms();
        is_reaper_stuck = true;
    }
    pthread_mutex_unlock(&client->lock);
    if (is_replaced)
        socket_close(old, 0);
}

void tcpci_link_look(struct tcpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    bool is_due = is_look_due(client);
    pthread_mutex_unlock(&client->lock);
    if (!is_due || tcpci_probe_url(client->url) != 0)
        return;
    pthread_mutex_lock(&client->lock);
    if (client->link == LINK_DOWN && !client->is_closing)
        socket_replace(client);
    else
        pthread_mutex_unlock(&client->lock);
}
