/* Many Sends and Receives as one stream: what the other calls do to one; stream.c has the theory of
 * operation. All take the lock. */
#ifndef TCPCLIENT_STREAMS_H
#define TCPCLIENT_STREAMS_H

#include "client.h"

/* Forgets all streams. Once no call is out. */
void tcpci_streams_free(struct tcpc_client *client);
/* Notes a new connection of this client, of which sent_to bytes were accepted with the OPEN.
 * Without memory nothing is noted, and the first use asks the daemon. */
void tcpci_stream_begin(struct tcpc_client *client, uint64_t id, uint64_t sent_to);
/* Before a CLOSE: frees at the daemon what tcpc_receive() handed out, so that these bytes do not
 * turn it into a reset. One synchronous request if there is anything to free; its failure is
 * ignored. */
void tcpci_stream_release(struct tcpc_client *client, uint64_t id);
/* Forgets the stream; calls that use it go on undisturbed. */
void tcpci_stream_end(struct tcpc_client *client, uint64_t id);

#endif
