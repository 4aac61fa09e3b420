/* The link to the daemon: one nng socket, and whether requests may go out on it. */
#ifndef TCPCLIENT_LINK_H
#define TCPCLIENT_LINK_H

#include "client.h"

/* What the link asks of those above it. All are called under the lock, from any thread, and must
 * neither wait nor give the lock up. */
struct tcpci_link_ops {
    /* Requests may go out, or client->fatal says that none ever will: those that wait for a link
     * must look again. */
    void (*wake)(struct tcpc_client *client);
    /* The link is gone. Requests that nng has taken and not sent yet must be taken back at once, so
     * that they do not go out on the next one. */
    void (*recall)(struct tcpc_client *client);
    /* There is a new link, and it must be checked: send the link's own request over it, and give
     * the answer to tcpci_link_checked(). False without memory: the link is then used unchecked. */
    bool (*check)(struct tcpc_client *client);
};

/* Dials. ops must outlive the client. */
enum tcpc_code tcpci_link_open(struct tcpc_client *client, const struct tcpci_link_ops *ops,
                               struct tcpc_error *ret_error);
/* Waits for the first link. */
enum tcpc_code tcpci_link_wait(struct tcpc_client *client, int64_t until_ms,
                               struct tcpc_error *ret_error);
/* The link that this call went over is broken. Under the lock. */
void tcpci_link_lost(struct tcpc_client *client, uint64_t link_number);
/* How long a request may lie with nng before one looks whether the link is mute, and the look:
 * lost, when nng has taken none for as long. Under the lock. */
int64_t tcpci_link_patience_ms(const struct tcpc_client *client);
void tcpci_link_note_mute(struct tcpc_client *client, uint64_t link_number);
/* There has been no link for a while: replaces the socket if that can help. Without the lock. */
void tcpci_link_look(struct tcpc_client *client);
/* Ends the link and all that belongs to it, in bounded time. Without the lock. */
void tcpci_link_close(struct tcpc_client *client);
/* The answer to the request of ops->check: it went over link link_number, and error is how it came
 * out. Without the lock. */
void tcpci_link_checked(struct tcpc_client *client, uint64_t link_number,
                        const struct tcpc_error *error);

#endif
