#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"

enum { KEPT_FIRST = 64 * 1024 };

void input_init(struct input *input, int fd, bool repeats, bool keeps)
{
    struct stat info;
    *input = (struct input){.fd = fd, .kind = INPUT_STREAM};
    if (fstat(fd, &info) != 0)
        return;
    if (repeats && S_ISREG(info.st_mode)) {
        input->kind = INPUT_FILE;
        input->start = lseek(fd, 0, SEEK_CUR);
    } else if (keeps && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))) {
        input->kind = INPUT_KEPT;
    }
}

void input_done(struct input *input)
{
    free(input->kept);
    input->kept = NULL;
    input->kept_bytes = input->kept_size = 0;
}

/* Makes room for more bytes. False: they are more than can be kept. */
static bool keep_reserve(struct input *input, size_t more)
{
    size_t size = input->kept_size ? input->kept_size : KEPT_FIRST;
    while (size < input->kept_bytes + more)
        size *= 2;
    if (input->kept_bytes + more > INPUT_KEPT_MAX)
        return false;
    char *grown = size == input->kept_size ? input->kept : realloc(input->kept, size);
    if (grown == NULL)
        return false;
    input->kept = grown;
    input->kept_size = size;
    return true;
}

static void keep(struct input *input, const char *data, size_t len)
{
    if (input->is_lost)
        return;
    if (!keep_reserve(input, len)) {
        input->is_lost = true;
        input_done(input);
        return;
    }
    memcpy(input->kept + input->kept_bytes, data, len);
    input->kept_bytes += len;
}

static ssize_t read_kept(struct input *input, uint64_t offset, char *buffer, size_t size)
{
    if (offset < input->kept_bytes) {
        size_t left = input->kept_bytes - (size_t)offset;
        size_t len = left < size ? left : size;
        memcpy(buffer, input->kept + offset, len);
        return (ssize_t)len;
    }
    ssize_t len = input->is_ended ? 0 : descriptor_read(input->fd, buffer, size);
    if (len > 0)
        keep(input, buffer, (size_t)len);
    input->is_ended = len == 0;
    return len;
}

ssize_t input_read(struct input *input, uint64_t offset, char *buffer, size_t size)
{
    switch (input->kind) {
    case INPUT_FILE:
        return pread(input->fd, buffer, size, input->start + (off_t)offset);
    case INPUT_KEPT:
        return read_kept(input, offset, buffer, size);
    case INPUT_STREAM:
        break;
    }
    return descriptor_read(input->fd, buffer, size);
}
