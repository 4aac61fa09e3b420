/* Many Sends and Receives as one stream: what the other calls have to say about one. */
#ifndef TCPCLIENT_STREAM_H
#define TCPCLIENT_STREAM_H

#include "client.h"

void tcpci_streams_free(struct tcpc_client *client);
/* A new connection: its offsets are known. Without memory they will be asked for. */
void tcpci_stream_begin(struct tcpc_client *client, uint64_t id, uint64_t sent_to);
/* Frees at the daemon what tcpc_receive() handed out. */
void tcpci_stream_release(struct tcpc_client *client, uint64_t id);
void tcpci_stream_end(struct tcpc_client *client, uint64_t id);

#endif
