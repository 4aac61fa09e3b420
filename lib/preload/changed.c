#include "changed.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "sys.h"

/* A place that two sockets share is the later one's; untouched pages cost nothing. */
#define CHANGED_ROWS 4096u

/* A socket is recognized by its cookie (SO_COOKIE), which never comes again, so that rows need not
 * be taken back. Only the process that has made it knows what was set; a child looks by itself.
 * Signals and threads may meet here: whoever takes a row clears its cookie first, and whoever reads
 * one looks at the cookie before and after. */
struct changed {
    _Atomic uint64_t cookie; /* 0: none */
    _Atomic uint64_t bits;
    _Atomic long process;
};

static struct changed table[CHANGED_ROWS];

static long own_process(void)
{
    return sys_call(SYS_getpid, (const long[6]){0});
}

void changed_begin(int fd)
{
    uint64_t cookie = sys_cookie(fd);
    struct changed *row = &table[cookie % CHANGED_ROWS];
    row->cookie = 0;
    row->bits = 0;
    row->process = own_process();
    row->cookie = cookie;
}

void changed_note(int fd, uint64_t bits)
{
    uint64_t cookie = sys_cookie(fd);
    struct changed *row = &table[cookie % CHANGED_ROWS];
    if (cookie != 0 && row->cookie == cookie)
        row->bits |= bits;
}

bool changed_look(int fd, uint64_t *ret_bits)
{
    uint64_t cookie = sys_cookie(fd);
    const struct changed *row = &table[cookie % CHANGED_ROWS];
    if (cookie == 0 || row->cookie != cookie)
        return false;
    uint64_t bits = row->bits;
    bool is_own = row->process == own_process();
    if (!is_own || row->cookie != cookie)
        return false;
    *ret_bits = bits;
    return true;
}
