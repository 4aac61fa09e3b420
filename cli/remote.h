/* Another host's daemon: --control ssh://[USER@]HOST[:PORT][/PATH].
 *
 * ssh(1) forwards a socket in a folder of its own to the control socket there; what it asks for and
 * says goes to the terminal as ever. A keeper process ends ssh and removes the folder when tcpctl
 * has ended, in whatever way. The daemon sees a client of the user that ssh logged in as. */
#ifndef TCPCTL_REMOTE_H
#define TCPCTL_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

/* PATH, if the URL has none. */
#define REMOTE_PATH_DEFAULT "/run/tcpengine/control.sock"
#define REMOTE_TEXT_MAX 256 /* of user and host, and of the path */
#define REMOTE_URL_MAX 128  /* of the local one */

struct remote {
    char host[REMOTE_TEXT_MAX]; /* with "USER@", if there is one */
    char port[8];               /* "": ssh's default */
    char path[REMOTE_TEXT_MAX];
};

bool remote_is_url(const char *url);
/* False: that is no URL of the kind. */
bool remote_parse(const char *url, struct remote *ret_remote);
/* Starts ssh and waits until it forwards, for at most wait_ms; ret_url is of the local socket.
 * False after a complaint on stderr. Once per process. */
bool remote_open(const struct remote *remote, uint32_t wait_ms, char ret_url[REMOTE_URL_MAX]);

#endif
