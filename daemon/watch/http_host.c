#include "watch/http_host.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "util/loopback.h"

#define NAME_MAX_BYTES 256

/* Copies host without port, brackets and a final dot. False: too long, or malformed. */
static bool name_copy(const char *host, char ret_name[NAME_MAX_BYTES])
{
    bool is_bracketed = host[0] == '[';
    const char *end = is_bracketed ? strchr(host, ']') : host + strcspn(host, ":");
    if (end == NULL)
        return false;
    const char *port = is_bracketed ? end + 1 : end;
    size_t len = (size_t)(end - host) - is_bracketed;
    if (len == 0 || len >= NAME_MAX_BYTES)
        return false;
    if (*port != '\0' && (*port != ':' || port[1 + strspn(port + 1, "0123456789")] != '\0'))
        return false;
    memcpy(ret_name, host + is_bracketed, len);
    if (ret_name[len - 1] == '.')
        len--;
    ret_name[len] = '\0';
    return len > 0;
}

/* "host" and "host.any.domain". */
static bool is_this_machine(const char *name)
{
    char own[NAME_MAX_BYTES] = "";
    if (gethostname(own, sizeof(own) - 1) != 0 || own[0] == '\0')
        return false;
    size_t len = strcspn(own, ".");
    return strncasecmp(name, own, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

bool http_host_is_ours(const char *host, const struct te_addr *listening)
{
    char name[NAME_MAX_BYTES];
    struct te_addr addr;
    bool is_local = loopback_contains(listening);
    if (!name_copy(host, name))
        return false;
    if (te_addr_parse(name, &addr))
        return !is_local || loopback_contains(&addr);
    return strcasecmp(name, "localhost") == 0 || (!is_local && is_this_machine(name));
}
