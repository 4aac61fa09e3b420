#include "page/detail.h"

#include <inttypes.h>
#include <json.h>

#include "page/reply.h"

static json_t *show_json(const struct tcpc_response *response)
{
    return json_status(&response->u.status);
}

static json_t *explain_json(const struct tcpc_response *response)
{
    return json_explanation(&response->u.explanation);
}

static json_t *notes_json(const struct tcpc_response *response)
{
    return json_history(&response->u.history, true);
}

static const struct {
    const char *name;
    enum tcpc_op op;
    json_t *(*make)(const struct tcpc_response *response);
} parts[] = {{"show", TCPC_OP_STATUS, show_json},
             {"explain", TCPC_OP_EXPLAIN, explain_json},
             {"history", TCPC_OP_HISTORY, notes_json}};

void detail_reply(struct ask *ask, struct http_exchange *exchange, uint64_t id)
{
    json_t *object = json_object();
    bool has_any = false;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct tcpc_response *response = ask_about(ask, parts[i].op, id);
        bool is_there = response != NULL && response->error.code == TCPC_OK;
        json_put(object, parts[i].name, is_there ? parts[i].make(response) : json_null());
        has_any = has_any || is_there;
        tcpc_response_free(response);
    }
    if (has_any) {
        reply_json(exchange, object);
        return;
    }
    json_decref(object);
    reply_error(exchange, 404, "there is no connection %" PRIu64 ", and none is remembered", id);
}
