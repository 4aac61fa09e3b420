/* Whether the daemon looks for work without pause before it sleeps.
 *
 * Theory of operation: to sleep and be woken takes the daemon and whoever wakes it longer than most
 * of what it then does. While news follows news closely, it is cheaper to look for the next a
 * little longer; whenever it does not, all looking is in vain. So the vigil keeps account: a sleep
 * that was short, and news found by looking, say that a watch is worth it; a sleep that was long,
 * and a watch in vain, count twice as much against it. Who gives the processor to others meanwhile
 * and does not get it back at once leaves it to them: a sleeper comes before them when it is woken,
 * one who has yielded does not. */
#ifndef TCPENGINED_VIGIL_H
#define TCPENGINED_VIGIL_H

#include <stdbool.h>
#include <stdint.h>

/* A yield that takes longer is followed by no watch for so long. */
#define VIGIL_YIELD_LONG_US 200
#define VIGIL_PAUSE_US 5000

struct vigil {
    int64_t always_us; /* how long a watch is, whatever the account says; 0: it decides */
    int64_t short_us;  /* how long one is that pays; 0: there is none */
    int64_t until_us;  /* end of the one that is kept; 0: none is */
    int64_t slept_at_us, paused_until_us;
    unsigned worth;
    bool is_asleep;
};

void vigil_init(struct vigil *vigil, int64_t always_us, int64_t short_us);
/* Work has been done: a watch begins, if it is worth it. */
void vigil_begin(struct vigil *vigil, int64_t now_us);
/* Whether one is kept. */
bool vigil_is_kept(const struct vigil *vigil);
/* False: the one that was kept is over, in vain. */
bool vigil_goes_on(struct vigil *vigil, int64_t now_us);
/* The processor was given to others. */
void vigil_yielded(struct vigil *vigil, int64_t before_us, int64_t now_us);
/* The loop waits, and has waited. */
void vigil_sleep(struct vigil *vigil, int64_t now_us);
void vigil_wake(struct vigil *vigil, int64_t now_us);

#endif
