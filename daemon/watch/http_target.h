/* Whom a request asks, and for what. */
#ifndef TCPENGINED_HTTP_TARGET_H
#define TCPENGINED_HTTP_TARGET_H

#include <microhttpd.h>
#include <tcpengine/types.h>

struct http_target {
    char host[256]; /* empty: not said */
    const char *path;
    unsigned host_count; /* Host headers */
};

/* url is MHD's: it must live as long as the target. */
void http_target_find(struct MHD_Connection *connection, const char *url,
                      struct http_target *ret_target);

/* 0, or the status that refuses the request, and *ret_text (static). listening: where the server
 * does, or NULL if it answers for every name. */
unsigned http_target_refuse(const struct http_target *target, const char *version,
                            const struct te_addr *listening, const char **ret_text);

/* MHD's MHD_OPTION_UNESCAPE_CALLBACK. What has a zero byte in it stays escaped: the end of a text
 * would be lost otherwise, and with it what was asked for. */
size_t http_target_unescape(void *ctx, struct MHD_Connection *connection, char *text);

#endif
