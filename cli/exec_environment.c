#include "exec_environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Of an earlier server, and not true of this connection. */
static const char *const stale[] = {"TCPLOCALHOST=", "TCPREMOTEHOST=", "TCPREMOTEINFO="};

static void set(struct exec_environment *environment, const char *name, const char *value)
{
    snprintf(environment->texts[environment->count++], EXEC_VARIABLE_MAX, "%s=%s", name, value);
}

static void set_number(struct exec_environment *environment, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    set(environment, name, text);
}

/* An end of the connection: the names of its address and port, plain and as socat has them, with
 * IPv6 addresses in brackets. */
struct end_names {
    const char *ip, *port, *socat_address, *socat_port;
};

static void set_end(struct exec_environment *environment, const struct place *place,
                    const struct end_names *names)
{
    char host[PLACE_TEXT_MAX], in_brackets[PLACE_TEXT_MAX + 2];
    place_host_text(place, host);
    snprintf(in_brackets, sizeof(in_brackets), strchr(host, ':') ? "[%s]" : "%s", host);
    set(environment, names->ip, host);
    set_number(environment, names->port, place_port(place));
    set(environment, names->socat_address, in_brackets);
    set_number(environment, names->socat_port, place_port(place));
}

static void set_all(struct exec_environment *environment, const struct arrival *arrival)
{
    static const struct end_names local = {"TCPLOCALIP", "TCPLOCALPORT", "SOCAT_SOCKADDR",
                                           "SOCAT_SOCKPORT"};
    static const struct end_names remote = {"TCPREMOTEIP", "TCPREMOTEPORT", "SOCAT_PEERADDR",
                                            "SOCAT_PEERPORT"};
    set(environment, "PROTO", "TCP");
    set_end(environment, &arrival->local, &local);
    set_end(environment, &arrival->remote, &remote);
    set_number(environment, "TCPENGINE_ID", arrival->id);
}

static bool is_replaced(const struct exec_environment *environment, const char *variable)
{
    for (unsigned i = 0; i < environment->count; i++) {
        size_t len = strcspn(environment->texts[i], "=") + 1;
        if (strncmp(environment->texts[i], variable, len) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++) {
        if (strncmp(stale[i], variable, strlen(stale[i])) == 0)
            return true;
    }
    return false;
}

void exec_environment_make(struct exec_environment *environment, const struct arrival *arrival,
                           char **inherited)
{
    size_t count = 0, at = 0;
    while (inherited[count] != NULL)
        count++;
    environment->count = 0;
    set_all(environment, arrival);
    environment->variables =
        calloc(count + environment->count + 1, sizeof(environment->variables[0]));
    if (environment->variables == NULL)
        cli_no_memory();
    for (unsigned i = 0; i < environment->count; i++)
        environment->variables[at++] = environment->texts[i];
    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(environment, inherited[i]))
            environment->variables[at++] = inherited[i];
    }
}

void exec_environment_free(struct exec_environment *environment)
{
    free(environment->variables);
    environment->variables = NULL;
}
