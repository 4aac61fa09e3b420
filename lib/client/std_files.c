#include "std_files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void tcpci_std_files_occupy(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY}; /* the wrong ones, on purpose */
    int saved = errno;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        int got = open("/dev/null", modes[fd] | O_CLOEXEC);
        if (got > STDERR_FILENO)
            close(got); /* another thread was faster */
    }
    errno = saved;
}
