#include "watch/http_target.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "watch/http_host.h"

/* White space around a value is none of it (RFC 9112 5.1). */
static enum MHD_Result on_header(void *ctx, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    static const char white[] = " \t";
    struct http_target *target = ctx;
    (void)kind;
    if (strcasecmp(key, MHD_HTTP_HEADER_HOST) != 0)
        return MHD_YES;
    target->host_count++;
    snprintf(target->host, sizeof(target->host), "%s",
             value != NULL ? value + strspn(value, white) : "");
    for (size_t len = strlen(target->host); len > 0 && strchr(white, target->host[len - 1]);)
        target->host[--len] = '\0';
    return MHD_YES;
}

/* In absolute-form the target itself names the host, which overrides the header (RFC 9112 3.2.2).
 */
void http_target_find(struct MHD_Connection *connection, const char *url,
                      struct http_target *ret_target)
{
    static const char scheme[] = "http://";
    *ret_target = (struct http_target){.path = url};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, ret_target);
    if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
        return;
    const char *authority = url + sizeof(scheme) - 1;
    size_t len = strcspn(authority, "/?");
    ret_target->path = authority[len] == '/' ? authority + len : "/";
    snprintf(ret_target->host, sizeof(ret_target->host), "%.*s", (int)len, authority);
}

unsigned http_target_refuse(const struct http_target *target, const char *version,
                            const struct te_addr *listening, const char **ret_text)
{
    bool may_lack_host = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    *ret_text = "more than one Host\n";
    if (target->host_count > 1)
        return MHD_HTTP_BAD_REQUEST;
    if (listening == NULL || (target->host[0] == '\0' && may_lack_host))
        return 0;
    /* DEVIATION: RFC 9112 3.2 has 400 for a missing Host. To whoever asks, both cases are alike. */
    *ret_text = "this server answers for localhost and its own addresses only\n";
    return http_host_is_ours(target->host, listening) ? 0 : MHD_HTTP_MISDIRECTED_REQUEST;
}

size_t http_target_unescape(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx;
    (void)connection;
    return strstr(text, "%00") != NULL ? strlen(text) : MHD_http_unescape(text);
}
