/* The TAP interface: frames between the kernel and the engine.
 *
 * Survives its device: when the link goes down or the device is deleted, it logs that once, drops
 * and counts frames as a real NIC would, and checks every second whether the device is back. */
#ifndef TCPENGINED_TAP_H
#define TCPENGINED_TAP_H

#include <net/if.h>
#include <tcpengine/frame.h>
#include <uv.h>

#include "link/tap_device.h"

/* Frames read per wake-up, so that a flood cannot starve the rest of the loop. */
#define TAP_BATCH_MAX 64
/* Bytes after which no further frame is read in that wake-up. Fewer, and programs with several
 * connections are woken more often for less; more than what the processor's cache holds, and they
 * find nothing there. */
#define TAP_BATCH_BYTES_MAX (1024 * 1024)
/* Ethernet header, a VLAN tag, and the largest packet. */
#define TAP_FRAME_MAX (14 + 4 + 65535)
#define TAP_CHECK_INTERVAL_MS 1000

enum tap_state {
    TAP_UP = 0,
    TAP_DOWN,       /* the device is there, its link is down */
    TAP_NO_CARRIER, /* the link is up, its carrier is switched off */
    TAP_GONE        /* no device; recreated as soon as possible */
};

/* The tap's callbacks. All but on_frame may be NULL; none may call tap_free(). */
struct tap_handlers {
    /* A frame of len bytes, borrowed until return. */
    void (*on_frame)(void *ctx, const uint8_t *frame, size_t len, const struct te_frame_meta *meta);
    void (*on_writable)(void *ctx);  /* after tap_write() returned TAP_WRITE_FULL: write again */
    void (*on_batch_end)(void *ctx); /* after the last on_frame of a wake-up */
    void *ctx;
};

enum tap_write_result {
    TAP_WRITE_OK = 0, /* written, or dropped and counted */
    TAP_WRITE_FULL    /* the queue is full: write nothing more until on_writable */
};

struct tap_stats {
    uint64_t frames_in, frame_bytes_in;
    uint64_t frames_out, frame_bytes_out;
    uint64_t dropped_malformed; /* bad offload header, or a truncated frame */
    uint64_t dropped_down;      /* sent while the link was down or the device gone */
    uint64_t dropped_error;     /* refused by the kernel */
    uint64_t queue_full;        /* times sending had to wait */
    uint64_t read_errors;
    uint64_t reopened; /* times the device was recreated */
};

struct tap;

/* Opens the device, creating it if it is missing. options is copied. Nothing is read before
 * tap_set_handlers(). NULL: ret_message (TAP_MESSAGE_MAX bytes) says why, and what to do. */
struct tap *tap_new(uv_loop_t *loop, const struct tap_options *options, char *ret_message);
/* Closes the device. The memory is freed by the loop's next turns, when the handles have closed.
 * NULL is legal. */
void tap_free(struct tap *tap);

/* Starts reading; handlers is copied. NULL, or no on_frame: stops reading. */
void tap_set_handlers(struct tap *tap, const struct tap_handlers *handlers);
/* on_state is called with ctx whenever the state changes; NULL: nothing is. */
void tap_set_state_handler(struct tap *tap, void (*on_state)(void *ctx, enum tap_state state),
                           void *ctx);

/* Hands over the frames that wait in the device at once: no more than its queue holds, so that a
 * flood cannot keep us here. Calls on_frame, and on_batch_end. */
void tap_read_waiting(struct tap *tap);

/* Hands over some of the frames that wait, as a wake-up does: few enough to go on writing soon.
 * Calls on_frame, and on_batch_end if there were any. */
void tap_read_batch(struct tap *tap);

/* Writes one frame, which is borrowed until return. TAP_WRITE_OK: written, or dropped and counted
 * (link down, device gone, refused by the kernel). TAP_WRITE_FULL: the kernel's queue is full. The
 * first call that returns it has kept a copy, which goes out before on_writable; a call after that
 * drops its frame uncounted, so make none. */
enum tap_write_result tap_write(struct tap *tap, const struct te_output *output);

enum tap_state tap_get_state(const struct tap *tap);
/* "up", or why not, for people; static. */
const char *tap_state_text(const struct tap *tap);
/* The interface's present name; valid as long as the tap. */
const char *tap_name(const struct tap *tap);
/* Frames that the kernel has dropped before we read them, because the device's queue was full. It
 * is asked now, or the last answer counts while the device is gone. -1: it does not say. */
int64_t tap_kernel_dropped(struct tap *tap);
/* What the kernel grants; valid as long as the tap. */
const struct offloads *tap_offloads(const struct tap *tap);
const struct tap_stats *tap_get_stats(const struct tap *tap);

#endif
