#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/log.h"

#define HELLO_BYTES 8
#define FRAME_BYTES 13 /* 01, be64 length, be32 id */

/* --- memory ----------------------------------------------------------------------------------- */

static void *allocate(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void deallocate(void *ctx, void *block, size_t size)
{
    (void)ctx;
    (void)size;
    free(block);
}

const struct te_allocator t_heap = {NULL, allocate, deallocate};

/* --- the loop --------------------------------------------------------------------------------- */

void t_loop_init(struct t_loop *loop)
{
    *loop = (struct t_loop){0};
    log_set_level(LOG_LEVEL_ERROR);
    assert_int_equal(uv_loop_init(&loop->uv), 0);
}

void t_turn(struct t_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    if (loop->more != NULL)
        loop->more(loop->ctx);
}

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

void t_turn_for(struct t_loop *loop, unsigned ms)
{
    uint64_t end_ms = now_ms() + ms;
    do
        t_turn(loop);
    while (now_ms() < end_ms);
}

void t_turn_until(struct t_loop *loop, bool (*is_done)(void *ctx), void *ctx)
{
    uint64_t end_ms = now_ms() + T_PATIENCE_MS;
    for (t_turn(loop); !is_done(ctx); t_turn(loop))
        if (now_ms() > end_ms)
            fail_msg("it did not happen in %d ms", T_PATIENCE_MS);
}

static bool loop_is_idle(void *ctx)
{
    return !uv_loop_alive(&((struct t_loop *)ctx)->uv);
}

void t_loop_done(struct t_loop *loop)
{
    loop->more = NULL;
    t_turn_until(loop, loop_is_idle, loop);
    assert_int_equal(uv_loop_close(&loop->uv), 0);
}

/* --- files ------------------------------------------------------------------------------------ */

void t_dir_init(struct t_dir *dir)
{
    snprintf(dir->path, sizeof(dir->path), "/tmp/tcpengined-test-XXXXXX");
    assert_non_null(mkdtemp(dir->path));
    chmod(dir->path, 0755); /* tests connect as another user too */
    snprintf(dir->socket, sizeof(dir->socket), "%s/socket", dir->path);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void t_dir_done(struct t_dir *dir)
{
    nftw(dir->path, remove_entry, 4, FTW_DEPTH | FTW_PHYS);
}

void t_file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* --- sockets ---------------------------------------------------------------------------------- */

int t_try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int t_connect(const char *path)
{
    int fd = t_try_connect(path);
    assert_true(fd >= 0);
    return fd;
}

void t_write(struct t_loop *loop, int fd, const void *bytes, size_t len)
{
    uint64_t end_ms = now_ms() + T_PATIENCE_MS;
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, (const char *)bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            fail_msg("send: %s", strerror(errno));
        sent += n > 0 ? (size_t)n : 0;
        t_turn(loop); /* the server reads, */
        t_turn(loop); /* and handles what it has read */
        if (now_ms() > end_ms)
            fail_msg("the server took only %zu of %zu bytes", sent, len);
    }
}

void t_read(struct t_loop *loop, int fd, void *ret_bytes, size_t len)
{
    uint64_t end_ms = now_ms() + T_PATIENCE_MS;
    for (size_t got = 0; got < len;) {
        ssize_t n = recv(fd, (char *)ret_bytes + got, len - got, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            fail_msg("closed after %zu of %zu bytes", got, len);
        got += n > 0 ? (size_t)n : 0;
        if (n < 0)
            t_turn(loop);
        if (now_ms() > end_ms)
            fail_msg("only %zu of %zu bytes came", got, len);
    }
}

size_t t_expect_closed(struct t_loop *loop, int fd)
{
    static uint8_t bytes[65536];
    uint64_t end_ms = now_ms() + T_PATIENCE_MS;
    size_t total = 0;
    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            break;
        total += n > 0 ? (size_t)n : 0;
        t_turn(loop);
        if (now_ms() > end_ms)
            fail_msg("not closed after %zu bytes", total);
    }
    close(fd);
    return total;
}

bool t_is_quiet(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

/* --- SP --------------------------------------------------------------------------------------- */

void t_greet(struct t_loop *loop, int fd)
{
    uint8_t theirs[HELLO_BYTES];
    t_write(loop, fd, "\0SP\0\x00\x30\0\0", HELLO_BYTES);
    t_read(loop, fd, theirs, sizeof(theirs));
    assert_memory_equal(theirs, "\0SP\0\x00\x31\0\0", HELLO_BYTES);
}

int t_connect_greeted(struct t_loop *loop, const char *path)
{
    int fd = t_connect(path);
    t_greet(loop, fd);
    return fd;
}

static void be_write(uint8_t *bytes, uint64_t value, int size)
{
    for (int i = size - 1; i >= 0; i--, value >>= 8)
        bytes[i] = (uint8_t)value;
}

static uint64_t be_read(const uint8_t *bytes, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

size_t t_frame(uint8_t *ret_frame, uint32_t id, const void *body, size_t len)
{
    ret_frame[0] = 1;
    be_write(ret_frame + 1, len + 4, 8);
    be_write(ret_frame + 9, id | 0x80000000u, 4);
    if (len > 0)
        memcpy(ret_frame + FRAME_BYTES, body, len);
    return FRAME_BYTES + len;
}

void t_write_message(struct t_loop *loop, int fd, uint32_t id, const void *body, size_t len)
{
    static uint8_t frame[FRAME_BYTES + T_MESSAGE_MAX];
    assert_true(len <= T_MESSAGE_MAX);
    t_write(loop, fd, frame, t_frame(frame, id, body, len));
}

size_t t_read_message(struct t_loop *loop, int fd, uint32_t *ret_id, uint8_t *ret_body)
{
    uint8_t head[FRAME_BYTES];
    t_read(loop, fd, head, sizeof(head));
    assert_int_equal(head[0], 1);
    size_t len = (size_t)be_read(head + 1, 8);
    assert_in_range(len, 4, T_MESSAGE_MAX);
    assert_true(head[9] & 0x80);
    *ret_id = (uint32_t)be_read(head + 9, 4) & 0x7fffffffu;
    t_read(loop, fd, ret_body, len - 4);
    return len - 4;
}
