/* Theory of operation: accepts connections, which arrive (sp_arrivals.c), are admitted in their
 * uid's turn, if there is room for one more link, and become links (sp_link.c). Accepting has turns
 * of its own, since nobody knows whose the next one is: of a storm, the kernel's queue keeps what
 * exceeds them, and its senders wait.
 *
 * The listening socket is polled, not given to uv_listen(), because of what happens when
 * descriptors run out: the server then gives up a spare one, accepts the link on it, closes that
 * and takes the spare again, so that the client notices and the loop does not spin. If even that
 * fails, the server stops accepting for a while. */
#include "sp/sp_server.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sp/sp_arrivals.h"
#include "sp/sp_link.h"
#include "sp/sp_socket.h"

/* Connections accepted per turn. */
#define ACCEPT_BATCH 16
#define REST_MS 100

struct sp_server {
    struct sp_links links; /* first, so that one is found from the other */
    struct sp_arrivals *arrivals;
    struct sp_socket socket;
    uv_poll_t listener; /* of socket.fd; stopped while accepting waits for its turn */
    struct fair_job accepting;
    struct fair_share *accepting_share;
    uv_timer_t rest; /* accepting stopped for lack of resources: try again when it fires */
    int spare_fd;    /* given up to accept and close a link when descriptors run out */
    bool is_listening;
    struct log_limit refused_log;
};

void sp_server_options_init(struct sp_server_options *options)
{
    *options = (struct sp_server_options){.control_gid = SP_PEER_NO_GROUP,
                                          .admin_gid = SP_PEER_NO_GROUP,
                                          .links_per_uid_max = SP_LINKS_PER_UID_MAX_DEFAULT,
                                          .links_max = SP_LINKS_MAX_DEFAULT,
                                          .links_reserve = 8,
                                          .refused_max = 64,
                                          .refused_uid_max = 16,
                                          .requests_per_turn = 16,
                                          .output_pause_bytes = (size_t)256 * 1024,
                                          .output_max_bytes = (size_t)1024 * 1024,
                                          .hello_timeout_ms = 1000,
                                          .message_timeout_ms = 5000,
                                          .stall_timeout_ms = 1000,
                                          .refused_timeout_ms = 1000};
}

/* --- accepting -------------------------------------------------------------------------------- */

static void on_connectable(uv_poll_t *poll, int status, int events);

static void on_rested(uv_timer_t *timer)
{
    struct sp_server *server = timer->data;
    if (server->is_listening)
        uv_poll_start(&server->listener, UV_READABLE, on_connectable);
}

static void server_rest(struct sp_server *server)
{
    uv_poll_stop(&server->listener);
    uv_timer_start(&server->rest, on_rested, REST_MS, 0);
}

/* Links of uid: the refused ones, or the others. */
static unsigned links_of_uid(const struct sp_server *server, uid_t uid, bool is_refused)
{
    const struct sp_link *link;
    unsigned count = 0;
    TAILQ_FOREACH(link, &server->links.all, in_all) /* at most links_max and the closing ones */
    count +=
        !link->is_closing && link->peer.uid == uid && (sp_link_refusal(link) != NULL) == is_refused;
    return count;
}

/* False, counted, and ret_refusal (SP_REFUSAL_MAX bytes) says why: the peer may not have one more
 * link. */
static bool server_has_room(struct sp_server *server, const struct sp_peer *peer, char *ret_refusal)
{
    const struct sp_server_options *options = &server->links.options;
    unsigned reserve = peer->uid == 0 ? options->links_reserve : 0;
    const char *why = NULL;
    if (server->links.count >= options->links_max + reserve) {
        server->links.counters.links_refused_all++;
        why = "too many in all";
        snprintf(ret_refusal, SP_REFUSAL_MAX, "%s: links_max is %u", why, options->links_max);
    } else if (links_of_uid(server, peer->uid, false) >= options->links_per_uid_max + reserve) {
        server->links.counters.links_refused_uid++;
        why = "too many of this uid";
        snprintf(ret_refusal, SP_REFUSAL_MAX, "%s: links_per_uid_max is %u", why,
                 options->links_per_uid_max);
    }
    if (why != NULL)
        log_write_uid(peer->uid, LOG_LEVEL_WARNING,
                      "control socket: link of uid %u (pid %d) refused: %s", peer->uid,
                      (int)peer->pid, why);
    return why == NULL;
}

/* Tells the peer why, if not too many others are being told. */
static void server_refuse(struct sp_server *server, int fd, const struct sp_peer *peer,
                          struct fair_share *share, const char *refusal)
{
    const struct sp_server_options *options = &server->links.options;
    if (server->links.refused_count >= options->refused_max ||
        links_of_uid(server, peer->uid, true) >= options->refused_uid_max ||
        !sp_link_start_refused(&server->links, fd, peer, share, refusal))
        close(fd);
}

static void server_admit(void *ctx, int fd, struct fair_share *share)
{
    struct sp_server *server = ctx;
    struct sp_peer peer;
    char refusal[SP_REFUSAL_MAX];
    if (!sp_peer_find(fd, server->links.options.admin_gid, &peer)) {
        close(fd);
    } else if (!server_has_room(server, &peer, refusal)) {
        server_refuse(server, fd, &peer, share, refusal);
    } else if (!sp_link_start(&server->links, fd, &peer, share)) {
        server->links.counters.links_refused_files++;
        close(fd);
    } else {
        server->links.counters.links_accepted++;
    }
}

/* Takes fd over. In a storm most clients are gone by now: that is found out first. */
static void server_arrive(struct sp_server *server, int fd)
{
    uid_t uid;
    if (sp_arrivals_is_abandoned(server->arrivals, fd) || !sp_peer_find_uid(fd, &uid))
        close(fd);
    else
        sp_arrivals_add(server->arrivals, fd, uid);
}

static int server_accept_fd(const struct sp_server *server)
{
    int fd = accept4(server->socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* No descriptors are left: gives up the spare one to turn one client away. */
static void server_accept_spare(struct sp_server *server)
{
    server->links.counters.links_refused_files++;
    log_write_limited(&server->refused_log, LOG_LEVEL_WARNING,
                      "control socket: link refused: no file descriptors left");
    if (server->spare_fd >= 0)
        close(server->spare_fd);
    int fd = server_accept_fd(server);
    if (fd >= 0)
        close(fd);
    server->spare_fd = dup(server->socket.fd); /* opens no file, so the sandbox allows it */
    if (fd < 0 || server->spare_fd < 0)
        server_rest(server);
}

/* False: there is nothing more to accept for now. */
static bool server_accept_one(struct sp_server *server)
{
    int fd = server_accept_fd(server);
    if (fd >= 0) {
        server_arrive(server, fd);
        return true;
    }
    switch (fd) {
    case -EINTR:
    case -ECONNABORTED:
        return true;
    case -EAGAIN:
        return false;
    case -EMFILE:
    case -ENFILE:
        server_accept_spare(server);
        return false;
    default:
        server->links.counters.links_refused_files++;
        log_write_limited(&server->refused_log, LOG_LEVEL_WARNING,
                          "control socket: link refused: %s", strerror(-fd));
        server_rest(server);
        return false;
    }
}

static void on_accepting(struct fair_job *job)
{
    struct sp_server *server = job->owner;
    struct turns *turns = &server->links.turns;
    for (int left = ACCEPT_BATCH; left > 0 && !turns_slice_is_over(turns); left--) {
        if (server_accept_one(server))
            continue;
        if (!uv_is_active((uv_handle_t *)&server->rest))
            uv_poll_start(&server->listener, UV_READABLE, on_connectable);
        return;
    }
    turns_queue(turns, server->accepting_share, job);
}

static void on_connectable(uv_poll_t *poll, int status, int events)
{
    struct sp_server *server = poll->data;
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    turns_queue(&server->links.turns, server->accepting_share, &server->accepting);
}

/* --- life ------------------------------------------------------------------------------------- */

static void server_destroy(struct sp_links *links)
{
    struct sp_server *server = (struct sp_server *)(void *)links;
    sp_arrivals_free(server->arrivals);
    sp_links_done(links);
    free(server);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct sp_server *server = handle->data;
    sp_links_handle_closed(&server->links);
}

static void handle_adopt(struct sp_server *server, uv_handle_t *handle)
{
    handle->data = server;
    server->links.open_handles++;
}

/* Adds the server's handles to the loop; only the poll can fail. */
static int server_start(struct sp_server *server)
{
    uv_loop_t *loop = server->links.schedule.loop;
    int err = uv_poll_init(loop, &server->listener, server->socket.fd);
    if (err != 0)
        return err;
    uv_timer_init(loop, &server->rest);
    sp_links_start(&server->links);
    handle_adopt(server, (uv_handle_t *)&server->listener);
    handle_adopt(server, (uv_handle_t *)&server->rest);
    server->is_listening = true;
    server->accepting = (struct fair_job){.run = on_accepting, .owner = server};
    server->accepting_share = fair_share_get(&server->links.turns.fair, FAIR_USER_ARRIVALS);
    server->spare_fd = dup(server->socket.fd);
    return uv_poll_start(&server->listener, UV_READABLE, on_connectable);
}

static struct sp_server *server_make(uv_loop_t *loop, const struct sp_server_options *options,
                                     const struct sp_server_callbacks *callbacks)
{
    struct sp_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return NULL;
    server->links.on_all_closed = server_destroy;
    server->spare_fd = -1;
    server->socket.fd = -1;
    if (sp_links_init(&server->links, loop, options, callbacks))
        server->arrivals =
            sp_arrivals_new(&server->links.turns, &server->links.counters, server_admit, server);
    if (server->arrivals != NULL)
        return server;
    server_destroy(&server->links);
    return NULL;
}

int sp_server_new(uv_loop_t *loop, const struct sp_server_options *options,
                  const struct sp_server_callbacks *callbacks, struct sp_server **ret_server)
{
    struct sp_server *server = server_make(loop, options, callbacks);
    if (server == NULL) {
        log_write(LOG_LEVEL_ERROR, "control socket: no memory for %u links", options->links_max);
        return -ENOMEM;
    }
    signal(SIGPIPE, SIG_IGN); /* writing to a client that is gone must not end the daemon */
    int err = sp_socket_open(&server->socket, options->path, options->control_gid);
    if (err == 0) {
        err = server_start(server);
        if (err != 0)
            log_write(LOG_LEVEL_ERROR, "control socket: cannot watch it: %s", strerror(-err));
    }
    if (err != 0 && server->links.open_handles == 0) {
        sp_socket_close(&server->socket);
        server_destroy(&server->links);
        return err;
    }
    if (err != 0) {
        sp_server_free(server);
        return err;
    }
    *ret_server = server;
    return 0;
}

void sp_server_stop_listening(struct sp_server *server)
{
    if (!server->is_listening)
        return;
    server->is_listening = false;
    uv_poll_stop(&server->listener);
    uv_timer_stop(&server->rest);
    turns_drop(&server->links.turns, &server->accepting);
    sp_socket_close(&server->socket);
    sp_arrivals_free(server->arrivals);
    server->arrivals = NULL;
    if (server->spare_fd >= 0)
        close(server->spare_fd);
    server->spare_fd = -1;
}

void sp_server_free(struct sp_server *server)
{
    if (server == NULL)
        return;
    sp_server_stop_listening(server);
    sp_links_end(&server->links);
    uv_close((uv_handle_t *)&server->listener, on_handle_closed);
    uv_close((uv_handle_t *)&server->rest, on_handle_closed);
}

struct turns *sp_server_turns(struct sp_server *server)
{
    return &server->links.turns;
}

const struct sp_counters *sp_server_counters(const struct sp_server *server)
{
    return &server->links.counters;
}

unsigned sp_server_link_count(const struct sp_server *server)
{
    return server->links.count;
}
