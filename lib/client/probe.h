/* Why is there no link? nng does not say, so we probe the socket ourselves. */
#ifndef TCPCLIENT_PROBE_H
#define TCPCLIENT_PROBE_H

#include <tcpclient/tcpclient.h>

/* Whether the socket's file is there: 0 or an errno (ENOENT, EACCES, ENAMETOOLONG ...). Does not
 * connect. 0 for a url that is neither ipc:// nor unix://. */
int tcpci_probe_path(const char *url);
/* Connects to the Unix socket of url without blocking, and hangs up: 0 when somebody listens, even
 * with a full backlog, or when url is neither ipc:// nor unix://; else an errno. */
int tcpci_probe_url(const char *url);
/* The same, and for a TCP URL, too: those wait for an answer, but not for long. */
int tcpci_probe_daemon(const char *url);
/* Whether these can find out anything about url. */
bool tcpci_probe_is_possible(const char *url);
/* Puts number, what a probe found, into words and returns the code: TCPC_PERMISSION for EACCES and
 * EPERM, TCPC_UNREACHABLE for all others, 0 included. */
enum tcpc_code tcpci_probe_explain(const char *url, int number, struct tcpc_error *ret_error);

#endif
