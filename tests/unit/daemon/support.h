/* What the daemon's tests share: a temporary directory, and clients that speak SP in the thread
 * that also runs the server's loop.
 *
 * These tests use real sockets on a real loop, so their clock is real too. Nothing sleeps: they
 * wait by turning the loop, for at most T_PATIENCE_MS. */
#ifndef DAEMON_TEST_SUPPORT_H
#define DAEMON_TEST_SUPPORT_H

#include <stdbool.h>
#include <tcpengine/config.h>
#include <uv.h>

#include "support/test.h"

#define T_PATIENCE_MS 10000
#define T_MESSAGE_MAX ((size_t)300 * 1024)

/* malloc() and free(). */
extern const struct te_allocator t_heap;

/* A loop, and what else to do at each turn; more may be NULL. */
struct t_loop {
    uv_loop_t uv;
    void (*more)(void *ctx);
    void *ctx;
};
void t_loop_init(struct t_loop *loop);
/* Runs the loop until everything has closed; fails the test if something does not. */
void t_loop_done(struct t_loop *loop);
void t_turn(struct t_loop *loop);
/* Turns the loop for that long. */
void t_turn_for(struct t_loop *loop, unsigned ms);
/* Turns until is_done(ctx); fails the test after T_PATIENCE_MS. */
void t_turn_until(struct t_loop *loop, bool (*is_done)(void *ctx), void *ctx);

/* A fresh directory; t_dir_done() removes it with everything in it. */
struct t_dir {
    char path[64];
    char socket[80]; /* a path in it */
};
void t_dir_init(struct t_dir *dir);
void t_dir_done(struct t_dir *dir);
/* Makes the file, or replaces its content. */
void t_file_write(const char *path, const char *text);

/* A connected, non-blocking socket. */
int t_connect(const char *path);
/* The same; -1 if nobody listens. */
int t_try_connect(const char *path);

void t_write(struct t_loop *loop, int fd, const void *bytes, size_t len);
void t_read(struct t_loop *loop, int fd, void *ret_bytes, size_t len);
/* Exchanges greetings. */
void t_greet(struct t_loop *loop, int fd);
int t_connect_greeted(struct t_loop *loop, const char *path);
/* Sends one message under the request id (its top bit is set here). */
void t_write_message(struct t_loop *loop, int fd, uint32_t id, const void *body, size_t len);
/* The same as bytes; returns the length of the frame. */
size_t t_frame(uint8_t *ret_frame, uint32_t id, const void *body, size_t len);
/* Reads one message into a buffer of T_MESSAGE_MAX bytes; returns its length. */
size_t t_read_message(struct t_loop *loop, int fd, uint32_t *ret_id, uint8_t *ret_body);
/* Reads until the server closes, and closes fd; returns how many bytes came before. */
size_t t_expect_closed(struct t_loop *loop, int fd);
/* True if there is nothing to read now. */
bool t_is_quiet(int fd);

#endif
