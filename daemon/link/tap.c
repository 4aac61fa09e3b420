/* Theory of operation: the descriptor is always polled for reading, and for writing while a frame
 * waits because the kernel's queue was full. That frame is a copy, since the engine's memory behind
 * it may change. Four states:
 *
 *   UP    frames flow
 *   DOWN  writes fail with EIO, or the timer saw the link down: output is dropped, as by a NIC
 *         without a cable, so that retransmission timers and user timeouts run as usual
 *   NO_CARRIER  the same, for a link that is up and whose carrier was switched off
 *   GONE  the device was deleted: the descriptor is closed, and the timer tries to recreate it
 *
 * The timer runs every TAP_CHECK_INTERVAL_MS in every state, because nothing else shows that the
 * link went down while nothing was sent. It asks by our own descriptor, so that it needs no new
 * one, and an interface that was renamed is still ours. */
#include "link/tap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "link/link_stats.h"
#include "link/vnet.h"
#include "util/log.h"
#include "util/spare.h"

/* A queue that we may not set can be longer than the configuration says: Linux' own is 1,000. */
#define QUEUE_LEN_MIN 1000
/* After so many lone frames, one is read without asking for another, but for each LONE_PROBEth. */
#define LONE_MIN 4
#define LONE_PROBE 8
#define LONE_BYTES_MAX 512
#define TAP_BUFFER_BYTES (VNET_HEADER_BYTES + TAP_FRAME_MAX)

/* A poll handle can watch only one descriptor in its life, so each opening has its own. */
struct tap_poll {
    uv_poll_t handle; /* data: the tap */
};

struct tap {
    uv_loop_t *loop;
    struct tap_options options;
    struct tap_handlers handlers;
    void (*on_state)(void *ctx, enum tap_state state);
    void *state_ctx;

    int fd;              /* -1 when GONE */
    int control;         /* tap_device_control() */
    int link_stats;      /* link_stats_open(); -1: the kernel does not count for us */
    char name[IFNAMSIZ]; /* at present; options.name is what it is made as */
    struct tap_poll *poll;
    uv_timer_t timer;
    enum tap_state state;
    bool is_open_failure_told;
    struct log_limit error_limit;
    struct offloads offloads; /* of this opening, or the last */
    unsigned refused_told;    /* offloads */
    struct tap_stats stats;
    /* The kernel's count starts anew with each device. */
    uint64_t kernel_dropped_before, kernel_dropped_last;

    unsigned lone_count; /* wake-ups in succession that found one small frame */

    size_t waiting_len; /* of the frame that waits in waiting; 0: none */
    uint8_t waiting[TAP_BUFFER_BYTES];
    /* The header's 10 bytes and Ethernet's 14 leave the IP header aligned. */
    _Alignas(8) uint8_t received[TAP_BUFFER_BYTES];
};

static void on_poll(uv_poll_t *handle, int status, int events);

/* --- states ----------------------------------------------------------------------------------- */

static const char *const state_texts[] = {[TAP_UP] = "up",
                                          [TAP_DOWN] = "link is down",
                                          [TAP_NO_CARRIER] = "link has no carrier",
                                          [TAP_GONE] = "device is gone"};
/* What to type, up to the interface's name, and after it. */
static const struct {
    const char *before, *after;
} state_advice[] = {[TAP_DOWN] = {"; 'ip link set ", " up' as root brings it up"},
                    [TAP_NO_CARRIER] = {"; 'ip link set ", " carrier on' as root switches it on"},
                    [TAP_GONE] = {"; we try to make ", " anew every second"}};

static void state_tell(const struct tap *tap)
{
    if (tap->state == TAP_UP)
        log_write(LOG_LEVEL_NOTICE, "TAP %s: up", tap->name);
    else
        log_write(LOG_LEVEL_WARNING, "TAP %s: %s; frames are dropped until it is back%s%s%s",
                  tap->name, state_texts[tap->state], state_advice[tap->state].before, tap->name,
                  state_advice[tap->state].after);
}

static void state_set(struct tap *tap, enum tap_state state)
{
    if (tap->state == state)
        return;
    tap->state = state;
    state_tell(tap);
    if (tap->on_state != NULL)
        tap->on_state(tap->state_ctx, state);
}

static void name_set(struct tap *tap, const char *name)
{
    if (strcmp(tap->name, name) == 0)
        return;
    if (strcmp(name, tap->options.name) != 0)
        log_write(LOG_LEVEL_WARNING,
                  "TAP %s was renamed to %s, and still works; rename it back, or write tap = %s "
                  "into the configuration, or the next start will not find it",
                  tap->name, name, name);
    else
        log_write(LOG_LEVEL_NOTICE, "TAP %s has its name again", name);
    memcpy(tap->name, name, sizeof(tap->name));
}

static void poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void poll_close(struct tap *tap)
{
    if (tap->poll != NULL) {
        tap->poll->handle.data = tap->poll;
        uv_close((uv_handle_t *)&tap->poll->handle, poll_closed);
        tap->poll = NULL;
    }
    if (tap->fd >= 0)
        close(tap->fd);
    tap->fd = -1;
}

static void waiting_drop(struct tap *tap)
{
    if (tap->waiting_len == 0)
        return;
    tap->waiting_len = 0;
    tap->stats.dropped_down++;
    if (tap->handlers.on_writable != NULL)
        tap->handlers.on_writable(tap->handlers.ctx);
}

static void device_lost(struct tap *tap)
{
    poll_close(tap);
    tap->is_open_failure_told = false;
    state_set(tap, TAP_GONE);
    waiting_drop(tap);
}

static int poll_events(const struct tap *tap)
{
    return UV_READABLE | (tap->waiting_len > 0 ? UV_WRITABLE : 0);
}

static int poll_start(struct tap *tap)
{
    return uv_poll_start(&tap->poll->handle, poll_events(tap), on_poll);
}

/* Makes the loop watch fd. Takes fd over, also on failure. */
static bool poll_open(struct tap *tap, int fd)
{
    struct tap_poll *poll = malloc(sizeof(*poll));
    if (poll == NULL || uv_poll_init(tap->loop, &poll->handle, fd) < 0) {
        free(poll);
        close(fd);
        return false;
    }
    poll->handle.data = tap;
    tap->poll = poll;
    tap->fd = fd;
    if (tap->handlers.on_frame != NULL)
        poll_start(tap);
    return true;
}

/* What the kernel says; when it says nothing, nothing has changed. Takes a new name over. */
static enum tap_state state_ask(struct tap *tap)
{
    char name[IFNAMSIZ];
    enum tap_link link = tap_device_link(tap->fd, tap->control, name);
    if (link == TAP_LINK_GONE)
        return TAP_GONE;
    if (link == TAP_LINK_UNKNOWN)
        return tap->state == TAP_GONE ? TAP_DOWN : tap->state;
    name_set(tap, name);
    if (link == TAP_LINK_NO_CARRIER)
        return TAP_NO_CARRIER;
    return link == TAP_LINK_UP ? TAP_UP : TAP_DOWN;
}

static void state_check(struct tap *tap)
{
    enum tap_state state = state_ask(tap);
    if (state == TAP_GONE)
        device_lost(tap);
    else
        state_set(tap, state);
}

/* Once, though the device may be opened again and again. */
static void refused_tell(struct tap *tap)
{
    char text[OFFLOAD_TEXT_MAX];
    unsigned refused = offload_refused(&tap->offloads);
    if ((refused & ~tap->refused_told) == 0)
        return;
    tap->refused_told |= refused;
    offload_format(refused, text);
    log_write(LOG_LEVEL_WARNING,
              "TAP %s: the kernel refuses some offloads, which are off now:%s; large transfers "
              "take more CPU time",
              tap->name, text);
}

static void device_reopen(struct tap *tap)
{
    char message[TAP_MESSAGE_MAX];
    spare_lend(); /* a client may have taken the old one's place */
    int fd = tap_device_open(&tap->options, tap->control, &tap->offloads, message);
    if (fd < 0) {
        if (!tap->is_open_failure_told)
            log_write(LOG_LEVEL_ERROR, "%s; trying again every second", message);
        tap->is_open_failure_told = true;
    } else if (poll_open(tap, fd)) {
        memcpy(tap->name, tap->options.name, sizeof(tap->name));
        tap->stats.reopened++;
        refused_tell(tap);
        state_check(tap);
    }
    spare_return();
}

static void on_timer(uv_timer_t *timer)
{
    struct tap *tap = timer->data;
    if (tap->state == TAP_GONE)
        device_reopen(tap);
    else
        state_check(tap);
}

/* --- frames from the kernel ------------------------------------------------------------------- */

/* The bytes of the header in front of each frame. */
static size_t header_bytes(const struct tap *tap)
{
    return tap->offloads.has_header ? VNET_HEADER_BYTES : 0;
}

/* A frame is at the same place in the buffer with and without a header. */
static uint8_t *receive_buffer(struct tap *tap)
{
    return tap->received + VNET_HEADER_BYTES - header_bytes(tap);
}

static bool meta_read(const struct tap *tap, size_t frame_len, struct te_frame_meta *ret_meta)
{
    struct virtio_net_hdr header = {0};
    if (tap->offloads.has_header)
        memcpy(&header, tap->received, VNET_HEADER_BYTES);
    return vnet_to_meta(&header, frame_len, ret_meta);
}

static void frame_received(struct tap *tap, size_t len)
{
    struct te_frame_meta meta;
    size_t frame_len = len - header_bytes(tap);
    if (len < header_bytes(tap) || !meta_read(tap, frame_len, &meta)) {
        tap->stats.dropped_malformed++;
        return;
    }
    tap->stats.frames_in++;
    tap->stats.frame_bytes_in += frame_len;
    tap->handlers.on_frame(tap->handlers.ctx, tap->received + VNET_HEADER_BYTES, frame_len, &meta);
}

/* What read(2) and writev(2) fail with once the device is deleted, whether or not another one has
 * its name. */
static bool is_lost(int error)
{
    return error == EBADFD || error == EBADF || error == ENODEV || error == ENXIO;
}

/* False at the end of the batch. */
static bool read_one(struct tap *tap)
{
    ssize_t len = read(tap->fd, receive_buffer(tap), header_bytes(tap) + TAP_FRAME_MAX);
    if (len >= 0) {
        frame_received(tap, (size_t)len);
        return true;
    }
    if (errno == EAGAIN)
        return false;
    if (errno == EINTR)
        return true;
    if (is_lost(errno)) {
        device_lost(tap);
        return false;
    }
    /* A problem with this one frame, which is lost; the next may be fine. */
    tap->stats.read_errors++;
    log_write_limited(&tap->error_limit, LOG_LEVEL_WARNING, "TAP %s: read: %s", tap->name,
                      strerror(errno));
    return errno != EIO;
}

static void read_frames(struct tap *tap, unsigned frames_max, uint64_t bytes_max)
{
    uint64_t before = tap->stats.frame_bytes_in;
    for (unsigned i = 0; i < frames_max; i++)
        if (!read_one(tap) || tap->stats.frame_bytes_in - before >= bytes_max)
            break;
    if (tap->handlers.on_batch_end != NULL && tap->stats.frame_bytes_in != before)
        tap->handlers.on_batch_end(tap->handlers.ctx);
}

void tap_read_waiting(struct tap *tap)
{
    uint32_t queue_len = tap->options.queue_len;
    if (tap->fd >= 0 && tap->handlers.on_frame != NULL)
        read_frames(tap, queue_len > QUEUE_LEN_MIN ? queue_len : QUEUE_LEN_MIN, UINT64_MAX);
}

void tap_read_batch(struct tap *tap)
{
    if (tap->fd >= 0 && tap->handlers.on_frame != NULL)
        read_frames(tap, TAP_BATCH_MAX, TAP_BATCH_BYTES_MAX);
}

/* --- frames to the kernel --------------------------------------------------------------------- */

/* False: the queue is full. Any other failure drops the frame. */
static bool write_frame(struct tap *tap, const struct iovec *iov, int iov_count, size_t total_bytes)
{
    ssize_t written;
    do {
        written = writev(tap->fd, iov, iov_count);
    } while (written < 0 && errno == EINTR);
    if (written >= 0) {
        tap->stats.frames_out++;
        tap->stats.frame_bytes_out += total_bytes - header_bytes(tap);
        return true;
    }
    if (errno == EAGAIN)
        return false;
    if (errno == EIO) {
        tap->stats.dropped_down++;
        state_set(tap, TAP_DOWN);
    } else if (is_lost(errno)) {
        tap->stats.dropped_down++;
        device_lost(tap);
    } else {
        tap->stats.dropped_error++;
        log_write_limited(&tap->error_limit, LOG_LEVEL_WARNING,
                          "TAP %s: the kernel refused a frame of %zu bytes: %s", tap->name,
                          total_bytes - header_bytes(tap), strerror(errno));
    }
    return true;
}

static void keep_waiting(struct tap *tap, const struct iovec *iov, int iov_count)
{
    tap->waiting_len = 0;
    for (int i = 0; i < iov_count; i++) {
        assert(tap->waiting_len + iov[i].iov_len <= sizeof(tap->waiting));
        memcpy(tap->waiting + tap->waiting_len, iov[i].iov_base, iov[i].iov_len);
        tap->waiting_len += iov[i].iov_len;
    }
    tap->stats.queue_full++;
    poll_start(tap);
}

enum tap_write_result tap_write(struct tap *tap, const struct te_output *output)
{
    struct virtio_net_hdr header;
    struct iovec iov[1 + TE_OUTPUT_IOVEC_MAX];
    int iov_count = 1 + (int)output->iov_count;
    assert(output->iov_count <= TE_OUTPUT_IOVEC_MAX && output->total_bytes <= TAP_FRAME_MAX);
    if (tap->waiting_len > 0)
        return TAP_WRITE_FULL;
    if (tap->state != TAP_UP) {
        tap->stats.dropped_down++;
        return TAP_WRITE_OK;
    }
    vnet_from_meta(&output->meta, &header);
    iov[0] = (struct iovec){.iov_base = &header, .iov_len = header_bytes(tap)};
    for (unsigned i = 0; i < output->iov_count; i++)
        /* writev(2) only reads, though its struct is not const. */
        iov[i + 1] = (struct iovec){.iov_base = (void *)(uintptr_t)output->iov[i].base,
                                    .iov_len = output->iov[i].len};
    if (write_frame(tap, iov, iov_count, header_bytes(tap) + output->total_bytes))
        return TAP_WRITE_OK;
    keep_waiting(tap, iov, iov_count);
    return TAP_WRITE_FULL;
}

static void write_waiting(struct tap *tap)
{
    struct iovec iov = {.iov_base = tap->waiting, .iov_len = tap->waiting_len};
    if (tap->waiting_len == 0 || !write_frame(tap, &iov, 1, tap->waiting_len))
        return;
    tap->waiting_len = 0;
    if (tap->poll != NULL)
        poll_start(tap);
    if (tap->handlers.on_writable != NULL)
        tap->handlers.on_writable(tap->handlers.ctx);
}

/* While one small frame comes at a time, most readings do not ask whether there is another: the
 * next turn of the loop would tell at once. */
static void read_ready(struct tap *tap)
{
    uint64_t frames = tap->stats.frames_in, bytes = tap->stats.frame_bytes_in;
    bool is_single = tap->lone_count >= LONE_MIN && tap->lone_count % LONE_PROBE != 0;
    read_frames(tap, is_single ? 1 : TAP_BATCH_MAX, TAP_BATCH_BYTES_MAX);
    frames = tap->stats.frames_in - frames;
    bytes = tap->stats.frame_bytes_in - bytes;
    tap->lone_count = frames == 1 && bytes <= LONE_BYTES_MAX ? tap->lone_count + 1 : 0;
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct tap *tap = handle->data;
    if (status < 0) {
        device_lost(tap);
        return;
    }
    if (events & UV_WRITABLE)
        write_waiting(tap);
    if ((events & UV_READABLE) && tap->fd >= 0)
        read_ready(tap);
}

/* --- life ------------------------------------------------------------------------------------- */

static struct tap *tap_alloc(uv_loop_t *loop, const struct tap_options *options)
{
    struct tap *tap = calloc(1, sizeof(*tap));
    if (tap == NULL)
        return NULL;
    tap->loop = loop;
    tap->options = *options;
    memcpy(tap->name, options->name, sizeof(tap->name));
    tap->fd = -1;
    tap->control = tap_device_control();
    tap->link_stats = link_stats_open();
    if (tap->link_stats < 0)
        log_write(LOG_LEVEL_NOTICE,
                  "cannot ask for the kernel's counters: %s; frames that it drops before we read "
                  "them are not shown",
                  strerror(errno));
    if (tap->control >= 0)
        return tap;
    if (tap->link_stats >= 0)
        close(tap->link_stats);
    free(tap);
    return NULL;
}

static void controls_close(struct tap *tap)
{
    close(tap->control);
    if (tap->link_stats >= 0)
        close(tap->link_stats);
}

struct tap *tap_new(uv_loop_t *loop, const struct tap_options *options, char *ret_message)
{
    struct tap *tap = tap_alloc(loop, options);
    if (tap == NULL) {
        snprintf(ret_message, TAP_MESSAGE_MAX, "no memory or descriptor for the TAP");
        return NULL;
    }
    int fd = tap_device_open(options, tap->control, &tap->offloads, ret_message);
    if (fd < 0 || !poll_open(tap, fd)) {
        if (fd >= 0)
            snprintf(ret_message, TAP_MESSAGE_MAX, "cannot watch TAP %s", options->name);
        controls_close(tap);
        free(tap);
        return NULL;
    }
    refused_tell(tap);
    tap->state = state_ask(tap);
    if (tap->state != TAP_UP)
        state_tell(tap);
    uv_timer_init(loop, &tap->timer);
    tap->timer.data = tap;
    uv_timer_start(&tap->timer, on_timer, TAP_CHECK_INTERVAL_MS, TAP_CHECK_INTERVAL_MS);
    return tap;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void tap_free(struct tap *tap)
{
    if (tap == NULL)
        return;
    poll_close(tap);
    controls_close(tap);
    uv_close((uv_handle_t *)&tap->timer, timer_closed);
}

void tap_set_handlers(struct tap *tap, const struct tap_handlers *handlers)
{
    tap->handlers = handlers != NULL ? *handlers : (struct tap_handlers){0};
    if (tap->poll == NULL)
        return;
    if (tap->handlers.on_frame != NULL)
        poll_start(tap);
    else
        uv_poll_stop(&tap->poll->handle);
}

void tap_set_state_handler(struct tap *tap, void (*on_state)(void *ctx, enum tap_state state),
                           void *ctx)
{
    tap->on_state = on_state;
    tap->state_ctx = ctx;
}

enum tap_state tap_get_state(const struct tap *tap)
{
    return tap->state;
}

const char *tap_state_text(const struct tap *tap)
{
    return state_texts[tap->state];
}

const char *tap_name(const struct tap *tap)
{
    return tap->name;
}

int64_t tap_kernel_dropped(struct tap *tap)
{
    uint64_t frames;
    if (tap->link_stats < 0)
        return -1;
    if (link_stats_dropped(tap->link_stats, tap_device_index(tap->control, tap->name), &frames)) {
        if (frames < tap->kernel_dropped_last)
            tap->kernel_dropped_before += tap->kernel_dropped_last;
        tap->kernel_dropped_last = frames;
    }
    return (int64_t)(tap->kernel_dropped_before + tap->kernel_dropped_last);
}

const struct offloads *tap_offloads(const struct tap *tap)
{
    return &tap->offloads;
}

const struct tap_stats *tap_get_stats(const struct tap *tap)
{
    return &tap->stats;
}
