/* Fetches a page over HTTP/1.0, through the daemon's TCP:
 *
 *     fetch 10.0.0.1 80 /index.html
 *
 * It shows the whole life of a connection: a client, an active OPEN, SEND, RECEIVE until the peer's
 * FIN, CLOSE. Every step reports its failure in the same way. */
#include <stdio.h>
#include <stdlib.h>
#include <tcpclient/tcpclient.h>

/* How long opening, and each wait for more bytes, may take. */
enum { PATIENCE_MS = 10000 };

static int complain(const char *what, const struct tcpc_error *error)
{
    fprintf(stderr, "fetch: %s: %s (%s)%s%s\n", what, error->message, error->errno_name,
            error->hint[0] ? "; " : "", error->hint);
    return EXIT_FAILURE;
}

/* Sends the request. tcpc_send() returns when the daemon has taken all of it. */
static enum tcpc_code send_request(struct tcpc_client *client, uint64_t id, char **argv,
                                   struct tcpc_error *error)
{
    char text[1024];
    int len = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", argv[3], argv[1]);
    if (len < 0 || (size_t)len >= sizeof(text)) {
        *error = (struct tcpc_error){.code = TCPC_INVALID_ARGUMENT,
                                     .message = "the path is too long",
                                     .errno_name = "E2BIG"};
        return error->code;
    }
    return tcpc_send(client, id, text, (size_t)len, PATIENCE_MS, error);
}

/* Copies everything that arrives to stdout. Success with no bytes is the end of the stream. */
static enum tcpc_code print_answer(struct tcpc_client *client, uint64_t id,
                                   struct tcpc_error *error)
{
    static char buffer[64 * 1024];
    for (;;) {
        size_t len = sizeof(buffer);
        enum tcpc_code code = tcpc_receive(client, id, buffer, &len, PATIENCE_MS, error);
        if (code != TCPC_OK || len == 0)
            return code;
        fwrite(buffer, 1, len, stdout);
    }
}

static int fetch(struct tcpc_client *client, char **argv)
{
    struct tcpc_error error;
    struct tcpc_opened connection;
    /* No local endpoint: the daemon chooses its address and a port. */
    struct tcpc_open open = {.wait_ms = PATIENCE_MS};
    if (!tcpc_endpoint_set(&open.remote, argv[1], (uint16_t)atoi(argv[2]))) {
        fprintf(stderr, "fetch: %s is not an IP address\n", argv[1]);
        return EXIT_FAILURE;
    }
    if (tcpc_open_active(client, &open, &connection, &error) != TCPC_OK)
        return complain("open", &error);
    if (send_request(client, connection.id, argv, &error) != TCPC_OK)
        return complain("send", &error);
    if (print_answer(client, connection.id, &error) != TCPC_OK)
        return complain("receive", &error);
    /* Our FIN. The daemon takes the connection through LAST_ACK (or TIME_WAIT) without us. */
    if (tcpc_close(client, connection.id, 0, NULL, &error) != TCPC_OK)
        return complain("close", &error);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    /* With a policy, nothing is left behind if this program dies midway. */
    struct tcpc_options options = {.name = "fetch", .policy = TCPC_POLICY_ABORT};
    struct tcpc_client *client;
    struct tcpc_error error;
    if (argc != 4) {
        fprintf(stderr, "usage: fetch ADDRESS PORT PATH\n");
        return 2;
    }
    if (tcpc_client_new(&options, &client, &error) != TCPC_OK)
        return complain("cannot reach the daemon", &error);
    int status = fetch(client, argv);
    tcpc_client_free(client);
    return status;
}
