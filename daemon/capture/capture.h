/* Captures: what goes in and out of the engine, as pcapng, with what the engine did beside it.
 *
 * Theory of operation: the pump reports each frame, before the engine takes it and after, or when
 * it has given it out; while there is no capture it is not even asked to. Each capture has a filter
 * and a buffer of its own. A packet that finds no room in it is counted and lost: nothing waits for
 * a reader. A reader takes bytes by their offset in the file and frees those before it, so that it
 * may ask again.
 *
 * The engine's checksums may be left to the device (offload); they are completed in what is
 * captured. A frame that the device cuts into segments is one packet. */
#ifndef TCPENGINED_CAPTURE_H
#define TCPENGINED_CAPTURE_H

#include <tcpengine/frame.h>
#include <tcpengine/trace.h>

#include "capture/capture_filter.h"

#define CAPTURES_MAX 8
#define CAPTURE_BUFFER_BYTES (4u * 1024 * 1024)
#define CAPTURE_SNAPLEN_MAX 262144u

struct capture_set;
struct capture;

struct capture_set_options {
    struct te_stack *(*stack)(void *ctx);
    int64_t (*now_us)(void *ctx); /* of the stack's clock */
    /* Whether frames are to be told of. */
    void (*set_tracing)(void *ctx, bool is_on);
    /* A capture whose buffer was empty has something. May be called within the engine's work. */
    void (*on_data)(void *ctx, uint64_t capture);
    const char *interface, *application; /* borrowed */
    uint8_t mac[6];
    void *ctx;
};

/* NULL: no memory. */
struct capture_set *capture_set_new(const struct capture_set_options *options);
void capture_set_free(struct capture_set *set);
unsigned capture_set_count(const struct capture_set *set);

/* Whose capture it is. */
struct capture_reader {
    const void *owner; /* it ends with capture_end_all() of this */
    bool sees_all;     /* else only packets of uid's connections */
    uint32_t uid;
};

struct capture_request {
    struct filter filter;             /* of CONN_FILTER_FIELDS */
    const struct owner_table *owners; /* outlives it; NULL: not known */
    uint32_t snaplen;                 /* 0: all */
    uint64_t count;                   /* packets, then it ends; 0: no end */
    struct capture_reader reader;
    uint64_t id; /* of the request: the same one begins only one */
};

/* Begins a capture; NULL: there are CAPTURES_MAX, or no memory. */
struct capture *capture_start(struct capture_set *set, const struct capture_request *request);
uint64_t capture_id(const struct capture *capture);
/* NULL: there is none of that id and owner. */
struct capture *capture_find(const struct capture_set *set, uint64_t id, const void *owner);
struct capture *capture_find_request(const struct capture_set *set, uint64_t request,
                                     const void *owner);
/* No more packets: the statistics are the last block. Legal twice. */
void capture_stop(struct capture_set *set, struct capture *capture);
/* At most max bytes from offset on, which stay valid until the next call; all before offset are
 * freed. False: offset lies before what is kept, or beyond what there is. */
bool capture_read(struct capture *capture, uint64_t offset, size_t max, const uint8_t **ret_bytes,
                  size_t *ret_len);
/* Whether nothing comes after what can be read now. */
bool capture_is_over(const struct capture *capture);
uint64_t capture_lost(const struct capture *capture);
/* It is freed, with what was not read. */
void capture_end(struct capture_set *set, struct capture *capture);
void capture_end_all(struct capture_set *set, const void *owner);

/* --- from the pump ---------------------------------------------------------------------------- */

void capture_before_input(struct capture_set *set, const uint8_t *frame, size_t len);
void capture_after_input(struct capture_set *set, const uint8_t *frame, size_t len,
                         const struct te_frame_meta *meta);
void capture_before_output(struct capture_set *set);
void capture_after_output(struct capture_set *set, const struct te_output *output);

#endif
