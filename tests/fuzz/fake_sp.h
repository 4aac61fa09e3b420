/* Replaces the daemon's SP server: links without sockets, for requests straight from a fuzzer. Must
 * precede the daemon's library on the link line. */
#ifndef FUZZ_FAKE_SP_H
#define FUZZ_FAKE_SP_H

#include "sp/sp_server.h"

#define FAKE_IDS_BYTES 4

struct sp_link {
    struct sp_server *server;
    struct sp_peer peer;
    void *user;
    bool is_alive, is_full;
    bool wants_turn; /* see fake_sp_turn() */
};

struct sp_request {
    struct sp_link *link; /* NULL: gone */
    uint32_t id;
    bool has_request_id; /* what the answer must echo */
    uint64_t request_id;
};

/* What the program learns from answers. */
typedef void fake_answer_fn(void *ctx, const struct sp_request *request, const uint8_t *body,
                            size_t len);

struct sp_server {
    struct sp_server_callbacks callbacks;
    struct sp_counters counters;
    struct turns turns; /* of nobody: see fake_sp_turn() */
    unsigned pending;   /* requests that are neither answered nor dropped */
    fake_answer_fn *on_answer;
    void *ctx;
};

/* The server created last. */
struct sp_server *fake_sp_server(void);
void fake_sp_open(struct sp_server *server, struct sp_link *link, uint32_t uid, bool is_admin);
void fake_sp_close(struct sp_link *link);
/* Gives the link the turn it wants; true if it wanted one. */
bool fake_sp_turn(struct sp_link *link);
/* The request is copied. */
void fake_sp_request(struct sp_link *link, const struct sp_request *request, const uint8_t *body,
                     size_t len);

#endif
