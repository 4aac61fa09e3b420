#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <tcpclient/tcpclient.h>

const char *tcpc_version(void)
{
    return TCPC_VERSION_TEXT;
}

const char *tcpc_state_name(enum tcpc_state state)
{
    static const char *const names[TCPC_STATE_COUNT] = {
        "CLOSED",     "LISTEN",     "SYN_SENT", "SYN_RCVD", "ESTABLISHED", "FIN_WAIT_1",
        "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING",  "LAST_ACK", "TIME_WAIT"};
    return (unsigned)state < TCPC_STATE_COUNT ? names[state] : "?";
}

const char *tcpc_endpoint_format(const struct tcpc_endpoint *endpoint, char *ret_text)
{
    const char *address = endpoint->address[0] ? endpoint->address : "*";
    bool is_v6 = strchr(address, ':') != NULL;
    char port[8] = "*";
    if (endpoint->port)
        snprintf(port, sizeof(port), "%u", (unsigned)endpoint->port);
    snprintf(ret_text, TCPC_ENDPOINT_TEXT_MAX, "%s%s%s:%s", is_v6 ? "[" : "", address,
             is_v6 ? "]" : "", port);
    return ret_text;
}

bool tcpc_endpoint_set(struct tcpc_endpoint *ret_endpoint, const char *address, uint16_t port)
{
    unsigned char bytes[16];
    int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(family, address, bytes) != 1)
        return false;
    /* Rewritten, so that each address has one spelling. */
    inet_ntop(family, bytes, ret_endpoint->address, sizeof(ret_endpoint->address));
    ret_endpoint->port = port;
    return true;
}
