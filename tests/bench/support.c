#include "support.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

void bench_use_cubic(int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
}
