#include "captured_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/test.h"

void capture_begin(struct captured_output *captured, int fd)
{
    char path[] = "/tmp/captured-output-XXXXXX";
    fflush(stdout);
    captured->fd = fd;
    captured->saved_fd = dup(fd);
    captured->file_fd = mkstemp(path);
    assert_true(captured->saved_fd >= 0 && captured->file_fd >= 0);
    unlink(path);
    assert_int_equal(dup2(captured->file_fd, fd), fd);
}

const char *capture_end(struct captured_output *captured)
{
    fflush(stdout);
    dup2(captured->saved_fd, captured->fd);
    ssize_t len = pread(captured->file_fd, captured->text, CAPTURED_MAX - 1, 0);
    close(captured->saved_fd);
    close(captured->file_fd);
    assert_true(len >= 0);
    captured->text[len] = '\0';
    return captured->text;
}
