/* A descriptor kept in reserve, for what must be opened when all others are in use.
 *
 * Clients can use up the process's descriptors. What the daemon does for a moment and cannot do
 * without, such as telling systemd that it lives, borrows the place of the spare one:
 *
 *     spare_lend();
 *     ... one descriptor at a time is opened and closed ...
 *     spare_return();
 *
 * Like the log, it belongs to the process. Without spare_init() both do nothing. */
#ifndef TCPENGINED_SPARE_H
#define TCPENGINED_SPARE_H

#include <stdbool.h>

/* Takes the spare descriptor. False: there is none left. */
bool spare_init(void);
/* Gives it up for good. */
void spare_done(void);
/* Frees the descriptor's place. False: it was free already, or there is no spare one. */
bool spare_lend(void);
/* Takes the place again. */
void spare_return(void);

#endif
