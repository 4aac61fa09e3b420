/* A connection's status, with the keys of tcpctl show. */
#include "json.h"
#include "status_field.h"

static json_t *json_error(const struct tcpc_error *error)
{
    if (error->code == TCPC_OK)
        return json_null();
    json_t *object = json_object();
    json_put(object, "code", json_text(tcpc_code_name(error->code)));
    json_put(object, "message", json_text(error->message));
    json_put(object, "errno_name", json_text(error->errno_name));
    return object;
}

static json_t *json_variables(const struct tcpc_status *status)
{
    json_t *object = json_object();
    for (size_t i = 0; i < status->congestion_variable_count; i++) {
        const struct tcpc_variable *variable = &status->congestion_variables[i];
        json_put(object, variable->name,
                 *variable->text ? json_text(variable->text) : json_integer(variable->value));
    }
    return object;
}

static void put_fields(json_t *object, const struct tcpc_status *status)
{
    size_t count;
    const struct status_field *fields = status_fields(&count);
    for (size_t i = 0; i < count; i++) {
        json_put(object, fields[i].name, status_field_json(&fields[i], status));
        if (fields[i].offset == offsetof(struct tcpc_status, congestion_control))
            json_put(object, "congestion_variables", json_variables(status)); /* the algorithm's */
    }
}

json_t *json_status(const struct tcpc_status *status)
{
    json_t *object = json_connection(&status->connection);
    put_fields(object, status);
    json_put(object, "error", json_error(&status->error));
    json_put(object, "soft_error", json_error(&status->soft_error));
    json_put(object, "socket", *status->socket ? json_text(status->socket) : json_null());
    json_put(object, "time_wait",
             status->time_wait != NULL ? json_time_wait(status->time_wait) : json_null());
    return object;
}
