/* One request from start to callback, over as many links as it takes. */
#ifndef TCPCLIENT_CALL_H
#define TCPCLIENT_CALL_H

#include <nng/nng.h>

#include "client.h"
#include "link.h"

/* Ops that only the library itself sends; they follow enum tcpc_op. */
enum { OP_ATTACH = TCPC_OP_SET_OPTION + 1, OP_DETACH, OP_COUNT };

struct attach_result {
    uint64_t session;
    uint8_t token[TCPC_TOKEN_BYTES];
};

enum call_phase {
    CALL_IDLE,    /* in the pool */
    CALL_PARKED,  /* waits for a link: its timer sleeps */
    CALL_SENDING, /* in nng's queue */
    CALL_WAITING, /* sent; the answer is due */
    CALL_DONE     /* its callback runs */
};

struct call {
    struct call *next, *previous; /* in client->active or, singly, in client->pool */
    struct tcpc_client *client;
    nng_ctx ctx;
    unsigned socket_number; /* that ctx belongs to */
    nng_aio *aio;           /* sends and receives */
    nng_aio *timer;         /* sleeps, and nothing else: see call.c */
    enum call_phase phase;
    struct tcpc_request request;
    uint64_t request_id;
    uint64_t link_number; /* the link it was sent on */
    int64_t deadline_at_ms;
    int64_t parked_at_ms; /* since when it has been parked; 0: it is not */
    uint32_t deadline_ms; /* what the daemon is told; 0: none */
    bool is_check;        /* the link's own request: goes out while the link is being checked */
    bool is_resent;
    enum tcpc_code verdict; /* found before anything was sent; TCPC_OK: none */
    struct tcpc_response *response;
    struct attach_result attach;
    tcpc_callback callback;
    void *callback_ctx;
};

/* tcpc_call_async() for attach and detach too. Without the lock. */
enum tcpc_code tcpci_call_start(struct tcpc_client *client, const struct tcpc_request *request,
                                tcpc_callback callback, void *ctx, struct tcpc_error *ret_error);
/* What calls do for the link. */
extern const struct tcpci_link_ops tcpci_call_link_ops;
/* Ends all calls and waits until their callbacks have run. Without the lock. */
void tcpci_calls_cancel(struct tcpc_client *client);
void tcpci_calls_free(struct tcpc_client *client);
/* tcpc_call() for attach and detach too. */
enum tcpc_code tcpci_call_sync(struct tcpc_client *client, const struct tcpc_request *request,
                               struct tcpc_response **ret_response, struct tcpc_error *ret_error);

#endif
