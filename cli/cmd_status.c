/* tcpctl status: the daemon as a whole. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "format.h"
#include "forwarding.h"
#include "inquiry.h"
#include "json.h"
#include "terminal.h"

enum { NAME_COLUMNS = 13 };

static json_t *texts(const char *const *rows, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_append(array, json_text(rows[i]));
    return array;
}

static json_t *address_states(const struct tcpc_daemon_status *daemon)
{
    json_t *array = json_array();
    for (size_t i = 0; i < daemon->address_state_count; i++) {
        const struct tcpc_address_state *state = &daemon->address_states[i];
        json_t *object = json_object();
        json_put(object, "address", json_text(state->address));
        json_put(object, "state", json_text(state->state));
        json_put(object, "claimed_by",
                 *state->claimed_by ? json_text(state->claimed_by) : json_null());
        json_put(object, "retry_ms", json_integer(state->retry_ms));
        json_append(array, object);
    }
    return array;
}

static json_t *states(const struct tcpc_daemon_status *daemon)
{
    json_t *object = json_object();
    for (unsigned state = 0; state < TCPC_STATE_COUNT; state++)
        json_put(object, tcpc_state_name((enum tcpc_state)state),
                 json_number(daemon->states[state]));
    return object;
}

/* null: not known. */
static json_t *forwards(const struct tcpc_daemon_status *daemon, const char *gateway)
{
    enum forwarding forwarding = forwarding_of(gateway, daemon->tap);
    return forwarding == FORWARDING_UNKNOWN ? json_null()
                                            : json_boolean(forwarding == FORWARDING_ON);
}

static json_t *gateways(const struct tcpc_daemon_status *daemon)
{
    json_t *array = json_array();
    for (size_t i = 0; i < daemon->gateway_count; i++) {
        json_t *object = json_object();
        json_put(object, "address", json_text(daemon->gateways[i]));
        json_put(object, "forwards", forwards(daemon, daemon->gateways[i]));
        json_append(array, object);
    }
    return array;
}

static void print_json(struct cli *cli, const struct tcpc_response *response)
{
    const struct tcpc_daemon_status *daemon = &response->u.daemon;
    char boot_id[32];
    json_t *object = json_object();
    /* As text: it has 64 bits, more than a JSON number keeps exactly. */
    snprintf(boot_id, sizeof(boot_id), "%016" PRIx64, tcpc_client_boot_id(cli->client));
    json_put(object, "version", json_text(daemon->version));
    json_put(object, "api_major", json_number(daemon->api_major));
    json_put(object, "boot_id", json_text(boot_id));
    json_put(object, "control", json_text(tcpc_client_url(cli->client)));
    json_put(object, "uptime_us", json_integer(daemon->uptime_us));
    json_put(object, "time_us", json_integer(daemon->time_us));
    json_put(object, "epoch_us", json_integer(daemon->epoch_us));
    json_put(object, "tap", json_text(daemon->tap));
    json_put(object, "tap_up", json_boolean(daemon->tap_up));
    json_put(object, "mac", json_text(daemon->mac));
    json_put(object, "mtu", json_number(daemon->mtu));
    json_put(object, "offloads", texts(daemon->offloads, daemon->offload_count));
    json_put(object, "offloads_refused",
             texts(daemon->offloads_refused, daemon->offload_refused_count));
    json_put(object, "kernel_dropped",
             daemon->kernel_dropped < 0 ? json_null() : json_integer(daemon->kernel_dropped));
    json_put(object, "addresses", texts(daemon->addresses, daemon->address_count));
    json_put(object, "address_states", address_states(daemon));
    json_put(object, "routes", texts(daemon->routes, daemon->route_count));
    json_put(object, "gateway", json_text(daemon->gateway));
    json_put(object, "gateway_forwards", forwards(daemon, daemon->gateway));
    json_put(object, "gateways", gateways(daemon));
    json_put(object, "http", json_text(daemon->http));
    json_put(object, "msl_ms", json_integer(daemon->msl_ms));
    json_put(object, "states", states(daemon));
    json_put(object, "connections", json_number(daemon->connections));
    json_put(object, "listeners", json_number(daemon->listeners));
    json_put(object, "time_wait", json_number(daemon->time_wait));
    json_put(object, "orphans", json_number(daemon->orphans));
    json_put(object, "sessions", json_number(daemon->sessions));
    json_put(object, "links", json_number(daemon->links));
    json_put(object, "memory_bytes", json_number(daemon->memory_bytes));
    json_put(object, "memory_used_bytes", json_number(daemon->memory_used_bytes));
    json_put(object, "memory_max_bytes", json_number(daemon->memory_max_bytes));
    json_put(object, "memory_level", json_text(daemon->memory_level));
    json_put(object, "last_event_seq", json_number(daemon->last_event_seq));
    json_print(object);
}

static void print_list(const char *name, const char *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%-12s %s\n", i ? "" : name, rows[i]);
}

static void print_words(const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf(" %s", words[i]);
}

/* "send_checksum receive_checksum; refused by the kernel: receive_tso_ecn" */
static void print_offloads(const struct tcpc_daemon_status *daemon)
{
    printf("%-12s", "offloads");
    if (daemon->offload_count == 0)
        printf(" none");
    print_words(daemon->offloads, daemon->offload_count);
    if (daemon->offload_refused_count > 0)
        printf("; refused by the kernel:");
    print_words(daemon->offloads_refused, daemon->offload_refused_count);
    putchar('\n');
}

/* "10.0.0.2/24: conflict, in use by 02:00:00:00:00:77; tried again in 4 s" */
static void print_address(const char *name, const struct tcpc_address_state *state)
{
    char text[FORMAT_MAX];
    printf("%-12s %s", name, state->address);
    if (strcmp(state->state, "conflict") == 0)
        printf(": conflict, in use by %s; tried again in %s", state->claimed_by,
               format_duration(state->retry_ms * 1000, text));
    else if (strcmp(state->state, "ready") != 0)
        printf(": %s", state->state);
    putchar('\n');
}

/* A link-local address that came along is worth a line only when something is wrong with it. */
static void print_addresses(const struct tcpc_daemon_status *daemon)
{
    const char *name = "addresses";
    for (size_t i = 0; i < daemon->address_state_count; i++) {
        const struct tcpc_address_state *state = &daemon->address_states[i];
        if (!state->is_configured && strcmp(state->state, "conflict") != 0)
            continue;
        print_address(name, state);
        name = "";
    }
    if (daemon->address_state_count == 0) /* an older daemon */
        print_list(name, daemon->addresses, daemon->address_count);
}

static void print_states(const struct tcpc_daemon_status *daemon)
{
    const char *name = "states";
    for (unsigned state = 0; state < TCPC_STATE_COUNT; state++) {
        if (!daemon->states[state])
            continue;
        printf("%-12s %s %" PRIu64 "\n", name, tcpc_state_name((enum tcpc_state)state),
               daemon->states[state]);
        name = "";
    }
}

static void print_memory(const struct tcpc_daemon_status *daemon)
{
    char used[FORMAT_MAX], max[FORMAT_MAX];
    bool is_short = strcmp(daemon->memory_level, "plenty") != 0;
    printf("%-12s %s of %s%s%s\n", "memory", format_bytes(daemon->memory_used_bytes, used),
           format_bytes(daemon->memory_max_bytes, max), is_short ? ", short: " : "",
           is_short ? daemon->memory_level : "");
}

static void print_gateway(const struct tcpc_daemon_status *daemon, const char *gateway)
{
    static const char *const texts[] = {
        [FORWARDING_UNKNOWN] = "",
        [FORWARDING_OFF] = " (this host, which does not forward: nothing beyond it can be reached)",
        [FORWARDING_ON] = " (this host, which forwards)"};
    printf("%-12s %s%s\n", "gateway", gateway, texts[forwarding_of(gateway, daemon->tap)]);
}

static void print_text(struct cli *cli, const struct tcpc_daemon_status *daemon)
{
    char text[FORMAT_MAX];
    printf("%-12s %s\n", "version", daemon->version);
    printf("%-12s %s\n", "control", tcpc_client_url(cli->client));
    printf("%-12s %s\n", "up for", format_duration(daemon->uptime_us, text));
    printf("%-12s %016" PRIx64 "\n", "boot id", tcpc_client_boot_id(cli->client));
    printf("%-12s %s (%s), %s, MTU %" PRIu32 "\n", "interface", daemon->tap,
           daemon->tap_up ? "up" : "down", daemon->mac, daemon->mtu);
    print_offloads(daemon);
    if (daemon->kernel_dropped >= 0)
        printf("%-12s %" PRId64 " frames, by the kernel before the daemon read them\n", "dropped",
               daemon->kernel_dropped);
    print_addresses(daemon);
    print_list("routes", daemon->routes, daemon->route_count);
    for (size_t i = 0; i < daemon->gateway_count; i++)
        print_gateway(daemon, daemon->gateways[i]);
    if (*daemon->http)
        printf("%-12s http://%s/\n", "http", daemon->http);
    printf("%-12s %s\n", "MSL", format_duration(daemon->msl_ms * 1000, text));
    printf("%-12s %" PRIu64 ", listeners %" PRIu64 ", TIME_WAIT %" PRIu64 ", orphans %" PRIu64 "\n",
           "connections", daemon->connections, daemon->listeners, daemon->time_wait,
           daemon->orphans);
    print_states(daemon);
    printf("%-12s %" PRIu64 ", links %" PRIu64 "\n", "sessions", daemon->sessions, daemon->links);
    print_memory(daemon);
}

static void print_wrapped(struct cli *cli, const struct tcpc_response *response)
{
    struct terminal_lines lines;
    terminal_lines_begin(&lines);
    print_text(cli, &response->u.daemon);
    terminal_lines_end(&lines, NAME_COLUMNS);
}

static int cmd_status(struct cli *cli, int argc, char **argv)
{
    static const struct inquiry inquiry = {tcpc_daemon_status, print_json, print_wrapped};
    return inquiry_run(cli, argc, argv, &inquiry);
}

const struct verb verb_status = {.name = "status",
                                 .arguments = "",
                                 .summary = "Show the daemon's version, addresses and totals",
                                 .run = cmd_status};
