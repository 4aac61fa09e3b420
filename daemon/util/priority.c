/* Theory of operation: the kernel runs its TCP in interrupts, before every program. Ours is a
 * process that wakes programs all the time, and they would take its processor from it, each for its
 * own piece of work, while the frames and requests of all others wait. */
#include "util/priority.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "util/log.h"

bool priority_set(unsigned priority)
{
    int nice = -(int)priority;
    errno = 0;
    int now = getpriority(PRIO_PROCESS, 0);
    if ((now != -1 || errno == 0) && now <= nice)
        return true;
    if (setpriority(PRIO_PROCESS, 0, nice) == 0)
        return true;
    log_write(LOG_LEVEL_INFO,
              "cannot run at nice %d: %s; programs come before the daemon when all are busy "
              "(Nice= of its unit, CAP_SYS_NICE, or priority = 0)",
              nice, strerror(errno));
    return false;
}
