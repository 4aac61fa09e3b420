#include "world.h"

#include <stdlib.h>
#include <time.h>

#include "support/test.h"

void world_connect(struct world *world, enum tcpc_policy policy, uint32_t timeout_ms)
{
    struct tcpc_options options = {.url = fake_server_url(world->daemon.server),
                                   .name = "test",
                                   .timeout_ms = timeout_ms,
                                   .policy = policy};
    if (tcpc_client_new(&options, &world->client, &world->error) != TCPC_OK)
        fail_msg("%s", world->error.message);
}

struct world *world_new(enum tcpc_policy policy, uint32_t timeout_ms)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    fake_daemon_start(&world->daemon);
    world_connect(world, policy, timeout_ms);
    return world;
}

void world_free(struct world *world)
{
    tcpc_client_free(world->client);
    fake_daemon_stop(&world->daemon);
    free(world);
}

int64_t world_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
