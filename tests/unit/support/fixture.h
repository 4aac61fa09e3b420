/* A stack in virtual time, with its frames caught.
 *
 *     struct fixture f;
 *     fixture_init(&f);        10.0.0.1/24, 2001:db8::1/64, MAC 02:00:00:00:00:01, dad off
 *     f.config.dad = true;     whatever the test needs
 *     fixture_start(&f);       what the stack says at birth is thrown away
 *     fixture_input(&f, frame, len);
 *     const struct fixture_frame *out = fixture_next(&f);
 *     fixture_advance(&f, 1000000);
 *     fixture_stop(&f);        fails the test when memory is left
 *
 * With TCPENGINE_TEST_REBORN in the environment the stack is saved, freed and restored after every
 * step: no test may notice. Only pointers into the stack do not survive that.
 *
 * Output is pulled after every step, the invariants are checked after every step, and timers run at
 * exactly their deadlines. */
#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

#include <tcpengine/tcpengine.h>

#include "support/heap.h"
#include "units.h"

#define FIXTURE_FRAMES_MAX 1024

struct fixture_frame {
    uint8_t *bytes;
    size_t len;
    struct te_frame_meta meta;
    int64_t time_us;
};

struct fixture {
    struct te_config config; /* copied by fixture_start */
    struct te_stack *stack;
    int64_t now_us;
    struct heap heap;                                /* the stack's memory */
    struct fixture_frame frames[FIXTURE_FRAMES_MAX]; /* all that came out since fixture_discard */
    unsigned frame_count;
    unsigned frame_next; /* the first that fixture_next has not shown */
    bool reborn;         /* after every step the stack is saved, freed, and restored */
    size_t state_bytes;  /* when it was last */
    unsigned steps;
};

void fixture_init(struct fixture *fixture);
void fixture_start(struct fixture *fixture);
/* The same, but the frames of the stack's birth are kept. */
void fixture_start_listening(struct fixture *fixture);
/* Whatever heap.allocations_left says: a test may end while memory is refused. */
void fixture_stop(struct fixture *fixture);

/* One frame in, its checksums not verified by anybody below. */
void fixture_input(struct fixture *fixture, const uint8_t *frame, size_t len);
void fixture_input_meta(struct fixture *fixture, const uint8_t *frame, size_t len,
                        const struct te_frame_meta *meta);
/* Lets time pass, deadline by deadline. */
void fixture_advance(struct fixture *fixture, int64_t delta_us);
/* Pulls what is to be sent now: after a call to the stack that is not one of the above. */
void fixture_poll(struct fixture *fixture);

/* Saves, frees and restores the stack, and checks that saving it again gives the same bytes. */
void fixture_rebear(struct fixture *fixture);

/* The next frame that came out, NULL when there is none; valid until fixture_discard. */
const struct fixture_frame *fixture_next(struct fixture *fixture);
void fixture_expect_none(struct fixture *fixture);
/* Forgets all frames, seen or not. */
void fixture_discard(struct fixture *fixture);
const struct te_counters *fixture_counters(const struct fixture *fixture);

/* The address, or the test fails. */
struct te_addr fixture_addr(const char *text);
struct te_cidr fixture_cidr(const char *text);

#endif
