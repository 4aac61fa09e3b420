#include "service.h"

#include <errno.h>
#include <string.h>

/* A session, only to see that there is a daemon. */
int service_greet(struct cli *cli, struct engine_sockets *ret_engine)
{
    int status = cli_connect(cli, TCPC_POLICY_CLOSE);
    if (status != EXIT_DONE)
        return status;
    bool is_fit = engine_sockets_init(ret_engine, tcpc_client_url(cli->client));
    tcpc_client_free(cli->client);
    cli->client = NULL;
    return is_fit ? EXIT_DONE
                  : cli_usage(cli, "--control must be ipc://PATH, which leaves room for \"%s\"",
                              SOCKET_PATH_SUFFIX);
}

int service_fail(const struct cli *cli, int error, const char *what)
{
    cli_note("%s: %s: %s (%s)", cli->verb->name, what, strerror(error), strerrorname_np(error));
    if (error == ENETDOWN)
        return EXIT_UNREACHABLE;
    return error == EACCES || error == EPERM ? EXIT_DENIED : EXIT_FAILED;
}

int service_fail_gone(const struct cli *cli, const struct engine_sockets *engine,
                      const struct door *door)
{
    char text[PLACE_TEXT_MAX];
    bool is_daemon_there = engine_socket_is_of_this_run(engine, door->watch.fd);
    cli_note("%s: %s: %s", cli->verb->name, place_text(&door->local, text),
             is_daemon_there ? "the listener was closed"
                             : "the daemon has ended, or was restarted");
    return is_daemon_there ? EXIT_FAILED : EXIT_UNREACHABLE;
}
