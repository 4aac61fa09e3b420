/* shutdown, ioctl: where a TCP socket is in another state than its descriptor. */
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "calls.h"
#include "control.h"
#include "kind.h"
#include "real.h"
#include "sys.h"

/* After both ends, or a failure, there is no connection: tcp(7). A Unix socket would not mind. */
REPLACES int shutdown(int fd, int how)
{
    if (how >= SHUT_RD && how <= SHUT_RDWR && sys_hangs_up(fd) && kind_of(fd, NULL) == KIND_ENGINE)
        return (int)real_result(-ENOTCONN);
    return (int)real_result(sys_call(SYS_shutdown, (const long[6]){fd, how}));
}

/* --- bytes on their way ----------------------------------------------------------------------- */

static bool ask_info(int fd, struct tcp_info *ret_info)
{
    struct socket_request request;
    struct socket_answer answer;
    control_request_init(&request, SOCKET_OP_GETSOCKOPT);
    request.level = IPPROTO_TCP;
    request.name = TCP_INFO;
    request.length = sizeof(*ret_info) < SOCKET_VALUE_MAX ? sizeof(*ret_info) : SOCKET_VALUE_MAX;
    memset(ret_info, 0, sizeof(*ret_info));
    if (control_ask_once(fd, &request, &answer) != 0)
        return false;
    memcpy(ret_info, answer.value, request.length);
    return true;
}

/* tcp(7): what the peer has not acknowledged, or what was not even sent. Some of it is still
 * between the descriptor and the engine. */
static long count_outgoing(int fd, unsigned long request)
{
    struct tcp_info info;
    int waiting = 0;
    long result = sys_call(SYS_ioctl, (const long[6]){fd, SIOCOUTQ, (long)&waiting});
    if (result < 0)
        return result;
    if (!ask_info(fd, &info))
        return waiting;
    uint64_t bytes = (uint64_t)waiting + info.tcpi_notsent_bytes;
    if (request == SIOCOUTQ)
        bytes += info.tcpi_bytes_sent - info.tcpi_bytes_retrans - info.tcpi_bytes_acked;
    return bytes < INT32_MAX ? (long)bytes : INT32_MAX;
}

/* -EAGAIN: the request is none of TCP's own. */
static long ask_engine(int fd, unsigned long request, void *place)
{
    bool is_outgoing = request == SIOCOUTQ || request == SIOCOUTQNSD;
    if ((!is_outgoing && request != SIOCINQ) || kind_of(fd, NULL) != KIND_ENGINE)
        return -EAGAIN;
    if (kind_is_listener(fd))
        return -EINVAL;
    if (!is_outgoing)
        return -EAGAIN;
    long bytes = count_outgoing(fd, request);
    if (bytes < 0)
        return bytes;
    memcpy(place, &(int){(int)bytes}, sizeof(int));
    return 0;
}

REPLACES int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    void *place = va_arg(list, void *);
    va_end(list);
    long result = ask_engine(fd, request, place);
    if (result == -EAGAIN)
        result = sys_call(SYS_ioctl, (const long[6]){fd, (long)request, (long)place});
    return (int)real_result(result);
}
