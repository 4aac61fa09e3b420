/* The TAP interface: frames between the kernel and the engine.
 *
 * Stays alive through whatever happens to the device: a link that goes down or a device that is
 * deleted is logged once, frames to it are dropped and counted as a real card would, and a timer
 * looks every second whether it is back. */
#ifndef TCPENGINED_TAP_H
#define TCPENGINED_TAP_H

#include <net/if.h>
#include <tcpengine/frame.h>
#include <uv.h>

#include "link/tap_device.h"

/* Frames read at one wake-up, so that a flood cannot keep the loop from its other work. */
#define TAP_BATCH_MAX 64
/* Ethernet header, a VLAN tag, and the largest packet. */
#define TAP_FRAME_MAX (14 + 4 + 65535)
#define TAP_CHECK_INTERVAL_MS 1000

enum tap_state {
    TAP_UP = 0,
    TAP_DOWN, /* the device is there, its link is down */
    TAP_GONE  /* no device; it is made anew as soon as that works */
};

/* What the tap tells. Set by tap_set_handlers(); ctx comes first in each call. */
struct tap_handlers {
    void (*on_frame)(void *ctx, const uint8_t *frame, size_t len, const struct te_frame_meta *meta);
    void (*on_writable)(void *ctx); /* after tap_write() answered TAP_WRITE_FULL */
    void (*on_batch_end)(void *ctx);
    void *ctx;
};

enum tap_write_result {
    TAP_WRITE_OK = 0, /* written, or dropped and counted */
    TAP_WRITE_FULL    /* the frame is kept; write nothing more until on_writable */
};

struct tap_stats {
    uint64_t frames_in, frame_bytes_in;
    uint64_t frames_out, frame_bytes_out;
    uint64_t dropped_malformed; /* offload header that makes no sense, or a frame cut short */
    uint64_t dropped_down;      /* sent while the link was down or the device gone */
    uint64_t dropped_error;     /* refused by the kernel */
    uint64_t queue_full;        /* times that sending had to wait */
    uint64_t read_errors;
    uint64_t reopened; /* times that the device was made anew */
};

struct tap;

/* Opens or makes the device. NULL: ret_message (TAP_MESSAGE_MAX bytes) says why, and what to do.
 * options is copied. */
struct tap *tap_new(uv_loop_t *loop, const struct tap_options *options, char *ret_message);
/* The handles close as the loop runs on. NULL is legal. */
void tap_free(struct tap *tap);

/* Starts reading. on_state, called with state_ctx when the state changes, may be NULL. */
void tap_set_handlers(struct tap *tap, const struct tap_handlers *handlers);
void tap_set_state_handler(struct tap *tap, void (*on_state)(void *ctx, enum tap_state state),
                           void *ctx);

/* Writes one frame; output is only borrowed. */
enum tap_write_result tap_write(struct tap *tap, const struct te_output *output);

enum tap_state tap_get_state(const struct tap *tap);
/* "up", or why not, for people. */
const char *tap_state_text(const struct tap *tap);
const char *tap_name(const struct tap *tap);
const struct tap_stats *tap_get_stats(const struct tap *tap);

#endif
