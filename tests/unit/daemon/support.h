/* What the tests of the daemon's IPC half share: a temporary directory, and clients that speak SP
 * from within the thread that also runs the server's loop.
 *
 * These tests run real sockets on a real loop, so that their clock is real too; nothing in them
 * sleeps: whatever they wait for, they wait for by turning the loop, for T_PATIENCE_MS at most. */
#ifndef DAEMON_TEST_SUPPORT_H
#define DAEMON_TEST_SUPPORT_H

#include <stdbool.h>
#include <uv.h>

#include "support/test.h"

#define T_PATIENCE_MS 10000
#define T_MESSAGE_MAX ((size_t)300 * 1024)

/* A loop to turn, and what else is to be done at each turn; more may be NULL. */
struct t_loop {
    uv_loop_t uv;
    void (*more)(void *ctx);
    void *ctx;
};
void t_loop_init(struct t_loop *loop);
/* Runs what is left to close, and checks that nothing else is. */
void t_loop_done(struct t_loop *loop);
void t_turn(struct t_loop *loop);
/* Turns the loop for that long. */
void t_turn_for(struct t_loop *loop, unsigned ms);
/* Turns until is_done(ctx); fails the test after T_PATIENCE_MS. */
void t_turn_until(struct t_loop *loop, bool (*is_done)(void *ctx), void *ctx);

/* A fresh directory, removed by t_dir_done() with all that is in it. */
struct t_dir {
    char path[64];
    char socket[80]; /* a path in it */
};
void t_dir_init(struct t_dir *dir);
void t_dir_done(struct t_dir *dir);

/* A connected, non-blocking socket. */
int t_connect(const char *path);
/* -1 when the server does not take it. */
int t_try_connect(const char *path);

void t_write(struct t_loop *loop, int fd, const void *bytes, size_t len);
void t_read(struct t_loop *loop, int fd, void *ret_bytes, size_t len);
/* Exchanges greetings. */
void t_greet(struct t_loop *loop, int fd);
int t_connect_greeted(struct t_loop *loop, const char *path);
/* One message to the server under request id (its top bit is set here). */
void t_write_message(struct t_loop *loop, int fd, uint32_t id, const void *body, size_t len);
/* The same as bytes: the length of the frame. */
size_t t_frame(uint8_t *ret_frame, uint32_t id, const void *body, size_t len);
/* One message from the server into a buffer of T_MESSAGE_MAX bytes: its length. */
size_t t_read_message(struct t_loop *loop, int fd, uint32_t *ret_id, uint8_t *ret_body);
/* Reads until the server closes; fails the test when it does not. Returns how much came before. */
size_t t_expect_closed(struct t_loop *loop, int fd);
/* Nothing can be read now. */
bool t_is_quiet(int fd);

#endif
