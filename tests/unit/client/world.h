/* A fake daemon and a client that is connected to it: what each test of the client begins with. */
#ifndef TESTS_CLIENT_WORLD_H
#define TESTS_CLIENT_WORLD_H

#include <tcpclient/tcpclient.h>

#include "fake_daemon.h"

struct world {
    struct fake_daemon daemon;
    struct tcpc_client *client;
    struct tcpc_error error;
};

/* The test fails when there is no daemon, or no link to it. */
struct world *world_new(enum tcpc_policy policy, uint32_t timeout_ms);
void world_connect(struct world *world, enum tcpc_policy policy, uint32_t timeout_ms);
void world_free(struct world *world);

/* On the monotonic clock. */
int64_t world_now_ms(void);

#endif
