#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "supervisor.h"
#include "sys.h"

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
/* The calls of a 32-bit program on this machine: socket(), and the one that was all of them. */
enum { NARROW_SOCKET = 359, NARROW_SOCKET_CALL = 102 };
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
enum { NARROW_SOCKET = 281, NARROW_SOCKET_CALL = 102 };
#else
#error "the name of this processor is missing here"
#endif

/* Above it are the numbers of the x32 ABI. */
#define NUMBER_MAX 0x40000000

/* The kernel looks a call that is allowed whatever its arguments are up in a bitmap; so the
 * arguments are read only of those that concern us. Of an argument only the lower half is
 * looked at; it comes first. */
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped)
#define UNLESS_BIT(bit, skipped) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bit, 0, skipped)
#define UNLESS_ABOVE(value, skipped) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, 0, skipped)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))

/* The mark is in the sixth argument, which these calls do not have. */
#define UNLESS_MARKED(name)                                                                        \
    UNLESS(SYS_##name, 6), LOAD(args[5]), UNLESS(SYS_MARK, 1), RETURN(SECCOMP_RET_ALLOW),          \
        UNLESS(SYS_PROBE, 1), REFUSE(EALREADY), RETURN(SECCOMP_RET_USER_NOTIF),

/* TCP Fast Open, tcp(7): the call connects. */
#define IF_OPENING(name, flags, action)                                                            \
    UNLESS(SYS_##name, 4), LOAD(args[flags]), UNLESS_BIT(MSG_FASTOPEN, 1), RETURN(action),         \
        RETURN(SECCOMP_RET_ALLOW),

/* The library has no form for another word size. */
#define NARROW_PROGRAM                                                                             \
    LOAD(nr), UNLESS(NARROW_SOCKET_CALL, 3), LOAD(args[0]), UNLESS(1, 7), REFUSE(EAFNOSUPPORT),    \
        UNLESS(NARROW_SOCKET, 5), LOAD(args[0]), UNLESS(AF_INET, 1), REFUSE(EAFNOSUPPORT),         \
        UNLESS(AF_INET6, 1), REFUSE(EAFNOSUPPORT), RETURN(SECCOMP_RET_ALLOW)

static long set_filter(const struct sock_fprog *filter)
{
    const unsigned long flags =
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    return sys_call(SYS_seccomp,
                    (const long[6]){SECCOMP_SET_MODE_FILTER, (long)flags, (long)filter});
}

int filter_install(void)
{
    struct sock_filter rows[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 12, 0),
        NARROW_PROGRAM,
        LOAD(nr),
        UNLESS_ABOVE(NUMBER_MAX, 1),
        REFUSE(ENOSYS),
        IF_OPENING(sendto, 3, SECCOMP_RET_USER_NOTIF) IF_OPENING(sendmsg, 2, SECCOMP_RET_USER_NOTIF)
            IF_OPENING(sendmmsg, 3, SECCOMP_RET_ERRNO | EOPNOTSUPP)
#define X(name) UNLESS_MARKED(name)
                SUPERVISED_LIST(X)
#undef X
                    UNLESS(SYS_socket, 3),
        LOAD(args[2]),
        UNLESS(IPPROTO_MPTCP, 1),
        REFUSE(EPROTONOSUPPORT),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(rows) / sizeof(rows[0]), rows};
    long fd = set_filter(&filter);
    if (fd == -EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        fd = set_filter(&filter); /* not root's, who may do without that */
    return (int)fd;
}

bool filter_is_installed(void)
{
    return sys_call(SYS_listen, (const long[6]){-1, 0, 0, 0, 0, SYS_PROBE}) == -EALREADY;
}
