/* The channel of stream.h: set-up, news, bells. The streams are in shared_stream.c. */
#include "shared.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "beside.h"
#include "clock.h"
#include "error.h"

#define STREAMS_DEFAULT 1024
#define SEND_RING_DEFAULT (1024u * 1024)
/* A fast peer fills it while this program is being woken. */
#define RECEIVE_RING_DEFAULT (4u * 1024 * 1024)
#define ANSWER_MAX_MS 5000
/* How often a waiting program checks that the daemon is alive. */
#define LINK_LOOK_MS 250

/* --- bells ------------------------------------------------------------------------------------ */

struct channel_slot *tcpci_shared_slot(const struct tcpc_stream *stream)
{
    return channel_slot_at(stream->channel->head, stream->slot);
}

void tcpci_shared_kick(struct tcpc_stream *stream)
{
    struct tcpc_channel *channel = stream->channel;
    channel_set_add(&channel->head->work, stream->slot);
    uint64_t one = 1;
    if (channel_should_ring(&channel->head->daemon_sleeps) != CHANNEL_AWAKE &&
        write(channel->bell_fd, &one, sizeof(one)) < 0)
        return; /* EAGAIN: it was rung often enough */
}

/* The daemon is gone, or has ended the channel: news for all streams. */
static void die(struct tcpc_channel *channel)
{
    channel->is_dead = true;
    for (uint32_t i = 0; i < channel->layout.slot_count; i++)
        if (channel->streams[i].is_used && channel->streams[i].end_op == CHANNEL_OP_NONE)
            channel_slots_add(&channel->news, i);
}

/* Takes a bell out of the socket. False: there is none. */
static bool read_bell(struct tcpc_channel *channel)
{
    char byte;
    ssize_t len = recv(channel->fd, &byte, 1, MSG_DONTWAIT);
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
        if (!channel->is_dead)
            die(channel);
    return len > 0;
}

/* True: there is more than before. */
static bool take_news(struct tcpc_channel *channel)
{
    struct channel_slots more;
    more.summary = channel_set_take(&channel->head->ready, more.words);
    return channel_slots_move(&channel->news, &more);
}

/* Awake again: whoever has cleared the flag rings, or has rung. */
static void wake(struct tcpc_channel *channel)
{
    if (!channel->is_armed)
        return;
    channel->is_armed = false;
    if (atomic_exchange(&channel->head->client_sleeps, 0) == 0)
        channel->is_bell_due = true;
    else
        read_bell(channel); /* one that came as we woke by ourselves, or the end */
}

/* The bell that was rung is taken back, or the descriptor would stay readable. */
static void silence(struct tcpc_channel *channel)
{
    if (channel->is_bell_due && read_bell(channel))
        channel->is_bell_due = false;
}

/* Before it sleeps: what is less than least need not wake it. */
static void want(struct tcpc_channel *channel, enum channel_news least)
{
    if (channel->unasked_count > 0)
        least = CHANNEL_NEWS_ANSWER;
    atomic_store(&channel->head->client_wants, (uint32_t)least);
}

/* True: nothing is new, and the bell will be rung for the next news that is no less than least. */
static bool arm(struct tcpc_channel *channel, enum channel_news least)
{
    struct channel_head *head = channel->head;
    silence(channel);
    want(channel, least);
    channel->is_armed = channel_may_sleep(&head->client_sleeps, CHANNEL_SLEEPS, &head->ready);
    return channel->is_armed;
}

static bool spin(struct tcpc_channel *channel)
{
    struct timespec now;
    if (channel->spin_us == 0)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t until_ns = now.tv_sec * 1000000000 + now.tv_nsec + channel->spin_us * INT64_C(1000);
    do {
        for (unsigned i = 0; i < 64; i++)
            if (!channel_set_is_empty(&channel->head->ready))
                return take_news(channel);
        sched_yield(); /* whoever is to answer us may wait for this processor */
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec * 1000000000 + now.tv_nsec < until_ns);
    return false;
}

/* The daemon takes microseconds for it; but it may have died there. */
static void await_drop(struct tcpc_channel *channel, const struct channel_slot *slot)
{
    struct pollfd fds = {.fd = channel->fd};
    while (atomic_load(&slot->drops) != 0 && poll(&fds, 1, 0) == 0)
        sched_yield();
}

void tcpci_shared_claim(const struct tcpc_stream *stream)
{
    struct channel_slot *slot = tcpci_shared_slot(stream);
    atomic_store(&slot->writes, 1);
    if (atomic_load(&slot->drops) != 0)
        await_drop(stream->channel, slot);
}

/* Until until_ms, but no longer than LINK_LOOK_MS. */
static unsigned left_ms(int64_t until_ms)
{
    if (until_ms == TCPC_MS_NEVER)
        return LINK_LOOK_MS;
    int64_t left = until_ms - tcpci_clock_ms();
    return left <= 0 ? 0 : left > LINK_LOOK_MS ? LINK_LOOK_MS : (unsigned)left;
}

/* The end of the channel wakes nobody who sleeps on the word, if the daemon had no time for it. */
static void check_link(struct tcpc_channel *channel)
{
    char byte;
    silence(channel);
    ssize_t len = recv(channel->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (!channel->is_dead && (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)))
        die(channel);
}

static void sleep_on_word(struct tcpc_channel *channel, enum channel_news least, unsigned ms)
{
    struct channel_head *head = channel->head;
    want(channel, least);
    if (!channel_may_sleep(&head->client_sleeps, CHANNEL_SLEEPS_ON_WORD, &head->ready))
        return;
    channel_word_sleep(&head->client_sleeps, ms);
    atomic_store(&head->client_sleeps, CHANNEL_AWAKE);
}

bool tcpci_shared_wait(struct tcpc_channel *channel, enum channel_news least, int64_t until_ms)
{
    wake(channel);
    if (take_news(channel) || spin(channel))
        return true;
    while (!channel->is_dead) {
        unsigned ms = left_ms(until_ms);
        if (ms > 0)
            sleep_on_word(channel, least, ms);
        if (take_news(channel))
            return true;
        check_link(channel);
        if (ms == 0)
            return false;
    }
    return false;
}

/* --- streams in use --------------------------------------------------------------------------- */

void tcpci_shared_put(struct tcpc_stream *stream)
{
    struct tcpc_channel *channel = stream->channel;
    stream->is_used = false;
    stream->next_free = channel->first_free;
    channel->first_free = stream->slot;
}

bool tcpci_shared_is_answered(const struct tcpc_stream *stream)
{
    uint32_t answered =
        atomic_load_explicit(&tcpci_shared_slot(stream)->answered, memory_order_acquire);
    return answered == stream->asked;
}

void tcpci_shared_ask(struct tcpc_stream *stream, uint32_t op)
{
    struct channel_slot *slot = tcpci_shared_slot(stream);
    atomic_store_explicit(&slot->op, op, memory_order_relaxed);
    atomic_store_explicit(&slot->asked, ++stream->asked, memory_order_release);
    tcpci_shared_kick(stream);
}

static void ask_to_end(struct tcpc_stream *stream)
{
    stream->is_end_asked = true;
    tcpci_shared_ask(stream, stream->end_op);
}

void tcpci_shared_end(struct tcpc_stream *stream, uint32_t op)
{
    stream->end_op = op;
    stream->channel->ending_count++;
    if (tcpci_shared_is_answered(stream))
        ask_to_end(stream);
    else
        stream->channel->unasked_count++;
}

/* An answer came to a stream that was given up. */
static void go_on_ending(struct tcpc_stream *stream)
{
    if (!tcpci_shared_is_answered(stream))
        return;
    if (stream->is_end_asked) {
        stream->channel->ending_count--;
        tcpci_shared_put(stream);
        return;
    }
    stream->channel->unasked_count--;
    ask_to_end(stream);
}

/* Takes the news of streams that were given up out of all others. */
static void reclaim(struct tcpc_channel *channel)
{
    for (uint32_t i = 0; i < channel->layout.slot_count && channel->ending_count > 0; i++) {
        struct tcpc_stream *stream = &channel->streams[i];
        bool is_ending = stream->is_used && stream->end_op != CHANNEL_OP_NONE;
        if (is_ending && channel_slots_remove(&channel->news, i))
            go_on_ending(stream);
    }
}

/* False: all are in use, and none of them becomes free. */
static bool await_free(struct tcpc_channel *channel)
{
    uint32_t none = channel->layout.slot_count;
    int64_t until_ms = tcpci_clock_ms() + ANSWER_MAX_MS;
    do {
        take_news(channel);
        reclaim(channel);
    } while (channel->first_free == none && channel->ending_count > 0 &&
             tcpci_shared_wait(channel, CHANNEL_NEWS_ANSWER, until_ms));
    return channel->first_free != none;
}

struct tcpc_stream *tcpci_shared_take_stream(struct tcpc_channel *channel)
{
    if (channel->first_free == channel->layout.slot_count && !await_free(channel))
        return NULL;
    uint32_t slot = channel->first_free;
    struct tcpc_stream *stream = &channel->streams[slot];
    channel->first_free = stream->next_free;
    *stream = (struct tcpc_stream){
        .channel = channel, .slot = slot, .asked = stream->asked, .is_used = true};
    struct channel_slot *shared = tcpci_shared_slot(stream);
    atomic_store_explicit(&shared->written, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->released, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->finished, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->wants_room, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->writes, 0, memory_order_relaxed);
    return stream;
}

/* The stream that the news is about; NULL: it is for nobody. */
static struct tcpc_stream *reported(struct tcpc_stream *stream)
{
    if (!stream->is_used)
        return NULL;
    if (stream->end_op != CHANNEL_OP_NONE) {
        go_on_ending(stream);
        return NULL;
    }
    if (stream->listener == NULL)
        return stream;
    uint32_t state = atomic_load(&tcpci_shared_slot(stream)->state);
    return state == CHANNEL_ACCEPTING ? NULL : stream->listener;
}

struct tcpc_stream *tcpc_channel_next(struct tcpc_channel *channel)
{
    wake(channel);
    for (;;) {
        uint32_t slot = channel_slots_take(&channel->news);
        if (slot < channel->layout.slot_count) {
            struct tcpc_stream *stream = reported(&channel->streams[slot]);
            if (stream != NULL)
                return stream;
        } else if (!take_news(channel) && (channel->is_dead || arm(channel, CHANNEL_NEWS_OPENED))) {
            return NULL;
        }
    }
}

int tcpc_channel_descriptor(const struct tcpc_channel *channel)
{
    return channel->fd;
}

/* --- set-up ----------------------------------------------------------------------------------- */

static const char *url_choose(const struct tcpc_channel_options *options)
{
    const char *url = options->url != NULL ? options->url : getenv("TCPENGINE_CONTROL");
    return url != NULL && *url != '\0' ? url : TCPC_DEFAULT_URL;
}

static enum tcpc_code greet(struct tcpc_channel *channel,
                            const struct tcpc_channel_options *options,
                            struct tcpc_error *ret_error)
{
    const struct channel_hello hello = {
        .magic = CHANNEL_MAGIC,
        .version = CHANNEL_VERSION,
        .slot_count = options->streams_max != 0 ? options->streams_max : STREAMS_DEFAULT,
        .send_bytes = options->send_bytes != 0 ? options->send_bytes : SEND_RING_DEFAULT,
        .receive_bytes =
            options->receive_bytes != 0 ? options->receive_bytes : RECEIVE_RING_DEFAULT,
        .aborts = options->aborts,
    };
    struct sockaddr_un address;
    if (!channel_layout_init(&hello, &channel->layout) ||
        !tcpci_beside_address(channel->url, CHANNEL_PATH_SUFFIX, &address))
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "a channel has 1 to 4096 streams, rings of a power of two of 64 KiB "
                               "to 4 MiB, and an ipc:// URL");
    channel->fd = tcpci_beside_connect(&address);
    if (channel->fd < 0)
        return tcpci_beside_fail(channel->url, ret_error);
    /* A daemon that refuses at once has closed already; what it said is there to be read. */
    if (send(channel->fd, &hello, sizeof(hello), MSG_NOSIGNAL) < 0 && errno != EPIPE)
        return tcpci_beside_fail(channel->url, ret_error);
    return TCPC_OK;
}

/* The answer, and the descriptors; -1: none came, and errno is ETIMEDOUT if that took too
 * long. */
static ssize_t welcome_read(const struct tcpc_channel *channel, struct channel_welcome *ret_welcome,
                            int ret_fds[CHANNEL_WELCOME_FDS])
{
    struct pollfd fds = {.fd = channel->fd, .events = POLLIN};
    ret_fds[0] = ret_fds[1] = -1;
    int count = poll(&fds, 1, ANSWER_MAX_MS);
    if (count != 1) {
        errno = count == 0 ? ETIMEDOUT : errno;
        return -1;
    }
    ssize_t len = tcpci_beside_receive(channel->fd, MSG_DONTWAIT, ret_welcome, sizeof(*ret_welcome),
                                       ret_fds, CHANNEL_WELCOME_FDS);
    if (len < 0 &&
        errno == ECONNRESET) /* refused before it read our greeting; its answer follows */
        len = tcpci_beside_receive(channel->fd, MSG_DONTWAIT, ret_welcome, sizeof(*ret_welcome),
                                   ret_fds, CHANNEL_WELCOME_FDS);
    return len;
}

static enum tcpc_code welcome_check(const struct channel_welcome *welcome, ssize_t len,
                                    const struct tcpc_channel *channel,
                                    struct tcpc_error *ret_error)
{
    if (len < 0 && errno != ETIMEDOUT)
        return tcpci_beside_fail(channel->url, ret_error);
    if (len < 0)
        return tcpci_error_set_code(ret_error, TCPC_DEADLINE, channel->url);
    if (len != (ssize_t)sizeof(*welcome) || welcome->magic != CHANNEL_MAGIC ||
        welcome->version != CHANNEL_VERSION)
        return tcpci_error_set_code(ret_error, TCPC_PROTOCOL, channel->url);
    if (welcome->code == TCPC_OK)
        return TCPC_OK;
    enum tcpc_code code = tcpci_error_set(ret_error, (enum tcpc_code)welcome->code, TCPC_HINT_NONE,
                                          "%s", welcome->message);
    if (ret_error == NULL)
        return code;
    tcpci_text_copy(ret_error->hint, sizeof(ret_error->hint), welcome->hint);
    tcpci_text_copy(ret_error->errno_name, sizeof(ret_error->errno_name), welcome->errno_name);
    return code;
}

static bool memory_map(struct tcpc_channel *channel, int fd)
{
    void *memory = mmap(NULL, (size_t)channel->layout.total_bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_NORESERVE, fd, 0);
    channel->head = memory == MAP_FAILED ? NULL : memory;
    return channel->head != NULL;
}

static bool streams_make(struct tcpc_channel *channel)
{
    uint32_t count = channel->layout.slot_count;
    channel->streams = calloc(count, sizeof(*channel->streams));
    for (uint32_t i = 0; channel->streams != NULL && i < count; i++)
        channel->streams[i].next_free = i + 1;
    return channel->streams != NULL;
}

static enum tcpc_code set_up(struct tcpc_channel *channel,
                             const struct tcpc_channel_options *options,
                             struct tcpc_error *ret_error)
{
    struct channel_welcome welcome;
    int fds[CHANNEL_WELCOME_FDS];
    enum tcpc_code code = greet(channel, options, ret_error);
    if (code != TCPC_OK)
        return code;
    ssize_t len = welcome_read(channel, &welcome, fds);
    channel->bell_fd = fds[1];
    code = welcome_check(&welcome, len, channel, ret_error);
    bool is_mapped = code == TCPC_OK && fds[0] >= 0 &&
                     welcome.total_bytes == channel->layout.total_bytes &&
                     memory_map(channel, fds[0]);
    if (fds[0] >= 0)
        close(fds[0]);
    if (code == TCPC_OK && (!is_mapped || !streams_make(channel)))
        code = tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, channel->url);
    return code;
}

enum tcpc_code tcpc_channel_new(const struct tcpc_channel_options *options,
                                struct tcpc_channel **ret_channel, struct tcpc_error *ret_error)
{
    static const struct tcpc_channel_options defaults = {.url = NULL};
    options = options != NULL ? options : &defaults;
    tcpci_error_clear(ret_error);
    struct tcpc_channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL)
        return tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, "");
    channel->fd = channel->bell_fd = -1;
    channel->spin_us = options->spin_us;
    channel->url = strdup(url_choose(options));
    enum tcpc_code code = channel->url != NULL
                              ? set_up(channel, options, ret_error)
                              : tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, "");
    if (code == TCPC_OK)
        *ret_channel = channel;
    else
        tcpc_channel_free(channel);
    return code;
}

void tcpc_channel_free(struct tcpc_channel *channel)
{
    if (channel == NULL)
        return;
    if (channel->fd >= 0)
        close(channel->fd);
    if (channel->bell_fd >= 0)
        close(channel->bell_fd);
    if (channel->head != NULL)
        munmap(channel->head, (size_t)channel->layout.total_bytes);
    free(channel->streams);
    free(channel->url);
    free(channel);
}
