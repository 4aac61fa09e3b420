#include "client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "call.h"
#include "clock.h"
#include "error.h"
#include "link.h"
#include "pulse.h"
#include "std_files.h"
#include "stream.h"

enum { DEFAULT_TIMEOUT_MS = 5000, DETACH_TIMEOUT_MS = 1000, NAME_BYTES_MAX = 64 };

static const char *url_choose(const struct tcpc_options *options)
{
    if (options->url != NULL)
        return options->url;
    const char *url = getenv("TCPENGINE_CONTROL");
    return url != NULL && *url ? url : TCPC_DEFAULT_URL;
}

static bool locks_init(struct tcpc_client *client)
{
    if (tcpci_cond_init(&client->changed) != 0)
        return false;
    if (pthread_mutex_init(&client->lock, NULL) == 0)
        return true;
    pthread_cond_destroy(&client->changed);
    return false;
}

static void client_destroy(struct tcpc_client *client)
{
    tcpci_pulse_free(client); /* waits: its last beat may still hold the lock */
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->changed);
    free(client->url);
    free(client->name);
    free(client);
}

static char *name_copy(const struct tcpc_options *options)
{
    const char *name = options->name != NULL ? options->name : "";
    return strndup(name, strnlen(name, NAME_BYTES_MAX));
}

static struct tcpc_client *client_alloc(const struct tcpc_options *options)
{
    struct tcpc_client *client = calloc(1, sizeof(*client));
    if (client == NULL || !locks_init(client)) {
        free(client);
        return NULL;
    }
    client->url = strdup(url_choose(options));
    client->name = name_copy(options);
    client->timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    client->reconnect_ms = options->reconnect_ms ? options->reconnect_ms : TCPC_RECONNECT_MS;
    client->keep_seconds = options->keep_seconds;
    client->policy = options->policy;
    if (options->token != NULL) {
        client->is_taking_up = true;
        memcpy(client->token, options->token, TCPC_TOKEN_BYTES);
    }
    /* Random, so that successive clients of one session use different ids; below 2^62, so that
     * counting up never wraps. */
    if (client->url != NULL && client->name != NULL &&
        getrandom(&client->next_request_id, sizeof(client->next_request_id), 0) ==
            (ssize_t)sizeof(client->next_request_id)) {
        client->next_request_id >>= 2;
        return client;
    }
    client_destroy(client);
    return NULL;
}

static void client_close(struct tcpc_client *client)
{
    tcpci_calls_cancel(client);
    tcpci_pulse_stop(client);
    tcpci_streams_free(client);
    tcpci_calls_free(client);
    tcpci_link_close(client);
    client_destroy(client);
}

static enum tcpc_code client_attach(struct tcpc_client *client, struct tcpc_error *ret_error)
{
    if (client->policy == TCPC_POLICY_NONE)
        return TCPC_OK;
    struct tcpc_request request = {.op = (enum tcpc_op)OP_ATTACH};
    struct tcpc_response *response = NULL;
    enum tcpc_code code = tcpci_call_sync(client, &request, &response, ret_error);
    if (code == TCPC_OK)
        tcpc_response_free(response);
    return code;
}

static enum tcpc_code options_check(const struct tcpc_options *options,
                                    struct tcpc_error *ret_error)
{
    if ((unsigned)options->policy > TCPC_POLICY_KEEP)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "unknown policy %d", (int)options->policy);
    if (options->token != NULL && options->policy == TCPC_POLICY_NONE)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "a token without a policy: set the policy of the session");
    return TCPC_OK;
}

enum tcpc_code tcpc_client_new(const struct tcpc_options *options, struct tcpc_client **ret_client,
                               struct tcpc_error *ret_error)
{
    static const struct tcpc_options defaults = {.url = NULL};
    options = options != NULL ? options : &defaults;
    tcpci_error_clear(ret_error);
    enum tcpc_code code = options_check(options, ret_error);
    if (code != TCPC_OK)
        return code;
    tcpci_std_files_occupy();
    struct tcpc_client *client = client_alloc(options);
    if (client == NULL)
        return tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, "");
    code = tcpci_link_open(client, &tcpci_call_link_ops, ret_error);
    if (code != TCPC_OK) {
        client_destroy(client);
        return code;
    }
    int64_t until_ms = client->timeout_ms == TCPC_WAIT_FOREVER
                           ? TCPC_MS_NEVER / 2
                           : tcpci_clock_ms() + client->timeout_ms;
    code = tcpci_link_wait(client, until_ms, ret_error);
    if (code == TCPC_OK)
        code = client_attach(client, ret_error);
    if (code == TCPC_OK)
        *ret_client = client;
    else
        client_close(client);
    return code;
}

/* Makes the policy take effect now instead of after the daemon's grace time. */
static void client_detach(struct tcpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    bool is_due = client->session && client->policy != TCPC_POLICY_KEEP &&
                  client->link == LINK_UP && client->fatal.code == TCPC_OK;
    pthread_mutex_unlock(&client->lock);
    struct tcpc_request request = {.op = (enum tcpc_op)OP_DETACH, .timeout_ms = DETACH_TIMEOUT_MS};
    struct tcpc_response *response = NULL;
    if (is_due && tcpci_call_sync(client, &request, &response, NULL) == TCPC_OK)
        tcpc_response_free(response);
}

void tcpc_client_free(struct tcpc_client *client)
{
    if (client == NULL)
        return;
    client_detach(client);
    client_close(client);
}

const uint8_t *tcpc_client_token(const struct tcpc_client *client)
{
    return client->policy == TCPC_POLICY_NONE ? NULL : client->token;
}

uint64_t tcpc_client_boot_id(struct tcpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    uint64_t boot_id = client->boot_id;
    pthread_mutex_unlock(&client->lock);
    return boot_id;
}

const char *tcpc_client_url(const struct tcpc_client *client)
{
    return client->url;
}
