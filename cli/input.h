/* stdin as what connections are sent. */
#ifndef TCPCTL_INPUT_H
#define TCPCTL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A pipe that repeats is kept in memory, up to this size. */
enum { INPUT_KEPT_MAX = 16 * 1024 * 1024 };

enum input_kind {
    INPUT_STREAM, /* each byte goes to one connection */
    INPUT_FILE,   /* each connection gets all of a regular file, from where stdin stood */
    INPUT_KEPT    /* each connection gets all of a pipe, from its start */
};

struct input {
    int fd;
    enum input_kind kind;
    int64_t start; /* INPUT_FILE: offset */
    char *kept;    /* INPUT_KEPT: what was read so far */
    size_t kept_bytes, kept_size;
    bool is_ended;
    bool is_lost; /* there was more than can be kept: nobody else can get all of it */
};

/* repeats: a regular file goes to each connection; keeps: a pipe, too. Terminals and other devices
 * are always streams. */
void input_init(struct input *input, int fd, bool repeats, bool keeps);
/* Frees what was kept. */
void input_done(struct input *input);
/* Reads what comes at offset of a connection's input (a stream knows no offsets): its number of
 * bytes, at most size; 0 at the end; -1 with errno. May wait. */
ssize_t input_read(struct input *input, uint64_t offset, char *buffer, size_t size);

#endif
