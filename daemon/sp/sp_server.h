/* The server: listens on the control socket and owns the links (sp.h). */
#ifndef TCPENGINED_SP_SERVER_H
#define TCPENGINED_SP_SERVER_H

#include <uv.h>

#include "sp/sp.h"
#include "util/turns.h"

struct sp_server;

/* Sets every option to its default; path is NULL. */
void sp_server_options_init(struct sp_server_options *options);

/* Starts listening; options and callbacks are copied. Returns 0, or a negative errno after logging
 * why: sp_socket_open()'s, -ENOMEM, or what the loop refuses the socket with. */
int sp_server_new(uv_loop_t *loop, const struct sp_server_options *options,
                  const struct sp_server_callbacks *callbacks, struct sp_server **ret_server);
/* Stops accepting links and removes the socket's file; open links stay. Harmless twice. */
void sp_server_stop_listening(struct sp_server *server);
/* Closes everything: calls on_link_closed for each link, and no callback after that. The memory is
 * freed by the loop's next turns, when the handles have closed. NULL is legal. */
void sp_server_free(struct sp_server *server);

/* Where everybody's work waits for its turn. Valid as long as the server. */
struct turns *sp_server_turns(struct sp_server *server);
/* Valid as long as the server. */
const struct sp_counters *sp_server_counters(const struct sp_server *server);
/* Number of links that are not being closed. */
unsigned sp_server_link_count(const struct sp_server *server);

#endif
