/* Supervision of programs that no library can be preloaded into: the kernel hands their socket
 * calls to this process (seccomp's user notification), which does what the library would have done,
 * on copies of their descriptors, and puts engine sockets in their places. read, write and epoll
 * are untouched. */
#ifndef TCPENGINE_PRELOAD_SUPERVISOR_H
#define TCPENGINE_PRELOAD_SUPERVISOR_H

/* Calls that are handed over unless they bear SYS_MARK. */
#define SUPERVISED_LIST(X)                                                                         \
    X(bind)                                                                                        \
    X(listen)                                                                                      \
    X(connect)                                                                                     \
    X(accept)                                                                                      \
    X(accept4)                                                                                     \
    X(getsockname)                                                                                 \
    X(getpeername)                                                                                 \
    X(getsockopt)                                                                                  \
    X(setsockopt)                                                                                  \
    X(io_uring_setup)

/* Serves the calls until none of the filtered processes is left. */
void supervisor_serve(int notify_fd);

#endif
