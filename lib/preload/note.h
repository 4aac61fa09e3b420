/* What --verbose shows: a line on standard error, as long as that is the one the program began
 * with. (A daemon has closed it, and its number may be a client's connection by now.) */
#ifndef TCPENGINE_PRELOAD_NOTE_H
#define TCPENGINE_PRELOAD_NOTE_H

/* Only with --verbose. Allocates nothing; at most 255 bytes. */
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);
/* Always: for what the program would otherwise miss. */
__attribute__((format(printf, 1, 2))) void note_always(const char *format, ...);

#endif
