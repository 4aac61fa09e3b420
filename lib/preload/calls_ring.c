/* liburing makes its system calls by itself, so its ways to make a ring are replaced: without a
 * guard (guard.h) it has none. None of it is
 * used where it is not loaded. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <string.h>

#include "calls.h"
#include "filter.h"
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

/* The guard restricts what is made by the library's own instructions. False: there is none, or no
 * such function. */
static bool find_guarded(const char *name, void *slot)
{
    void *found = filter_is_installed() ? dlsym(RTLD_NEXT, name) : NULL;
    memcpy(slot, &found, sizeof(found));
    return found != NULL;
}

int io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags)
{
    int (*next)(unsigned, struct io_uring *, unsigned);
    return find_guarded("io_uring_queue_init", &next) ? next(entries, ring, flags) : refuse();
}

int io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
                               struct io_uring_params *params)
{
    int (*next)(unsigned, struct io_uring *, struct io_uring_params *);
    return find_guarded("io_uring_queue_init_params", &next) ? next(entries, ring, params)
                                                             : refuse();
}
