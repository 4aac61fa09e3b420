/* Scripts of TCP Fast Open (RFC 7413), with the stack in either role. */
#ifndef SCRIPT_FAST_OPEN_H
#define SCRIPT_FAST_OPEN_H

#include "script.h"
#include "tcp/listen/fast_open.h"

#define COOKIE_BYTES TE_FAST_OPEN_COOKIE_BYTES /* of the stack's cookies */
#define FAST_OPEN_COOKIE_BYTES 6               /* of the peer's */
#define FAST_OPEN_PORT 5000                    /* the first local one */

/* --- the stack is the server ------------------------------------------------------------------ */

/* Starts the stack with a listener. */
void fast_open_listen(struct script *s, bool fast_open, uint32_t backlog);
/* A new peer's SYN, with a cookie (NULL: asks for one) and len bytes. Returns the SYN,ACK, or NULL
 * if there is no answer. */
const struct script_out *fast_open_send_syn(struct script *s, uint16_t port, const uint8_t *cookie,
                                            uint32_t len);
/* Asks for a cookie and ends that connection. */
void fast_open_get_cookie(struct script *s, uint8_t ret_cookie[COOKIE_BYTES]);

/* --- the stack is the client ------------------------------------------------------------------ */

/* Opens with len bytes, starting the stack if necessary. */
void fast_open_user_open(struct script *s, uint16_t local_port, size_t len);
/* Reads the SYN; returns the length of its cookie, or -1 if it lacks the option. */
int fast_open_expect_syn(struct script *s, uint32_t len);
/* The peer's answer, with its cookie or without. */
void fast_open_send_syn_ack(struct script *s, uint32_t ack, bool with_cookie);
/* Aborts the connection. */
void fast_open_end(struct script *s);
/* A first connection, from FAST_OPEN_PORT, from which the stack has the peer's cookie. */
void fast_open_learn_cookie(struct script *s);

#endif
