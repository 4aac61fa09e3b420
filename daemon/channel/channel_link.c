#include "channel/channel_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel/channel_news.h"
#include "channel/channel_place.h"
#include "channel/channel_rest.h"
#include "util/log_uid.h"
#include "util/message.h"

#define HELLO_MAX_US (2 * TE_SECOND)

/* --- life ------------------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct channel_link *link = handle->data;
    if (--link->open_handles > 0)
        return;
    if (link->head != NULL)
        munmap(link->head, (size_t)link->layout.total_bytes);
    if (link->bell_fd >= 0)
        close(link->bell_fd);
    close(link->fd);
    free(link->places);
    free(link);
}

static void link_destroy(struct channel_link *link)
{
    channel_rest_drop(link);
    turns_drop(rpc_turns(link->server->rpc), &link->job);
    TAILQ_REMOVE(&link->server->links, link, in_all);
    link->server->rpc->channels--;
    fair_share_put(link->share);
    rpc_link_done(&link->rpc_link);
    uv_close((uv_handle_t *)&link->socket, on_handle_closed);
    if (link->open_handles > 1)
        uv_close((uv_handle_t *)&link->bell, on_handle_closed);
}

void channel_link_end(struct channel_link *link)
{
    if (link->is_closing)
        return;
    link->is_closing = true;
    channel_rest_drop(link);
    uv_poll_stop(&link->socket);
    if (link->open_handles > 1)
        uv_poll_stop(&link->bell);
    shutdown(link->fd, SHUT_RDWR);
    if (link->head != NULL)
        channel_news_ring(link);
    turns_queue(rpc_turns(link->server->rpc), link->share, &link->job);
}

void channel_link_end_left(struct channel_server *server)
{
    struct channel_link *link;
    TAILQ_FOREACH(link, &server->links, in_all)
    {
        struct pollfd left = {.fd = link->fd};
        if (!link->is_closing && poll(&left, 1, 0) == 1)
            channel_link_end(link);
    }
}

/* False: there is more to give up. */
static bool give_up_one(struct channel_link *link)
{
    if (link->places == NULL || link->given_up == link->layout.slot_count)
        return true;
    channel_place_give_up(&link->places[link->given_up++]);
    return false;
}

void channel_link_end_now(struct channel_link *link)
{
    while (!give_up_one(link))
        ;
    link_destroy(link);
}

/* --- turns ------------------------------------------------------------------------------------ */

static void take_more(struct channel_link *link)
{
    struct channel_slots more;
    more.summary = channel_set_take(&link->head->work, more.words);
    channel_slots_move(&link->work, &more);
}

/* What is opened or written in this turn leaves before the FIN of what is closed: a peer that
 * serves one connection at a time then finds the next one when it has ended this one, and need not
 * be woken for both. */
static void put_off(struct channel_link *link, uint32_t slot)
{
    channel_slots_add(&link->late, slot);
}

/* Looks at slots until the slice of time is over. True: there is more to do. */
static bool look(struct channel_link *link)
{
    struct turns *turns = rpc_turns(link->server->rpc);
    bool may_wait = !channel_slots_move(&link->work, &link->late);
    channel_rest_end(link);
    take_more(link);
    do {
        uint32_t slot = channel_slots_take(&link->work);
        if (slot == CHANNEL_SLOTS_MAX)
            return link->late.summary != 0 || !channel_set_is_empty(&link->head->work);
        if (slot >= link->layout.slot_count)
            continue;
        if (may_wait && channel_place_is_closing(&link->places[slot]))
            put_off(link, slot);
        else
            channel_place_look(&link->places[slot]);
    } while (!turns_slice_is_over(turns));
    return true;
}

void channel_link_look_at_unread(struct channel_link *link)
{
    bool has_some = channel_slots_move(&link->work, &link->unread);
    if (has_some && !link->is_closing)
        turns_queue(rpc_turns(link->server->rpc), link->share, &link->job);
}

static void on_job(struct fair_job *job)
{
    struct channel_link *link = job->owner;
    struct turns *turns = rpc_turns(link->server->rpc);
    bool has_more = true;
    if (!link->is_closing) {
        has_more = look(link);
    } else {
        while (has_more && !turns_slice_is_over(turns))
            has_more = !give_up_one(link);
        if (!has_more) {
            link_destroy(link);
            return;
        }
    }
    if (has_more)
        turns_queue(turns, link->share, job);
}

/* --- set-up ----------------------------------------------------------------------------------- */

struct refusal {
    pb_code code;
    int number; /* errno */
    const char *message, *hint;
};

static struct channel_welcome welcome_of(const struct refusal *refusal)
{
    struct channel_welcome welcome = {.magic = CHANNEL_MAGIC, .version = CHANNEL_VERSION};
    if (refusal == NULL)
        return welcome;
    welcome.code = (uint32_t)refusal->code;
    snprintf(welcome.errno_name, sizeof(welcome.errno_name), "%s",
             strerrorname_np(refusal->number));
    snprintf(welcome.message, sizeof(welcome.message), "%s", refusal->message);
    snprintf(welcome.hint, sizeof(welcome.hint), "%s", refusal->hint);
    return welcome;
}

static void refuse(struct channel_link *link, const struct refusal *refusal)
{
    const struct channel_welcome welcome = welcome_of(refusal);
    link->server->rpc->counters.channels_refused++;
    send(link->fd, &welcome, sizeof(welcome), MSG_NOSIGNAL | MSG_DONTWAIT);
    channel_link_end(link);
}

static void refuse_system(struct channel_link *link, const char *what)
{
    char message[sizeof(((struct channel_welcome *)0)->message)];
    int number = errno;
    const struct refusal refusal = {PB_RESOURCES, number, message,
                                    "close channels that are not needed, or try again later"};
    snprintf(message, sizeof(message), "channel: the daemon has no %s for another one: %s", what,
             strerror(number));
    refuse(link, &refusal);
}

/* A memory whose size nobody can change. Returns its descriptor, or -1. */
static int memory_make(struct channel_link *link)
{
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    size_t bytes = (size_t)link->layout.total_bytes;
    int fd = memfd_create("tcpengine-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)bytes) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0) {
        void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
        link->head = memory == MAP_FAILED ? NULL : memory;
    }
    if (link->head != NULL)
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

/* Takes back what was rung. The client decides whether read(2) would block; this cannot. False,
 * errno set: nothing was rung (EAGAIN), or the kernel is older than Linux 5.8. */
static bool bell_read(const struct channel_link *link)
{
    uint64_t count;
    struct iovec iov = {&count, sizeof(count)};
    return preadv2(link->bell_fd, &iov, 1, -1, RWF_NOWAIT) >= 0;
}

static void on_bell(uv_poll_t *poll, int status, int events)
{
    struct channel_link *link = poll->data;
    (void)status; /* it cannot fail */
    (void)events;
    bell_read(link); /* the client may have done so already */
    turns_queue(rpc_turns(link->server->rpc), link->share, &link->job);
}

static bool bell_make(struct channel_link *link)
{
    link->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (link->bell_fd < 0 || bell_read(link) || errno != EAGAIN ||
        uv_poll_init(link->server->rpc->host.loop, &link->bell, link->bell_fd) < 0)
        return false;
    link->bell.data = link;
    link->open_handles++;
    uv_poll_start(&link->bell, UV_READABLE, on_bell);
    return true;
}

static bool places_make(struct channel_link *link)
{
    link->places = calloc(link->layout.slot_count, sizeof(*link->places));
    for (uint32_t i = 0; link->places != NULL && i < link->layout.slot_count; i++)
        channel_place_init(&link->places[i], link);
    return link->places != NULL;
}

static void head_init(struct channel_link *link)
{
    link->head->magic = CHANNEL_MAGIC;
    link->head->version = CHANNEL_VERSION;
    link->head->slot_count = link->layout.slot_count;
    link->head->send_bytes = link->layout.send_bytes;
    link->head->receive_bytes = link->layout.receive_bytes;
    atomic_store(&link->head->daemon_sleeps, 1);
}

static bool welcome_send(const struct channel_link *link, int memory_fd)
{
    struct channel_welcome welcome = welcome_of(NULL);
    welcome.total_bytes = link->layout.total_bytes;
    const int fds[CHANNEL_WELCOME_FDS] = {memory_fd, link->bell_fd};
    return message_send(link->fd, &welcome, sizeof(welcome), fds, CHANNEL_WELCOME_FDS);
}

static void make(struct channel_link *link)
{
    int memory_fd = memory_make(link);
    if (memory_fd < 0) {
        refuse_system(link, "memory or descriptor");
        return;
    }
    if (!places_make(link)) {
        refuse_system(link, "memory");
    } else if (!bell_make(link)) {
        refuse_system(link, "descriptor");
    } else {
        head_init(link);
        link->is_made = true;
        if (welcome_send(link, memory_fd))
            link->server->rpc->counters.channels_made++;
        else
            channel_link_end(link);
    }
    close(memory_fd);
}

/* How many the owner of link has; those that are being given up do not count. */
static unsigned count_made(const struct channel_link *link)
{
    const struct channel_link *other;
    unsigned count = 0;
    TAILQ_FOREACH(other, &link->server->links, in_all)
    count +=
        other->is_made && !other->is_closing && other->rpc_link.account == link->rpc_link.account;
    return count;
}

static bool check_limits(struct channel_link *link)
{
    const struct channel_server_options *options = &link->server->options;
    struct refusal refusal = {PB_RESOURCES, EUSERS, NULL, "close channels that are not needed"};
    char message[128];
    uint32_t uid = link->rpc_link.account->uid;
    if (count_made(link) < options->per_uid_max)
        return true;
    channel_link_end_left(link->server);
    unsigned of_uid = count_made(link);
    if (of_uid < options->per_uid_max)
        return true;
    snprintf(message, sizeof(message),
             "channel: uid %u has %u channels already "
             "(channels_per_uid_max)",
             uid, of_uid);
    refusal.message = message;
    refuse(link, &refusal);
    return false;
}

static bool check_hello(struct channel_link *link, const struct channel_hello *hello, ssize_t len)
{
    static const struct refusal unknown = {PB_UNSUPPORTED, EPROTO,
                                           "channel: this is not the greeting of this version",
                                           "use a library of the daemon's version"};
    static const struct refusal wrong = {
        PB_INVALID_ARGUMENT, EINVAL,
        "channel: there are 1 to 4096 slots, with rings of a power of two of 64 KiB to 4 MiB",
        "ask for less, or for more"};
    if (len != (ssize_t)sizeof(*hello) || hello->magic != CHANNEL_MAGIC ||
        hello->version != CHANNEL_VERSION)
        refuse(link, &unknown);
    else if (hello->aborts > 1 || !channel_layout_init(hello, &link->layout))
        refuse(link, &wrong);
    else
        return true;
    return false;
}

static void on_hello(struct channel_link *link, const struct channel_hello *hello, ssize_t len)
{
    if (!check_hello(link, hello, len) || !check_limits(link))
        return;
    link->aborts = hello->aborts != 0;
    make(link);
}

/* The greeting, then bells, then the end. */
static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct channel_link *link = poll->data;
    struct channel_hello hello;
    (void)events;
    ssize_t len = status < 0 ? 0 : recv(link->fd, &hello, sizeof(hello), MSG_DONTWAIT | MSG_TRUNC);
    if (len < 0 && errno == EAGAIN)
        return;
    if (len <= 0)
        channel_link_end(link);
    else if (link->is_made)
        turns_queue(rpc_turns(link->server->rpc), link->share, &link->job);
    else
        on_hello(link, &hello, len);
}

struct channel_link *channel_link_new(struct channel_server *server, int fd)
{
    struct sp_peer peer;
    struct channel_link *link = calloc(1, sizeof(*link));
    if (link == NULL || !sp_peer_find(fd, server->options.admin_gid, &peer) ||
        !rpc_link_init(&link->rpc_link, server->rpc, &peer)) {
        close(fd);
        free(link);
        return NULL;
    }
    link->share = fair_share_get(&rpc_turns(server->rpc)->fair, peer.uid);
    if (link->share == NULL) {
        rpc_link_done(&link->rpc_link);
        close(fd);
        free(link);
        return NULL;
    }
    link->server = server;
    link->fd = fd;
    link->bell_fd = -1;
    link->pid = (uint32_t)peer.pid;
    link->job = (struct fair_job){.run = on_job, .owner = link};
    link->hello_until_us = rpc_now_us(server->rpc) + HELLO_MAX_US;
    TAILQ_INSERT_TAIL(&server->links, link, in_all);
    server->rpc->channels++;
    uv_poll_init(server->rpc->host.loop, &link->socket, fd);
    link->open_handles = 1;
    link->socket.data = link;
    uv_poll_start(&link->socket, UV_READABLE, on_socket);
    return link;
}
