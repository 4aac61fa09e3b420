#include "owner.h"

#include <inttypes.h>
#include <stdio.h>

#include "json.h"

static const char *program_of(const struct tcpc_owner *owner)
{
    return owner->program != NULL ? owner->program : "";
}

static bool is_known(const struct tcpc_owner *owner)
{
    return owner->pid != 0 || *program_of(owner);
}

const char *owner_users(const struct tcpc_owner *owner, char text[OWNER_TEXT_MAX])
{
    text[0] = '\0';
    if (is_known(owner))
        snprintf(text, OWNER_TEXT_MAX, "users:((\"%.15s\",pid=%" PRIu32 "%s))", program_of(owner),
                 owner->pid, owner->is_gone ? ",gone" : "");
    return text;
}

const char *owner_name(const struct tcpc_owner *owner, char text[OWNER_TEXT_MAX])
{
    text[0] = '\0';
    if (is_known(owner))
        snprintf(text, OWNER_TEXT_MAX, "%.15s (pid %" PRIu32 "%s)",
                 *program_of(owner) ? owner->program : "?", owner->pid,
                 owner->is_gone ? ", gone" : "");
    return text;
}

json_t *owner_json(const struct tcpc_owner *owner)
{
    json_t *object = json_object();
    json_put(object, "uid", json_number(owner->uid));
    json_put(object, "pid", owner->pid != 0 ? json_number(owner->pid) : json_null());
    json_put(object, "program", json_text(owner->program));
    json_put(object, "session", json_text(owner->session));
    json_put(object, "gone", json_boolean(owner->is_gone));
    return object;
}
