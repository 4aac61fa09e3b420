#include "util/std_files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool std_files_fill(void)
{
    /* stdout is not for writing, so that output nobody can see still counts as failed. */
    static const int modes[] = {O_RDONLY, O_RDONLY, O_RDWR};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* open() takes the lowest number that is free, which is this one. */
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) < 0)
            return false;
    }
    return true;
}
