#include "ring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>

#include "note.h"
#include "sys.h"

/* Above all that kernels have so far, and what one byte can name. */
#define OPERATIONS_MAX 256u
#define REGISTRATIONS_MAX 80u
#define RESTRICTIONS_MAX (OPERATIONS_MAX + REGISTRATIONS_MAX + 1u)

/* Newer than the header of Debian 12. */
enum { OPERATION_BIND = 56, OPERATION_LISTEN = 57 };

union probe {
    struct io_uring_probe head;
    unsigned char
        room[sizeof(struct io_uring_probe) + OPERATIONS_MAX * sizeof(struct io_uring_probe_op)];
};

static int do_register(int fd, unsigned what, const void *argument, unsigned count)
{
    return (int)sys_call(SYS_io_uring_register,
                         (const long[6]){fd, (long)what, (long)argument, (long)count});
}

static bool is_refused(unsigned operation)
{
    return operation == IORING_OP_CONNECT || operation == OPERATION_BIND ||
           operation == OPERATION_LISTEN;
}

/* What is not named here is refused. Returns how many rows there are. */
static unsigned allow(struct io_uring_restriction rows[RESTRICTIONS_MAX], unsigned last_operation,
                      unsigned registrations)
{
    unsigned count = 0;
    memset(rows, 0, RESTRICTIONS_MAX * sizeof(rows[0]));
    rows[count].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
    rows[count++].sqe_flags = 0xff;
    for (unsigned i = 0; i <= last_operation && i < OPERATIONS_MAX; i++) {
        if (is_refused(i))
            continue;
        rows[count].opcode = IORING_RESTRICTION_SQE_OP;
        rows[count++].sqe_op = (__u8)i;
    }
    for (unsigned i = 0; i < registrations; i++) {
        rows[count].opcode = IORING_RESTRICTION_REGISTER_OP;
        rows[count++].register_op = (__u8)i;
    }
    return count;
}

/* The kernel says how many operations it knows; how many ways to register, is to be tried. */
static int restrict_ring(int fd)
{
    union probe probe;
    struct io_uring_restriction rows[RESTRICTIONS_MAX];
    memset(&probe, 0, sizeof(probe));
    int result = do_register(fd, IORING_REGISTER_PROBE, &probe, OPERATIONS_MAX);
    if (result < 0)
        return result;
    for (unsigned registrations = REGISTRATIONS_MAX; registrations > 0; registrations--) {
        unsigned count = allow(rows, probe.head.last_op, registrations);
        result = do_register(fd, IORING_REGISTER_RESTRICTIONS, rows, count);
        if (result == 0)
            return 0;
    }
    return result;
}

static int begin(int fd, bool is_to_wait)
{
    int result = restrict_ring(fd);
    if (result == 0 && !is_to_wait)
        result = do_register(fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    return result;
}

long ring_setup(unsigned entries, struct io_uring_params *params)
{
    if (params == NULL)
        return -EFAULT;
    bool is_to_wait = (params->flags & IORING_SETUP_R_DISABLED) != 0;
    params->flags |= IORING_SETUP_R_DISABLED;
    long fd = sys_call(SYS_io_uring_setup,
                       (const long[6]){(long)entries, (long)params, 0, 0, 0, SYS_MARK});
    if (!is_to_wait)
        params->flags &= ~IORING_SETUP_R_DISABLED;
    if (fd < 0 || begin((int)fd, is_to_wait) == 0)
        return fd;
    note("no io_uring: this kernel cannot restrict what a ring connects");
    sys_close((int)fd);
    return -ENOSYS;
}
