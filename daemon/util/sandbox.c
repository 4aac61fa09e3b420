#include "util/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "util/anchor.h"
#include "util/log.h"

#define CAPABILITIES_MAX 64
#define CAPABILITY_WORDS 2

static bool is_entered;

bool sandbox_is_entered(void)
{
    return is_entered;
}

/* --- capabilities ----------------------------------------------------------------------------- */

/* Leaves nothing permitted, effective or inheritable. A service that has nothing may not even ask
 * for it. */
static bool capabilities_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[CAPABILITY_WORDS] = {0}, present[CAPABILITY_WORDS];
    if (syscall(SYS_capget, &header, present) == 0 && memcmp(present, none, sizeof(none)) == 0)
        return true;
    return syscall(SYS_capset, &header, none) == 0;
}

/* Needs CAP_SETPCAP. Without it, no_new_privs makes sure that the set bounds nothing. */
static void bounding_set_drop(void)
{
    for (unsigned long capability = 0; capability < CAPABILITIES_MAX; capability++)
        if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

static bool privileges_drop(void)
{
    bounding_set_drop();
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && capabilities_drop())
        return true;
    log_write(LOG_LEVEL_ERROR, "cannot give up capabilities: %s", strerror(errno));
    return false;
}

/* --- system calls ----------------------------------------------------------------------------- */

static const unsigned long allowed_ioctls[] = {
    TUNSETIFF,    TUNGETIFF,   TUNGETFEATURES, TUNSETVNETHDRSZ, TUNSETOFFLOAD, SIOCGIFFLAGS,
    SIOCSIFFLAGS, SIOCGIFMTU,  SIOCSIFMTU,     SIOCGIFTXQLEN,   SIOCSIFTXQLEN, SIOCGIFHWADDR,
    SIOCGIFINDEX, SIOCETHTOOL, FIONBIO,        FIOCLEX};

/* The value of one argument; libseccomp's own macros leave members unset. */
static struct scmp_arg_cmp argument_is(unsigned number, uint64_t mask, uint64_t value)
{
    return (struct scmp_arg_cmp){
        .arg = number, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static bool allow_all(scmp_filter_ctx filter, const int *calls)
{
    for (; *calls != SANDBOX_CALLS_END; calls++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, *calls, 0) != 0)
            return false;
    return true;
}

static bool allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition) == 0;
}

static bool allow_ioctls(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof(allowed_ioctls) / sizeof(allowed_ioctls[0]); i++)
        if (!allow_if(filter, SCMP_SYS(ioctl), argument_is(1, UINT32_MAX, allowed_ioctls[i])))
            return false;
    return true;
}

/* Reading only, and relative to an anchor only. */
static bool allow_anchors(scmp_filter_ctx filter)
{
    const uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | __O_TMPFILE;
    for (enum anchor anchor = 0; anchor < ANCHOR_COUNT; anchor++) {
        if (anchor_fd(anchor) < 0)
            continue;
        struct scmp_arg_cmp conditions[] = {
            argument_is(0, UINT32_MAX, (uint64_t)(unsigned)anchor_fd(anchor)),
            argument_is(2, writing, O_RDONLY)};
        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 2, conditions) != 0)
            return false;
    }
    return true;
}

static bool allow_some(scmp_filter_ctx filter)
{
    /* Nothing that is written is executed. */
    return allow_if(filter, SCMP_SYS(mmap), argument_is(2, PROT_EXEC, 0)) &&
           allow_if(filter, SCMP_SYS(mmap2), argument_is(2, PROT_EXEC, 0)) &&
           allow_if(filter, SCMP_SYS(mprotect), argument_is(2, PROT_EXEC, 0)) &&
           /* systemd's notifications. */
           allow_if(filter, SCMP_SYS(socket), argument_is(0, UINT32_MAX, AF_UNIX)) &&
           /* Limits can be read. */
           allow_if(filter, SCMP_SYS(prlimit64), argument_is(2, UINT64_MAX, 0)) &&
           allow_ioctls(filter) && allow_anchors(filter);
}

static void calls_limit(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int error = -EINVAL;
    if (filter != NULL && seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1) == 0 &&
        allow_all(filter, sandbox_calls) && allow_all(filter, sandbox_more_calls) &&
        allow_some(filter))
        error = seccomp_load(filter);
    seccomp_release(filter);
    if (error == 0)
        log_write(LOG_LEVEL_INFO, "capabilities are given up, and system calls limited");
    else
        log_write(LOG_LEVEL_WARNING,
                  "cannot limit system calls: %s; going on without, as the kernel may lack seccomp",
                  strerror(-error));
}

bool sandbox_enter(void)
{
    anchor_set(ANCHOR_PROC, "/proc/self/statm");
    anchor_set(ANCHOR_PROCESSES, "/proc/stat");
    tzset(); /* with its first date, libc reads the time zone */
    if (!privileges_drop())
        return false;
    is_entered = true;
    calls_limit();
    return true;
}
