/* stdin, stdout and stderr as they may come: non-blocking (whoever shares a terminal or a pipe with
 * us may have made it so), slow, or not open at all. */
#ifndef TCPCTL_DESCRIPTOR_H
#define TCPCTL_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens those of descriptors 0 to 2 that are closed, so that nothing else gets their numbers. stdin
 * is then empty, stdout fails with EBADF, as a closed one should, and stderr is lost. */
void descriptors_fill(void);
/* As read(2), but goes on after a signal and waits when there is nothing to read yet. */
ssize_t descriptor_read(int fd, void *buffer, size_t size);
/* Writes all, waiting as long as it takes. False, with errno set, when that fails. */
bool descriptor_write(int fd, const void *data, size_t len);

#endif
