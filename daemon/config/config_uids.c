/* Lists of users. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_custom.h"
#include "util/sandbox.h"

#define SEPARATORS ", \t"
#define USER_MAX 33 /* a name's bytes, NUL included */

/* By name, or else by number. A reload cannot read the user database; it uses no user either. */
static bool user_find(const char *user, uint32_t *ret_uid)
{
    *ret_uid = 0;
    if (sandbox_is_entered())
        return true;
    const struct passwd *passwd = getpwnam(user);
    char *end;
    unsigned long long number = strtoull(user, &end, 10);
    if (passwd == NULL && (*user < '0' || *user > '9' || *end != '\0' || number >= UINT32_MAX))
        return false;
    *ret_uid = passwd != NULL ? passwd->pw_uid : (uint32_t)number;
    return true;
}

static bool user_add(struct rpc_options *options, const char *user, char *ret_message)
{
    uint32_t uid;
    if (!user_find(user, &uid)) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX,
                 "there is no user '%.64s'; give one that getent passwd knows, or a number", user);
        return false;
    }
    if (rpc_may_use_low_ports(options, uid))
        return true;
    if (options->privileged_count == RPC_PRIVILEGED_MAX) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX,
                 "'%.64s' is one too many; up to %d users are possible", user, RPC_PRIVILEGED_MAX);
        return false;
    }
    options->privileged_uids[options->privileged_count++] = uid;
    return true;
}

/* The next word of *text, which moves past it. False: there is none. */
static bool word_take(const char **text, char ret_word[USER_MAX])
{
    *text += strspn(*text, SEPARATORS);
    size_t len = strcspn(*text, SEPARATORS);
    snprintf(ret_word, USER_MAX, "%.*s", (int)len, *text);
    *text += len;
    return len > 0;
}

bool config_parse_privileged_ports(struct config *config, const char *value, char *ret_message)
{
    struct rpc_options options = config->rpc; /* all of the words, or none */
    char user[USER_MAX];
    while (word_take(&value, user))
        if (!user_add(&options, user, ret_message))
            return false;
    config->rpc = options;
    return true;
}

void config_format_privileged_ports(const struct config *config, char *ret_text)
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (unsigned i = 0; i < config->rpc.privileged_count; i++)
        len += (size_t)snprintf(ret_text + len, CONFIG_VALUE_MAX - len, "%s%u", i > 0 ? " " : "",
                                config->rpc.privileged_uids[i]);
}

void config_clear_privileged_ports(struct config *config)
{
    config->rpc.privileged_count = 0;
}
