#include "util/spare.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct {
    int source; /* what the spare one is a copy of: copying opens no file, so no sandbox objects */
    int fd;     /* -1: lent */
} spare = {.source = -1, .fd = -1};

bool spare_init(void)
{
    spare.source = eventfd(0, EFD_CLOEXEC);
    spare_return();
    return spare.fd >= 0;
}

void spare_done(void)
{
    spare_lend();
    if (spare.source >= 0)
        close(spare.source);
    spare.source = -1;
}

bool spare_lend(void)
{
    if (spare.fd < 0)
        return false;
    close(spare.fd);
    spare.fd = -1;
    return true;
}

void spare_return(void)
{
    if (spare.source >= 0 && spare.fd < 0)
        spare.fd = fcntl(spare.source, F_DUPFD_CLOEXEC, 0);
}
