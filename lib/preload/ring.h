/* io_uring: a ring works on plain descriptors, engine sockets among them, but what would decide
 * whose a socket is must not go past this library. The kernel itself refuses it in our rings
 * (IORING_REGISTER_RESTRICTIONS): connect, bind and listen end with EACCES. */
#ifndef TCPENGINE_PRELOAD_RING_H
#define TCPENGINE_PRELOAD_RING_H

struct io_uring_params;

/* io_uring_setup(2), with -errno for an error: a ring that is restricted. -ENOSYS: the kernel
 * cannot restrict it; programs do without a ring then. */
long ring_setup(unsigned entries, struct io_uring_params *params);

#endif
