/* liburing makes its system calls by itself, so its ways to make a ring are replaced. None of it is
 * used where it is not loaded. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>

#include "calls.h"
#include "note.h"

struct io_uring;

REPLACES int io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags);
REPLACES int io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
                                        struct io_uring_params *params);

/* As the library has it: -errno for an error. Programs then do without a ring. */
static int refuse(void)
{
    note("no io_uring by liburing: it would connect past the engine");
    return -ENOSYS;
}

int io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags)
{
    (void)entries, (void)ring, (void)flags;
    return refuse();
}

int io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
                               struct io_uring_params *params)
{
    (void)entries, (void)ring, (void)params;
    return refuse();
}
