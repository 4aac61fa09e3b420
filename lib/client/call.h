/* One request, from start to callback, over as many links as it takes; call.c has the theory of
 * operation. */
#ifndef TCPCLIENT_CALL_H
#define TCPCLIENT_CALL_H

#include <nng/nng.h>

#include "client.h"
#include "link.h"

/* Ops that only the library itself sends; they follow enum tcpc_op. */
enum { OP_ATTACH = TCPC_OP_RANK + 1, OP_DETACH, OP_COUNT };

struct attach_result {
    uint64_t session;
    uint8_t token[TCPC_TOKEN_BYTES];
};

enum call_phase {
    CALL_IDLE,    /* in the pool */
    CALL_PARKED,  /* waiting for a link: its timer sleeps */
    CALL_SENDING, /* in nng's queue */
    CALL_WAITING, /* sent, not answered yet */
    CALL_DONE     /* its callback is running */
};

struct call {
    struct call *next, *previous; /* in client->active or, singly, in client->pool */
    struct tcpc_client *client;
    nng_ctx ctx;
    unsigned socket_number; /* of the socket that ctx belongs to */
    nng_aio *aio;           /* sends and receives */
    nng_aio *timer;         /* sleeps, and nothing else: see call.c */
    enum call_phase phase;
    struct tcpc_request request;
    uint64_t request_id;
    uint64_t link_number; /* the link it was sent on */
    uint64_t daemon_pid;  /* the daemon it was sent to; 0: not known */
    int64_t deadline_at_ms;
    int64_t parked_at_ms; /* 0: not parked */
    uint32_t deadline_ms; /* in the request, for the daemon; 0: none */
    bool is_check;        /* the link's own request: goes out while the link is being checked */
    bool is_resent;
    enum tcpc_code verdict; /* of a call that failed before it was sent; TCPC_OK: none */
    struct tcpc_response *response;
    struct attach_result attach;
    tcpc_callback callback;
    void *callback_ctx;
};

/* tcpc_call_async(), also for attach and detach: same contract. Takes the lock. */
enum tcpc_code tcpci_call_start(struct tcpc_client *client, const struct tcpc_request *request,
                                tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);
/* What the link asks of the calls (link.h). */
extern const struct tcpci_link_ops tcpci_call_link_ops;
/* Ends all calls with TCPC_CANCELLED, lets none begin any more, and waits until their callbacks
 * have returned. Takes the lock. */
void tcpci_calls_cancel(struct tcpc_client *client);
/* Frees the pool. After tcpci_calls_cancel(), without the lock: it waits for nng's callbacks. */
void tcpci_calls_free(struct tcpc_client *client);
/* tcpc_call(), also for attach and detach: same contract, except that *ret_error is not cleared
 * first. */
enum tcpc_code tcpci_call_sync(struct tcpc_client *client, const struct tcpc_request *request,
                               struct tcpc_response **ret_response, struct tcpc_error *ret_error);

#endif
