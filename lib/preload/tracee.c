#include "tracee.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define STATUS_BYTES 4096

static bool read_file(const char *path, char *text, size_t room)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t count = fread(text, 1, room - 1, file);
    text[count] = '\0';
    fclose(file);
    return count > 0;
}

static bool read_status(pid_t thread, char text[STATUS_BYTES])
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);
    return read_file(path, text, STATUS_BYTES);
}

/* "Name:\tvalue" */
static uint64_t field_of(const char *text, const char *name, int base)
{
    const char *found = strstr(text, name);
    return found == NULL ? 0 : strtoull(found + strlen(name), NULL, base);
}

int tracee_descriptor(pid_t thread, int fd)
{
    char status[STATUS_BYTES];
    if (!read_status(thread, status))
        return -ESRCH;
    long pid_fd = syscall(SYS_pidfd_open, (pid_t)field_of(status, "\nTgid:", 10), 0);
    if (pid_fd < 0)
        return -errno;
    long copy = syscall(SYS_pidfd_getfd, pid_fd, fd, 0);
    int result = copy < 0 ? -errno : (int)copy;
    close((int)pid_fd);
    return result;
}

bool tracee_is_close_on_exec(pid_t thread, int fd)
{
    char path[64], text[STATUS_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)thread, fd);
    return read_file(path, text, sizeof(text)) && (field_of(text, "flags:", 8) & 02000000) != 0;
}

bool tracee_read(pid_t thread, uint64_t address, void *bytes, size_t count)
{
    struct iovec own = {bytes, count}, theirs = {(void *)(uintptr_t)address, count};
    return count == 0 || process_vm_readv(thread, &own, 1, &theirs, 1, 0) == (ssize_t)count;
}

bool tracee_write(pid_t thread, uint64_t address, const void *bytes, size_t count)
{
    struct iovec own = {(void *)(uintptr_t)bytes, count};
    struct iovec theirs = {(void *)(uintptr_t)address, count};
    return count == 0 || process_vm_writev(thread, &own, 1, &theirs, 1, 0) == (ssize_t)count;
}

bool tracee_is_signalled(pid_t thread)
{
    char status[STATUS_BYTES];
    if (!read_status(thread, status))
        return true;
    uint64_t waiting = field_of(status, "\nSigPnd:", 16) | field_of(status, "\nShdPnd:", 16);
    return (waiting & ~field_of(status, "\nSigBlk:", 16)) != 0;
}
