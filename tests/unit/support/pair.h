/* Two stacks on one link in virtual time, and everything that came out of them as one log.
 *
 *     struct pair *p = pair_new(&setup);
 *     pair_run(p, 60 * SECOND);     what the applications of setup do, on a link that loses
 *     ... compare pair_log(p, &len) with that of another run
 *     pair_free(p);
 *
 * Side 0 is 10.0.0.1 and 2001:db8::1, side 1 ...2. The applications are driven by events alone:
 * side 0 opens, sends, reads, and closes; side 1 listens, reads, answers, and closes. With
 * setup.reborn each stack is saved, freed and restored after every single thing that happens to it.
 */
#ifndef TESTS_SUPPORT_PAIR_H
#define TESTS_SUPPORT_PAIR_H

#include <tcpengine/tcpengine.h>

#define PAIR_SIDES 2

struct pair_setup {
    bool reborn;
    bool is_v6;
    bool dad;
    unsigned connections;
    uint32_t send_bytes[PAIR_SIDES]; /* of each connection */
    unsigned loss_percent, reorder_percent, duplicate_percent;
    uint32_t seed;
    int64_t read_pause_us;  /* how long side 1 leaves what came unread */
    bool aborts;            /* every third connection ends by ABORT */
    uint32_t time_wait_max; /* 0: default */
    bool gso;
    const char *congestion_control; /* NULL: default */
};

struct pair;

struct pair *pair_new(const struct pair_setup *setup);
void pair_free(struct pair *pair);
/* Until nothing is left to happen, or the time is over. */
void pair_run(struct pair *pair, int64_t duration_us);
struct te_stack *pair_stack(struct pair *pair, unsigned side);
int64_t pair_now_us(const struct pair *pair);
const struct te_config *pair_config(const struct pair *pair, unsigned side);
/* Frames, events and answers to calls, with their times. */
const uint8_t *pair_log(const struct pair *pair, size_t *ret_len);
/* How often a stack was restored. */
unsigned pair_rebirths(const struct pair *pair);
/* Bytes that side received, all compared with what the other sent. */
uint64_t pair_received(const struct pair *pair, unsigned side);

#endif
