/* The server: listens on the control socket and keeps the links (sp.h). */
#ifndef TCPENGINED_SP_SERVER_H
#define TCPENGINED_SP_SERVER_H

#include <uv.h>

#include "sp/sp.h"

struct sp_server;

void sp_server_options_init(struct sp_server_options *options);

/* Listens. Returns 0 or a negative errno, and has logged why. */
int sp_server_new(uv_loop_t *loop, const struct sp_server_options *options,
                  const struct sp_server_callbacks *callbacks, struct sp_server **ret_server);
/* Takes no more links, and removes the socket's file; links go on. */
void sp_server_stop_listening(struct sp_server *server);
/* Closes everything. Calls on_link_closed for each link, and nothing after it returns. The memory
 * goes when the loop has run the close callbacks. NULL is legal. */
void sp_server_free(struct sp_server *server);

const struct sp_counters *sp_server_counters(const struct sp_server *server);
unsigned sp_server_link_count(const struct sp_server *server);

#endif
