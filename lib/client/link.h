/* The link to the daemon: one nng socket, and whether requests may go out on it; link.c has the
 * theory of operation. */
#ifndef TCPCLIENT_LINK_H
#define TCPCLIENT_LINK_H

#include "client.h"

/* What the link asks of the layer above. All are called under the lock, from any thread, and must
 * neither wait nor release the lock. */
struct tcpci_link_ops {
    /* Requests may go out, or client->fatal says that none ever will: requests that wait for a link
     * must check again. */
    void (*wake)(struct tcpc_client *client);
    /* The link is gone. Requests still in nng's queue must be taken back at once, lest they go out
     * on the next link. */
    void (*recall)(struct tcpc_client *client);
    /* There is a new link to be checked: send a request of its own over it, and pass the answer to
     * tcpci_link_checked(). False: out of memory; the link is then used unchecked. */
    bool (*check)(struct tcpc_client *client);
};

/* Starts dialling; does not wait for a link. ops must outlive the client. On failure nothing is
 * left to close, but the caller still frees the client's memory.
 *
 * TCPC_UNREACHABLE, TCPC_PERMISSION: the socket's file is not there or cannot be reached.
 * TCPC_INVALID_ARGUMENT: nng cannot dial the URL. TCPC_NO_MEMORY. */
enum tcpc_code tcpci_link_open(struct tcpc_client *client, const struct tcpci_link_ops *ops,
                               struct tcpc_error *ret_error);
/* Waits until until_ms for the first link. Takes the lock.
 *
 * TCPC_UNREACHABLE, TCPC_PERMISSION: as soon as a probe finds that nobody listens, or that we may
 * not connect. TCPC_DEADLINE: no link in time. */
enum tcpc_code tcpci_link_wait(struct tcpc_client *client, int64_t until_ms,
                               struct tcpc_error *ret_error);
/* A call met a broken link; ignored unless link_number is the current one. Under the lock. */
void tcpci_link_lost(struct tcpc_client *client, uint64_t link_number);
/* How long a request may lie in nng's queue before the link is suspected to be mute. Under the
 * lock. */
int64_t tcpci_link_patience_ms(const struct tcpc_client *client);
/* Declares the link lost if nng has taken no request for that long. Under the lock. */
void tcpci_link_note_mute(struct tcpc_client *client, uint64_t link_number);
/* Replaces the socket when there has been no link for a while although a daemon listens. Called now
 * and then by calls that wait for a link; takes the lock. */
void tcpci_link_look(struct tcpc_client *client);
/* Closes the socket; after a second it leaves a socket that hangs behind. Once no call is out, and
 * without the lock. */
void tcpci_link_close(struct tcpc_client *client);
/* The answer to the request of ops->check, which went over link link_number: error is its outcome.
 * Opens the link, or makes a lost session fatal, or drops the link. Takes the lock. */
void tcpci_link_checked(struct tcpc_client *client, uint64_t link_number,
                        const struct tcpc_error *error);

#endif
