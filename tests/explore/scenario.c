#include "scenario.h"

#include <stddef.h>
#include <string.h>
#include <tcpengine/config.h>

#define THREE_SEGMENTS                                                                             \
    {                                                                                              \
        CALL_OPEN, CALL_SEND, CALL_SEND, CALL_SEND                                                 \
    }

static const struct scenario scenarios[] = {
    /* What figure 5 shows: nothing is lost, nobody aborts. */
    {.name = "client",
     .calls = {{CALL_OPEN, CALL_CLOSE}, {CALL_LISTEN, CALL_CLOSE, CALL_UNLISTEN}},
     .is_orderly = true},
    {.name = "both-open",
     .calls = {{CALL_OPEN, CALL_CLOSE}, {CALL_OPEN, CALL_CLOSE}},
     .is_orderly = true},
    {.name = "turn",
     .calls = {{CALL_LISTEN, CALL_TURN, CALL_CLOSE}, {CALL_LISTEN, CALL_TURN, CALL_CLOSE}},
     .is_orderly = true},
    {.name = "half-close",
     .calls = {{CALL_OPEN, CALL_SHUTDOWN, CALL_CLOSE},
               {CALL_LISTEN, CALL_SEND, CALL_SHUTDOWN, CALL_CLOSE}},
     .is_orderly = true},
    {.name = "prompt",
     .calls = {{CALL_OPEN, CALL_CLOSE}, {CALL_LISTEN, CALL_CLOSE}},
     .is_orderly = true,
     .is_prompt = true},

    /* The same with everything that may go wrong. */
    {.name = "client-faults",
     .calls = {{CALL_OPEN, CALL_CLOSE}, {CALL_LISTEN, CALL_CLOSE}},
     .budget = {1, 1, 1, 0},
     .quick = {1, 0, 0, 0}},
    {.name = "both-open-faults",
     .calls = {{CALL_OPEN, CALL_CLOSE}, {CALL_OPEN, CALL_CLOSE}},
     .budget = {1, 0, 1, 0},
     .quick = {1, 0, 0, 0}},
    {.name = "client-abort",
     .calls = {{CALL_OPEN, CALL_CLOSE}, {CALL_LISTEN, CALL_CLOSE}},
     .budget = {1, 1, 0, 1},
     .quick = {0, 0, 0, 1}},
    {.name = "both-open-abort",
     .calls = {{CALL_OPEN, CALL_CLOSE}, {CALL_OPEN, CALL_CLOSE}},
     .budget = {1, 0, 0, 1},
     .quick = {0, 0, 0, 1}},
    {.name = "turn-faults",
     .calls = {{CALL_LISTEN, CALL_TURN, CALL_CLOSE}, {CALL_LISTEN, CALL_TURN, CALL_CLOSE}},
     .budget = {0, 0, 1, 0},
     .quick = {0, 0, 0, 0}},
    {.name = "unlisten",
     .calls = {{CALL_OPEN, CALL_CLOSE}, {CALL_LISTEN, CALL_UNLISTEN, CALL_CLOSE}},
     .budget = {1, 1, 1, 0},
     .quick = {1, 0, 0, 0}},
    {.name = "half-close-faults",
     .calls = {{CALL_OPEN, CALL_SHUTDOWN, CALL_CLOSE}, {CALL_LISTEN, CALL_SEND, CALL_CLOSE}},
     .budget = {1, 1, 0, 0},
     .quick = {1, 0, 0, 0}},
    {.name = "data",
     .calls = {{CALL_OPEN, CALL_SEND, CALL_CLOSE}, {CALL_LISTEN, CALL_SEND, CALL_CLOSE}},
     .budget = {1, 0, 0, 0},
     .quick = {0, 0, 0, 0}},
    {.name = "data-unread",
     .calls = {{CALL_OPEN, CALL_SEND, CALL_CLOSE}, {CALL_LISTEN, CALL_CLOSE}},
     .budget = {1, 1, 0, 0},
     .quick = {1, 0, 0, 0},
     .is_deaf = true},
    {.name = "again",
     .calls = {{CALL_OPEN, CALL_CLOSE, CALL_OPEN, CALL_CLOSE},
               {CALL_LISTEN, CALL_CLOSE, CALL_CLOSE}},
     .budget = {1, 0, 0, 0},
     .quick = {0, 0, 0, 0}},
    {.name = "again-timestamps",
     .calls = {{CALL_OPEN, CALL_CLOSE, CALL_OPEN, CALL_CLOSE},
               {CALL_LISTEN, CALL_CLOSE, CALL_CLOSE}},
     .budget = {1, 0, 0, 0},
     .quick = {0, 0, 0, 0},
     .has_timestamps = true},

    /* Loss recovery with SACK, by time and by count, and without SACK. */
    {.name = "sack",
     .calls = {THREE_SEGMENTS, {CALL_LISTEN}},
     .budget = {3, 1, 1, 0},
     .quick = {1, 0, 1, 0},
     .is_under_way = true},
    {.name = "sack-by-count",
     .calls = {THREE_SEGMENTS, {CALL_LISTEN}},
     .budget = {3, 1, 1, 0},
     .quick = {1, 0, 1, 0},
     .is_under_way = true,
     .features_off = TE_FEATURE_RACK},
    {.name = "newreno",
     .calls = {THREE_SEGMENTS, {CALL_LISTEN}},
     .budget = {3, 1, 1, 0},
     .quick = {1, 0, 1, 0},
     .is_under_way = true,
     .features_off = TE_FEATURE_SACK_RECOVERY | TE_FEATURE_RACK | TE_FEATURE_LOSS_PROBE},
    {.name = NULL},
};

const struct scenario *scenario_table(void)
{
    return scenarios;
}

const struct scenario *scenario_find(const char *name)
{
    for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++)
        if (strcmp(scenario->name, name) == 0)
            return scenario;
    return NULL;
}

const char *call_name(enum call call)
{
    static const char *const names[] = {
        [CALL_NONE] = "nothing",        [CALL_OPEN] = "active OPEN",
        [CALL_LISTEN] = "passive OPEN", [CALL_TURN] = "active OPEN of the listener",
        [CALL_SEND] = "SEND",           [CALL_SHUTDOWN] = "SHUTDOWN",
        [CALL_CLOSE] = "CLOSE",         [CALL_UNLISTEN] = "CLOSE of the listener",
    };
    return names[call];
}
