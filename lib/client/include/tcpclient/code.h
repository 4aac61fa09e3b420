/* How a call ended: the codes of libtcpclient (tcpclient.h). */
#ifndef TCPCLIENT_CODE_H
#define TCPCLIENT_CODE_H

/* What went wrong, and what to do next. Codes up to TCPC_SESSION are the protocol's and come from
 * the daemon; the others come from the library. */
enum tcpc_code {
    TCPC_OK = 0,
    /* A field is missing or out of range; the message names it. A bug in the caller: repeating the
     * call does not help. */
    TCPC_INVALID_ARGUMENT = 1,
    /* The id names no connection or listener, or one that is gone: the message then says how it
     * ended, and so does tcpc_history() for a while. Forget the id. */
    TCPC_NOT_FOUND = 2,
    /* The object belongs to another uid, or the access rights of the control socket keep us out.
     * Ask as the owner, as root, or as a member of the daemon's admin group. */
    TCPC_PERMISSION = 3,
    /* Send: offset leaves a gap. Receive: from_offset lies below what was freed, or beyond what was
     * received. tcpc_status() has the right offsets: send_accepted, receive_released, receive_next.
     */
    TCPC_BAD_OFFSET = 4,
    /* Shutdown or Close was called before. Nothing can be sent any more; after Shutdown receiving
     * still works. */
    TCPC_CONNECTION_CLOSING = 5,
    /* These two endpoints are connected already. Use another local port. */
    TCPC_EXISTS = 6,
    /* A limit of the daemon, the engine or this user is reached, or the daemon is stopping; the
     * message says which. Close what is not needed, or try again later. */
    TCPC_RESOURCES = 7,
    /* From here to TCPC_ABORTED: why the connection failed. Close it with tcpc_close(), then
     * perhaps open another. REFUSED: RST in answer to our SYN. */
    TCPC_REFUSED = 8,
    TCPC_RESET = 9,             /* RST from the peer */
    TCPC_TIMED_OUT = 10,        /* TCP gave up: retransmissions, user timeout, keepalive */
    TCPC_PEER_UNREACHABLE = 11, /* ICMP, no route, or the neighbour does not answer */
    TCPC_ABORTED = 12,          /* Abort, a session's policy, or a limit ended it */
    /* The local address is not one of the daemon's (or not yet, while it checks for duplicates),
     * the port is taken, or no ephemeral port is left. Choose another, or none. */
    TCPC_ADDRESS = 13,
    /* Nothing happened within wait_ms. Call again. */
    TCPC_AGAIN = 14,
    /* The call makes no sense in this state, or for a listener, or for a connection. */
    TCPC_BAD_STATE = 15,

    /* From here on: any call may return these. */

    /* The daemon does not know the request or this version of the protocol. Use a library of the
     * daemon's version. */
    TCPC_UNSUPPORTED = 16,
    /* The daemon could not decode the request. As TCPC_UNSUPPORTED. */
    TCPC_MALFORMED = 17,
    /* The daemon failed; see its log. */
    TCPC_INTERNAL = 18,
    /* No answer within the call's timeout; whether the daemon carried the request out is unknown.
     * Look (tcpc_status(), tcpc_list()), or call again: Send and Receive by offset, and an Open
     * with the token it had, do nothing twice. */
    TCPC_DEADLINE = 19,
    /* The daemon no longer knows the client's session: it was away for longer than the daemon's
     * grace time, and the policy was applied. All calls return this from now on. Free the client
     * and make a new one. */
    TCPC_SESSION = 20,

    /* No daemon was reachable at the URL for reconnect_ms, or until the timeout. Start it, and call
     * again: the client reconnects by itself. */
    TCPC_UNREACHABLE = 100,
    /* The daemon was restarted and its connections are gone. All calls return this from now on.
     * Free the client and make a new one. (An id of an earlier run that a new client asks for is
     * TCPC_NOT_FOUND; the message says which it is.) */
    TCPC_RESTARTED = 101,
    /* The answer is not a valid message, or not the answer to this request. Is it a tcpengined, and
     * of this version? */
    TCPC_PROTOCOL = 102,
    /* The library is out of memory; nothing was sent, or the answer was lost (as TCPC_DEADLINE). */
    TCPC_NO_MEMORY = 103,
    /* tcpc_client_free() was called. The client is going away; do not touch it again. */
    TCPC_CANCELLED = 104
};

#endif
