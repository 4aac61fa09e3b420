/* A description of the daemon for clients: what `tcpctl status` shows. */
#ifndef TCPENGINED_DESCRIBE_H
#define TCPENGINED_DESCRIBE_H

#include "config/config.h"
#include "rpc/rpc.h"

#define DESCRIBE_ROUTES_MAX (TE_LOCAL_ADDRESSES_MAX + TE_ROUTES_MAX)
#define DESCRIBE_ROUTE_TEXT_MAX 160

/* Texts made once. config must not change or go away afterwards. */
struct description {
    const struct config *config;
    char gateways[CONFIG_GATEWAYS_MAX][TE_ADDR_TEXT_MAX];
    char routes[DESCRIBE_ROUTES_MAX][DESCRIBE_ROUTE_TEXT_MAX];
    unsigned route_count;
};

/* config must have passed config_finish(); it is borrowed. */
void description_init(struct description *description, const struct config *config);
/* Fills in everything except tap_up, and http, which becomes empty. The texts are the
 * description's. */
void description_fill(const struct description *description, struct daemon_info *ret_info);

#endif
