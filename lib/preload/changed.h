/* Which options a program has set on its sockets before it was known whose they will be: what is
 * not among them need not be asked for. */
#ifndef TCPENGINE_PRELOAD_CHANGED_H
#define TCPENGINE_PRELOAD_CHANGED_H

#include <stdbool.h>
#include <stdint.h>

/* All of them, perhaps. */
#define CHANGED_ALL UINT64_MAX

/* fd is a new socket of the kernel's, with no option set. */
void changed_begin(int fd);
/* bits were set on it, whichever descriptor of it fd is. */
void changed_note(int fd, uint64_t bits);
/* False: nothing is known of it, so that any option may have been set. */
bool changed_look(int fd, uint64_t *ret_bits);

#endif
