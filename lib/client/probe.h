/* Why is there no link? nng does not say: we look ourselves. */
#ifndef TCPCLIENT_PROBE_H
#define TCPCLIENT_PROBE_H

#include <tcpclient/tcpclient.h>

/* Is the socket's file there at all? 0 or an errno; without a connection. */
int tcpci_probe_path(const char *url);
/* Tries to connect to the Unix socket of url, and hangs up: 0 when somebody listens (or url is not
 * of a kind that can be tried), else an errno. */
int tcpci_probe_url(const char *url);
/* UNREACHABLE or PERMISSION, in words, for what tcpci_probe_url() found. */
enum tcpc_code tcpci_probe_explain(const char *url, int number, struct tcpc_error *ret_error);

#endif
