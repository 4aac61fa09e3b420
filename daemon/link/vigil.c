#include "link/vigil.h"

#define WORTH_MAX 8
#define WORTH_ENOUGH 4
/* A sleep of so many watches was short: being woken is part of it. */
#define SHORT_SLEEP 2

static void pays(struct vigil *vigil)
{
    if (vigil->worth < WORTH_MAX)
        vigil->worth++;
}

static void pays_not(struct vigil *vigil)
{
    vigil->worth = vigil->worth > 2 ? vigil->worth - 2 : 0;
}

void vigil_init(struct vigil *vigil, int64_t always_us, int64_t short_us)
{
    *vigil = (struct vigil){.always_us = always_us, .short_us = short_us};
}

void vigil_begin(struct vigil *vigil, int64_t now_us)
{
    if (vigil->always_us > 0) {
        vigil->until_us = now_us + vigil->always_us;
        return;
    }
    if (vigil->until_us != 0)
        pays(vigil);
    bool is_worth_it = vigil->worth >= WORTH_ENOUGH && now_us >= vigil->paused_until_us;
    vigil->until_us = is_worth_it && vigil->short_us > 0 ? now_us + vigil->short_us : 0;
}

bool vigil_is_kept(const struct vigil *vigil)
{
    return vigil->until_us != 0;
}

bool vigil_goes_on(struct vigil *vigil, int64_t now_us)
{
    if (now_us < vigil->until_us)
        return true;
    vigil->until_us = 0;
    pays_not(vigil);
    return false;
}

void vigil_yielded(struct vigil *vigil, int64_t before_us, int64_t now_us)
{
    if (vigil->always_us > 0 || now_us - before_us <= VIGIL_YIELD_LONG_US)
        return;
    vigil->until_us = 0;
    vigil->paused_until_us = now_us + VIGIL_PAUSE_US;
}

void vigil_sleep(struct vigil *vigil, int64_t now_us)
{
    vigil->slept_at_us = now_us;
    vigil->is_asleep = true;
}

void vigil_wake(struct vigil *vigil, int64_t now_us)
{
    if (!vigil->is_asleep)
        return;
    vigil->is_asleep = false;
    if (now_us - vigil->slept_at_us <= SHORT_SLEEP * vigil->short_us)
        pays(vigil);
    else
        pays_not(vigil);
}
