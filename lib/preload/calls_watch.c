/* epoll_ctl: remembered, see watched.h. */
#include "calls.h"
#include "real.h"
#include "sys.h"
#include "watched.h"

REPLACES int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    int result = sys_epoll_ctl(epoll_fd, operation, fd, event);
    if (result == 0)
        watched_note(epoll_fd, operation, fd, event);
    return (int)real_result(result);
}
